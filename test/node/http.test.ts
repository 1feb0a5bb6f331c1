import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Agent as UndiciAgent, fetch } from 'undici';
import {
  Agent,
  connect,
  connector,
  createServer,
  type TlsServer,
  type TlsSocket,
  type TlsServerOptions,
} from '../../src/node/index.ts';
import { serverEntry, trustedRootsPem } from '../support/pki.ts';

/** Node's own HTTP and that of undici, over our sockets as they are. */

const entry = serverEntry();
const pem = { cert: entry.chain.join('\n'), key: entry.key };
const credential = { certificates: pem.cert, privateKey: pem.key };
const ca = trustedRootsPem();
const asking = { serverName: 'server.example', anchors: ca };

const toStop: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

async function portOf(server: Server): Promise<number> {
  toStop.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function ours(options: Partial<TlsServerOptions> = {}): TlsServer {
  return createServer({ credential, ...options });
}

/** Our server under Node's HTTP. */
async function httpServer(app: http.Server): Promise<number> {
  toStop.push(() => app.closeAllConnections());
  return await portOf(ours({ protocolHandlers: { 'http/1.1': app, '*': app } }));
}

const target = (port: number): https.RequestOptions => ({ host: '127.0.0.1', port, servername: 'server.example', ca });

async function request(
  options: https.RequestOptions,
  body?: Uint8Array,
): Promise<{ status: number; text: string; reused: boolean }> {
  const message = https.request(options);
  message.end(body);
  const [response] = (await once(message, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode!, text, reused: message.reusedSocket };
}

const closed = (socket: TlsSocket): Promise<unknown> =>
  new Promise((resolve) => (socket.closed ? resolve(undefined) : socket.once('close', resolve)));

const echo = (): http.Server =>
  http.createServer(async (message, response) => {
    let bytes = 0;
    for await (const chunk of message as AsyncIterable<Buffer>) bytes += chunk.length;
    response.end(`${message.method} ${message.url} ${bytes}`);
  });

describe("http.Server over our server, with Node's own client", () => {
  it('answers, keeps alive, and takes large bodies', async () => {
    const port = await httpServer(echo());
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    toStop.push(() => agent.destroy());
    for (const size of [0, 1, 3_000_000]) {
      const { text, reused } = await request(
        { ...target(port), agent, method: 'POST', path: '/x' },
        new Uint8Array(size),
      );
      expect(text).toBe(`POST /x ${size}`);
      expect(reused).toBe(size > 0);
    }
  });

  it('answers pipelined requests in order', async () => {
    const port = await httpServer(
      http.createServer((message, response) => {
        setTimeout(() => response.end(message.url), message.url === '/0' ? 20 : 0);
      }),
    );
    const socket = await connect({ host: '127.0.0.1', port }, { ...asking, alpn: ['http/1.1'] }).secured();
    socket.write([0, 1, 2, 3].map((i) => `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
    let read = '';
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      read += chunk.toString();
      if (read.includes('/3')) break;
    }
    expect([...read.matchAll(/^\/\d/gm)].map(([url]) => url)).toEqual(['/0', '/1', '/2', '/3']);
  });

  it('Expect: 100-continue, with the body right behind it', async () => {
    const app = echo();
    const port = await httpServer(app);
    let continued = 0;
    app.on('checkContinue', (message, response) => {
      continued++;
      response.writeContinue();
      app.emit('request', message, response);
    });
    const socket = await connect({ host: '127.0.0.1', port }, { ...asking, alpn: ['http/1.1'] }).secured();
    socket.write('POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody');
    socket.write('GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    let read = '';
    for await (const chunk of socket as AsyncIterable<Buffer>) read += chunk.toString();
    expect(continued).toBe(1);
    expect(read).toMatch(
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK.*POST \/a 4.*HTTP\/1\.1 200 OK.*GET \/b 0/s,
    );
  });

  it('keepAliveTimeout and headersTimeout close what is idle or slow', async () => {
    const app = http.createServer(
      { connectionsCheckingInterval: 20, headersTimeout: 60, requestTimeout: 100 },
      (_, response) => response.end('x'),
    );
    app.keepAliveTimeout = 50;
    const port = await httpServer(app);
    const idle = await connect({ host: '127.0.0.1', port }, asking).secured();
    idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    idle.resume();
    const slow = await connect({ host: '127.0.0.1', port }, asking).secured();
    slow.write('GET / HTTP/1.1\r\nHo');
    let said = '';
    slow.on('data', (data: Buffer) => {
      said += data.toString();
    });
    // It is cut off in both cases: Node destroys.
    for (const socket of [idle, slow]) socket.on('error', () => {});
    await Promise.all([closed(idle), closed(slow)]);
    expect(said).toMatch(/^HTTP\/1\.1 408/);
  });

  it('close() lets idle connections go', async () => {
    const app = echo();
    const listener = ours({ protocolHandlers: { '*': app } });
    const port = await portOf(listener);
    const agent = new https.Agent({ keepAlive: true });
    toStop.push(() => agent.destroy());
    await request({ ...target(port), agent });
    listener.close();
    await once(listener, 'close');
  });

  it('answers what is no HTTP, and serves the next', async () => {
    const port = await httpServer(echo());
    const socket = await connect({ host: '127.0.0.1', port }, asking).secured();
    socket.on('error', () => {});
    socket.write('no HTTP\r\n\r\n');
    expect((await once(socket, 'data')).toString()).toMatch(/^HTTP\/1\.1 400/);
    await closed(socket);
    expect((await request(target(port))).status).toBe(200);
  });
});

describe('https.request with our agent', () => {
  it('gets, keeps alive, posts, from a server of node:tls', async () => {
    const app = https.createServer(pem, async (message, response) => {
      let bytes = 0;
      for await (const chunk of message as AsyncIterable<Buffer>) bytes += chunk.length;
      response.end(`${bytes}`);
    });
    const port = await portOf(app);
    const agent = new Agent(asking, { keepAlive: true, maxSockets: 1 });
    toStop.push(() => agent.destroy());
    for (const size of [0, 3_000_000]) {
      const { text, reused } = await request({ host: '127.0.0.1', port, agent, method: 'POST' }, new Uint8Array(size));
      expect([text, reused]).toEqual([`${size}`, size > 0]);
    }
    await expect(request({ host: '127.0.0.1', port: 1, agent })).rejects.toMatchObject({ code: 'ERR_TRANSPORT' });
  });

  it('resumes, takes the name from the request, and refuses who is not who they have to be', async () => {
    const port = await portOf(https.createServer(pem, (_, response) => response.end('x')));
    const agent = new Agent({ anchors: ca });
    toStop.push(() => agent.destroy());
    const resumed: boolean[] = [];
    for (let i = 0; i < 2; i++) {
      const message = https.get({ host: '127.0.0.1', port, agent, servername: 'server.example' });
      const [response] = (await once(message, 'response')) as [http.IncomingMessage];
      resumed.push((message.socket as unknown as { isSessionReused(): boolean }).isSessionReused());
      await once(response.resume(), 'close');
    }
    expect(resumed).toEqual([false, true]);
    await expect(request({ host: '127.0.0.1', port, agent, servername: 'other.example' })).rejects.toMatchObject({
      code: 'ERR_PEER_REFUSED',
    });
  });

  it('a request that is aborted, and a timeout', async () => {
    const port = await portOf(https.createServer(pem, () => {}));
    const agent = new Agent(asking);
    toStop.push(() => agent.destroy());
    const timed = https.get({ host: '127.0.0.1', port, agent, timeout: 30 });
    await once(timed, 'timeout');
    timed.on('error', () => {}).destroy();
    await new Promise((resolve) => timed.once('close', resolve));
    await expect(request({ host: '127.0.0.1', port, agent, signal: AbortSignal.timeout(30) })).rejects.toThrow(/abort/);
  });
});

describe('http2', () => {
  it("our server under Node's http2, next to HTTP/1.1", async () => {
    const h2 = http2.createServer();
    h2.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    const h1 = echo();
    const port = await portOf(ours({ protocolHandlers: { h2, 'http/1.1': h1 } }));
    const session = http2.connect(`https://server.example:${port}`, {
      ca,
      lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }] as never, 4),
    });
    toStop.push(() => session.destroy());
    const size = 1_000_000;
    const streams = await Promise.all(
      [1, 2, 3].map(async () => {
        const stream = session.request({ ':method': 'POST', ':path': '/' });
        stream.end(Buffer.alloc(size));
        let bytes = 0;
        for await (const chunk of stream as AsyncIterable<Buffer>) bytes += chunk.length;
        return bytes;
      }),
    );
    expect(streams).toEqual([size, size, size]);
    expect(
      (
        await request({
          ...target(port),
          agent: new https.Agent({ ALPNProtocols: ['http/1.1'] } as https.AgentOptions),
        })
      ).status,
    ).toBe(200);
  });

  it("Node's http2 client over our socket, secure already or not yet", async () => {
    const server = http2.createSecureServer(pem);
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    const port = await portOf(server);
    for (const wait of [true, false]) {
      const socket = connect({ host: '127.0.0.1', port }, { ...asking, alpn: ['h2'] });
      if (wait) await socket.secured();
      const session = http2.connect('https://server.example', { createConnection: () => socket });
      const stream = session.request({ ':method': 'POST', ':path': '/' });
      stream.end(Buffer.alloc(500_000));
      let bytes = 0;
      for await (const chunk of stream as AsyncIterable<Buffer>) bytes += chunk.length;
      expect(bytes).toBe(500_000);
      expect(socket.alpnProtocol).toBe('h2');
      session.close();
      await once(session, 'close');
    }
  });
});

describe('undici', () => {
  it('fetch, HTTP/1.1 and HTTP/2', async () => {
    const server = http2.createSecureServer({ ...pem, allowHTTP1: true }, (message, response) => {
      response.end(`${message.httpVersion} ${message.url}`);
    });
    const port = await portOf(server);
    for (const [alpn, version] of [
      [['http/1.1'], '1.1'],
      [['h2', 'http/1.1'], '2.0'],
    ] as const) {
      const dispatcher = new UndiciAgent({ connect: connector({ ...asking, alpn }), allowH2: true });
      for (const path of ['/a', '/b']) {
        const response = await fetch(`https://127.0.0.1:${port}${path}`, { dispatcher });
        expect(await response.text()).toBe(`${version} ${path}`);
      }
      await dispatcher.destroy();
    }
  });

  it('says why it could not connect', async () => {
    const port = await portOf(https.createServer(pem));
    const dispatcher = new UndiciAgent({ connect: connector({ anchors: ca, serverName: 'other.example' }) });
    const reason = await fetch(`https://127.0.0.1:${port}/`, { dispatcher }).catch((error: unknown) => error);
    expect(reason).toMatchObject({ cause: { code: 'ERR_PEER_REFUSED' } });
    await dispatcher.destroy();
  });
});
