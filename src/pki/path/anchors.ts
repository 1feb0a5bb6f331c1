import { DerCursor, DerError } from '../../bytes/der.ts';
import { decodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import { unsuitable } from '../../engine/config/rules.ts';
import { TlsError } from '../../errors.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { readNameConstraints } from '../x509/extensions.ts';
import { readName } from '../x509/general-name.ts';
import { type FileProblem, readParts } from '../x509/file-parts.ts';
import { type Anchor, anchorOf, type AnchorSettings, anchorSettings } from './anchor.ts';

export type { Anchor } from './anchor.ts';

/** What is trusted to begin with (RFC 5280 section 6.1.1(d), RFC 5914): a certificate, or no more than a name and a key. */
export interface TrustAnchor {
  /** DER, or PEM with one certificate. Either this or `name` and `publicKey`. */
  readonly certificate?: Uint8Array | string;
  /** DER Name. */
  readonly name?: Uint8Array;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey?: Uint8Array;
  /** DER NameConstraints, in addition to what the certificate says. */
  readonly nameConstraints?: Uint8Array;
  /** Trust it before and after its validity too. Default: false. */
  readonly ignoreExpiry?: boolean;
  /** Take nothing but name and key from its certificate: no constraints, usages or purposes. Default: false. */
  readonly ignoreConstraints?: boolean;
  /** A version 3 certificate has to say that it is an authority. Default: true. */
  readonly requireBasicConstraints?: boolean;
  /** What it may vouch for: others, itself as a peer, or both. Default: 'both'; in the profile webpki 'authority'. */
  readonly use?: 'authority' | 'leaf' | 'both';
  /** As a peer itself, it has to be signed with its own key. Default: false. */
  readonly requireSelfSigned?: boolean;
}

/** PEM text with any number of certificates, DER, anchors in full, or what was read of them. */
export type AnchorSource = string | Uint8Array | readonly (string | Uint8Array | TrustAnchor | Certificate | Anchor)[];

/**
 * Reads anchors. Of a text with several certificates those are left out that cannot be read, as long as one can: a bundle
 * is what a system or a company has, and one odd certificate in it is no reason to trust none.
 * @param skipped receives why each that was left out cannot be read.
 * @throws TlsError ERR_KEY or ERR_OPTION when one cannot be read.
 *
 * @example
 * ```ts
 * import { readAnchors } from 'warifu/pki';
 * readAnchors([]).length; // 0
 * ```
 */
export function readAnchors(
  source: AnchorSource,
  use: Anchor['use'] = 'both',
  skipped: string[] = [],
): readonly Anchor[] {
  return listOf(source, 'anchors').flatMap((item) => {
    if (typeof item === 'string' || item instanceof Uint8Array)
      return readBundle(item, skipped).map((certificate) => anchorOf(certificate, { use }));
    if ('der' in item) return [anchorOf(item, { use })];
    if ('spki' in item) return [item];
    return [readAnchor(item, use)];
  });
}

function readBundle(source: string | Uint8Array, skipped: string[]): readonly Certificate[] {
  const problems: string[] = [];
  const parts = readParts(source, {
    what: 'anchors',
    kinds: ['certificate'],
    onProblem: ({ message }) => problems.push(message),
  });
  // With one certificate there is nothing to be left out: what is wrong with it is thrown.
  if (parts.length + problems.length < 2) return readCertificates([source], 'anchors');
  const certificates: Certificate[] = [];
  for (const { der, where } of parts) {
    try {
      certificates.push(readCertificate(der));
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
      problems.push(`anchors: ${where}: ${error.message}`);
    }
  }
  if (certificates.length === 0) throw new TlsError('ERR_KEY', { detail: problems[0] ?? 'anchors: no certificate' });
  skipped.push(...problems.slice(0, MAX_PROBLEMS));
  return certificates;
}

/** So many are told of. */
const MAX_PROBLEMS = 100;

function readAnchor(anchor: TrustAnchor, use: Anchor['use']): Anchor {
  const { certificate, name, publicKey } = anchor;
  for (const key of Object.keys(anchor))
    if (!KNOWN.includes(key)) throw new TlsError('ERR_OPTION', { detail: `anchors: there is no such option: ${key}` });
  if (certificate !== undefined) {
    if (name !== undefined || publicKey !== undefined)
      throw new TlsError('ERR_OPTION', { detail: 'anchors: a certificate, or a name and a key, not both' });
    const [read, ...more] = readCertificates([certificate], 'anchors');
    if (read === undefined || more.length > 0)
      throw new TlsError('ERR_KEY', { detail: 'anchors: certificate: one certificate belongs here' });
    return anchorOf(read, settings(anchor, use));
  }
  if (name === undefined || publicKey === undefined)
    throw new TlsError('ERR_OPTION', { detail: 'anchors: a certificate is needed, or a name and a publicKey' });
  return orUnreadable('anchors', () => {
    const cursor = new DerCursor(name);
    readName(cursor);
    cursor.finish();
    const key = decodeSubjectPublicKeyInfo(publicKey);
    if (key === undefined) throw new TlsError('ERR_KEY', { detail: 'anchors: publicKey is of no kind that is known' });
    return { name, spki: publicKey, publicKey: key, certificate: undefined, ...settings(anchor, 'authority') };
  });
}

const KNOWN: readonly string[] = [
  'certificate',
  'name',
  'publicKey',
  'nameConstraints',
  'ignoreExpiry',
  'ignoreConstraints',
  'requireBasicConstraints',
  'use',
  'requireSelfSigned',
] satisfies readonly (keyof TrustAnchor)[];

function settings(anchor: TrustAnchor, use: Anchor['use']): AnchorSettings {
  const { nameConstraints } = anchor;
  return anchorSettings({
    ...anchor,
    nameConstraints: nameConstraints && orUnreadable('anchors', () => readNameConstraints(nameConstraints)),
    use: anchor.use ?? use,
  });
}

/**
 * Certificates from DER and PEM, in order.
 * @param onProblem hears of a block of PEM that cannot be read, and is left out as long as others can be. Default: that is
 * an error, since what is lost without a word may be what was to be distrusted.
 * @throws TlsError ERR_KEY when one cannot be read, and for a text that holds none.
 *
 * @example
 * ```ts
 * import { readCertificates } from 'warifu/pki';
 * import { createAuthority, issueCertificate } from 'warifu/pki/issue';
 * const issuer = await createAuthority({ subject: 'Example Root' });
 * const { pem } = await issueCertificate({ issuer, names: 'www.example.com' });
 * readCertificates([pem, issuer.der]).length; // 2
 * ```
 */
export function readCertificates(
  source: string | Uint8Array | readonly (string | Uint8Array | Certificate)[],
  what: string = 'certificates',
  onProblem?: (problem: FileProblem) => void,
): readonly Certificate[] {
  const items = listOf(source, what).flatMap((item): (Uint8Array | Certificate)[] => {
    if (typeof item !== 'string' && !(item instanceof Uint8Array)) return [item];
    return readParts(item, { what, kinds: ['certificate'], strict: onProblem === undefined, onProblem }).map(
      ({ der }) => der,
    );
  });
  return items.map((item, index) =>
    item instanceof Uint8Array ? orUnreadable(`${what}: certificate ${index}`, () => readCertificate(item)) : item,
  );
}

/** @throws TlsError ERR_OPTION for what is neither a file nor a list of files. */
function listOf<T extends object>(
  source: string | Uint8Array | readonly (string | Uint8Array | T)[],
  what: string,
): readonly (string | Uint8Array | T)[] {
  const list = typeof source === 'string' || source instanceof Uint8Array ? [source] : source;
  const isFile = (item: unknown): boolean =>
    typeof item === 'string' || (typeof item === 'object' && item !== null && !(item instanceof ArrayBuffer));
  if (Array.isArray(list) && list.every(isFile)) return list;
  const odd: unknown = Array.isArray(list) ? list.find((item: unknown) => !isFile(item)) : list;
  const member =
    typeof odd === 'object' && odd !== null ? ['pem', 'certificates'].find((name) => name in odd) : undefined;
  throw unsuitable(
    what,
    'PEM as text or bytes, DER, or a list of these',
    odd,
    member === undefined ? '' : `give its member ${member}`,
  );
}

function orUnreadable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) throw new TlsError('ERR_KEY', { detail: `${what}: ${error.message}`, cause: error });
    throw error;
  }
}
