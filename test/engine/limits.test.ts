import { describe, expect, it } from 'vitest';
import type { TlsError } from '../../src/errors.ts';
import type { EngineEvent } from '../../src/engine/event.ts';
import { concat } from '../../src/bytes/bytes.ts';
import { decode, encode } from '../../src/wire/codec.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import { ClientHello } from '../../src/wire/hello.ts';
import { CertificateRequest, KeyUpdate } from '../../src/wire/messages13.ts';
import { Middle } from '../support/middle.ts';
import { connected, drain, makeClient, makePair, makeServer, run, written } from '../support/pair.ts';
import { toyProvider } from '../support/toy.ts';

/** What a peer may do for a while, and what it makes of us meanwhile. */

const askForKeys = encodeHandshake(24, encode(KeyUpdate, { requestUpdate: 1 }));

function failure(steps: readonly EngineEvent[]): TlsError | undefined {
  return steps.flatMap((step) => (step.type === 'failed' ? [step.error] : []))[0];
}

describe('KeyUpdates that ask for ours', () => {
  // RFC 9846 §4.7.3-5
  it('are answered once, and only when there is something to say', () => {
    const sent: number[] = [];
    const { client, server } = connected({
      onTrace: (event) => {
        if (event.type === 'message' && event.from === 'client') sent.push(event.handshakeType);
      },
    });
    sent.length = 0;
    for (let i = 0; i < 3; i++) {
      server.updateKeys(true);
      server.send(Uint8Array.of(i));
      for (const bytes of written(drain(server))) client.receive(bytes);
      expect(written(drain(client))).toEqual([]);
    }
    expect(sent).toEqual([]);
    client.send(Uint8Array.of(9));
    client.send(Uint8Array.of(9));
    expect(sent).toEqual([24]);
    const steps = run({ client, server });
    expect(steps.server.filter(({ type }) => type === 'data').length).toBe(2);
  });

  it('are answered by a change of keys that we made for ourselves', () => {
    const middle = new Middle('client').until('CONNECTED');
    middle.inject(askForKeys);
    middle.target.updateKeys();
    middle.target.send(Uint8Array.of(1));
    // One change of keys, one record of data, and nothing else.
    const records = written(drain(middle.target)).reduce((a, b) => concat(a, b), new Uint8Array(0));
    const lengths: number[] = [];
    for (let at = 0; at < records.length; at += 5 + lengths.at(-1)!)
      lengths.push(records[at + 3]! * 256 + records[at + 4]!);
    expect(lengths.length).toBe(2);
  });
});

describe('requests for a certificate after the handshake', () => {
  it.each([false, true])('are answered 32 times, and no more (data between them: %s)', (data) => {
    const asked: number[] = [];
    const credential = (): undefined => void asked.push(1);
    const middle = new Middle('client', { postHandshakeAuth: true, credential }).until('CONNECTED');
    const request = (context: number): Uint8Array =>
      encodeHandshake(
        13,
        encode(CertificateRequest, {
          requestContext: Uint8Array.of(context),
          extensions: [{ type: 13, data: Uint8Array.of(0, 2, 8, 7) }],
        }),
      );
    const before = asked.length;
    for (let count = 1; count <= 32; count++) {
      middle.inject(request(count));
      if (data) middle.target.receive(middle.record(23, Uint8Array.of(1)));
    }
    expect(failure(middle.said)).toBeUndefined();
    expect(asked.length - before).toBe(32);
    middle.inject(request(33));
    expect(failure(middle.said)).toMatchObject({ code: 'ERR_TOO_MANY_CERTIFICATE_REQUESTS', alert: 10 });
    expect(asked.length - before).toBe(32);
  });
});

describe('user_canceled', () => {
  // RFC 9846 §6.1-3
  it('is ignored, but not for ever', () => {
    const middle = new Middle('client').until('CONNECTED');
    for (let i = 0; i < 4; i++) middle.target.receive(middle.record(21, Uint8Array.of(1, 90)));
    expect(drain(middle.target)).toEqual([]);
    middle.target.receive(middle.record(21, Uint8Array.of(1, 90)));
    expect(failure(drain(middle.target))).toMatchObject({ code: 'ERR_TOO_MANY_WARNINGS', alert: 10 });
  });
});

describe('key shares that were asked for', () => {
  it('are sent as they are: no half of a hybrid goes along', () => {
    const shares = (client: ReturnType<typeof makeClient>): number => {
      client.start();
      const hello = written(drain(client))[0]!.slice(9);
      return decode(ClientHello, hello).extensions.find(({ type }) => type === 51)!.data.length;
    };
    const groups = toyProvider(1).groups.map(({ name }) => name);
    const one = shares(makeClient({ groups, keyShares: groups.slice(0, 1) }));
    expect(one).toBeLessThanOrEqual(shares(makeClient({ groups })));
  });
});

describe('signature schemes of our own', () => {
  it('may be others than those we take', () => {
    const [first, ...rest] = toyProvider(1).signatures.map(({ name }) => name);
    const { server } = connected(
      {},
      { signatures: rest.length > 0 ? rest : [first!], signingAlgorithms: [first!, ...rest] },
    );
    expect(server.info.signatureScheme?.name).toBeDefined();
    expect(() => makeServer({ signingAlgorithms: ['nonsense'] })).toThrow(/signingAlgorithms/);
  });
});

describe('early data that was not asked for', () => {
  /** A server that has asked the client to try again, and a client that had sent early data. */
  function retried(): { server: ReturnType<typeof makeServer>; second: Uint8Array } {
    const groups = toyProvider(1).groups.map(({ name }) => name);
    const client = makeClient({ groups, keyShares: [] });
    const server = makeServer({ groups });
    client.start();
    server.start();
    const first = written(drain(client))[0]!;
    const hello = decode(ClientHello, first.slice(9));
    const raw = encodeHandshake(
      1,
      encode(ClientHello, { ...hello, extensions: [...hello.extensions, { type: 42, data: new Uint8Array(0) }] }),
    );
    server.receive(record(22, raw));
    for (const bytes of written(drain(server))) client.receive(bytes);
    return { server, second: concat(...written(drain(client))) };
  }
  const record = (type: number, content: Uint8Array): Uint8Array =>
    concat(Uint8Array.of(type, 3, 3, content.length >> 8, content.length & 255), content);

  it('may come in records as large as TLS 1.3 allows', () => {
    const { server } = retried();
    server.receive(record(23, new Uint8Array(16_384)));
    expect(failure(drain(server))).toBeUndefined();
    server.receive(record(23, new Uint8Array(16_384 + 257)));
    expect(failure(drain(server))).toMatchObject({ code: 'ERR_RECORD_OVERFLOW' });
  });

  it('does not make records in the clear larger', () => {
    const { server } = retried();
    server.receive(record(22, new Uint8Array(16_385)));
    expect(failure(drain(server))).toMatchObject({ code: 'ERR_RECORD_OVERFLOW' });
  });

  it('has an end', () => {
    const { server } = retried();
    server.receive(concat(record(23, new Uint8Array(16_384)), record(23, new Uint8Array(1))));
    expect(failure(drain(server))).toMatchObject({ code: 'ERR_TOO_MUCH_EARLY_DATA', alert: 10 });
  });

  it('may not come in the middle of a message', () => {
    const { server, second } = retried();
    const handshake = second.slice(6); // behind the ChangeCipherSpec
    expect(handshake[0]).toBe(22);
    const body = handshake.slice(5);
    server.receive(record(22, body.slice(0, 10)));
    server.receive(record(23, new Uint8Array(4)));
    expect(failure(drain(server))).toMatchObject({ code: 'ERR_INTERLEAVED', alert: 10 });
  });
});

describe('records that we were told to keep small', () => {
  const sizes = (bytes: Uint8Array): number[] => {
    const found: number[] = [];
    for (let at = 0; at < bytes.length; at += 5 + found.at(-1)!) found.push(bytes[at + 3]! * 256 + bytes[at + 4]!);
    return found;
  };

  it('are small from the first to the last', () => {
    const client = makeClient({ maxRecordSize: 64 });
    client.start();
    const hello = sizes(concat(...written(drain(client))));
    expect(hello.length).toBeGreaterThan(1);
    expect(Math.max(...hello)).toBe(64);
    const pair = connected({ maxRecordSize: 100 });
    pair.client.send(new Uint8Array(250));
    // Content, its type, and a tag.
    expect(sizes(concat(...written(drain(pair.client))))).toEqual([117, 117, 67]);
  });

  it('are no larger for a peer that allows more, and smaller for one that allows less', () => {
    for (const [limit, largest] of [
      [16_384, 100],
      [80, 80],
    ] as const) {
      const { server } = connected({ recordSizeLimit: limit }, { maxRecordSize: 100 });
      server.send(new Uint8Array(250));
      expect(Math.max(...sizes(concat(...written(drain(server)))))).toBe(largest + 17);
    }
  });

  it('have a size that a record can have', () => {
    for (const maxRecordSize of [63, 16_385, 0.5]) expect(() => makeClient({ maxRecordSize })).toThrow(/maxRecordSize/);
  });
});

describe('bytes of any kind', () => {
  it('are taken for what they are: what is kept of them is a copy, and plain', () => {
    const seen: Uint8Array[] = [];
    const { client, server } = makePair(
      {},
      { onTrace: (event) => event.type === 'message' && event.from === 'client' && seen.push(event.raw) },
    );
    // As a socket of Node gives them: a view into a pool.
    run({ client, server }, (bytes) => [Buffer.concat([Buffer.alloc(7), bytes]).subarray(7)]);
    expect(server.status).toBe('open');
    expect(seen.length).toBeGreaterThan(0);
    for (const raw of seen) {
      expect(raw.constructor).toBe(Uint8Array);
      expect(raw.slice(0, 4).buffer.byteLength).toBe(4);
    }
  });
});

describe('HelloRetryRequest', () => {
  // RFC 9846 §5.1-6
  it('ends its record, as every ServerHello does', () => {
    const client = makeClient();
    const groups = toyProvider(1).groups.map(({ name }) => name);
    const server = makeServer({ groups: groups.slice(-1), retryCookie: true });
    client.start();
    server.start();
    for (const bytes of written(drain(client))) server.receive(bytes);
    const answer = concat(...written(drain(server)));
    const length = answer[3]! * 256 + answer[4]! + 1;
    client.receive(
      concat(Uint8Array.of(22, 3, 3, length >> 8, length & 255), answer.slice(5, 4 + length), Uint8Array.of(2)),
    );
    expect(failure(drain(client))).toMatchObject({ code: 'ERR_LEFTOVER_BYTES', alert: 10 });
  });
});
