/**
 * What the engine asks of cryptography: types only. A provider is a list of values; naming a value is what pulls its
 * code into a bundle. Hashes and AEADs are synchronous by contract (a transcript forks and HKDF runs about twenty times
 * a handshake); public-key operations may answer at once or with a promise.
 */

import type { MaybePromise } from '../bytes/promise.ts';

export type { MaybePromise } from '../bytes/promise.ts';

/** The one source of randomness. */
export interface Random {
  /** Fills all of `bytes` with unpredictable values. */
  fill(bytes: Uint8Array): void;
}

/** The hash functions, by name. */
export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** A hash function, with HMAC over it. */
export interface Hash {
  readonly name: HashName;
  /** Size of a digest, in bytes. */
  readonly size: number;
  start(): HashState;
  digest(...parts: readonly Uint8Array[]): Uint8Array;
  hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
}

/** A hash that is being computed; it can be forked. */
export interface HashState {
  update(bytes: Uint8Array): void;
  /** An independent copy with the same input so far. */
  fork(): HashState;
  /** Finishes; the state must not be used after it. */
  digest(): Uint8Array;
  dispose(): void;
}

/** An authenticated cipher (RFC 5116). */
export interface Aead {
  readonly name: string;
  /** Key size, in bytes. */
  readonly keyLength: 16 | 32;
  // RFC 9846 §5.2-4, §5.3-3
  /** Tag size, in bytes. */
  readonly tagLength: 8 | 16;
  /** Records that one key may protect before it has to be changed (RFC 9846 section 5.5). */
  readonly sealLimit: number;
  /** `bytes` is copied; it can be wiped afterwards. */
  key(bytes: Uint8Array): AeadKey;
}

/** A key of an AEAD: it seals and opens records until it is disposed of. */
export interface AeadKey {
  /** Ciphertext followed by the tag, in a new array. `nonce` is 12 bytes. */
  seal(nonce: Uint8Array, additionalData: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** The same without copies in between, where the provider can: ciphertext and tag of all parts go to `out` from `at` on. */
  sealInto?(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    parts: readonly Uint8Array[],
    out: Uint8Array,
    at: number,
  ): void;
  /**
   * The same where the provider makes an array of its own for the result anyway: returns the ciphertext of all parts, and
   * writes the tag to `tag`. It saves a program that can write several pieces at once the copy.
   */
  sealApart?(nonce: Uint8Array, additionalData: Uint8Array, parts: readonly Uint8Array[], tag: Uint8Array): Uint8Array;
  /**
   * The plaintext, in a new array, which shares no memory with `sealed`: that may be used for something else afterwards.
   * Undefined when the tag is wrong. Never throws for what a peer sent.
   */
  open(nonce: Uint8Array, additionalData: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  /** The same for many records at once, later; only where it can be quicker than one after the other, now. */
  readonly bulk?: BulkAead;
  dispose(): void;
}

/**
 * A lane for many records at once. WebCrypto answers with promises, and each costs about as much as some kilobytes in
 * JavaScript: what is there in quantity goes this way, everything else by {@link AeadKey.seal} and {@link AeadKey.open},
 * and both give the same bytes.
 *
 * How the engine uses it. It has three questions open for each direction at most; while it waits it seals and opens
 * nothing else in that direction, and what is answered out of order waits, so the order of records is the order of the jobs.
 * It counts nonces itself, one for each job, in advance. Of records to open it hands over whole ones only, in the epoch of application data. A KeyUpdate inside a
 * batch is found when its plaintext is read: what lies behind it was opened under the old key, has failed, and is opened
 * again under the new one from the ciphertext that is still there; a failure counts only where no key changed before it.
 * A batch is bounded in bytes by its maker.
 */
export interface BulkAead {
  /**
   * From how many bytes in one batch on this lane is quicker than the other, as measured in this runtime; Infinity where it
   * never is. Measuring begins when this is first read; until it is done a cautious figure stands here.
   */
  readonly worthwhile: number;
  /** What {@link AeadKey.seal} gives for the whole plaintext of each job, in their order. Rejects only when the provider fails. */
  seal(jobs: readonly AeadJob[]): Promise<readonly Uint8Array[]>;
  /**
   * What {@link AeadKey.open} gives for each job, in their order: undefined where the tag is wrong, whatever became of the
   * others. Rejects only when the provider fails.
   */
  open(jobs: readonly AeadJob[]): Promise<readonly (Uint8Array | undefined)[]>;
}

/** One record of a batch. The arrays must not change until the batch is done; each job has a nonce of its own. */
export interface AeadJob {
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  readonly additionalData: Uint8Array;
  /** Plaintext to seal, or ciphertext and tag to open. */
  readonly data: Uint8Array;
  /** The rest of the plaintext to seal. */
  readonly tail?: Uint8Array | undefined;
}

/** A TLS 1.3 cipher suite: an AEAD and a hash (RFC 9846 appendix B.4). */
export interface CipherSuite13 {
  readonly version: 0x0304;
  readonly id: number;
  readonly name: string;
  readonly hash: Hash;
  readonly aead: Aead;
}

/** What every TLS 1.2 suite says: how the secret is agreed on, who signs it, and the hash of the PRF. */
export interface Suite12 {
  readonly version: 0x0303;
  readonly id: number;
  readonly name: string;
  /** Of the PRF and of Finished (RFC 5246 section 5). */
  readonly hash: Hash;
  readonly exchange: 'ecdhe' | 'dhe' | 'rsa';
  /** The kind of key in the server's certificate; `ecdsa` covers EdDSA too (RFC 8422 section 2.2). */
  readonly authentication: 'ecdsa' | 'rsa';
}

/** A TLS 1.2 suite with an AEAD. */
export interface AeadSuite12 extends Suite12 {
  readonly protection: 'aead';
  readonly aead: Aead;
  /** Bytes of the nonce that come from the key block: 4 for GCM (RFC 5288), 12 for ChaCha20-Poly1305 (RFC 7905). */
  readonly fixedIvLength: 4 | 12;
  /** Bytes of the nonce carried in each record: 8 for GCM, 0 for ChaCha20-Poly1305. */
  readonly recordIvLength: 8 | 0;
}

/** A TLS 1.2 suite with a block cipher in CBC mode and HMAC: for old devices and for teaching only. */
export interface CbcSuite12 extends Suite12 {
  readonly protection: 'cbc';
  readonly cipher: CbcCipher;
  readonly mac: Hash;
}

/** A block cipher in CBC mode, without padding: everything is whole blocks of 16 bytes. */
export interface CbcCipher {
  readonly name: string;
  /** Key size, in bytes. */
  readonly keyLength: 16 | 32;
  /** `bytes` is copied; it can be wiped afterwards. */
  key(bytes: Uint8Array): CbcKey;
}

/** A key of a block cipher in CBC mode. */
export interface CbcKey {
  encrypt(iv: Uint8Array, blocks: Uint8Array): Uint8Array;
  decrypt(iv: Uint8Array, blocks: Uint8Array): Uint8Array;
  dispose(): void;
}

/** A TLS 1.2 suite of either kind. */
export type CipherSuite12 = AeadSuite12 | CbcSuite12;

/** What a provider has. CBC comes only with the entry for old devices. */
export type CipherSuite = CipherSuite13 | AeadSuite12;

/** Key exchange in the shape of a KEM, so that ECDH, ML-KEM, finite fields and hybrids are one thing. */
export interface KeyExchange {
  /** NamedGroup (RFC 9846 section 4.3.7). */
  readonly id: number;
  readonly name: string;
  readonly kind: 'ecdhe' | 'ffdhe' | 'kem' | 'hybrid';
  /** Of a hybrid: the half that is a group by itself. */
  readonly classical?: KeyExchange;
  /** Makes a fresh key pair; the share goes to the peer. */
  offer(random: Random): MaybePromise<KeyOffer>;
  /**
   * Answers a peer's share with ours and the secret.
   * @throws TlsError ERR_BAD_KEY_SHARE when the peer's share is not a valid one for this group.
   */
  accept(
    peerShare: Uint8Array,
    random: Random,
  ): MaybePromise<{ readonly share: Uint8Array; readonly secret: Uint8Array }>;
  /**
   * The secret that this very private key has with a share: for known answers only, by which a provider is proved before
   * it is used (`warifu/crypto/conformance`). NIST curves: the scalar, big endian, as long as the field, and behind it its
   * uncompressed point, for those runtimes that read no key without; X25519, X448: as in RFC 7748; ML-KEM: the seed of 64 bytes; a hybrid: its halves in the order of its shares.
   * @throws TlsError ERR_BAD_KEY_SHARE as {@link KeyOffer.agree}.
   */
  agreeAs?(privateKey: Uint8Array, peerShare: Uint8Array): MaybePromise<Uint8Array>;
}

/** A key pair that was made for one handshake: its share goes to the peer. */
export interface KeyOffer {
  readonly group: KeyExchange;
  readonly share: Uint8Array;
  /** A hybrid can also be finished by its classical half alone: that half, to be sent as a share of its own. */
  readonly part?: KeyOffer;
  /** @throws TlsError ERR_BAD_KEY_SHARE when the peer's share is not a valid one for this group. */
  agree(peerShare: Uint8Array): MaybePromise<Uint8Array>;
  /** Overwrites the private key. */
  dispose(): void;
}

/** The NIST curves, by name. */
export type NamedCurve = 'P-256' | 'P-384' | 'P-521';

/** A public key taken out of its SubjectPublicKeyInfo. */
export type PublicKey =
  | { readonly kind: 'ec'; readonly curve: NamedCurve /** Uncompressed: 04, x, y. */; readonly point: Uint8Array }
  | {
      readonly kind: 'rsa';
      /** Big endian, no leading zero. */
      readonly modulus: Uint8Array;
      /** Big endian, no leading zero. */
      readonly exponent: Uint8Array;
      /** Present when the key's own algorithm is id-RSASSA-PSS; `parameters` when it is restricted (RFC 4055 section 3.1). */
      readonly pss?: { readonly parameters?: { readonly hash: HashName; readonly saltLength: number } };
    }
  | { readonly kind: 'ed25519' /** 32 bytes. */; readonly key: Uint8Array }
  | { readonly kind: 'ed448' /** 57 bytes. */; readonly key: Uint8Array }
  | { readonly kind: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87'; readonly key: Uint8Array };

/** A private key we hold in memory. Keys we do not hold are a {@link Signer}. */
export type PrivateKey =
  | {
      readonly kind: 'ec';
      readonly curve: NamedCurve /** Big endian, as long as the field. */;
      readonly scalar: Uint8Array;
    }
  | {
      readonly kind: 'rsa';
      /** True when the key's own algorithm is id-RSASSA-PSS, which signs with the rsa_pss_pss schemes only. */
      readonly pss: boolean;
      readonly modulus: Uint8Array;
      readonly publicExponent: Uint8Array;
      readonly privateExponent: Uint8Array;
      readonly prime1: Uint8Array;
      readonly prime2: Uint8Array;
      readonly exponent1: Uint8Array;
      readonly exponent2: Uint8Array;
      readonly coefficient: Uint8Array;
    }
  | { readonly kind: 'ed25519' /** 32 bytes. */; readonly seed: Uint8Array }
  | { readonly kind: 'ed448' /** 57 bytes. */; readonly seed: Uint8Array };

/** A signature algorithm with all its parameters, whether TLS or X.509 named it. */
export type SignatureAlgorithm =
  | { readonly kind: 'ecdsa'; readonly hash: HashName }
  | { readonly kind: 'rsa-pkcs1'; readonly hash: HashName }
  | {
      readonly kind: 'rsa-pss';
      readonly hash: HashName /** In bytes. MGF1 uses the same hash. */;
      readonly saltLength: number;
    }
  | { readonly kind: 'ed25519' }
  | { readonly kind: 'ed448' }
  | { readonly kind: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87' };

/** Checks signatures. Certificates, CRLs, OCSP responses and the handshake all come through here. */
export interface SignatureVerifier {
  /**
   * True only for a good signature. False for a wrong one, a malformed one, an algorithm that is not known here or
   * does not fit the key, and a key that may not be used (`isValidPublicKey`). ECDSA signatures are DER (RFC 5480), high-s allowed.
   * @throws Never for what a peer sent. Whatever is thrown, or rejected with, is an internal error of the provider and ends
   * the handshake as such; it is not taken for a wrong signature.
   */
  verify(
    algorithm: SignatureAlgorithm,
    key: PublicKey,
    message: Uint8Array,
    signature: Uint8Array,
  ): MaybePromise<boolean>;
}

/** A SignatureScheme of TLS (RFC 9846 section 4.3.3). */
export interface SignatureScheme {
  readonly id: number;
  readonly name: string;
  readonly algorithm: SignatureAlgorithm;
  /**
   * May it sign a TLS 1.3 handshake? PKCS#1 v1.5 may sign certificates only; `client`: the CertificateVerify of a client
   * and nothing else, not even a certificate (RFC 9963).
   */
  readonly handshake13: boolean | 'client';
  /** May it sign a TLS 1.2 handshake? */
  readonly handshake12: boolean;
  /** Does this key go with this scheme? In TLS 1.3 the curve is part of it (`strictCurve`); in 1.2 it is not. */
  fits(key: PublicKey, strictCurve: boolean): boolean;
}

/** A private key that may be in this process, in a CryptoKey, a HSM or another machine. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** SignatureScheme ids it can make, best first. */
  readonly schemes: readonly number[];
  sign(scheme: number, message: Uint8Array): MaybePromise<Uint8Array>;
  /**
   * The bare private operation of RSA, without a look at the padding: as many bytes as the modulus has, or undefined for
   * a ciphertext that is no number below it. Only RSA key exchange of TLS 1.2 asks for it.
   */
  decryptRaw?(ciphertext: Uint8Array): MaybePromise<Uint8Array | undefined>;
  /** Overwrites the private key where it is ours. */
  dispose?(): void;
}

/** Lists of values in order of preference. */
export interface CryptoProvider {
  readonly name: string;
  readonly random: Random;
  readonly suites: readonly CipherSuite[];
  readonly groups: readonly KeyExchange[];
  readonly signatures: readonly SignatureScheme[];
  readonly verifier: SignatureVerifier;
  hash(name: HashName): Hash;
  /** Makes a signer from a private key in memory; copies what it needs. */
  signer(key: PrivateKey): MaybePromise<Signer>;
}
