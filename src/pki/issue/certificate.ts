import { ownOf } from '../../bytes/shape.ts';
import type { WebCryptoKey } from '../../crypto/web-types.ts';
import { derSequence } from '../../bytes/der-writer.ts';
import { autoProvider } from '../../crypto/auto.ts';
import { decodeSubjectPublicKeyInfo, encodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import type { CryptoProvider, PublicKey, Signer } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { KeyUsage } from '../x509/certificate.ts';
import { EXTENSION_OPTIONS, type ExtensionOptions, type Purpose } from './extensions.ts';
import { type KeyAlgorithm, type KeyPair, type KeySource, makeOrLoadKey, spkiOf } from './keys.ts';
import { encodeSubject, generalName, type NameSource, type SubjectSource } from './names.ts';
import { checkOptions, describe, listOf, wrongOption } from './options.ts';
import { type CertificateRequest, nameSourceOf, readRequest } from './read-request.ts';
import {
  type Authority,
  ISSUE_OPTIONS,
  type IssuedCertificate,
  type IssuedCredential,
  type IssueOptions,
} from './types.ts';
import { issue } from './write-certificate.ts';

/** What to certify: whose name, whose key, and what for. */
export interface CertificateOptions extends IssueOptions, ExtensionOptions {
  /** Who signs it; `'self'`: the key that is certified. */
  readonly issuer: Authority | 'self';
  /** `server`, `client`, or OIDs and names of extended key usages. Default: server and client. */
  readonly purpose?: 'server' | 'client' | Purpose | readonly Purpose[] | undefined;
  /** DNS names, addresses, mail addresses, URIs such as `spiffe://…`, and what else {@link NameSource} can be. */
  readonly names?: NameSource | readonly NameSource[] | undefined;
  /** Default: the first of `names` as common name where it fits, else none. */
  readonly subject?: SubjectSource | undefined;
  /** A request (PKCS#10) in PEM, DER, or read already. Its signature is checked; its key is certified. */
  readonly request?: string | Uint8Array | CertificateRequest | undefined;
  /** Certifies the names that the request asks for: only where something else has checked them. Default: false. */
  readonly namesFromRequest?: boolean | undefined;
  /** The key to certify: a kind of key to make, or a key that is there. Default: a new one on P-256. */
  readonly key?: KeyAlgorithm | KeySource | undefined;
  /** The public key to certify, when its owner keeps the private one: DER SubjectPublicKeyInfo, a CryptoKey, or read. */
  readonly publicKey?: PublicKey | WebCryptoKey | Uint8Array | undefined;
  /** Of `key`, when it is encrypted. */
  readonly password?: string | undefined;
}

const OPTIONS: readonly string[] = [
  ...ISSUE_OPTIONS,
  ...EXTENSION_OPTIONS,
  'issuer',
  'purpose',
  'names',
  'subject',
  'request',
  'namesFromRequest',
  'key',
  'publicKey',
  'password',
];

/**
 * Issues a certificate for a server or a client.
 * @throws TlsError ERR_OPTION for what cannot be, or what every verifier would refuse; ERR_KEY and ERR_PASSWORD for keys
 * and requests that cannot be read; ERR_SIGNER_FAILED when the issuer's key does not sign.
 *
 * @example
 * ```ts
 * import { createAuthority, issueCertificate } from 'warifu/pki/issue';
 * const root = await createAuthority({ subject: 'Example Root' });
 * const server = await issueCertificate({ issuer: root, purpose: 'server', names: ['localhost', '127.0.0.1'] });
 * server.chainPem.startsWith('-----BEGIN CERTIFICATE-----'); // true
 * server.keyPair?.pem; // its private key, for a file
 * server.credential; // both, for createServer({ credential })
 * ```
 */
export function issueCertificate(
  options: CertificateOptions & { readonly request?: undefined; readonly publicKey?: undefined },
): Promise<IssuedCertificate & { readonly credential: IssuedCredential }>;
/** Issues a certificate for a request, or for a public key, whose private key is elsewhere. */
export function issueCertificate(options: CertificateOptions): Promise<IssuedCertificate>;
export async function issueCertificate(options: CertificateOptions): Promise<IssuedCertificate> {
  options = ownOf(options);
  checkOptions('issueCertificate', options, OPTIONS);
  const { issuer } = options;
  if (issuer !== 'self' && (typeof issuer !== 'object' || issuer === null || !('signer' in issuer)))
    throw wrongOption('issuer', `an authority or 'self' is wanted, not ${describe(issuer)}`);
  const crypto = options.crypto ?? autoProvider();
  const subject = await subjectKey(options, crypto);
  const names = namesOf(options, subject.request);
  const purposes = purposesOf(options.purpose);
  const keyOfSubject = decodeSubjectPublicKeyInfo(subject.spki);
  return await issue(
    {
      issuer,
      selfSigner: subject.signer,
      spki: subject.spki,
      subject: options.subject === undefined ? defaultSubject(names) : encodeSubject('subject', options.subject),
      authority: false,
      pathLength: undefined,
      keyUsage: options.keyUsage ?? usagesFor(keyOfSubject, purposes),
      purposes,
      names,
      defaultDays: 90,
      keyPair: subject.keyPair,
    },
    options,
    crypto,
  );
}

interface SubjectKey {
  readonly spki: Uint8Array;
  readonly signer: Signer | undefined;
  readonly keyPair: KeyPair | undefined;
  readonly request: CertificateRequest | undefined;
}

/** The one key that is to be certified: of a request, a public key, a key that is there, or a new one. */
async function subjectKey(options: CertificateOptions, crypto: CryptoProvider): Promise<SubjectKey> {
  const given = (['request', 'publicKey', 'key'] as const).filter((name) => options[name] !== undefined);
  if (given.length > 1) throw wrongOption('issueCertificate', `only one of ${given.join(' and ')} can be`);
  if (options.request !== undefined) {
    const { request: source } = options;
    const isRead = typeof source === 'object' && 'isSignedBy' in source;
    const request = isRead ? source : readRequest(source);
    // Otherwise a certificate could be had for the key of another (RFC 2986 section 3).
    if (!(await request.isSignedBy(crypto.verifier)))
      throw new TlsError('ERR_KEY', { detail: 'request: its signature is not one of its own key', rfc: 'RFC 2986' });
    return { spki: request.spki, signer: undefined, keyPair: undefined, request };
  }
  if (options.publicKey !== undefined)
    return {
      spki: await spkiOf('publicKey', options.publicKey),
      signer: undefined,
      keyPair: undefined,
      request: undefined,
    };
  const { signer, keyPair } = await makeOrLoadKey('key', options.key, crypto, options.password);
  return { spki: encodeSubjectPublicKeyInfo(signer.publicKey), signer, keyPair, request: undefined };
}

function namesOf(options: CertificateOptions, request: CertificateRequest | undefined): readonly NameSource[] {
  if (options.namesFromRequest === true) {
    if (request === undefined) throw wrongOption('namesFromRequest', 'there is no request to take them from');
    if (options.names !== undefined) throw wrongOption('names', 'either names or namesFromRequest, not both');
    return request.names.map(nameSourceOf);
  }
  if (request !== undefined && options.names === undefined && options.subject === undefined)
    throw wrongOption(
      'names',
      'what is certified is for you to say: give names, or namesFromRequest: true where you have checked what the request asks for',
    );
  return listOf<NameSource>(options.names);
}

function purposesOf(purpose: CertificateOptions['purpose']): readonly Purpose[] {
  if (purpose === undefined) return ['serverAuth', 'clientAuth'];
  return listOf<Purpose>(purpose).map((item) =>
    item === 'server' ? 'serverAuth' : item === 'client' ? 'clientAuth' : item,
  );
}

/** RFC 9846 section 4.5.1.2 and RFC 5480 section 3: signatures; RSA also takes secrets in TLS 1.2's oldest key exchange. */
function usagesFor(key: PublicKey | undefined, purposes: readonly Purpose[]): readonly KeyUsage[] {
  const isPlainRsa = key?.kind === 'rsa' && key.pss === undefined;
  return isPlainRsa && purposes.includes('serverAuth') ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'];
}

/** The first name, where it is one of a host or a mailbox and fits (RFC 5280 appendix A.1: 64 characters). */
function defaultSubject(names: readonly NameSource[]): Uint8Array {
  const [first] = names;
  if (first === undefined) return derSequence();
  const [tag] = generalName('names', first);
  const text =
    typeof first === 'string' ? first : 'dns' in first ? first.dns : 'email' in first ? first.email : undefined;
  // rfc822Name, dNSName, iPAddress.
  const isShown = tag === 0x81 || tag === 0x82 || tag === 0x87;
  if (text === undefined || text.length > 64 || !isShown) return derSequence();
  return encodeSubject('subject', { commonName: text });
}
