import { list, u16 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_SUPPORTED_VERSIONS } from '../ids.ts';

/** Versions the client speaks; the one the server chose (RFC 9846 section 4.3.1). */
export const supportedVersions: Extension<{ ClientHello: number[]; ServerHello: number; HelloRetryRequest: number }> = {
  id: EXTENSION_SUPPORTED_VERSIONS,
  name: 'supported_versions',
  rfc: 'RFC 9846 section 4.3.1',
  in: { ClientHello: /* @__PURE__ */ list(1, u16, 2, 254), ServerHello: u16, HelloRetryRequest: u16 },
};
