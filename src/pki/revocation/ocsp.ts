import { concat } from '../../bytes/bytes.ts';
import {
  contextConstructed,
  contextTag,
  DerCursor,
  DerError,
  readDer,
  TAG_BIT_STRING,
  TAG_ENUMERATED,
  TAG_NULL,
  TAG_SEQUENCE,
} from '../../bytes/der.ts';
import { derElement, derNull, derOctetString, derOid, derSequence } from '../../bytes/der-writer.ts';
import { readSignatureAlgorithm } from '../x509/algorithms.ts';
import type { Hash, HashName, SignatureAlgorithm } from '../../crypto/types.ts';
import { type Certificate, type CertificateExtension, readExtension } from '../x509/certificate.ts';
import { type RevocationReason, reasonName } from './crl.ts';
import { readName } from '../x509/general-name.ts';

/** OCSPResponseStatus (RFC 6960 section 4.2.1). */
export type OcspResponseStatus =
  | 'successful'
  | 'malformedRequest'
  | 'internalError'
  | 'tryLater'
  | 'sigRequired'
  | 'unauthorized';

/** The envelope of an answer; `basic` is there when the status is `successful`. */
export interface OcspResponse {
  readonly status: OcspResponseStatus;
  readonly basic: BasicOcspResponse | undefined;
}

/** BasicOCSPResponse (RFC 6960 section 4.2.1), not yet believed. */
export interface BasicOcspResponse {
  /** What the signature is over; {@link readOcspResponseData} reads it. */
  readonly data: Uint8Array;
  /** Undefined: not known here. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  readonly signature: Uint8Array;
  /** DER certificates that came along. */
  readonly certificates: readonly Uint8Array[];
}

/** ResponseData (RFC 6960 section 4.2.1). */
export interface OcspResponseData {
  readonly responder:
    | { readonly kind: 'name' /** DER Name. */; readonly name: Uint8Array }
    | { readonly kind: 'key' /** SHA-1 of the key. */; readonly hash: Uint8Array };
  /** Milliseconds since 1970. */
  readonly producedAt: number;
  readonly responses: readonly SingleResponse[];
  /** By OID. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
}

/** What a responder says of one certificate. */
export interface SingleResponse {
  readonly certId: CertId;
  readonly status: 'good' | 'revoked' | 'unknown';
  /** Milliseconds since 1970. */
  readonly revokedAt: number | undefined;
  readonly reason: RevocationReason | undefined;
  /** Milliseconds since 1970. */
  readonly thisUpdate: number;
  /** Milliseconds since 1970. */
  readonly nextUpdate: number | undefined;
  /** By OID. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
}

/** CertID (RFC 6960 section 4.1.1). */
export interface CertId {
  /** Undefined: not known here. */
  readonly hash: HashName | undefined;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** The content of the INTEGER. */
  readonly serial: Uint8Array;
}

const OID_BASIC = '1.3.6.1.5.5.7.48.1.1';
export const OID_OCSP_NONCE = '1.3.6.1.5.5.7.48.1.2';
const OID_SHA1 = '1.3.14.3.2.26';

const HASHES: { readonly [oid: string]: HashName } = {
  [OID_SHA1]: 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Bytes; a response for one certificate with a responder's chain is a few thousand. */
export const LONGEST_OCSP_RESPONSE = 262_144;
const MAX_RESPONSES = 256;
const MAX_CERTIFICATES = 16;
const MAX_EXTENSIONS = 32;

/**
 * A request about one certificate (RFC 6960 section 4.1.1), as RFC 5019 section 2.1.1 wants it: SHA-1 for the identifier
 * (which is no signature), no extensions unless a nonce is given.
 * @param sha1 the hash; `provider.hash('sha1')`.
 * @param nonce 16 to 128 bytes (RFC 9654 section 2.1 wants 32).
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { buildOcspRequest } from 'warifu/pki';
 * import { createAuthority, issueCertificate } from 'warifu/pki/issue';
 * const issuer = await createAuthority({ subject: 'Example Root' });
 * const { certificate } = await issueCertificate({ issuer, names: 'www.example.com' });
 * const body = buildOcspRequest(certificate, issuer.certificate, nobleProvider().hash('sha1'));
 * body[0]; // 48: DER, to be sent as application/ocsp-request
 * ```
 */
export function buildOcspRequest(
  certificate: Certificate,
  issuer: { readonly spki: Uint8Array },
  sha1: Hash,
  nonce: Uint8Array | undefined = undefined,
): Uint8Array {
  const certId = derSequence(
    derSequence(derOid(OID_SHA1), derNull()),
    derOctetString(sha1.digest(certificate.issuer)),
    derOctetString(sha1.digest(keyBits(issuer.spki))),
    derElement(0x02, certificate.serial),
  );
  const list = derSequence(derSequence(certId));
  if (nonce === undefined) return derSequence(derSequence(list));
  const extension = derSequence(derOid(OID_OCSP_NONCE), derOctetString(derOctetString(nonce)));
  return derSequence(derSequence(list, derElement(contextConstructed(2), derSequence(extension))));
}

/**
 * Reads the envelope of a response.
 * @throws DerError when it is malformed, or is of a type other than id-pkix-ocsp-basic.
 */
export function readOcspResponse(der: Uint8Array): OcspResponse {
  if (der.length > LONGEST_OCSP_RESPONSE) throw new DerError(`a response of ${der.length} bytes`, 0);
  return readDer(der, TAG_SEQUENCE, (outer) => {
    const start = outer.offset;
    const code = outer.content(TAG_ENUMERATED);
    const status = code.length === 1 ? responseStatus(code[0]!) : undefined;
    if (status === undefined) throw new DerError('a status that cannot be', start);
    const basic = outer.explicit(0, (field) =>
      field.sequence((bytes) => {
        const at = bytes.offset;
        if (bytes.oid() !== OID_BASIC) throw new DerError('a response of a type that is not known', at);
        return readBasicResponse(bytes.octetString());
      }),
    );
    if ((status === 'successful') !== (basic !== undefined))
      throw new DerError('a response without a status, or the other way round', start);
    return { status, basic };
  });
}

function responseStatus(code: number): OcspResponseStatus | undefined {
  // 4 is not used.
  const names: readonly (OcspResponseStatus | undefined)[] = [
    'successful',
    'malformedRequest',
    'internalError',
    'tryLater',
    undefined,
    'sigRequired',
    'unauthorized',
  ];
  return names[code];
}

function readBasicResponse(der: Uint8Array): BasicOcspResponse {
  return readDer(der, TAG_SEQUENCE, (fields) => {
    const data = fields.raw();
    const signatureAlgorithm = readSignatureAlgorithm(fields.raw(TAG_SEQUENCE), new Set());
    const signature = fields.bitStringBytes();
    const at = fields.offset;
    const certificates = fields.explicit(0, (field) => field.sequenceOf((item) => item.raw(TAG_SEQUENCE))) ?? [];
    if (certificates.length > MAX_CERTIFICATES) throw new DerError(`${certificates.length} certificates`, at);
    return { data, signatureAlgorithm, signature, certificates };
  });
}

/** Reads what was signed. @throws DerError when it is malformed. */
export function readOcspResponseData(data: Uint8Array): OcspResponseData {
  return readDer(data, TAG_SEQUENCE, (fields) => {
    const start = fields.offset;
    // DER leaves out a default; but responders that write v1 are many, and it can mean nothing else.
    const version = fields.explicit(0, (field) => field.small());
    if (version !== undefined && version !== 0) throw new DerError('a version that cannot be', start);
    const responder = readResponder(fields);
    const producedAt = fields.generalizedTime();
    const at = fields.offset;
    const responses = fields.sequenceOf(readSingleResponse);
    if (responses.length > MAX_RESPONSES) throw new DerError(`${responses.length} responses`, at);
    return { responder, producedAt, responses, extensions: readExtensions(fields, 1) };
  });
}

function readResponder(fields: DerCursor): OcspResponseData['responder'] {
  const name = fields.explicit(1, (field) => readName(field, new Set()));
  if (name !== undefined) return { kind: 'name', name };
  const start = fields.offset;
  const hash = fields.explicit(2, (field) => field.octetString());
  if (hash === undefined || hash.length !== 20)
    throw new DerError('a responder that is neither a name nor a key', start);
  return { kind: 'key', hash };
}

function readSingleResponse(cursor: DerCursor): SingleResponse {
  return cursor.sequence((fields) => {
    const certId = fields.sequence(readCertId);
    const { status, revokedAt, reason } = readCertStatus(fields);
    const thisUpdate = fields.generalizedTime();
    const nextUpdate = fields.explicit(0, (field) => field.generalizedTime());
    return { certId, status, revokedAt, reason, thisUpdate, nextUpdate, extensions: readExtensions(fields, 1) };
  });
}

function readCertId(fields: DerCursor): CertId {
  const hash = fields.sequence((algorithm) => {
    const oid = algorithm.oid();
    const known = HASHES[oid];
    if (known !== undefined) algorithm.optional(TAG_NULL, (cursor) => cursor.null());
    else while (!algorithm.done) algorithm.element();
    return known;
  });
  return {
    hash,
    issuerNameHash: fields.octetString(),
    issuerKeyHash: fields.octetString(),
    serial: fields.integerBytes(),
  };
}

function readCertStatus(fields: DerCursor): Pick<SingleResponse, 'status' | 'revokedAt' | 'reason'> {
  const start = fields.offset;
  const none = { revokedAt: undefined, reason: undefined };
  switch (fields.peek()) {
    case contextTag(0):
    case contextTag(2): {
      const status = fields.peek() === contextTag(0) ? 'good' : 'unknown';
      if (fields.content(fields.peek()).length !== 0) throw new DerError('a NULL with content', start);
      return { status, ...none };
    }
    case contextConstructed(1):
      return fields.constructed(contextConstructed(1), (info) => {
        const revokedAt = info.generalizedTime();
        const reason = info.explicit(0, readReason);
        return { status: 'revoked', revokedAt, reason };
      });
    default:
      throw new DerError('a certificate status that cannot be', start);
  }
}

function readReason(cursor: DerCursor): RevocationReason {
  const start = cursor.offset;
  const content = cursor.content(TAG_ENUMERATED);
  if (content.length !== 1 || content[0]! > 10 || content[0] === 7)
    throw new DerError('a reason that cannot be', start);
  return reasonName(content[0]!);
}

function readExtensions(fields: DerCursor, n: number): ReadonlyMap<string, CertificateExtension> {
  const start = fields.offset;
  const list = fields.explicit(n, (field) => field.sequenceOf((item) => readExtension(item), 1)) ?? [];
  if (list.length > MAX_EXTENSIONS) throw new DerError(`${list.length} extensions`, start);
  const extensions = new Map<string, CertificateExtension>();
  for (const extension of list) {
    if (extensions.has(extension.oid)) throw new DerError(`extension ${extension.oid} twice`, start);
    extensions.set(extension.oid, extension);
  }
  return extensions;
}

/** The bits of the subjectPublicKey, which are what key hashes are of. @throws DerError */
export function keyBits(spki: Uint8Array): Uint8Array {
  return readDer(spki, TAG_SEQUENCE, (fields) => {
    fields.element(TAG_SEQUENCE);
    return fields.bitStringBytes(TAG_BIT_STRING);
  });
}

/** The nonce of a response; undefined: it has none. @throws DerError */
export function responseNonce(data: OcspResponseData): Uint8Array | undefined {
  const extension = data.extensions.get(OID_OCSP_NONCE);
  if (extension === undefined) return undefined;
  const cursor = new DerCursor(extension.value);
  const nonce = cursor.octetString();
  cursor.finish();
  return concat(nonce);
}
