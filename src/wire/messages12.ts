import { type Codec, checked, empty, fixed, list, opaque, struct, u8, u16, u32 } from './codec.ts';
import { TlsError } from '../errors.ts';

export { CertificateStatus } from './extensions/status-request.ts';

/** The messages of TLS 1.2 that TLS 1.3 does not have, or has in another form (RFC 5246 section 7.4). */

/** RFC 5246 section 7.4.2. */
export interface Certificate12 {
  /** DER, the sender's own first. Empty: none (a client's answer to CertificateRequest). */
  readonly chain: Uint8Array[];
}
export const Certificate12: Codec<Certificate12> = /* @__PURE__ */ struct<Certificate12>('Certificate', {
  chain: /* @__PURE__ */ list(3, /* @__PURE__ */ opaque(3, 1, 0xffffff), 0, 0xffffff),
});

/** DigitallySigned (RFC 5246 section 4.7), its algorithm pair read as a SignatureScheme. */
export interface Signed {
  /** SignatureScheme. */
  readonly scheme: number;
  readonly signature: Uint8Array;
}
const Signed: Codec<Signed> = /* @__PURE__ */ struct<Signed>('DigitallySigned', {
  scheme: u16,
  signature: /* @__PURE__ */ opaque(2, 0, 0xffff),
});

/** ServerECDHParams (RFC 8422 section 5.4). */
export interface EcdheParams {
  /** 3, named_curve; the other ways to name a curve are gone. */
  readonly curveType: number;
  /** NamedGroup. */
  readonly group: number;
  readonly point: Uint8Array;
}
const NAMED_CURVE = 3;
const curveType: Codec<number> = /* @__PURE__ */ checked(u8, (type) =>
  type === NAMED_CURVE
    ? undefined
    : new TlsError('ERR_SELECTED_GROUP', {
        detail: `curve type ${type}, not a named curve`,
        rfc: 'RFC 8422 section 5.4',
      }),
);
/** What the server signs, behind the two randoms: encoding it again gives the very bytes that came. */
export const EcdheParams: Codec<EcdheParams> = /* @__PURE__ */ struct<EcdheParams>('ServerECDHParams', {
  curveType,
  group: u16,
  point: /* @__PURE__ */ opaque(1, 1, 255),
});

/** ServerKeyExchange of the ECDHE suites (RFC 8422 section 5.4). */
export interface ServerKeyExchangeEcdhe {
  readonly params: EcdheParams;
  readonly signed: Signed;
}
export const ServerKeyExchangeEcdhe: Codec<ServerKeyExchangeEcdhe> = /* @__PURE__ */ struct<ServerKeyExchangeEcdhe>(
  'ServerKeyExchange',
  { params: EcdheParams, signed: Signed },
);

/** ServerDHParams (RFC 5246 section 7.4.3); numbers are big endian. */
export interface DheParams {
  readonly prime: Uint8Array;
  readonly generator: Uint8Array;
  readonly publicValue: Uint8Array;
}
/** What the server signs, behind the two randoms. */
export const DheParams: Codec<DheParams> = /* @__PURE__ */ struct<DheParams>('ServerDHParams', {
  prime: /* @__PURE__ */ opaque(2, 1, 0xffff),
  generator: /* @__PURE__ */ opaque(2, 1, 0xffff),
  publicValue: /* @__PURE__ */ opaque(2, 1, 0xffff),
});

/** ServerKeyExchange of the DHE suites (RFC 5246 section 7.4.3). */
export interface ServerKeyExchangeDhe {
  readonly params: DheParams;
  readonly signed: Signed;
}
export const ServerKeyExchangeDhe: Codec<ServerKeyExchangeDhe> = /* @__PURE__ */ struct<ServerKeyExchangeDhe>(
  'ServerKeyExchange',
  { params: DheParams, signed: Signed },
);

/** RFC 5246 section 7.4.4. */
export interface CertificateRequest12 {
  /** ClientCertificateType: 1 rsa_sign, 64 ecdsa_sign. */
  readonly certificateTypes: Uint8Array;
  /** SignatureScheme. */
  readonly signatureAlgorithms: number[];
  /** DER names; empty: any. */
  readonly authorities: Uint8Array[];
}
export const CertificateRequest12: Codec<CertificateRequest12> = /* @__PURE__ */ struct<CertificateRequest12>(
  'CertificateRequest',
  {
    certificateTypes: /* @__PURE__ */ opaque(1, 1, 255),
    signatureAlgorithms: /* @__PURE__ */ list(2, u16, 2, 0xfffe),
    authorities: /* @__PURE__ */ list(2, /* @__PURE__ */ opaque(2, 1, 0xffff), 0, 0xffff),
  },
);

/** ClientKeyExchange of the ECDHE suites (RFC 8422 section 5.7). */
export interface ClientKeyExchangeEcdhe {
  readonly point: Uint8Array;
}
export const ClientKeyExchangeEcdhe: Codec<ClientKeyExchangeEcdhe> = /* @__PURE__ */ struct<ClientKeyExchangeEcdhe>(
  'ClientKeyExchange',
  { point: /* @__PURE__ */ opaque(1, 1, 255) },
);

/** ClientKeyExchange of the DHE suites (RFC 5246 section 7.4.7.2). */
export interface ClientKeyExchangeDhe {
  /** Big endian. */
  readonly publicValue: Uint8Array;
}
export const ClientKeyExchangeDhe: Codec<ClientKeyExchangeDhe> = /* @__PURE__ */ struct<ClientKeyExchangeDhe>(
  'ClientKeyExchange',
  { publicValue: /* @__PURE__ */ opaque(2, 1, 0xffff) },
);

/** ClientKeyExchange of the RSA suites (RFC 5246 section 7.4.7.1). */
export interface ClientKeyExchangeRsa {
  readonly encryptedSecret: Uint8Array;
}
export const ClientKeyExchangeRsa: Codec<ClientKeyExchangeRsa> = /* @__PURE__ */ struct<ClientKeyExchangeRsa>(
  'ClientKeyExchange',
  { encryptedSecret: /* @__PURE__ */ opaque(2, 0, 0xffff) },
);

/** RFC 5246 section 7.4.8. */
export type CertificateVerify12 = Signed;
export const CertificateVerify12: Codec<CertificateVerify12> = /* @__PURE__ */ struct<CertificateVerify12>(
  'CertificateVerify',
  { scheme: u16, signature: /* @__PURE__ */ opaque(2, 0, 0xffff) },
);

/** RFC 5077 section 3.3. */
export interface NewSessionTicket12 {
  /** In seconds; 0: the server does not say. */
  readonly lifetimeHint: number;
  /** Empty: the server has changed its mind. */
  readonly ticket: Uint8Array;
}
export const NewSessionTicket12: Codec<NewSessionTicket12> = /* @__PURE__ */ struct<NewSessionTicket12>(
  'NewSessionTicket',
  { lifetimeHint: u32, ticket: /* @__PURE__ */ opaque(2, 0, 0xffff) },
);

/** RFC 5246 section 7.4.9. */
export interface Finished12 {
  /** 12 bytes. */
  readonly verifyData: Uint8Array;
}
export const Finished12: Codec<Finished12> = /* @__PURE__ */ struct<Finished12>('Finished', {
  verifyData: /* @__PURE__ */ fixed(12),
});

/** Has no content (RFC 5246 section 7.4.5). */
export const ServerHelloDone: Codec<undefined> = /* @__PURE__ */ named('ServerHelloDone');

/** Has no content (RFC 5246 section 7.4.1.1). */
export const HelloRequest: Codec<undefined> = /* @__PURE__ */ named('HelloRequest');

function named(rfc: string): Codec<undefined> {
  return { ...empty, rfc };
}
