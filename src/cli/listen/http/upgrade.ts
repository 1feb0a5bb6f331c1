import { type IncomingMessage, request as startRequest } from 'node:http';
import type { Socket } from 'node:net';
import { addressText } from '../front.ts';
import { clientFields as logFields } from '../log.ts';
import { addressOf, reasonOf, type Server } from '../pool.ts';
import { join } from '../tcp.ts';
import { endToEnd, type Fields, toHeaders } from './headers.ts';
import type { HttpClient, HttpParts } from './parts.ts';

/** WebSocket: a request that becomes a connection in both directions. */

export interface Upgrade {
  readonly client: HttpClient;
  readonly request: IncomingMessage;
  /** What came behind the request. */
  readonly head: Uint8Array;
  readonly path: string;
  readonly fields: Fields;
  readonly refusal: { readonly status: number; readonly why: string } | undefined;
  readonly parts: HttpParts;
}

/**
 * Asks a server, and joins the two only when it agrees (101): what a client sends behind a request that was not agreed to
 * would otherwise reach the server unseen.
 */
export async function passUpgrade(upgrade: Upgrade): Promise<void> {
  const { client, request, head, refusal, parts } = upgrade;
  const began = Date.now();
  const { socket } = client;
  const log = (status: number, server: Server | undefined, more: { readonly [name: string]: unknown } = {}): void => {
    parts.metrics.add('warifu_requests_total', { listener: parts.name, status: String(status) });
    parts.log.write({
      event: 'request',
      listener: parts.name,
      client: addressText(client.ends),
      method: request.method,
      path: upgrade.path.replace(/\?.*$/s, ''),
      protocol: 'WebSocket',
      status,
      server: server?.target.name,
      ...logFields(socket.info),
      ...more,
      milliseconds: Date.now() - began,
    });
  };
  if (refusal !== undefined) {
    refuse(upgrade, refusal.status, refusal.why);
    log(refusal.status, undefined, { why: refusal.why });
    return;
  }
  const tried = new Set<Server>();
  const reasons: string[] = [];
  for (;;) {
    const server = parts.pool.pick(client.ends?.source.address, tried);
    if (server === undefined) break;
    tried.add(server);
    const answer = await ask(server, upgrade, parts.settings()['connect-timeout']);
    if ('why' in answer) {
      parts.pool.report(server, answer.why);
      reasons.push(`${server.target.name}: ${answer.why}`);
      continue;
    }
    parts.pool.report(server, undefined);
    const { message, upstream } = answer;
    const status = message.statusCode ?? 502;
    if (upstream === undefined) {
      pass(upgrade, message, status);
      log(status, server);
      return;
    }
    server.active++;
    server.connections++;
    const lines = rawLines(message.rawHeaders);
    socket.write(`HTTP/1.1 101 ${message.statusMessage ?? 'Switching Protocols'}\r\n${lines.join('')}\r\n`);
    if (answer.head.length > 0) socket.write(answer.head);
    if (head.length > 0) upstream.write(head);
    const how = await join(socket, upstream, 0);
    server.active--;
    log(101, server, { ended: how });
    return;
  }
  const why = reasons.length === 0 ? 'there is no server with a weight above 0' : reasons.join('; ');
  refuse(upgrade, 502, why);
  log(502, undefined, { why });
}

type Asked =
  | { readonly why: string }
  | { readonly message: IncomingMessage; readonly upstream: Socket | undefined; readonly head: Uint8Array };

function ask({ target }: Server, { fields, path, request, client }: Upgrade, timeout: number): Promise<Asked> {
  return new Promise((resolve) => {
    const address = addressOf(target);
    const asked = startRequest({
      ...('path' in address ? { socketPath: address.path } : address),
      method: request.method,
      path,
      headers: { ...toHeaders(fields), connection: 'Upgrade', upgrade: 'websocket' },
      setHost: false,
      agent: false,
    });
    const timer = setTimeout(() => asked.destroy(new Error('it does not answer in time')), timeout);
    const gone = (): void => void asked.destroy();
    client.socket.once('close', gone);
    const done = (answer: Asked): void => {
      clearTimeout(timer);
      client.socket.off('close', gone);
      resolve(answer);
    };
    asked.once('upgrade', (message, upstream, head) => done({ message, upstream, head }));
    asked.once('response', (message) => done({ message, upstream: undefined, head: new Uint8Array(0) }));
    asked.on('error', (error) => done({ why: reasonOf(error) }));
    asked.end();
  });
}

/** An answer that is no agreement, as it is; the connection ends with it. */
function pass(upgrade: Upgrade, message: IncomingMessage, status: number): void {
  const { socket } = upgrade.client;
  const fields = Object.fromEntries(endToEnd(message.rawHeaders, { keepOurs: true }));
  const lines = Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`));
  socket.write(`HTTP/1.1 ${status} ${message.statusMessage ?? ''}\r\n${lines.join('')}connection: close\r\n\r\n`);
  message.pipe(socket);
}

function refuse({ client }: Upgrade, status: number, why: string): void {
  const text = `${status}: ${why}\n`;
  client.socket.end(
    `HTTP/1.1 ${status} ${why.slice(0, 100).replace(/[^ -~]/g, '?')}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  );
}

function rawLines(raw: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) lines.push(`${raw[at]}: ${raw[at + 1]}\r\n`);
  return lines;
}
