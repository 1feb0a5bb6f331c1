import { u16 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_RECORD_SIZE_LIMIT } from '../ids.ts';

/** The largest record we are ready to receive, in bytes; in TLS 1.3 with the content type byte (RFC 8449 section 4). */
export const recordSizeLimit: Extension<{ ClientHello: number; EncryptedExtensions: number; ServerHello12: number }> = {
  id: EXTENSION_RECORD_SIZE_LIMIT,
  name: 'record_size_limit',
  rfc: 'RFC 8449 section 4',
  in: { ClientHello: u16, EncryptedExtensions: u16, ServerHello12: u16 },
};
