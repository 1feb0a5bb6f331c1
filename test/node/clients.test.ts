import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect as dial, type Server, type Socket } from 'node:net';
import { AbstractConnector, Redis } from 'ioredis';
import { MqttClient } from 'mqtt';
import { createTransport } from 'nodemailer';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Agent, connect, createServer, type TlsSocket } from '../../src/node/index.ts';
import { Files, freePort, isInstalled, startChild } from '../support/child.ts';
import { serverEntry, trustedRootsPem } from '../support/pki.ts';

/** Clients of other protocols over our sockets, as they are, with servers that know nothing of us. */

const entry = serverEntry();
const pem = { cert: entry.chain.join('\n'), key: entry.key };
const asking = { serverName: 'server.example', anchors: trustedRootsPem() } as const;

const toStop: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

const LOCAL = '127.0.0.1';

async function listening(server: Server): Promise<number> {
  toStop.push(() => server.close());
  server.listen(0, LOCAL);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Tries until something listens there. */
async function reachable(port: number): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const socket = dial(port, LOCAL);
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
  }
  throw new Error(`nothing listens on port ${port}`);
}

function pemFiles(): { readonly files: Files; readonly cert: string; readonly key: string; readonly ca: string } {
  const files = new Files();
  return {
    files,
    cert: files.add('cert.pem', pem.cert),
    key: files.add('key.pem', pem.key),
    ca: files.add('ca.pem', trustedRootsPem()),
  };
}

const secureTo = (port: number): TlsSocket => connect({ host: LOCAL, port }, asking);

describe('ws', () => {
  const talk = async (socket: WebSocket): Promise<string[]> => {
    const answers: string[] = [];
    const large = 'x'.repeat(300_000);
    socket.on('open', () => {
      for (const text of ['one', 'two', large]) socket.send(text);
    });
    socket.on('message', (data) => {
      answers.push(data.toString().slice(0, 5));
      if (answers.length === 3) socket.close();
    });
    await once(socket, 'close');
    return answers;
  };
  const echo = (server: WebSocketServer): WebSocketServer =>
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(data.toString())));

  it('a client over our socket, and over our agent', async () => {
    const app = https.createServer(pem);
    echo(new WebSocketServer({ server: app }));
    const port = await listening(app);
    const url = `wss://${LOCAL}:${port}/`;
    const over = new WebSocket(url, { createConnection: () => secureTo(port) as unknown as Socket });
    expect(await talk(over)).toEqual(['one', 'two', 'xxxxx']);
    expect(await talk(new WebSocket(url, { agent: new Agent(asking) }))).toEqual(['one', 'two', 'xxxxx']);
  });

  it('a server over ours', async () => {
    const app = http.createServer();
    echo(new WebSocketServer({ server: app }));
    const credential = { certificates: pem.cert, privateKey: pem.key };
    const port = await listening(createServer({ credential, protocolHandlers: { '*': app } }));
    const client = new WebSocket(`wss://${LOCAL}:${port}/`, {
      agent: new https.Agent({ ca: trustedRootsPem(), servername: 'server.example' }),
    });
    expect(await talk(client)).toEqual(['one', 'two', 'xxxxx']);
  });
});

const POSTGRES = ((): string | undefined => {
  const root = '/usr/lib/postgresql';
  const folder = existsSync(root)
    ? readdirSync(root).find((version) => existsSync(`${root}/${version}/bin/initdb`))
    : undefined;
  if (folder === undefined) console.log('skipped: postgresql not present');
  return folder === undefined ? undefined : `${root}/${folder}/bin`;
})();

describe.skipIf(POSTGRES === undefined)('pg', () => {
  it('asks PostgreSQL', async () => {
    const { files, cert, key } = pemFiles();
    const port = await freePort();
    const isRoot = process.getuid?.() === 0;
    // It does not run as root.
    const as = isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
    if (isRoot) execFileSync('chown', ['-R', 'postgres', files.directory]);
    chmodSync(files.directory, 0o700);
    const data = files.path('data');
    const run = (args: readonly string[]): [string, string[]] => {
      const [program, ...rest] = [...as, ...args];
      return [program!, rest];
    };
    execFileSync(...run([`${POSTGRES}/initdb`, '-D', data, '-U', 'warifu', '--auth=trust', '--no-sync']), {
      stdio: 'ignore',
    });
    const settings = {
      port: `${port}`,
      listen_addresses: LOCAL,
      unix_socket_directories: files.directory,
      ssl: 'on',
      ssl_cert_file: cert,
      ssl_key_file: key,
      fsync: 'off',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = startChild(...run([`${POSTGRES}/postgres`, '-D', data, ...options]), { files });
    toStop.push(() => server.stop());
    await server.waitFor(/ready to accept connections/);

    // PostgreSQL is asked in the clear whether it speaks TLS.
    const raw = dial(port, LOCAL);
    raw.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    expect((await once(raw, 'data')).toString()).toBe('S');
    const tls = connect(raw, asking);
    const client = new pg.Client({ user: 'warifu', database: 'postgres', stream: () => tls as unknown as Socket });
    await client.connect();
    const secure = await client.query('select ssl, version from pg_stat_ssl where pid = pg_backend_pid()');
    expect(secure.rows).toEqual([{ ssl: true, version: tls.getProtocol()! }]);
    const { rows } = await client.query('select repeat(md5(n::text), 100) as text from generate_series(1, 1000) n');
    expect(rows.map(({ text }) => text.length)).toEqual(new Array(1000).fill(3200));
    const large = 'y'.repeat(1_000_000);
    expect((await client.query('select length($1::text) as length', [large])).rows).toEqual([{ length: large.length }]);
    await client.end();
  });
});

describe.skipIf(!isInstalled('redis-server'))('ioredis', () => {
  it('asks Redis', async () => {
    const { files, cert, key, ca } = pemFiles();
    const port = await freePort();
    const options = {
      port: '0',
      'tls-port': `${port}`,
      bind: LOCAL,
      'tls-cert-file': cert,
      'tls-key-file': key,
      'tls-ca-cert-file': ca,
      'tls-auth-clients': 'no',
      save: '',
    };
    const server = startChild(
      'redis-server',
      Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
      { files },
    );
    toStop.push(() => server.stop());
    await reachable(port);
    class Ours extends AbstractConnector {
      constructor() {
        super(1_000);
      }
      async connect(): Promise<Socket> {
        this.stream = secureTo(port) as unknown as Socket;
        return this.stream as Socket;
      }
    }
    const redis = new Redis({ Connector: Ours });
    toStop.push(() => redis.disconnect());
    const value = 'z'.repeat(500_000);
    await redis.set('key', value);
    expect(await redis.get('key')).toBe(value);
    const pipeline = redis.pipeline();
    for (let i = 0; i < 1_000; i++) pipeline.incr('count');
    expect((await pipeline.exec())!.at(-1)).toEqual([null, 1_000]);
    await redis.quit();
  });
});

describe.skipIf(!isInstalled('mosquitto'))('mqtt', () => {
  it('publishes and subscribes at Mosquitto', async () => {
    const { files, cert, key } = pemFiles();
    const port = await freePort();
    const lines = [
      `listener ${port} ${LOCAL}`,
      `certfile ${cert}`,
      `keyfile ${key}`,
      'allow_anonymous true',
      'user root',
    ];
    const server = startChild('mosquitto', ['-c', files.add('mosquitto.conf', `${lines.join('\n')}\n`)], { files });
    toStop.push(() => server.stop());
    await reachable(port);
    const client = new MqttClient(() => secureTo(port), { clientId: 'warifu', reconnectPeriod: 0 });
    await new Promise((resolve) => client.once('connect', resolve));
    await client.subscribeAsync('a/+');
    const message = new Promise<[string, Buffer]>((resolve) =>
      client.once('message', (topic, received) => resolve([topic, received])),
    );
    const payload = Buffer.alloc(200_000, 'm');
    await client.publishAsync('a/b', payload, { qos: 1 });
    const [topic, received] = await message;
    expect([topic, received.equals(payload)]).toEqual(['a/b', true]);
    await client.endAsync();
  });
});

describe.skipIf(!isInstalled('aiosmtpd'))('nodemailer', () => {
  it('delivers to an SMTP server', async () => {
    const { files, cert, key } = pemFiles();
    const port = await freePort();
    const options = ['-n', '-l', `${LOCAL}:${port}`, '--smtpscert', cert, '--smtpskey', key];
    const server = startChild('aiosmtpd', [...options, '-c', 'aiosmtpd.handlers.Debugging', 'stdout'], {
      files,
      environment: { PYTHONUNBUFFERED: '1' },
    });
    toStop.push(() => server.stop());
    await reachable(port);
    const socket = await secureTo(port).secured();
    const transport = createTransport({
      host: LOCAL,
      port,
      secure: true,
      secured: true,
      connection: socket as unknown as Socket,
    });
    const lines = Array.from({ length: 2_000 }, (_, index) => `line ${index}`);
    const { accepted } = await transport.sendMail({
      from: 'a@server.example',
      to: 'b@server.example',
      subject: 'over TLS',
      text: lines.join('\n'),
    });
    expect(accepted).toEqual(['b@server.example']);
    await server.waitFor(/line 1999/);
    expect(server.output()).toMatch(/Subject: over TLS/);
    transport.close();
    socket.destroy();
  });
});
