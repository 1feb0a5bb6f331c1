import { empty, rest } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_SESSION_TICKET } from '../ids.ts';

/** A ticket of TLS 1.2, or the wish for one (RFC 5077 section 3.2). */
export const sessionTicket: Extension<{ ClientHello: Uint8Array; ServerHello12: undefined }> = {
  id: EXTENSION_SESSION_TICKET,
  name: 'session_ticket',
  rfc: 'RFC 5077 section 3.2',
  in: { ClientHello: rest, ServerHello12: empty },
};
