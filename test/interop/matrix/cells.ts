import { asClient, LARGE, LARGE_QUICK, Servers } from './our-client.ts';
import { asServer } from './our-server.ts';
import { curl } from './peers/curl.ts';
import { gnutls } from './peers/gnutls.ts';
import { nginx } from './peers/nginx.ts';
import { nss } from './peers/nss.ts';
import { openssl } from './peers/openssl.ts';
import { programs } from './peers/programs.ts';
import {
  type Cell,
  ONLY,
  type Outcome,
  type Peer,
  ROLES,
  type Role,
  type Running,
  SCENARIOS,
  type Scenario,
  VERSIONS,
} from './types.ts';

export function peers(): Peer[] {
  return [openssl, ...programs(), gnutls, nss, curl, nginx].sort(
    (a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name),
  );
}
const ORDER = [
  'OpenSSL',
  'OpenSSL 3.5 (Node 24)',
  'OpenSSL 3.5 (Node 26)',
  'GnuTLS',
  'NSS',
  'Go crypto/tls',
  'rustls',
  'JSSE',
  'Erlang ssl',
  'BoringSSL (Bun)',
  'rustls (Deno)',
  'curl',
  'nginx',
];

export interface Selection {
  readonly role?: Role | undefined;
  readonly version?: string | undefined;
  readonly scenario?: string | undefined;
  /** Does what takes long with less: 2 MB instead of 10, and none with a client that is slow at a terminal. */
  readonly quick?: boolean;
}

/** All cells of a peer, one after the other; the peer is started once for each role. */
export async function cellsOf(
  peer: Peer,
  selection: Selection = {},
  seen: (cell: Cell) => void = () => {},
): Promise<Cell[]> {
  const cells: Cell[] = [];
  const large = selection.quick ? LARGE_QUICK : LARGE;
  const here = peer.version() !== undefined;
  for (const role of ROLES) {
    if (selection.role !== undefined && selection.role !== role) continue;
    const started = here ? await peer.start().catch((error: unknown) => String(error)) : undefined;
    const servers = typeof started === 'object' && role === 'client' ? new Servers(started, peer) : undefined;
    for (const version of VERSIONS) {
      if (selection.version !== undefined && selection.version !== version) continue;
      for (const scenario of Object.keys(SCENARIOS) as Scenario[]) {
        if (selection.scenario !== undefined && selection.scenario !== scenario) continue;
        if (selection.quick && role === 'server' && scenario === 'large' && peer.slow) continue;
        const outcome = await outcomeOf(started, async (running) =>
          servers === undefined
            ? await asServer(peer, running, version, scenario, large)
            : await asClient(peer, servers, version, scenario, large),
        )(role, version, scenario, peer);
        const cell: Cell = { role, peer: peer.name, version, scenario, outcome };
        cells.push(cell);
        seen(cell);
      }
    }
    await servers?.stop();
    if (typeof started === 'object') await started.stop();
  }
  return cells;
}

function outcomeOf(
  started: Running | string | undefined,
  attempt: (running: Running) => Promise<number | undefined>,
): (role: Role, version: '1.2' | '1.3', scenario: Scenario, peer: Peer) => Promise<Outcome> {
  return async (role, version, scenario, peer) => {
    if (ONLY[scenario] !== undefined && ONLY[scenario] !== version) return { kind: 'none' };
    const why = peer.cannot(role, version, scenario);
    if (why !== undefined) return { kind: 'cannot', why };
    if (scenario === 'kems' && peer.kems === undefined) return { kind: 'cannot', why: 'it has none of them' };
    if (started === undefined) return { kind: 'not here', install: peer.install };
    if (typeof started === 'string') return { kind: 'failed', why: `it does not start: ${started}` };
    try {
      const alert = await attempt(started);
      return { kind: 'passed', ...(alert !== undefined && { alert }) };
    } catch (error) {
      return { kind: 'failed', why: error instanceof Error ? error.message : String(error) };
    }
  };
}
