import { Socket } from 'node:net';
import { addAbortSignal, type Duplex, getDefaultHighWaterMark } from 'node:stream';
import type { TLSSocketOptions } from 'node:tls';
import { isObject } from '../bytes/shape.ts';
import type { Engine } from '../engine/engine.ts';
import { TlsError } from '../errors.ts';
import { readAlpn } from './alpn.ts';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkObject,
  checkString,
  checkView,
  coded,
  functionOption,
  option,
  viewBytes,
} from './arguments.ts';
import { OnRead } from './onread.ts';
import { clientEngine, coreOf, serverEngine, type Setup } from './engines.ts';
import { Judgement } from './judge.ts';
import { connectionReset, errorOf, nodeErrorOf, opensslError } from './node-errors.ts';
import { type Destination, readConnect } from './connect-arguments.ts';
import { HandshakeRecord } from './record.ts';
import { secureContext } from './secure-context.ts';
import { SocketFacts } from './socket-facts.ts';
import { DIAL_EVENTS, type Deferred, deferred, isEvents, isWaiting, keepFailures, writeError } from './socket-parts.ts';
import { streamHandle } from './stream-socket.ts';
import { decodeSession, OneSession } from './sessions.ts';

/** Milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * A connection in the interface of `tls.TLSSocket`: a `net.Socket` whose bytes are encrypted. It stands on any Duplex, in
 * whatever state that is, or dials by itself (`connect`). What it emits beside the events of a socket: 'secure' and, for a
 * client of `tls.connect`, 'secureConnect'; 'session', 'keylog', 'OCSPResponse'.
 */
export class TLSSocket extends SocketFacts {
  /** The server that accepted it. */
  server: unknown;
  /** Of a connection over what is no socket; for programs that look into it. */
  readonly _handle: object | undefined;
  readonly #rejects: boolean;
  readonly #options: object;
  readonly #below: Duplex;
  /** Dialled by `connect`, which is still to come. */
  #isOwn: boolean;
  readonly #engine: Deferred<Engine>;
  readonly #onRead: OnRead | undefined;
  /** The end waits for what the program has not taken. */
  #endHeld = false;
  #destination: Destination | undefined;
  #started = false;
  /** Of a callback of the program's. */
  #mistake: Error | undefined;
  #sessions: Buffer[] | undefined = [];

  /**
   * @param socket what it stands on; none: `connect` dials.
   * @throws TypeError, Error, TlsError for options that cannot be used, in Node's words.
   */
  constructor(socket?: Duplex | null, options: TLSSocketOptions | object = {}) {
    const given = options ?? {};
    const isServer = Boolean(option(given, 'isServer'));
    const alpn = readAlpn(option(given, 'ALPNProtocols'));
    const core = coreOf(option(given, 'secureContext') ?? option(given, 'credentials') ?? secureContext(given));
    const enableTrace = option(given, 'enableTrace');
    if (enableTrace !== undefined && enableTrace !== null) checkBoolean(enableTrace, 'options.enableTrace');
    for (const name of isServer ? ['SNICallback', 'ALPNCallback', 'pskCallback'] : ['pskCallback'])
      functionOption(given, name);
    const below = socket ?? new Socket({ allowHalfOpen: true });
    const engine = deferred<Engine>();
    const timeout = option(given, 'handshakeTimeout');
    const judgement = new Judgement();
    const ahead = option(given, 'highWaterMark');
    const listeners = below.listeners?.('error') ?? [];
    super(
      engine.promise,
      below,
      {
        allowHalfOpen: (socket ? socket.allowHalfOpen : option(given, 'allowHalfOpen')) === true,
        allowTruncation: true,
        ...(typeof timeout === 'number' && timeout > 0 && { handshakeTimeout: Math.min(timeout, LONGEST_TIMER) }),
      },
      typeof ahead === 'number' ? ahead : getDefaultHighWaterMark(false),
      {
        core,
        isServer,
        requests: !isServer || Boolean(option(given, 'requestCert')),
        hasHost: false,
        serverName: undefined,
        judgement,
        record: new HandshakeRecord(),
        session: new OneSession({
          failure: () => judgement.failure,
          taken: (saved) => {
            judgement.failure = saved.failure;
          },
          came: (session) => this.#newSession(session),
        }),
      },
    );
    if (socket) keepFailures(below, listeners);
    this._handle = streamHandle(below);
    this.#engine = engine;
    this.#options = { ...given, alpn };
    const rejects = option(given, 'rejectUnauthorized');
    // A client that is to trust anyone has to say so.
    this.#rejects = isServer ? Boolean(rejects) : rejects !== false;
    this.#below = below;
    this.#isOwn = !socket;
    this.server = option(given, 'server');
    const onread = option(given, 'onread');
    if (onread && !socket) this.#onRead = new OnRead(onread, this);
    if (!isServer && option(given, 'session')) this.setSession(option(given, 'session'));
    if (enableTrace === true) this.enableTrace();
    // Without a server whose matter it is, what a client does ends nothing: as in node:tls.
    if (isServer) this.on('error', (error) => void this.emit('_tlsError', error));
    this.on('secure', () => this.#secured());
    this.on('close', () => this.#traceOut());
    const signal = option(given, 'signal');
    if (signal instanceof AbortSignal) addAbortSignal(signal, this);
    if (option(given, 'pauseOnConnect') === true) this.pause();
    this.#followBelow();
    if (isServer) process.nextTick(() => this._start());
    // As every socket of Node it reads ahead, so that it learns of the end although nothing is asked for.
    process.nextTick(() => {
      if (!this.destroyed && !this.isPaused()) this.read(0);
    });
  }

  /** With `onread` data goes into the program's own buffer, a piece at a time. */
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (this.#onRead === undefined) {
      const hasRoom = super.push(chunk, encoding);
      // Who reads on 'readable' is told of each chunk before the next: since Node 26 `read()` gives one, and a program that
      // calls it once for each event would never see the others.
      return hasRoom && this.listenerCount('readable') === 0;
    }
    if (chunk !== null) return this.#onRead.push(chunk);
    this.#endHeld = !this.#onRead.isEmpty;
    return this.#endHeld ? false : super.push(null);
  }

  override _read(): void {
    if (this.#onRead?.flush() === false) return;
    if (this.#endHeld) super.push(null);
    else super._read();
  }

  override resume(): this {
    super.resume();
    // What the buffer was not for went past the stream, which does not know that it has to read.
    if (this.#onRead !== undefined) process.nextTick(() => void (this.isPaused() || this._read()));
    return this;
  }

  /** Bytes that wait to be written; undefined when it is closed. */
  get bufferSize(): number | undefined {
    return this.destroyed ? undefined : this.writableLength;
  }

  /** Is the handshake not done yet? */
  get secureConnecting(): boolean {
    return !this.isSecure;
  }

  /** The same, by the name that older programs look at. */
  get _secureEstablished(): boolean {
    return this.isSecure;
  }

  override get connecting(): boolean {
    // The constructor of the stream asks before there is anything to ask.
    if (!(#below in this)) return false;
    return isWaiting(this.#below);
  }

  override get pending(): boolean {
    return this.connecting || super.pending;
  }

  /**
   * Dials, where no socket was given: port and host, a path, or options as of `net.connect`.
   * @throws TypeError for what is neither.
   */
  override connect(...given: readonly unknown[]): this {
    if (!this.#isOwn || !(this.#below instanceof Socket)) return super.connect(...given);
    this.#isOwn = false;
    const { dial, callback } = readConnect(given);
    if (callback !== undefined) this.once('connect', () => void callback.call(this));
    for (const event of DIAL_EVENTS) this.#below.on(event, (...values) => this.emit(event, ...values));
    this.#below.connect({ noDelay: true, ...dial });
    return this;
  }

  // --- before the handshake ---

  /** Client: for `tls.connect`, which knows where to. */
  aim(destination: Destination): this {
    this.#destination = destination;
    this.facts.hasHost = true;
    return this;
  }

  /** Client: the name to send. @throws TypeError, and Error for a server. */
  setServername(name: string): void {
    checkString(name, 'name');
    if (this.facts.isServer)
      throw coded(new Error('Cannot issue SNI from a TLS server-side socket'), 'ERR_TLS_SNI_FROM_SERVER');
    this.facts.serverName = name;
  }

  /** Client: a session of an earlier connection, to be resumed. One that cannot be used is not. */
  setSession(session: unknown): void {
    const bytes = typeof session === 'string' ? Buffer.from(session, 'latin1') : session;
    checkView(bytes, 'session');
    this.facts.session.offered = decodeSession(viewBytes(bytes));
  }

  /** Server: another certificate and key for this connection, from within ALPNCallback or SNICallback. */
  setKeyCert(context: unknown): void {
    this.facts.core = isObject(context) && !('context' in context) ? secureContext(context).context : coreOf(context);
  }

  /** Draws the handshake on stderr when it is done, as a ladder of messages. */
  enableTrace(): void {
    this.facts.record.draw();
  }

  /** There is no renegotiation: `callback` is told so. @throws TypeError */
  renegotiate(options: object, callback?: (error: Error | null) => void): boolean | undefined {
    checkObject(options, 'options');
    if (callback !== undefined && typeof callback !== 'function') checkFunction(callback, 'callback');
    if (this.destroyed) return undefined;
    const isNew = this.getProtocol() === 'TLSv1.3';
    const error = opensslError(isNew ? 'wrong ssl version' : 'no renegotiation', undefined, '');
    if (isNew) error.message = `error:0A00010A:${error.message}`;
    if (callback !== undefined) process.nextTick(callback, error);
    return false;
  }

  /** Is it a size that a record can have? It is for our side to choose: records are as long as what is written. */
  setMaxSendFragment(size: number): boolean {
    checkInteger(size, 'size', -(2 ** 31));
    return false;
  }

  override setTimeout(milliseconds: number, callback?: () => void): this {
    if (typeof milliseconds !== 'number') checkInteger(milliseconds, 'msecs', 0);
    if (callback !== undefined && typeof callback !== 'function') checkFunction(callback, 'callback');
    return super.setTimeout(Math.min(milliseconds, LONGEST_TIMER), callback);
  }

  override cork(): void {
    // Every write of a turn begins with it, and so does a client that nothing else has begun.
    if (!this.#started) process.nextTick(() => this._start());
    super.cork();
  }

  override _write(chunk: Uint8Array, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    super._write(chunk, encoding, (error) => done(writeError(error)));
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    super._writev(chunks, (error) => done(writeError(error)));
  }

  override destroy(error?: Error): this {
    return super.destroy(error instanceof TlsError ? this.#nodeError(error) : error);
  }

  // --- the handshake ---

  /**
   * Begins it, when the transport is there. A server begins by itself, and so does `tls.connect`; another client when
   * something is written, as in node:tls.
   */
  _start(): void {
    if (this.#started || this.destroyed || this.#isOwn) return;
    if (isWaiting(this.#below)) {
      this.#below.once('connect', () => this._start());
      return;
    }
    this.#started = true;
    try {
      this.#engine.resolve(this.#makeEngine());
    } catch (error) {
      this.#fail(error);
    }
  }

  #makeEngine(): Engine | PromiseLike<Engine> {
    const common: Setup = {
      core: this.facts.core,
      alpn: readAlpn(option(this.#options, 'alpn')),
      judgement: this.facts.judgement,
      record: this.facts.record,
      onKeyLog: this.listenerCount('keylog') > 0 ? (line) => this.emit('keylog', Buffer.from(`${line}\n`)) : undefined,
      pskCallback: functionOption(this.#options, 'pskCallback', 'pskCallback'),
    };
    if (this.facts.isServer) {
      const { facts } = this;
      return serverEngine({
        ...common,
        get core() {
          return facts.core;
        },
        requestCert: this.facts.requests,
        rejects: this.#rejects,
        sniCallback: functionOption(this.#options, 'SNICallback'),
        alpnCallback: functionOption(this.#options, 'ALPNCallback'),
        onMistake: (error) => {
          this.#mistake = error;
        },
        onChosen: (core) => {
          facts.core = core;
        },
        socket: this,
        server: isEvents(this.server) ? this.server : undefined,
      });
    }
    const { host = '', identify } = this.#destination ?? {};
    return clientEngine({
      ...common,
      rejects: this.#rejects,
      host,
      identify,
      serverName: this.facts.serverName,
      session: this.facts.session,
      onOcsp:
        option(this.#options, 'requestOCSP') === true
          ? (response) => this.emit('OCSPResponse', response === undefined ? null : Buffer.from(response))
          : undefined,
    });
  }

  #fail(error: unknown): void {
    process.nextTick(() => this.destroy(errorOf(error)));
  }

  #secured(): void {
    this.#traceOut();
    const waiting = this.#sessions ?? [];
    this.#sessions = undefined;
    if (waiting.length > 0) process.nextTick(() => waiting.forEach((session) => void this.emit('session', session)));
  }

  #newSession(session: Buffer): void {
    if (this.#sessions === undefined) this.emit('session', session);
    else this.#sessions.push(session);
  }

  #traceOut(): void {
    const drawing = this.facts.record.takeDrawing();
    if (drawing !== undefined) process.stderr.write(drawing);
  }

  /** 'connect' of a socket that is dialled later, or by the program else. */
  #followBelow(): void {
    const below = this.#below;
    if (!(below instanceof Socket) || below.connecting || !below.pending) return;
    below.once('connect', () => {
      this.emit('connect');
      this.emit('ready');
    });
  }

  /** What a program that was written for node:tls makes of it. */
  #nodeError(error: TlsError): Error {
    const { error: own, shown } = this.facts.judgement;
    if (this.#mistake !== undefined) return this.#mistake;
    if (error.code === 'ERR_NO_CREDENTIAL' && this.getProtocol() !== 'TLSv1.2')
      return opensslError(
        this.facts.core.materials.credentials.length === 0
          ? 'no suitable signature algorithm'
          : 'no shared signature algorithms',
        error,
      );
    if (error.code === 'ERR_NOT_TLS' && this.facts.isServer) return opensslError('wrong version number', error);
    if (error.code === 'ERR_PEER_REFUSED' && own !== undefined) return Object.assign(own, { cause: error });
    const isLost = error.code === 'ERR_TRUNCATED' || (error.code === 'ERR_TRANSPORT' && error.cause === undefined);
    if (isLost && !this.isSecure && !this.facts.isServer) {
      const { path, host, port, localAddress } = this.#destination?.dial ?? {};
      const message = 'Client network socket disconnected before secure TLS connection was established';
      return connectionReset(message, error, { path, host, port, localAddress });
    }
    return nodeErrorOf(error, shown.length > 0 ? shown : (this.info.peer?.chain ?? []));
  }
}
