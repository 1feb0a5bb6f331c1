import { TlsError } from '../../errors.ts';
import { checked, type Codec, u8 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_MAX_FRAGMENT_LENGTH } from '../ids.ts';

/** 1 to 4: 2^9 to 2^12 bytes. */
const code: Codec<number> = /* @__PURE__ */ checked(u8, (value) =>
  value >= 1 && value <= 4 ? undefined : new TlsError('ERR_MAX_FRAGMENT_LENGTH', { detail: `code ${value}` }),
);

/** Shorter records, by the client's wish (RFC 6066 section 4). */
export const maxFragmentLength: Extension<{ ClientHello: number; EncryptedExtensions: number; ServerHello12: number }> =
  {
    id: EXTENSION_MAX_FRAGMENT_LENGTH,
    name: 'max_fragment_length',
    rfc: 'RFC 6066 section 4',
    in: { ClientHello: code, EncryptedExtensions: code, ServerHello12: code },
  };
