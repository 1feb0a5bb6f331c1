import { type Codec, list, opaque, struct, u8, u16, u24, u32 } from './codec.ts';
import { RawExtension } from './extension.ts';

/** RFC 9846 section 4.4.1. */
export interface EncryptedExtensions {
  readonly extensions: RawExtension[];
}
export const EncryptedExtensions: Codec<EncryptedExtensions> = /* @__PURE__ */ struct<EncryptedExtensions>(
  'EncryptedExtensions',
  {
    extensions: /* @__PURE__ */ list(2, RawExtension, 0, 0xffff),
  },
);

/** RFC 9846 section 4.4.2. */
export interface CertificateRequest {
  /** Empty in the main handshake; unique in the connection after it. */
  readonly requestContext: Uint8Array;
  readonly extensions: RawExtension[];
}
export const CertificateRequest: Codec<CertificateRequest> = /* @__PURE__ */ struct<CertificateRequest>(
  'CertificateRequest',
  {
    requestContext: /* @__PURE__ */ opaque(1, 0, 255),
    extensions: /* @__PURE__ */ list(2, RawExtension, 0, 0xffff),
  },
);

export interface CertificateEntry {
  /** DER; with raw public keys a SubjectPublicKeyInfo. */
  readonly certData: Uint8Array;
  readonly extensions: RawExtension[];
}
export const CertificateEntry: Codec<CertificateEntry> = /* @__PURE__ */ struct<CertificateEntry>('CertificateEntry', {
  certData: /* @__PURE__ */ opaque(3, 1, 0xffffff),
  extensions: /* @__PURE__ */ list(2, RawExtension, 0, 0xffff),
});

/** RFC 9846 section 4.5.1. */
export interface Certificate {
  readonly requestContext: Uint8Array;
  readonly entries: CertificateEntry[];
}
export const Certificate: Codec<Certificate> = /* @__PURE__ */ struct<Certificate>('Certificate', {
  requestContext: /* @__PURE__ */ opaque(1, 0, 255),
  entries: /* @__PURE__ */ list(3, CertificateEntry, 0, 0xffffff),
});

/** RFC 8879 section 4. */
export interface CompressedCertificate {
  readonly algorithm: number;
  /** In bytes. */
  readonly uncompressedLength: number;
  readonly compressed: Uint8Array;
}
export const CompressedCertificate: Codec<CompressedCertificate> = /* @__PURE__ */ struct<CompressedCertificate>(
  'CompressedCertificate',
  { algorithm: u16, uncompressedLength: u24, compressed: /* @__PURE__ */ opaque(3, 1, 0xffffff) },
);

/** RFC 9846 section 4.5.2. */
export interface CertificateVerify {
  /** SignatureScheme. */
  readonly scheme: number;
  readonly signature: Uint8Array;
}
export const CertificateVerify: Codec<CertificateVerify> = /* @__PURE__ */ struct<CertificateVerify>(
  'CertificateVerify',
  {
    scheme: u16,
    signature: /* @__PURE__ */ opaque(2, 0, 0xffff),
  },
);

/** RFC 9846 section 4.7.1. */
export interface NewSessionTicket {
  /** In seconds; at most 604,800. */
  readonly lifetime: number;
  readonly ageAdd: number;
  readonly nonce: Uint8Array;
  readonly ticket: Uint8Array;
  readonly extensions: RawExtension[];
}
export const NewSessionTicket: Codec<NewSessionTicket> = /* @__PURE__ */ struct<NewSessionTicket>('NewSessionTicket', {
  lifetime: u32,
  ageAdd: u32,
  nonce: /* @__PURE__ */ opaque(1, 0, 255),
  ticket: /* @__PURE__ */ opaque(2, 1, 0xffff),
  extensions: /* @__PURE__ */ list(2, RawExtension, 0, 0xffff),
});

/** RFC 9846 section 4.7.3. */
export interface KeyUpdate {
  /** 0: not requested, 1: requested. */
  readonly requestUpdate: number;
}
export const KeyUpdate: Codec<KeyUpdate> = /* @__PURE__ */ struct<KeyUpdate>('KeyUpdate', { requestUpdate: u8 });
