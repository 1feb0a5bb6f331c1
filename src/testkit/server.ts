import { createServer, type Server, type Socket } from 'node:net';
import { autoProvider } from '../crypto/auto.ts';
import { createServerContext } from '../contexts.ts';
import type { TraceEvent } from '../handshake/config.ts';
import type { Engine } from '../engine/engine.ts';
import { certificateVerifier } from '../pki/verifiers/verifier.ts';
import { server12, server13 } from '../protocols.ts';
import { type Conversation, converse } from './converse.ts';
import { type Judgement, judge } from './fault.ts';
import { type FirstHello, plaintextAlert, readHello } from './hello.ts';
import { Authorities } from './server-credentials.ts';
import { SERVER_FAULTS, type ServerFault } from './server-faults.ts';

/** How a bad server is started. */
export interface BadServerOptions {
  /** Default: a free one. */
  readonly port?: number | undefined;
  /** Default: 127.0.0.1. */
  readonly address?: string | undefined;
  /** What stands behind the name of a fault. Default: `localhost`, all of whose names are this machine. */
  readonly domain?: string | undefined;
  /** One fault, whatever name is asked for: for clients that ask for none. Default: that of the name. */
  readonly only?: string | undefined;
  /** Milliseconds that a conversation may take. Default: 10,000. */
  readonly limit?: number | undefined;
  /** Is told how each connection went. */
  readonly onResult?: ((result: BadServerResult) => void) | undefined;
}

/** What a client did when it met a fault. */
export interface BadServerResult extends Conversation {
  readonly fault: ServerFault;
  readonly judgement: Judgement;
}

/** A server that does what no server should: one fault for each name. */
export interface BadServer {
  readonly port: number;
  /** The address that it listens on: `{ host, port }` is where to connect to. */
  readonly host: string;
  /** To be trusted by the clients that are tested, in PEM. */
  readonly root: string;
  /** A certificate and a key that `wants-certificate` takes, in PEM. */
  readonly client: { readonly certificate: string; readonly key: string };
  /** Lists of what is revoked, in PEM. */
  readonly crl: string;
  readonly faults: readonly ServerFault[];
  /** Whom to ask for: `expired.localhost`. @throws RangeError when there is no such fault. */
  nameOf(fault: string): string;
  /** How the next connection to this fault goes. */
  next(fault: string): Promise<BadServerResult>;
  close(): Promise<void>;
}

/** That a client may be silent before the server speaks, in milliseconds. */
const PATIENCE = 300;

/**
 * Starts a server for testing clients: it listens on one port, and misbehaves as the name that is asked for says. Its
 * certificates are made anew each time.
 * @throws RangeError for a fault that there is not.
 *
 * @example
 * ```ts
 * import { connect } from 'warifu/node';
 * import { startBadServer } from 'warifu/testkit';
 * const server = await startBadServer();
 * const next = server.next('expired');
 * const socket = connect(server, { anchors: server.root, serverName: server.nameOf('expired') });
 * const error = await socket.secured().catch((reason) => reason);
 * error.failure.code; // 'CERT_EXPIRED'
 * (await next).judgement; // 'right': certificate_expired, and no data
 * await server.close();
 * ```
 */
export async function startBadServer(options: BadServerOptions = {}): Promise<BadServer> {
  const { domain = 'localhost', address = '127.0.0.1', limit = 10_000, only, onResult } = options;
  if (only !== undefined) find(only);
  const authorities = new Authorities();
  const client = authorities.client();
  const waiting: { readonly fault: string; resolve(result: BadServerResult): void }[] = [];
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => {});
    serve(socket, { authorities, domain, only, limit }).then((result) => {
      socket.destroy();
      if (result === undefined) return;
      onResult?.(result);
      const at = waiting.findIndex(({ fault }) => fault === result.fault.name);
      if (at >= 0) waiting.splice(at, 1)[0]?.resolve(result);
    });
  });
  const port = await listening(server, options.port ?? 0, address);
  return {
    port,
    host: address,
    root: authorities.root.pem,
    client: { certificate: client.pem + authorities.intermediate.pem, key: client.keyPem },
    crl: await authorities.crl(domain),
    faults: SERVER_FAULTS,
    nameOf: (fault) => `${find(fault).name}.${domain}`,
    next: (fault) => {
      find(fault);
      return new Promise((resolve) => waiting.push({ fault, resolve }));
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of open) socket.destroy();
      }),
  };
}

function find(name: string): ServerFault {
  const found = SERVER_FAULTS.find((fault) => fault.name === name);
  if (found === undefined)
    throw new RangeError(
      `there is no fault "${name}"; there are ${SERVER_FAULTS.map((fault) => fault.name).join(', ')}`,
    );
  return found;
}

function listening(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}

interface Setting {
  readonly authorities: Authorities;
  readonly domain: string;
  readonly only: string | undefined;
  readonly limit: number;
}

async function serve(socket: Socket, setting: Setting): Promise<BadServerResult | undefined> {
  const first = await readHello(socket, setting.limit);
  if (first === undefined) return undefined;
  const label = setting.only ?? first.name?.split('.')[0]?.toLowerCase() ?? 'good';
  const fault = SERVER_FAULTS.find(({ name }) => name === label) ?? SERVER_FAULTS[0]!;
  const conversation =
    fault.raw === undefined
      ? await behave(socket, fault, first, setting)
      : await answerRaw(socket, fault.raw, first, setting);
  return { ...conversation, fault, judgement: judge(fault, conversation) };
}

async function behave(socket: Socket, fault: ServerFault, first: FirstHello, setting: Setting): Promise<Conversation> {
  const { authorities, domain, limit } = setting;
  const name = first.name ?? `${fault.name}.${domain}`;
  let alert: number | undefined;
  const onTrace = (event: TraceEvent): void => {
    if (event.type === 'alert' && event.from === 'client' && event.description !== 0) alert ??= event.description;
  };
  const engine = await makeEngine(fault, name, authorities, onTrace);
  const say = new TextEncoder().encode(answerOf(fault));
  const words = { patience: PATIENCE, say, limit };
  return await converse(socket, engine, first.bytes, fault.misbehaviour?.() ?? {}, words, () => alert);
}

async function makeEngine(
  fault: ServerFault,
  name: string,
  authorities: Authorities,
  onTrace: (event: TraceEvent) => void,
): Promise<Engine> {
  const { credential } = await authorities.server(fault.certificate ?? 'good', name);
  const crypto = autoProvider();
  const protocols = [server13, server12].filter(
    ({ version }) => fault.version === undefined || (version === 0x0304) === (fault.version === '1.3'),
  );
  const context = createServerContext({
    credential,
    protocols,
    resumption: false,
    alpn: ['http/1.1'],
    ...(fault.asksForCertificate === true && {
      clientAuth: 'require',
      verifier: certificateVerifier({ anchors: authorities.root.der, signatures: crypto.verifier }),
    }),
  });
  return await context.engine({ onTrace });
}

/** An answer of HTTP, so that programs which speak it can be tested too. */
function answerOf({ name, about, right }: ServerFault): string {
  const body = `${name}: ${about}. A client that is right ${right === 'connect' ? 'connects' : right === 'refuse' ? 'never reads this' : 'notices'}.\n`;
  return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

/** In plaintext; what the client makes of it is told by its alert. */
function answerRaw(
  socket: Socket,
  raw: ServerFault['raw'] & {},
  first: FirstHello,
  { limit }: Setting,
): Promise<Conversation> {
  return new Promise((resolve) => {
    let alert: number | undefined;
    let end: Conversation['end'] = 'none';
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ established: false, dataReceived: 0, alert, end, error: undefined });
    };
    const timer = setTimeout(finish, limit);
    socket.on('data', (chunk: Uint8Array) => {
      alert ??= plaintextAlert(chunk);
    });
    const closed = (): void => {
      end = 'closed';
      finish();
    };
    socket.once('end', closed).once('close', closed);
    raw(socket, first.hello);
    socket.resume();
  });
}
