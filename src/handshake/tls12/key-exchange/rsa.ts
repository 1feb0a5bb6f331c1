import { wipe } from '../../../bytes/bytes.ts';
import type { PublicKey } from '../../../crypto/types.ts';
import { encryptPkcs1, isUsableKey } from '../../../crypto/rsa.ts';
import { TlsError } from '../../../errors.ts';
import { decode, encode } from '../../../wire/codec.ts';
import { ClientKeyExchangeRsa } from '../../../wire/messages12.ts';
import type { Context } from '../../context.ts';
import { request, type Step } from '../../requests.ts';
import type { Credential } from '../../peer.ts';
import type { KeyTransport12, Response12 } from './key-exchange.ts';
import type { Config } from '../../config.ts';

/** The secret of the RSA key exchange: the version that was offered, and 46 random bytes. */
const LENGTH = 48;

/**
 * The RSA key exchange (RFC 5246 section 7.4.7.1): the client makes the secret and encrypts it under the RSA key of the
 * server's certificate. One who gets that key later can read everything, which is why it is off (RFC 10015).
 */
export const rsaTransport: KeyTransport12 = {
  // biome-ignore lint/correctness/useYield: a step like the others, that has nothing to wait for.
  *respond(key: PublicKey, context: Context<Config>): Step<Response12> {
    if (key.kind !== 'rsa' || key.pss !== undefined || !isUsableKey(key.modulus, key.exponent))
      throw new TlsError('ERR_CERTIFICATE_KEY_KIND', { detail: 'it cannot encrypt', rfc: 'RFC 5246 section 7.4.2' });
    const { random } = context.crypto;
    const preMain = new Uint8Array(LENGTH);
    random.fill(preMain);
    // RFC 5246 ¶7.4.7.1-1
    preMain.set([3, 3]);
    const encryptedSecret = encryptPkcs1(key.modulus, key.exponent, preMain, random);
    context.effects.note({ by: 'client', text: 'made the secret, and encrypted it for the key in the certificate' });
    return { body: encode(ClientKeyExchangeRsa, { encryptedSecret }), preMain, group: undefined };
  },

  *accept(body: Uint8Array, credential: Credential, offered: number, context: Context<Config>): Step<Uint8Array> {
    const { encryptedSecret } = decode(ClientKeyExchangeRsa, body);
    const key = credential.signer.publicKey;
    if (key.kind !== 'rsa') throw new TlsError('ERR_INTERNAL', { detail: 'not an RSA key' });
    // Made before anything is known about the message, and used in its place when there is anything wrong with it.
    const substitute = new Uint8Array(LENGTH);
    context.crypto.random.fill(substitute);
    const opened = yield* request('decrypt', { credential, ciphertext: encryptedSecret });
    const encoding = opened?.length === key.modulus.length ? opened : new Uint8Array(key.modulus.length);
    const secret = takeSecret(encoding, substitute, offered);
    wipe(encoding, substitute);
    context.effects.note({ by: 'server', text: 'decrypted the secret with the private key of the certificate' });
    return secret;
  },
};

/**
 * 00 02 padding 00 version secret, or the substitute: chosen byte by byte with a mask, so that a forger learns nothing
 * from which it was (Bleichenbacher 1998, and all his heirs). The handshake fails later, at Finished, in both cases.
 * @param offered the version in the ClientHello, which need not be the one agreed on.
 */
export function takeSecret(encoding: Uint8Array, substitute: Uint8Array, offered: number): Uint8Array {
  const start = encoding.length - LENGTH;
  let wrong =
    encoding[0]! |
    (encoding[1]! ^ 2) |
    encoding[start - 1]! |
    (encoding[start]! ^ (offered >> 8)) |
    (encoding[start + 1]! ^ (offered & 255));
  // The padding has no zero in it.
  for (let i = 2; i < start - 1; i++) wrong |= isZero(encoding[i]!);
  const bad = -((wrong | -wrong) >>> 31) & 0xff;
  const secret = new Uint8Array(LENGTH);
  for (let i = 0; i < LENGTH; i++) secret[i] = (encoding[start + i]! & ~bad) | (substitute[i]! & bad);
  return secret;
}

/** 1 for zero, 0 for any other byte. */
function isZero(byte: number): number {
  return ((byte - 1) >>> 31) & 1;
}
