import type { Engine } from '../../src/engine/engine.ts';
import type { ClientSessionStore, ReplayGuard, TicketSealer } from '../../src/handshake/session.ts';
import { memorySessions } from '../../src/resumption/stores.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import { type ClientParts, makeClient, makeServer, type Pair, run, type ServerParts } from './pair.ts';
import { toyProvider } from './toy.ts';

/** A time that stands still until it is told to move. */
export interface Clock {
  now(): number;
  time: number;
}

export function stoppedClock(time: number = Date.UTC(2030, 0, 1)): Clock {
  return {
    time,
    now(): number {
      return this.time;
    },
  };
}

/** Lets two engines talk. @throws what ended it. */
export function talk(client: Engine, server: Engine): Pair {
  const steps = run({ client, server });
  for (const step of [...steps.server, ...steps.client]) if (step.type === 'failed') throw step.error;
  return { client, server };
}

/** A client and a server that remember, and connections between them. */
export interface Ends {
  readonly sessions: ClientSessionStore;
  readonly tickets: TicketSealer;
  readonly clock: Clock;
  client(more?: ClientParts): Engine;
  server(more?: ServerParts): Engine;
  connect(moreClient?: ClientParts, moreServer?: ServerParts): Pair;
}

export function ends(client: ClientParts = {}, server: ServerParts = {}): Ends {
  const sessions = memorySessions();
  const tickets = ticketSealer({ crypto: toyProvider(3) });
  const clock = stoppedClock();
  const all: Ends = {
    sessions,
    tickets,
    clock,
    client: (more = {}) => makeClient({ sessions, clock, ...client, ...more }),
    server: (more = {}) => makeServer({ tickets, clock, ...server, ...more }),
    connect: (moreClient, moreServer) => talk(all.client(moreClient), all.server(moreServer)),
  };
  return all;
}

/** Believes everything: for tests that are about something else. */
export const believesAll: ReplayGuard = { firstUse: () => true };

/** Options with which the next connection resumes and brings early data that is taken. */
export function withEarlyData(maximum: number = 16_384): {
  readonly client: ClientParts;
  readonly server: ServerParts;
} {
  const { sessions, tickets, clock, connect } = ends({}, { earlyData: { guard: believesAll, max: maximum } });
  connect();
  return {
    client: { sessions, clock, earlyData: Uint8Array.of(1, 2, 3) },
    server: { tickets, clock, earlyData: { guard: believesAll, max: maximum } },
  };
}
