import { equalBytes, fromAscii, fromHex, toHex } from '../bytes/bytes.ts';
import type { Kem } from './hybrid.ts';
import {
  AGREEMENTS,
  CIPHERS,
  HASHES,
  HEAD,
  HMAC_DATA,
  HMAC_KEY,
  MESSAGE,
  ML_KEM_768,
  PLAINTEXT,
  signatureAnswer,
} from './known-answers.ts';
import { andThen } from '../bytes/promise.ts';
import type {
  Aead,
  Hash,
  KeyExchange,
  MaybePromise,
  PublicKey,
  Random,
  SignatureAlgorithm,
  SignatureVerifier,
} from './types.ts';

/**
 * Is an operation of a runtime really there, and does it give the known answers? One question for each kind, cheap enough
 * to be asked before the first use. False, and whatever is thrown: it must not be used. A runtime may have a function and not
 * what goes into it: that is why nothing is concluded from its name.
 */

/** One digest, one fork, one HMAC. */
export function provesHash(hash: Hash): boolean {
  const known = HASHES[hash.name];
  const state = hash.start();
  state.update(fromAscii('ab'));
  const fork = state.fork();
  fork.update(fromAscii('c'));
  state.update(fromAscii('x'));
  return (
    toHex(fork.digest()) === known.digest &&
    toHex(state.digest()) === toHex(hash.digest(fromAscii('abx'))) &&
    toHex(hash.hmac(fromAscii(HMAC_KEY), fromAscii(HMAC_DATA))) === known.hmac
  );
}

/** Seals a known text, opens it, and does not open what was changed. A cipher without a known answer is not proved. */
export function provesAead(aead: Aead): boolean {
  const known = CIPHERS[aead.name];
  if (known === undefined) return false;
  const key = aead.key(fromHex(known.key));
  const [nonce, head, text] = [fromHex(known.nonce), fromAscii(HEAD), fromAscii(PLAINTEXT)];
  const sealed = key.seal(nonce, head, text);
  const opened = key.open(nonce, head, sealed);
  const changed = Uint8Array.from(sealed, (byte, i) => (i === sealed.length - 1 ? byte ^ 1 : byte));
  const refused = key.open(nonce, head, changed) === undefined;
  key.dispose();
  return toHex(sealed) === known.sealed && opened !== undefined && equalBytes(opened, text) && refused;
}

/** The secret of two known keys. A group without a known answer is not proved. */
export function provesGroup(group: KeyExchange): MaybePromise<boolean> {
  const known = AGREEMENTS[group.name];
  if (known === undefined || group.agreeAs === undefined) return false;
  const secret = group.agreeAs(fromHex(known.privateKey), fromHex(known.peerShare));
  return andThen(secret, (found) => toHex(found) === known.secret);
}

/** ML-KEM-768: what its known key makes of a known ciphertext, and that it agrees with itself. */
export function provesKem(kem: Kem, random: Random): MaybePromise<boolean> {
  return andThen(kem.fromSeed(fromHex(ML_KEM_768.seed)), (pair) =>
    andThen(pair.decapsulate(new Uint8Array(kem.ciphertextSize)), (rejected) => {
      if (toHex(rejected) !== ML_KEM_768.secretOfZeros) return false;
      return andThen(kem.encapsulate(pair.publicKey, random), ({ ciphertext, secret }) =>
        andThen(pair.decapsulate(ciphertext), (own) => equalBytes(own, secret)),
      );
    }),
  );
}

/** A known signature is good, and not for another text. What has no known answer is not proved. */
export function provesVerifier(
  verifier: SignatureVerifier,
  algorithm: SignatureAlgorithm,
  key: PublicKey,
): MaybePromise<boolean> {
  const known = signatureAnswer(algorithm, key);
  if (known === undefined) return false;
  const verify = (text: string): MaybePromise<boolean> =>
    verifier.verify(known.algorithm, known.key, fromAscii(text), known.signature);
  return andThen(verify(MESSAGE), (good) => good === true && andThen(verify(`${MESSAGE}!`), (bad) => bad === false));
}
