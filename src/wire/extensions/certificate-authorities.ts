import { type Codec, list, opaque } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_CERTIFICATE_AUTHORITIES } from '../ids.ts';

const names: Codec<Uint8Array[]> = /* @__PURE__ */ list(2, /* @__PURE__ */ opaque(2, 1, 0xffff), 3, 0xffff);

/** DER names of authorities that we trust (RFC 9846 section 4.3.4). */
export const certificateAuthorities: Extension<{ ClientHello: Uint8Array[]; CertificateRequest: Uint8Array[] }> = {
  id: EXTENSION_CERTIFICATE_AUTHORITIES,
  name: 'certificate_authorities',
  rfc: 'RFC 9846 section 4.3.4',
  in: { ClientHello: names, CertificateRequest: names },
};
