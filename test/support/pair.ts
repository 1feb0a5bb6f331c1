import { Engine } from '../../src/engine/engine.ts';
import { clientConfig, serverConfig } from '../../src/engine/config/index.ts';
import type { EngineEvent } from '../../src/engine/event.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { type FlatClientOptions, type FlatServerOptions, groupClient, groupServer } from './flat.ts';
import { toyCredential, toyProvider, toyVerifier } from './toy.ts';

/** Two engines in one process, nothing between them. */
export interface Pair {
  readonly client: Engine;
  readonly server: Engine;
}

export type ClientParts = Partial<FlatClientOptions>;
export type ServerParts = Partial<FlatServerOptions>;

export function makeClient(options: ClientParts = {}): Engine {
  return new Engine(
    clientConfig(
      groupClient({
        protocols: [client13],
        crypto: toyProvider(1),
        verifier: toyVerifier,
        serverName: 'server.example',
        ...options,
      }),
    ),
  );
}

export function makeServer(options: ServerParts = {}): Engine {
  return new Engine(
    serverConfig(groupServer({ protocols: [server13], crypto: toyProvider(2), credential: toyCredential, ...options })),
  );
}

export function makePair(client: ClientParts = {}, server: ServerParts = {}): Pair {
  return { client: makeClient(client), server: makeServer(server) };
}

/** Everything an engine has to say now. Needs are answered on the spot; the answers must not be promises. */
export function drain(engine: Engine): Exclude<EngineEvent, { type: 'wait' | 'request' }>[] {
  const steps: Exclude<EngineEvent, { type: 'wait' | 'request' }>[] = [];
  for (;;) {
    const step = engine.next();
    if (step.type === 'wait') return steps;
    if (step.type !== 'request') {
      steps.push(step);
      continue;
    }
    if (engine.answer(step.request) !== undefined)
      throw new Error(`the request ${step.request.kind} was answered with a promise`);
  }
}

/** Bytes written in these steps. */
export function written(steps: readonly EngineEvent[]): Uint8Array[] {
  return steps.flatMap((step) => (step.type === 'write' ? [step.bytes] : []));
}

/** Application data in these steps. */
export function received(steps: readonly EngineEvent[]): Uint8Array {
  return Uint8Array.from(steps.flatMap((step) => (step.type === 'data' ? [...step.bytes] : [])));
}

/** Passes bytes to and fro until both are silent. `tamper` may change what goes by. */
export function run(
  { client, server }: Pair,
  tamper: (bytes: Uint8Array, from: 'client' | 'server') => readonly Uint8Array[] = (bytes) => [bytes],
): { readonly client: EngineEvent[]; readonly server: EngineEvent[] } {
  const steps = { client: [] as EngineEvent[], server: [] as EngineEvent[] };
  for (const engine of [client, server]) if (engine.status === 'fresh') engine.start();
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const news = drain(from);
      steps[from.role].push(...news);
      for (const bytes of written(news)) for (const piece of tamper(bytes, from.role)) to.receive(piece);
      moved ||= news.length > 0;
    }
  }
  return steps;
}

/** A pair whose handshake is done. @throws what ended it otherwise. */
export function connected(client: ClientParts = {}, server: ServerParts = {}): Pair {
  const pair = makePair(client, server);
  const steps = run(pair);
  for (const step of [...steps.client, ...steps.server]) if (step.type === 'failed') throw step.error;
  return pair;
}

/** The same with answers that come later. Returns every byte that went by. */
export async function runLater({
  client,
  server,
}: Pair): Promise<{ readonly wire: Uint8Array[]; readonly steps: EngineEvent[] }> {
  const wire: Uint8Array[] = [];
  const steps: EngineEvent[] = [];
  for (const engine of [client, server]) engine.start();
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      for (let step = from.next(); step.type !== 'wait'; step = from.next()) {
        moved = true;
        steps.push(step);
        if (step.type === 'write') {
          wire.push(step.bytes);
          to.receive(step.bytes);
        } else if (step.type === 'request') {
          await from.answer(step.request);
        }
      }
    }
  }
  return { wire, steps };
}
