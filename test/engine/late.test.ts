import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { TlsError } from '../../src/errors.ts';
import { client12, server12 } from '../../src/protocols.ts';
import { Middle, message } from '../support/middle.ts';
import { connected, drain, makeClient, makePair, makeServer, run, written } from '../support/pair.ts';
import { toyCredential, toyVerifier } from '../support/toy.ts';

/** What comes after the end: an answer to a question, or a request of the peer. */

/** The content type, and the tag of AES-GCM. */
const OVERHEAD = 17;

/** The records in these bytes. */
function recordsIn(bytes: Uint8Array): { readonly type: number; readonly length: number }[] {
  const found: { readonly type: number; readonly length: number }[] = [];
  for (let at = 0; at < bytes.length; at += 5 + found.at(-1)!.length)
    found.push({ type: bytes[at]!, length: bytes[at + 3]! * 256 + bytes[at + 4]! });
  return found;
}

/** The next question that an engine asks. */
function question(engine: Engine) {
  for (;;) {
    const step = engine.next();
    if (step.type === 'request') return step.request;
    if (step.type === 'wait') throw new Error('it asks nothing');
  }
}

describe('an answer that comes after the connection has failed', () => {
  const ended: readonly (readonly [string, (engine: Engine) => void])[] = [
    ['aborted', (engine) => engine.abort(new TlsError('ERR_ABORTED'))],
    ['closed during the handshake', (engine) => engine.close()],
  ];
  for (const [how, end] of ended)
    for (const reply of ['answer', 'refuse'] as const)
      it(`is ignored: ${how}, ${reply}`, () => {
        const client = makeClient();
        client.start();
        const request = question(client);
        end(client);
        drain(client);
        expect(client.status).toBe('failed');
        expect(() => request[reply](new Uint8Array(32) as never)).not.toThrow();
        expect(drain(client)).toEqual([]);
        expect(client.status).toBe('failed');
      });

  it('is ignored by the server whose client left while it was signing', () => {
    const client = makeClient();
    const server = makeServer();
    for (const engine of [client, server]) engine.start();
    for (const bytes of written(drain(client))) server.receive(bytes);
    let request = question(server);
    while (request.kind !== 'sign') {
      server.answer(request);
      request = question(server);
    }
    server.abort(new TlsError('ERR_ABORTED'));
    drain(server);
    expect(() => request.answer(new Uint8Array(64) as never)).not.toThrow();
    expect(drain(server)).toEqual([]);
  });

  it('is an error of the program when the question was answered before, and the connection lives', () => {
    const client = makeClient();
    client.start();
    const request = question(client);
    client.answer(request);
    expect(() => client.answer(request)).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
    expect(client.status).toBe('handshaking');
  });
});

describe('a request that comes after our close_notify', () => {
  it('for a certificate is not answered: nothing may follow close_notify', () => {
    const middle = new Middle(
      'client',
      { postHandshakeAuth: true, credential: toyCredential },
      { verifier: toyVerifier },
    ).until('CONNECTED');
    middle.target.close();
    expect(written(drain(middle.target))).toHaveLength(1);
    middle.peer.requestCertificate();
    middle.settle();
    middle.said.length = 0;
    middle.pass();
    expect(written(middle.said)).toEqual([]);
    expect(middle.target.status).toBe('closing');
  });

  it('for another handshake is not refused, as it would be before (TLS 1.2)', () => {
    const middle = new Middle('client', { protocols: [client12] }, { protocols: [server12] }).until('CONNECTED_12');
    middle.inject(message(0));
    expect(written(middle.said).length).toBeGreaterThan(1);
    middle.target.close();
    drain(middle.target);
    middle.said.length = 0;
    middle.inject(message(0));
    expect(written(middle.said)).toEqual([]);
    expect(middle.target.status).toBe('closing');
  });

  it('for new keys is not answered either', () => {
    const pair = connected();
    pair.client.close();
    run(pair);
    pair.server.updateKeys(true);
    expect(written(run(pair).client)).toEqual([]);
    expect(() => pair.client.updateKeys()).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
  });
});

describe('what stands behind the end', () => {
  it('of the peer, in the same piece, is not read', () => {
    const middle = new Middle('client').until('CONNECTED');
    const end = middle.record(21, Uint8Array.of(1, 0));
    const behind = middle.record(23, Uint8Array.of(7));
    middle.target.receive(concat(end, behind));
    expect(drain(middle.target).map(({ type }) => type)).toEqual(['end']);
  });

  it('of a flight that came to nothing is the alert, and no message of it that had not gone yet', () => {
    const signer = {
      ...toyCredential.signer,
      sign: () => {
        throw new Error('no');
      },
    };
    const { client, server } = makePair({}, { credential: { ...toyCredential, signer } });
    for (const engine of [client, server]) engine.start();
    for (const bytes of written(drain(client))) server.receive(bytes);
    const sent = concat(...written(drain(server)));
    expect(server.status).toBe('failed');
    const types = recordsIn(sent).map(({ type, length }) => `${type}: ${length}`);
    // ServerHello, ChangeCipherSpec, and an alert under the keys that the client has by then.
    expect(types.slice(1)).toEqual(['20: 1', `23: ${2 + OVERHEAD}`]);
  });
});

describe('padding', () => {
  const lengths = (bytes: readonly Uint8Array[]): number[] => recordsIn(concat(...bytes)).map(({ length }) => length);

  it('fills records up to the multiple', () => {
    const { client } = connected({ padRecordsTo: 256 });
    client.send(new Uint8Array(300));
    expect(lengths(written(drain(client)))).toEqual([512 + OVERHEAD - 1]);
  });

  // RFC 8449 section 4
  it('never makes a record larger than the peer takes', () => {
    const { client, server } = connected({ padRecordsTo: 1000, recordSizeLimit: 16_384 }, { recordSizeLimit: 300 });
    client.send(new Uint8Array(500));
    client.send(Uint8Array.of(1));
    const sent = written(drain(client));
    expect(lengths(sent).every((length) => length <= 300 + OVERHEAD)).toBe(true);
    for (const bytes of sent) server.receive(bytes);
    expect(drain(server).map(({ type }) => type)).toEqual(['data', 'data', 'data']);
  });
});
