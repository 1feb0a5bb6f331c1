import { sha256 } from '../../src/crypto/noble/hash.ts';
import {
  tlsAes128GcmSha256,
  tlsAes256GcmSha384,
  tlsChacha20Poly1305Sha256,
  tlsEcdheEcdsaAes128Gcm,
  tlsEcdheEcdsaChacha20,
} from '../../src/crypto/noble/suites.ts';
import { encodeSubjectPublicKeyInfo } from '../../src/crypto/spki.ts';
import { ed25519 } from '../../src/crypto/schemes.ts';
import { concat, equalBytes } from '../../src/bytes/bytes.ts';
import { TlsError } from '../../src/errors.ts';
import type {
  CryptoProvider,
  KeyExchange,
  KeyOffer,
  MaybePromise,
  PublicKey,
  Random,
  Signer,
} from '../../src/crypto/types.ts';
import type { Credential, PeerVerifier } from '../../src/handshake/peer.ts';

/**
 * Public-key cryptography that costs nothing and protects nothing, for tests that need thousands of handshakes. Hashes
 * and ciphers are the real ones.
 */

/** The same bytes for the same seed, for ever. */
export function seededRandom(seed: number): Random {
  let counter = 0;
  return {
    fill(bytes) {
      for (let at = 0; at < bytes.length; at += 32) {
        const block = sha256.digest(
          Uint8Array.from([seed, seed >> 8, seed >> 16, seed >> 24, counter, counter >> 8, counter >> 16]),
        );
        counter++;
        bytes.set(block.subarray(0, Math.min(32, bytes.length - at)), at);
      }
    },
  };
}

const agree = (a: Uint8Array, b: Uint8Array): Uint8Array =>
  sha256.digest(...[a, b].sort((x, y) => x[0]! - y[0]! || x[1]! - y[1]! || x[2]! - y[2]!));

function toyGroup(id: number, name: string): KeyExchange {
  const share = (random: Random): Uint8Array => {
    const bytes = new Uint8Array(32);
    random.fill(bytes);
    return bytes;
  };
  const check = (peer: Uint8Array): void => {
    if (peer.length !== 32) throw new TlsError('ERR_BAD_KEY_SHARE', { detail: name });
  };
  const group: KeyExchange = {
    id,
    name,
    kind: 'ecdhe',
    offer: (random): KeyOffer => {
      const own = share(random);
      return {
        group,
        share: own,
        agree: (peer) => {
          check(peer);
          return agree(own, peer);
        },
        dispose: () => {},
      };
    },
    accept: (peer, random) => {
      check(peer);
      const own = share(random);
      return { share: own, secret: agree(own, peer) };
    },
  };
  return group;
}

const key: PublicKey = { kind: 'ed25519', key: new Uint8Array(32).fill(7) };

const sign = (message: Uint8Array): Uint8Array => concat(sha256.digest(message), sha256.digest(message, message));

export function toyProvider(seed: number = 1): CryptoProvider {
  const random = seededRandom(seed);
  return {
    name: 'toy',
    random,
    suites: [
      tlsAes128GcmSha256,
      tlsAes256GcmSha384,
      tlsChacha20Poly1305Sha256,
      tlsEcdheEcdsaAes128Gcm,
      tlsEcdheEcdsaChacha20,
    ],
    groups: [toyGroup(0x001d, 'X25519'), toyGroup(0x0017, 'secp256r1')],
    signatures: [ed25519],
    verifier: { verify: (_algorithm, _key, message, signature) => equalBytes(signature, sign(message)) },
    hash: () => sha256,
    signer: (): Signer => toySigner,
  };
}

const toySigner: Signer = { publicKey: key, schemes: [ed25519.id], sign: (_scheme, message) => sign(message) };

const certificate = Uint8Array.from('a certificate of no one in particular, for tests', (c) => c.charCodeAt(0));

export const toyCredential: Credential = { chain: [certificate, certificate], signer: toySigner };

export const toyVerifier: PeerVerifier = {
  verify: ({ chain }) =>
    equalBytes(chain[0]!, certificate)
      ? { ok: true, publicKey: encodeSubjectPublicKeyInfo(key), path: chain }
      : { ok: false, failure: { code: 'CERT_UNTRUSTED', message: 'another', alert: 48 } },
};

/** The same provider, but every answer that may come later does. */
export function later(provider: CryptoProvider): CryptoProvider {
  const delay = async <T>(value: MaybePromise<T>): Promise<T> => await value;
  const offerLater = (offer: KeyOffer): KeyOffer => ({
    ...offer,
    agree: async (share) => await delay(offer.agree(share)),
  });
  return {
    ...provider,
    groups: provider.groups.map((group) => ({
      ...group,
      offer: async (random) => offerLater(await delay(group.offer(random))),
      accept: async (share, random) => await delay(group.accept(share, random)),
    })),
    verifier: { verify: async (...parts) => await delay(provider.verifier.verify(...parts)) },
  };
}

export function credentialLater(credential: Credential): Credential {
  return {
    ...credential,
    signer: { ...credential.signer, sign: async (scheme, message) => await credential.signer.sign(scheme, message) },
  };
}

export function verifierLater(verifier: PeerVerifier): PeerVerifier {
  return { ...verifier, verify: async (peer) => await verifier.verify(peer) };
}
