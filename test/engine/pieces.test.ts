import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import type { EngineEvent } from '../../src/engine/event.ts';
import {
  type ClientParts,
  connected,
  drain,
  makeClient,
  makePair,
  makeServer,
  received,
  run,
  runLater,
  type ServerParts,
  written,
} from '../support/pair.ts';
import { credentialLater, later, toyCredential, toyProvider, toyVerifier, verifierLater } from '../support/toy.ts';

/** How bytes are cut, and when answers come, must not matter. */

const MUTUAL: { readonly client: ClientParts; readonly server: ServerParts } = {
  client: { credential: toyCredential, alpn: ['a'] },
  server: { clientAuth: 'require', verifier: toyVerifier, alpn: ['a'] },
};

/** The two sides' flights of one handshake, from seeds: the same every time. */
function flights(retry: boolean): { readonly client: Uint8Array[]; readonly server: Uint8Array[] } {
  const pair = makePair(
    { crypto: toyProvider(1), ...MUTUAL.client, ...(retry && { keyShares: [] }) },
    { crypto: toyProvider(2), ...MUTUAL.server },
  );
  const steps = run(pair);
  pair.server.send(new Uint8Array(100).fill(5));
  pair.client.send(new Uint8Array(100).fill(6));
  pair.server.close();
  pair.client.close();
  const last = run(pair);
  return { client: written([...steps.client, ...last.client]), server: written([...steps.server, ...last.server]) };
}

/** Runs one engine against the recorded flights of the other, which are cut by `cut`. */
function replay(
  engine: Engine,
  theirs: readonly Uint8Array[],
  cut: (bytes: Uint8Array) => readonly Uint8Array[],
): EngineEvent[] {
  engine.start();
  const steps: EngineEvent[] = drain(engine);
  for (const flight of theirs) {
    for (const piece of cut(flight)) {
      engine.receive(piece);
      steps.push(...drain(engine));
    }
  }
  return steps;
}

const client = (retry: boolean): Engine =>
  makeClient({ crypto: toyProvider(1), ...MUTUAL.client, ...(retry && { keyShares: [] }) });
const server = (): Engine => makeServer({ crypto: toyProvider(2), ...MUTUAL.server });

describe.each([false, true])('with HelloRetryRequest: %s', (retry) => {
  const recorded = flights(retry);

  it.each([
    ['client', () => client(retry), recorded.server],
    ['server', server, recorded.client],
  ] as const)('a %s that gets each flight cut at every byte', (_, make, theirs) => {
    const whole = replay(make(), theirs, (bytes) => [bytes]);
    expect(whole.some((step) => step.type === 'established')).toBe(true);
    expect(received(whole).length).toBe(100);
    const longest = Math.max(...theirs.map((bytes) => bytes.length));
    for (let at = 0; at < longest; at++) {
      const steps = replay(make(), theirs, (bytes) => [bytes.slice(0, at), bytes.slice(at)]);
      expect(outcome(steps), `cut at ${at}`).toEqual(outcome(whole));
    }
  });

  it.each([
    ['client', () => client(retry), recorded.server],
    ['server', server, recorded.client],
  ] as const)('a %s that gets one byte at a time', (_, make, theirs) => {
    const whole = replay(make(), theirs, (bytes) => [bytes]);
    const steps = replay(make(), theirs, (bytes) => [...bytes].map((byte) => Uint8Array.of(byte)));
    expect(outcome(steps)).toEqual(outcome(whole));
  });

  it.each([
    ['client', () => client(retry), recorded.server],
    ['server', server, recorded.client],
  ] as const)('a %s whose peer goes away at any byte says that something is missing', (_, make, theirs) => {
    const all = Uint8Array.from(theirs.flatMap((bytes) => [...bytes]));
    for (let at = 0; at < all.length; at += 3) {
      const engine = make();
      const steps = replay(engine, [all.slice(0, at)], (bytes) => [bytes]);
      engine.receiveEnd();
      steps.push(...drain(engine));
      expect(
        steps.find((step) => step.type === 'failed'),
        `after ${at} bytes`,
      ).toMatchObject({ error: { code: 'ERR_TRUNCATED' } });
    }
  });
});

it('answers that come later change nothing on the wire', async () => {
  const at = run(
    makePair({ crypto: toyProvider(1), ...MUTUAL.client }, { crypto: toyProvider(2), ...MUTUAL.server }),
    (bytes, from) => {
      now.push([from, bytes]);
      return [bytes];
    },
  );
  expect(at.client.some((step) => step.type === 'established')).toBe(true);
  const pair = makePair(
    {
      crypto: later(toyProvider(1)),
      ...MUTUAL.client,
      verifier: verifierLater(toyVerifier),
      credential: async () => credentialLater(toyCredential),
    },
    {
      crypto: later(toyProvider(2)),
      ...MUTUAL.server,
      verifier: verifierLater(toyVerifier),
      credential: async () => credentialLater(toyCredential),
      selectContext: async () => undefined,
    },
  );
  const { wire } = await runLater(pair);
  expect(pair.client.status).toBe('open');
  expect(wire).toEqual(now.map(([, bytes]) => bytes));
});
const now: ['client' | 'server', Uint8Array][] = [];

it('a flight is one write, however often its step had to wait', () => {
  for (const retry of [false, true]) {
    const { client, server } = flights(retry);
    // Hello, (second hello,) last flight, data and close; flight (after a retry), data and close.
    expect([client.length, server.length]).toEqual(retry ? [4, 3] : [3, 2]);
  }
});

describe('needs', () => {
  it('are answered once', () => {
    const engine = makeClient();
    engine.start();
    const step = engine.next();
    if (step.type !== 'request' || step.request.kind !== 'offer') throw new Error(step.type);
    expect(engine.next()).toEqual({ type: 'wait' });
    engine.answer(step.request);
    expect(() => engine.answer(step.request)).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
  });

  it('are let go of once the connection is over', () => {
    const engine = makeClient();
    engine.start();
    const step = engine.next();
    if (step.type !== 'request') throw new Error(step.type);
    engine.close();
    drain(engine);
    expect(() => engine.answer(step.request)).not.toThrow();
    expect(engine.status).toBe('failed');
  });

  it('that cannot be answered end the handshake as what they are', () => {
    const failing: readonly (readonly [string, ClientParts, ServerParts])[] = [
      [
        'ERR_VERIFIER_FAILED',
        {
          verifier: {
            verify: () => {
              throw new Error('broken');
            },
          },
        },
        {},
      ],
      ['ERR_VERIFIER_FAILED', { verifier: { verify: () => undefined as never } }, {}],
      ['ERR_VERIFIER_FAILED', { verifier: { verify: () => ({ ok: 'yes' }) as never } }, {}],
      ['ERR_VERIFIER_FAILED', { verifier: { verify: () => ({ ok: true }) as never } }, {}],
      [
        'ERR_SIGNER_FAILED',
        {},
        {
          credential: {
            ...toyCredential,
            signer: {
              ...toyCredential.signer,
              sign: () => {
                throw new Error('no token');
              },
            },
          },
        },
      ],
      [
        'ERR_CALLBACK_FAILED',
        {},
        {
          selectContext: () => {
            throw new Error('no database');
          },
        },
      ],
      ['ERR_CALLBACK_FAILED', {}, { selectContext: () => ({ alpn: ['h2', ''] }) }],
      ['ERR_CALLBACK_FAILED', {}, { selectContext: () => ({ alpn: ['x'.repeat(256)] }) }],
      ['ERR_CALLBACK_FAILED', {}, { selectContext: () => ({ protocols: ['h2'] }) as never }],
      ['ERR_NO_CREDENTIAL', {}, { credential: () => undefined }],
    ];
    for (const [code, client, server] of failing) {
      const { client: ours, server: theirs } = run(makePair(client, server));
      const errors = [...ours, ...theirs].flatMap((step) => (step.type === 'failed' ? [step.error] : []));
      expect(errors.map((error) => error.code)).toContain(code);
      // Both ends hear of it: one by its own failure, the other by an alert.
      expect(errors.map((error) => error.code)).toContain('ERR_ALERT_RECEIVED');
    }
  });

  it('the client shows its certificate to a verified server only', () => {
    let asked = false;
    const credential = (): undefined => {
      asked = true;
      return undefined;
    };
    run(
      makePair(
        {
          credential,
          verifier: { verify: () => ({ ok: false, failure: { code: 'CERT_REFUSED', message: 'no', alert: 42 } }) },
        },
        MUTUAL.server,
      ),
    );
    expect(asked).toBe(false);
  });
});

describe('an open connection', () => {
  // RFC 9846 §4.7.3-2
  it('carries data both ways, across changes of keys', () => {
    const pair = connected();
    for (let round = 0; round < 5; round++) {
      pair.client.updateKeys(round % 2 === 0);
      pair.server.updateKeys(round % 3 === 0);
      pair.client.send(new Uint8Array(20_000).fill(round));
      pair.server.send(new Uint8Array(3).fill(round));
      const steps = run(pair);
      expect(received(steps.server)).toEqual(new Uint8Array(20_000).fill(round));
      expect(received(steps.client)).toEqual(new Uint8Array(3).fill(round));
    }
  });

  // RFC 5246 ¶7.2.1-1
  // RFC 9846 §6.1-1, §6.1-4
  it('closes one direction at a time', () => {
    const pair = connected();
    pair.client.close();
    expect(run(pair).server.map((step) => step.type)).toContain('end');
    expect(() => pair.client.send(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
    pair.server.send(Uint8Array.of(1, 2));
    expect(received(run(pair).client)).toEqual(Uint8Array.of(1, 2));
    pair.server.close();
    run(pair);
    expect([pair.client.status, pair.server.status]).toEqual(['closed', 'closed']);
  });

  // RFC 9846 §6-1
  it('says nothing after close_notify, whatever the peer asks for', () => {
    const pair = connected({ postHandshakeAuth: true, credential: toyCredential }, { verifier: toyVerifier });
    pair.client.close();
    run(pair);
    pair.server.updateKeys(true);
    pair.server.requestCertificate();
    pair.server.send(Uint8Array.of(7));
    const steps = run(pair);
    expect(written(steps.client)).toEqual([]);
    expect(received(steps.client)).toEqual(Uint8Array.of(7));
  });

  // RFC 9846 §7.5-1
  it('exports the same keys on both sides, and others for another label, context or length', () => {
    const { client: c, server: s } = connected();
    const key = c.exportKey('EXPORTER-test', Uint8Array.of(1), 32);
    expect(s.exportKey('EXPORTER-test', Uint8Array.of(1), 32)).toEqual(key);
    expect(c.exportKey('EXPORTER-test', undefined, 32)).toEqual(c.exportKey('EXPORTER-test', new Uint8Array(0), 32));
    for (const other of [
      c.exportKey('EXPORTER-tesu', Uint8Array.of(1), 32),
      c.exportKey('EXPORTER-test', Uint8Array.of(2), 32),
      c.exportKey('EXPORTER-test', Uint8Array.of(1), 33).slice(0, 32),
    ]) {
      expect(other).not.toEqual(key);
    }
    expect(() => c.exportKey('', undefined, 32)).toThrow(expect.objectContaining({ code: 'ERR_LIMIT' }));
    expect(() => c.exportKey('x', undefined, 255 * 32 + 1)).toThrow(expect.objectContaining({ code: 'ERR_LIMIT' }));
  });

  // RFC 9846 §5.5-1
  it('changes its keys by itself when they have protected enough', () => {
    const provider = toyProvider(1);
    const crypto = {
      ...provider,
      suites: provider.suites.map((suite) => ({ ...suite, aead: { ...suite.aead, sealLimit: 80 } })),
    };
    const pair = connected({ crypto });
    for (let i = 0; i < 100; i++) pair.client.send(Uint8Array.of(i));
    expect(received(run(pair).server)).toEqual(Uint8Array.from({ length: 100 }, (_, i) => i));
    expect(pair.client.status).toBe('open');
  });

  it('ends when it is flooded', () => {
    const floods: readonly (readonly [string, (pair: ReturnType<typeof connected>) => void])[] = [
      [
        'ERR_TOO_MANY_KEY_UPDATES',
        ({ client }) => {
          for (let i = 0; i < 40; i++) client.updateKeys();
        },
      ],
    ];
    for (const [code, flood] of floods) {
      const pair = connected();
      flood(pair);
      expect(run(pair).server.find((step) => step.type === 'failed')).toMatchObject({ error: { code } });
    }
  });

  // RFC 9846 §4.3.6-1, §4.7.2-1, §4.7.2-2, §4.7.2-3
  it('asks for a certificate after the handshake', () => {
    const pair = connected({ postHandshakeAuth: true, credential: toyCredential }, { verifier: toyVerifier });
    pair.server.requestCertificate();
    const steps = run(pair);
    expect(steps.server.find((step) => step.type === 'post-handshake-auth')).toMatchObject({
      peer: { verdict: { ok: true } },
    });
    expect(() => connected({}, { verifier: toyVerifier }).server.requestCertificate()).toThrow(
      expect.objectContaining({ code: 'ERR_STATE' }),
    );
  });
});

function outcome(steps: readonly EngineEvent[]): unknown {
  return {
    wrote: written(steps).map((bytes) => bytes.join()),
    data: received(steps),
    failed: steps.flatMap((step) => (step.type === 'failed' ? [step.error.code] : [])),
    ended: steps.some((step) => step.type === 'end'),
  };
}
