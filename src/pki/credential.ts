import { equalBytes } from '../bytes/bytes.ts';
import { encodeSubjectPublicKeyInfo } from '../crypto/spki.ts';
import type { CryptoProvider, PrivateKey, Signer } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import type { Credential } from '../handshake/peer.ts';
import type { Certificate } from './certificate.ts';
import { nameText } from './general-name.ts';
import { sameName } from './names.ts';
import { privateKeyFromDer, privateKeyFromPem } from './private-key.ts';
import { readCertificates } from './verifier.ts';

/** A chain and its key, in whatever form they are at hand. */
export interface CredentialSource {
  /** PEM text with the certificates in any order, or DER; the root may be among them. */
  readonly certificates: string | readonly (string | Uint8Array)[];
  /** PEM text, DER, a key that was read already, or something that signs. */
  readonly privateKey: string | Uint8Array | PrivateKey | Signer;
  /** DER OCSPResponse to staple. */
  readonly ocspResponse?: Uint8Array;
  /** SignedCertificateTimestampList to send along. */
  readonly sctList?: Uint8Array;
}

/**
 * Makes a credential: puts the chain in order, leaves the root out, and checks that the key is the leaf's.
 * @throws TlsError ERR_KEY, saying what is wrong with the bundle.
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
  const certificates = readCertificates(source.certificates);
  if (certificates.length === 0) throw unusable('there is no certificate');
  const signer = await signerOf(source.privateKey, crypto);
  const chain = orderChain(certificates, encodeSubjectPublicKeyInfo(withoutLimits(signer)));
  return {
    chain: chain.map(({ der }) => der),
    signer,
    ...(source.ocspResponse !== undefined && { ocspResponse: source.ocspResponse }),
    ...(source.sctList !== undefined && { sctList: source.sctList }),
  };
}

async function signerOf(key: CredentialSource['privateKey'], crypto: CryptoProvider): Promise<Signer> {
  if (typeof key === 'string') return await crypto.signer(privateKeyFromPem(key));
  if (key instanceof Uint8Array) return await crypto.signer(privateKeyFromDer(key));
  return 'sign' in key ? key : await crypto.signer(key);
}

/** Leaf first, each followed by its issuer; a self-signed certificate behind the leaf is an anchor and stays at home. */
function orderChain(certificates: readonly Certificate[], spki: Uint8Array): readonly Certificate[] {
  const leaf = certificates.find((certificate) => sameKey(certificate, spki));
  if (leaf === undefined) {
    const subjects = certificates.map(({ subject }) => nameText(subject)).join('; ');
    throw unusable(`the private key belongs to none of the certificates (${subjects})`);
  }
  const chain = [leaf];
  const rest = certificates.filter((certificate) => certificate !== leaf);
  for (;;) {
    const last = chain[chain.length - 1]!;
    const at = rest.findIndex((certificate) => sameName(certificate.subject, last.issuer));
    if (at < 0 || sameName(last.subject, last.issuer)) break;
    const [issuer] = rest.splice(at, 1);
    if (!sameName(issuer!.subject, issuer!.issuer)) chain.push(issuer!);
    else break;
  }
  return chain;
}

/** The key itself counts, not what its algorithm says about PSS. */
function sameKey(certificate: Certificate, spki: Uint8Array): boolean {
  const key = certificate.publicKey;
  if (key === undefined) return false;
  const plain = key.kind === 'rsa' ? { kind: key.kind, modulus: key.modulus, exponent: key.exponent } : key;
  return equalBytes(encodeSubjectPublicKeyInfo(plain), spki);
}

function withoutLimits({ publicKey: key }: Signer): Signer['publicKey'] {
  return key.kind === 'rsa' ? { kind: key.kind, modulus: key.modulus, exponent: key.exponent } : key;
}

function unusable(detail: string): TlsError {
  return new TlsError('ERR_KEY', { detail });
}
