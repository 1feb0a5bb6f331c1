import { type Codec, mapped, opaque, u8 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_SERVER_CERTIFICATE_TYPE } from '../ids.ts';

const types: Codec<number[]> = /* @__PURE__ */ mapped(
  /* @__PURE__ */ opaque(1, 1, 255),
  (bytes) => [...bytes],
  (list) => Uint8Array.from(list),
);

/** What the server may show: 0 an X.509 certificate, 2 a raw public key (RFC 7250 section 3). */
export const serverCertificateType: Extension<{
  ClientHello: number[];
  EncryptedExtensions: number;
  ServerHello12: number;
}> = {
  id: EXTENSION_SERVER_CERTIFICATE_TYPE,
  name: 'server_certificate_type',
  rfc: 'RFC 7250 section 3',
  in: { ClientHello: types, EncryptedExtensions: u8, ServerHello12: u8 },
};
