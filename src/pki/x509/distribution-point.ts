import { concat, toHex } from '../../bytes/bytes.ts';
import { contextConstructed, contextTag, DerCursor, DerError, TAG_SEQUENCE, TAG_SET } from '../../bytes/der.ts';
import { derElement, derSequence } from '../../bytes/der-writer.ts';
import { type Certificate, readOnce } from './certificate.ts';
import { type GeneralName, nameAttributes, readGeneralNames } from './general-name.ts';
import { nameKey } from './names.ts';
import type { SlipNotes } from './slips.ts';

/** Which list speaks for which certificates (RFC 5280 sections 4.2.1.13 and 5.2.5). */

/** Names of a list, or the last part of one, to be put behind the name of its issuer. */
export type DistributionPointName =
  | { readonly kind: 'full'; readonly names: readonly GeneralName[] }
  | { readonly kind: 'relative' /** DER RelativeDistinguishedName. */; readonly rdn: Uint8Array };

/** Bits 1 to 8 of ReasonFlags; bit n of the flags is bit n of the number. */
export const ALL_REASONS: number = 0x1fe;

/** Where a list of revoked certificates is to be had (RFC 5280 section 4.2.1.13). */
export interface DistributionPoint {
  readonly name: DistributionPointName | undefined;
  /** Undefined: all of them. */
  readonly reasons: number | undefined;
  /** Undefined: the issuer of the certificate. */
  readonly crlIssuer: readonly GeneralName[] | undefined;
}

/** What a list of revoked certificates says that it covers (RFC 5280 section 5.2.5). */
export interface IssuingDistributionPoint {
  readonly name: DistributionPointName | undefined;
  readonly only: 'user' | 'authority' | 'attribute' | undefined;
  /** Undefined: all of them. */
  readonly onlyReasons: number | undefined;
  readonly indirect: boolean;
}

export const OID_CRL_DISTRIBUTION_POINTS = '2.5.29.31';

const MAX_POINTS = 256;

/** Where the lists of a certificate are; undefined: it does not say. @throws DerError when that is malformed. */
export function crlDistributionPoints(certificate: Certificate): readonly DistributionPoint[] | undefined {
  return readOnce(certificate, OID_CRL_DISTRIBUTION_POINTS, (value) => {
    const cursor = new DerCursor(value);
    const points = readDistributionPoints(cursor, certificate.slips);
    cursor.finish();
    return points;
  });
}

/** Addresses of lists that are there to be fetched. */
export function distributionPointUris(points: readonly DistributionPoint[]): readonly string[] {
  return points.flatMap(({ name }) =>
    name?.kind === 'full' ? name.names.flatMap((entry) => (entry.kind === 'uri' ? [entry.text] : [])) : [],
  );
}

/** CRLDistributionPoints. */
export function readDistributionPoints(cursor: DerCursor, slips?: SlipNotes): readonly DistributionPoint[] {
  const start = cursor.offset;
  const points = cursor.sequenceOf((item) => readDistributionPoint(item, slips), slips === undefined ? 1 : 0);
  if (points.length === 0) slips?.add('empty-list');
  if (points.length > MAX_POINTS) throw new DerError(`${points.length} distribution points`, start);
  return points.filter((point) => point !== undefined);
}

/** Undefined: one with nothing in it, which is noted. */
function readDistributionPoint(cursor: DerCursor, slips?: SlipNotes): DistributionPoint | undefined {
  const start = cursor.offset;
  return cursor.sequence((fields) => {
    if (fields.done && slips !== undefined) {
      slips.add('empty-list');
      return undefined;
    }
    const name = fields.explicit(0, (field) => readPointName(field, slips));
    const reasons = fields.optional(contextTag(1), (field) => readReasons(field, contextTag(1)));
    const crlIssuer = fields.optional(contextConstructed(2), (field) =>
      readGeneralNames(field, contextConstructed(2), slips),
    );
    // RFC 5280 section 4.2.1.13.
    if (name === undefined && crlIssuer === undefined)
      throw new DerError('a distribution point that is nowhere', start);
    return { name, reasons, crlIssuer };
  });
}

/** IssuingDistributionPoint. */
export function readIssuingDistributionPoint(cursor: DerCursor): IssuingDistributionPoint {
  const start = cursor.offset;
  return cursor.sequence((fields) => {
    // RFC 5280 section 5.2.5: if it says nothing, it is not there.
    if (fields.done) throw new DerError('an issuing distribution point that says nothing', start);
    const flag = (n: number): boolean => {
      const at = fields.offset;
      const value = fields.optional(contextTag(n), (field) => field.boolean(contextTag(n)));
      if (value === false) throw new DerError('a default that is written out', at);
      return value ?? false;
    };
    const name = fields.explicit(0, (field) => readPointName(field));
    const user = flag(1);
    const authority = flag(2);
    const onlyReasons = fields.optional(contextTag(3), (field) => readReasons(field, contextTag(3)));
    const indirect = flag(4);
    const attribute = flag(5);
    if (Number(user) + Number(authority) + Number(attribute) > 1)
      throw new DerError('a list for several kinds of certificates alone', start);
    return {
      name,
      only: user ? 'user' : authority ? 'authority' : attribute ? 'attribute' : undefined,
      onlyReasons,
      indirect,
    };
  });
}

function readPointName(cursor: DerCursor, slips?: SlipNotes): DistributionPointName {
  if (cursor.peek() === contextConstructed(0))
    return { kind: 'full', names: readGeneralNames(cursor, contextConstructed(0), slips) };
  const content = cursor.content(contextConstructed(1));
  const rdn = derElement(TAG_SET, content);
  nameAttributes(derSequence(rdn));
  return { kind: 'relative', rdn };
}

function readReasons(cursor: DerCursor, tag: number): number {
  const has = cursor.namedBits(tag);
  let reasons = 0;
  for (let bit = 1; bit <= 8; bit++) if (has(bit)) reasons |= 1 << bit;
  return reasons;
}

/** All names of a point; one that is relative is put behind `issuer` (DER Name). */
export function pointNames(name: DistributionPointName, issuer: Uint8Array | undefined): readonly GeneralName[] {
  if (name.kind === 'full') return name.names;
  if (issuer === undefined) return [];
  const cursor = new DerCursor(issuer);
  const { contentStart, end } = cursor.element(TAG_SEQUENCE);
  return [{ kind: 'directory', name: derSequence(concat(issuer.subarray(contentStart, end), name.rdn)) }];
}

/** Texts for names: two names are the same if theirs are. */
export function generalNameKeys(names: readonly GeneralName[]): ReadonlySet<string> {
  return new Set(names.map(generalNameKey));
}

/** Is one of these in that set of {@link generalNameKeys}? */
export function shareName(names: readonly GeneralName[], keys: ReadonlySet<string>): boolean {
  return names.some((name) => keys.has(generalNameKey(name)));
}

/** Two names are the same if these texts are. */
function generalNameKey(name: GeneralName): string {
  switch (name.kind) {
    case 'directory':
      return `directory ${nameKey(name.name)}`;
    case 'ip':
      return `ip ${toHex(name.bytes)}`;
    case 'registered-id':
      return `id ${name.oid}`;
    case 'other':
      return `other ${toHex(name.der)}`;
    default:
      return `${name.kind} ${name.text}`;
  }
}
