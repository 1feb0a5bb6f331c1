import type { OwnBytes } from '../bytes/bytes.ts';
import type { ChannelBinding } from '../engine/channel-binding.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineEvent } from '../engine/event.ts';
import { TlsError } from '../errors.ts';
import type { ConnectionInfo, HandshakeInfo, PeerInfo } from '../handshake/context.ts';
import { Closing } from './closing.ts';
import { asTlsError, EngineCalls } from './engine-calls.ts';
import { Loop } from './loop.ts';
import type { TransportConfig } from './options.ts';
import type { Taken } from './outbox.ts';
import { Reading } from './reading.ts';
import { Sender, type SenderHost } from './sender.ts';
import type { Skin, Transport, TransportEvents } from './transport.ts';
import { nextTurn, Turns } from './turns.ts';

/** For how long what has arrived is read when writing has failed, in milliseconds: an alert may say why. */
const READ_AFTER_FAILURE = 1_000;

/**
 * The one loop over an engine. It is driven by a transport on one side and a program on the other, and never runs code of
 * the program inside a call of the program's: calls and events only take note; the loop runs later, with nothing above it.
 */
export class Driver {
  readonly #skin: Skin;
  readonly #config: TransportConfig;
  readonly #loop: Loop;
  readonly #calls: EngineCalls;
  readonly #reading: Reading;
  readonly #sender: Sender;
  readonly #closing: Closing;

  /** The handshake is done, and the program has not been told yet. */
  #isToTell = false;
  /** What came right behind the handshake. */
  #kept: EngineEvent | undefined;
  /** The program has just been told that the handshake is done: it gets a turn before anything else happens. */
  #resting = false;
  #truncated = false;
  #connectionInfo: ConnectionInfo | undefined;
  readonly #early: Uint8Array[] = [];

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
    this.#loop = new Loop(() => this.#step(), turns);
    this.#calls = new EngineCalls(this.#loop);
    this.#reading = new Reading(transport);
    const calls = this.#calls;
    const events = new Driver.#Events(this);
    this.#sender = new Sender(transport, calls, this.#loop, events);
    this.#closing = new Closing({ transport, skin, config, calls, reading: this.#reading, sender: this.#sender });
    transport.listen(events);
    this.#closing.watch((error) => this.abort(error));
    if (!('then' in engine)) this.#begin(engine);
    else {
      engine.then(
        (ready) => this.#begin(ready),
        (reason) => this.#closing.finish(asTlsError(reason)),
      );
    }
  }

  /** Undefined until the engine is there. */
  get role(): 'client' | 'server' | undefined {
    return this.#calls.engine?.role;
  }

  /** What is known so far. */
  get info(): Readonly<HandshakeInfo> {
    const { info } = this.#calls;
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
    return !this.#closing.isOver && !this.#sender.isEnding;
  }

  /** The connection is over, and the program has been told of everything. */
  get isDone(): boolean {
    return this.#closing.isDone;
  }

  /** The skin has been told of the end of what is received; until then data may come, whatever becomes of the connection. */
  get isReadingOver(): boolean {
    return this.#reading.isOver;
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
    const detail = this.#closing.isOver ? 'the connection is over' : 'our direction has been ended';
    queueMicrotask(() => taken?.(new TlsError('ERR_STATE', { detail })));
  }

  /** Ends our direction with close_notify, behind what was written. */
  end(taken?: Taken): void {
    if (!this.#closing.isOver && !this.#sender.hasEnded) {
      this.#sender.end(taken);
      this.#closing.limitSending();
    } else if (taken !== undefined) queueMicrotask(() => taken());
  }

  /** The program can take data. */
  want(): void {
    if (!this.#reading.want()) return;
    if (!this.#reading.isDiscarding) this.#closing.unlimit();
    this.#loop.schedule();
  }

  /** The program takes nothing more; an end is still heard. */
  discard(): void {
    this.#reading.discard();
    if (this.#sender.hasEnded) this.#endSaid();
    else this.#closing.limitSending();
    this.#loop.schedule();
  }

  /**
   * Gives the connection up, and what has not been read with it. The peer is told so; after the handshake `isSilent` leaves
   * it at the end of the transport without close_notify.
   */
  abort(error: TlsError, isSilent: boolean = false): void {
    if (this.#closing.isDone) return;
    this.#closing.isSilent = isSilent;
    if (this.#calls.isInside) {
      this.#calls.stop = error;
      return;
    }
    // What was written before goes, as far as the transport takes it at once.
    if (this.#closing.isOpen) this.#flush();
    this.#closing.giveUp(error);
  }

  /** @throws TlsError ERR_STATE when the connection is not open, or is TLS 1.2. */
  updateKeys(askPeer: boolean): void {
    this.#calls.command('updateKeys', this.#closing.isOver, (engine) => engine.updateKeys(askPeer));
  }

  requestCertificate(): Promise<PeerInfo | undefined> {
    return this.#calls.requestCertificate(this.#closing.isOver);
  }

  exportKey(label: string, context: Uint8Array | undefined, length: number): OwnBytes {
    return this.#calls.exportKey(label, context, length);
  }

  channelBinding(type: ChannelBinding): Uint8Array {
    return this.#calls.channelBinding(type);
  }

  /** What its parts see of it. A class: as closures it would cost each idle connection. */
  static readonly #Events = class implements TransportEvents, SenderHost {
    readonly #driver: Driver;
    constructor(driver: Driver) {
      this.#driver = driver;
    }
    received(bytes: Uint8Array): void {
      this.#driver.#received(bytes);
    }
    ended(): void {
      this.#driver.#inputEnded('ended', undefined);
    }
    unwritable(cause: unknown): void {
      this.#driver.#writeFailed(cause);
    }
    gone(cause?: unknown): void {
      this.#driver.#inputEnded('gone', cause);
    }
    took(): void {
      this.#driver.#closing.limitSending();
    }
    endTaken(): void {
      this.#driver.#endSaid();
    }
  };

  // --- the loop ---

  #begin(engine: Engine): void {
    if (!this.#closing.isOver) this.#calls.begin(engine);
  }

  /** Does one thing. False: there is nothing to do until something happens. */
  #step(): boolean {
    this.#flush();
    if (this.#sender.tellTaken()) return true;
    if (this.#closing.isDone || this.#resting) return false;
    const { stop, engine } = this.#calls;
    if (stop !== undefined) return this.#closing.giveUp(stop);
    if (this.#reading.isHolding) return this.#reading.deliver(this.#skin) || this.#keep();
    if (engine === undefined || engine.status === 'fresh') {
      if (this.#reading.inbox.isGone) return this.#closing.giveUp(this.#closing.lost());
      if (engine === undefined) return false;
    }
    const event = this.#next(engine);
    if (event === undefined || this.#calls.stop !== undefined) return true;
    // What belongs to the handshake leaves first: tickets.
    if (this.#isToTell && event.type !== 'write' && event.type !== 'request') {
      if (event.type !== 'wait') this.#kept = event;
      this.#tellSecure();
      return true;
    }
    return event.type === 'wait' ? this.#feed(engine) : this.#take(engine, event);
  }

  #next(engine: Engine): EngineEvent | undefined {
    const kept = this.#kept;
    this.#kept = undefined;
    return kept ?? this.#calls.next(engine);
  }

  #take(engine: Engine, event: Exclude<EngineEvent, { type: 'wait' }>): boolean {
    switch (event.type) {
      case 'write':
        if (!this.#closing.isOver) this.#sender.hand(engine, [event.bytes]);
        return true;
      case 'data':
        this.#reading.hold(event.bytes);
        return true;
      case 'early-data':
        this.#early.push(event.bytes);
        return true;
      case 'request':
        this.#calls.answer(engine, event.request);
        return true;
      case 'established':
        this.#closing.opened();
        this.#connectionInfo = event.info;
        this.#isToTell = true;
        return true;
      case 'post-handshake-auth':
        this.#calls.certificate(event.peer);
        return true;
      case 'end':
        this.#closing.endReading(undefined);
        return true;
      case 'failed':
        this.#closing.finish(event.error);
        return true;
    }
  }

  #tellSecure(): void {
    this.#isToTell = false;
    const { inbox } = this.#reading;
    // A connection that is dead already is not handed out as a new one.
    if (inbox.isGone && inbox.isEmpty) {
      this.#closing.giveUp(this.#closing.lost());
      return;
    }
    this.#resting = true;
    nextTurn(() => {
      this.#resting = false;
      this.#loop.schedule();
    });
    this.#skin.secure();
  }

  // --- reading ---

  #received(bytes: Uint8Array): void {
    if (this.#closing.isOver) return;
    this.#reading.inbox.push(bytes);
    this.#loop.schedule();
  }

  #inputEnded(how: 'ended' | 'gone', cause: unknown): void {
    if (this.#closing.isOver) {
      this.#closing.transportEnded(how);
      return;
    }
    this.#reading.inbox.end(how, cause);
    if (how === 'gone') this.#sender.isOpen = false;
    this.#loop.schedule();
  }

  /** The engine has nothing to do: gives it what has arrived. */
  #feed(engine: Engine): boolean {
    const { inbox } = this.#reading;
    if (this.#calls.isPending) {
      if (!inbox.isGone) return false;
      if (!this.#closing.isOpen || inbox.isEmpty) return this.#closing.giveUp(this.#closing.lost());
      // There is something behind what waits for its answer.
      return this.#closing.limit(() => this.#closing.giveUp(this.#closing.lost()));
    }
    if (engine.isOpening && (inbox.isEmpty || !engine.mayReceive)) {
      // What has come is not lost with the transport; but it is not waited for it for ever.
      return inbox.isGone && this.#closing.limit(() => this.#closing.giveUp(this.#closing.lost()));
    }
    const bytes = inbox.shift();
    if (bytes === undefined) return !inbox.flows && !inbox.isTold && this.#tellEnd(engine);
    this.#calls.call(() => engine.receive(bytes));
    return true;
  }

  /** Everything that arrived has been read, and nothing more will come. */
  #tellEnd(engine: Engine): boolean {
    const { isGone, cause } = this.#reading.inbox;
    const isLost = isGone && !this.#sender.hasEnded;
    if (this.#reading.isOver) {
      this.#reading.inbox.isTold = true;
      if (isLost && this.#truncated && this.#sender.waiveEnd()) return true;
      return isLost && this.#closing.giveUp(this.#closing.lost());
    }
    // After our own end, with nothing being read, it is no event that the peer just leaves.
    const isExpected =
      this.#closing.isOpen && this.#sender.isEnding && !this.#reading.isWanted && !this.#closing.isOver;
    if (isExpected && isLost) return this.#closing.giveUp(this.#closing.lost());
    if (this.#closing.isOpen && this.#config.allowTruncation && (cause === undefined || isExpected)) {
      this.#truncated = true;
      this.#closing.endReading(undefined);
    } else if (isExpected) {
      // Who reads later learns of it.
      if (this.#sender.hasEnded) this.#closing.finish(undefined);
      return false;
    } else if (cause !== undefined) this.#closing.giveUp(this.#closing.lost());
    else this.#calls.call(() => engine.receiveEnd());
    return true;
  }

  /**
   * Data that is not being read. It stays, for a program that reads is between two reads here; but the connection is not
   * kept for it for ever when the transport is lost.
   */
  #keep(): false {
    const { inbox } = this.#reading;
    if (this.#closing.isOver) return false;
    if (!inbox.flows && this.#sender.hasEnded) return this.#closing.limit(() => this.#closing.expire(undefined));
    if (inbox.isGone || !this.#sender.isOpen)
      return this.#closing.limit(() => this.#closing.expire(this.#closing.unended()));
    return false;
  }

  // --- writing ---

  #flush(): void {
    const { engine } = this.#calls;
    if (engine === undefined || this.#closing.isOver || this.#isToTell) return;
    this.#sender.flush(engine, this.#closing.isOpen);
  }

  #endSaid(): void {
    this.#closing.limitSending();
    const { inbox, isOver, isHolding, isWanted, isDiscarding } = this.#reading;
    const isCutOff = !inbox.flows && inbox.isEmpty && !isHolding && !isWanted;
    if (isOver || isCutOff) this.#closing.finish(undefined);
    else if (!isWanted || isDiscarding) this.#closing.limit(() => this.#closing.expire(undefined));
  }

  /** What has arrived is read before it is said why the connection ended. */
  #writeFailed(cause: unknown): void {
    if (!this.#sender.isOpen || this.#closing.isOver || this.#sender.hasEnded) return;
    // A peer that has gone without a word, where it may, is not told of our end: that is no failure.
    if (this.#truncated && this.#sender.waiveEnd()) return;
    this.#sender.isOpen = false;
    this.#reading.inbox.cause ??= cause;
    this.#awaitEnd();
    this.#loop.schedule();
  }

  #awaitEnd(): void {
    this.#closing.after('failure', READ_AFTER_FAILURE, () => {
      // What the transport still has is fetched as the program reads.
      if (this.#reading.inbox.isPaused) this.#awaitEnd();
      else this.#inputEnded('gone', undefined);
    });
  }
}
