import { empty, u32 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_EARLY_DATA } from '../ids.ts';

/** Data before the handshake is done; in a ticket, how many bytes of it (RFC 9846 section 4.3.10). */
export const earlyData: Extension<{
  ClientHello: undefined;
  EncryptedExtensions: undefined;
  NewSessionTicket: number;
}> = {
  id: EXTENSION_EARLY_DATA,
  name: 'early_data',
  rfc: 'RFC 9846 section 4.3.10',
  in: { ClientHello: empty, EncryptedExtensions: empty, NewSessionTicket: u32 },
};
