import { Utf8String } from 'asn1js';
import {
  BasicConstraints,
  CertificatePolicies,
  ExtKeyUsage,
  PolicyConstraints,
  PolicyInformation,
  PolicyMapping,
  PolicyMappings,
  PolicyQualifierInfo,
} from 'pkijs';
import { fromAscii } from '../../bytes/bytes.ts';
import { DerCursor, DerError } from '../../bytes/der.ts';
import {
  derBitString,
  derElement,
  derElementOf,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derSequenceOf,
} from '../../bytes/der-writer.ts';
import { KEY_USAGE, type KeyUsage } from '../x509/certificate.ts';
import type { RevocationReason } from '../revocation/crl.ts';
import { encoded, parsed } from './asn1.ts';
import type { ExtensionValue } from './extension-value.ts';
import {
  encodeSubject,
  generalName,
  type NameSource,
  type SubjectSource,
  subtreeName,
  type SubtreeSource,
} from './names.ts';
import { checkOptions, describe, listOf, oidText, uriText, wholeNumber, wrongOption } from './options.ts';

/** What a key may be used for beyond TLS's two; any other by its OID. */
export type Purpose =
  | 'serverAuth'
  | 'clientAuth'
  | 'codeSigning'
  | 'emailProtection'
  | 'timeStamping'
  | 'ocspSigning'
  | 'any'
  | (string & {});

/** A policy, perhaps with what people are to read about it. */
export type PolicySource =
  | string
  | {
      readonly oid: string;
      /** URI of the practice statement. */
      readonly statement?: string;
      /** At most 200 characters that a program may show. */
      readonly notice?: string;
    };

/** Where a list is, and for what it speaks (RFC 5280 section 4.2.1.13); a text is the address alone. */
export type DistributionPointSource =
  | string
  | {
      readonly urls?: string | readonly string[];
      /** Default: all reasons. */
      readonly reasons?: readonly RevocationReason[];
      /** Who signs the list, when that is not the issuer of the certificate. */
      readonly issuer?: SubjectSource;
    };

/** Extensions of a certificate (RFC 5280 section 4.2). What is left out is not written, or follows from what it is for. */
export interface ExtensionOptions {
  /** Default: what the purposes and the key need. */
  readonly keyUsage?: readonly KeyUsage[] | undefined;
  /** Names that certificates below have to stay within; for authorities. */
  readonly nameConstraints?: { readonly [way in 'permitted' | 'excluded']?: readonly SubtreeSource[] } | undefined;
  /** OIDs; `any`: all policies. */
  readonly policies?: readonly PolicySource[] | undefined;
  /** Pairs of OIDs: a policy of the issuer, and the one below that is as good; for authorities. */
  readonly policyMappings?: readonly { readonly issuer: string; readonly subject: string }[] | undefined;
  /** Certificates that may still follow before it is valid; for authorities. */
  readonly policyConstraints?: { readonly requireExplicit?: number; readonly inhibitMapping?: number } | undefined;
  /** Certificates that may still follow before anyPolicy stands for nothing; for authorities. */
  readonly inhibitAnyPolicy?: number | undefined;
  /** Addresses of OCSP responders. */
  readonly ocspUrls?: string | readonly string[] | undefined;
  /** Addresses where the issuer's certificate can be had, in DER. */
  readonly issuerUrls?: string | readonly string[] | undefined;
  /** Where lists of revocation are. */
  readonly crls?: DistributionPointSource | readonly DistributionPointSource[] | undefined;
  /** Where deltas to those lists are. */
  readonly freshestCrl?: DistributionPointSource | readonly DistributionPointSource[] | undefined;
  /** The server has to staple an OCSP response (RFC 7633). Default: false. */
  readonly mustStaple?: boolean | undefined;
  /** For the certificate of an OCSP responder: its own revocation is not looked for (RFC 6960 section 4.2.2.2.1). */
  readonly ocspNoCheck?: boolean | undefined;
  /** SHA-1 of the key by default; false: not written. */
  readonly subjectKeyId?: Uint8Array | false | undefined;
  /** The issuer's subjectKeyId by default; false: not written. */
  readonly authorityKeyId?: Uint8Array | false | undefined;
  /** Whatever else, as DER of the value; one with an OID from above takes its place. */
  readonly extensions?: readonly ExtensionValue[] | undefined;
}

export const EXTENSION_OPTIONS: readonly (keyof ExtensionOptions)[] = [
  'keyUsage',
  'nameConstraints',
  'policies',
  'policyMappings',
  'policyConstraints',
  'inhibitAnyPolicy',
  'ocspUrls',
  'issuerUrls',
  'crls',
  'freshestCrl',
  'mustStaple',
  'ocspNoCheck',
  'subjectKeyId',
  'authorityKeyId',
  'extensions',
];

const PURPOSES: { readonly [name: string]: string } = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  any: '2.5.29.37.0',
};

/** What is known of a certificate before its extensions are written. */
export interface ExtensionFacts {
  readonly authority: boolean;
  readonly pathLength: number | undefined;
  readonly keyUsage: readonly KeyUsage[];
  readonly purposes: readonly Purpose[];
  readonly names: readonly NameSource[];
  readonly hasSubject: boolean;
  readonly subjectKeyId: Uint8Array | undefined;
  readonly authorityKeyId: Uint8Array | undefined;
}

/** @throws TlsError ERR_OPTION */
export function encodeExtensions(facts: ExtensionFacts, options: ExtensionOptions): readonly ExtensionValue[] {
  const found: ExtensionValue[] = [];
  const add = (oid: string, critical: boolean, value: Uint8Array | undefined): void => {
    if (value !== undefined) found.push({ oid, critical, value });
  };
  const { pathLength } = facts;
  if (facts.authority)
    add(
      '2.5.29.19',
      true,
      encoded(new BasicConstraints({ cA: true, ...(pathLength !== undefined && { pathLenConstraint: pathLength }) })),
    );
  else add('2.5.29.19', true, derSequence());
  add('2.5.29.15', true, encodeKeyUsage(facts.keyUsage));
  add('2.5.29.37', false, encodePurposes(facts.purposes));
  // RFC 5280 section 4.2.1.6: critical when there is no subject.
  add('2.5.29.17', !facts.hasSubject, encodeNames('names', facts.names));
  add('2.5.29.14', false, facts.subjectKeyId && derOctetString(facts.subjectKeyId));
  add('2.5.29.35', false, facts.authorityKeyId && derSequence(derElement(0x80, facts.authorityKeyId)));
  add('2.5.29.30', true, encodeNameConstraints(options.nameConstraints));
  add('2.5.29.32', false, encodePolicies(options.policies));
  add('2.5.29.33', true, encodeMappings(options.policyMappings));
  add('2.5.29.36', true, encodePolicyConstraints(options.policyConstraints));
  if (options.inhibitAnyPolicy !== undefined)
    add('2.5.29.54', true, derInteger(wholeNumber('inhibitAnyPolicy', options.inhibitAnyPolicy, 0, 255)));
  add('1.3.6.1.5.5.7.1.1', false, encodeAccess(options.ocspUrls, options.issuerUrls));
  add('2.5.29.31', false, encodePoints('crls', options.crls));
  add('2.5.29.46', false, encodePoints('freshestCrl', options.freshestCrl));
  // status_request is extension 5 of TLS.
  if (options.mustStaple === true) add('1.3.6.1.5.5.7.1.24', false, derSequence(derInteger(5)));
  if (options.ocspNoCheck === true) add('1.3.6.1.5.5.7.48.1.5', false, derNull());
  return withExtra('extensions', found, options.extensions);
}

/** Extensions in full, behind those that were made or in their place. */
export function withExtra(
  what: string,
  made: readonly ExtensionValue[],
  extra: readonly ExtensionValue[] | undefined,
): readonly ExtensionValue[] {
  const list = listOf<ExtensionValue>(extra).map((extension) => {
    checkOptions(what, extension, ['oid', 'critical', 'value']);
    oidText(`${what}.oid`, extension.oid);
    if (!(extension.value instanceof Uint8Array) || !isDer(extension.value))
      throw wrongOption(`${what}.value`, `DER of one element is wanted, not ${describe(extension.value)}`);
    return { oid: extension.oid, critical: extension.critical === true, value: extension.value };
  });
  const oids = list.map(({ oid }) => oid);
  const twice = oids.find((oid, i) => oids.indexOf(oid) !== i);
  if (twice !== undefined) throw wrongOption(what, `${twice} is there twice`);
  return [...made.filter(({ oid }) => !oids.includes(oid)), ...list];
}

function isDer(bytes: Uint8Array): boolean {
  try {
    const cursor = new DerCursor(bytes);
    cursor.element();
    return cursor.done;
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** Named bits: no zeros at the end (X.690 section 11.2.2). Bit n of the number is bit n of the flags. */
export function namedBits(bits: readonly number[]): { readonly bytes: Uint8Array; readonly unused: number } {
  const most = bits.reduce((a, b) => Math.max(a, b), 0);
  const bytes = new Uint8Array((most >> 3) + 1);
  for (const bit of bits) bytes[bit >> 3] = bytes[bit >> 3]! | (0x80 >> (bit & 7));
  return { bytes, unused: 7 - (most & 7) };
}

function encodeKeyUsage(usages: readonly KeyUsage[]): Uint8Array | undefined {
  if (usages.length === 0) return undefined;
  const bits = usages.map((usage) => {
    const bit = KEY_USAGE[usage];
    if (bit === undefined)
      throw wrongOption('keyUsage', `${describe(usage)} is none of ${Object.keys(KEY_USAGE).join(', ')}`);
    return bit;
  });
  const { bytes, unused } = namedBits(bits);
  return derBitString(bytes, unused);
}

function encodePurposes(purposes: readonly Purpose[]): Uint8Array | undefined {
  if (purposes.length === 0) return undefined;
  const keyPurposes = purposes.map((purpose) => {
    const known = Object.hasOwn(PURPOSES, purpose) ? PURPOSES[purpose] : undefined;
    if (known === undefined && !/^\d+\./.test(String(purpose)))
      throw wrongOption('purpose', `${describe(purpose)} is none of ${Object.keys(PURPOSES).join(', ')}, and no OID`);
    return known ?? oidText('purpose', purpose);
  });
  return encoded(new ExtKeyUsage({ keyPurposes: [...new Set(keyPurposes)] }));
}

/** GeneralNames. All names and what is made of them is written by hand: pkijs changes the tag of an otherName. */
export function encodeNames(what: string, names: readonly NameSource[]): Uint8Array | undefined {
  if (names.length === 0) return undefined;
  return derSequenceOf(names.map((name) => generalName(what, name)));
}

function encodeNameConstraints(constraints: ExtensionOptions['nameConstraints']): Uint8Array | undefined {
  if (constraints === undefined) return undefined;
  checkOptions('nameConstraints', constraints, ['permitted', 'excluded']);
  const subtrees = (part: 'permitted' | 'excluded', tag: number): readonly Uint8Array[] => {
    const list = listOf<SubtreeSource>(constraints[part]);
    const bases = list.map((source) => derSequence(subtreeName(`nameConstraints.${part}`, source)));
    return bases.length === 0 ? [] : [derElementOf(tag, bases)];
  };
  const lists = [...subtrees('permitted', 0xa0), ...subtrees('excluded', 0xa1)];
  if (lists.length === 0)
    throw wrongOption('nameConstraints', 'neither permitted nor excluded names a subtree: leave it out instead');
  return derSequenceOf(lists);
}

function policyOid(what: string, oid: unknown): string {
  return oid === 'any' ? '2.5.29.32.0' : oidText(what, oid);
}

function encodePolicies(policies: readonly PolicySource[] | undefined): Uint8Array | undefined {
  const list = listOf<PolicySource>(policies);
  if (list.length === 0) return undefined;
  const certificatePolicies = list.map((policy) => {
    if (typeof policy === 'string') return new PolicyInformation({ policyIdentifier: policyOid('policies', policy) });
    checkOptions('policies', policy, ['oid', 'statement', 'notice']);
    const qualifiers = [
      ...(policy.statement === undefined
        ? []
        : [
            qualifier(
              '1.3.6.1.5.5.7.2.1',
              derElement(0x16, fromAscii(uriText('policies.statement', policy.statement))),
            ),
          ]),
      ...(policy.notice === undefined ? [] : [qualifier('1.3.6.1.5.5.7.2.2', derSequence(noticeText(policy.notice)))]),
    ];
    return new PolicyInformation({
      policyIdentifier: policyOid('policies.oid', policy.oid),
      ...(qualifiers.length > 0 && { policyQualifiers: qualifiers }),
    });
  });
  const oids = certificatePolicies.map(({ policyIdentifier }) => policyIdentifier);
  if (new Set(oids).size !== oids.length) throw wrongOption('policies', 'a policy is there twice');
  return encoded(new CertificatePolicies({ certificatePolicies }));
}

function qualifier(policyQualifierId: string, value: Uint8Array): PolicyQualifierInfo {
  return new PolicyQualifierInfo({ policyQualifierId, qualifier: parsed(value) });
}

function noticeText(notice: unknown): Uint8Array {
  if (typeof notice !== 'string' || notice === '' || [...notice].length > 200)
    throw wrongOption('policies.notice', `a text of at most 200 characters is wanted, not ${describe(notice)}`);
  return new Uint8Array(new Utf8String({ value: notice }).toBER());
}

function encodeMappings(mappings: ExtensionOptions['policyMappings']): Uint8Array | undefined {
  if (mappings === undefined || mappings.length === 0) return undefined;
  const list = mappings.map((mapping) => {
    checkOptions('policyMappings', mapping, ['issuer', 'subject']);
    const [issuer, subject] = [
      oidText('policyMappings.issuer', mapping.issuer),
      oidText('policyMappings.subject', mapping.subject),
    ];
    // RFC 5280 section 4.2.1.5.
    if (issuer === '2.5.29.32.0' || subject === '2.5.29.32.0')
      throw wrongOption('policyMappings', 'anyPolicy is never mapped');
    return new PolicyMapping({ issuerDomainPolicy: issuer, subjectDomainPolicy: subject });
  });
  return encoded(new PolicyMappings({ mappings: list }));
}

function encodePolicyConstraints(constraints: ExtensionOptions['policyConstraints']): Uint8Array | undefined {
  if (constraints === undefined) return undefined;
  checkOptions('policyConstraints', constraints, ['requireExplicit', 'inhibitMapping']);
  const { requireExplicit, inhibitMapping } = constraints;
  if (requireExplicit === undefined && inhibitMapping === undefined)
    throw wrongOption('policyConstraints', 'requireExplicit or inhibitMapping is wanted');
  const count = (part: string, value: number | undefined): number | undefined =>
    value === undefined ? undefined : wholeNumber(`policyConstraints.${part}`, value, 0, 255);
  const [explicit, inhibit] = [count('requireExplicit', requireExplicit), count('inhibitMapping', inhibitMapping)];
  return encoded(
    new PolicyConstraints({
      ...(explicit !== undefined && { requireExplicitPolicy: explicit }),
      ...(inhibit !== undefined && { inhibitPolicyMapping: inhibit }),
    }),
  );
}

function encodeAccess(
  ocsp: ExtensionOptions['ocspUrls'],
  issuers: ExtensionOptions['issuerUrls'],
): Uint8Array | undefined {
  const describeAll = (what: string, method: string, urls: string | readonly string[] | undefined): Uint8Array[] =>
    listOf<string>(urls).map((url) => derSequence(derOid(method), derElement(0x86, fromAscii(uriText(what, url)))));
  const list = [
    ...describeAll('ocspUrls', '1.3.6.1.5.5.7.48.1', ocsp),
    ...describeAll('issuerUrls', '1.3.6.1.5.5.7.48.2', issuers),
  ];
  return list.length === 0 ? undefined : derSequenceOf(list);
}

/** CRLDistributionPoints and FreshestCRL are the same. */
export function encodePoints(
  what: string,
  source: DistributionPointSource | readonly DistributionPointSource[] | undefined,
): Uint8Array | undefined {
  const list = listOf<DistributionPointSource>(source);
  if (list.length === 0) return undefined;
  return derSequenceOf(list.map((point) => distributionPoint(what, point)));
}

/** Written by hand: pkijs leaves a byte out of the reasons. */
function distributionPoint(what: string, source: DistributionPointSource): Uint8Array {
  const point = typeof source === 'string' ? { urls: source } : source;
  checkOptions(what, point, ['urls', 'reasons', 'issuer']);
  const fields: Uint8Array[] = [];
  const urls = listOf<string>(point.urls).map((url) => derElement(0x86, fromAscii(uriText(`${what}.urls`, url))));
  if (urls.length > 0) fields.push(derElement(0xa0, derElementOf(0xa0, urls)));
  if (point.reasons !== undefined) {
    const { bytes, unused } = reasonBits(`${what}.reasons`, point.reasons);
    fields.push(derElement(0x81, Uint8Array.of(unused), bytes));
  }
  if (point.issuer !== undefined)
    fields.push(derElement(0xa2, derElement(0xa4, encodeSubject(`${what}.issuer`, point.issuer))));
  // RFC 5280 section 4.2.1.13: reasons alone say nothing.
  if (urls.length === 0 && point.issuer === undefined) throw wrongOption(what, 'urls or issuer is wanted');
  return derSequenceOf(fields);
}

/** Bits of ReasonFlags (RFC 5280 section 4.2.1.13). */
const REASON_BITS: { readonly [R in RevocationReason]?: number } = {
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 7,
  aACompromise: 8,
};

/** @throws TlsError ERR_OPTION for a reason that has no flag. */
export function reasonBits(what: string, reasons: readonly RevocationReason[]): ReturnType<typeof namedBits> {
  const bits = listOf<RevocationReason>(reasons).map((reason) => {
    const bit = REASON_BITS[reason];
    if (bit === undefined)
      throw wrongOption(what, `${describe(reason)} is none of ${Object.keys(REASON_BITS).join(', ')}`);
    return bit;
  });
  if (bits.length === 0) throw wrongOption(what, 'a reason is wanted; left out, all of them count');
  return namedBits(bits);
}
