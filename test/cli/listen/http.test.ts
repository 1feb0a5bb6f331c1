import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import * as tls from 'node:tls';
import { spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { isInstalled } from '../../support/child.ts';
import { Pki, type Running, start, webServer, type WebServer } from './listener.ts';

/** `warifu listen --http` in front of servers of HTTP/1.1, HTTP/2 and WebSocket. */

let pki: Pki;
beforeAll(async () => {
  pki = await Pki.make();
  await pki.issue('expired', {
    names: ['old.example'],
    purpose: 'client',
    notBefore: Date.now() - 2 * 86_400_000,
    notAfter: Date.now() - 86_400_000,
  });
});
afterAll(() => pki.remove());

const toStop: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

async function listen(...args: readonly string[]): Promise<Running> {
  const files = ['--certificate', pki.path('server.crt'), '--key', pki.path('server.key')];
  const running = await start(pki.folder, 'listen', '--http', '--address', '127.0.0.1:0', ...files, ...args);
  toStop.push(() => running.stop());
  return running;
}

async function web(name: string, port?: number, handler?: http.RequestListener): Promise<WebServer> {
  const server = await webServer(name, port, handler);
  toStop.push(() => server.stop());
  return server;
}

const to = (...servers: readonly { readonly port: number }[]): string[] =>
  servers.flatMap(({ port }) => ['--to', `127.0.0.1:${port}`]);
const anchors = (): string[] => ['--anchors', pki.path('root.crt')];

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  readonly trailers: { readonly [name: string]: string | undefined };
}

function ask(
  port: number,
  options: https.RequestOptions & { readonly client?: string } = {},
  body?: string | Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { client, ...rest } = options;
    const request = https.request({ ...pki.client(client), port, agent: false, ...rest }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
          trailers: response.trailers,
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function echoed(port: number, options: Parameters<typeof ask>[1] = {}, body?: string) {
  const { text } = await ask(port, options, body);
  return JSON.parse(text) as {
    name: string;
    method: string;
    url: string;
    length: number;
    headers: http.IncomingHttpHeaders;
  };
}

describe('HTTP/1.1', () => {
  it('passes on method, path, content and fields, and says who the client is', async () => {
    const running = await listen(...to(await web('one')));
    const sent = await echoed(
      running.port,
      { method: 'PUT', path: '/a?b=c', headers: { 'x-a': ['1', '2'], 'x-forwarded-for': '6.6.6.6', x_real_ip: '6' } },
      'x'.repeat(100_000),
    );
    expect(sent).toMatchObject({ name: 'one', method: 'PUT', url: '/a?b=c', length: 100_000 });
    expect(sent.headers).toMatchObject({
      'x-a': '1, 2',
      host: `127.0.0.1:${running.port}`,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      forwarded: `for=127.0.0.1;host="127.0.0.1:${running.port}";proto=https`,
    });
    expect(sent.headers).not.toHaveProperty('x_real_ip');
    expect(await running.entry(({ event }) => event === 'request')).toMatchObject({
      method: 'PUT',
      path: '/a',
      status: 200,
    });
    const chunked = await new Promise<string>((resolve, reject) => {
      const request = https.request(
        { ...pki.client(), port: running.port, method: 'GET', agent: false },
        (response) => {
          let text = '';
          response.on('data', (chunk) => (text += String(chunk))).on('end', () => resolve(text));
        },
      );
      request.on('error', reject);
      request.setHeader('transfer-encoding', 'chunked');
      request.write('abc');
      request.end('def');
    });
    expect(JSON.parse(chunked)).toMatchObject({ method: 'GET', length: 6 });
  });

  it('keeps connections, and passes on trailers, empty answers and large ones', async () => {
    const big = 'z'.repeat(2_000_000);
    const server = await web('app', undefined, (request, response) => {
      if (request.url === '/empty') response.writeHead(204).end();
      else if (request.url === '/trailers') {
        response.writeHead(200, { trailer: 'x-sum' });
        response.write('abc');
        response.addTrailers({ 'x-sum': '3', 'client-cert': 'x' });
        response.end();
      } else response.end(big);
    });
    const running = await listen(...to(server));
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    toStop.push(async () => agent.destroy());
    expect(await ask(running.port, { agent, path: '/empty' })).toMatchObject({ status: 204, text: '' });
    expect((await ask(running.port, { agent, path: '/trailers' })).trailers).toEqual({ 'x-sum': '3' });
    expect((await ask(running.port, { agent, path: '/big' })).text.length).toBe(big.length);
    expect(await ask(running.port, { agent, method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it('tries the next server, and answers 502 with the reason where there is none', async () => {
    const gone = await webServer('gone');
    await gone.stop();
    const good = await web('good');
    const running = await listen(...to(gone, good), '--health', 'off');
    for (let i = 0; i < 3; i++) expect((await echoed(running.port, { method: 'POST' }, 'abc')).length).toBe(3);
    const alone = await listen(...to(gone));
    const answer = await ask(alone.port);
    expect(answer.status).toBe(502);
    expect(answer.headers['proxy-status']).toMatch(
      /^warifu;error=destination_unavailable;details=".*connection refused"$/,
    );
    expect(answer.text).toMatch(/connection refused/);
    const silent = await web('silent', undefined, () => {});
    const patient = await listen(...to(silent), '--response-timeout', '100ms');
    expect(await ask(patient.port)).toMatchObject({ status: 504, text: expect.stringMatching(/in time/) });
  });

  it('does not take half an answer for a whole one', async () => {
    const server = await web('half', undefined, (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('x'.repeat(100));
      setTimeout(() => response.destroy(), 30);
    });
    const running = await listen(...to(server));
    await expect(ask(running.port)).rejects.toThrow(/aborted|hang up|closed/);
    expect(await running.entry(({ event }) => event === 'request')).toMatchObject({
      why: expect.stringMatching(/middle/),
    });
  });

  it('refuses requests that could be read in two ways', async () => {
    const running = await listen(...to(await web('one')));
    const raw = (text: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = tls.connect({ ...pki.client(), port: running.port }, () => socket.write(text));
        let said = '';
        socket.on('data', (chunk) => (said += String(chunk))).on('error', () => {});
        socket.on('close', () => resolve(said));
        setTimeout(() => socket.destroy(), 400);
      });
    const bad = [
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc',
      'GET / HTTP/1.1\r\n\r\n',
      'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
    ];
    for (const text of bad) expect(await raw(text)).toMatch(/^HTTP\/1\.1 400/);
  });

  it('has time limits for slow clients', async () => {
    const running = await listen(...to(await web('one')), '--header-timeout', '200ms');
    const socket = tls.connect({ ...pki.client(), port: running.port }, () => socket.write('GET / HT'));
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk))).on('error', () => {});
    await new Promise((done) => socket.once('close', done));
    expect(text).toMatch(/^HTTP\/1\.1 408/);
  });
});

describe('client certificates', () => {
  it('are told in the forms that are asked for, and cannot be made up', async () => {
    const forms = ['--client-headers', 'rfc9440,xfcc,nginx,alb'];
    const running = await listen(...to(await web('one')), '--auth', 'request', ...anchors(), ...forms);
    const lies = {
      'client-cert': 'x',
      Client_Cert_Status: 'valid',
      'x-ssl-client-verify': 'SUCCESS',
      'x-forwarded-client-cert': 'y',
    };
    const { headers } = await echoed(running.port, { client: 'client', headers: lies });
    const der = headers['client-cert'];
    expect(headers['client-cert-status']).toBe('valid');
    expect(der).toMatch(/^:MII[A-Za-z0-9+/=]+:$/);
    expect(headers['x-ssl-client-verify']).toBe('SUCCESS');
    expect(headers['x-ssl-client-s-dn']).toBe('CN=alice');
    expect(decodeURIComponent(String(headers['x-ssl-client-cert']))).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
    expect(headers['x-forwarded-client-cert']).toMatch(
      /^Hash=[0-9a-f]{64};Cert="-----BEGIN.*;Subject="CN=alice";.*URI="spiffe:\/\/example\.test\/alice"/,
    );
    expect(headers['x-amzn-mtls-clientcert-subject']).toBe('CN=alice');
    expect(headers).not.toHaveProperty('client_cert_status');
    const none = (await echoed(running.port, { headers: lies })).headers;
    expect(none['client-cert-status']).toBe('missing');
    expect(none['x-ssl-client-verify']).toBe('NONE');
    for (const name of ['client-cert', 'x-forwarded-client-cert', 'x-amzn-mtls-clientcert-leaf'])
      expect(none).not.toHaveProperty(name);
    const old = (await echoed(running.port, { client: 'expired', headers: lies })).headers;
    expect(old['client-cert-status']).toMatch(/^invalid;code=CERT_EXPIRED;reason="certificate 0 \(CN=old\.example/);
    expect(old['x-ssl-client-verify']).toBe('FAILED:CERT_EXPIRED');
    expect(old).not.toHaveProperty('client-cert');
  });

  it('are needed for some paths, however they are written', async () => {
    const running = await listen(...to(await web('one')), '--auth', 'request', ...anchors(), '--require-for', '/admin');
    expect((await ask(running.port, { path: '/' })).status).toBe(200);
    for (const path of ['/admin', '/%61dmin/x', '//admin', '/x/..;/admin', `https://localhost/admin`])
      expect((await ask(running.port, { path })).status).toBe(403);
    expect((await ask(running.port, { path: '/admin', client: 'client' })).status).toBe(200);
    expect((await ask(running.port, { path: '/admin', client: 'expired' })).text).toMatch(/expired/);
  });
});

describe('options', () => {
  it('HSTS, redirects, and addresses that may speak of others', async () => {
    const server = await web('one');
    const running = await listen(
      ...to(server),
      '--hsts',
      '30d',
      '--redirect-from',
      '127.0.0.1:0',
      '--trust-forwarded',
      '127.0.0.0/8',
    );
    expect((await ask(running.port)).headers['strict-transport-security']).toBe('max-age=2592000');
    const port = Number(/\d+$/.exec(running.addresses[1] ?? '')?.[0]);
    const redirect = await new Promise<http.IncomingMessage>((done) =>
      http.get({ host: '127.0.0.1', port, path: '/x?y', headers: { host: 'a.example:80' } }, done),
    );
    expect(redirect).toMatchObject({ statusCode: 308, headers: { location: 'https://a.example/x?y' } });
    redirect.resume();
    const { headers } = await echoed(running.port, { headers: { 'x-forwarded-for': '192.0.2.1' } });
    expect(headers['x-forwarded-for']).toBe('192.0.2.1, 127.0.0.1');
  });

  it('health by HTTP', async () => {
    let status = 200;
    const sick = await web('sick', undefined, (request, response) => {
      response.writeHead(request.url === '/health' ? status : 200).end('sick');
    });
    const well = await web('well', undefined, (_request, response) => response.end('well'));
    const health = ['--health', 'http', '--health-path', '/health', '--health-interval', '100ms', '--health-fall', '1'];
    const running = await listen(...to(sick, well), ...health);
    status = 503;
    for (let i = 0; i < 300 && running.notes.every((note) => !/it is down \(it answers 503/.test(note)); i++)
      await new Promise((done) => setTimeout(done, 10));
    const texts = await Promise.all([1, 2, 3, 4].map(async () => (await ask(running.port)).text));
    expect(texts).toEqual(['well', 'well', 'well', 'well']);
  });
});

describe('HTTP/2', () => {
  async function session(port: number, client?: string): Promise<http2.ClientHttp2Session> {
    const opened = http2.connect(`https://localhost:${port}`, { ...pki.client(client) });
    toStop.push(async () => opened.destroy());
    opened.on('error', () => {});
    return opened;
  }
  const call = (
    opened: http2.ClientHttp2Session,
    headers: http2.OutgoingHttpHeaders,
    body?: string,
  ): Promise<{ status: unknown; text: string; trailers: http2.IncomingHttpHeaders }> =>
    new Promise((resolve, reject) => {
      const stream = opened.request(headers, { endStream: body === undefined });
      let status: unknown;
      let text = '';
      let trailers: http2.IncomingHttpHeaders = {};
      stream.on('response', (answer) => (status = answer[':status']));
      stream.on('trailers', (answer) => (trailers = answer));
      stream.on('data', (chunk) => (text += String(chunk)));
      stream.on('end', () => resolve({ status, text, trailers })).on('error', reject);
      if (body !== undefined) stream.end(body);
    });

  it('from clients, to servers of HTTP/1.1', async () => {
    const running = await listen(...to(await web('one')), '--auth', 'optional', ...anchors());
    const opened = await session(running.port, 'client');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        call(opened, { ':path': `/${index}`, ':method': 'POST' }, 'x'.repeat(index * 1_000)),
      ),
    );
    for (const [index, { status, text }] of answers.entries()) {
      expect(status).toBe(200);
      expect(JSON.parse(text)).toMatchObject({
        url: `/${index}`,
        length: index * 1_000,
        headers: { 'client-cert-status': 'valid' },
      });
    }
    expect((await call(opened, { ':path': '/', cookie: ['a=1', 'b=2'] })).text).toMatch(/"cookie":"a=1; b=2"/);
    expect(await running.entry(({ protocol }) => protocol === 'HTTP/2.0')).toMatchObject({ status: 200 });
  });

  it('gRPC: HTTP/2 to the server too, with trailers and both directions open', async () => {
    const server = http2.createServer();
    server.on('stream', (stream, headers) => {
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'x-te': headers.te ?? '' },
        { waitForTrailers: true },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.on('data', (chunk) => stream.write(`got ${String(chunk)};`));
      stream.on('end', () => stream.end());
      stream.on('error', () => {});
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    toStop.push(() => new Promise((done) => server.close(done)));
    const running = await listen(...to(server.address() as AddressInfo), '--to-protocol', 'h2c');
    const opened = await session(running.port);
    const stream = opened.request({
      ':path': '/pkg.Service/Chat',
      ':method': 'POST',
      te: 'trailers',
      'content-type': 'application/grpc',
    });
    let text = '';
    stream.on('data', (chunk) => (text += String(chunk)));
    for (const word of ['one', 'two']) {
      stream.write(word);
      for (let i = 0; i < 300 && !text.includes(`got ${word}`); i++) await new Promise((done) => setTimeout(done, 10));
      expect(text).toContain(`got ${word}`);
    }
    const trailers = new Promise<http2.IncomingHttpHeaders>((done) => stream.once('trailers', done));
    stream.end();
    expect((await trailers)['grpc-status']).toBe('0');
    opened.close();
  });
});

describe('WebSocket', () => {
  it('is passed on in both directions, with the facts in the request', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    toStop.push(() => new Promise((done) => server.close(done)));
    await new Promise((done) => server.once('listening', done));
    server.on('connection', (socket, request) => {
      socket.send(String(request.headers['client-cert-status']));
      socket.on('message', (data) => socket.send(data));
    });
    const running = await listen(...to(server.address() as AddressInfo), '--auth', 'optional', ...anchors());
    const socket = new WebSocket(`wss://localhost:${running.port}/chat`, { ...pki.client('client') } as object);
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(String(data)));
    await new Promise((done, failed) => socket.once('open', done).once('error', failed));
    socket.send('hello');
    socket.send('x'.repeat(200_000));
    for (let i = 0; i < 300 && messages.length < 3; i++) await new Promise((done) => setTimeout(done, 10));
    expect(messages).toEqual(['valid', 'hello', 'x'.repeat(200_000)]);
    socket.close();
    expect(await running.entry(({ status }) => status === 101)).toMatchObject({ protocol: 'WebSocket', path: '/chat' });
  });

  it('no request reaches a server behind one that was not agreed to', async () => {
    const seen: string[] = [];
    const server = await web('plain', undefined, (request, response) => {
      seen.push(request.url ?? '');
      response.end('no');
    });
    const running = await listen(...to(server));
    const raw = (head: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = tls.connect({ ...pki.client(), port: running.port }, () =>
          socket.write(`${head}GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n`),
        );
        let text = '';
        socket.on('data', (chunk) => (text += String(chunk))).on('error', () => {});
        socket.on('close', () => resolve(text));
      });
    const upgrade = 'Host: a\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n';
    expect(await raw(`GET /ws HTTP/1.1\r\n${upgrade}Upgrade: websocket\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 200 OK[\s\S]*no$/,
    );
    expect(await raw(`GET /h2 HTTP/1.1\r\n${upgrade}Upgrade: h2c\r\n\r\n`)).toMatch(/^HTTP\/1\.1 501/);
    expect(seen).toEqual(['/ws']);
  });
});

describe('curl', () => {
  it('with both versions of HTTP, one-way and mutual', async () => {
    if (!isInstalled('curl')) return;
    const running = await listen(...to(await web('one')), '--auth', 'require', ...anchors());
    const url = `https://localhost:${running.port}/from-curl`;
    const curl = (...args: readonly string[]): Promise<{ code: number | null; text: string }> =>
      new Promise((resolve) => {
        const child = spawn('curl', ['-sS', '--cacert', pki.path('root.crt'), ...args, url]);
        let text = '';
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
        child.on('close', (code) => resolve({ code, text }));
      });
    const client = ['--cert', pki.path('client.crt'), '--key', pki.path('client.key')];
    for (const version of ['--http1.1', '--http2'])
      expect(await curl(version, ...client, '-d', 'abc')).toMatchObject({
        code: 0,
        text: expect.stringMatching(/"length":3/),
      });
    // TLS 1.3 refuses behind the handshake: curl may still be writing then, and say only that it could not.
    expect((await curl()).text).toMatch(/certificate required|alert|curl: \((35|55|56)\)/);
  });
});
