import { Agent, type IncomingMessage, request as startRequest, type ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { addressOf, reasonOf, type Server } from '../pool.ts';
import { endToEnd, type Fields, toHeaders } from './headers.ts';

/** A request on its way to a server that speaks HTTP/1.1, and the answer on its way back. */

export type AnyRequest = IncomingMessage | Http2ServerRequest;
export type AnyResponse = ServerResponse | Http2ServerResponse;

/** What goes to the server. */
export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly fields: Fields;
  readonly request: AnyRequest;
  readonly response: AnyResponse;
  /** Of the answer. */
  readonly added: Fields;
}

/** What became of it. `nothing sent`: another server may be tried. */
export type Outcome =
  | { readonly is: 'done'; readonly status: number }
  | { readonly is: 'nothing sent'; readonly why: string }
  | { readonly is: 'failed'; readonly why: string; readonly timedOut: boolean }
  | { readonly is: 'cut off'; readonly status: number; readonly why: string }
  | { readonly is: 'client gone' };

export interface ForwardLimits {
  readonly connect: number;
  readonly response: number;
}

/** Methods that may be sent again when it is not known whether they arrived (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

export class Http1Forwarder {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 256, scheduling: 'lifo' });

  close(): void {
    this.#agent.destroy();
  }

  forward(server: Server, outgoing: Outgoing, limits: ForwardLimits): Promise<Outcome> {
    const { method, path, fields, request, response } = outgoing;
    return new Promise((resolve) => {
      let isStarted = false;
      let status: number | undefined;
      let isOver = false;
      let timer: NodeJS.Timeout | undefined;
      const upstream = startRequest({
        ...toOptions(server),
        method,
        path,
        headers: toHeaders(bodyFields(fields, request)),
        agent: this.#agent,
        setHost: false,
      });
      const over = (outcome: Outcome): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        response.off('close', clientGone);
        resolve(outcome);
      };
      const wait = (milliseconds: number, why: string): void => {
        clearTimeout(timer);
        if (milliseconds > 0) timer = setTimeout(() => upstream.destroy(new Error(why)), milliseconds);
      };
      const clientGone = (): void => {
        if (isOver || response.writableFinished) return;
        over({ is: 'client gone' });
        upstream.destroy();
      };
      response.once('close', clientGone);
      upstream.once('socket', (socket) => {
        const start = (): void => {
          if (isOver) return;
          isStarted = true;
          wait(limits.response, NO_ANSWER);
          if (hasBody(request)) request.pipe(upstream);
          else upstream.end();
        };
        if (!socket.connecting) {
          start();
          return;
        }
        wait(limits.connect, 'it does not answer in time');
        socket.once('connect', start);
      });
      upstream.once('response', (answer) => {
        clearTimeout(timer);
        status = answer.statusCode ?? 502;
        const whole = answerFields(answer.rawHeaders, outgoing);
        response.writeHead(status, whole);
        answer.pipe(response, { end: false });
        answer.once('end', () => {
          if (!answer.complete) return;
          finish(response, trailersOf(answer.rawTrailers), () => over({ is: 'done', status: status ?? 0 }));
        });
        answer.once('close', () => {
          if (answer.complete) return;
          over({ is: 'cut off', status: status ?? 0, why: 'the server ended in the middle of its answer' });
          response.destroy();
        });
        // What is left of a request that the server has answered already is read, and thrown away.
        upstream.once('close', () => {
          if (!request.readableEnded) request.resume();
        });
      });
      upstream.on('error', (error) => {
        const why = reasonOf(error);
        if (status !== undefined) return;
        request.unpipe(upstream);
        const isStale = upstream.reusedSocket && !hasBody(request) && IDEMPOTENT.has(method);
        if (!isStarted || isStale) over({ is: 'nothing sent', why });
        else over({ is: 'failed', why, timedOut: why === NO_ANSWER });
      });
    });
  }
}

export const NO_ANSWER = 'it does not begin to answer in time';

/** Has the request content? What it says of itself decides (RFC 9112 section 6.3); over HTTP/2, whether its stream is open. */
export function hasBody(request: AnyRequest): boolean {
  if ('stream' in request) return !request.stream.endAfterHeaders;
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

/** The length of the content, or that it comes in chunks. */
function bodyFields(fields: Fields, request: AnyRequest): Fields {
  const whole: Fields = new Map(fields);
  if (!hasBody(request)) {
    if (
      whole.get('content-length') === undefined &&
      !['GET', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE'].includes(request.method ?? '')
    )
      whole.set('content-length', '0');
  } else if (whole.get('content-length') === undefined) whole.set('transfer-encoding', 'chunked');
  return whole;
}

/** The fields of an answer: those of the server, and what is added to all. */
function answerFields(
  raw: readonly string[],
  { added, request }: Outgoing,
): { readonly [name: string]: string | string[] } {
  const fields = endToEnd(raw, { keepOurs: true });
  for (const [name, value] of added) if (!fields.has(name)) fields.set(name, value);
  // Trailers over HTTP/1.1 are announced, and need chunks.
  const trailer = fieldOf(raw, 'trailer');
  if (trailer !== undefined && !('stream' in request)) fields.set('trailer', trailer);
  return toHeaders(fields);
}

function fieldOf(raw: readonly string[], wanted: string): string | undefined {
  for (let at = 0; at + 1 < raw.length; at += 2) if (raw[at]?.toLowerCase() === wanted) return raw[at + 1];
  return undefined;
}

/** Trailers are fields, too: what is ours to say is not taken from there. */
export function trailersOf(raw: readonly string[]): { readonly [name: string]: string } {
  const trailers = [...endToEnd(raw)].map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : value.join(', '),
  ]);
  return Object.fromEntries(trailers);
}

export function finish(response: AnyResponse, trailers: { readonly [name: string]: string }, done: () => void): void {
  if (Object.keys(trailers).length > 0) response.addTrailers(trailers);
  response.end(done);
}

function toOptions({
  target,
}: Server): { readonly socketPath: string } | { readonly host: string; readonly port: number } {
  const address = addressOf(target);
  return 'path' in address ? { socketPath: address.path } : address;
}
