import { empty } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_ENCRYPT_THEN_MAC } from '../ids.ts';

/** The right order for CBC suites of TLS 1.2 (RFC 7366 section 2). */
export const encryptThenMac: Extension<{ ClientHello: undefined; ServerHello12: undefined }> = {
  id: EXTENSION_ENCRYPT_THEN_MAC,
  name: 'encrypt_then_mac',
  rfc: 'RFC 7366 section 2',
  in: { ClientHello: empty, ServerHello12: empty },
};
