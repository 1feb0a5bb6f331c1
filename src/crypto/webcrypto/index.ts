/**
 * Cryptography by WebCrypto: signatures and key exchange answer later; hashes, HMAC and small records are noble's and
 * answer at once, since WebCrypto is slower there than JavaScript. What goes to WebCrypto needs it to be really there: a
 * runtime without X25519 or P-521 fails when it is used. `warifu/crypto/auto` puts noble behind it for that.
 * @module
 */
import { ownOf } from '../../bytes/shape.ts';
import type { WebSubtle } from '../web-types.ts';
import { TlsError } from '../../errors.ts';
import { hybrid } from '../hybrid.ts';
import { aes128gcm, aes256gcm, chacha20Poly1305 } from '../noble/aead.ts';
import { hashByName, sha256, sha384 } from '../noble/hash.ts';
import { systemRandom } from '../random.ts';
import { defaultSchemes } from '../schemes.ts';
import { suitesOf } from '../suites.ts';
import type { Aead, CryptoProvider, KeyExchange, SignatureScheme } from '../types.ts';
import { webAead } from './aead.ts';
import { webNistGroup, webSecp256r1, webX25519 } from './groups.ts';
import { webMlKem768 } from './kem.ts';
import { Pace } from './pace.ts';
import { webSigner } from './signer.ts';
import { runtimeSubtle } from './subtle.ts';
import { webVerifier } from './verifier.ts';

/** What of the WebCrypto provider is wanted. */
export interface WebCryptoOptions {
  /** Default: the runtime's own `crypto.subtle`. */
  readonly subtle?: WebSubtle | undefined;
  /** Default: X25519MLKEM768, X25519, P-256, P-384, P-521. ML-KEM is WebCrypto's where the runtime has it. */
  readonly groups?: readonly KeyExchange[] | undefined;
  /** Default: all that are trusted. */
  readonly signatures?: readonly SignatureScheme[] | undefined;
}

/**
 * Does this runtime have WebCrypto? Browsers have it in secure contexts only.
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { hasWebCrypto, webCryptoProvider } from 'warifu/crypto/webcrypto';
 * const crypto = hasWebCrypto() ? webCryptoProvider() : nobleProvider();
 * crypto.name; // 'webcrypto', where there is one
 * ```
 */
export function hasWebCrypto(): boolean {
  return runtimeSubtle() !== undefined;
}

/**
 * A provider over WebCrypto, with noble for what that does not do at once.
 * @throws TlsError ERR_OPTION where the runtime has no WebCrypto, and for an option that does not exist.
 *
 * @example
 * ```ts
 * import { hasWebCrypto, webCryptoProvider } from 'warifu/crypto/webcrypto';
 * if (hasWebCrypto()) webCryptoProvider().groups[1]?.name; // X25519
 * ```
 */
export function webCryptoProvider(options: WebCryptoOptions = {}): CryptoProvider {
  options = ownOf(options);
  for (const name of Object.keys(options))
    if (!OPTIONS.includes(name)) throw new TlsError('ERR_OPTION', { detail: `${name}: there is no such option` });
  const subtle = options.subtle ?? runtimeSubtle();
  if (subtle === undefined)
    throw new TlsError('ERR_OPTION', {
      detail: 'crypto: this runtime has no crypto.subtle here (is the page secure?)',
    });
  const pace = new Pace(subtle, aes128gcm);
  const withBulk = (own: Aead): Aead => webAead(subtle, own, pace);
  return {
    name: 'webcrypto',
    random: systemRandom,
    // Where there is much, many records at a time are WebCrypto's, which has AES-GCM and not ChaCha20-Poly1305.
    suites: suitesOf(
      { sha256, sha384, aes128gcm: withBulk(aes128gcm), aes256gcm: withBulk(aes256gcm), chacha20Poly1305 },
      'aes',
    ),
    groups: options.groups ?? groups(subtle),
    signatures: options.signatures ?? defaultSchemes(),
    verifier: webVerifier(subtle, sha256),
    hash: hashByName,
    signer: (key) => webSigner(subtle, key),
  };
}

const OPTIONS: readonly string[] = ['subtle', 'groups', 'signatures'] satisfies readonly (keyof WebCryptoOptions)[];

function groups(subtle: WebSubtle): readonly KeyExchange[] {
  const x25519 = webX25519(subtle);
  return [
    hybrid(0x11ec, 'X25519MLKEM768', webMlKem768(subtle), x25519, 32, 'kem-first'),
    x25519,
    webSecp256r1(subtle),
    webNistGroup(subtle, 0x0018, 'secp384r1', 'P-384'),
    webNistGroup(subtle, 0x0019, 'secp521r1', 'P-521'),
  ];
}

export { webAesGcm } from './aead.ts';
export { webSecp256r1, webX25519 } from './groups.ts';
export { cryptoKeySigner, type SubtleSigner } from './signer.ts';
export { webVerifier } from './verifier.ts';
export type { WebSubtle } from '../web-types.ts';
