/**
 * Handshakes between two engines in one process, nothing between them: what the engine itself costs, beside the sum of the
 * primitives it asks its provider for. `node --import ./benchmarks/load.mjs benchmarks/engine.ts [--provider node|noble] [--only NAME]
 * [--rounds N]`; with `--cpu-prof` in front, a profile says where the rest goes.
 *
 * The primitives are timed where they are called, in rounds of their own; `own` is what is left, in microseconds of a
 * handshake and as a part of the primitives.
 */
import { autoProvider } from '../src/crypto/auto.ts';
import { nobleProvider } from '../src/crypto/noble/index.ts';
import type { CryptoProvider } from '../src/crypto/types.ts';
import type { Engine } from '../src/engine/engine.ts';
import { type ClientContext, createClientContext, createServerContext, type ServerContext } from '../src/index.ts';
import { client12, client13, server12, server13 } from '../src/protocols.ts';
import { basicPki, clientEntry, serverEntry } from '../test/support/pki.ts';
import { Counter, counted } from './counted.ts';

const argument = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const ROUNDS = Number(argument('--rounds') ?? 20);
const HANDSHAKES = 50;
const ONLY = argument('--only');
/** Without the rounds that time the primitives: for a profile. */
const PLAIN = process.argv.includes('--plain');

interface Way {
  readonly name: string;
  readonly client: ClientContext;
  readonly server: ServerContext;
  readonly resumed: boolean;
}

function main(): void {
  const noble = argument('--provider') === 'noble';
  const counter = new Counter();
  const plain = (): CryptoProvider => (noble ? nobleProvider() : autoProvider());
  const ways = waysOf(plain());
  const countedWays = waysOf(counted(plain(), counter));
  console.log(
    `Node ${process.version}, ${noble ? 'noble' : 'auto'}, ${ROUNDS} rounds of ${HANDSHAKES}; µs a handshake`,
  );
  console.log(
    `${''.padEnd(22)}${['client', 'primitives', 'own', 'server', 'primitives', 'own'].map((t) => t.padStart(12)).join('')}`,
  );
  for (const [at, way] of ways.entries()) {
    if (ONLY !== undefined && ONLY !== way.name) continue;
    const other = countedWays[at]!;
    // Warm, and a session for those who resume.
    for (let i = 0; i < (noble ? 20 : 300); i++) {
      handshake(way);
      if (!PLAIN) handshake(other);
    }
    const times: { client: number[]; server: number[]; clientParts: number[]; serverParts: number[] } = {
      client: [],
      server: [],
      clientParts: [],
      serverParts: [],
    };
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < HANDSHAKES; i++) {
        // Each handshake counts by itself: what the machine does to some of them does not move the median.
        const spent = handshake(way);
        times.client.push(spent.client * 1000);
        times.server.push(spent.server * 1000);
      }
      for (let i = 0; i < HANDSHAKES && !PLAIN; i++) {
        const parts = { client: 0, server: 0 };
        handshake(other, counter, parts);
        times.clientParts.push(parts.client * 1000);
        times.serverParts.push(parts.server * 1000);
      }
    }
    const [c, cp, s, sp] = [times.client, times.clientParts, times.server, times.serverParts].map(median);
    const own = (whole: number, parts: number): string =>
      `${(whole - parts).toFixed(0)} ${((100 * (whole - parts)) / parts).toFixed(0)}%`;
    console.log(
      `${way.name.padEnd(22)}${[c!.toFixed(0), cp!.toFixed(0), own(c!, cp!), s!.toFixed(0), sp!.toFixed(0), own(s!, sp!)].map((t) => t.padStart(12)).join('')}`,
    );
  }
}

function waysOf(crypto: CryptoProvider): Way[] {
  const anchors = basicPki().ca.ecRoot.certificate;
  const server = serverEntry();
  const client = clientEntry();
  const files = { certificates: server.chain.join('\n'), privateKey: server.key };
  const own = { certificates: client.chain.join('\n'), privateKey: client.key };
  const make = (
    name: string,
    version: '1.3' | '1.2',
    {
      mutual = false,
      resumed = false,
      groups,
    }: { mutual?: boolean; resumed?: boolean; groups?: readonly string[] } = {},
  ): Way => ({
    name,
    resumed,
    client: createClientContext({
      crypto,
      anchors,
      protocols: [version === '1.3' ? client13 : client12],
      ...(mutual && { credential: own }),
      ...(groups && { groups }),
      ...(!resumed && { resumption: false }),
    }),
    server: createServerContext({
      crypto,
      credential: files,
      protocols: [version === '1.3' ? server13 : server12],
      ...(mutual && { clientAuth: 'require', anchors }),
      ...(groups && { groups }),
    }),
  });
  const classic = ['X25519', 'secp256r1'];
  return [
    make('1.3 X25519', '1.3', { groups: classic }),
    make('1.3 default groups', '1.3'),
    make('1.3 mutual', '1.3', { groups: classic, mutual: true }),
    make('1.3 resumed', '1.3', { groups: classic, resumed: true }),
    make('1.3 mutual resumed', '1.3', { groups: classic, mutual: true, resumed: true }),
    make('1.2', '1.2', { groups: classic }),
    make('1.2 resumed', '1.2', { groups: classic, resumed: true }),
  ];
}

/** One handshake, tickets included. Milliseconds of each side. */
function handshake(
  way: Way,
  counter?: Counter,
  parts?: { client: number; server: number },
): { readonly client: number; readonly server: number } {
  const spent = { client: 0, server: 0 };
  const at = (role: 'client' | 'server', work: () => Uint8Array | undefined): Uint8Array | undefined => {
    counter?.reset();
    const start = performance.now();
    const bytes = work();
    spent[role] += performance.now() - start;
    if (counter !== undefined && parts !== undefined) parts[role] += counter.milliseconds;
    return bytes;
  };
  let client!: Engine;
  let server!: Engine;
  let toServer = at('client', () => {
    client = way.client.engine({ serverName: 'server.example' }) as Engine;
    client.start();
    return turn(client);
  });
  at('server', () => {
    server = way.server.engine() as Engine;
    server.start();
    return undefined;
  });
  while (toServer !== undefined) {
    const bytes = toServer;
    const toClient = at('server', () => {
      server.receive(bytes);
      return turn(server);
    });
    toServer =
      toClient &&
      at('client', () => {
        client.receive(toClient);
        return turn(client);
      });
  }
  if (client.status !== 'open' || server.status !== 'open') throw new Error('the handshake failed');
  return spent;
}

/** All that an engine has to say now, as one piece. */
function turn(engine: Engine): Uint8Array | undefined {
  let out: Uint8Array | undefined;
  for (;;) {
    const event = engine.next();
    if (event.type === 'wait') return out;
    if (event.type === 'failed') throw event.error;
    if (event.type === 'request' && engine.answer(event.request) !== undefined)
      throw new Error('a provider that waits');
    if (event.type !== 'write') continue;
    if (out === undefined) out = event.bytes;
    else {
      const joined = new Uint8Array(out.length + event.bytes.length);
      joined.set(out);
      joined.set(event.bytes, out.length);
      out = joined;
    }
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

main();
