import { TlsError } from '../errors.ts';
import type { EngineCalls } from './engine-calls.ts';
import type { TransportConfig } from './options.ts';
import type { Reading } from './reading.ts';
import { Release } from './release.ts';
import type { Sender } from './sender.ts';
import { Timers } from './timers.ts';
import type { Skin, Transport } from './transport.ts';

/** What ends with a connection, or is told when it does. */
export interface ClosingParts {
  readonly transport: Transport;
  readonly skin: Skin;
  readonly config: TransportConfig;
  readonly calls: EngineCalls;
  readonly reading: Reading;
  readonly sender: Sender;
}

/**
 * How a connection comes to its end, which it does twice. It is over when nothing can be sent any more and the transport has
 * been let go of. Its reading is over when the program has been given everything that had been received, and been told how
 * that ended: this can be much later, for it is the program that decides when it reads.
 */
export class Closing {
  readonly #parts: ClosingParts;
  readonly #release: Release;
  readonly #timers: Timers = new Timers();
  #unsubscribe: () => void = () => {};
  #isOver = false;
  /** The handshake is done: what is cut off from now on has to look so. */
  isOpen = false;
  /** The program is done with the connection, and has nothing to say to the peer. */
  isSilent = false;

  constructor(parts: ClosingParts) {
    this.#parts = parts;
    this.#release = new Release(parts.transport);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The connection is over, and so is its reading. */
  get isDone(): boolean {
    return this.#isOver && this.#parts.reading.isOver;
  }

  // --- what ends it in time ---

  /** Hears the signal and the time limit of the handshake; `abort` gives the connection up. */
  watch(abort: (error: TlsError) => void): void {
    const { signal, handshakeTimeout } = this.#parts.config;
    if (handshakeTimeout > 0) {
      this.after('handshake', handshakeTimeout, () => {
        const detail = `${handshakeTimeout} ms, ${this.#where() ?? 'and the transport had taken nothing'}`;
        abort(new TlsError('ERR_HANDSHAKE_TIMEOUT', { detail }));
      });
    }
    if (signal === undefined) return;
    const onAbort = (): void => abort(new TlsError('ERR_ABORTED', { cause: signal.reason }));
    if (signal.aborted) {
      queueMicrotask(onAbort);
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    this.#unsubscribe = () => signal.removeEventListener('abort', onAbort);
  }

  /** The handshake is done. */
  opened(): void {
    this.isOpen = true;
    this.#timers.clear('handshake');
    if (this.#parts.config.signalEnds === 'handshake') this.#unsubscribe();
    this.limitSending();
  }

  /** Does this when so much time has passed, unless the connection is over by then. */
  after(what: 'handshake' | 'failure', milliseconds: number, action: () => void): void {
    this.#timers.set(what, milliseconds, action);
  }

  /** Does this when `closeTimeout` has passed and nothing has been read. */
  limit(action: () => void): false {
    if (!this.#timers.has('close')) this.#timers.set('close', this.#parts.config.closeTimeout, action);
    return false;
  }

  /** The program reads. */
  unlimit(): void {
    this.#timers.clear('close');
    this.#timers.clear('sending');
  }

  /**
   * We have ended and nothing is being read: a transport that takes nothing is not waited for any longer than the peer. What
   * was handed over gets the time that it takes at a kilobyte per second.
   */
  limitSending(): void {
    const { reading, sender, config } = this.#parts;
    this.#timers.clear('sending');
    const isReading = reading.isWanted && !reading.isDiscarding && !reading.isOver;
    if (this.#isOver || !this.isOpen || !sender.isEnding || sender.hasEnded || isReading) return;
    const time = config.closeTimeout + sender.outstanding;
    const detail = `it has taken nothing for ${time} ms`;
    this.#timers.set('sending', time, () => this.giveUp(new TlsError('ERR_TRANSPORT', { detail })));
  }

  // --- why it ends ---

  /** What those who read are told when nothing more comes. */
  lost(): TlsError {
    const { reading, sender, config } = this.#parts;
    const { inbox, hasEnded } = reading;
    if (hasEnded) return this.unended();
    if (inbox.cause !== undefined || !inbox.flows || !sender.hasEnded) return inbox.error(this.#where());
    const detail = `the peer did not end its direction within ${config.closeTimeout} ms of ours`;
    return new TlsError('ERR_TRUNCATED', { detail });
  }

  /** What is wrong with our own direction, whatever is with the peer's. */
  unended(): TlsError {
    const { inbox } = this.#parts.reading;
    if (inbox.cause !== undefined) return inbox.error(this.#where());
    return new TlsError('ERR_TRANSPORT', { detail: 'it was closed before our own direction was ended' });
  }

  /** How far a handshake has come; undefined: it is done, or has not begun: a transport that is being dialled takes nothing. */
  #where(): string | undefined {
    const { reading, sender, calls } = this.#parts;
    if (this.isOpen) return undefined;
    if (reading.inbox.hasReceived) return `in the handshake, in state ${calls.engine?.state ?? 'START'}`;
    return sender.hasTaken ? 'in the handshake, before the peer had answered' : undefined;
  }

  // --- the end ---

  /** The peer has ended its direction, or it was cut off, with an error for those who read. */
  endReading(error: TlsError | undefined): void {
    const { reading, calls, skin, sender } = this.#parts;
    if (reading.isOver) return;
    reading.end(error === undefined ? 'ended' : 'cut');
    calls.rejectLater(() => error ?? new TlsError('ERR_STATE', { detail: 'the peer has ended its direction' }));
    if (this.#isOver) calls.dispose();
    skin.end(error);
    if (error === undefined && sender.hasEnded) this.finish(undefined);
    else this.limitSending();
  }

  giveUp(error: TlsError): false {
    const { calls, sender } = this.#parts;
    const { engine } = calls;
    if (engine !== undefined && !this.#isOver) {
      calls.call(() => engine.abort(error));
      const alert = engine.takeBytes();
      if (alert !== undefined && sender.isOpen && !this.#saysNothing) sender.hand(engine, [alert]);
    }
    this.finish(error);
    return false;
  }

  /** The connection is over, and nothing of it is left to be read. */
  finish(error: TlsError | undefined): void {
    const { reading, calls } = this.#parts;
    const wasOver = this.#isOver;
    this.#isOver = true;
    if (!reading.isOver) this.endReading(error ?? this.lost());
    if (wasOver) return;
    calls.dispose();
    this.#tell(error);
  }

  /** The connection is over, but for what has been received: that stays until the program reads it. */
  expire(error: TlsError | undefined): void {
    const { reading } = this.#parts;
    if (!reading.isHolding) {
      this.finish(error);
      return;
    }
    this.#isOver = true;
    this.#tell(error);
    reading.inbox.end('gone', undefined);
  }

  /** The transport has ended behind the connection. */
  transportEnded(how: 'ended' | 'gone'): void {
    if (how === 'gone') this.#release.now();
    else this.#release.ended();
  }

  get #saysNothing(): boolean {
    return this.isOpen && this.isSilent;
  }

  #tell(error: TlsError | undefined): void {
    const { calls, sender, skin } = this.#parts;
    this.#timers.clearAll();
    this.#unsubscribe();
    const reason = (): TlsError => error ?? new TlsError('ERR_STATE', { detail: 'the connection was closed' });
    calls.rejectLater(reason);
    sender.abandon(reason);
    skin.over(error);
    this.#letGo(error);
  }

  #letGo(error: TlsError | undefined): void {
    const { sender, reading } = this.#parts;
    if (!sender.isOpen) {
      this.#release.now();
      return;
    }
    const hasSaidWhy = error?.alert !== undefined && !this.#saysNothing;
    const isAwaited = sender.isEnding && !reading.hasEnded;
    this.#release.begin(reading.inbox.flows && (hasSaidWhy || isAwaited));
  }
}
