import { ownOf } from '../../bytes/shape.ts';
import { Integer } from 'asn1js';
import { CertificateRevocationList as Structure, Extensions, RevokedCertificate } from 'pkijs';
import { fromAscii, fromHex } from '../../bytes/bytes.ts';
import { derElement, derElementOf, derInteger, derSequence, derSequenceOf } from '../../bytes/der-writer.ts';
import { autoProvider } from '../../crypto/auto.ts';
import type { CryptoProvider } from '../../crypto/types.ts';
import { type Certificate, keyUsage, subjectKeyId } from '../x509/certificate.ts';
import { type Crl, REVOCATION_REASONS, type RevocationReason, readCrl } from '../revocation/crl.ts';
import { nameText } from '../x509/general-name-text.ts';
import { keyBits } from '../revocation/ocsp.ts';
import { writePem } from '../x509/pem.ts';
import { algorithmOf, assemble, bufferOf, extensionOf, nameOf, timeOf, toBeSigned } from './asn1.ts';
import type { ExtensionValue } from './extension-value.ts';
import { type DistributionPointSource, encodeNames, encodePoints, reasonBits, withExtra } from './extensions.ts';
import { encodeSubject, type SubjectSource } from './names.ts';
import { checkOptions, describe, listOf, moment, uriText, wrongOption } from './options.ts';
import { serialOf } from './plausible.ts';
import { chooseSignature, signWith } from './signing.ts';
import type { Authority } from './types.ts';

/** A certificate that is revoked. */
export interface RevokedEntry {
  /** The certificate, or its serial number: bytes, or a number. */
  readonly serial: Certificate | Uint8Array | bigint | number;
  /** Since when. Default: now. */
  readonly date?: Date | number;
  /** Default: none is given. */
  readonly reason?: RevocationReason;
  /** Since when its key was not to be trusted, where that was before `date`. */
  readonly invalidSince?: Date | number;
  /** In an indirect list: who issued the certificate, when that is not who signs the list. */
  readonly issuer?: SubjectSource;
}

/** What a list speaks for, when that is not everything of its issuer (RFC 5280 section 5.2.5). */
export interface CrlScope {
  /** Addresses, the same as in the certificates. */
  readonly urls?: string | readonly string[];
  readonly only?: 'user' | 'authority';
  /** Default: all reasons. */
  readonly reasons?: readonly RevocationReason[];
  /** It names certificates of others too. Default: false. */
  readonly indirect?: boolean;
}

/** What goes into a list of revoked certificates. */
export interface CrlOptions {
  /** Who signs the list. */
  readonly issuer: Authority;
  /** Higher than that of every list before (RFC 5280 section 5.2.3): a number, or up to 20 bytes. */
  readonly number: number | bigint | Uint8Array;
  /** Default: nothing is revoked. */
  readonly entries?: readonly RevokedEntry[] | undefined;
  /** Default: now. */
  readonly thisUpdate?: Date | number | undefined;
  /** Days until the next list is there. Default: 7. */
  readonly days?: number | undefined;
  /** Instead of `days`. */
  readonly nextUpdate?: Date | number | undefined;
  /** Makes a delta: the number of the whole list that it adds to. */
  readonly baseNumber?: number | bigint | Uint8Array | undefined;
  /** Default: everything of the issuer. */
  readonly scope?: CrlScope | undefined;
  /** Where deltas to this list are. */
  readonly freshestCrl?: DistributionPointSource | readonly DistributionPointSource[] | undefined;
  /** Further extensions of the list. */
  readonly extensions?: readonly ExtensionValue[] | undefined;
  /** The signature, by its name in TLS. Default: the first that the issuer's key makes. */
  readonly signature?: string | undefined;
  /** Default: the best that the runtime has. */
  readonly crypto?: CryptoProvider | undefined;
}

/** A list that was made. */
export interface CreatedCrl {
  readonly crl: Crl;
  readonly der: Uint8Array;
  readonly pem: string;
}

const DAY = 86_400_000;

/**
 * Makes a list of revoked certificates (RFC 5280 section 5), complete or a delta.
 * @throws TlsError ERR_OPTION for what cannot be, ERR_SIGNER_FAILED when the key does not sign.
 *
 * @example
 * ```ts
 * import { createAuthority, createCrl, issueCertificate } from 'warifu/pki/issue';
 * const root = await createAuthority({ subject: 'Example Root' });
 * const { certificate } = await issueCertificate({ issuer: root, names: 'lost.example.com' });
 * const { crl, pem } = await createCrl({
 *   issuer: root,
 *   number: 1,
 *   entries: [{ serial: certificate, reason: 'keyCompromise' }],
 * });
 * crl.entries.count; // 1
 * ```
 */
export async function createCrl(options: CrlOptions): Promise<CreatedCrl> {
  options = ownOf(options);
  checkOptions('createCrl', options, OPTIONS);
  const crypto = options.crypto ?? autoProvider();
  const { issuer } = options;
  if (typeof issuer !== 'object' || issuer === null || !('signer' in issuer))
    throw wrongOption('issuer', `an authority is wanted, not ${describe(issuer)}`);
  if (keyUsage(issuer.certificate)?.has('cRLSign') === false)
    throw wrongOption('issuer', `the key of ${nameText(issuer.certificate.subject)} may not sign lists (keyUsage)`);
  const { thisUpdate, nextUpdate } = updatesOf(options);
  const signature = chooseSignature(issuer.signer, options.signature);
  const algorithm = algorithmOf(signature.identifier);
  const entries = listOf<RevokedEntry>(options.entries).map((entry) => revoked(entry, options, thisUpdate, crypto));
  const structure = new Structure({
    version: 1,
    signature: algorithm,
    issuer: nameOf(issuer.certificate.subject),
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: timeOf(nextUpdate),
    // RFC 5280 section 5.1.2.6: without entries the list of them is left out.
    ...(entries.length > 0 && { revokedCertificates: entries }),
    crlExtensions: new Extensions({ extensions: extensionsOf(options, crypto).map(extensionOf) }),
    signatureAlgorithm: algorithm,
  });
  const tbs = toBeSigned(structure);
  const der = assemble(tbs, signature.identifier, await signWith(issuer.signer, signature, tbs, crypto));
  return { crl: readCrl(der), der, pem: writePem('X509 CRL', der) };
}

const OPTIONS: readonly (keyof CrlOptions)[] = [
  'issuer',
  'number',
  'entries',
  'thisUpdate',
  'days',
  'nextUpdate',
  'baseNumber',
  'scope',
  'freshestCrl',
  'extensions',
  'signature',
  'crypto',
];

/** @throws TlsError ERR_OPTION when the next list would come before this one. */
export function updatesOf(options: Pick<CrlOptions, 'thisUpdate' | 'nextUpdate' | 'days'>): {
  readonly thisUpdate: number;
  readonly nextUpdate: number;
} {
  const thisUpdate = moment('thisUpdate', options.thisUpdate ?? Date.now());
  const { days } = options;
  if (days !== undefined && options.nextUpdate !== undefined)
    throw wrongOption('nextUpdate', 'either days or nextUpdate, not both');
  if (days !== undefined && !(typeof days === 'number' && days > 0 && days <= 100_000))
    throw wrongOption('days', `a positive number is wanted, not ${describe(days)}`);
  const nextUpdate = moment('nextUpdate', options.nextUpdate ?? thisUpdate + (days ?? 7) * DAY);
  if (nextUpdate <= thisUpdate) throw wrongOption('nextUpdate', 'the next one would come before this one');
  return { thisUpdate, nextUpdate };
}

function extensionsOf(options: CrlOptions, crypto: CryptoProvider): readonly ExtensionValue[] {
  const { certificate } = options.issuer;
  const keyId = subjectKeyId(certificate) ?? crypto.hash('sha1').digest(keyBits(certificate.spki));
  const base = options.baseNumber === undefined ? undefined : number('baseNumber', options.baseNumber);
  const scope = encodeScope(options.scope);
  const freshest = encodePoints('freshestCrl', options.freshestCrl);
  // RFC 5280 section 5.2.6: a delta has no deltas.
  if (base !== undefined && freshest !== undefined)
    throw wrongOption('freshestCrl', 'a delta has no deltas of its own');
  const made: ExtensionValue[] = [
    { oid: '2.5.29.35', critical: false, value: derSequence(derElement(0x80, keyId)) },
    { oid: '2.5.29.20', critical: false, value: derInteger(number('number', options.number)) },
    ...(base === undefined ? [] : [{ oid: '2.5.29.27', critical: true, value: derInteger(base) }]),
    ...(scope === undefined ? [] : [{ oid: '2.5.29.28', critical: true, value: scope }]),
    ...(freshest === undefined ? [] : [{ oid: '2.5.29.46', critical: false, value: freshest }]),
  ];
  return withExtra('extensions', made, options.extensions);
}

/** CRLNumber: not negative, 20 bytes at most (RFC 5280 section 5.2.3). Its magnitude. */
function number(what: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array && value.length > 0 && value.length <= 20 && (value.length < 20 || value[0]! < 0x80))
    return value;
  const isNumber = (typeof value === 'number' && Number.isSafeInteger(value)) || typeof value === 'bigint';
  if (!isNumber || value < 0 || BigInt(value) >= 1n << 159n)
    throw wrongOption(what, `a number is wanted, not negative, of 20 bytes at most, and not ${describe(value)}`);
  return magnitude(BigInt(value));
}

function magnitude(value: bigint): Uint8Array {
  const hex = value.toString(16);
  return fromHex(hex.length % 2 === 0 ? hex : `0${hex}`);
}

/** The content of the INTEGER of a serial number. @throws TlsError ERR_OPTION */
export function serialContent(
  what: string,
  serial: Certificate | Uint8Array | bigint | number,
  crypto: CryptoProvider,
): Uint8Array {
  if (serial instanceof Uint8Array) return serialOf(serial, crypto);
  if (typeof serial === 'object' && serial !== null && 'serial' in serial) return serial.serial;
  const isNumber = (typeof serial === 'number' && Number.isSafeInteger(serial)) || typeof serial === 'bigint';
  if (!isNumber || serial <= 0)
    throw wrongOption(what, `a certificate or its serial number is wanted, not ${describe(serial)}`);
  return serialOf(magnitude(BigInt(serial)), crypto);
}

/** CRLReason (RFC 5280 section 5.3.1). @throws TlsError ERR_OPTION */
export function reasonCode(what: string, reason: RevocationReason): number {
  const code = REVOCATION_REASONS.indexOf(reason);
  if (code < 0 || reason === undefined)
    throw wrongOption(
      what,
      `${describe(reason)} is none of ${REVOCATION_REASONS.filter((name) => name !== undefined).join(', ')}`,
    );
  return code;
}

function revoked(
  entry: RevokedEntry,
  options: CrlOptions,
  thisUpdate: number,
  crypto: CryptoProvider,
): RevokedCertificate {
  checkOptions('entries', entry, ['serial', 'date', 'reason', 'invalidSince', 'issuer']);
  const extensions: ExtensionValue[] = [];
  if (entry.reason !== undefined && entry.reason !== 'unspecified') {
    // RFC 5280 section 5.3.1: unspecified is said by leaving it out.
    const code = reasonCode('entries.reason', entry.reason);
    if (entry.reason === 'removeFromCRL' && options.baseNumber === undefined)
      throw wrongOption('entries.reason', 'removeFromCRL is for deltas (baseNumber)');
    extensions.push({ oid: '2.5.29.21', critical: false, value: derElement(0x0a, Uint8Array.of(code)) });
  }
  if (entry.invalidSince !== undefined) {
    const time = moment('entries.invalidSince', entry.invalidSince);
    extensions.push({ oid: '2.5.29.24', critical: false, value: generalizedTime(time) });
  }
  if (entry.issuer !== undefined) {
    if (options.scope?.indirect !== true)
      throw wrongOption('entries.issuer', 'only an indirect list (scope.indirect) names certificates of others');
    const names = encodeNames('entries.issuer', [{ directory: encodeSubject('entries.issuer', entry.issuer) }]);
    if (names !== undefined) extensions.push({ oid: '2.5.29.29', critical: true, value: names });
  }
  const date = entry.date === undefined ? thisUpdate : moment('entries.date', entry.date);
  return new RevokedCertificate({
    userCertificate: new Integer({ valueHex: bufferOf(serialContent('entries.serial', entry.serial, crypto)) }),
    revocationDate: timeOf(date),
    ...(extensions.length > 0 && { crlEntryExtensions: new Extensions({ extensions: extensions.map(extensionOf) }) }),
  });
}

/** GeneralizedTime without fractions. */
function generalizedTime(time: number): Uint8Array {
  const text = new Date(time).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return derElement(0x18, fromAscii(`${text}Z`));
}

/** IssuingDistributionPoint, written by hand: pkijs leaves a byte out of onlySomeReasons. */
function encodeScope(scope: CrlScope | undefined): Uint8Array | undefined {
  if (scope === undefined) return undefined;
  checkOptions('scope', scope, ['urls', 'only', 'reasons', 'indirect']);
  const uris = listOf<string>(scope.urls).map((url) => derElement(0x86, fromAscii(uriText('scope.urls', url))));
  if (scope.only !== undefined && scope.only !== 'user' && scope.only !== 'authority')
    throw wrongOption('scope.only', `'user' or 'authority' is wanted, not ${describe(scope.only)}`);
  const fields: Uint8Array[] = [];
  if (uris.length > 0) fields.push(derElement(0xa0, derElementOf(0xa0, uris)));
  if (scope.only !== undefined) fields.push(derElement(scope.only === 'user' ? 0x81 : 0x82, Uint8Array.of(255)));
  if (scope.reasons !== undefined) {
    const { bytes, unused } = reasonBits('scope.reasons', scope.reasons);
    fields.push(derElement(0x83, Uint8Array.of(unused), bytes));
  }
  if (scope.indirect === true) fields.push(derElement(0x84, Uint8Array.of(255)));
  // RFC 5280 section 5.2.5: never empty.
  if (fields.length === 0) throw wrongOption('scope', 'it limits nothing: leave it out instead');
  return derSequenceOf(fields);
}
