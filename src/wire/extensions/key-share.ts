import { TlsError } from '../../errors.ts';
import { checked, type Codec, list, opaque, struct, u16 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_KEY_SHARE } from '../ids.ts';

export interface KeyShareEntry {
  /** NamedGroup. */
  readonly group: number;
  readonly keyExchange: Uint8Array;
}

const entry: Codec<KeyShareEntry> = /* @__PURE__ */ struct<KeyShareEntry>('KeyShareEntry', {
  group: u16,
  keyExchange: /* @__PURE__ */ opaque(2, 1, 0xffff),
});

/** No two shares for one group (RFC 9846 section 4.3.8). */
const clientShares: Codec<KeyShareEntry[]> = /* @__PURE__ */ checked(
  /* @__PURE__ */ list(2, entry, 0, 0xffff),
  (shares) =>
    new Set(shares.map(({ group }) => group)).size === shares.length
      ? undefined
      : new TlsError('ERR_KEY_SHARE_ORDER', { detail: 'two shares for one group' }),
);

/** Key shares: the client's offers, the server's answer, or the group that a HelloRetryRequest asks for. */
export const keyShare: Extension<{
  ClientHello: KeyShareEntry[];
  ServerHello: KeyShareEntry;
  HelloRetryRequest: number;
}> = {
  id: EXTENSION_KEY_SHARE,
  name: 'key_share',
  rfc: 'RFC 9846 section 4.3.8',
  in: { ClientHello: clientShares, ServerHello: entry, HelloRetryRequest: u16 },
};
