import type { CryptoProvider } from '../../src/crypto/types.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import type { AnyProtocol } from '../../src/handshake/config.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { legacyClient12, legacyServer12 } from '../../src/legacy.ts';

/** What the shim speaks, newest first. The suites of old devices are with it: many tests ask for nothing else. */
export function versionsOf(role: 'client' | 'server', crypto: CryptoProvider): readonly AnyProtocol[] {
  return role === 'client'
    ? [client13, legacyClient12(crypto)]
    : [server13, legacyServer12(crypto, { ssl2Hello: true })];
}
