import { type Codec, opaque } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_COOKIE } from '../ids.ts';

const value: Codec<Uint8Array> = /* @__PURE__ */ opaque(2, 1, 0xffff);

/** What the server wants to see again in the second ClientHello (RFC 9846 section 4.3.2). */
export const cookie: Extension<{ ClientHello: Uint8Array; HelloRetryRequest: Uint8Array }> = {
  id: EXTENSION_COOKIE,
  name: 'cookie',
  rfc: 'RFC 9846 section 4.3.2',
  in: { ClientHello: value, HelloRetryRequest: value },
};
