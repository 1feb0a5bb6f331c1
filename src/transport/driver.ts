import type { OwnBytes } from '../bytes/bytes.ts';
import type { ChannelBinding } from '../engine/channel-binding.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineEvent } from '../engine/event.ts';
import { Alert, TlsError } from '../errors.ts';
import { type ConnectionInfo, type HandshakeInfo, type PeerInfo, startInfo } from '../handshake/context.ts';
import type { TransportConfig } from './options.ts';
import { Inbox } from './inbox.ts';
import type { Taken } from './outbox.ts';
import { Release } from './release.ts';
import { Sender } from './sender.ts';
import type { Skin, Transport } from './transport.ts';
import { after, nextTurn, Turns } from './turns.ts';

/** For how long what has arrived is read when writing has failed, in milliseconds: an alert may say why. */
const READ_AFTER_FAILURE = 1_000;

/**
 * The one loop over an engine. It is driven by a transport on one side and a program on the other, and never runs code of
 * the program inside a call of the program's: calls and events only take note; the loop runs later, with nothing above it.
 */
export class Driver {
  readonly #skin: Skin;
  readonly #config: TransportConfig;
  readonly #turns: Turns;
  readonly #release: Release;
  readonly #inbox: Inbox;
  readonly #sender: Sender;
  #engine: Engine | undefined;

  #scheduled = false;
  #running = false;
  /** Something has happened while the loop was running. */
  #again = false;
  /** Inside a call of the engine: a callback of the program may be running. */
  #inEngine = false;
  /** The engine waits for an answer. */
  #pending = false;
  #opened = false;
  /** The handshake is done, and the program has not been told yet. */
  #isToTell = false;
  /** What came right behind the handshake. */
  #kept: EngineEvent | undefined;
  /** The program has just been told that the handshake is done: it gets a turn before anything else happens. */
  #resting = false;
  /** Given up from inside a call of the engine. */
  #stop: TlsError | undefined;
  #over = false;

  /** Data that the program has not asked for yet: nothing behind it is looked at. */
  #held: Uint8Array | undefined;
  #wanted = false;
  #discarding = false;
  #readOver = false;
  #truncated = false;
  #connectionInfo: ConnectionInfo | undefined;
  readonly #early: Uint8Array[] = [];

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
    this.#skin = skin;
    this.#config = config;
    this.#turns = turns;
    this.#release = new Release(transport);
    this.#inbox = new Inbox(transport);
    this.#sender = new Sender(transport, {
      schedule: () => this.#schedule(),
      call: (call) => void this.#call(call),
      failed: (cause) => this.#writeFailed(cause),
      ended: () => this.#endSaid(),
    });
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
    if (!('then' in engine)) this.#begin(engine);
    else {
      engine.then(
        (ready) => this.#begin(ready),
        (reason) => this.#finish(asTlsError(reason)),
      );
    }
  }

  /** Undefined until the engine is there. */
  get role(): 'client' | 'server' | undefined {
    return this.#engine?.role;
  }

  /** What is known so far. */
  get info(): Readonly<HandshakeInfo> {
    const info = this.#engine?.info ?? startInfo();
    return this.#truncated ? { ...info, truncated: true } : info;
  }

  /** What is known of the connection. @throws TlsError ERR_STATE before the handshake is done. */
  get connectionInfo(): ConnectionInfo {
    const info = this.#connectionInfo;
    if (info === undefined) throw new TlsError('ERR_STATE', { detail: 'the handshake is not done' });
    return this.#truncated ? { ...info, truncated: true } : info;
  }

  /** Server: what came before the handshake was done. */
  get earlyData(): readonly Uint8Array[] {
    return this.#early;
  }

  /** Neither over nor ended by us. */
  get mayWrite(): boolean {
    return !this.#over && !this.#sender.isEnding;
  }

  /** Bytes that the program has written and the transport has not taken, in both forms. */
  get backlog(): number {
    return this.#sender.backlog;
  }

  /** Sends when it can be sent; `taken` is called when it has been. */
  write(bytes: Uint8Array, taken?: Taken): void {
    if (this.mayWrite) {
      this.#sender.write(bytes, taken);
      return;
    }
    const detail = this.#over ? 'the connection is over' : 'our direction has been ended';
    queueMicrotask(() => taken?.(new TlsError('ERR_STATE', { detail })));
  }

  /** Ends our direction with close_notify, behind what was written. */
  end(taken?: Taken): void {
    if (!this.#over && !this.#sender.hasEnded) this.#sender.end(taken);
    else if (taken !== undefined) queueMicrotask(() => taken());
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

  exportKey(label: string, context: Uint8Array | undefined, length: number): OwnBytes {
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
    this.#again = true;
    if (this.#sender.tellTaken()) return true;
    this.#again = false;
    if (this.#over || this.#resting) return false;
    if (this.#stop !== undefined) return this.#giveUp(this.#stop);
    if (this.#held !== undefined) return this.#deliver(this.#held);
    const engine = this.#engine;
    if (engine === undefined || engine.status === 'fresh') {
      if (this.#inbox.isGone) return this.#giveUp(this.#lost());
      if (engine === undefined) return false;
    }
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
        this.#sender.hand(event.bytes, []);
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
        this.#connectionInfo = event.info;
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
    if (this.#inbox.isGone && this.#inbox.isEmpty) {
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
    this.#inbox.push(bytes);
    this.#schedule();
  }

  #inputEnded(how: 'ended' | 'gone', cause: unknown): void {
    if (this.#over) {
      if (how === 'gone') this.#release.now();
      else this.#release.ended();
      return;
    }
    this.#inbox.end(how, cause);
    if (how === 'gone') this.#sender.isOpen = false;
    this.#schedule();
  }

  /** The engine has nothing to do: gives it what has arrived. */
  #feed(engine: Engine): boolean {
    if (this.#pending) return this.#inbox.isGone && this.#giveUp(this.#lost());
    const bytes = this.#inbox.shift();
    if (bytes === undefined) return !this.#inbox.flows && !this.#inbox.isTold && this.#tellEnd(engine);
    this.#call(() => engine.receive(bytes));
    return true;
  }

  /** Everything that arrived has been read, and nothing more will come. */
  #tellEnd(engine: Engine): boolean {
    const { isGone, cause } = this.#inbox;
    this.#inbox.isTold = true;
    // After our own end, with nothing being read, it is no event that the peer just leaves.
    const isExpected = this.#opened && this.#sender.isEnding && !this.#wanted;
    if (isGone && !this.#sender.hasEnded && (this.#readOver || isExpected)) return this.#giveUp(this.#lost());
    if (isExpected) this.#endReading();
    if (this.#readOver) return false;
    if (cause !== undefined) return this.#giveUp(this.#lost());
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
    this.#wanted = this.#skin.data(bytes);
    return true;
  }

  /** Data that is not being read. It is kept for the program, but not for ever when the other end is gone. */
  #keep(): false {
    if (this.#stopTimer !== undefined) return false;
    // A program that reads is between two reads here: what it has not asked for yet is not thrown away at once.
    if (!this.#inbox.flows && this.#sender.hasEnded) this.#limit(() => this.#finish(undefined));
    else if (this.#inbox.isGone) this.#limit(() => this.#finish(this.#lost()));
    return false;
  }

  #endReading(): void {
    if (this.#readOver) return;
    this.#readOver = true;
    this.#rejectLater(new TlsError('ERR_STATE', { detail: 'the peer has ended its direction' }));
    this.#skin.end();
    if (this.#sender.hasEnded) this.#finish(undefined);
  }

  // --- writing ---

  #flush(): void {
    if (this.#engine === undefined || this.#over || this.#isToTell) return;
    this.#sender.flush(this.#engine, this.#opened);
  }

  #endSaid(): void {
    if (this.#readOver) this.#finish(undefined);
    else if (!this.#wanted || this.#discarding) this.#limit(() => this.#finish(undefined));
  }

  /** What has arrived is read before it is said why the connection ended. */
  #writeFailed(cause: unknown): void {
    if (!this.#sender.isOpen || this.#over || this.#sender.hasEnded) return;
    this.#sender.isOpen = false;
    this.#stopWaiting = after(READ_AFTER_FAILURE, () => this.#inputEnded('gone', cause));
    this.#inbox.cause ??= cause;
  }

  // --- the end ---

  #lost(): TlsError {
    if (this.#readOver && this.#inbox.cause === undefined)
      return new TlsError('ERR_TRANSPORT', { detail: 'it was closed before our own direction was ended' });
    return this.#inbox.error();
  }

  #giveUp(error: TlsError): false {
    const engine = this.#engine;
    if (this.#over) return false;
    if (engine !== undefined) {
      this.#call(() => engine.abort(error));
      const alert = engine.takeBytes();
      if (alert !== undefined && this.#sender.isOpen) this.#sender.hand(alert, []);
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
    this.#inbox.clear();
    const engine = this.#engine;
    // Overwrites the keys, where the engine has not done it already.
    if (engine !== undefined) this.#call(() => engine.abort(new TlsError('ERR_ABORTED')));
    const waiting = this.#sender.clear();
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
    if (!this.#sender.isOpen) {
      this.#release.now();
      return;
    }
    const wasCutOff = this.#opened && error?.alert === Alert.userCanceled;
    const hasSaidWhy = error?.alert !== undefined && !wasCutOff;
    this.#release.begin(this.#inbox.flows && (hasSaidWhy || (this.#sender.isEnding && !this.#readOver)));
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
