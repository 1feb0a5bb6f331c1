import { bigFromBytes, bigToBytes, bitLength } from '../../../bytes/bigint.ts';
import { ffdhe2048, ffdhe3072, finiteField, safePrime } from '../../../crypto/ffdhe.ts';
import type { KeyExchange } from '../../../crypto/types.ts';
import { TlsError } from '../../../errors.ts';
import { decode, encode } from '../../../wire/codec.ts';
import { ClientKeyExchangeDhe, DheParams, ServerKeyExchangeDhe } from '../../../wire/messages12.ts';
import type { Context } from '../../context.ts';
import { request, type Step } from '../../requests.ts';
import type { Response12, ServerOffer12, ServerParams12, SignedExchange12 } from './key-exchange.ts';
import type { Config } from '../../config.ts';

/** Below this a prime is too small to protect anything; above it only costs time (RFC 7919 section 2, RFC 9325). */
const MIN_BITS = 2048;
const MAX_BITS = 4096;

/** Ephemeral Diffie-Hellman over a finite field (RFC 5246 section 7.4.3, RFC 7919). */
export const dhe: SignedExchange12 = {
  read(body: Uint8Array): ServerParams12 {
    const { params, signed } = decode(ServerKeyExchangeDhe, body);
    const group = groupOf(params);
    return {
      bytes: encode(DheParams, params),
      scheme: signed.scheme,
      signature: signed.signature,
      *respond(context: Context<Config>): Step<Response12> {
        const { share, secret } = yield* request('accept', {
          group,
          share: params.publicValue,
          random: context.crypto.random,
        });
        context.effects.info('group', { id: group.id, name: group.name });
        return {
          body: encode(ClientKeyExchangeDhe, { publicValue: share }),
          preMain: withoutZeros(secret),
          group: group.id,
        };
      },
    };
  },

  *offer(groups: readonly number[], context: Context<Config>): Step<ServerOffer12> {
    const group = choose(groups);
    if (group === undefined) throw new TlsError('ERR_NO_SHARED_GROUP', { rfc: 'RFC 7919 section 4' });
    const offer = yield* request('offer', { group, random: context.crypto.random });
    context.effects.info('group', { id: group.id, name: group.name });
    const prime = group.id === 0x0101 ? safePrime(3072, 2_625_351n) : safePrime(2048, 560_316n);
    return {
      group: group.id,
      bytes: encode(DheParams, {
        prime: bigToBytes(prime, bitLength(prime) / 8),
        generator: Uint8Array.of(2),
        publicValue: offer.share,
      }),
      *accept(body: Uint8Array): Step<Uint8Array> {
        const { publicValue } = decode(ClientKeyExchangeDhe, body);
        const secret = yield* request('agree', { offer, share: publicValue });
        offer.dispose();
        return withoutZeros(secret);
      },
      dispose: () => offer.dispose(),
    };
  },

  fits: (groups) => choose(groups) !== undefined,
};

/** RFC 7919 section 4: a client that names finite fields gets one of them; one that names none, the smallest. */
function choose(groups: readonly number[]): KeyExchange | undefined {
  const named = groups.filter((id) => id >= 0x0100 && id <= 0x01ff);
  if (named.length === 0 || named.includes(0x0100)) return ffdhe2048();
  return named.includes(0x0101) ? ffdhe3072() : undefined;
}

function groupOf(params: DheParams): KeyExchange {
  const prime = bigFromBytes(params.prime);
  const generator = bigFromBytes(params.generator);
  const bits = bitLength(prime);
  if (bits < MIN_BITS || bits > MAX_BITS)
    throw new TlsError('ERR_BAD_KEY_SHARE', {
      detail: `a prime of ${bits} bits; ${MIN_BITS} to ${MAX_BITS} are worked with`,
      alert: 71,
      rfc: 'RFC 9325 section 4.1',
    });
  if ((prime & 1n) === 0n || generator <= 1n || generator >= prime - 1n)
    throw new TlsError('ERR_BAD_KEY_SHARE', { detail: 'not a group', rfc: 'RFC 7919 section 5.1' });
  return finiteField(0, `DHE, ${bits} bits`, prime, generator);
}

/** RFC 5246 section 8.1.2: leading zeros are dropped. That is a secret-dependent length, and one reason why this is off. */
function withoutZeros(secret: Uint8Array): Uint8Array {
  let at = 0;
  while (at < secret.length - 1 && secret[at] === 0) at++;
  return secret.subarray(at);
}
