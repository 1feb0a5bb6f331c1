import type { KeyExchange } from '../../../crypto/types.ts';
import { TlsError } from '../../../errors.ts';
import { decode, encode } from '../../../wire/codec.ts';
import { ClientKeyExchangeEcdhe, EcdheParams, ServerKeyExchangeEcdhe } from '../../../wire/messages12.ts';
import type { Context } from '../../context.ts';
import { request, type Step } from '../../requests.ts';
import type { KeyExchange12, Response12, ServerOffer12, ServerParams12, SignedExchange12 } from './key-exchange.ts';
import type { Config } from '../../config.ts';

/** Ephemeral ECDH (RFC 8422 sections 5.4 and 5.7). */
export const ecdhe: SignedExchange12 = {
  read(body: Uint8Array, context: Context<Config>): ServerParams12 {
    const { params, signed } = decode(ServerKeyExchangeEcdhe, body);
    const group = groupsOf(context).find(({ id }) => id === params.group);
    if (group === undefined)
      throw new TlsError('ERR_SELECTED_GROUP', { detail: `group 0x${params.group.toString(16)}` });
    return {
      bytes: encode(EcdheParams, params),
      scheme: signed.scheme,
      signature: signed.signature,
      *respond(): Step<Response12> {
        const { share, secret } = yield* request('accept', {
          group,
          share: params.point,
          random: context.crypto.random,
        });
        context.effects.info('group', { id: group.id, name: group.name });
        return { body: encode(ClientKeyExchangeEcdhe, { point: share }), preMain: secret, group: group.id };
      },
    };
  },

  *offer(groups: readonly number[], context: Context<Config>): Step<ServerOffer12> {
    const group = choose(groups, context);
    if (group === undefined) throw new TlsError('ERR_NO_SHARED_GROUP');
    const offer = yield* request('offer', { group, random: context.crypto.random });
    context.effects.info('group', { id: group.id, name: group.name });
    return {
      group: group.id,
      bytes: encode(EcdheParams, { curveType: 3, group: group.id, point: offer.share }),
      *accept(body: Uint8Array): Step<Uint8Array> {
        const { point } = decode(ClientKeyExchangeEcdhe, body);
        const secret = yield* request('agree', { offer, share: point });
        offer.dispose();
        return secret;
      },
      dispose: () => offer.dispose(),
    };
  },

  fits: (groups, context) => choose(groups, context) !== undefined,
};

/** TLS 1.2 as RFC 9325 recommends it: ephemeral ECDH. */
export const ecdheExchange12: KeyExchange12 = {
  signed: { ecdhe },
  encryptThenMac: false,
};

/** Hybrids and KEMs have no place in TLS 1.2. */
function groupsOf(context: Context<Config>): readonly KeyExchange[] {
  return context.config.groups.filter(({ kind }) => kind === 'ecdhe');
}

function choose(groups: readonly number[], context: Context<Config>): KeyExchange | undefined {
  const { config } = context;
  const ours = groupsOf(context);
  if (config.role === 'server' && config.preference === 'client') {
    for (const id of groups) {
      const found = ours.find((group) => group.id === id);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return ours.find(({ id }) => groups.includes(id));
}
