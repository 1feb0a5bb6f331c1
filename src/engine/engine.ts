import { reasonText } from '../bytes/text.ts';
import { plainView, wipe, type OwnBytes } from '../bytes/bytes.ts';
import { describedAs } from '../bytes/conceal.ts';
import type { Hash } from '../crypto/types.ts';
import { isTlsError, TlsError } from '../errors.ts';
import type { Config, Seen, Standing } from '../handshake/config.ts';
import { type HandshakeInfo, startInfo, versionName } from '../handshake/context.ts';
import type { AnyNext, Arrival, ArrivalName, Commands, Machine } from '../handshake/machine.ts';
import type { AnyRequest, AnyRequestBody, RequestBody, Requests, Step } from '../handshake/requests.ts';
import { exportFrom } from '../keys/schedule13.ts';
import { TLS_1_3 } from '../wire/ids.ts';
import { alertMeaning, tellPeer } from './alerts.ts';
import { answer } from './answer.ts';
import { bind } from './bind.ts';
import { guardCallbacks } from './callbacks.ts';
import {
  CHANNEL_BINDINGS,
  type ChannelBinding,
  demandUnique,
  EXPORTER_LABEL,
  EXPORTER_LENGTH,
} from './channel-binding.ts';
import { classifyMessage } from './classify-message.ts';
import { EngineEffects, forgetSessions, type OfferedSession } from './effects.ts';
import type { EngineEvent } from './event.ts';
import { type Handler, Inbound } from './inbound.ts';
import { describeEngine, Lifecycle, type Status } from './lifecycle.ts';
import { Outbound } from './outbound.ts';
import { Owned } from './owned.ts';
import { makeRequest } from './request.ts';

/**
 * One TLS connection without a transport: bytes in, events out. It owns no socket, no timer and no promise, and calls the
 * program back only where a callback was configured. Events are pulled, so nothing happens behind the program's back.
 */
export class Engine {
  readonly #config: Config;
  readonly #machine: Machine;
  /** The first step of a client; a server waits to be spoken to. */
  readonly #first: (() => Step<AnyNext>) | undefined;
  readonly #outbound: Outbound;
  readonly #inbound: Inbound;
  readonly #info: HandshakeInfo = startInfo();
  readonly #events: EngineEvent[] = [];
  /** Where what has been read goes. */
  readonly #handler: Handler = {
    message: (message) => this.#arrive(message),
    changeCipherSpec: () => this.#arriveChangeCipherSpec(),
    ignoresChangeCipherSpec: () => this.#ignoresChangeCipherSpec(),
    data: (content) => this.#receiveData(content),
    // RFC 9846 §6-4
    alert: (level, description) => this.#receiveAlert(level, description),
    open: (bulk, jobs, done) =>
      void this.#events.push({
        type: 'request',
        request: this.#askLane({ kind: 'openRecords', ask: { bulk, jobs } }, done),
      }),
  };
  readonly #lifecycle: Lifecycle = new Lifecycle();
  #state = '';
  #data: object = {};
  readonly #owned: Owned = new Owned();
  /** What an open connection can be asked for, bound to its state. */
  #commands: Commands | undefined;
  /** The step that waits for an answer. */
  #waiting: Step<AnyNext> | undefined;
  #request: AnyRequest | undefined;
  /** Batches that were not taken yet. */
  readonly #sealing: AnyRequest[] = [];
  /** What exporters for early data are made from. */
  #early: { readonly hash: Hash; readonly secret: Uint8Array } | undefined;
  /** The session that the server was offered, until it has shown that it resumes it, or does without. */
  #offered: OfferedSession | undefined;
  readonly #seen: Seen = { authorities: [], heard: false };

  constructor(given: Config) {
    const config = guardCallbacks(given);
    this.#config = config;
    describedAs(this, () => describeEngine(this));
    this.#outbound = new Outbound(config);
    this.#inbound = new Inbound(
      config.maxChainSize,
      config.protocols.find(({ firstHello }) => firstHello !== undefined)?.firstHello,
    );
    const effects = new EngineEffects({
      config,
      outbound: this.#outbound,
      inbound: this.#inbound,
      info: this.#info,
      lifecycle: this.#lifecycle,
      emit: (event) => void this.#events.push(event),
      early: (hash, secret) => {
        this.#early = { hash, secret };
      },
      offered: (offered) => {
        this.#offered = offered;
      },
      fail: (reason) => this.#fail(reason),
    });
    const { machine, first } = bind(config, effects, (secret) => this.#owned.own(secret));
    this.#machine = machine;
    this.#first = first;
  }

  /** Options as they were read. There are secrets among them. */
  get config(): Config {
    return this.#config;
  }

  get role(): 'client' | 'server' {
    return this.config.role;
  }

  get status(): Status {
    return this.#lifecycle.status;
  }

  /** What is known so far; the event `established` brings the whole. */
  get info(): Readonly<HandshakeInfo> {
    return this.#info;
  }

  /** The state of the handshake, by the name of its row in the table. */
  get state(): string {
    return this.#state;
  }

  /** A client sends its ClientHello; a server begins to listen. @throws TlsError ERR_STATE when called twice. */
  start(): void {
    if (this.status !== 'fresh') throw this.#wrongState('start');
    this.#lifecycle.start();
    const first = this.#first;
    if (first === undefined) this.#state = 'START';
    else this.#guard(() => this.#begin(first()));
  }

  /** Bytes from the transport, in any pieces; they are only queued. The array must not be changed afterwards. */
  receive(bytes: Uint8Array): void {
    if (this.status !== 'fresh' && !this.#lifecycle.reads) return;
    this.#inbound.push(plainView(bytes));
  }

  /** The transport has ended. Without a close_notify before it, something may have been cut off. */
  receiveEnd(): void {
    this.#inbound.ended = true;
  }

  // RFC 9846 §2-2
  /**
   * Sends application data. A server that takes early data may answer it before the handshake is done: the client has
   * proved that it has the key of the session, but not yet that it is there now, and not a copy of what it said before.
   * @throws TlsError ERR_STATE before the handshake is done, but for that, and after close().
   */
  send(plaintext: Uint8Array): void {
    if (!this.#isWritable) throw this.#wrongState('send');
    this.#attempt(() => {
      if (this.status === 'handshaking') {
        this.#outbound.data(plaintext, () => {
          throw new TlsError('ERR_SEAL_LIMIT', { detail: 'before the handshake is done' });
        });
        return;
      }
      const commands = this.#open('send');
      commands.beforeData?.();
      this.#outbound.data(
        plaintext,
        () => commands.updateKeys(false),
        (bulk, jobs, done) => {
          this.#sealing.push(this.#askLane({ kind: 'sealRecords', ask: { bulk, jobs } }, done));
        },
      );
    });
  }

  /**
   * Should `send` be called now? It should not while some batches are being sealed: what is sent then makes them be sealed
   * at once, in the slower way.
   */
  get maySend(): boolean {
    return this.#isWritable && !this.#outbound.isFull;
  }

  /** Batches of what was sent that are being sealed. They leave in their order. */
  get sealing(): number {
    return this.#outbound.sealing;
  }

  /** Batches of what was received are being opened: what comes next waits for that. */
  get isOpening(): boolean {
    return this.#inbound.isOpening;
  }

  /** Should `receive` be called now? It should not while so much is being opened that nothing more is begun. */
  get mayReceive(): boolean {
    return !this.#inbound.isFull;
  }

  get #isWritable(): boolean {
    return this.status === 'open' || this.#answersEarly();
  }

  // RFC 9846 §6.1-2
  /** Ends our direction with close_notify; the peer may still send. During the handshake the connection is given up. */
  close(): void {
    if (!this.#lifecycle.writes) return;
    if (!this.#lifecycle.established) {
      this.abort(new TlsError('ERR_ABORTED'));
      return;
    }
    this.#guard(() => this.#outbound.alert(1, 0));
    if (this.status === 'failed') return;
    this.#lifecycle.closeWrite();
    if (this.#lifecycle.over) this.#dispose();
  }

  /** Gives the connection up. The peer is told, if there is anything that can be said. */
  abort(error: TlsError): void {
    this.#fail(error);
  }

  /** Changes our keys, and with `askPeer` the peer's. @throws TlsError ERR_STATE when the connection is not open. */
  updateKeys(askPeer: boolean = false): void {
    const commands = this.#open('updateKeys');
    this.#attempt(() => {
      commands.updateKeys(askPeer);
      this.#outbound.flush();
    });
  }

  /** Asks the client for a certificate. @throws TlsError ERR_STATE when it did not say that it can be asked. */
  requestCertificate(): void {
    const commands = this.#open('requestCertificate');
    this.#attempt(() => {
      commands.requestCertificate();
      this.#outbound.flush();
    });
  }

  /**
   * Keying material for another protocol (RFC 9846 section 7.5, RFC 5705); `length` is in bytes.
   * @throws TlsError ERR_STATE when the connection is not open, or is one of TLS 1.2 without extended_master_secret.
   */
  exportKey(label: string, context: Uint8Array | undefined, length: number): OwnBytes {
    if (!this.#lifecycle.established || this.#commands === undefined) throw this.#wrongState('exportKey');
    demandUnique(this.#info, 'exportKey');
    return this.#commands.exportKey(label, context, length);
  }

  /**
   * What ties a protocol above, such as SCRAM, to this very connection (RFC 9266, RFC 5929).
   * @throws TlsError ERR_STATE when the connection is not open, is one of TLS 1.2 without extended_master_secret, or has
   * no such binding.
   */
  channelBinding(type: ChannelBinding): Uint8Array {
    if (!this.#lifecycle.established) throw this.#wrongState('channelBinding');
    demandUnique(this.#info, type);
    if (type === 'tls-exporter') return this.exportKey(EXPORTER_LABEL, new Uint8Array(0), EXPORTER_LENGTH);
    if (type !== 'tls-server-end-point')
      throw new TlsError('ERR_OPTION', {
        detail: `channelBinding: ${reasonText(type)} is not one of ${CHANNEL_BINDINGS}`,
      });
    const { peer, ownCertificate } = this.#info;
    const { serverEndPoint, crypto } = this.config;
    return serverEndPoint(this.role === 'client' ? peer?.chain[0] : ownCertificate, crypto);
  }

  /**
   * Keying material that goes with early data, before the handshake is done (RFC 9846 section 7.5); `length` is in bytes.
   * Like early data, it can be the same in a copy of the connection.
   * @throws TlsError ERR_STATE when no early data was offered (client) or taken (server).
   */
  exportEarlyKey(label: string, context: Uint8Array | undefined, length: number): OwnBytes {
    if (this.#early === undefined) throw new TlsError('ERR_STATE', { detail: 'there is no early data' });
    return exportFrom(this.#early.hash, this.#early.secret, label, context, length);
  }

  /** Answers a request as configured; a promise only where what was asked gave one. */
  answer(request: AnyRequest): Promise<void> | undefined {
    try {
      return answer(request, this.config);
    } catch (reason) {
      // Asked twice is a mistake of the caller's; anything else is a callback that threw where nothing expected it.
      if (isTlsError(reason) && reason.code === 'ERR_STATE') throw reason;
      this.#fail(reason);
      return undefined;
    }
  }

  /** Bytes for the transport, if there are any; no other work is done, and nothing is called. */
  takeBytes(): Uint8Array | undefined {
    return this.#outbound.take();
  }

  /** The same in pieces, for a transport that can write several at once without joining them. */
  takePieces(): readonly Uint8Array[] | undefined {
    return this.#outbound.takePieces();
  }

  /**
   * A batch of records that is to be sealed, if a `send` has made one; `next` hands it out too. It can be answered at
   * any time, and does not keep the engine from reading; what it seals is there once it is answered.
   */
  takeSealing(): AnyRequest | undefined {
    return this.#sealing.shift();
  }

  /** The one way out. Does at most the work of one record or one message. */
  next(): EngineEvent {
    for (;;) {
      const bytes = this.#outbound.take();
      if (bytes !== undefined) return { type: 'write', bytes };
      const sealing = this.takeSealing();
      if (sealing !== undefined) return { type: 'request', request: sealing };
      const event = this.#events.shift();
      if (event !== undefined) return event;
      if (!this.#work()) return { type: 'wait' };
    }
  }

  /** One message or one record; false when there is none. */
  #work(): boolean {
    if (!this.#lifecycle.reads || this.#waiting !== undefined) return false;
    // What fails has worked too: there is an alert to write and an error to report.
    let worked = true;
    this.#guard(() => {
      worked = this.#inbound.step(this.#state, this.#machine.table[this.#state] ?? {}, this.#handler);
      if (!worked && this.#inbound.ended && !this.#inbound.isOpening)
        throw new TlsError('ERR_TRUNCATED', { detail: this.config.explain.end(this.#standing) });
    });
    return worked || this.status === 'failed';
  }

  #arrive(raw: Arrival): void {
    const { name, message } = classifyMessage(raw, this.#state, this.#machine);
    const edge = this.#machine.table[this.#state]![name]!;
    const { epoch } = this.#inbound;
    this.config.onTrace?.({
      type: 'message',
      from: this.#peer,
      handshakeType: message.type,
      arrival: name,
      epoch,
      raw: message.raw,
      ...(message.wire !== undefined && { wire: message.wire }),
    });
    if (edge.epoch !== epoch) {
      throw new TlsError('ERR_UNEXPECTED_MESSAGE', { detail: `${name} under ${epoch} keys, in state ${this.#state}` });
    }
    // RFC 9846 section 5.1: a message may not straddle a change of keys. The one place where this is checked.
    if (edge.rekeysRead === true && this.#inbound.leftover > 0) {
      throw new TlsError('ERR_LEFTOVER_BYTES', { detail: `${this.#inbound.leftover} bytes after ${name}` });
    }
    this.#run(name, message);
  }

  /** TLS 1.2: here it is a message of its own (RFC 5246 section 7.1). */
  #arriveChangeCipherSpec(): void {
    if (this.#inbound.leftover > 0) throw new TlsError('ERR_LEFTOVER_BYTES', { detail: 'before ChangeCipherSpec' });
    this.config.onTrace?.({ type: 'change-cipher-spec', from: this.#peer });
    this.#run('ChangeCipherSpec', { type: -1, body: new Uint8Array(0), raw: new Uint8Array(0) });
  }

  /** Between our first message and the peer's Finished, unless TLS 1.2 was agreed on (RFC 9846 section 5). */
  #ignoresChangeCipherSpec(): boolean {
    const { version = versionName(this.config.protocols[0]!.version) } = this.#info;
    return this.status === 'handshaking' && this.#state !== 'START' && version === 'TLSv1.3';
  }

  #run(name: ArrivalName, message: Arrival): void {
    const result = this.#machine.handle(this.#state, name, this.#data, message);
    if ('to' in result) this.#enter(result);
    else this.#begin(result);
  }

  #begin(step: Step<AnyNext>): void {
    this.#waiting = step;
    this.#resume(undefined);
  }

  /** Runs a step until it asks or ends. */
  #resume(answer: unknown): void {
    const result = this.#waiting!.next(answer);
    if (result.done === true) {
      this.#waiting = undefined;
      this.#enter(result.value);
    } else {
      this.#ask(result.value);
    }
  }

  #ask(body: AnyRequestBody): void {
    if (body.kind === 'credential') this.#seen.authorities = body.ask.query.authorities;
    const request = makeRequest(body, {
      isOpen: () => this.#request === request,
      isOver: () => this.#lifecycle.over,
      check: (kind, value) => this.config.checkAnswer(kind, value, this.config),
      answer: (value, secrets) => {
        this.#request = undefined;
        for (const secret of secrets) this.#owned.own(secret);
        this.#guard(() => this.#resume(value));
      },
      refuse: (error) => {
        this.#request = undefined;
        this.#fail(error);
      },
    });
    this.#request = request;
    this.#events.push({ type: 'request', request });
  }

  /** Asks for a batch of records: beside the handshake, which goes its own way. */
  #askLane<K extends 'sealRecords' | 'openRecords'>(
    body: RequestBody<K>,
    done: (answer: Requests[K]['answer']) => void,
  ): AnyRequest {
    let isOpen = true;
    return makeRequest(body as AnyRequestBody, {
      isOpen: () => isOpen,
      isOver: () => this.#lifecycle.over,
      check: (kind, value) => this.config.checkAnswer(kind, value, this.config),
      answer: (value) => {
        isOpen = false;
        this.#guard(() => done(value as Requests[K]['answer']));
      },
      refuse: (error) => {
        isOpen = false;
        this.#fail(error);
      },
    });
  }

  #enter(next: AnyNext): void {
    // A step spreads what it was given into what it returns: the name of the old state must not be part of that.
    const { to, next: after, ...data } = next;
    this.#state = to;
    this.#data = data;
    this.#owned.release();
    this.#commands = this.#machine.commands(to, data) ?? this.#commands;
    // One flight, one write: what a step sent goes out when it is done.
    this.#outbound.flush();
    if (after !== undefined) this.#begin(after);
  }

  #receiveData(content: Uint8Array): void {
    this.#seen.heard ||= content.length > 0;
    if (content.length > 0) this.#offered = undefined;
    if (this.#inbound.epoch === 'early') {
      this.#receiveEarlyData(content);
      return;
    }
    if (!this.#lifecycle.established)
      throw new TlsError('ERR_UNEXPECTED_RECORD', { detail: 'application data during the handshake' });
    if (!this.config.protocols.some(({ open }) => open === this.#state))
      throw new TlsError('ERR_UNEXPECTED_RECORD', { detail: `application data in state ${this.#state}` });
    this.config.onTrace?.({ type: 'data', from: this.#peer, length: content.length });
    if (content.length > 0) this.#events.push({ type: 'data', bytes: content });
  }

  /** Kept apart from other data: it may be a copy of what was sent before (RFC 9846 section 8). */
  #receiveEarlyData(content: Uint8Array): void {
    this.config.onTrace?.({ type: 'data', from: this.#peer, length: content.length });
    const { bytes } = this.#info.earlyData!;
    this.#info.earlyData = { accepted: true, bytes: bytes + content.length };
    if (content.length > 0) this.#events.push({ type: 'early-data', bytes: content });
  }

  /** RFC 9846 section 6; what each alert means is in the table of alerts.ts. */
  #receiveAlert(level: number, description: number): void {
    this.config.onTrace?.({ type: 'alert', from: this.#peer, level, description, epoch: this.#inbound.epoch });
    const version = this.#info.version;
    const speaks12 = this.config.protocols.some((protocol) => protocol.version !== TLS_1_3);
    const tls13 = version === undefined ? !speaks12 : version === 'TLSv1.3';
    const meaning = alertMeaning(level, description, tls13);
    if (meaning === 'ignored') {
      this.#inbound.warned();
      return;
    }
    if (meaning === 'error' || !this.#lifecycle.established)
      throw new TlsError('ERR_ALERT_RECEIVED', {
        alertReceived: description,
        detail: this.config.explain.refusal(description, this.#standing),
      });
    this.#lifecycle.closeRead();
    // Its keys have no further use, and neither has what came behind it.
    this.#inbound.dispose();
    this.#events.push({ type: 'end' });
    if (this.#lifecycle.over) this.#dispose();
  }

  /** For what is said when the peer refuses, or leaves. */
  get #standing(): Standing {
    const { config, info, state } = this;
    return { config, info, state, established: this.#lifecycle.established, ...this.#seen };
  }

  /** The one place where a connection fails: tells the peer, wipes, and reports. */
  #fail(reason: unknown): void {
    if (this.#lifecycle.over) return;
    const { writes } = this.#lifecycle;
    const error = isTlsError(reason) ? reason : new TlsError('ERR_INTERNAL', { cause: reason });
    const { status: before } = this;
    this.#lifecycle.fail();
    this.#outbound.dropUnsent();
    // To a peer that has heard nothing yet, nothing is said.
    if (before !== 'fresh' && writes) tellPeer(this.#outbound, error, before !== 'handshaking');
    this.#forgetOffered(error, before);
    this.#events.push({ type: 'failed', error });
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#request = undefined;
    // Runs the `finally` of the step that was waiting.
    if (waiting !== undefined) {
      try {
        waiting.return({ to: '' });
      } catch {
        // A generator that is running right now cannot be ended; it is the one that threw.
      }
    }
    this.#dispose();
  }

  /**
   * A server that failed over a session would fail over the next of the same kind, again and again: they go. With TLS 1.3
   * it can refuse after we think the handshake done; what it sends then shows that it did not.
   */
  #forgetOffered(error: TlsError, before: Status): void {
    const offered = this.#offered;
    if (offered === undefined) return;
    this.#offered = undefined;
    const refused = ['ERR_ALERT_RECEIVED', 'ERR_TRUNCATED', 'ERR_TRANSPORT'].includes(error.code);
    if (before === 'handshaking' || (this.#info.resumed === true && refused))
      forgetSessions(offered, this.#config, (reason) => this.#fail(reason));
  }

  // RFC 5246 ¶7.2.2-1
  // RFC 9846 §6-2
  /** Overwrites every key. What has been received stays to be taken. */
  #dispose(): void {
    this.#outbound.dispose();
    this.#inbound.dispose();
    wipe(this.#early?.secret);
    this.#early = undefined;
    this.#owned.dispose();
    for (const value of Object.values(this.#data)) disposeDeep(value);
    this.#data = {};
    this.#commands = undefined;
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (reason) {
      this.#fail(reason);
    }
  }

  /** What the program asked for, and could be asked for: if it fails, so does the connection, and the program is told. */
  #attempt(action: () => void): void {
    try {
      action();
    } catch (reason) {
      if (isTlsError(reason) && reason.code === 'ERR_STATE') throw reason;
      this.#fail(reason);
      throw reason;
    }
  }

  get #peer(): 'client' | 'server' {
    return this.role === 'client' ? 'server' : 'client';
  }

  /** @throws TlsError ERR_STATE where nothing can be sent any more, or yet. */
  #open(call: string): Commands {
    if (this.status !== 'open' || this.#commands === undefined) throw this.#wrongState(call);
    return this.#commands;
  }

  /** RFC 9846 section 4.5.3: the server may send data behind its first flight. */
  #answersEarly(): boolean {
    const handshaking = this.status === 'handshaking' && this.role === 'server';
    return handshaking && this.#info.earlyData?.accepted === true && this.#outbound.epoch === 'application';
  }

  #wrongState(call: string): TlsError {
    return new TlsError('ERR_STATE', { detail: `${call} when the connection is ${this.status}` });
  }
}

/** Disposes all in a state's data that can be disposed: schedules, transcripts, offers. */
function disposeDeep(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) disposeDeep(item);
  else if (value instanceof Map) for (const item of value.values()) disposeDeep(item);
  else if (typeof value === 'object' && value !== null && 'dispose' in value && typeof value.dispose === 'function')
    value.dispose();
}
