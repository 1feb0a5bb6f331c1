import { toHex } from '../../bytes/bytes.ts';
import { TlsError } from '../../errors.ts';
import { type Codec, checked, list, opaque, struct } from '../codec.ts';
import type { Extension } from '../extension.ts';
import { EXTENSION_OID_FILTERS } from '../ids.ts';

export interface OidFilter {
  /** DER of the extension's OID. */
  readonly oid: Uint8Array;
  /** DER of the values it has to have; empty: any. */
  readonly values: Uint8Array;
}

const filter: Codec<OidFilter> = /* @__PURE__ */ struct<OidFilter>('OIDFilter', {
  oid: /* @__PURE__ */ opaque(1, 1, 255),
  values: /* @__PURE__ */ opaque(2, 0, 0xffff),
});

/** No OID twice. */
const filters: Codec<OidFilter[]> = /* @__PURE__ */ checked(/* @__PURE__ */ list(2, filter, 0, 0xffff), (all) =>
  new Set(all.map(({ oid }) => toHex(oid))).size === all.length
    ? undefined
    : new TlsError('ERR_ILLEGAL_PARAMETER', { detail: 'two filters for one OID', rfc: 'RFC 9846 section 4.3.5' }),
);

// RFC 9846 §4.3.5-5
/** Certificate extensions that a client certificate has to have (RFC 9846 section 4.3.5). */
export const oidFilters: Extension<{ CertificateRequest: OidFilter[] }> = {
  id: EXTENSION_OID_FILTERS,
  name: 'oid_filters',
  rfc: 'RFC 9846 section 4.3.5',
  in: { CertificateRequest: filters },
};
