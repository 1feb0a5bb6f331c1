import { describe, expect, it } from 'vitest';
import { Alert, type TlsError } from '../../src/errors.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import type { AnyProtocol } from '../../src/handshake/config.ts';
import type { EngineEvent } from '../../src/engine/event.ts';
import { type Middle, message } from '../support/middle.ts';
import { drain, makeClient, makeServer, written } from '../support/pair.ts';
import { reach12, reach13 } from '../support/states.ts';

/** Every alert, at every level, in every state of every table: what it means, and that nothing behind it is heard. */

/** Every one that has a name, and some that have none. */
const DESCRIPTIONS: readonly number[] = [...Object.values(Alert), 21, 41, 60, 111, 114, 255];
const LEVELS = [0, 1, 2, 3, 255];

type Outcome = 'continues' | 'ended' | 'closed in the handshake' | 'alert received' | 'wrong level';

/** RFC 9846 section 6 and RFC 5246 section 7.2, once more and by hand. */
function expected(level: number, description: number, version: number, open: boolean): Outcome {
  if (level !== 1 && level !== 2) return 'wrong level';
  if (description === 0) return open ? 'ended' : 'closed in the handshake';
  if (version === 0x0304) return description === 90 ? 'continues' : 'alert received';
  return level === 1 ? 'continues' : 'alert received';
}

function outcomeOf(events: readonly EngineEvent[], middle: Middle): Outcome {
  const failed = failureOf(events);
  if (failed === undefined) return events.some(({ type }) => type === 'end') ? 'ended' : 'continues';
  expect(middle.target.status).toBe('failed');
  if (failed.code === 'ERR_ALERT_LEVEL') return 'wrong level';
  expect(failed.code).toBe('ERR_ALERT_RECEIVED');
  return failed.alertReceived === 0 ? 'closed in the handshake' : 'alert received';
}

const failureOf = (events: readonly EngineEvent[]): TlsError | undefined => {
  for (const event of events) if (event.type === 'failed') return event.error;
  return undefined;
};

const protocols: readonly AnyProtocol[] = [client13, server13, client12, server12];

describe.each(protocols)('$role of $version', ({ role, version, table }) => {
  const reach = (state: string): Middle => (version === 0x0304 ? reach13(role, state) : reach12(role, state));

  it.each(Object.keys(table))('%s', (state) => {
    for (const level of LEVELS) {
      // A level that there is not is refused whatever it says.
      for (const description of level === 1 || level === 2 ? DESCRIPTIONS : [0, 40, 255]) {
        const middle = reach(state);
        const open = middle.target.status === 'open';
        const before = middle.said.length;
        const next = middle.next?.raw;
        middle.target.receive(middle.record(21, Uint8Array.of(level, description)));
        const what = `alert ${level}, ${description} in ${state}`;
        const outcome = (): Outcome => outcomeOf(middle.said.slice(before), middle);
        middle.settle();
        expect(outcome(), what).toBe(expected(level, description, version, open));
        if (outcome() === 'continues') continue;
        // What comes behind it, right or wrong, moves nothing and is answered by nothing.
        const { length } = middle.said;
        for (const more of [next ?? message(24, Uint8Array.of(1)), message(99)]) middle.inject(more);
        middle.target.receive(middle.record(23, Uint8Array.of(1, 2, 3)));
        middle.target.receive(middle.record(21, Uint8Array.of(2, 80)));
        middle.target.receiveEnd();
        middle.settle();
        expect(middle.said.slice(length), what).toEqual([]);
        expect(middle.target.state).toBe(state);
      }
    }
  });

  it.each(Object.keys(table))('%s: a closure in the handshake is answered by one, an error by nothing', (state) => {
    for (const [level, description] of [
      [1, 0],
      [2, 40],
    ] as const) {
      const middle = reach(state);
      if (middle.target.status === 'open') return;
      const before = middle.said.length;
      middle.target.receive(middle.record(21, Uint8Array.of(level, description)));
      middle.settle();
      const events = middle.said.slice(before).map(({ type }) => type);
      expect(events).toEqual(description === 0 ? ['write', 'failed'] : ['failed']);
      // It is a closure that the peer can read, not a fatal alert.
      if (description === 0) expect(failureOf(drain(middle.peer))?.code ?? 'silent').toBe('silent');
    }
  });
});

describe('before a version was chosen', () => {
  const hello = [client13, client12, server13, server12];
  const of = (role: 'client' | 'server', versions: readonly number[]): readonly AnyProtocol[] =>
    hello.filter((protocol) => protocol.role === role && versions.includes(protocol.version));

  it.each([
    ['client', [0x0304], 'alert received'],
    ['server', [0x0304], 'alert received'],
    ['client', [0x0304, 0x0303], 'continues'],
    ['server', [0x0304, 0x0303], 'continues'],
    ['client', [0x0303], 'continues'],
    ['server', [0x0303], 'continues'],
  ] as const)('a %s of %j takes a warning for what its oldest version says', (role, versions, outcome) => {
    for (const description of [112, 40, 100, 255]) {
      const protocols = of(role, versions);
      const engine = role === 'client' ? makeClient({ protocols }) : makeServer({ protocols });
      engine.start();
      drain(engine);
      engine.receive(Uint8Array.of(21, 3, 3, 0, 2, 1, description));
      const error = failureOf(drain(engine));
      expect(error?.alertReceived).toBe(outcome === 'continues' ? undefined : description);
      expect(engine.status).toBe(outcome === 'continues' ? 'handshaking' : 'failed');
    }
  });

  it.each(['client', 'server'] as const)('close_notify ends the handshake of a %s of any version at once', (role) => {
    for (const versions of [[0x0304], [0x0304, 0x0303], [0x0303]]) {
      const protocols = of(role, versions);
      const engine = role === 'client' ? makeClient({ protocols }) : makeServer({ protocols });
      engine.start();
      drain(engine);
      engine.receive(Uint8Array.of(21, 3, 3, 0, 2, 1, 0));
      engine.receive(Uint8Array.of(22, 3, 3, 0, 1, 99));
      const events = drain(engine);
      expect(written(events).map((bytes) => [...bytes])).toEqual([[21, 3, 3, 0, 2, 1, 0]]);
      expect(failureOf(events)).toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 0 });
      expect(engine.status).toBe('failed');
    }
  });
});

it('user_canceled only announces the end: four times, and then it is a flood', () => {
  const middle = reach13('client', 'WAIT_EE');
  for (let count = 0; count < 4; count++) middle.target.receive(middle.record(21, Uint8Array.of(1, 90)));
  middle.settle();
  expect(failureOf(middle.said)).toBeUndefined();
  middle.target.receive(middle.record(21, Uint8Array.of(1, 90)));
  middle.settle();
  expect(failureOf(middle.said)).toMatchObject({ code: 'ERR_TOO_MANY_WARNINGS' });
});
