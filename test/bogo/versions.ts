import { client13 } from '../../src/handshake/client/client13.ts';
import type { Protocol } from '../../src/handshake/machine.ts';
import { server13 } from '../../src/handshake/server/server13.ts';

/** What the shim speaks, newest first. */
export const VERSIONS: { readonly [role in 'client' | 'server']: readonly Protocol[] } = {
  client: [client13],
  server: [server13],
};
