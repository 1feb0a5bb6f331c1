import { ownOf } from '../../bytes/shape.ts';
import { Constructed, Enumerated, GeneralizedTime, Integer, Primitive } from 'asn1js';
import { CertID, ResponseData, SingleResponse } from 'pkijs';
import { concat, equalBytes } from '../../bytes/bytes.ts';
import { DerCursor, DerError, readDer, TAG_NULL, TAG_SEQUENCE } from '../../bytes/der.ts';
import { derBitString, derElement, derNull, derOctetString, derOid, derSequence } from '../../bytes/der-writer.ts';
import { autoProvider } from '../../crypto/auto.ts';
import { encodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import type { CryptoProvider, HashName, Signer } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import { type Certificate, EKU_OCSP_SIGNING, extendedKeyUsage } from '../x509/certificate.ts';
import type { RevocationReason } from '../revocation/crl.ts';
import { nameText } from '../x509/general-name-text.ts';
import { sameName } from '../x509/names.ts';
import { type CertId, keyBits, OID_OCSP_NONCE } from '../revocation/ocsp.ts';
import { algorithmOf, bufferOf, encoded, extensionOf, nameOf, octets } from './asn1.ts';
import type { ExtensionValue } from './extension-value.ts';
import { reasonCode, serialContent, updatesOf } from './crl.ts';
import { withExtra } from './extensions.ts';
import { type KeySource, loadKey } from './keys.ts';
import { checkOptions, describe, listOf, moment, wrongOption } from './options.ts';
import { chooseSignature, signWith } from './signing.ts';
import type { Authority } from './types.ts';

/** What is said of one certificate. */
export interface OcspStatus {
  /** The certificate, its serial number, or what a request asked with. */
  readonly certificate: Certificate | Uint8Array | bigint | number | CertId;
  readonly status: 'good' | 'revoked' | 'unknown';
  /** Since when. Needed for `revoked`. */
  readonly revokedAt?: Date | number;
  readonly reason?: RevocationReason;
  /** Default: those of the response. */
  readonly thisUpdate?: Date | number;
  readonly nextUpdate?: Date | number;
}

/** What goes into an OCSP response. */
export interface OcspResponseOptions {
  /** Who issued the certificates in question. Signs the response, unless `responder` does. */
  readonly issuer: Authority;
  /** A certificate for OCSP signing of this issuer, and its key. Default: the issuer signs. */
  readonly responder?:
    | { readonly certificate: Certificate; readonly key: KeySource; readonly password?: string }
    | undefined;
  readonly responses: OcspStatus | readonly OcspStatus[];
  /** Default: now. */
  readonly thisUpdate?: Date | number | undefined;
  /** Days until there is news. Default: 7. */
  readonly days?: number | undefined;
  /** Instead of `days`. */
  readonly nextUpdate?: Date | number | undefined;
  /** Default: now. */
  readonly producedAt?: Date | number | undefined;
  /** Of the request, 1 to 128 bytes. Default: none. */
  readonly nonce?: Uint8Array | undefined;
  /** How the responder is named. Default: by key. */
  readonly responderId?: 'key' | 'name' | undefined;
  /** Of the identifiers of certificates. Default: SHA-1, which all responders and clients know; it is no signature. */
  readonly hash?: HashName | undefined;
  /** Further extensions of the response. */
  readonly extensions?: readonly ExtensionValue[] | undefined;
  /** The signature, by its name in TLS. Default: the first that the key makes. */
  readonly signature?: string | undefined;
  /** Default: the best that the runtime has. */
  readonly crypto?: CryptoProvider | undefined;
}

const OPTIONS: readonly (keyof OcspResponseOptions)[] = [
  'issuer',
  'responder',
  'responses',
  'thisUpdate',
  'days',
  'nextUpdate',
  'producedAt',
  'nonce',
  'responderId',
  'hash',
  'extensions',
  'signature',
  'crypto',
];

const HASHES: readonly HashName[] = ['sha1', 'sha256', 'sha384', 'sha512'];

const OID_BASIC = '1.3.6.1.5.5.7.48.1.1';

const HASH_OIDS: { readonly [H in HashName]: string } = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};

/**
 * Makes an OCSP response in DER (RFC 6960), to be stapled or to answer a request.
 * @throws TlsError ERR_OPTION for what cannot be, ERR_KEY and ERR_PASSWORD for a responder's key that cannot be read,
 * ERR_SIGNER_FAILED when the key does not sign.
 *
 * @example
 * ```ts
 * import { createAuthority, createOcspResponse, issueCertificate } from 'warifu/pki/issue';
 * const root = await createAuthority({ subject: 'Example Root' });
 * const { certificate } = await issueCertificate({ issuer: root, names: 'www.example.com' });
 * const staple = await createOcspResponse({ issuer: root, responses: { certificate, status: 'good' } });
 * staple[0]; // 0x30: DER
 * ```
 */
export async function createOcspResponse(options: OcspResponseOptions): Promise<Uint8Array> {
  options = ownOf(options);
  checkOptions('createOcspResponse', options, OPTIONS);
  const crypto = options.crypto ?? autoProvider();
  const { issuer } = options;
  if (typeof issuer !== 'object' || issuer === null || !('signer' in issuer))
    throw wrongOption('issuer', `an authority is wanted, not ${describe(issuer)}`);
  const { signer, certificate } = await signerOf(options, crypto);
  const responses = listOf<OcspStatus>(options.responses).map((item) => singleResponse(item, options, crypto));
  if (responses.length === 0) throw wrongOption('responses', 'there is nothing in it');
  const data = new ResponseData({
    responderID: responderId(options.responderId, certificate, crypto),
    producedAt: new Date(moment('producedAt', options.producedAt ?? Date.now())),
    responses,
    ...(extensionsOf(options).length > 0 && { responseExtensions: extensionsOf(options).map(extensionOf) }),
  });
  const tbs = encoded(data);
  const signature = chooseSignature(signer, options.signature);
  const bits = await signWith(signer, signature, tbs, crypto);
  const own = options.responder === undefined ? [] : [derElement(0xa0, derSequence(certificate.der))];
  const basic = derSequence(tbs, signature.identifier, derBitString(bits), ...own);
  return derSequence(
    derElement(0x0a, Uint8Array.of(0)),
    derElement(0xa0, derSequence(derOid(OID_BASIC), derOctetString(basic))),
  );
}

/**
 * An answer without a response (RFC 6960 section 4.2.1): it is not signed, and says nothing about a certificate.
 * @throws TlsError ERR_OPTION for a status that is not known.
 *
 * @example
 * ```ts
 * import { createOcspError } from 'warifu/pki/issue';
 * createOcspError('unauthorized').length; // 5
 * ```
 */
export function createOcspError(
  status: 'malformedRequest' | 'internalError' | 'tryLater' | 'sigRequired' | 'unauthorized',
): Uint8Array {
  const codes = { malformedRequest: 1, internalError: 2, tryLater: 3, sigRequired: 5, unauthorized: 6 };
  const code = Object.hasOwn(codes, status) ? codes[status] : undefined;
  if (code === undefined)
    throw wrongOption('createOcspError', `${describe(status)} is none of ${Object.keys(codes).join(', ')}`);
  return derSequence(derElement(0x0a, Uint8Array.of(code)));
}

async function signerOf(
  { issuer, responder }: OcspResponseOptions,
  crypto: CryptoProvider,
): Promise<{ readonly signer: Signer; readonly certificate: Certificate }> {
  if (responder === undefined) return issuer;
  checkOptions('responder', responder, ['certificate', 'key', 'password']);
  const { certificate } = responder;
  // RFC 6960 section 4.2.2.2: issued by the very authority, for this purpose by name.
  if (!sameName(certificate.issuer, issuer.certificate.subject))
    throw wrongOption(
      'responder',
      `it was issued by ${nameText(certificate.issuer)} and not by ${nameText(issuer.certificate.subject)}`,
    );
  if (extendedKeyUsage(certificate)?.includes(EKU_OCSP_SIGNING) !== true)
    throw wrongOption('responder', "its certificate is not for OCSP signing: issue it with purpose: 'ocspSigning'");
  const { signer } = await loadKey('responder.key', responder.key, crypto, responder.password);
  const key = certificate.publicKey && encodeSubjectPublicKeyInfo(certificate.publicKey);
  if (key === undefined || !equalBytes(key, encodeSubjectPublicKeyInfo(signer.publicKey)))
    throw new TlsError('ERR_KEY', { detail: 'responder.key: it is not the key of the certificate' });
  return { signer, certificate };
}

/** A Name or a hash: pkijs puts the tag around it. */
function responderId(by: unknown, certificate: Certificate, crypto: CryptoProvider): unknown {
  if (by === 'name') return nameOf(certificate.subject);
  if (by !== undefined && by !== 'key')
    throw wrongOption('responderId', `'key' or 'name' is wanted, not ${describe(by)}`);
  return octets(crypto.hash('sha1').digest(keyBits(certificate.spki)));
}

function extensionsOf(options: OcspResponseOptions): readonly ExtensionValue[] {
  const { nonce } = options;
  if (nonce !== undefined && !(nonce instanceof Uint8Array && nonce.length > 0 && nonce.length <= 128))
    throw wrongOption('nonce', `1 to 128 bytes are wanted, not ${describe(nonce)}`);
  const made = nonce === undefined ? [] : [{ oid: OID_OCSP_NONCE, critical: false, value: derOctetString(nonce) }];
  return withExtra('extensions', made, options.extensions);
}

function singleResponse(item: OcspStatus, options: OcspResponseOptions, crypto: CryptoProvider): SingleResponse {
  checkOptions('responses', item, ['certificate', 'status', 'revokedAt', 'reason', 'thisUpdate', 'nextUpdate']);
  const [from, to] = [item.thisUpdate ?? options.thisUpdate, item.nextUpdate ?? options.nextUpdate];
  const { thisUpdate, nextUpdate } = updatesOf({
    ...(options.days !== undefined && item.nextUpdate === undefined && { days: options.days }),
    ...(from !== undefined && { thisUpdate: from }),
    ...(to !== undefined && { nextUpdate: to }),
  });
  return new SingleResponse({
    certID: certIdOf(item.certificate, options, crypto),
    certStatus: certStatus(item),
    thisUpdate: new Date(thisUpdate),
    nextUpdate: new Date(nextUpdate),
  });
}

/** CertStatus (RFC 6960 section 4.2.1). */
function certStatus({ status, revokedAt, reason }: OcspStatus): unknown {
  if (status !== 'revoked' && (revokedAt !== undefined || reason !== undefined))
    throw wrongOption(
      'responses',
      `revokedAt and reason are for revoked certificates, and this one is ${describe(status)}`,
    );
  switch (status) {
    case 'good':
      return new Primitive({ idBlock: { tagClass: 3, tagNumber: 0 } });
    case 'unknown':
      return new Primitive({ idBlock: { tagClass: 3, tagNumber: 2 } });
    case 'revoked': {
      if (revokedAt === undefined) throw wrongOption('responses.revokedAt', 'since when it is revoked has to be said');
      const date = new GeneralizedTime({ valueDate: new Date(moment('responses.revokedAt', revokedAt)) });
      const why =
        reason === undefined || reason === 'unspecified'
          ? []
          : [
              new Constructed({
                idBlock: { tagClass: 3, tagNumber: 0 },
                value: [new Enumerated({ value: reasonCode('responses.reason', reason) })],
              }),
            ];
      return new Constructed({ idBlock: { tagClass: 3, tagNumber: 1 }, value: [date, ...why] });
    }
    default:
      throw wrongOption('responses.status', `'good', 'revoked' or 'unknown' is wanted, not ${describe(status)}`);
  }
}

function certIdOf(source: OcspStatus['certificate'], options: OcspResponseOptions, crypto: CryptoProvider): CertID {
  const { certificate: issuer } = options.issuer;
  const isAsked = typeof source === 'object' && source !== null && 'issuerKeyHash' in source;
  const hash = (isAsked ? source.hash : options.hash) ?? 'sha1';
  if (!Object.hasOwn(HASH_OIDS, hash))
    throw wrongOption('hash', `${describe(hash)} is none of ${Object.keys(HASH_OIDS).join(', ')}`);
  const nameHash = crypto.hash(hash).digest(issuer.subject);
  const keyHash = crypto.hash(hash).digest(keyBits(issuer.spki));
  if (isAsked && !(equalBytes(nameHash, source.issuerNameHash) && equalBytes(keyHash, source.issuerKeyHash)))
    throw wrongOption(
      'responses.certificate',
      `it asks about a certificate of another issuer than ${nameText(issuer.subject)}`,
    );
  if (typeof source === 'object' && 'issuer' in source && !sameName(source.issuer, issuer.subject))
    throw wrongOption(
      'responses.certificate',
      `it was issued by ${nameText(source.issuer)} and not by ${nameText(issuer.subject)}`,
    );
  const serial = isAsked ? source.serial : serialContent('responses.certificate', source, crypto);
  return new CertID({
    hashAlgorithm: algorithmOf(derSequence(derOid(HASH_OIDS[hash]), derNull())),
    issuerNameHash: octets(nameHash),
    issuerKeyHash: octets(keyHash),
    serialNumber: new Integer({ valueHex: bufferOf(serial) }),
  });
}

/** What a client asks. */
export interface OcspRequest {
  readonly requests: readonly CertId[];
  /** To be given back. */
  readonly nonce: Uint8Array | undefined;
}

const MOST_REQUESTS = 64;
const MOST_BYTES = 65_536;

/**
 * Reads an OCSP request in DER (RFC 6960 section 4.1). A signature on it is not looked at.
 * @throws TlsError ERR_KEY when it is not one.
 *
 * @example
 * ```ts
 * import { createAuthority, issueCertificate, readOcspRequest } from 'warifu/pki/issue';
 * import { buildOcspRequest } from 'warifu/pki';
 * import { autoProvider } from 'warifu/crypto/auto';
 * const root = await createAuthority({ subject: 'Example Root' });
 * const { certificate } = await issueCertificate({ issuer: root, names: 'www.example.com' });
 * const asked = buildOcspRequest(certificate, root.certificate, autoProvider().hash('sha1'));
 * readOcspRequest(asked).requests.length; // 1
 * ```
 */
export function readOcspRequest(der: Uint8Array): OcspRequest {
  try {
    if (der.length > MOST_BYTES) throw new DerError(`a request of ${der.length} bytes`, 0);
    return readDer(der, TAG_SEQUENCE, (outer) => {
      const request = outer.sequence(readTbsRequest);
      while (!outer.done) outer.element();
      return request;
    });
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new TlsError('ERR_KEY', { detail: `the OCSP request cannot be read: ${error.message}`, cause: error });
  }
}

function readTbsRequest(tbs: DerCursor): OcspRequest {
  tbs.explicit(0, (field) => field.small());
  tbs.explicit(1, (field) => field.element());
  const at = tbs.offset;
  const requests = tbs.sequenceOf(
    (item) =>
      item.sequence((fields) => {
        const certId = fields.sequence(readCertId);
        while (!fields.done) fields.element();
        return certId;
      }),
    1,
  );
  if (requests.length > MOST_REQUESTS) throw new DerError(`${requests.length} questions`, at);
  let nonce: Uint8Array | undefined;
  tbs.explicit(2, (field) =>
    field.sequenceOf((extension) =>
      extension.sequence((fields) => {
        const oid = fields.oid();
        fields.optional(0x01, (cursor) => cursor.boolean());
        const value = fields.octetString();
        if (oid === OID_OCSP_NONCE) nonce = new DerCursor(value).octetString();
      }),
    ),
  );
  return { requests, nonce: nonce === undefined ? undefined : concat(nonce) };
}

function readCertId(fields: DerCursor): CertId {
  const hash = fields.sequence((algorithm) => {
    const oid = algorithm.oid();
    algorithm.optional(TAG_NULL, (cursor) => cursor.null());
    while (!algorithm.done) algorithm.element();
    return HASHES.find((name) => HASH_OIDS[name] === oid);
  });
  return {
    hash,
    issuerNameHash: fields.octetString(),
    issuerKeyHash: fields.octetString(),
    serial: fields.integerBytes(),
  };
}
