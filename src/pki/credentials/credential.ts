import { ownOf } from '../../bytes/shape.ts';
import type { WebCryptoKey } from '../../crypto/web-types.ts';
import { encodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import { defaultSchemes, legacySchemes, schemesOf } from '../../crypto/schemes.ts';
import type {
  CryptoProvider,
  MaybePromise,
  PrivateKey,
  PublicKey,
  SignatureAlgorithm,
  Signer,
} from '../../crypto/types.ts';
import { type Hints, unknownOption } from '../../engine/config/rules.ts';
import { equalBytes } from '../../bytes/bytes.ts';
import { DerError } from '../../bytes/der.ts';
import { TlsError } from '../../errors.ts';
import type { Credential, CredentialHints } from '../../handshake/peer.ts';
import { type Bundle, bundleSteps } from '../formats/bundle.ts';
import { arrange, type BundleProblem, problemsOf } from './bundle-order.ts';
import { type Certificate, subjectAltNames } from '../x509/certificate.ts';
import { cryptoKeySigner, isCryptoKey } from '../formats/cryptokey.ts';
import { runSteps, type Steps, wait } from '../x509/steps.ts';
import { nameText } from '../x509/general-name-text.ts';
import { type JsonWebKeyLike, readJwk } from '../formats/jwk.ts';
import type { PrivateKeyFile } from '../formats/private-key.ts';

/** A chain and its key, in whatever form they are at hand. */
export interface CredentialSource {
  /**
   * PEM (text or bytes), DER, a PKCS#7 bundle or a PKCS#12 file, or several of them; the certificates in any order, the
   * root may be among them.
   */
  readonly certificates: string | Uint8Array | readonly (string | Uint8Array)[];
  /**
   * PEM, DER (PKCS#8, SEC1, PKCS#1, encrypted PKCS#8), a PKCS#12 file, a JWK, a CryptoKey, a key that was read already, or
   * something that signs. Default: the one that is among `certificates`.
   */
  readonly privateKey?: string | Uint8Array | PrivateKey | JsonWebKeyLike | WebCryptoKey | Signer | undefined;
  /** Of an encrypted key or a PKCS#12 file. */
  readonly password?: string | undefined;
  /** Opens also what is encrypted with Triple DES, RC2, or by way of SHA-1 or MD5. Default: false. */
  readonly allowLegacy?: boolean | undefined;
  /** Most rounds of one key derivation; a file may ask for four times as many in all. Default: 2,000,000. */
  readonly maxIterations?: number | undefined;
  /** One block of PEM that cannot be read is an error. Default: `onProblem` hears of it, as long as others can be read. */
  readonly strict?: boolean | undefined;
  /** A PKCS#12 file without a MAC, of which nothing shows whether it was changed, is an error. Default: `onProblem` hears of it. */
  readonly requireMac?: boolean | undefined;
  /** Hears what could be put right or is no obstacle here: certificates out of order, expired, missing. */
  readonly onProblem?: ((problem: BundleProblem) => void) | undefined;
  /** DER OCSPResponse to staple. */
  readonly ocspResponse?: Uint8Array | undefined;
  /** SignedCertificateTimestampList to send along. */
  readonly sctList?: Uint8Array | undefined;
}

const OPTIONS: readonly string[] = [
  'certificates',
  'privateKey',
  'password',
  'allowLegacy',
  'maxIterations',
  'strict',
  'requireMac',
  'onProblem',
  'ocspResponse',
  'sctList',
];

/** What other libraries call the members of a credential. */
const CREDENTIAL_NAMES: Hints = {
  cert: 'write certificates',
  certificate: 'write certificates',
  certChain: 'write certificates',
  pem: 'write certificates',
  key: 'write privateKey',
  keyPair: 'write privateKey',
  pfx: 'write certificates',
  p12: 'write certificates',
  passphrase: 'write password',
  certFile: 'write certificates, with what is in the file',
  keyFile: 'write privateKey, with what is in the file',
};

/**
 * Makes a credential: puts the chain in order, leaves the root out, and checks that the key is the leaf's.
 * @throws TlsError ERR_KEY, saying what is wrong with the bundle; ERR_PASSWORD when the password is missing or wrong.
 *
 * @example
 * ```ts
 * import { loadCredential } from 'warifu/pki';
 * import { nobleProvider } from 'warifu/crypto/noble';
 * const error = await loadCredential({ certificates: [], privateKey: new Uint8Array(0) }, nobleProvider()).catch((e) => e);
 * error.code; // 'ERR_KEY'
 * ```
 */
export async function loadCredential(source: CredentialSource, crypto: CryptoProvider): Promise<Credential> {
  return await credentialOf(source, crypto);
}

/** The same, at once where nothing has to wait: files without a password, keys in memory, a provider that answers at once. */
export function credentialOf(source: CredentialSource, crypto: CryptoProvider): MaybePromise<Credential> {
  return runSteps(credentialSteps(source, crypto));
}

/** @throws TlsError ERR_OPTION for a name that no member of a credential has. */
export function checkCredentialNames(source: object): void {
  for (const key of Object.keys(source))
    if (!OPTIONS.includes(key)) throw unknownOption(`credential.${key}`, key, OPTIONS, CREDENTIAL_NAMES);
}

function* credentialSteps(source: CredentialSource, crypto: CryptoProvider): Steps<Credential> {
  source = ownOf(source);
  checkCredentialNames(source);
  const bundle = yield* bundleSteps(source.certificates, source);
  if (bundle.certificates.length === 0)
    throw unusable(
      bundle.keys.length === 0
        ? 'there is no certificate'
        : 'certificates: there is a private key in it and no certificate; are certificates and privateKey swapped?',
    );
  const { leaf, signer } = yield* pair(source, bundle, crypto);
  const arranged = yield* arrange(bundle.certificates, leaf, crypto.verifier);
  if (source.onProblem !== undefined)
    for (const problem of [...bundle.problems, ...problemsOf(bundle.certificates, arranged, Date.now())])
      source.onProblem(problem);
  return {
    chain: arranged.chain.map(({ der }) => der),
    signer,
    hints: hintsOf(arranged.chain),
    ...(source.ocspResponse !== undefined && { ocspResponse: source.ocspResponse }),
    ...(source.sctList !== undefined && { sctList: source.sctList }),
  };
}

/** What can be told of the certificates, so that of several credentials the one that fits is shown. */
function hintsOf(chain: readonly Certificate[]): CredentialHints {
  const known = [...defaultSchemes(), ...legacySchemes()];
  return {
    names: chain.slice(0, 1).flatMap(dnsNames),
    issuers: chain.map(({ issuer }) => issuer),
    signatures: chain.map(({ signatureAlgorithm }) =>
      known.filter(({ algorithm }) => isSame(algorithm, signatureAlgorithm)).map(({ id }) => id),
    ),
  };
}

function dnsNames(certificate: Certificate): readonly string[] {
  try {
    return (subjectAltNames(certificate) ?? []).flatMap((name) => (name.kind === 'dns' ? [name.text] : []));
  } catch (error) {
    // A certificate of ours that a peer may refuse is still ours to show.
    if (error instanceof DerError) return [];
    throw error;
  }
}

function isSame(one: SignatureAlgorithm, other: SignatureAlgorithm | undefined): boolean {
  return (
    other !== undefined && JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort())
  );
}

interface Pair {
  readonly leaf: Certificate;
  readonly signer: Signer;
}

function* pair(source: CredentialSource, bundle: Bundle, crypto: CryptoProvider): Steps<Pair> {
  const { privateKey } = source;
  if (isCryptoKey(privateKey)) return yield* wait(pairCryptoKey(privateKey, bundle.certificates, crypto));
  if (typeof privateKey === 'object' && 'sign' in privateKey) {
    const leaf = leafOf(bundle.certificates, privateKey.publicKey);
    if (leaf === undefined) throw mismatch(bundle.certificates);
    return { leaf, signer: withinLimits(privateKey, leaf) };
  }
  const keys = yield* keysOf(source, bundle);
  for (const file of keys) {
    const found = yield* matchKey(file, bundle.certificates, crypto);
    if (found !== undefined) return found;
  }
  throw mismatch(bundle.certificates);
}

/** The certificate that goes with a private key; undefined: none does. @throws TlsError ERR_KEY for a key at odds with itself. */
export function* matchKey(
  file: PrivateKeyFile,
  certificates: readonly Certificate[],
  crypto: CryptoProvider,
): Steps<Pair | undefined> {
  const signer = yield* wait(crypto.signer(file.key));
  checkPublicHalf(signer.publicKey, file.publicBytes);
  const leaf = leafOf(certificates, signer.publicKey);
  if (leaf === undefined) {
    signer.dispose?.();
    return undefined;
  }
  const key = leaf.publicKey;
  if (file.key.kind !== 'rsa' || key?.kind !== 'rsa' || file.key.pss === (key.pss !== undefined))
    return { leaf, signer: withinLimits(signer, leaf) };
  // What the key may do is for its certificate to say: many files hold a PSS key under the common RSA name.
  signer.dispose?.();
  return { leaf, signer: withinLimits(yield* wait(crypto.signer(withPss(file.key, key.pss !== undefined))), leaf) };
}

/** By name, since a spread leaves out what is secret. */
function withPss(key: Extract<PrivateKey, { kind: 'rsa' }>, pss: boolean): PrivateKey {
  const { kind, modulus, publicExponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient } = key;
  return { kind, pss, modulus, publicExponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient };
}

function* keysOf(source: CredentialSource, bundle: Bundle): Steps<readonly PrivateKeyFile[]> {
  const { privateKey } = source;
  if (privateKey === undefined) {
    if (bundle.keys.length === 0)
      throw unusable('there is no private key, neither in privateKey nor with the certificates');
    return bundle.keys;
  }
  if (typeof privateKey === 'string' || privateKey instanceof Uint8Array) {
    const { keys, certificates } = yield* bundleSteps(privateKey, source, 'privateKey');
    if (keys.length === 0)
      throw unusable(`privateKey: it holds ${certificates.length > 0 ? 'a certificate and ' : ''}no private key`);
    return keys;
  }
  if ('kty' in privateKey) return [readJwk(privateKey)];
  if ('kind' in privateKey) return [{ key: privateKey, publicBytes: undefined }];
  throw new TlsError('ERR_OPTION', { detail: 'privateKey: neither a key in a known form, nor something that signs' });
}

/** A CryptoKey does not tell its public half: a signature shows whose it is. */
async function pairCryptoKey(
  key: WebCryptoKey,
  certificates: readonly Certificate[],
  crypto: CryptoProvider,
): Promise<Pair> {
  const message = new Uint8Array(32);
  let reason: TlsError | undefined;
  for (const leaf of certificates) {
    if (leaf.publicKey === undefined) continue;
    try {
      const signer = cryptoKeySigner(key, leaf.publicKey);
      const algorithm = crypto.signatures.find(({ id }) => id === signer.schemes[0])?.algorithm;
      const signature = await signer.sign(signer.schemes[0]!, message);
      if (
        algorithm === undefined ||
        (await crypto.verifier.verify(algorithm, leaf.publicKey, message, signature)) === true
      )
        return { leaf, signer };
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      reason ??= error;
    }
  }
  throw reason ?? mismatch(certificates);
}

function leafOf(certificates: readonly Certificate[], key: PublicKey): Certificate | undefined {
  const spki = encodeSubjectPublicKeyInfo(bare(key));
  return certificates.find(
    ({ publicKey }) => publicKey !== undefined && equalBytes(encodeSubjectPublicKeyInfo(bare(publicKey)), spki),
  );
}

/** The key itself counts, not what its algorithm says about PSS. */
function bare(key: PublicKey): PublicKey {
  return key.kind === 'rsa' ? { kind: key.kind, modulus: key.modulus, exponent: key.exponent } : key;
}

/** A certificate may allow its key less than the key could do (RFC 4055 section 3.1). */
function withinLimits(signer: Signer, { publicKey }: Certificate): Signer {
  if (publicKey?.kind !== 'rsa' || publicKey.pss?.parameters === undefined) return signer;
  const allowed = schemesOf(publicKey);
  const schemes = signer.schemes.filter((id) => allowed.includes(id));
  if (schemes.length === 0)
    throw unusable('the certificate restricts its RSASSA-PSS key to something that TLS has no signature scheme for');
  return {
    publicKey,
    schemes,
    sign: (scheme, message) => signer.sign(scheme, message),
    ...(signer.dispose !== undefined && { dispose: () => signer.dispose?.() }),
  };
}

/** A file whose two halves differ is broken or was made to make us sign for another's key. */
function checkPublicHalf(key: PublicKey, claimed: Uint8Array | undefined): void {
  if (claimed === undefined || key.kind === 'rsa') return;
  const own = key.kind === 'ec' ? key.point : key.key;
  // A compressed point has its x in the same place; the sign of y is in the first byte (SEC 1 section 2.3.3).
  const fits =
    key.kind === 'ec' && claimed.length === (own.length + 1) / 2
      ? claimed[0] === 2 + (own[own.length - 1]! & 1) &&
        equalBytes(claimed.subarray(1), own.subarray(1, claimed.length))
      : equalBytes(own, claimed);
  if (!fits) throw unusable('the public key in the file is not that of its private key');
}

function mismatch(certificates: readonly Certificate[]): TlsError {
  return unusable(
    `the private key belongs to none of the certificates (${certificates.map(({ subject }) => nameText(subject)).join('; ')}); give the key that one of them was made for`,
  );
}

function unusable(detail: string): TlsError {
  return new TlsError('ERR_KEY', { detail });
}
