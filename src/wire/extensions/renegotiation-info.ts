import { type Codec, opaque } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_RENEGOTIATION_INFO } from '../ids.ts';

const renegotiatedConnection: Codec<Uint8Array> = /* @__PURE__ */ opaque(1, 0, 255);

/** Ties a TLS 1.2 handshake to the one before it; empty in the first (RFC 5746 section 3.2). */
export const renegotiationInfo: Extension<{ ClientHello: Uint8Array; ServerHello12: Uint8Array }> = {
  id: EXTENSION_RENEGOTIATION_INFO,
  name: 'renegotiation_info',
  rfc: 'RFC 5746 section 3.2',
  in: { ClientHello: renegotiatedConnection, ServerHello12: renegotiatedConnection },
};
