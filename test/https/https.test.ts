import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import nodeHttps from 'node:https';
import { describe, expect, it } from 'vitest';
import https, { Agent, createServer, get, request } from '../../src/https/index.ts';
import * as tls from '../../src/tls/index.ts';
import { ca, pem, portOf, stopLater } from '../tls/support.ts';

/** HTTP over ours in the interface of node:https, against itself and against Node's own. */

const answer: http.RequestListener = (request, response) => {
  request.resume().on('end', () => response.end(`${request.method} ${request.url}`));
};
const target = (port: number): nodeHttps.RequestOptions => ({
  host: '127.0.0.1',
  port,
  servername: 'server.example',
  ca,
});

async function textOf(sent: http.ClientRequest): Promise<string> {
  const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

/** What node:http calls a socket is one of ours. */
function ours(socket: object): tls.TLSSocket {
  if (!(socket instanceof tls.TLSSocket)) throw new TypeError('not a socket of ours');
  return socket;
}

async function served(options: nodeHttps.ServerOptions = {}): Promise<number> {
  const server = createServer({ ...pem, ...options }, answer);
  stopLater(() => server.closeAllConnections());
  return await portOf(server);
}

describe('requests', () => {
  it('reach our server and Node’s, by options, URL and both', async () => {
    const agent = new Agent();
    stopLater(() => agent.destroy());
    const port = await served();
    expect(await textOf(get({ ...target(port), agent, path: '/a' }))).toBe('GET /a');
    expect(await textOf(get(`https://127.0.0.1:${port}/b`, { agent, ca, servername: 'server.example' }))).toBe(
      'GET /b',
    );
    const sent = request(new URL(`https://127.0.0.1:${port}/c`), { ...target(port), agent, method: 'POST' });
    sent.end('body');
    expect(await textOf(sent)).toBe('POST /c');
    const theirs = nodeHttps.createServer(pem, answer);
    stopLater(() => theirs.closeAllConnections());
    expect(await textOf(get({ ...target(await portOf(theirs)), agent, path: '/d' }))).toBe('GET /d');
  });

  it('of Node’s own https reach our server', async () => {
    expect(await textOf(nodeHttps.get({ ...target(await served()), path: '/e', agent: false }))).toBe('GET /e');
  });

  it('share a connection that is kept alive, and sessions where it is not', async () => {
    const port = await served();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    stopLater(() => agent.destroy());
    const first = get({ ...target(port), agent });
    await textOf(first);
    await new Promise(setImmediate);
    const second = get({ ...target(port), agent });
    await textOf(second);
    expect(second.reusedSocket).toBe(true);
    const single = new Agent();
    const reused: boolean[] = [];
    for (let count = 0; count < 2; count++) {
      const sent = get({ ...target(port), agent: single });
      sent.once('socket', (socket) => socket.once('secureConnect', () => reused.push(ours(socket).isSessionReused())));
      await textOf(sent);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(reused).toEqual([false, true]);
  });

  it('whose options differ do not share one', () => {
    const agent = new Agent();
    const names = [{}, { ca: 'a' }, { rejectUnauthorized: false }, { servername: 'b' }].map((options) =>
      agent.getName({ host: 'a', port: 1, ...options }),
    );
    expect(new Set(names).size).toBe(4);
  });

  it('fail like those of node:https', async () => {
    const port = await served();
    const sent = get({ ...target(port), ca: [], agent: false });
    expect((await once(sent, 'error'))[0]).toMatchObject({ code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' });
  });
});

describe('the server', () => {
  it('asks for a certificate, and hands requests their socket', async () => {
    const server = createServer({ ...pem, ca, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const socket = ours(request.socket);
      response.end(`${socket.encrypted} ${socket.authorized} ${socket.authorizationError}`);
    });
    stopLater(() => server.closeAllConnections());
    const port = await portOf(server);
    expect(await textOf(get({ ...target(port), agent: false }))).toBe('true false UNABLE_TO_GET_ISSUER_CERT');
    expect(await textOf(get({ ...target(port), agent: false, ...pem }))).toMatch(
      /^true (true null|false INVALID_PURPOSE)$/,
    );
  });

  it('takes the settings of a server of node:http, and tells of clients that speak something else', async () => {
    const server = createServer({ ...pem, maxHeaderSize: 1_024 }, answer);
    server.setTimeout(1_234);
    expect(Reflect.get(server, 'timeout')).toBe(1_234);
    const port = await portOf(server);
    const failed = once(server, 'tlsClientError');
    http.get({ host: '127.0.0.1', port, agent: false }).on('error', () => {});
    expect((await failed)[0]).toMatchObject({ code: expect.stringMatching(/^ERR_SSL_/) });
    const sent = get({ ...target(port), agent: false, headers: { long: 'x'.repeat(2_000) } });
    const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
    expect(response.statusCode).toBe(431);
    response.resume();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });

  it('the module as an object', () => {
    expect(https.globalAgent).toBeInstanceOf(https.Agent);
    expect(Object.keys(nodeHttps).filter((name) => !(name in https) && name !== 'default')).toEqual([]);
  });
});

describe('HTTP/2', () => {
  it('over a connection and a listener of ours', async () => {
    const app = http2.createServer((request, response) => response.end(`h2 ${request.url}`));
    const server = tls.createServer({ ...pem, ALPNProtocols: ['h2'] }, (socket) => void app.emit('connection', socket));
    const port = await portOf(server);
    const session = http2.connect(`https://127.0.0.1:${port}`, {
      createConnection: () =>
        tls.connect({ host: '127.0.0.1', port, servername: 'server.example', ca, ALPNProtocols: ['h2'] }),
    });
    stopLater(() => session.destroy());
    const stream = session.request({ ':path': '/f' });
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += chunk;
    expect(text).toBe('h2 /f');
  });
});
