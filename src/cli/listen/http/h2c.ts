import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { createConnection } from 'node:net';
import { addressOf, reasonOf, type Server } from '../pool.ts';
import { finish, type ForwardLimits, hasBody, NO_ANSWER, type Outcome, type Outgoing, trailersOf } from './forward.ts';
import { endToEnd, toHeaders } from './headers.ts';

/** A request on its way to a server that speaks HTTP/2 without TLS: gRPC, above all. */

interface Session {
  readonly session: ClientHttp2Session;
  readonly ready: Promise<void>;
}

/** Keeps one session for each server. */
export class H2cForwarder {
  readonly #sessions = new Map<string, Session>();

  close(): void {
    for (const { session } of this.#sessions.values()) session.destroy();
    this.#sessions.clear();
  }

  async forward(server: Server, outgoing: Outgoing, limits: ForwardLimits): Promise<Outcome> {
    let session: ClientHttp2Session;
    try {
      const known = this.#session(server, limits.connect);
      await known.ready;
      session = known.session;
    } catch (error) {
      return { is: 'nothing sent', why: reasonOf(error) };
    }
    return await this.#exchange(session, outgoing, limits);
  }

  #exchange(session: ClientHttp2Session, outgoing: Outgoing, limits: ForwardLimits): Promise<Outcome> {
    const { request, response, method, path, fields, added } = outgoing;
    return new Promise((resolve) => {
      let status: number | undefined;
      let trailers: { readonly [name: string]: string } = {};
      let isOver = false;
      const host = fields.get('host');
      const headers: Record<string, string | string[]> = {
        ':method': method,
        ':path': path,
        ':scheme': 'http',
        ':authority': typeof host === 'string' ? host : '',
      };
      for (const [name, value] of fields)
        if (name !== 'host') headers[name] = typeof value === 'string' ? value : [...value];
      const stream = session.request(headers, { endStream: !hasBody(request) });
      const timer =
        limits.response > 0 ? setTimeout(() => stream.destroy(new Error(NO_ANSWER)), limits.response) : undefined;
      const over = (outcome: Outcome): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        response.off('close', clientGone);
        resolve(outcome);
      };
      const clientGone = (): void => {
        if (isOver || response.writableFinished) return;
        over({ is: 'client gone' });
        stream.close(constants.NGHTTP2_CANCEL);
      };
      response.once('close', clientGone);
      if (hasBody(request)) request.pipe(stream);
      stream.once('response', (answer) => {
        clearTimeout(timer);
        status = Number(answer[':status'] ?? 502);
        const whole = endToEnd(rawOf(answer), { keepOurs: true });
        for (const [name, value] of added) if (!whole.has(name)) whole.set(name, value);
        response.writeHead(status, toHeaders(whole));
        stream.pipe(response, { end: false });
      });
      stream.once('trailers', (answer) => {
        trailers = trailersOf(rawOf(answer));
      });
      stream.once('end', () => {
        if (status !== undefined) finish(response, trailers, () => over({ is: 'done', status: status ?? 0 }));
      });
      stream.once('error', (error) => {
        request.unpipe(stream);
        const why = reasonOf(error);
        if (status === undefined) over({ is: 'failed', why, timedOut: why === NO_ANSWER });
        else {
          over({ is: 'cut off', status, why });
          response.destroy();
        }
      });
      stream.once('close', () => {
        if (status === undefined) over({ is: 'failed', why: 'the server closed the stream', timedOut: false });
      });
    });
  }

  #session({ target }: Server, timeout: number): Session {
    const known = this.#sessions.get(target.name);
    if (known !== undefined && !known.session.closed && !known.session.destroyed) return known;
    const address = addressOf(target);
    const session = connect('http://server', { createConnection: () => createConnection(address) });
    const ready = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => session.destroy(new Error('it does not answer in time')), timeout);
      session.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
      session.on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      session.once('close', () => {
        clearTimeout(timer);
        reject(new Error('the server closed the connection'));
      });
    });
    ready.catch(() => {});
    session.once('close', () => {
      if (this.#sessions.get(target.name)?.session === session) this.#sessions.delete(target.name);
    });
    const made = { session, ready };
    this.#sessions.set(target.name, made);
    return made;
  }
}

function rawOf(headers: {
  readonly [name: string]: string | readonly string[] | number | undefined;
}): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return Array.isArray(value) ? value.flatMap((one: string) => [name, one]) : [name, String(value)];
  });
}
