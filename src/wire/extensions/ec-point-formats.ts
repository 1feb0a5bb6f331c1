import { TlsError } from '../../errors.ts';
import { checked, type Codec, opaque } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_EC_POINT_FORMATS } from '../ids.ts';

/** The uncompressed format, 0, has to be among them (RFC 8422 section 5.1.2). */
const formats: Codec<Uint8Array> = /* @__PURE__ */ checked(/* @__PURE__ */ opaque(1, 1, 255), (list) =>
  list.includes(0) ? undefined : new TlsError('ERR_POINT_FORMAT'),
);

/** Point formats of TLS 1.2; only the uncompressed one is left. */
export const ecPointFormats: Extension<{ ClientHello: Uint8Array; ServerHello12: Uint8Array }> = {
  id: EXTENSION_EC_POINT_FORMATS,
  name: 'ec_point_formats',
  rfc: 'RFC 8422 section 5.1.2',
  in: { ClientHello: formats, ServerHello12: formats },
};
