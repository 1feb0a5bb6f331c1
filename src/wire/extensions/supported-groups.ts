import { TlsError } from '../../errors.ts';
import { type Codec, checked, list, u16 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_SUPPORTED_GROUPS } from '../ids.ts';

/** No group twice (RFC 9846 section 4.3.7). */
const groups: Codec<number[]> = /* @__PURE__ */ checked(/* @__PURE__ */ list(2, u16, 2, 0xfffe), (ids) =>
  new Set(ids).size === ids.length
    ? undefined
    : new TlsError('ERR_ILLEGAL_PARAMETER', { detail: 'a group twice', rfc: 'RFC 9846 section 4.3.7' }),
);

// RFC 9846 §4.3.7-2
/** Groups for the key exchange, best first (RFC 9846 section 4.3.7). A server may say which it would rather have had. */
export const supportedGroups: Extension<{
  ClientHello: number[];
  EncryptedExtensions: number[];
  ServerHello12: number[];
}> = {
  id: EXTENSION_SUPPORTED_GROUPS,
  name: 'supported_groups',
  rfc: 'RFC 9846 section 4.3.7',
  // Servers of TLS 1.2 are known to send it too; clients ignore it (RFC 8422 section 5.1.1).
  in: { ClientHello: groups, EncryptedExtensions: groups, ServerHello12: groups },
};
