import { empty } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_EXTENDED_MAIN_SECRET } from '../ids.ts';

/** Binds the secret of TLS 1.2 to the whole handshake (RFC 7627 section 5.1). */
export const extendedMainSecret: Extension<{ ClientHello: undefined; ServerHello12: undefined }> = {
  id: EXTENSION_EXTENDED_MAIN_SECRET,
  name: 'extended_main_secret',
  rfc: 'RFC 7627 section 5.1',
  in: { ClientHello: empty, ServerHello12: empty },
};
