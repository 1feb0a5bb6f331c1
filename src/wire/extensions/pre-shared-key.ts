import { TlsError } from '../../errors.ts';
import { type Codec, checked, list, opaque, struct, u16, u32 } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_PRE_SHARED_KEY } from '../ids.ts';

export interface PskIdentity {
  readonly identity: Uint8Array;
  /** Milliseconds since the ticket came, plus its ageAdd, modulo 2^32; 0 for an external key. */
  readonly obfuscatedTicketAge: number;
}

export interface OfferedPsks {
  readonly identities: PskIdentity[];
  /** One for each identity, 32 to 255 bytes. */
  readonly binders: Uint8Array[];
}

const offered: Codec<OfferedPsks> = /* @__PURE__ */ struct<OfferedPsks>('OfferedPsks', {
  identities: /* @__PURE__ */ list(
    2,
    /* @__PURE__ */ struct<PskIdentity>('PskIdentity', {
      identity: /* @__PURE__ */ opaque(2, 1, 0xffff),
      obfuscatedTicketAge: u32,
    }),
    7,
    0xffff,
  ),
  binders: /* @__PURE__ */ list(2, /* @__PURE__ */ opaque(1, 32, 255), 33, 0xffff),
});

/** Binders and identities come in pairs. */
const paired: Codec<OfferedPsks> = /* @__PURE__ */ checked(offered, ({ identities, binders }) =>
  identities.length === binders.length
    ? undefined
    : new TlsError('ERR_BINDER_COUNT', { detail: `${binders.length} binders for ${identities.length} identities` }),
);

/** Keys both sides have already, and the index of the one that the server takes (RFC 9846 section 4.3.11). */
export const preSharedKey: Extension<{ ClientHello: OfferedPsks; ServerHello: number }> = {
  id: EXTENSION_PRE_SHARED_KEY,
  name: 'pre_shared_key',
  rfc: 'RFC 9846 section 4.3.11',
  in: { ClientHello: paired, ServerHello: u16 },
};
