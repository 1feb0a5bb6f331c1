import { expect } from 'vitest';
import type { CryptoProvider } from '../../src/crypto/types.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { Middle } from './middle.ts';
import type { ClientParts, ServerParts } from './pair.ts';
import { ends, withEarlyData } from './sessions.ts';
import { toyCredential, toyProvider, toyVerifier } from './toy.ts';

/** An engine in any state of any table, with the next message of its peer held back. */

/** How each state of TLS 1.3 is reached. */
const SETTINGS_13: {
  readonly [state: string]: { readonly client?: ClientParts; readonly server?: ServerParts; readonly later?: true };
} = {
  WAIT_SH_RETRIED: { client: { keyShares: [] } },
  START_RETRIED: { client: { keyShares: [] } },
  WAIT_CERT: { server: { clientAuth: 'require', verifier: toyVerifier }, client: { credential: toyCredential } },
  WAIT_CV: { server: { clientAuth: 'require', verifier: toyVerifier }, client: { credential: toyCredential } },
  POST_HANDSHAKE_WAIT_CV: { later: true },
  POST_HANDSHAKE_WAIT_FINISHED: { later: true },
};

const mutual = {
  server: { clientAuth: 'require', verifier: toyVerifier },
  client: { credential: toyCredential },
} as const;
interface Parts {
  readonly client?: ClientParts;
  readonly server?: ServerParts;
}

/** Both sides remember a connection, and the next one resumes it. */
function resuming(): Parts {
  const { sessions, tickets, clock, connect } = ends({ protocols: [client12] }, { protocols: [server12] });
  connect();
  return { client: { sessions, clock }, server: { tickets, clock } };
}

/** How each state of TLS 1.2 is reached, by role. */
const SETTINGS_12: { readonly [state: string]: Parts | (() => Parts) } = {
  'client WAIT_TICKET_12': () => {
    const { sessions, tickets, clock } = ends();
    return { client: { sessions, clock }, server: { tickets, clock } };
  },
  'client WAIT_TICKET_RESUMED_12': resuming,
  'client WAIT_CCS_RESUMED_12': resuming,
  'client WAIT_FINISHED_RESUMED_12': resuming,
  'server WAIT_CCS_RESUMED_12': resuming,
  'server WAIT_FINISHED_RESUMED_12': resuming,
  'client WAIT_STATUS_12': {
    client: { verifier: { ...toyVerifier, wantsOcsp: true } },
    server: { credential: { ...toyCredential, ocspResponse: Uint8Array.of(1) } },
  },
  'client WAIT_SHD_12': mutual,
  'server WAIT_CERT_12': mutual,
  'server WAIT_CKE_CV_12': mutual,
  'server WAIT_CV_12': mutual,
};

/** The role under test, in this state of TLS 1.3. */
export function reach13(role: 'client' | 'server', state: string, crypto: CryptoProvider = toyProvider(9)): Middle {
  const {
    client = {},
    server = {},
    later,
  } = state === 'WAIT_EOED' ? { ...withEarlyData(), later: false } : (SETTINGS_13[state] ?? {});
  const ask: { client: ClientParts; server: ServerParts } = later
    ? {
        client: {
          postHandshakeAuth: true,
          credential: state === 'POST_HANDSHAKE_WAIT_CV' ? toyCredential : () => undefined,
        },
        server: { verifier: toyVerifier },
      }
    : { client, server };
  const middle = new Middle(
    role,
    { ...ask.client, ...(role === 'client' && { crypto }) },
    { ...ask.server, ...(role === 'server' && { crypto }) },
  );
  if (!later) return middle.until(state);
  middle.until('CONNECTED');
  middle.target.requestCertificate();
  middle.settle();
  return middle.until(state);
}

/** The role under test, in this state of TLS 1.2. */
export function reach12(role: 'client' | 'server', state: string, more: ClientParts = {}): Middle {
  const setting = SETTINGS_12[`${role} ${state}`] ?? {};
  const { client = {}, server = {} } = typeof setting === 'function' ? setting() : setting;
  const middle = new Middle(
    role,
    { protocols: [client12], crypto: toyProvider(8), ...client, ...more },
    { protocols: [server12], crypto: toyProvider(9), ...server },
  ).until(state);
  expect(middle.target.state).toBe(state);
  return middle;
}
