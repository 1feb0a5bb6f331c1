import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Engine } from '../engine/engine.ts';
import { TlsError } from '../errors.ts';
import type { ConnectionInfo, PeerInfo } from '../handshake/context.ts';

/**
 * A connection as a Node stream. Synchronous providers answer within the event that brought the bytes; nothing waits
 * for a tick that it does not need. Fails like any stream: with `error` and `close`.
 */
export class TlsSocket extends Duplex {
  readonly #engine: Engine;
  readonly #transport: Duplex;
  readonly #later: { resolve(peer: PeerInfo | undefined): void; reject(reason: unknown): void }[] = [];
  /** Received and decrypted, but not wanted yet. */
  readonly #chunks: Uint8Array[] = [];
  readonly #early: Uint8Array[] = [];
  #wanted = false;
  #ended = false;
  #settling = false;
  #failure: TlsError | undefined;
  #secure: { resolve(): void; reject(reason: unknown): void } | undefined;

  /** Prefer `connectSocket` and `acceptSocket`, which wait for the handshake. */
  constructor(engine: Engine, transport: Duplex) {
    super({ allowHalfOpen: true, emitClose: true });
    this.#engine = engine;
    this.#transport = transport;
    // A small answer must not wait for more: the peer's next flight depends on it.
    if (transport instanceof Socket) transport.setNoDelay(true);
    transport.on('data', (bytes: Uint8Array) => this.#receive(bytes));
    transport.on('end', () => this.#transportEnded());
    transport.on('error', (cause) => this.#fail(new TlsError('ERR_TRANSPORT', { cause })));
    transport.on('close', () => this.#transportEnded());
  }

  /** Server: what came before the handshake was done; not part of the stream, for it can be a copy. */
  get earlyData(): readonly Uint8Array[] {
    return this.#early;
  }

  get info(): Readonly<ConnectionInfo> {
    return this.#engine.info;
  }

  /** Starts; fulfilled when the handshake is done. @throws TlsError when it fails. */
  handshake(signal?: AbortSignal): Promise<this> {
    return new Promise((resolve, reject) => {
      const abort = (): void => this.#engine.abort(new TlsError('ERR_ABORTED', { cause: signal?.reason }));
      const onAbort = (): void => {
        abort();
        this.#turn();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const settle = (action: () => void) => (): void => {
        signal?.removeEventListener('abort', onAbort);
        this.#secure = undefined;
        action();
      };
      this.#secure = { resolve: settle(() => resolve(this)), reject: (reason) => settle(() => reject(reason))() };
      if (signal?.aborted === true) abort();
      else this.#engine.start();
      this.#turn();
    });
  }

  /** Changes our keys; with `askPeer` the peer's too. @throws TlsError ERR_STATE when the connection is not open. */
  updateKeys(askPeer: boolean = false): void {
    this.#engine.updateKeys(askPeer);
    this.#turn();
  }

  /** Keying material for another protocol; `length` in bytes. */
  exportKey(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    return this.#engine.exportKey(label, context, length);
  }

  /** Server: asks the client for a certificate now; undefined when it declines. */
  requestCertificate(): Promise<PeerInfo | undefined> {
    return new Promise((resolve, reject) => {
      this.#engine.requestCertificate();
      this.#later.push({ resolve, reject });
      this.#turn();
    });
  }

  override _read(): void {
    this.#wanted = true;
    this.#serve();
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
    try {
      this.#engine.send(bytes);
    } catch (error) {
      done(this.#failure ?? (error as Error));
      return;
    }
    this.#turn(done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#engine.status === 'open' || this.#engine.status === 'closing') this.#engine.close();
    this.#turn(done);
    this.#release();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#engine.status !== 'closed' && this.#engine.status !== 'failed') {
      if (this.#engine.status === 'open' || this.#engine.status === 'closing') this.#engine.close();
      else this.#engine.abort(new TlsError('ERR_ABORTED'));
      this.#flush();
    }
    const reason = error ?? new TlsError('ERR_STATE', { detail: 'the connection was closed' });
    this.#secure?.reject(reason);
    this.#rejectLater(reason);
    // Ends, not destroys: what has been written, an alert perhaps, is still on its way.
    this.#transport.end();
    done(error);
  }

  #receive(bytes: Uint8Array): void {
    this.#engine.receive(bytes);
    this.#turn();
  }

  #transportEnded(): void {
    this.#engine.receiveEnd();
    this.#turn();
  }

  /** Takes steps until there is nothing to do. `done` is called when what was written has been taken by the transport. */
  #turn(done?: (error?: Error | null) => void): void {
    /** Goes with the first thing written; without any it is called at the end. */
    let waiting = done;
    for (;;) {
      const step = this.#engine.next();
      switch (step.type) {
        case 'write':
          this.#transport.write(step.bytes, waiting);
          waiting = undefined;
          continue;
        case 'data':
          this.#chunks.push(step.bytes);
          this.#serve();
          continue;
        case 'early-data':
          this.#early.push(step.bytes);
          break;
        case 'request':
          this.#settle(this.#engine.answer(step.request));
          continue;
        case 'established':
          this.#secure?.resolve();
          this.emit('secure');
          continue;
        case 'post-handshake-auth':
          this.#later.shift()?.resolve(step.peer);
          continue;
        case 'end':
          this.#ended = true;
          this.#rejectLater(new TlsError('ERR_STATE', { detail: 'the peer has ended its direction' }));
          this.#serve();
          this.#release();
          continue;
        case 'failed':
          this.#fail(step.error);
          continue;
        case 'wait':
          waiting?.();
          return;
      }
    }
  }

  #settle(answer: Promise<void> | undefined): void {
    if (answer === undefined) return;
    this.#settling = true;
    this.#pace();
    void answer.then(() => {
      this.#settling = false;
      this.#pace();
      this.#turn();
    });
  }

  /** Gives the reader what it wants; the transport is paused while there is more than that. */
  #serve(): void {
    while (this.#wanted && this.#chunks.length > 0) this.#wanted = this.push(this.#chunks.shift());
    if (this.#chunks.length === 0 && this.#ended) {
      this.#ended = false;
      this.push(null);
    }
    if (this.#chunks.length === 0 && this.#failure !== undefined) this.destroy(this.#failure);
    this.#pace();
  }

  #pace(): void {
    if (this.#chunks.length > 0 || this.#settling) this.#transport.pause();
    else if (this.#transport.isPaused()) this.#transport.resume();
  }

  #rejectLater(reason: Error): void {
    for (const waiting of this.#later.splice(0)) waiting.reject(reason);
  }

  /** What had come before the failure is read first. */
  #fail(error: TlsError): void {
    if (this.#failure !== undefined || this.destroyed) return;
    this.#failure = error;
    this.#secure?.reject(error);
    if (this.#chunks.length === 0) this.destroy(error);
  }

  /** Both directions are closed: so is the transport. */
  #release(): void {
    if (this.#engine.status === 'closed') this.#transport.end();
  }

  #flush(): void {
    for (let step = this.#engine.next(); step.type !== 'wait'; step = this.#engine.next()) {
      if (step.type === 'write') this.#transport.write(step.bytes);
    }
  }
}
