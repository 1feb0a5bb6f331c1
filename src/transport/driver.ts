import type { ChannelBinding } from '../engine/channel-binding.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineEvent } from '../engine/event.ts';
import { Alert, TlsError } from '../errors.ts';
import type { ConnectionInfo, PeerInfo } from '../handshake/context.ts';
import type { TransportConfig } from './options.ts';
import { Outbox, type Taken } from './outbox.ts';
import { Release } from './release.ts';
import type { Skin, Transport } from './transport.ts';
import { after, nextTurn, Turns } from './turns.ts';

/** Bytes that are sealed at once. */
const PIECE = 65_536;
/** Bytes of records that the transport may have before it has taken them. */
const MAX_OUTSTANDING = 131_072;
/** Bytes that are received ahead of what is read, before the transport is paused. */
const MAX_WAITING = 65_536;
/** For how long what has arrived is read when writing has failed, in milliseconds: an alert may say why. */
const READ_AFTER_FAILURE = 1_000;

/**
 * The one loop over an engine. It is driven by a transport on one side and a program on the other, and never runs code of
 * the program inside a call of the program's: calls and events only take note; the loop runs later, with nothing above it.
 */
export class Driver {
  readonly #transport: Transport;
  readonly #skin: Skin;
  readonly #config: TransportConfig;
  readonly #turns: Turns;
  readonly #release: Release;
  readonly #outbox: Outbox = new Outbox();
  #engine: Engine | undefined;

  #scheduled = false;
  #running = false;
  /** Something has happened while the loop was running. */
  #again = false;
  /** Inside a call of the engine: a callback of the program may be running. */
  #inEngine = false;
  /** The program has just been told that the handshake is done: it gets a turn before anything else happens. */
  #resting = false;
  #opened = false;
  /** The handshake is done, and the program has not been told yet. */
  #isToTell = false;
  /** What came right behind the handshake. */
  #kept: EngineEvent | undefined;
  #over = false;
  /** Given up from inside a call of the engine. */
  #stop: TlsError | undefined;

  #incoming: Uint8Array[] = [];
  #incomingBytes = 0;
  #paused = false;
  #input: 'flows' | 'ended' | 'gone' = 'flows';
  /** The end of the input has been acted on. */
  #inputTold = false;
  /** Why the transport cannot be used any more. */
  #cause: unknown;
  /** Nothing is received while the engine waits for an answer. */
  #pending = false;

  /** Data that the program has not asked for yet: nothing behind it is looked at. */
  #held: Uint8Array | undefined;
  #wanted = false;
  #discarding = false;
  #readOver = false;
  #truncated = false;

  #writable = true;
  #outstanding = 0;
  /** Of the pieces that the transport has and has not taken. */
  readonly #inFlight: Set<readonly Taken[]> = new Set();
  /** To be called. */
  #taken: Taken[] = [];
  readonly #early: Uint8Array[] = [];
  /** Our own end: to be said after what was written, handed over, taken. */
  #ending: 'no' | 'asked' | 'said' | 'done' = 'no';
  #endTaken: Taken[] = [];

  readonly #later: { resolve(peer: PeerInfo | undefined): void; reject(reason: unknown): void }[] = [];
  #stopTimer: (() => void) | undefined;
  #stopHandshake: () => void = () => {};
  #stopWaiting: () => void = () => {};
  #unsubscribe: () => void = () => {};

  /** Listens to the transport at once; the engine may come later. */
  constructor(
    engine: Engine | PromiseLike<Engine>,
    transport: Transport,
    skin: Skin,
    config: TransportConfig,
    turns: Turns = new Turns(),
  ) {
    this.#transport = transport;
    this.#skin = skin;
    this.#config = config;
    this.#turns = turns;
    this.#release = new Release(transport);
    transport.listen({
      received: (bytes) => this.#received(bytes),
      ended: () => this.#inputEnded('ended', undefined),
      unwritable: (cause) => this.#writeFailed(cause),
      gone: (cause) => this.#inputEnded('gone', cause),
    });
    if (config.signal !== undefined) this.#listen(config.signal);
    if (config.handshakeTimeout > 0) {
      const detail = `${config.handshakeTimeout} ms`;
      this.#stopHandshake = after(config.handshakeTimeout, () =>
        this.abort(new TlsError('ERR_HANDSHAKE_TIMEOUT', { detail })),
      );
    }
    if ('then' in engine)
      engine.then(
        (ready) => this.#begin(ready),
        (reason) => this.#finish(asTlsError(reason)),
      );
    else this.#begin(engine);
  }

  /** Undefined until the engine is there. */
  get role(): 'client' | 'server' | undefined {
    return this.#engine?.role;
  }

  /** What has been established so far. */
  get info(): Readonly<ConnectionInfo> {
    const info = this.#engine?.info ?? {};
    return this.#truncated ? { ...info, truncated: true } : info;
  }

  /** Server: what came before the handshake was done. */
  get earlyData(): readonly Uint8Array[] {
    return this.#early;
  }

  /** Neither over nor ended by us. */
  get mayWrite(): boolean {
    return !this.#over && this.#ending === 'no';
  }

  /** Bytes that the program has written and the transport has not taken, in both forms. */
  get backlog(): number {
    return this.#outbox.length + this.#outstanding;
  }

  /** Sends when it can be sent; `taken` is called when it has been. */
  write(bytes: Uint8Array, taken?: Taken): void {
    if (!this.mayWrite) {
      const detail = this.#over ? 'the connection is over' : 'our direction has been ended';
      queueMicrotask(() => taken?.(new TlsError('ERR_STATE', { detail })));
      return;
    }
    this.#outbox.push(bytes, taken);
    this.#schedule();
  }

  /** Ends our direction with close_notify, behind what was written. */
  end(taken?: Taken): void {
    if (this.#over || this.#ending === 'done') {
      if (taken !== undefined) queueMicrotask(() => taken());
      return;
    }
    if (taken !== undefined) this.#endTaken.push(taken);
    if (this.#ending === 'no') this.#ending = 'asked';
    this.#schedule();
  }

  /** The program can take data. */
  want(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#limit(undefined);
    this.#schedule();
  }

  /** The program takes nothing more; an end is still heard. */
  discard(): void {
    this.#discarding = true;
    this.#schedule();
  }

  /** Waits for the peer's end no longer than `closeTimeout`. */
  limitClose(): void {
    if (!this.#over) this.#limit(() => this.#finish(undefined));
  }

  /** Gives the connection up. During the handshake the peer is told so; afterwards it sees that the data was cut off. */
  abort(error: TlsError): void {
    if (this.#over) return;
    if (this.#inEngine) {
      this.#stop = error;
      return;
    }
    // What was written before goes, as far as the transport takes it at once.
    if (this.#opened) this.#flush();
    this.#giveUp(error);
  }

  /** @throws TlsError ERR_STATE when the connection is not open, or is TLS 1.2. */
  updateKeys(askPeer: boolean): void {
    this.#command('updateKeys', (engine) => engine.updateKeys(askPeer));
  }

  requestCertificate(): Promise<PeerInfo | undefined> {
    return new Promise((resolve, reject) => {
      this.#command('requestCertificate', (engine) => engine.requestCertificate());
      this.#later.push({ resolve, reject });
    });
  }

  exportKey(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    if (this.#engine === undefined) throw new TlsError('ERR_STATE', { detail: 'before the handshake has begun' });
    return this.#engine.exportKey(label, context, length);
  }

  channelBinding(type: ChannelBinding): Uint8Array {
    if (this.#engine === undefined) throw new TlsError('ERR_STATE', { detail: 'before the handshake has begun' });
    return this.#engine.channelBinding(type);
  }

  #command(name: string, call: (engine: Engine) => void): void {
    const engine = this.#engine;
    if (engine === undefined || this.#over || this.#inEngine) {
      const when = this.#over ? 'when the connection is over' : 'at this moment';
      throw new TlsError('ERR_STATE', { detail: `${name} ${when}` });
    }
    this.#inEngine = true;
    try {
      call(engine);
    } finally {
      this.#inEngine = false;
      this.#schedule();
    }
  }

  #begin(engine: Engine): void {
    if (this.#over) return;
    this.#engine = engine;
    this.#schedule();
  }

  // --- the loop ---

  #schedule(): void {
    this.#again = true;
    if (this.#scheduled || this.#running) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#turns.run(this.#turn));
  }

  /** Works until there is nothing to do, or others should have their turn. */
  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#running = true;
    try {
      for (;;) {
        this.#again = false;
        this.#flush();
        if (!this.#step() && !this.#again) return;
        this.#again = true;
        if (this.#turns.exhausted) return;
      }
    } finally {
      this.#running = false;
      // There is more to do. A handler of the program may have thrown: that is the program's matter, not the connection's.
      if (this.#again) this.#schedule();
    }
  };

  /** Does one thing. False: there is nothing to do until something happens. */
  #step(): boolean {
    const taken = this.#taken.shift();
    if (taken !== undefined) {
      this.#again = true;
      taken();
      return true;
    }
    if (this.#over || this.#resting) return false;
    if (this.#stop !== undefined) return this.#giveUp(this.#stop);
    if (this.#held !== undefined) return this.#deliver(this.#held);
    const engine = this.#engine;
    if (engine === undefined) return this.#input === 'gone' && this.#giveUp(this.#lost());
    const event = this.#next(engine);
    if (event === undefined || this.#stop !== undefined) return true;
    // What belongs to the handshake leaves first: tickets.
    if (this.#isToTell && event.type !== 'write' && event.type !== 'request') {
      if (event.type !== 'wait') this.#kept = event;
      this.#tellSecure();
      return true;
    }
    switch (event.type) {
      case 'write':
        this.#hand(event.bytes, []);
        return true;
      case 'data':
        this.#held = event.bytes;
        return true;
      case 'early-data':
        this.#early.push(event.bytes);
        return true;
      case 'request':
        this.#answer(engine, event.request);
        return true;
      case 'established':
        this.#opened = true;
        this.#isToTell = true;
        this.#stopHandshake();
        if (this.#config.signalEnds === 'handshake') this.#unsubscribe();
        return true;
      case 'post-handshake-auth':
        this.#later.shift()?.resolve(event.peer);
        return true;
      case 'end':
        this.#endReading();
        return true;
      case 'failed':
        this.#finish(event.error);
        return false;
      case 'wait':
        return this.#feed(engine);
    }
  }

  #next(engine: Engine): EngineEvent | undefined {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) return kept;
    return this.#call(() => {
      if (engine.status === 'fresh') engine.start();
      return engine.next();
    });
  }

  /** Calls the engine. What it throws is no reason to leave a connection hanging. */
  #call<T>(call: () => T): T | undefined {
    this.#inEngine = true;
    try {
      return call();
    } catch (reason) {
      this.#stop ??= asTlsError(reason);
      return undefined;
    } finally {
      this.#inEngine = false;
    }
  }

  #answer(engine: Engine, request: Parameters<Engine['answer']>[0]): void {
    const answer = this.#call(() => engine.answer(request));
    if (answer === undefined) return;
    this.#pending = true;
    const settled = (reason?: unknown): void => {
      this.#pending = false;
      if (reason !== undefined) this.abort(asTlsError(reason));
      this.#schedule();
    };
    answer.then(() => settled(), settled);
  }

  #tellSecure(): void {
    this.#isToTell = false;
    // A connection that is dead already is not handed out as a new one.
    if (this.#input === 'gone' && this.#incoming.length === 0) {
      this.#giveUp(this.#lost());
      return;
    }
    this.#resting = true;
    nextTurn(() => {
      this.#resting = false;
      this.#schedule();
    });
    this.#skin.secure();
  }

  // --- reading ---

  #received(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#incoming.push(bytes);
    this.#incomingBytes += bytes.length;
    this.#pace();
    this.#schedule();
  }

  /** Memory is bounded: what is not read stays where it is. */
  #pace(): void {
    const shouldPause = this.#incomingBytes >= MAX_WAITING;
    if (shouldPause === this.#paused || this.#input !== 'flows') return;
    this.#paused = shouldPause;
    if (shouldPause) this.#transport.pause();
    else this.#transport.resume();
  }

  #inputEnded(how: 'ended' | 'gone', cause: unknown): void {
    if (this.#over) {
      if (how === 'gone') this.#release.now();
      else this.#release.ended();
      return;
    }
    if (this.#input === 'gone') return;
    this.#input = how;
    this.#inputTold = false;
    this.#cause ??= cause;
    if (how === 'gone') this.#writable = false;
    this.#schedule();
  }

  /** The engine has nothing to do: gives it what has arrived. */
  #feed(engine: Engine): boolean {
    if (this.#pending) return this.#input === 'gone' && this.#giveUp(this.#lost());
    const bytes = this.#incoming.shift();
    if (bytes === undefined) return this.#input !== 'flows' && !this.#inputTold && this.#tellEnd(engine);
    this.#incomingBytes -= bytes.length;
    this.#call(() => engine.receive(bytes));
    this.#pace();
    return true;
  }

  /** Everything that arrived has been read, and nothing more will come. */
  #tellEnd(engine: Engine): boolean {
    this.#inputTold = true;
    const isGone = this.#input === 'gone';
    // After our own end, with nothing being read, it is no event that the peer just leaves.
    const isExpected = this.#opened && this.#ending !== 'no' && !this.#wanted;
    if (isGone && this.#ending !== 'done' && (this.#readOver || isExpected)) return this.#giveUp(this.#lost());
    if (isExpected) this.#endReading();
    if (this.#readOver) return false;
    if (this.#cause !== undefined) return this.#giveUp(this.#lost());
    if (this.#opened && this.#config.allowTruncation) {
      this.#truncated = true;
      this.#endReading();
      return true;
    }
    this.#call(() => engine.receiveEnd());
    return true;
  }

  #deliver(bytes: Uint8Array): boolean {
    if (!this.#discarding && !this.#wanted) return this.#keep();
    this.#held = undefined;
    if (this.#discarding) return true;
    this.#wanted = false;
    if (this.#skin.data(bytes)) this.#wanted = true;
    return true;
  }

  /** Data that is not being read. It is kept for the program, but not for ever when there is nobody at the other end. */
  #keep(): false {
    if (this.#input !== 'flows' && this.#ending === 'done') this.#finish(undefined);
    else if (this.#input === 'gone' && this.#stopTimer === undefined) this.#limit(() => this.#finish(this.#lost()));
    return false;
  }

  #endReading(): void {
    if (this.#readOver) return;
    this.#readOver = true;
    this.#rejectLater(new TlsError('ERR_STATE', { detail: 'the peer has ended its direction' }));
    this.#skin.end();
    if (this.#ending === 'done') this.#finish(undefined);
  }

  // --- writing ---

  /** Seals what was written and hands it over, as long as the transport takes it. */
  #flush(): void {
    const engine = this.#engine;
    if (engine === undefined || this.#over || !this.#writable || this.#isToTell) return;
    while (this.#outstanding < MAX_OUTSTANDING && !this.#outbox.isEmpty && engine.maySend) {
      // Little bits that come while others are on their way wait for them, and leave together.
      if (this.#outstanding > 0 && this.#outbox.length < PIECE) return;
      const { bytes, taken } = this.#outbox.take(PIECE);
      if (bytes.length === 0) this.#taken = this.#taken.concat(taken);
      else if (!this.#seal(engine, bytes, taken)) return;
    }
    if (this.#ending === 'asked' && this.#opened && this.#outbox.isEmpty) this.#sayEnd(engine);
  }

  #seal(engine: Engine, bytes: Uint8Array, taken: readonly Taken[]): boolean {
    this.#call(() => engine.send(bytes));
    const records = engine.takeBytes();
    if (records !== undefined) this.#hand(records, taken);
    else this.#inFlight.add(taken);
    return records !== undefined;
  }

  #sayEnd(engine: Engine): void {
    this.#ending = 'said';
    this.#call(() => engine.close());
    const said: Taken = (error) => {
      if (error === undefined) this.#endSaid();
    };
    const records = engine.takeBytes();
    if (records !== undefined) this.#hand(records, [said]);
    if (this.#transport.halfCloses) this.#transport.end(() => {});
  }

  #endSaid(): void {
    this.#ending = 'done';
    const waiting = this.#endTaken;
    this.#endTaken = [];
    if (this.#readOver) this.#finish(undefined);
    else if (!this.#wanted || this.#discarding) this.limitClose();
    for (const taken of waiting) taken();
    this.#schedule();
  }

  #hand(records: Uint8Array, taken: readonly Taken[]): void {
    this.#outstanding += records.length;
    this.#inFlight.add(taken);
    this.#transport.write(records, (error) => {
      this.#outstanding -= records.length;
      if (this.#over) return;
      if (error !== undefined && error !== null) {
        this.#writeFailed(error);
        return;
      }
      this.#inFlight.delete(taken);
      for (const callback of taken) this.#taken.push(callback);
      if (taken.length > 0 || !this.#outbox.isEmpty) this.#schedule();
    });
  }

  /** What has arrived is read before it is said why the connection ended. */
  #writeFailed(cause: unknown): void {
    if (!this.#writable || this.#over || this.#ending === 'done') return;
    this.#writable = false;
    this.#cause ??= cause;
    this.#stopWaiting = after(READ_AFTER_FAILURE, () => this.#inputEnded('gone', cause));
  }

  // --- the end ---

  #lost(): TlsError {
    if (this.#cause === undefined)
      return this.#readOver
        ? new TlsError('ERR_TRANSPORT', { detail: 'it was closed before our own direction was ended' })
        : new TlsError('ERR_TRUNCATED');
    return this.#cause instanceof TlsError ? this.#cause : new TlsError('ERR_TRANSPORT', { cause: this.#cause });
  }

  #giveUp(error: TlsError): false {
    const engine = this.#engine;
    if (this.#over) return false;
    if (engine !== undefined) {
      this.#call(() => engine.abort(error));
      const alert = engine.takeBytes();
      if (alert !== undefined && this.#writable) this.#hand(alert, []);
    }
    this.#finish(error);
    return false;
  }

  #finish(error: TlsError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#limit(undefined);
    this.#stopHandshake();
    this.#stopWaiting();
    this.#unsubscribe();
    this.#held = undefined;
    this.#incoming = [];
    const engine = this.#engine;
    // Overwrites the keys, where the engine has not done it already.
    if (engine !== undefined) this.#call(() => engine.abort(new TlsError('ERR_ABORTED')));
    const waiting = [...[...this.#inFlight].flat(), ...this.#outbox.clear(), ...this.#endTaken];
    const reason = error ?? new TlsError('ERR_STATE', { detail: 'the connection was closed' });
    this.#rejectLater(reason);
    if (waiting.length > 0) {
      queueMicrotask(() => {
        for (const taken of waiting) taken(reason);
      });
    }
    this.#skin.over(error);
    this.#letGo(error);
  }

  #letGo(error: TlsError | undefined): void {
    if (!this.#writable) {
      this.#release.now();
      return;
    }
    const wasCutOff = this.#opened && error?.alert === Alert.userCanceled;
    const hasSaidWhy = error?.alert !== undefined && !wasCutOff;
    this.#release.begin(this.#input === 'flows' && (hasSaidWhy || (this.#ending !== 'no' && !this.#readOver)));
  }

  #rejectLater(error: TlsError): void {
    for (const waiting of this.#later.splice(0)) waiting.reject(error);
  }

  /** Does this when `closeTimeout` has passed; undefined: does nothing, not even what was to be done. */
  #limit(action: (() => void) | undefined): void {
    this.#stopTimer?.();
    this.#stopTimer = action === undefined ? undefined : after(this.#config.closeTimeout, action);
  }

  #listen(signal: AbortSignal): void {
    const onAbort = (): void => this.abort(new TlsError('ERR_ABORTED', { cause: signal.reason }));
    if (signal.aborted) {
      this.#stop = new TlsError('ERR_ABORTED', { cause: signal.reason });
      this.#schedule();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    this.#unsubscribe = () => signal.removeEventListener('abort', onAbort);
  }
}

function asTlsError(reason: unknown): TlsError {
  return reason instanceof TlsError ? reason : new TlsError('ERR_INTERNAL', { cause: reason });
}
