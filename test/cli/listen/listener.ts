import { readFileSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import * as net from 'node:net';
import { resolve } from 'node:path';
import * as tls from 'node:tls';
import { runProgram } from '../../../src/cli/program.ts';
import { processTerminal, type Terminal } from '../../../src/cli/terminal.ts';
import { type Authority, createAuthority, createCrl, issueCertificate } from '../../../src/pki/issue/index.ts';
import { Folder } from '../../support/programs.ts';

/** `warifu listen` in this process, with files, servers and clients of its own. */

export interface Running {
  /** Of its first address. */
  readonly port: number;
  readonly addresses: readonly string[];
  /** What was said on standard error. */
  readonly notes: readonly string[];
  /** The entries of its access log. */
  log(): readonly Entry[];
  /** Waits for an entry that fits. */
  entry(fits: (entry: Entry) => boolean): Promise<Entry>;
  stop(): Promise<number>;
}

export interface Entry {
  readonly event: string;
  readonly [name: string]: unknown;
}

let made = 0;

/** Starts a command that listens until it is stopped. */
export async function start(folder: Folder, command: string, ...args: readonly string[]): Promise<Running> {
  const log = folder.path(`log-${made++}.jsonl`);
  const notes: string[] = [];
  const printed: string[] = [];
  let stopped: (signal: string) => void = () => {};
  let wake: () => void = () => {};
  const terminal: Terminal = {
    ...processTerminal(),
    print: (text) => {
      printed.push(text);
      wake();
    },
    note: (text) => void notes.push(text),
    printBytes: () => {},
    readInput: () => new Uint8Array(0),
    untilStopped: () =>
      new Promise((done) => {
        stopped = done;
      }),
    isColoured: false,
    path: (name) => resolve(folder.directory, name),
  };
  const ended = runProgram([command, ...args, '--log', log, '--json'], terminal);
  await new Promise<void>((done, reject) => {
    wake = () => {
      if (printed.length > 0) done();
    };
    ended.then((code) => reject(new Error(`it ended with ${code}: ${notes.join('\n')}`)), reject);
    wake();
  });
  // Several listeners are told of one after the other, in one turn.
  await new Promise((done) => setImmediate(done));
  const addresses = printed.flatMap((line) => (JSON.parse(line) as { addresses: string[] }).addresses);
  const entries = (): readonly Entry[] => {
    let text = '';
    try {
      text = readFileSync(log, 'utf8');
    } catch {
      // Nothing was written yet.
    }
    return text
      .split('\n')
      .slice(0, -1)
      .map((line): Entry => JSON.parse(line));
  };
  return {
    addresses,
    port: Number(/:(\d+)$/.exec(addresses[0] ?? '')?.[1]),
    notes,
    log: entries,
    entry: async (fits) => {
      for (let i = 0; i < 400; i++) {
        const found = entries().find(fits);
        if (found !== undefined) return found;
        await new Promise((done) => setTimeout(done, 10));
      }
      throw new Error(`no such entry: ${JSON.stringify(entries(), undefined, 1)}\n${notes.join('\n')}`);
    },
    stop: async () => {
      stopped('SIGTERM');
      return await ended;
    },
  };
}

/** An authority and what it issued, in files. */
export class Pki {
  readonly folder: Folder = new Folder();
  readonly root: Authority;
  readonly other: Authority;

  private constructor(root: Authority, other: Authority) {
    this.root = root;
    this.other = other;
  }

  /** root.crt, server.crt and .key for localhost, client.crt and .key for alice. */
  static async make(): Promise<Pki> {
    const pki = new Pki(
      await createAuthority({ subject: 'Test Root', notBefore: Date.now() - 3 * 86_400_000 }),
      await createAuthority({ subject: 'Another Root' }),
    );
    pki.folder.write('root.crt', pki.root.pem);
    pki.folder.write('other-root.crt', pki.other.pem);
    await pki.issue('server', { names: ['localhost', '127.0.0.1'], purpose: 'server' });
    await pki.issue('client', {
      names: ['alice.example', 'alice@example.test', 'spiffe://example.test/alice'],
      subject: 'alice',
      purpose: 'client',
    });
    return pki;
  }

  /** NAME.crt and NAME.key. */
  async issue(
    name: string,
    options: Partial<Parameters<typeof issueCertificate>[0]>,
  ): Promise<Awaited<ReturnType<typeof issueCertificate>>> {
    const issued = await issueCertificate({ issuer: this.root, names: [], ...options });
    this.folder.write(`${name}.crt`, issued.chainPem ?? issued.pem);
    this.folder.write(`${name}.key`, issued.keyPair?.pem ?? '');
    return issued;
  }

  async crl(name: string, revoked: readonly Uint8Array[]): Promise<void> {
    const list = await createCrl({
      issuer: this.root,
      number: ++made,
      entries: revoked.map((serial) => ({ serial, date: Date.now() - 60_000, reason: 'keyCompromise' as const })),
    });
    writeFileSync(this.folder.path(name), list.pem);
  }

  path(name: string): string {
    return this.folder.path(name);
  }

  /** What node:tls needs to be this client. */
  client(name?: string): tls.ConnectionOptions {
    const ca = this.folder.text('root.crt');
    if (name === undefined) return { ca, host: '127.0.0.1', servername: 'localhost' };
    return {
      ca,
      host: '127.0.0.1',
      servername: 'localhost',
      cert: this.folder.text(`${name}.crt`),
      key: this.folder.text(`${name}.key`),
    };
  }

  remove(): void {
    this.folder.remove();
  }
}

/** A server of TCP that says its name, and everything that it is told. */
export interface TcpServer {
  readonly port: number;
  readonly name: string;
  readonly sockets: ReadonlySet<net.Socket>;
  stop(): Promise<void>;
}

export async function tcpServer(
  name: string,
  port: number = 0,
  take: (socket: net.Socket) => void = (socket) => {
    socket.write(`${name}\n`);
    socket.pipe(socket);
  },
): Promise<TcpServer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    take(socket);
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return {
    name,
    sockets,
    port: (server.address() as net.AddressInfo).port,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export interface WebServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** A server of HTTP/1.1 that answers with what it was asked, as JSON. */
export async function webServer(name: string, port: number = 0, handler?: http.RequestListener): Promise<WebServer> {
  const server = http.createServer(
    handler ??
      ((request, response) => {
        let length = 0;
        request.on('data', (chunk: Buffer) => (length += chunk.length));
        request.on('end', () => {
          response.setHeader('content-type', 'application/json');
          const { method, url, headers, rawHeaders } = request;
          response.end(JSON.stringify({ name, method, url, headers, rawHeaders, length }));
        });
      }),
  );
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return {
    port: (server.address() as net.AddressInfo).port,
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

/** Talks over TLS until the other side ends: what it said, and how it ended. */
export function talk(
  options: tls.ConnectionOptions,
  say: string,
  { end = true }: { readonly end?: boolean } = {},
): Promise<{ readonly text: string; readonly error: string | undefined; readonly protocol: string | null }> {
  return new Promise((resolve) => {
    let text = '';
    let error: string | undefined;
    let protocol: string | null = null;
    const socket = tls.connect({ ...options }, () => {
      protocol = socket.getProtocol();
      if (end) socket.end(say);
      else socket.write(say);
    });
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('error', (reason) => (error = reason.message));
    socket.on('close', () => resolve({ text, error, protocol }));
  });
}
