import { describe, expect, it } from 'vitest';
import { drain, makeClient, makeServer, received, written } from '../support/pair.ts';
import { believesAll, ends, withEarlyData } from '../support/sessions.ts';

/** What a server says before the handshake is done. */

describe('early data', () => {
  // RFC 9846 §4.3.11.3-1
  it('may be answered at once', () => {
    const options = withEarlyData();
    const client = makeClient(options.client);
    const server = makeServer(options.server);
    client.start();
    server.start();
    for (const bytes of written(drain(client))) server.receive(bytes);
    const steps = drain(server);
    expect(steps.some(({ type }) => type === 'early-data')).toBe(true);
    expect(server.status).toBe('handshaking');
    for (const bytes of written(steps)) client.receive(bytes);
    server.send(Uint8Array.of(7, 8));
    // The client has the answer with the server's first flight, and has not sent its Finished yet.
    for (const bytes of written(drain(server))) client.receive(bytes);
    const news = drain(client);
    expect([...received(news)]).toEqual([7, 8]);
    for (const bytes of written(news)) server.receive(bytes);
    const done = drain(server);
    expect(done.some(({ type }) => type === 'established')).toBe(true);
    server.send(Uint8Array.of(9));
    for (const bytes of written([...done, ...drain(server)])) client.receive(bytes);
    expect([...received(drain(client))]).toEqual([9]);
  });

  it('is what it takes: a server that was sent none does not speak before its time', () => {
    const { connect, client, server } = ends({}, { earlyData: { guard: believesAll } });
    connect();
    const [c, s] = [client(), server()];
    c.start();
    s.start();
    expect(() => s.send(Uint8Array.of(1))).toThrow(/ERR_STATE/);
    for (const bytes of written(drain(c))) s.receive(bytes);
    drain(s);
    expect(() => s.send(Uint8Array.of(1))).toThrow(/ERR_STATE/);
  });
});

describe('a server that resumes', () => {
  // RFC 9846 §4.7.1-4
  it('does not acknowledge the name again', () => {
    const { connect } = ends();
    expect(connect().client.info.serverNameAcknowledged).toBe(true);
    const { client } = connect();
    expect(client.info).toMatchObject({ resumed: true, serverNameAcknowledged: false });
  });
});
