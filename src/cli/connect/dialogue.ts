import type { Duplex } from 'node:stream';
import { concat } from '../../bytes/bytes.ts';
import { printable, quoted } from '../../bytes/text.ts';
import { Failure } from '../failure.ts';

/** Bytes of one answer; those of the protocols here have some hundred. */
const MAX_ANSWER = 65_536;

/** What is said in plaintext before TLS begins. Nothing of it may be left over when it does. */
export class Dialogue {
  readonly #stream: Duplex;
  readonly #milliseconds: number;
  /** What went each way, a line each, for those who want to see it. */
  readonly log: string[] = [];
  #received: Uint8Array = new Uint8Array(0);
  #over: Failure | undefined;
  #wake: () => void = () => {};

  constructor(stream: Duplex, milliseconds: number) {
    this.#stream = stream;
    this.#milliseconds = milliseconds;
    stream.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError);
  }

  say(line: string): void {
    this.log.push(`> ${printable(line)}`);
    this.#stream.write(`${line}\r\n`);
  }

  send(bytes: Uint8Array, what: string): void {
    this.log.push(`> ${what}`);
    this.#stream.write(bytes);
  }

  /** The next line, without its end. */
  async line(): Promise<string> {
    const end = await this.#until((bytes) => {
      const at = bytes.indexOf(0x0a);
      return at < 0 ? undefined : at + 1;
    });
    const line = new TextDecoder().decode(this.#take(end)).replace(/\r?\n$/, '');
    this.log.push(`< ${printable(line)}`);
    return line;
  }

  /** Exactly so many bytes. */
  async bytes(length: number): Promise<Uint8Array> {
    await this.#until((bytes) => (bytes.length < length ? undefined : length));
    return this.#take(length);
  }

  /** Everything up to the first match. */
  async match(pattern: RegExp): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null;
    const end = await this.#until((bytes) => {
      const text = Buffer.from(bytes).toString('latin1');
      found = pattern.exec(text);
      return found === null ? undefined : found.index + found[0].length;
    });
    this.log.push(`< ${printable(Buffer.from(this.#take(end)).toString('utf8'))}`);
    return found!;
  }

  /** Lines of SMTP, FTP, NNTP up to the last of an answer: `250-…`, `250 …`. @throws Failure for another code. */
  async reply(code: number, to: string): Promise<readonly string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      lines.push(line);
      if (lines.length > 200) throw this.refused(to, 'it does not come to an end');
      if (/^\d{3}-/.test(line) || !/^\d{3}/.test(line)) continue;
      if (!line.startsWith(String(code))) throw this.refused(to, line);
      return lines;
    }
  }

  refused(to: string, found: string): Failure {
    return new Failure(`STARTTLS: ${to}, the server answered ${quoted(found, 200)}`);
  }

  /**
   * From here on it is TLS. @throws Failure when there is something left that came in plaintext: it would be taken for
   * what came under TLS (CVE-2011-0411, CVE-2021-23222).
   */
  finish(): void {
    this.#stream.pause();
    this.#stream.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError);
    if (this.#over !== undefined) throw this.#over;
    if (this.#received.length > 0)
      throw new Failure(
        `STARTTLS: the server sent ${this.#received.length} bytes more in plaintext behind its yes: ${quoted(
          Buffer.from(this.#received).toString('latin1'),
          60,
        )}; something on the way may have put them there, so the connection is not used`,
      );
  }

  async #until(find: (bytes: Uint8Array) => number | undefined): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const heard =
          this.#received.length === 0 ? 'nothing' : quoted(Buffer.from(this.#received).toString('latin1'), 60);
        reject(new Failure(`STARTTLS: no answer within ${this.#milliseconds / 1000} seconds; heard ${heard}`));
      }, this.#milliseconds);
    });
    try {
      for (;;) {
        const end = find(this.#received);
        if (end !== undefined) return end;
        if (this.#received.length > MAX_ANSWER)
          throw new Failure(`STARTTLS: an answer of more than ${MAX_ANSWER} bytes: this is not the protocol`);
        if (this.#over !== undefined) throw this.#over;
        const woken = new Promise<void>((done) => {
          this.#wake = done;
        });
        this.#stream.resume();
        await Promise.race([woken, late]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #take(length: number): Uint8Array {
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#received = concat(this.#received, chunk);
    this.#wake();
  };

  readonly #onEnd = (): void => this.#end('the server hung up before TLS had begun');

  readonly #onError = (error: Error): void =>
    this.#end(`the connection failed before TLS had begun (${error.message})`);

  #end(why: string): void {
    this.#over ??= new Failure(`STARTTLS: ${why}`);
    this.#wake();
  }
}
