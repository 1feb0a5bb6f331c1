import type { Engine } from '../../src/engine/engine.ts';
import { TlsError } from '../../src/errors.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { drain, makeClient, makeServer, run, written } from '../support/pair.ts';
import { toyCredential, toyProvider, toyVerifier } from '../support/toy.ts';

/** Random changes to valid flights. Whatever comes of them is a TlsError with an alert, or a handshake. */

export interface MutationReport {
  readonly runs: number;
  /** How often each code ended it; "established" and "waiting" among them. */
  readonly outcomes: ReadonlyMap<string, number>;
}

export interface Generator {
  next(below: number): number;
}

/** xorshift32: the same sequence for the same seed, and another one for the next seed, from its first number on. */
export function generator(seed: number): Generator {
  let state = mixed(seed) || 1;
  return {
    next: (below) => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    },
  };
}

/** Every bit of the seed decides about every bit: xorshift alone begins alike for seeds that are near each other. */
function mixed(seed: number): number {
  let bits = (seed + 0x9e37_79b9) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return bits ^ (bits >>> 16);
}

/** @throws whatever is not a TlsError, or a TlsError of our own making: with the seed of the run that made it. */
export function mutateFlights(
  role: 'client' | 'server',
  runs: number,
  seed: number,
  version: 0x0303 | 0x0304 = 0x0304,
  progress?: (done: number) => void,
): MutationReport {
  const recordings = [recorded(version, false), recorded(version, true)];
  const outcomes = new Map<string, number>();
  for (let i = 0; i < runs; i++) {
    const random = generator(seed + i * 2_654_435_761);
    const retry = random.next(2);
    const theirs = recordings[retry]![role === 'client' ? 'server' : 'client'];
    const outcome = attempt(role, version, retry === 1, mutated(theirs, random), `${seed}/${i}`);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (i % 1000 === 999) progress?.(i + 1);
  }
  return { runs, outcomes };
}

const SETTINGS = {
  client: { credential: toyCredential, alpn: ['a', 'b'], postHandshakeAuth: true, recordSizeLimit: 8000 },
  server: { clientAuth: 'require', verifier: toyVerifier, alpn: ['b'], retryCookie: true },
} as const;

const client = (version: number, retry: boolean): Engine =>
  makeClient({
    crypto: toyProvider(1),
    ...SETTINGS.client,
    // What TLS 1.3 does with a second hello, TLS 1.2 does with a version that was not offered.
    protocols: version === 0x0303 ? (retry ? [client12] : [client12, client13]) : [client13],
    ...(retry && { keyShares: [] }),
  });
const server = (version: number): Engine =>
  makeServer({
    crypto: toyProvider(2),
    ...SETTINGS.server,
    protocols: [version === 0x0303 ? server12 : server13],
  });

function recorded(version: number, retry: boolean): { readonly client: Uint8Array[]; readonly server: Uint8Array[] } {
  const pair = { client: client(version, retry), server: server(version) };
  const steps = run(pair);
  if (version === 0x0304) pair.client.updateKeys(true);
  pair.client.send(new Uint8Array(50));
  pair.server.send(new Uint8Array(50));
  pair.server.close();
  pair.client.close();
  const last = run(pair);
  return { client: written([...steps.client, ...last.client]), server: written([...steps.server, ...last.server]) };
}

function attempt(
  role: 'client' | 'server',
  version: number,
  retry: boolean,
  bytes: readonly Uint8Array[],
  name: string,
): string {
  const engine = role === 'client' ? client(version, retry) : server(version);
  try {
    engine.start();
    const steps = drain(engine);
    for (const piece of bytes) {
      engine.receive(piece);
      steps.push(...drain(engine));
    }
    const failed = steps.flatMap((step) => (step.type === 'failed' ? [step.error] : []))[0];
    if (failed !== undefined) {
      if (!(failed instanceof TlsError) || failed.code === 'ERR_INTERNAL') throw failed;
      if (failed.alert !== undefined && written(steps).length === 0) throw new Error('the alert was not written');
      return failed.code;
    }
    return steps.some((step) => step.type === 'established') ? 'established' : 'waiting';
  } catch (error) {
    throw new Error(`mutation ${name} of a ${role === 'client' ? 'server' : 'client'}: ${String(error)}`, {
      cause: error,
    });
  }
}

/** One to four changes: a bit, a byte, a cut, a copy, a swap of flights, a length. */
export function mutated(flights: readonly Uint8Array[], random: Generator): Uint8Array[] {
  const out = flights.map((flight) => flight.slice());
  for (let changes = 1 + random.next(4); changes > 0; changes--) {
    // The first flight is in the clear: most of what is interesting is there.
    const at = random.next(3) === 0 ? random.next(out.length) : 0;
    const bytes = out[at]!;
    if (bytes.length === 0) continue;
    const where = random.next(2) === 0 ? random.next(Math.min(bytes.length, 200)) : random.next(bytes.length);
    switch (random.next(8)) {
      case 0:
        bytes[where]! ^= 1 << random.next(8);
        break;
      case 1:
        bytes[where] = random.next(256);
        break;
      case 2:
        bytes[where] = [0, 1, 0x7f, 0x80, 0xff, 3, 20, 22][random.next(8)]!;
        break;
      case 3:
        out[at] = bytes.slice(0, where);
        break;
      case 4:
        out[at] = Uint8Array.from([...bytes.slice(0, where), ...bytes.slice(where + 1 + random.next(8))]);
        break;
      case 5:
        out[at] = Uint8Array.from([
          ...bytes.slice(0, where),
          ...Array.from({ length: 1 + random.next(40) }, () => random.next(256)),
          ...bytes.slice(where),
        ]);
        break;
      case 6:
        out[at] = Uint8Array.from([...bytes, ...bytes.slice(where)]);
        break;
      default: {
        const other = random.next(out.length);
        [out[at], out[other]] = [out[other]!, out[at]!];
      }
    }
  }
  return out;
}
