import { TlsError } from '../../errors.ts';
import { checked, type Codec, decode, empty, list, opaque, rest } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_SIGNED_CERTIFICATE_TIMESTAMP } from '../ids.ts';

const serializedList: Codec<Uint8Array[]> = /* @__PURE__ */ list(2, /* @__PURE__ */ opaque(2, 1, 0xffff), 1, 0xffff);

/** The list is kept as it came: who verifies it wants its bytes. Its form is checked here. */
const timestamps: Codec<Uint8Array> = /* @__PURE__ */ checked(rest, (bytes) => {
  try {
    decode(serializedList, bytes);
    return undefined;
  } catch (fault) {
    if (fault instanceof TlsError) return fault;
    throw fault;
  }
});

/** Asks for signed certificate timestamps; carries a SignedCertificateTimestampList (RFC 6962 section 3.3). */
export const signedCertificateTimestamp: Extension<{
  ClientHello: undefined;
  CertificateRequest: undefined;
  Certificate: Uint8Array;
  ServerHello12: Uint8Array;
}> = {
  id: EXTENSION_SIGNED_CERTIFICATE_TIMESTAMP,
  name: 'signed_certificate_timestamp',
  rfc: 'RFC 6962 section 3.3',
  in: { ClientHello: empty, CertificateRequest: empty, Certificate: timestamps, ServerHello12: timestamps },
};
