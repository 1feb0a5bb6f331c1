import { ownOf } from '../../bytes/shape.ts';
import { autoProvider } from '../../crypto/auto.ts';
import { equalBytes } from '../../bytes/bytes.ts';
import { encodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import type { CryptoProvider, Signer } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import { readBundle } from '../formats/bundle.ts';
import { basicConstraints, type Certificate } from '../x509/certificate.ts';
import { nameText } from '../x509/general-name-text.ts';
import { isSelfIssued } from '../x509/names.ts';
import { writePem } from '../x509/pem.ts';
import { type Authority, ISSUE_OPTIONS, type IssueOptions } from './types.ts';
import { issue } from './write-certificate.ts';
import { EXTENSION_OPTIONS, type ExtensionOptions, type Purpose } from './extensions.ts';
import { type KeyAlgorithm, type KeyPair, type KeySource, loadKey, makeOrLoadKey } from './keys.ts';
import { encodeSubject, type NameSource, type SubjectSource } from './names.ts';
import { checkOptions, listOf, wholeNumber, wrongOption } from './options.ts';

/** What kind of authority. */
export interface AuthorityOptions extends IssueOptions, ExtensionOptions {
  /** Who it is: a common name, or more. */
  readonly subject: SubjectSource;
  /** Who is above it. Default: none, it is a root. */
  readonly issuer?: Authority | undefined;
  /** Default: a new key on P-256. */
  readonly key?: KeyAlgorithm | KeySource | undefined;
  /** Of `key`, when it is encrypted. */
  readonly password?: string | undefined;
  /** How many authorities may stand below it, one below the other. Default: no limit for a root, 0 for an intermediate. */
  readonly pathLength?: number | 'unlimited' | undefined;
  /** Limits what certificates below it can be for. Default: no limit. */
  readonly purpose?: 'server' | 'client' | Purpose | readonly Purpose[] | undefined;
  readonly names?: NameSource | readonly NameSource[] | undefined;
}

/**
 * Makes an authority: a root, or with `issuer` an intermediate.
 * @throws TlsError ERR_OPTION for what cannot be, ERR_KEY and ERR_PASSWORD for a key that cannot be read,
 * ERR_SIGNER_FAILED when the key above does not sign.
 *
 * @example
 * ```ts
 * import { createAuthority } from 'warifu/pki/issue';
 * const root = await createAuthority({ subject: 'Example Root', key: 'P-384' });
 * const intermediate = await createAuthority({
 *   subject: { commonName: 'Example Servers', organization: 'Example' },
 *   issuer: root,
 *   nameConstraints: { permitted: ['example.com', '10.0.0.0/8'] },
 * });
 * intermediate.chain.length; // 1: what servers send behind their own certificate
 * ```
 */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  options = ownOf(options);
  checkOptions('createAuthority', options, [
    ...ISSUE_OPTIONS,
    ...EXTENSION_OPTIONS,
    'subject',
    'issuer',
    'key',
    'password',
    'pathLength',
    'purpose',
    'names',
  ]);
  if (options.subject === undefined)
    throw wrongOption('subject', 'the name of the authority is wanted, such as "Example Root"');
  const subject = encodeSubject('subject', options.subject);
  // RFC 5280 section 4.1.2.6: an authority has a name.
  if (subject.length === 2) throw wrongOption('subject', 'an authority needs a name that is not empty');
  const crypto = options.crypto ?? autoProvider();
  const { signer, keyPair } = await makeOrLoadKey('key', options.key, crypto, options.password);
  const issued = await issue(
    {
      issuer: options.issuer ?? 'self',
      selfSigner: signer,
      spki: encodeSubjectPublicKeyInfo(signer.publicKey),
      subject,
      authority: true,
      pathLength: pathLengthOf(options),
      keyUsage: options.keyUsage ?? ['keyCertSign', 'cRLSign', 'digitalSignature'],
      purposes: listOf<Purpose>(options.purpose).map((item) =>
        item === 'server' ? 'serverAuth' : item === 'client' ? 'clientAuth' : item,
      ),
      names: listOf<NameSource>(options.names),
      defaultDays: options.issuer === undefined ? 3650 : 1825,
      keyPair,
    },
    options,
    crypto,
  );
  return authorityOf(issued.certificate, signer, keyPair, options.issuer?.certificates ?? []);
}

function pathLengthOf({ pathLength, issuer }: AuthorityOptions): number | undefined {
  if (pathLength === 'unlimited') return undefined;
  if (pathLength === undefined) return issuer === undefined ? undefined : 0;
  return wholeNumber('pathLength', pathLength, 0, 255);
}

function authorityOf(
  certificate: Certificate,
  signer: Signer,
  keyPair: KeyPair | undefined,
  above: readonly Certificate[],
): Authority {
  const { der } = certificate;
  const pem = writePem('CERTIFICATE', der);
  const certificates = [certificate, ...above];
  return { certificate, der, pem, certificates, chain: withoutRoot(certificates), signer, keyPair };
}

/** What is trusted need not be sent. */
function withoutRoot(certificates: readonly Certificate[]): readonly Uint8Array[] {
  return certificates.filter((certificate) => !isSelfIssued(certificate)).map(({ der }) => der);
}

/** An authority that was made before. */
export interface AuthoritySource {
  /** Its certificate first, then those above it: PEM (text or bytes), DER, or a list of them. */
  readonly certificates: string | Uint8Array | readonly (string | Uint8Array)[];
  readonly key: KeySource;
  /** Of `key`, when it is encrypted. */
  readonly password?: string;
  /** Default: the best that the runtime has. */
  readonly crypto?: CryptoProvider;
}

/**
 * Opens an authority whose certificate and key are there already.
 * @throws TlsError ERR_OPTION when the certificate is not one of an authority, or the key not its; ERR_KEY and ERR_PASSWORD
 * for files that cannot be read.
 *
 * @example
 * ```ts
 * import { createAuthority, openAuthority } from 'warifu/pki/issue';
 * const made = await createAuthority({ subject: 'Example Root' });
 * const again = await openAuthority({ certificates: made.pem, key: made.keyPair?.pem ?? '' });
 * again.certificate.serial; // the same
 * ```
 */
export async function openAuthority(source: AuthoritySource): Promise<Authority> {
  source = ownOf(source);
  checkOptions('openAuthority', source, ['certificates', 'key', 'password', 'crypto']);
  const crypto = source.crypto ?? autoProvider();
  const { certificates } = await readBundle(source.certificates, {});
  const [certificate] = certificates;
  if (certificate === undefined) throw wrongOption('certificates', 'there is no certificate in it');
  if (basicConstraints(certificate)?.ca !== true)
    throw wrongOption(
      'certificates',
      `${nameText(certificate.subject)} is no authority: its certificate does not say so`,
    );
  const { signer, keyPair } = await loadKey('key', source.key, crypto, source.password);
  const { publicKey } = certificate;
  const isSame =
    publicKey !== undefined &&
    equalBytes(encodeSubjectPublicKeyInfo(publicKey), encodeSubjectPublicKeyInfo(signer.publicKey));
  if (!isSame) throw new TlsError('ERR_KEY', { detail: `key: it is not the key of ${nameText(certificate.subject)}` });
  return authorityOf(certificate, signer, keyPair, certificates.slice(1));
}
