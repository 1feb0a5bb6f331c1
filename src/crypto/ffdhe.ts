import { bigFromBytes, bigToBytes, bitLength } from '../bytes/bigint.ts';
import { wipe } from '../bytes/bytes.ts';
import { TlsError } from '../errors.ts';
import { windowed } from './rsa.ts';
import type { KeyExchange, KeyOffer, Random } from './types.ts';

/** Finite-field Diffie-Hellman, for peers that know no curve. Numbers travel big endian, as long as the prime. */

/** ffdhe2048 (RFC 7919 appendix A.1). */
export function ffdhe2048(): KeyExchange {
  return finiteField(0x0100, 'ffdhe2048', safePrime(2048, 560_316n), 2n);
}

/** ffdhe3072 (RFC 7919 appendix A.2). */
export function ffdhe3072(): KeyExchange {
  return finiteField(0x0101, 'ffdhe3072', safePrime(3072, 2_625_351n), 2n);
}

/** The prime of a group of RFC 7919, as appendix A makes it: out of the digits of e, so that it could not be chosen. */
export function safePrime(bits: number, offset: bigint): bigint {
  const size = BigInt(bits);
  return 2n ** size - 2n ** (size - 64n) + (eulerTimesTwoTo(bits - 130) + offset) * 2n ** 64n - 1n;
}

/** floor(2^bits · e), by its series, with some digits to spare. */
function eulerTimesTwoTo(bits: number): bigint {
  const spare = 64n;
  let term = 2n ** (BigInt(bits) + spare);
  let sum = 0n;
  for (let n = 1n; term > 0n; n++) {
    sum += term;
    term /= n;
  }
  return sum >> spare;
}

/** @param id 0 for a group that has no number: a server's own, in TLS 1.2. */
export function finiteField(id: number, name: string, prime: bigint, generator: bigint): KeyExchange {
  const length = Math.ceil(bitLength(prime) / 8);
  const keyPair = (random: Random): { readonly secret: bigint; readonly share: Uint8Array } => {
    const bytes = new Uint8Array(length + 8);
    random.fill(bytes);
    // Of full length: in a group of another maker, short exponents may not be safe.
    const secret = (bigFromBytes(bytes) % (prime - 3n)) + 2n;
    wipe(bytes);
    return { secret, share: bigToBytes(windowed(generator, secret, prime), length) };
  };
  const agree = (secret: bigint, peerShare: Uint8Array): Uint8Array => {
    const peer = bigFromBytes(peerShare);
    // RFC 7919 section 5.1: 0, 1 and p - 1 would give the secret away.
    if (peerShare.length > length || peer <= 1n || peer >= prime - 1n)
      throw new TlsError('ERR_BAD_KEY_SHARE', { detail: name, rfc: 'RFC 7919 section 5.1' });
    return bigToBytes(windowed(peer, secret, prime), length);
  };
  const group: KeyExchange = {
    id,
    name,
    kind: 'ffdhe',
    offer: (random): KeyOffer => {
      const { secret, share } = keyPair(random);
      return { group, share, agree: (peer) => agree(secret, peer), dispose: () => {} };
    },
    accept: (peer, random) => {
      const { secret, share } = keyPair(random);
      return { share, secret: agree(secret, peer) };
    },
  };
  return group;
}
