import { nobleProvider, pureMlKem768 } from '../../src/crypto/noble/index.ts';
import type { CryptoProvider, Signer } from '../../src/crypto/types.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import type { Credential, Verdict } from '../../src/handshake/peer.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import type { ClientSession } from '../../src/handshake/session.ts';
import { legacyClient12, legacyServer12, legacySignatures } from '../../src/legacy.ts';
import { readCertificate } from '../../src/pki/x509/certificate.ts';
import { readPem } from '../../src/pki/x509/pem.ts';
import { privateKeyFromPem } from '../../src/pki/formats/private-key.ts';
import { certificateVerifier } from '../../src/pki/verifiers/verifier.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import { noble } from '../support/credentials.ts';
import { type ClientParts, makeClient, makeServer, run, type ServerParts } from '../support/pair.ts';
import { type Entry, clientEntry, serverEntry, trustedRoots } from '../support/pki.ts';
import { believesAll, ends, stoppedClock } from '../support/sessions.ts';
import { seededRandom, toyCredential, toyProvider, toyVerifier } from '../support/toy.ts';

/** Who talks with whom, about what. */

interface Parts {
  readonly client: ClientParts;
  readonly server: ServerParts;
}

export interface Sides extends Parts {
  /** Of the honest one. */
  readonly role: 'client' | 'server';
}

const KINDS = [
  'one-way 1.3',
  'mutual 1.3',
  'retried 1.3',
  'resumed 1.3',
  'psk 1.3',
  'one-way 1.2',
  'mutual 1.2',
  'resumed 1.2',
  'classic 1.2',
  'real 1.3',
  'both',
] as const;
type Kind = (typeof KINDS)[number];
export type TargetName = `${'client' | 'server'} ${Kind}`;
export const TARGETS: readonly TargetName[] = KINDS.flatMap((kind): TargetName[] => [
  `client ${kind}`,
  `server ${kind}`,
]);

export function sidesOf(target: TargetName): Sides {
  const [role, kind] = [target.slice(0, 6) as 'client' | 'server', target.slice(7) as Kind];
  return { role, ...partsOf(kind) };
}

const mutual = {
  client: { credential: toyCredential, alpn: ['a', 'b'], postHandshakeAuth: true, recordSizeLimit: 8000 },
  server: { clientAuth: 'require', verifier: toyVerifier, alpn: ['b'], recordSizeLimit: 9000 },
} as const;
const V12 = { client: { protocols: [client12] }, server: { protocols: [server12] } };

function partsOf(kind: Kind): Parts {
  const fresh = { client: { crypto: toyProvider(1) }, server: { crypto: toyProvider(2) } };
  switch (kind) {
    case 'one-way 1.3': {
      const remembering = ends();
      return {
        client: { ...fresh.client, sessions: remembering.sessions, clock: remembering.clock },
        server: { ...fresh.server, tickets: remembering.tickets, clock: remembering.clock },
      };
    }
    case 'mutual 1.3':
      return {
        client: { ...fresh.client, ...mutual.client, verifier: { ...toyVerifier, wantsOcsp: true, wantsSct: true } },
        server: {
          ...fresh.server,
          ...mutual.server,
          credential: { ...toyCredential, ocspResponse: Uint8Array.of(1), sctList: Uint8Array.of(0, 3, 0, 1, 1) },
        },
      };
    case 'retried 1.3':
      return {
        client: { ...fresh.client, ...mutual.client, keyShares: [], psks: [PSK] },
        server: { ...fresh.server, ...mutual.server, retryCookie: true },
      };
    case 'psk 1.3':
      return {
        client: { ...fresh.client, psks: [PSK], pskOnly: true, grease: false },
        server: { ...fresh.server, psks: [PSK], pskOnly: true, groups: ['secp256r1'] },
      };
    case 'resumed 1.3':
    case 'resumed 1.2':
      return resumed(kind);
    case 'one-way 1.2':
      return {
        client: {
          ...fresh.client,
          ...V12.client,
          maxFragmentLength: 1024,
          verifier: { ...toyVerifier, wantsOcsp: true },
        },
        server: { ...fresh.server, ...V12.server, credential: { ...toyCredential, ocspResponse: Uint8Array.of(1) } },
      };
    case 'mutual 1.2':
      return {
        client: { ...fresh.client, ...mutual.client, ...V12.client, sessions: ends().sessions },
        server: { ...fresh.server, ...mutual.server, ...V12.server, tickets: ends().tickets },
      };
    case 'classic 1.2':
      return classic();
    case 'real 1.3':
      return real();
    case 'both':
      return {
        client: { ...fresh.client, protocols: [client13, client12] },
        server: { ...fresh.server, protocols: [server13, server12], selectContext: () => ({}) },
      };
  }
}

let rsa: Credential | undefined;

/** Old devices: RSA key exchange, CBC, signatures over SHA-1, and a server that takes the hello of SSL 2. */
function classic(): Parts {
  const old = (seed: number): CryptoProvider => legacySignatures(nobleProvider({ random: seededRandom(seed) }));
  const [ours, theirs] = [old(1), old(2)];
  if (rsa === undefined) {
    const { chain, signer } = credentialOf(serverEntry('rsa-2048'), ours);
    rsa = { chain, signer: { ...signer, schemes: [0x0201] } };
  }
  const common = {
    suites: ['TLS_RSA_WITH_AES_128_CBC_SHA256'],
    signatures: ['rsa_pkcs1_sha1'],
    credential: rsa,
    requireExtendedMasterSecret: false,
    verifier: {
      verify: (): Verdict => ({ ok: true, publicKey: readCertificate(rsa!.chain[0]!).spki, path: rsa!.chain }),
    },
  } as const;
  return {
    client: { ...common, crypto: ours, protocols: [legacyClient12(ours)], helloRequest: 'refuse' },
    server: {
      ...common,
      crypto: theirs,
      protocols: [legacyServer12(theirs, { ssl2Hello: true })],
      clientAuth: 'require',
    },
  };
}

/** Real keys, groups and certificates: slow, so there is one such pair. */
function real(): Parts {
  const provider = (seed: number): CryptoProvider => {
    const crypto = nobleProvider({ random: seededRandom(seed) });
    return { ...crypto, groups: [...crypto.groups, pureMlKem768] };
  };
  const verifier = certificateVerifier({ anchors: trustedRoots(), signatures: noble.verifier });
  const clock = { now: () => Date.UTC(2026, 11, 1) };
  return {
    client: {
      crypto: provider(1),
      verifier,
      clock,
      credential: credentialOf(clientEntry('ed25519'), noble),
      postHandshakeAuth: true,
      keyShares: ['X25519MLKEM768', 'MLKEM768', 'secp256r1'],
    },
    server: {
      crypto: provider(2),
      verifier,
      clock,
      credential: credentialOf(serverEntry('ed25519'), noble),
      clientAuth: 'require',
      groups: ['MLKEM768', 'X25519MLKEM768', 'secp256r1'],
    },
  };
}

function credentialOf({ chain, key }: Entry, crypto: CryptoProvider): Credential & { readonly signer: Signer } {
  return {
    chain: readPem(chain.join('\n')).map(({ der }) => der),
    signer: crypto.signer(privateKeyFromPem(key)) as Signer,
  };
}

const PSK = { identity: Uint8Array.of(1, 2, 3), secret: new Uint8Array(32).fill(9) };

const sessions = new Map<Kind, { readonly session: ClientSession; readonly now: number }>();

/** Both sides remember a connection; the same session every time. */
function resumed(kind: 'resumed 1.3' | 'resumed 1.2'): Parts {
  const version = kind === 'resumed 1.2' ? V12 : { client: {}, server: {} };
  const tickets = ticketSealer({ crypto: toyProvider(3), secrets: [new Uint8Array(32).fill(3)] });
  let known = sessions.get(kind);
  const both = {
    client: { ...version.client, ...mutual.client, earlyDataWithCertificate: true },
    server: {
      ...version.server,
      ...mutual.server,
      tickets,
      sessionContext: 'fuzz',
      verifier: { ...toyVerifier, policy: 'fuzz' },
      earlyData: { guard: believesAll, allow: () => true },
    },
  } as const;
  if (known === undefined) {
    const kept: ClientSession[] = [];
    const clock = stoppedClock();
    const store = { take: () => undefined, put: (_key: string, session: ClientSession) => void kept.push(session) };
    run({
      client: makeClient({ ...both.client, clock, sessions: store }),
      server: makeServer({ ...both.server, clock }),
    });
    known = { session: kept.at(-1)!, now: clock.now() };
    sessions.set(kind, known);
  }
  const { session, now } = known;
  const clock = stoppedClock(now + 1000);
  const early = kind === 'resumed 1.3' ? { earlyData: new Uint8Array(40) } : {};
  return {
    client: {
      ...both.client,
      crypto: toyProvider(11),
      clock,
      sessions: { take: () => ({ ...session, secret: session.secret.slice() }), put: () => {} },
      ...early,
    },
    server: { ...both.server, crypto: toyProvider(12), clock },
  };
}
