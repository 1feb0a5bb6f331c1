import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Server as NetServer } from 'node:net';
import { addressText, type Client } from '../front.ts';
import { clientFields as logFields } from '../log.ts';
import type { ListenSettings } from '../options.ts';
import { isWithin } from '../places.ts';
import type { Server } from '../pool.ts';
import { type AnyRequest, type AnyResponse, Http1Forwarder, type Outcome, type Outgoing } from './forward.ts';
import { H2cForwarder } from './h2c.ts';
import { clientFields, clientState, endToEnd, type Fields } from './headers.ts';
import type { HttpClient, HttpParts } from './parts.ts';
import { hostOf, isBelow, targetPath } from './path.ts';
import { redirectTo } from './redirect.ts';
import { passUpgrade } from './upgrade.ts';

/** An HTTP listener: HTTP/1.1, HTTP/2 and WebSocket from clients, to servers that need not know of TLS. */

export class HttpFront {
  readonly #parts: HttpParts;
  readonly #http1 = new Http1Forwarder();
  readonly #h2c = new H2cForwarder();
  readonly #clients = new WeakMap<object, HttpClient>();
  readonly #sessions = new Set<ServerHttp2Session>();
  #server1: HttpServer | undefined;
  #server2: Http2Server | undefined;
  /** What the servers were made from: other settings, other servers. */
  #key = '';
  readonly #old: HttpServer[] = [];
  #isDraining = false;
  /** The client whose session is being made. */
  #taking: HttpClient | undefined;

  constructor(parts: HttpParts) {
    this.#parts = parts;
  }

  /** Takes a client after its handshake. */
  take(client: Client): void {
    const settings = this.#parts.settings();
    this.#make(settings);
    const { socket } = client;
    const whole = { ...client, certificateFields: clientFields(socket.info, settings['client-headers']) };
    this.#clients.set(socket, whole);
    socket.on('error', () => {});
    socket.once('close', () => {
      const { metrics, name } = this.#parts;
      metrics.add('warifu_received_bytes_total', { listener: name }, socket.bytesRead);
      metrics.add('warifu_sent_bytes_total', { listener: name }, socket.bytesWritten);
    });
    this.#taking = whole;
    if (socket.alpnProtocol === 'h2') this.#server2?.emit('connection', socket);
    else this.#server1?.emit('connection', socket);
    this.#taking = undefined;
  }

  /** A server of plain HTTP that sends everyone to this listener. */
  redirectServer(): NetServer {
    return createServer(
      { headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 1_000 },
      (request, response) => redirectTo(request, response, this.#parts.settings()),
    );
  }

  /** Asks clients to end: no new requests on connections that are there. */
  drain(): void {
    this.#isDraining = true;
    for (const session of this.#sessions) session.close();
    for (const server of [this.#server1, ...this.#old]) server?.closeIdleConnections();
  }

  close(): void {
    this.#http1.close();
    this.#h2c.close();
    for (const session of this.#sessions) session.destroy();
    for (const server of [this.#server1, ...this.#old]) server?.closeAllConnections();
  }

  /** Servers that were never listening: they are handed connections. */
  #make(settings: ListenSettings): void {
    const limits = {
      headersTimeout: settings['header-timeout'],
      requestTimeout: settings['body-timeout'],
      keepAliveTimeout: settings['keep-alive'],
      maxHeaderSize: settings['max-header-size'],
    };
    const key = JSON.stringify(limits);
    if (this.#server1 !== undefined && key === this.#key) return;
    if (this.#server1 !== undefined) this.#old.push(this.#server1);
    this.#key = key;
    const server1 = createServer({
      ...limits,
      connectionsCheckingInterval: Math.max(100, Math.min(1_000, settings['header-timeout'] / 4)),
    });
    server1.on('request', (request, response) => this.#request(this.#clients.get(request.socket), request, response));
    server1.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    // Its time limits begin to hold when it thinks that it listens.
    server1.emit('listening');
    const server2 = createHttp2Server({
      maxSessionInvalidFrames: 100,
      settings: { maxConcurrentStreams: 128, maxHeaderListSize: settings['max-header-size'] },
    });
    server2.on('session', (session) => {
      const client = this.#taking;
      if (client !== undefined) this.#clients.set(session, client);
      this.#sessions.add(session);
      session.on('error', () => {});
      session.once('close', () => this.#sessions.delete(session));
      session.setTimeout(settings['keep-alive'], () => session.close());
    });
    server2.on('request', (request, response) => {
      const { session } = request.stream;
      this.#request(session === undefined ? undefined : this.#clients.get(session), request, response);
    });
    this.#server1 = server1;
    this.#server2 = server2;
  }

  #request(client: HttpClient | undefined, request: AnyRequest, response: AnyResponse): void {
    if (client === undefined) {
      response.destroy();
      return;
    }
    request.on('error', () => {});
    response.on('error', () => {});
    this.#answer(client, request, response).catch(() => response.destroy());
  }

  async #answer(client: HttpClient, request: AnyRequest, response: AnyResponse): Promise<void> {
    const began = Date.now();
    const settings = this.#parts.settings();
    const path = targetPath(request.url ?? '');
    const log = (status: number, server: Server | undefined, why?: string): void => {
      this.#parts.metrics.add('warifu_requests_total', { listener: this.#parts.name, status: String(status) });
      this.#parts.log.write({
        event: 'request',
        listener: this.#parts.name,
        client: addressText(client.ends),
        method: request.method,
        path: path?.replace(/\?.*$/s, ''),
        host: hostOf(request),
        protocol: `HTTP/${request.httpVersion}`,
        status,
        server: server?.target.name,
        ...logFields(client.socket.info),
        ...(why !== undefined && { why }),
        milliseconds: Date.now() - began,
      });
    };
    const refuse = (status: number, error: string, why: string): void => {
      say(response, status, error, why, this.#isDraining);
      log(status, undefined, why);
    };
    const host = hostOf(request);
    if (path === undefined || host === undefined || request.method === 'CONNECT') {
      refuse(
        400,
        'http_request_error',
        path === undefined
          ? 'the target of the request cannot be read'
          : host === undefined
            ? 'one host is needed'
            : 'CONNECT is for proxies',
      );
      return;
    }
    const wrong = this.#notAllowed(client, path, settings);
    if (wrong !== undefined) {
      refuse(403, 'http_request_denied', wrong);
      return;
    }
    if (this.#isDraining) response.setHeader('connection', 'close');
    const outgoing: Outgoing = {
      method: request.method ?? 'GET',
      path,
      fields: this.#fieldsFor(client, request, host, settings),
      request,
      response,
      added: answerAdditions(settings),
    };
    const { outcome, server } = await this.#toServer(outgoing, client, settings);
    if (outcome.is === 'nothing sent') {
      say(response, 502, 'destination_unavailable', outcome.why, false);
      log(502, server, outcome.why);
    } else if (outcome.is === 'failed') {
      const status = outcome.timedOut ? 504 : 502;
      say(
        response,
        status,
        outcome.timedOut ? 'http_response_timeout' : 'connection_terminated',
        `${server?.target.name ?? ''}: ${outcome.why}`,
        false,
      );
      log(status, server, outcome.why);
    } else if (outcome.is === 'client gone') log(499, server, 'the client has gone');
    else log(outcome.status, server, outcome.is === 'cut off' ? outcome.why : undefined);
  }

  /** Servers one after the other, as long as nothing was sent. */
  async #toServer(
    outgoing: Outgoing,
    client: HttpClient,
    settings: ListenSettings,
  ): Promise<{ readonly outcome: Outcome; readonly server: Server | undefined }> {
    const { pool } = this.#parts;
    const tried = new Set<Server>();
    const reasons: string[] = [];
    const limits = { connect: settings['connect-timeout'], response: settings['response-timeout'] };
    const forwarder = settings['to-protocol'] === 'h2c' ? this.#h2c : this.#http1;
    let again = true;
    for (;;) {
      const server = pool.pick(client.ends?.source.address, tried);
      if (server === undefined) break;
      server.active++;
      server.connections++;
      const outcome = await forwarder.forward(server, outgoing, limits);
      server.active--;
      if (outcome.is === 'client gone') return { outcome, server };
      pool.report(server, outcome.is === 'done' ? undefined : outcome.why);
      if (outcome.is !== 'nothing sent') return { outcome, server };
      reasons.push(`${server.target.name}: ${outcome.why}`);
      // A connection that the server had closed meanwhile says nothing about the server: once more.
      if (again && outcome.why === 'connection reset') again = false;
      else tried.add(server);
    }
    const why = reasons.length === 0 ? 'there is no server with a weight above 0' : reasons.join('; ');
    return { outcome: { is: 'nothing sent', why }, server: undefined };
  }

  #notAllowed(client: HttpClient, path: string, settings: ListenSettings): string | undefined {
    if (!isBelow(path, settings['require-for'])) return undefined;
    const { state, reason } = clientState(client.socket.info);
    if (state === 'valid') return undefined;
    return state === 'invalid'
      ? `a good client certificate is needed here: ${reason ?? ''}`
      : 'a client certificate is needed here, and none was shown';
  }

  #fieldsFor(client: HttpClient, request: AnyRequest, host: string, settings: ListenSettings): Fields {
    const fields = endToEnd(request.rawHeaders);
    const { ends, socket } = client;
    const address = ends?.source.address;
    const isTrusted = isWithin(address, settings['trust-forwarded']);
    const before = isTrusted ? forwardedBefore(request) : { for: undefined, forwarded: undefined };
    fields.set('host', host);
    if (address !== undefined) {
      const quoted = address.includes(':') ? `"[${address}]"` : address;
      const element = `for=${quoted};host="${host.replace(/["\\]/g, '')}";proto=https`;
      fields.set('x-forwarded-for', before.for === undefined ? address : `${before.for}, ${address}`);
      fields.set('x-real-ip', address);
      fields.set('forwarded', before.forwarded === undefined ? element : `${before.forwarded}, ${element}`);
    }
    fields.set('x-forwarded-proto', 'https');
    fields.set('x-forwarded-host', host);
    fields.set('x-forwarded-port', String(ends?.destination.port ?? socket.localPort ?? 443));
    // gRPC asks whether trailers arrive; they do.
    if (/(^|[,\s])trailers([,;\s]|$)/.test(String(request.headers.te ?? ''))) fields.set('te', 'trailers');
    for (const [name, value] of client.certificateFields) fields.set(name, value);
    return fields;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    const client = this.#clients.get(socket);
    const host = hostOf(request);
    const path = targetPath(request.url ?? '');
    const settings = this.#parts.settings();
    if (client === undefined) {
      socket.destroy();
      return;
    }
    const refusal =
      path === undefined || host === undefined
        ? { status: 400, why: 'the request cannot be read' }
        : /^websocket$/i.test(request.headers.upgrade ?? '')
          ? undefined
          : { status: 501, why: 'only to WebSocket a connection can be upgraded' };
    const wrong = path === undefined ? undefined : this.#notAllowed(client, path, settings);
    void passUpgrade({
      client,
      request,
      head,
      path: path ?? '',
      fields: host === undefined ? new Map() : this.#fieldsFor(client, request, host, settings),
      refusal: refusal ?? (wrong === undefined ? undefined : { status: 403, why: wrong }),
      parts: this.#parts,
    });
  }
}

function forwardedBefore({ headers }: AnyRequest): {
  readonly for: string | undefined;
  readonly forwarded: string | undefined;
} {
  const text = (value: string | readonly string[] | undefined): string | undefined =>
    typeof value === 'string' ? value : value?.join(', ');
  return { for: text(headers['x-forwarded-for']), forwarded: text(headers.forwarded) };
}

function answerAdditions({ hsts }: ListenSettings): Fields {
  return new Map(hsts > 0 ? [['strict-transport-security', `max-age=${Math.round(hsts / 1_000)}`]] : []);
}

/** An answer of ours: what is wrong, for people, and for programs (RFC 9209). */
function say(response: AnyResponse, status: number, error: string, why: string, close: boolean): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = `${status}: ${why}\n`;
  const details = why
    .slice(0, 300)
    .replace(/[^ -~]/g, '?')
    .replace(/["\\]/g, (c) => `\\${c}`);
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    'proxy-status': `warifu;error=${error};details="${details}"`,
    'cache-control': 'no-store',
    ...(close && !('stream' in response) && { connection: 'close' }),
  });
  response.end(text);
}
