import { type Generator, generator, mutateFlights } from '../engine/mutate.ts';
import { answered } from './answered.ts';
import { judgeChanged } from './certificates.ts';
import { readChanged } from './files.ts';
import { alerts, callbacks, chunks } from './program.ts';
import { transports } from './transports.ts';

/** What one seed is enough for: a case, made and judged. Conversations that learn from each other are not among them. */

export interface SeededTarget {
  /** One case. @returns how it ended. @throws Error, with the seed, for anything but a good end or a TlsError. */
  run(seed: number): string | Promise<string>;
  /** Cases that run beside each other, for they wait more than they work. */
  readonly together: number;
}

/** In milliseconds of this process. */
const MAX_TIME = 5_000;
/** What many take together says nothing about one. */
const ANY_TIME = Number.POSITIVE_INFINITY;

const target = (what: string, run: (random: Generator) => string | Promise<string>, together = 1): SeededTarget => ({
  run: (seed) => answered(what, seed, together === 1 ? MAX_TIME : ANY_TIME, () => run(generator(seed))),
  together,
});

const flights = (role: 'client' | 'server', version: 0x0303 | 0x0304): SeededTarget => ({
  run: (seed) => [...mutateFlights(role, 200, seed, version).outcomes.keys()].join(),
  together: 1,
});

export const SEEDED: { readonly [name: string]: SeededTarget } = {
  'flights to a client of TLS 1.3': flights('client', 0x0304),
  'flights to a server of TLS 1.3': flights('server', 0x0304),
  'flights to a client of TLS 1.2': flights('client', 0x0303),
  'flights to a server of TLS 1.2': flights('server', 0x0303),
  certificates: { run: judgeChanged, together: 1 },
  files: { run: readChanged, together: 1 },
  callbacks: target('callbacks', callbacks),
  chunks: target('chunks', chunks, 50),
  alerts: target('alerts', alerts),
  transports: target('transports', transports, 200),
};
