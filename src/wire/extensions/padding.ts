import { TlsError } from '../../errors.ts';
import { checked, rest } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_PADDING } from '../ids.ts';

/** Zeroes that make a ClientHello longer (RFC 7685). */
export const padding: Extension<{ ClientHello: Uint8Array }> = {
  id: EXTENSION_PADDING,
  name: 'padding',
  rfc: 'RFC 7685 section 3',
  in: {
    ClientHello: /* @__PURE__ */ checked(rest, (bytes) =>
      bytes.every((byte) => byte === 0)
        ? undefined
        : new TlsError('ERR_ILLEGAL_PARAMETER', { detail: 'padding is not zero' }),
    ),
  },
};
