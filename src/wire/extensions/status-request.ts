import { TlsError } from '../../errors.ts';
import { checked, type Codec, empty, list, mapped, opaque, struct, u8 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_STATUS_REQUEST } from '../ids.ts';

export interface StatusRequest {
  readonly responderIds: Uint8Array[];
  readonly requestExtensions: Uint8Array;
}

export interface CertificateStatus {
  /** DER OCSPResponse. */
  readonly response: Uint8Array;
}

interface Typed<T> {
  readonly statusType: number;
  readonly content: T;
}

/** The one status type there is. */
const OCSP = 1;
const ocsp: Codec<number> = /* @__PURE__ */ checked(u8, (type) =>
  type === OCSP ? undefined : new TlsError('ERR_DECODE', { detail: `status type ${type}`, rfc: 'RFC 6066 section 8' }),
);

const ocspRequest: Codec<StatusRequest> = /* @__PURE__ */ struct<StatusRequest>('OCSPStatusRequest', {
  responderIds: /* @__PURE__ */ list(2, /* @__PURE__ */ opaque(2, 1, 0xffff), 0, 0xffff),
  requestExtensions: /* @__PURE__ */ opaque(2, 0, 0xffff),
});

/** A request for a status of another type is no mistake: there is only nothing that we could answer. */
const request: Codec<StatusRequest | undefined> = {
  rfc: 'CertificateStatusRequest',
  read: (reader) => {
    const at = reader.offset;
    const type = reader.uint(1);
    reader.trace?.field(`${reader.path}.statusType`, at, reader.offset, reader.depth, type);
    if (type === OCSP) return ocspRequest.read(reader);
    const content = reader.take(reader.remaining);
    reader.trace?.field(`${reader.path}.content`, at + 1, reader.offset, reader.depth, content);
    return undefined;
  },
  write: (writer, value) => {
    if (value === undefined) throw writer.fail('there is no other status type than OCSP');
    writer.uint(1, OCSP);
    ocspRequest.write(writer, value);
  },
};

/** RFC 6066 section 8; in TLS 1.2 a message of its own. */
export const CertificateStatus: Codec<CertificateStatus> = /* @__PURE__ */ mapped(
  /* @__PURE__ */ struct<Typed<Uint8Array>>('CertificateStatus', {
    statusType: ocsp,
    content: /* @__PURE__ */ opaque(3, 1, 0xffffff),
  }),
  ({ content }) => ({ response: content }),
  ({ response }) => ({ statusType: OCSP, content: response }),
);

/** Asks for a stapled OCSP response, undefined when it asks for something else; carries it (RFC 9846 section 4.5.1.1). */
export const statusRequest: Extension<{
  ClientHello: StatusRequest | undefined;
  CertificateRequest: undefined;
  Certificate: CertificateStatus;
  ServerHello12: undefined;
}> = {
  id: EXTENSION_STATUS_REQUEST,
  name: 'status_request',
  rfc: 'RFC 6066 section 8',
  in: { ClientHello: request, CertificateRequest: empty, Certificate: CertificateStatus, ServerHello12: empty },
};
