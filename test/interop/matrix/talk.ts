import type { Duplex } from 'node:stream';
import { check, failure } from './judge.ts';
import type { Talk } from './types.ts';

/** What is said over a connection: bytes that come back, or HTTP/1.1 with a body that does. */

const LINE = 4_096;

/** Digits and line feeds: some of the peers are programs for a terminal, and take letters for commands. */
export function payload(length: number, seed: number = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = i % LINE === LINE - 1 ? 10 : 0x30 + ((i * 7 + (i >> 12) + seed) % 10);
  if (length > 0) bytes[length - 1] = 10;
  return bytes;
}

/** What comes back for what was sent. */
export function returned(sent: Buffer, talk: Talk): Buffer {
  if (talk !== 'reverse') return sent;
  const lines = sent.toString('latin1').split('\n');
  return Buffer.from(lines.map((line) => [...line].reverse().join('')).join('\n'), 'latin1');
}

/** Sends so many bytes and gets them back, from our side as a client. @throws when something else comes back. */
export async function roundTrip(stream: Duplex, talk: Talk, length: number): Promise<void> {
  const body = payload(length);
  if (talk === 'page') return await page(stream, body);
  if (talk === 'http') {
    const head = `POST /echo HTTP/1.1\r\nHost: server.example\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`;
    stream.write(head);
    stream.write(body);
    const answer = await all(stream);
    const at = answer.indexOf('\r\n\r\n');
    check(
      /^HTTP\/1\.[01] 200/.test(answer.toString('latin1', 0, 12)),
      `it answered ${answer.toString('latin1', 0, 60)}`,
    );
    check(body.equals(answer.subarray(at + 4)), 'the body that came back is not the one that was sent');
    return;
  }
  const reader = new Reader(stream);
  stream.write(body);
  check(returned(body, talk).equals(await reader.take(length)), 'what came back is not what was sent');
}

/** A server that knows only pages of its own: the request is as long as wanted, the answer as long as it likes. */
async function page(stream: Duplex, body: Buffer): Promise<void> {
  const text = body.toString('latin1').replaceAll('\n', '');
  stream.write(`GET / HTTP/1.0\r\nX-Padding: ${text.slice(0, 1_000)}\r\n\r\n`);
  const answer = await all(stream);
  check(answer.includes('HTTP/1.0 200'), `it answered ${answer.toString('latin1', 0, 60)}`);
}

/** Our server: sends back what comes, and closes when the client does; or, before it does, after so many bytes. */
export function answer(
  stream: Duplex,
  talk: Talk,
  onPiece: () => void = () => {},
  closeAfter: number = Number.POSITIVE_INFINITY,
): void {
  if (talk === 'echo') {
    let left = closeAfter;
    stream.on('data', (bytes: Buffer) => {
      left -= bytes.length;
      const room = stream.write(bytes);
      onPiece();
      // A stream that is ending has no 'drain' any more: one that waited for it would never see the other side's end.
      if (left <= 0) stream.end();
      else if (!room) {
        stream.pause();
        stream.once('drain', () => stream.resume());
      }
    });
    stream.on('end', () => stream.end());
    return;
  }
  let request = Buffer.alloc(0);
  let wanted: { readonly head: number; readonly length: number } | undefined;
  const pieces: Buffer[] = [];
  let size = 0;
  stream.on('data', (bytes: Buffer) => {
    pieces.push(bytes);
    size += bytes.length;
    if (wanted === undefined) {
      request = Buffer.concat(pieces);
      const head = request.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = /content-length: *(\d+)/i.exec(request.toString('latin1', 0, head))?.[1];
      wanted = { head: head + 4, length: Number(length ?? 0) };
      onPiece();
    }
    if (size < wanted.head + wanted.length) return;
    const body = Buffer.concat(pieces).subarray(wanted.head);
    stream.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`);
    stream.end(body);
  });
}

/** Takes exactly so many bytes from a stream. */
export class Reader {
  readonly #stream: Duplex;
  #rest: Buffer[] = [];
  #size = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  async take(length: number): Promise<Buffer> {
    while (this.#size < length) {
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk !== null) {
        this.#rest.push(chunk);
        this.#size += chunk.length;
        continue;
      }
      if (this.#stream.readableEnded || this.#stream.destroyed)
        throw this.#stream.errored ?? new Error('it ended too early');
      await moved(this.#stream);
    }
    const joined = Buffer.concat(this.#rest);
    this.#rest = [joined.subarray(length)];
    this.#size -= length;
    return joined.subarray(0, length);
  }
}

/** Resolves when there is something to read, or never will be. */
function moved(stream: Duplex): Promise<void> {
  const signs = ['readable', 'end', 'close', 'error'] as const;
  return new Promise((resolve) => {
    const done = (): void => {
      for (const sign of signs) stream.off(sign, done);
      resolve();
    };
    for (const sign of signs) stream.on(sign, done);
  });
}

async function all(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const reason = await failure(stream);
  if (reason !== undefined) throw reason;
  return Buffer.concat(chunks);
}
