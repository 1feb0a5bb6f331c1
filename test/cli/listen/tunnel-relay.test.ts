import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import * as net from 'node:net';
import * as tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { runProgram } from '../../../src/cli/program.ts';
import { FrameReader, writeFrame } from '../../../src/cli/relay/frames.ts';
import { processTerminal } from '../../../src/cli/terminal.ts';
import { Pki, type Running, start, tcpServer, type TcpServer } from './listener.ts';

/** `warifu tunnel` and `warifu relay`, with servers and clients of Node's and of ws. */

let pki: Pki;
beforeAll(async () => {
  pki = await Pki.make();
});
afterAll(() => pki.remove());

const toStop: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

async function running(command: string, ...args: readonly string[]): Promise<Running> {
  const found = await start(pki.folder, command, ...args);
  toStop.push(() => found.stop());
  return found;
}

/** What a command says when it does not begin. */
async function refusal(...args: readonly string[]): Promise<string> {
  const notes: string[] = [];
  const code = await runProgram(args, { ...processTerminal(), note: (text) => void notes.push(text) });
  expect(code).toBe(2);
  return notes.join('\n');
}

async function backend(name: string, take?: (socket: net.Socket) => void): Promise<TcpServer> {
  const server = await tcpServer(name, 0, take);
  toStop.push(() => server.stop());
  return server;
}

describe('tunnel', () => {
  /** A server of Node's that wants a client certificate, and says who came. */
  async function tlsServer(options: tls.TlsOptions = {}): Promise<number> {
    const { cert, key } = pki.client('server');
    const server = tls.createServer(
      { cert, key, ca: pki.folder.text('root.crt'), requestCert: true, rejectUnauthorized: true, ...options },
      (socket) => {
        socket.on('error', () => {});
        socket.write(`${socket.getPeerCertificate().subject?.CN ?? 'stranger'}\n`);
        socket.pipe(socket);
      },
    );
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    toStop.push(() => new Promise((done) => server.close(done)));
    return (server.address() as net.AddressInfo).port;
  }
  const say = async (port: number, text: string): Promise<string> => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    socket.end(text);
    let heard = '';
    for await (const chunk of socket) heard += String(chunk);
    return heard;
  };
  const client = (): string[] => ['--certificate', pki.path('client.crt'), '--key', pki.path('client.key')];
  const anchors = (): string[] => ['--anchors', pki.path('root.crt')];

  it('carries plain TCP over mutual TLS, to the last byte', async () => {
    const port = await tlsServer();
    const tunnel = await running('tunnel', '--port', '0', '--to', `127.0.0.1:${port}`, ...anchors(), ...client());
    const text = 'x'.repeat(200_000);
    expect(await say(tunnel.port, text)).toBe(`alice\n${text}`);
    expect(await tunnel.entry(({ event }) => event === 'connection')).toMatchObject({
      authenticated: true,
      version: 'TLSv1.3',
      sent: 200_000,
      received: 200_006,
    });
  });

  it('does not pass what a server said before it was cut off on as if it were whole', async () => {
    const { cert, key } = pki.client('server');
    const server = tls.createServer({ cert, key }, (socket) => void socket.write('half'));
    server.on('connection', (raw: net.Socket) => setTimeout(() => raw.end(), 300)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    toStop.push(() => new Promise((done) => server.close(done)));
    const { port } = server.address() as net.AddressInfo;
    const tunnel = await running('tunnel', '--port', '0', '--to', `127.0.0.1:${port}`, ...anchors());
    const socket = net.connect(tunnel.port, '127.0.0.1');
    let heard = '';
    socket.on('data', (chunk) => (heard += String(chunk)));
    const [error] = await once(socket, 'error');
    expect(error.code).toBe('ECONNRESET');
    expect(heard).toBe('half');
  });

  it('sends nothing to a server that is not the one that is meant', async () => {
    const port = await tlsServer();
    const to = ['--to', `127.0.0.1:${port}`];
    const cases = [
      [...to, '--anchors', pki.path('other-root.crt')],
      [...to, ...anchors(), '--server-name', 'other.example'],
      [...to, '--pin', `sha256/${randomBytes(32).toString('base64')}`],
    ];
    for (const args of cases) {
      const tunnel = await running('tunnel', '--port', '0', ...args, ...client());
      expect(await say(tunnel.port, 'secret')).toBe('');
      expect(await tunnel.entry(({ event }) => event === 'refused')).toMatchObject({
        failure: expect.stringMatching(/^CERT_/),
        remedy: expect.any(String),
      });
    }
  });

  it('goes to the next server where one cannot be reached, and says what it needs', async () => {
    const gone = await tcpServer('gone');
    await gone.stop();
    const port = await tlsServer({ requestCert: false });
    const to = ['--to', `127.0.0.1:${gone.port},127.0.0.1:${port}`];
    const tunnel = await running('tunnel', '--port', '0', ...to, ...anchors());
    expect(await say(tunnel.port, 'hi')).toBe('stranger\nhi');
    expect(await refusal('tunnel', '--port', '0', '--to', 'a:1')).toMatch(/say how the server is verified/);
    expect(await refusal('tunnel', '--to', 'a:1', '--anchors', 'system')).toMatch(/port: it is needed/);
    expect(await refusal('tunnel', '--port', '1', '--anchors', 'system')).toMatch(/to: it is needed/);
  });
});

describe('relay', () => {
  const TOKEN = '0123456789abcdef0123456789abcdef';
  const origin = 'https://app.example.com';
  const tokens = (): string[] => ['--token-file', pki.folder.write('tokens.txt', `# for the app\n${TOKEN}\n`)];

  async function relay(target: { readonly port: number }, ...args: readonly string[]): Promise<Running> {
    return await running('relay', '--port', '0', '--target', `127.0.0.1:${target.port}`, '--origin', origin, ...args);
  }
  const url = ({ port }: Running, target: { readonly port: number }): string =>
    `ws://127.0.0.1:${port}/127.0.0.1:${target.port}`;
  const opened = async (
    address: string,
    protocols: readonly string[],
    options: object = { origin },
  ): Promise<WebSocket> => {
    const socket = new WebSocket(address, [...protocols], options);
    toStop.push(() => socket.terminate());
    await new Promise((done, failed) => socket.once('open', done).once('error', failed));
    return socket;
  };
  const status = (address: string, protocols: readonly string[] = [], options: object = { origin }): Promise<number> =>
    new Promise((resolve) => {
      const socket = new WebSocket(address, [...protocols], options);
      socket.on('unexpected-response', (_request, response: IncomingMessage) => {
        resolve(response.statusCode ?? 0);
        socket.terminate();
      });
      socket.on('open', () => {
        resolve(101);
        socket.terminate();
      });
      socket.on('error', () => resolve(0));
    });

  it('carries bytes both ways, to the last', async () => {
    const server = await backend('echo');
    const found = await relay(server, ...tokens());
    const socket = await opened(url(found, server), ['warifu.relay', `token.${TOKEN}`]);
    expect(socket.protocol).toBe('warifu.relay');
    const heard: Buffer[] = [];
    socket.on('message', (data: Buffer, isBinary) => {
      expect(isBinary).toBe(true);
      heard.push(data);
    });
    const sent = randomBytes(900_000);
    for (let at = 0; at < sent.length; at += 100_000) socket.send(sent.subarray(at, at + 100_000));
    for (let i = 0; i < 500 && Buffer.concat(heard).length < sent.length; i++)
      await new Promise((done) => setTimeout(done, 10));
    expect(Buffer.concat(heard).subarray(-sent.length).equals(sent)).toBe(true);
    socket.ping();
    await once(socket, 'pong');
    socket.close();
    await once(socket, 'close');
    expect(await found.entry(({ event }) => event === 'connection')).toMatchObject({
      origin,
      received: 900_000,
      sent: 900_005,
    });
  });

  it('lets no one in by default, nor without token, nor from elsewhere, nor to elsewhere', async () => {
    expect(await refusal('relay')).toMatch(/target: it is needed/);
    expect(await refusal('relay', '--target', 'a:1')).toMatch(/origin: it is needed/);
    expect(await refusal('relay', '--target', 'a:1', '--origin', origin)).toMatch(/token-file: it is needed/);
    const server = await backend('echo');
    const other = await backend('other');
    const found = await relay(server, ...tokens());
    const good = ['warifu.relay', `token.${TOKEN}`];
    expect(await status(url(found, server), good)).toBe(101);
    expect(await status(url(found, server), [], { origin, headers: { authorization: `Bearer ${TOKEN}` } })).toBe(101);
    expect(await status(url(found, server))).toBe(401);
    expect(await status(url(found, server), ['token.0123456789abcdef0123456789abcdee'])).toBe(401);
    expect(await status(url(found, server), good, { origin: 'https://evil.example' })).toBe(403);
    expect(await status(url(found, server), good, {})).toBe(403);
    expect(await status(url(found, other), good)).toBe(403);
    expect(await status(`ws://127.0.0.1:${found.port}/127.0.0.1:${server.port}@5`, good)).toBe(403);
    const web = await (await fetch(`http://127.0.0.1:${found.port}/`)).text();
    expect(web).toMatch(/WebSocket/);
  });

  it('over TLS, with limits, and text is not taken', async () => {
    const server = await backend('echo');
    const certificate = ['--certificate', pki.path('server.crt'), '--key', pki.path('server.key')];
    const found = await relay(server, '--no-token', '--max-connections', '1', ...certificate);
    const address = `wss://localhost:${found.port}/127.0.0.1:${server.port}`;
    const options = { origin, ca: pki.folder.text('root.crt') };
    const socket = await opened(address, [], options);
    expect(await status(address, [], options)).toBe(503);
    socket.send('text');
    const [code] = await once(socket, 'close');
    expect(code).toBe(1003);
  });

  it('does not keep answers for a client that does not read', async () => {
    const server = await backend('echo');
    const found = await relay(server, '--no-token');
    const raw = net.connect(found.port, '127.0.0.1');
    raw.on('error', () => {});
    toStop.push(() => raw.destroy());
    raw.write(
      `GET /127.0.0.1:${server.port} HTTP/1.1\r\nHost: a\r\nOrigin: ${origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    await once(raw, 'readable');
    raw.pause();
    // A ping of 125 bytes.
    const ping = Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125)]);
    const pings = Buffer.concat(Array.from({ length: 500 }, () => ping));
    let sent = 0;
    const stalled = async (): Promise<boolean> => {
      if (raw.write(pings)) return false;
      return await Promise.race([
        once(raw, 'drain').then(() => false),
        new Promise<boolean>((done) => setTimeout(() => done(true), 1_000)),
      ]);
    };
    while (sent < 100_000_000 && !(await stalled())) sent += pings.length;
    // What the system keeps for both sockets, and no more.
    expect(sent).toBeLessThan(50_000_000);
  });

  it('those who ask for nothing keep no one out', async () => {
    const server = await backend('echo');
    const found = await relay(server, '--no-token', '--max-connections', '2', '--max-per-address', '0');
    const silent = Array.from({ length: 5 }, () =>
      net
        .connect(found.port, '127.0.0.1')
        .on('error', () => {})
        .resume(),
    );
    toStop.push(() => silent.map((socket) => socket.destroy()));
    await Promise.all(silent.slice(0, 3).map((socket) => once(socket, 'close')));
    expect(await status(url(found, server))).toBe(101);
    const few = await relay(server, '--no-token', '--max-per-address', '1');
    const first = net.connect(few.port, '127.0.0.1').on('error', () => {});
    await once(first, 'connect');
    expect(await status(url(few, server))).toBe(0);
    first.destroy();
    await expect.poll(() => status(url(few, server))).toBe(101);
  });

  it('says when the server ends, after everything that it said', async () => {
    const server = await backend('bye', (socket) => socket.end('last words'));
    const found = await relay(server, '--no-token');
    const socket = new WebSocket(url(found, server), { origin });
    const heard: string[] = [];
    socket.on('message', (data) => heard.push(String(data)));
    const [code] = await once(socket, 'close');
    expect(heard.join('')).toBe('last words');
    expect(code).toBe(1000);
  });
});

describe('frames', () => {
  const masked = (opcode: number, payload: Uint8Array, isFinal = true): Buffer => {
    const [head = new Uint8Array(0)] = writeFrame(2, payload);
    const bytes = Buffer.concat([
      head,
      Uint8Array.of(1, 2, 3, 4),
      payload.map((byte, index) => byte ^ ((index & 3) + 1)),
    ]);
    bytes[0] = (isFinal ? 0x80 : 0) | opcode;
    bytes[1] = (bytes[1] ?? 0) | 0x80;
    return bytes;
  };

  it('are read in any pieces', () => {
    const payloads = [0, 1, 125, 126, 65_535, 65_536].map((length) => new Uint8Array(length).fill(length & 255));
    const whole = Buffer.concat(payloads.map((payload) => masked(2, payload)));
    const reader = new FrameReader(1_000_000);
    const parts = [];
    for (let at = 0; at < whole.length; at += 7_777) parts.push(...reader.read(whole.subarray(at, at + 7_777)));
    expect(Buffer.concat(parts.map(({ payload }) => payload)).equals(Buffer.concat(payloads))).toBe(true);
    // What has come is carried on, and not kept until the frame is whole; control frames come whole.
    const single = new FrameReader(1_000);
    const found = [
      ...masked(2, Buffer.from('ab'), false),
      ...masked(9, Buffer.from('ping')),
      ...masked(0, Buffer.from('cd')),
    ]
      .flatMap((byte) => single.read(Uint8Array.of(byte)))
      .map(({ opcode, payload }) => `${opcode} ${Buffer.from(payload)}`);
    expect(found).toEqual(['2 a', '2 b', '9 ping', '0 c', '0 d']);
  });

  it('are refused where they break the rules', () => {
    const code = (...chunks: readonly Uint8Array[]): number => {
      const reader = new FrameReader(1_000);
      try {
        for (const chunk of chunks) reader.read(chunk);
      } catch (error) {
        return (error as { code: number }).code;
      }
      return 0;
    };
    const small = new Uint8Array(3);
    expect(code(masked(2, small, false), masked(9, small), masked(0, small))).toBe(0);
    expect(code(Buffer.from([0x82, 0x03, 1, 2, 3]))).toBe(1002);
    expect(code(Buffer.from([0xc2, 0x80]))).toBe(1002);
    expect(code(masked(3, small))).toBe(1002);
    expect(code(masked(0, small))).toBe(1002);
    expect(code(masked(2, small, false), masked(2, small))).toBe(1002);
    expect(code(masked(9, small, false))).toBe(1002);
    expect(code(masked(9, new Uint8Array(126)))).toBe(1002);
    expect(code(masked(2, new Uint8Array(1_001)))).toBe(1009);
    expect(code(Buffer.from([0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0]))).toBe(1009);
    expect(code(Buffer.from([0x82, 0xfe, 0, 5]))).toBe(1002);
  });
});
