import { equalBytes } from '../../src/bytes/bytes.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import type { CryptoProvider, Signer } from '../../src/crypto/types.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Step } from '../../src/engine/step.ts';
import { TlsError } from '../../src/errors.ts';
import { client12 } from '../../src/handshake/client/client12.ts';
import { client13 } from '../../src/handshake/client/client13.ts';
import { server12 } from '../../src/handshake/server/server12.ts';
import { server13 } from '../../src/handshake/server/server13.ts';
import type { Credential, Verdict } from '../../src/handshake/peer.ts';
import type { ClientSession } from '../../src/handshake/session.ts';
import { legacyClient12, legacyServer12, legacySignatures } from '../../src/legacy.ts';
import { readCertificate } from '../../src/pki/certificate.ts';
import { readPem } from '../../src/pki/pem.ts';
import { privateKeyFromPem } from '../../src/pki/private-key.ts';
import { ticketKeeper } from '../../src/session/tickets.ts';
import { liar } from '../support/liar.ts';
import { type ClientParts, makeClient, makeServer, run, type ServerParts } from '../support/pair.ts';
import { believesAll, ends, stoppedClock } from '../support/sessions.ts';
import { serverEntry } from '../support/pki.ts';
import { seededRandom, toyCredential, toyProvider, toyVerifier } from '../support/toy.ts';
import { applyEdit, type Edit } from './edits.ts';

/** One conversation of an honest engine with one that lies: what was changed, and how it ended. */

export interface Input {
  readonly target: TargetName;
  readonly edits: readonly Edit[];
}

export interface Outcome {
  /** Code of the failure; `open`, `waiting` or `closed` where there was none. */
  readonly ended: string;
  /** Messages that the liar has said. */
  readonly messages: number;
}

interface Sides {
  readonly role: 'client' | 'server';
  readonly client: ClientParts;
  readonly server: ServerParts;
}

type Kind =
  | 'one-way 1.3'
  | 'mutual 1.3'
  | 'retried 1.3'
  | 'resumed 1.3'
  | 'psk 1.3'
  | 'one-way 1.2'
  | 'mutual 1.2'
  | 'resumed 1.2'
  | 'classic 1.2'
  | 'both';
export type TargetName = `${'client' | 'server'} ${Kind}`;

const KINDS: readonly Kind[] = [
  'one-way 1.3',
  'mutual 1.3',
  'retried 1.3',
  'resumed 1.3',
  'psk 1.3',
  'one-way 1.2',
  'mutual 1.2',
  'resumed 1.2',
  'classic 1.2',
  'both',
];
export const TARGETS: readonly TargetName[] = KINDS.flatMap((kind): TargetName[] => [
  `client ${kind}`,
  `server ${kind}`,
]);

/** More than any good conversation needs; who takes more is in a loop. */
const MOST_TURNS = 60;
const MOST_STEPS = 5_000;
/** In milliseconds of this process: what others do does not count. */
const MOST_TIME = 2_000;

/** @throws Error, with the input in it, for anything but a TlsError that is the peer's fault, or a good end. */
export function converse(input: Input): Outcome {
  try {
    return tell(input);
  } catch (error) {
    throw new Error(`${String(error)}\n${JSON.stringify(input)}`, { cause: error });
  }
}

function tell({ target, edits }: Input): Outcome {
  const { role, client, server } = sidesOf(target);
  const honest = role === 'client' ? makeClient(client) : makeServer(server);
  const lying = role === 'client' ? makeServer(server) : makeClient(client);
  const mouth = liar((message, number) => {
    let out = message;
    for (const edit of edits) if (edit.at === number && out.length > 4) out = applyEdit(out, edit);
    return out;
  });
  const began = process.cpuUsage();
  const wire = edits.filter(({ op }) => op === 'wire');
  const said: Step[] = [];
  let pieces = 0;
  const toHonest = (bytes: Uint8Array): void => {
    for (const piece of bent(bytes, wire, pieces++, recordsFor(target))) honest.receive(piece);
  };
  honest.start();
  mouth.turn(() => lying.start());
  let open = false;
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const mine = turnOf(honest);
    said.push(...mine);
    for (const step of mine) if (step.type === 'write') lying.receive(step.bytes);
    const theirs = mouth.turn(() => turnOf(lying));
    for (const step of theirs) if (step.type === 'write') toHonest(step.bytes);
    if (said.length > MOST_STEPS) throw new Error('it does not stop to say things');
    const { user, system } = process.cpuUsage(began);
    if ((user + system) / 1000 > MOST_TIME) throw new Error('it takes too long');
    if (mine.length + theirs.length > 0) continue;
    if (open || lying.status !== 'open') break;
    open = true;
    mouth.turn(() => afterwards(lying));
    if (honest.status === 'open') honest.send(new Uint8Array(50));
  }
  honest.receiveEnd();
  said.push(...turnOf(honest));
  judge(honest, lying, said, edits);
  const failed = said.find((step) => step.type === 'failed');
  return { ended: failed?.error.code ?? honest.status, messages: mouth.said };
}

/** What happens on an open connection. */
function afterwards(engine: Engine): void {
  engine.send(new Uint8Array(100));
  if (engine.facts.version === 0x0304) {
    engine.updateKeys(true);
    if (engine.role === 'server' && engine.config.role === 'server' && engine.config.clientAuth !== 'none')
      engine.requestCertificate();
  }
  engine.send(new Uint8Array(20));
  engine.close();
}

function judge(honest: Engine, lying: Engine, said: readonly Step[], edits: readonly Edit[]): void {
  for (const step of said) {
    if (step.type !== 'failed') continue;
    if (!(step.error instanceof TlsError) || step.error.code === 'ERR_INTERNAL') throw step.error;
    if (step.error.alert !== undefined && !said.some(({ type }) => type === 'write'))
      throw new Error(`no alert was written for ${step.error.code}`);
  }
  if (!said.some(({ type }) => type === 'established') || lying.status !== 'open' || honest.status !== 'open') return;
  const [a, b] = [honest, lying].map((engine) => engine.exportKey('EXPORTER-fuzz', undefined, 32));
  if (!equalBytes(a!, b!)) throw new Error('both sides have finished, and have different keys');
  // Nobody in between, who has no keys, can have his way; what a liar says of himself is another matter.
  if (!edits.every(({ op }) => op === 'wire')) return;
  for (const fact of ['version', 'suite', 'group', 'alpn', 'resumed'] as const)
    if (JSON.stringify(honest.facts[fact]) !== JSON.stringify(lying.facts[fact]))
      throw new Error(`they disagree on ${fact}`);
}

/** Everything an engine has to do now; the answers are not promises here. */
function turnOf(engine: Engine): Step[] {
  const steps: Step[] = [];
  for (;;) {
    const step = engine.next();
    if (step.type === 'wait') return steps;
    if (step.type === 'need') {
      if (engine.settle(step.need) !== undefined) throw new Error('an answer that comes later');
      continue;
    }
    steps.push(step);
    if (steps.length > MOST_STEPS) throw new Error('it does not stop');
  }
}

/** What somebody on the way can do, who has no keys: bits, cuts, copies, other sizes of pieces, records of his own. */
function bent(bytes: Uint8Array, edits: readonly Edit[], number: number, records: readonly Uint8Array[]): Uint8Array[] {
  let pieces = [bytes];
  for (const { at, where, value } of edits) {
    if (at !== number) continue;
    const whole = pieces.shift() ?? new Uint8Array(0);
    if (whole.length === 0) continue;
    const cut = where % whole.length;
    switch (value % 8) {
      case 0:
        pieces = [whole.map((byte, index) => (index === cut ? byte ^ (1 << ((value >> 3) % 8)) : byte)), ...pieces];
        break;
      case 1:
        pieces = [whole.slice(0, cut), whole.slice(cut), ...pieces];
        break;
      case 2:
        pieces = [...Array.from(whole, (byte) => Uint8Array.of(byte)), ...pieces];
        break;
      case 3:
        pieces = [whole.slice(0, cut), ...pieces];
        break;
      case 4:
        pieces = [whole, whole, ...pieces];
        break;
      case 5:
        pieces = [records[(value >> 3) % records.length]!, whole, ...pieces];
        break;
      case 6:
        pieces = [whole, records[(value >> 3) % records.length]!, ...pieces];
        break;
      default:
        pieces = [whole.slice(cut), ...pieces];
    }
  }
  return pieces;
}

const RECORDS: readonly Uint8Array[] = [
  [20, 3, 3, 0, 1, 1],
  [20, 3, 3, 0, 1, 2],
  [20, 3, 3, 0, 2, 1, 1],
  [21, 3, 3, 0, 2, 1, 0],
  [21, 3, 3, 0, 2, 2, 40],
  [21, 3, 3, 0, 2, 1, 90],
  [21, 3, 3, 0, 0],
  [22, 3, 3, 0, 0],
  [22, 3, 3, 0, 4, 0, 0, 0, 0],
  [22, 3, 3, 0, 2, 1, 0],
  [23, 3, 3, 0, 0],
  [23, 3, 3, 0, 1, 0],
  [24, 3, 3, 0, 3, 1, 0, 0],
  [22, 2, 0, 0, 1, 0],
  [22, 3, 3, 0x41, 0x01],
  [0x80, 46, 1, 3, 3],
  [71, 69, 84, 32, 47],
].map((bytes) => Uint8Array.from(bytes));

/** Hellos of SSL 2, whole and cut off, for the one who takes them. */
const SSL2: readonly Uint8Array[] = [
  [0x80, 28, 1, 3, 3, 0, 3, 0, 0, 0, 16, 0, 0, 0x3c, ...new Array<number>(16).fill(7)],
  [0x80, 34, 1, 3, 3, 0, 9, 0, 0, 0, 16, 1, 0, 0x80, 0, 0, 0x3c, 0, 0, 0xff, ...new Array<number>(16).fill(7)],
  [0x80, 28, 1, 3, 3, 0, 3],
  [0x8f, 255, 1, 3, 0xff],
].map((bytes) => Uint8Array.from(bytes));

function recordsFor(target: TargetName): readonly Uint8Array[] {
  return target === 'server classic 1.2' ? [...RECORDS, ...SSL2] : RECORDS;
}

function sidesOf(target: TargetName): Sides {
  const [role, kind] = [target.slice(0, 6) as 'client' | 'server', target.slice(7) as Kind];
  return { role, ...partsOf(kind) };
}

const mutual = {
  client: { credential: toyCredential, alpn: ['a', 'b'], postHandshakeAuth: true, recordSizeLimit: 8000 },
  server: { clientAuth: 'require', verifier: toyVerifier, alpn: ['b'], recordSizeLimit: 9000 },
} as const;
const V12 = { client: { protocols: [client12] }, server: { protocols: [server12] } };

function partsOf(kind: Kind): { readonly client: ClientParts; readonly server: ServerParts } {
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
    case 'both':
      return {
        client: { ...fresh.client, protocols: [client13, client12] },
        server: { ...fresh.server, protocols: [server13, server12], contextFor: () => ({}) },
      };
  }
}

let rsa: Credential | undefined;

/** Old devices: the classic exchange, CBC, signatures over SHA-1, and a server that takes the hello of SSL 2. */
function classic(): { readonly client: ClientParts; readonly server: ServerParts } {
  const old = (seed: number): CryptoProvider => legacySignatures(nobleProvider({ random: seededRandom(seed) }));
  const [ours, theirs] = [old(1), old(2)];
  if (rsa === undefined) {
    const { chain, key } = serverEntry('rsa-2048');
    const signer = ours.signer(privateKeyFromPem(key)) as Signer;
    rsa = { chain: readPem(chain.join('\n')).map(({ der }) => der), signer: { ...signer, schemes: [0x0201] } };
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

const PSK = { identity: Uint8Array.of(1, 2, 3), secret: new Uint8Array(32).fill(9) };

const sessions = new Map<Kind, { readonly session: ClientSession; readonly now: number }>();

/** Both sides remember a connection; the same session every time. */
function resumed(kind: 'resumed 1.3' | 'resumed 1.2'): { readonly client: ClientParts; readonly server: ServerParts } {
  const version = kind === 'resumed 1.2' ? V12 : { client: {}, server: {} };
  const tickets = ticketKeeper({ crypto: toyProvider(3), secrets: [new Uint8Array(32).fill(3)] });
  let known = sessions.get(kind);
  const both = {
    client: { ...version.client, ...mutual.client, earlyDataAsMyself: true },
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
