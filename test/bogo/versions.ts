import { client12 } from '../../src/handshake/client/client12.ts';
import { client13 } from '../../src/handshake/client/client13.ts';
import type { Protocol } from '../../src/handshake/machine.ts';
import { server12 } from '../../src/handshake/server/server12.ts';
import { server13 } from '../../src/handshake/server/server13.ts';

/** What the shim speaks, newest first. */
export const VERSIONS: { readonly [role in 'client' | 'server']: readonly Protocol[] } = {
  client: [client13, client12],
  server: [server13, server12],
};
