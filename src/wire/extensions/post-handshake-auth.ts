import { empty } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_POST_HANDSHAKE_AUTH } from '../ids.ts';

// RFC 9846 §4.3.6-2
/** The client can be asked for a certificate after the handshake (RFC 9846 section 4.3.6). */
export const postHandshakeAuth: Extension<{ ClientHello: undefined }> = {
  id: EXTENSION_POST_HANDSHAKE_AUTH,
  name: 'post_handshake_auth',
  rfc: 'RFC 9846 section 4.3.6',
  in: { ClientHello: empty },
};
