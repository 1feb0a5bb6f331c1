import { mapped, opaque } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_PSK_KEY_EXCHANGE_MODES } from '../ids.ts';

// RFC 9846 §4.3.9-5
/** How the client would use a PSK: 0 alone, 1 with (EC)DHE (RFC 9846 section 4.3.9). */
export const pskKeyExchangeModes: Extension<{ ClientHello: number[] }> = {
  id: EXTENSION_PSK_KEY_EXCHANGE_MODES,
  name: 'psk_key_exchange_modes',
  rfc: 'RFC 9846 section 4.3.9',
  in: {
    ClientHello: /* @__PURE__ */ mapped(
      /* @__PURE__ */ opaque(1, 1, 255),
      (bytes) => [...bytes],
      (modes) => Uint8Array.from(modes),
    ),
  },
};
