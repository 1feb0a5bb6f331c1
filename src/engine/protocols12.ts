import { TlsError } from '../errors.ts';
import type { ClientProtocol, ServerProtocol } from '../handshake/config.ts';
import { makeClient12 } from '../handshake/tls12/client/client.ts';
import { ecdheExchange12 } from '../handshake/tls12/key-exchange/ecdhe.ts';
import { makeServer12 } from '../handshake/tls12/server/server.ts';
import type { TrafficKeys12 } from '../keys/schedule12.ts';
import { Protector12 } from '../record/protect12.ts';

/** TLS 1.2 with AEADs: where the handshake, which knows no records, and their protection meet. */

/** TLS 1.2 as a client (RFC 5246), as RFC 9325 recommends it: ephemeral ECDH and AEADs. */
export const client12: ClientProtocol = /* @__PURE__ */ makeClient12(protectAead12);

/** TLS 1.2 as a server (RFC 5246), as RFC 9325 recommends it: ephemeral ECDH and AEADs. */
export const server12: ServerProtocol = /* @__PURE__ */ makeServer12(ecdheExchange12, { protect: protectAead12 });

/** @throws TlsError ERR_INTERNAL for a suite with CBC, which only the entry for old devices brings. */
export function protectAead12({ suite, keys }: TrafficKeys12): Protector12 {
  if (suite.protection !== 'aead') throw new TlsError('ERR_INTERNAL', { detail: `${suite.name} has no AEAD` });
  return new Protector12(suite, keys);
}
