import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { createServer as createNetServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServerContext, type ServerContext } from '../../contexts.ts';
import { autoProvider } from '../../crypto/auto.ts';
import { accept } from '../../node/connect.ts';
import { loadCredential } from '../../pki/credentials/credential.ts';
import type { Command, Given } from '../command.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { flagsOf, givenValues, readConfig, readSettings, sourceOfFlags } from '../listen/config.ts';
import { type AccessLog, accessLog, refusalFields } from '../listen/log.ts';
import { plainAddress, type Target, type Where } from '../listen/places.ts';
import { dial, reasonOf } from '../listen/pool.ts';
import { Snapshot } from '../listen/snapshot.ts';
import { listenOn, placeText } from '../listen/sockets.ts';
import { codeOf, type Terminal } from '../terminal.ts';
import { Asking } from './asking.ts';
import { bridge } from './bridge.ts';
import { RELAY_OPTIONS, type RelaySettings } from './options.ts';

/** `warifu relay` */
export const relayCommand: Command = {
  name: 'relay',
  summary: 'WebSocket to TCP, so that pages can speak TLS to servers that are allowed',
  operands: '',
  help: `
Takes WebSocket connections and carries their binary messages to a TCP server, byte for byte: a page that speaks TLS over it
(connect of warifu, with a WebSocket as its pipe) does so with the server itself, and the relay sees nothing but TLS.
Nothing is allowed by default: --target says which servers may be reached, --origin which pages may, --token-file who may.

  warifu relay --port 8080 --target db.example:5433 --origin https://app.example.com --token-file tokens.txt

A page connects to ws://HOST:8080/db.example:5433 with the subprotocols "warifu.relay" and "token.TOKEN"; a program may send
"Authorization: Bearer TOKEN" instead.
`,
  options: {
    config: { type: 'string', value: 'FILE', help: 'options in JSON, under the same names; flags take their place' },
    ...flagsOf(RELAY_OPTIONS),
  },
  run,
};

const PROTOCOL = 'warifu.relay';
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

interface Relay {
  readonly settings: RelaySettings;
  readonly targets: ReadonlyMap<string, Target>;
  /** SHA-256; undefined: no token is needed. */
  readonly tokens: readonly Buffer[] | undefined;
  readonly log: AccessLog;
  readonly open: Set<Duplex>;
  readonly byAddress: Map<string, number>;
  readonly asking: Asking;
}

async function run(given: Given, terminal: Terminal): Promise<number> {
  const note = (text: string): void => terminal.note(`warifu: ${text}`);
  const files = new Snapshot(terminal.path);
  const flags = sourceOfFlags(givenValues(given, RELAY_OPTIONS));
  const config = given.text('config');
  const settings = readSettings(RELAY_OPTIONS, config === undefined ? [flags] : [readConfig(config, files), flags]);
  const tokens = tokensOf(settings, files);
  const context = await contextOf(settings, files);
  const relay: Relay = {
    settings,
    targets: targetsOf(settings),
    tokens,
    log: accessLog(settings.log, note),
    open: new Set(),
    byAddress: new Map(),
    asking: new Asking(settings['max-connections'], settings['max-per-address']),
  };
  const http = httpServer(relay);
  const servers: Server[] = [];
  const wheres = addressesOf(settings);
  for (const where of wheres) {
    const server =
      context === undefined
        ? createNetServer({ noDelay: true }, (raw) => {
            raw.on('error', () => {});
            if (relay.asking.add(raw, raw)) http.emit('connection', raw);
          })
        : tlsServer(http, context, relay);
    try {
      await listenOn(server, where);
    } catch (error) {
      for (const one of servers) one.close();
      throw new Failure(`it cannot listen on ${where.text} (${codeOf(error)})`);
    }
    servers.push(server);
  }
  http.emit('listening');
  const addresses = servers.map((server, index) => placeText(wheres[index], server));
  terminal.print(
    given.has('json') ? JSON.stringify({ event: 'listening', addresses }) : `listening on ${addresses.join(', ')}`,
  );
  const signal = await terminal.untilStopped();
  note(`${signal}: nothing new is taken`);
  const closed = servers.map((server) => new Promise<void>((done) => server.close(() => done())));
  http.closeIdleConnections();
  const late = setTimeout(() => {
    for (const socket of relay.open) socket.destroy();
    http.closeAllConnections();
  }, settings['drain-timeout']);
  await Promise.all(closed);
  clearTimeout(late);
  http.closeAllConnections();
  await relay.log.close();
  return EXIT.ok;
}

function tokensOf(settings: RelaySettings, files: Snapshot): readonly Buffer[] | undefined {
  const name = settings['token-file'];
  if (settings.target.length === 0)
    throw usage(
      'target: it is needed: a server that may be reached, such as --target db.example:5433; nothing is allowed by default',
    );
  if (settings.origin.length === 0)
    throw usage(
      'origin: it is needed: whose pages may connect, such as --origin https://app.example.com; nothing is allowed by default',
    );
  if (name !== undefined && settings['no-token']) throw usage('no-token: not together with token-file');
  if (name === undefined && !settings['no-token'])
    throw usage('token-file: it is needed, so that not everyone may connect; where everyone may, write --no-token');
  if (settings.key.length > 0 && settings.certificate.length === 0) throw usage('key: it goes with certificate');
  if (name === undefined) return undefined;
  const tokens = new TextDecoder()
    .decode(files.read(name))
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (tokens.length === 0 || tokens.some((token) => !/^[A-Za-z0-9._~-]{16,512}$/.test(token)))
    throw new Failure(
      `${name}: tokens of 16 to 512 letters, digits and . _ ~ - are expected, one a line; "openssl rand -hex 32" makes one`,
    );
  return tokens.map(digest);
}

async function contextOf(settings: RelaySettings, files: Snapshot): Promise<ServerContext | undefined> {
  const [chain, ...more] = settings.certificate;
  const [key] = settings.key;
  if (more.length > 0) throw usage('certificate: there is one, with its key');
  if (chain === undefined) return undefined;
  const source = { certificates: files.read(chain), ...(key !== undefined && { privateKey: files.read(key) }) };
  return createServerContext({ credential: await loadCredential(source, autoProvider()), alpn: ['http/1.1'] });
}

/** By the names under which they may be asked for. */
function targetsOf({ target }: RelaySettings): ReadonlyMap<string, Target> {
  return new Map(target.map((one) => [one.name.toLowerCase(), one]));
}

function addressesOf({ address, port = 8_080 }: RelaySettings): readonly Where[] {
  if (address.length === 0) return [{ text: `127.0.0.1:${port}`, host: '127.0.0.1', port, path: undefined }];
  return address.map((where) =>
    where.path === undefined && where.port === undefined ? { ...where, text: `${where.text}:${port}`, port } : where,
  );
}

function tlsServer(http: HttpServer, context: ServerContext, { log, asking }: Relay): Server {
  return createNetServer({ allowHalfOpen: true, noDelay: true }, (raw) => {
    raw.on('error', () => {});
    if (raw.destroyed) return;
    const socket = accept(raw, { context, handshakeTimeout: 10_000 });
    if (!asking.add(socket, raw)) return;
    socket.on('error', (error) => {
      if (!socket.isSecure) log.write({ event: 'refused', client: clientOf(raw), ...refusalFields(error) });
    });
    socket.once('secure', () => http.emit('connection', socket));
  });
}

function httpServer(relay: Relay): HttpServer {
  const server = createHttpServer(
    { headersTimeout: 5_000, requestTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 8_192 },
    (_request, response) => {
      response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket', connection: 'close' });
      response.end('this is for WebSocket\n');
    },
  );
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    serve(relay, request, socket, head).catch(() => socket.destroy());
  });
  return server;
}

async function serve(relay: Relay, request: IncomingMessage, socket: Duplex, head: Uint8Array): Promise<void> {
  const began = Date.now();
  const { settings, log } = relay;
  const client = clientOf(request.socket);
  const refuse = (status: number, why: string): void => {
    const text = `${status}: ${why}\n`;
    socket.end(
      `HTTP/1.1 ${status} ${STATUS[status] ?? 'Refused'}\r\ncontent-type: text/plain\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`,
    );
    log.write({ event: 'refused', client, origin: request.headers.origin, status, message: why });
  };
  const asked = judge(relay, request);
  if ('why' in asked) {
    refuse(asked.status, asked.why);
    return;
  }
  const address = plainAddress(request.socket.remoteAddress) ?? '';
  const there = relay.byAddress.get(address) ?? 0;
  if (
    relay.open.size >= settings['max-connections'] ||
    (settings['max-per-address'] > 0 && there >= settings['max-per-address'])
  ) {
    refuse(503, 'there are too many connections');
    return;
  }
  relay.asking.delete(socket);
  relay.open.add(socket);
  relay.byAddress.set(address, there + 1);
  socket.once('close', () => {
    relay.open.delete(socket);
    const left = (relay.byAddress.get(address) ?? 1) - 1;
    if (left > 0) relay.byAddress.set(address, left);
    else relay.byAddress.delete(address);
  });
  let upstream: Socket;
  try {
    upstream = await dial(asked.target, settings['connect-timeout']);
  } catch (error) {
    refuse(502, `${asked.target.name}: ${reasonOf(error)}`);
    return;
  }
  if (socket.destroyed) {
    upstream.destroy();
    return;
  }
  const key = createHash('sha1').update(`${asked.key}${GUID}`).digest('base64');
  const protocol = asked.hasProtocol ? `Sec-WebSocket-Protocol: ${PROTOCOL}\r\n` : '';
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n${protocol}\r\n`,
  );
  const { ended, sent, received } = await bridge(socket, upstream, head, {
    idle: settings['idle-timeout'],
    maxBuffered: settings['max-buffered'],
  });
  log.write({
    event: 'connection',
    client,
    origin: request.headers.origin,
    server: asked.target.name,
    received,
    sent,
    ended,
    milliseconds: Date.now() - began,
  });
}

type Asked =
  | { readonly status: number; readonly why: string }
  | { readonly target: Target; readonly key: string; readonly hasProtocol: boolean };

/** Who, from where, to where: in this order, so that no one without a token learns what may be reached. */
function judge({ settings, tokens, targets }: Relay, { headers, url = '', method }: IncomingMessage): Asked {
  const refuse = (status: number, why: string): Asked => ({ status, why });
  const key = headers['sec-websocket-key'];
  if (
    method !== 'GET' ||
    !/^websocket$/i.test(headers.upgrade ?? '') ||
    typeof key !== 'string' ||
    !/^[A-Za-z0-9+/]{22}==$/.test(key)
  )
    return refuse(400, 'it is no request for WebSocket');
  if (headers['sec-websocket-version'] !== '13') return refuse(426, 'version 13 of WebSocket is spoken here');
  const { origin } = headers;
  if (
    !settings.origin.includes('any') &&
    (origin === undefined || !settings.origin.some((one) => one.toLowerCase() === origin.toLowerCase()))
  )
    return refuse(403, 'this origin may not connect');
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
  const token = bearer ?? protocols.find((one) => one.startsWith('token.'))?.slice(6);
  if (tokens !== undefined && (token === undefined || !isToken(token, tokens))) return refuse(401, 'a token is needed');
  const target = targets.get(decoded(url.replace(/\?.*$/s, '').slice(1)).toLowerCase());
  if (target === undefined) return refuse(403, 'this server may not be reached');
  return { target, key, hasProtocol: protocols.includes(PROTOCOL) };
}

/** Every token is compared, each in constant time. */
function isToken(token: string, tokens: readonly Buffer[]): boolean {
  const own = digest(token);
  let isGood = false;
  for (const one of tokens) isGood = timingSafeEqual(one, own) || isGood;
  return isGood;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function clientOf({
  remoteAddress,
  remotePort,
}: {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}): string {
  return `${plainAddress(remoteAddress) ?? 'local'}:${remotePort ?? 0}`;
}

const STATUS: { readonly [status: number]: string } = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  426: 'Upgrade Required',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};
