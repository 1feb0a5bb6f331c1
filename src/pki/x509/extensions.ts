import {
  contextConstructed,
  contextTag,
  DerCursor,
  DerError,
  TAG_INTEGER,
  TAG_OCTET_STRING,
  TAG_OID,
  TAG_SEQUENCE,
} from '../../bytes/der.ts';
import { type Certificate, OID_NAME_CONSTRAINTS, OID_SCT_LIST, readOnce } from './certificate.ts';
import { type GeneralName, readGeneralName } from './general-name.ts';
import type { SlipNotes } from './slips.ts';

/** The extensions that limit what may stand below an authority (RFC 5280 sections 4.2.1.4 to 4.2.1.14). */

export const OID_CERTIFICATE_POLICIES = '2.5.29.32';
export const OID_POLICY_MAPPINGS = '2.5.29.33';
export const OID_POLICY_CONSTRAINTS = '2.5.29.36';
export const OID_INHIBIT_ANY_POLICY = '2.5.29.54';
export const ANY_POLICY = '2.5.29.32.0';

/** RFC 5280 section 4.2.1.10. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** @throws DerError when it is malformed. */
export function nameConstraints(certificate: Certificate): NameConstraints | undefined {
  return readOnce(certificate, OID_NAME_CONSTRAINTS, (value) => readNameConstraints(value, certificate.slips));
}

/** DER NameConstraints: not empty, and neither is a list in it. @throws DerError */
export function readNameConstraints(value: Uint8Array, slips?: SlipNotes): NameConstraints {
  return whole(value, (cursor) =>
    cursor.sequence((fields) => {
      const start = fields.offset;
      const permitted = fields.optional(contextConstructed(0), (list) =>
        readSubtrees(list, contextConstructed(0), slips),
      );
      const excluded = fields.optional(contextConstructed(1), (list) =>
        readSubtrees(list, contextConstructed(1), slips),
      );
      if (permitted === undefined && excluded === undefined) throw new DerError('constraints of nothing', start);
      return { permitted: permitted ?? [], excluded: excluded ?? [] };
    }),
  );
}

/** minimum is always zero, which DER leaves out, and maximum is never there. */
function readSubtrees(cursor: DerCursor, tag: number, slips?: SlipNotes): readonly GeneralName[] {
  return cursor.sequenceOf(
    (item) =>
      item.sequence((fields) => {
        const base = readGeneralName(fields, slips, true);
        const at = fields.offset;
        const minimum = fields.optional(contextTag(0), (field) => field.small(contextTag(0)));
        if (minimum !== undefined && (minimum !== 0 || slips === undefined))
          throw new DerError(minimum === 0 ? 'a default that is written out' : `a minimum of ${minimum}`, at);
        if (minimum !== undefined) slips?.add('explicit-default');
        return base;
      }),
    1,
    tag,
  );
}

/** RFC 5280 section 4.2.1.4. */
export interface CertificatePolicies {
  /** OIDs, each once. */
  readonly policies: readonly string[];
  /** OIDs of qualifiers that RFC 5280 does not define. */
  readonly unknownQualifiers: readonly string[];
}

const KNOWN_QUALIFIERS: readonly string[] = ['1.3.6.1.5.5.7.2.1', '1.3.6.1.5.5.7.2.2'];

/** @throws DerError when it is malformed. */
export function certificatePolicies(certificate: Certificate): CertificatePolicies | undefined {
  return readOnce(certificate, OID_CERTIFICATE_POLICIES, (value) =>
    whole(value, (cursor) => {
      const start = cursor.offset;
      const unknownQualifiers: string[] = [];
      const policies = cursor.sequenceOf((item) =>
        item.sequence((fields) => readPolicy(fields, unknownQualifiers, certificate.slips)),
      );
      if (policies.length === 0) certificate.slips.add('empty-list');
      if (new Set(policies).size !== policies.length) throw new DerError('a policy twice', start);
      return { policies, unknownQualifiers };
    }),
  );
}

function readPolicy(fields: DerCursor, unknownQualifiers: string[], slips: SlipNotes): string {
  const policy = fields.oid();
  const qualifiers = fields.optional(TAG_SEQUENCE, (cursor) =>
    cursor.sequenceOf((item) =>
      item.sequence((qualifier) => {
        const oid = qualifier.oid();
        qualifier.element();
        if (!KNOWN_QUALIFIERS.includes(oid)) unknownQualifiers.push(oid);
      }),
    ),
  );
  if (qualifiers?.length === 0) slips.add('empty-list');
  return policy;
}

/** RFC 5280 section 4.2.1.5. */
export interface PolicyMapping {
  /** OID. */
  readonly issuer: string;
  /** OID. */
  readonly subject: string;
}

/** @throws DerError when it is malformed. */
export function policyMappings(certificate: Certificate): readonly PolicyMapping[] | undefined {
  return readOnce(certificate, OID_POLICY_MAPPINGS, (value) =>
    whole(value, (cursor) =>
      cursor.sequenceOf((item) => item.sequence((pair) => ({ issuer: pair.oid(TAG_OID), subject: pair.oid() })), 1),
    ),
  );
}

/** RFC 5280 section 4.2.1.11: certificates that may still come until it holds. */
export interface PolicyConstraints {
  readonly requireExplicit: number | undefined;
  readonly inhibitMapping: number | undefined;
}

/** @throws DerError when it is malformed. */
export function policyConstraints(certificate: Certificate): PolicyConstraints | undefined {
  return readOnce(certificate, OID_POLICY_CONSTRAINTS, (value) =>
    whole(value, (cursor) =>
      cursor.sequence((fields) => {
        const start = fields.offset;
        const requireExplicit = fields.optional(contextTag(0), (field) => field.small(contextTag(0)));
        const inhibitMapping = fields.optional(contextTag(1), (field) => field.small(contextTag(1)));
        if (requireExplicit === undefined && inhibitMapping === undefined)
          throw new DerError('constraints of nothing', start);
        return { requireExplicit, inhibitMapping };
      }),
    ),
  );
}

/** Certificates that may still come until anyPolicy means nothing (RFC 5280 section 4.2.1.14). @throws DerError */
export function inhibitAnyPolicy(certificate: Certificate): number | undefined {
  return readOnce(certificate, OID_INHIBIT_ANY_POLICY, (value) => whole(value, (cursor) => cursor.small(TAG_INTEGER)));
}

/** SignedCertificateTimestampList, as its bytes (RFC 6962 section 3.3). @throws DerError */
export function embeddedScts(certificate: Certificate): Uint8Array | undefined {
  return readOnce(certificate, OID_SCT_LIST, (value) => whole(value, (cursor) => cursor.octetString(TAG_OCTET_STRING)));
}

function whole<T>(value: Uint8Array, read: (cursor: DerCursor) => T): T {
  const cursor = new DerCursor(value);
  const result = read(cursor);
  cursor.finish();
  return result;
}
