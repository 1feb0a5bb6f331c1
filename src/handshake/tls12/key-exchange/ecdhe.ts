import type { AeadSuite12, CipherSuite12, KeyExchange } from '../../../crypto/types.ts';
import { TlsError } from '../../../errors.ts';
import { Protector12 } from '../../../record/protect12.ts';
import type { DirectionKeys, KeySizes } from '../../../keys/schedule12.ts';
import { decode, encode } from '../../../wire/codec.ts';
import { ClientKeyExchangeEcdhe, EcdheParams, ServerKeyExchangeEcdhe } from '../../../wire/messages12.ts';
import type { Context } from '../../context.ts';
import type { Step } from '../../machine.ts';
import { request } from '../../requests.ts';
import type { KeyExchange12, Response12, ServerOffer12, ServerParams12, SignedExchange12 } from './key-exchange.ts';

/** Ephemeral ECDH (RFC 8422 sections 5.4 and 5.7). */
export const ecdhe: SignedExchange12 = {
  read(body: Uint8Array, context: Context): ServerParams12 {
    const { params, signed } = decode(ServerKeyExchangeEcdhe, body);
    const group = groupsOf(context).find(({ id }) => id === params.group);
    if (group === undefined)
      throw new TlsError('ERR_SELECTED_GROUP', { detail: `group 0x${params.group.toString(16)}` });
    return {
      bytes: encode(EcdheParams, params),
      scheme: signed.scheme,
      signature: signed.signature,
      *respond(): Step<Response12> {
        const { share, secret } = yield* request('accept', { group, share: params.point });
        context.effects.info('group', { id: group.id, name: group.name });
        return { body: encode(ClientKeyExchangeEcdhe, { point: share }), preMain: secret, group: group.id };
      },
    };
  },

  *offer(groups: readonly number[], context: Context): Step<ServerOffer12> {
    const group = choose(groups, context);
    if (group === undefined) throw new TlsError('ERR_NO_SHARED_GROUP');
    const offer = yield* request('offer', { group });
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

/** TLS 1.2 as it is in force (RFC 9325): ephemeral ECDH and AEADs. */
export const ecdheExchange12: KeyExchange12 = {
  signed: { ecdhe },
  encryptThenMac: false,
  keySizes: (suite) => aeadKeySizes(suite as AeadSuite12),
  protector: (suite, keys) => aeadProtector(suite, keys),
};

export function aeadKeySizes(suite: AeadSuite12): KeySizes {
  return { macKey: 0, key: suite.aead.keyLength, iv: suite.fixedIvLength };
}

export function aeadProtector(suite: CipherSuite12, keys: DirectionKeys): Protector12 {
  if (suite.protection !== 'aead') throw new TlsError('ERR_INTERNAL', { detail: `${suite.name} is not for this kit` });
  return new Protector12(suite, keys);
}

/** Hybrids and KEMs have no place in TLS 1.2. */
function groupsOf(context: Context): readonly KeyExchange[] {
  return context.config.groups.filter(({ kind }) => kind === 'ecdhe');
}

function choose(groups: readonly number[], context: Context): KeyExchange | undefined {
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
