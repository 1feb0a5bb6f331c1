import type { ChannelBinding } from '../engine/channel-binding.ts';
import type { PeerCertificate, DetailedPeerCertificate } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { bytesOf, type OwnBytes } from '../bytes/bytes.ts';
import { quoted } from '../bytes/text.ts';
import { describe } from '../engine/config/rules.ts';
import type { Engine } from '../engine/engine.ts';
import { isTlsError, TlsError } from '../errors.ts';
import type { HandshakeInfo, PeerInfo } from '../handshake/context.ts';
import { Driver } from '../transport/driver.ts';
import { type TransportOptions, transportConfig } from '../transport/options.ts';
import type { Skin } from '../transport/transport.ts';
import type { Turns } from '../transport/turns.ts';
import { DuplexTransport } from './duplex-transport.ts';
import { NetSocket } from './net-socket.ts';
import { type CipherName, cipherName, peerCertificate } from './node-shapes.ts';

/** Bytes that are written before `write` says that it is enough for now. */
const WRITABLE = 65_536;

type Done = (error?: Error | null) => void;

/**
 * A connection as a Node stream: a `net.Socket` to look at, and what a `tls.TLSSocket` says about itself. What is written
 * before the handshake is done is sent afterwards. Events: 'connect' when the transport has been dialled, 'secure' (and for
 * a client 'secureConnect') when the handshake is done, and those of any socket. Fails like any stream: with 'error' and
 * 'close', after everything that had been received has been read; 'close' says whether there was an error.
 */
export class TlsSocket extends NetSocket {
  /** As of every socket that speaks TLS. */
  readonly encrypted = true;
  readonly #driver: Driver;
  readonly #closeTimeout: number;
  /** Nothing can be sent any more. What was received stays to be read; this is told behind it. */
  #over: { readonly error: Error | undefined } | undefined;
  /** Why what was received is not all that was sent: for those who read, and only for them. */
  #cut: Error | undefined;
  /** The peer has ended its direction. */
  #ended = false;
  /** Writes that have failed, to be told when what was received has been read, or has not for long. */
  #failed: (() => void)[] = [];
  #failedTimer: NodeJS.Timeout | undefined;
  #isSecure = false;
  #corked = false;
  #waiting: { resolve(): void; reject(reason: unknown): void }[] = [];

  /**
   * Takes the transport over at once; prefer `connect` and `accept`, which make the engine too.
   * @param readableHighWaterMark bytes that are read ahead of the program.
   * @throws TypeError when the transport cannot be used. TlsError ERR_OPTION when an option cannot be.
   */
  constructor(
    engine: Engine | PromiseLike<Engine>,
    transport: Duplex,
    options: TransportOptions = {},
    turns?: Turns,
    readableHighWaterMark: number = 0,
  ) {
    const config = transportConfig(options);
    const below = new DuplexTransport(transport);
    super(transport, {
      allowHalfOpen: config.allowHalfOpen,
      // It is emitted here, for a socket says whether it had an error.
      emitClose: false,
      // By itself nothing is kept that the program has not asked for: an error comes behind the data, not in place of it.
      readableHighWaterMark,
      writableHighWaterMark: WRITABLE,
    });
    this.#closeTimeout = config.closeTimeout;
    this.#driver = new Driver(engine, below, new TlsSocket.#Skin(this), config, turns);
  }

  /** What is known of the connection; until 'secureConnect' some of it is undefined. */
  get info(): Readonly<HandshakeInfo> {
    return this.#driver.info;
  }

  /** The peer, as it showed itself when the session began or now; undefined: it showed no certificate, or not yet. */
  get peer(): PeerInfo | undefined {
    return this.info.peer;
  }

  /** Server: what came before the handshake was done; not part of the stream, for it can be a copy. */
  get earlyData(): readonly Uint8Array[] {
    return this.#driver.earlyData;
  }

  /** Is the handshake done? */
  get isSecure(): boolean {
    return this.#isSecure;
  }

  /**
   * Fulfilled with this socket when the handshake is done. A handshake that fails is told by this promise; 'error' is
   * emitted too, but needs no listener then.
   * @throws TlsError when the handshake fails.
   */
  secured(): Promise<this> {
    return new Promise((resolve, reject) => {
      if (this.#isSecure) {
        resolve(this);
        return;
      }
      if (this.destroyed) {
        reject(this.errored ?? new TlsError('ERR_ABORTED'));
        return;
      }
      const ignore = (): void => {};
      this.on('error', ignore);
      this.#waiting.push({
        resolve: () => {
          this.off('error', ignore);
          resolve(this);
        },
        reject,
      });
    });
  }

  /** Is the peer who it has to be? Of a server that does not ask for certificates: false. */
  get authorized(): boolean {
    const { peer, psk } = this.info;
    return this.#isSecure && (peer?.verdict.ok === true || psk !== undefined);
  }

  /** Why the peer was not believed, as the code of a `VerificationFailure`; null: it was, or it showed no certificate. */
  get authorizationError(): string | null {
    const verdict = this.info.peer?.verdict;
    return verdict === undefined || verdict.ok ? null : verdict.failure.code;
  }

  /** The protocol that was agreed on; false: none. Null until the handshake is done. */
  get alpnProtocol(): string | false | null {
    return this.#isSecure ? (this.info.alpn ?? false) : null;
  }

  /** The name that the client asked for; false: none. Null until the handshake is done. */
  get servername(): string | false | null {
    return this.#isSecure ? (this.info.serverName ?? false) : null;
  }

  /** The peer's certificate in Node's shape, with those of its issuers if `detailed`; `{}` if it showed none. */
  getPeerCertificate(detailed: true): DetailedPeerCertificate;
  getPeerCertificate(detailed?: false): PeerCertificate;
  getPeerCertificate(detailed: boolean = false): PeerCertificate | DetailedPeerCertificate {
    return peerCertificate(this.info.peer, detailed);
  }

  /** The peer's certificate; undefined: it showed none. */
  getPeerX509Certificate(): X509Certificate | undefined {
    const leaf = this.info.peer?.chain[0];
    return leaf === undefined ? undefined : new X509Certificate(leaf);
  }

  /** `TLSv1.3` or `TLSv1.2`; null before it is agreed on. */
  getProtocol(): 'TLSv1.3' | 'TLSv1.2' | null {
    return this.info.version ?? null;
  }

  /** The cipher suite, by its names. */
  getCipher(): CipherName {
    return cipherName(this.info);
  }

  /** Does this connection resume a session? */
  isSessionReused(): boolean {
    return this.info.resumed === true;
  }

  /** Keying material for another protocol; `length` in bytes. @throws TlsError ERR_STATE before the handshake is done. */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    return Buffer.from(this.exportKey(label, context, length));
  }

  /** Keying material for another protocol; `length` in bytes. @throws TlsError ERR_STATE before the handshake is done. */
  exportKey(label: string, context: Uint8Array | undefined, length: number): OwnBytes {
    return this.#driver.exportKey(label, context, length);
  }

  /**
   * What ties a protocol above, such as SCRAM, to this connection (RFC 9266, RFC 5929).
   * @throws TlsError ERR_STATE before the handshake is done, and where there is no such binding.
   */
  channelBinding(type: ChannelBinding): Uint8Array {
    return this.#driver.channelBinding(type);
  }

  /** There is no renegotiation to disable. */
  disableRenegotiation(): void {}

  /** Changes our keys; with `askPeer` the peer's too. @throws TlsError ERR_STATE when the connection is not open. */
  updateKeys(askPeer: boolean = false): void {
    this.#driver.updateKeys(askPeer);
  }

  /** Server: asks the client for a certificate now; undefined when it declines. */
  requestCertificate(): Promise<PeerInfo | undefined> {
    return this.#driver.requestCertificate();
  }

  // --- writing ---

  /** Takes strings and any ArrayBuffer or view. Writes of one turn leave together. @throws TypeError for anything else. */
  override write(chunk: unknown, callback?: Done): boolean;
  override write(chunk: unknown, encoding?: BufferEncoding, callback?: Done): boolean;
  override write(chunk: unknown, encoding?: BufferEncoding | Done, callback?: Done): boolean {
    const bytes = toBuffer(chunk);
    this.#corkForThisTurn();
    if (typeof encoding === 'function') return super.write(bytes, encoding);
    if (encoding === undefined || encoding === null) return super.write(bytes, callback);
    return super.write(bytes, checkedEncoding(encoding), callback);
  }

  override end(callback?: () => void): this;
  override end(chunk: unknown, callback?: () => void): this;
  override end(chunk: unknown, encoding?: BufferEncoding, callback?: () => void): this;
  override end(chunk?: unknown, encoding?: BufferEncoding | (() => void), callback?: () => void): this {
    if (typeof chunk === 'function') return super.end(chunk as () => void);
    if (chunk !== undefined && chunk !== null) {
      if (typeof encoding === 'function') this.write(chunk);
      else this.write(chunk, encoding);
    }
    const done = typeof encoding === 'function' ? encoding : callback;
    return done === undefined ? super.end() : super.end(done);
  }

  override destroy(error?: Error): this {
    // What was written in this turn goes first.
    this.#uncork();
    return super.destroy(error);
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.#send(chunk, done);
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: Done): void {
    const last = chunks.length - 1;
    for (let i = 0; i < last; i++) this.#send(chunks[i]!.chunk);
    this.#send(chunks[last]!.chunk, done);
  }

  override _final(done: Done): void {
    this.#driver.end((error) => this.#taken(error, done));
  }

  override _read(): void {
    if (this.#cut === undefined) this.#driver.want();
    else this.destroy(this.#cut);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.stopTimer();
    clearTimeout(this.#failedTimer);
    if (!this.#driver.isDone) {
      // An error of another connection says nothing that this peer should hear.
      const isOwn = isTlsError(error) && error.code === 'ERR_ABORTED';
      const reason = isOwn ? error : new TlsError('ERR_ABORTED', { cause: error ?? undefined });
      this.#driver.abort(reason, this.isSilent(error));
    }
    if (this.#waiting.length > 0) this.#settle(error ?? new TlsError('ERR_ABORTED'));
    for (const tell of this.#failed.splice(0)) tell();
    done(error);
    process.nextTick(() => this.emit('close', error !== null));
  }

  /** Is the peer not told that an open connection is given up? Programs destroy a socket that they are done with. */
  protected isSilent(error: Error | null): boolean {
    return error === null;
  }

  #send(chunk: Uint8Array, done?: Done): void {
    this.bytesWritten += chunk.length;
    if (done === undefined) {
      this.#driver.write(chunk);
      return;
    }
    this.#driver.write(chunk, (error) => {
      this.active();
      this.#taken(error, done);
    });
  }

  /** A write that fails ends a stream at once, and what was received with it: for a while, that is put off. */
  #taken(error: Error | undefined, done: Done): void {
    if (error === undefined || this.destroyed || this.#over === undefined || !this.#isUnread) {
      done(error);
      return;
    }
    this.#failed.push(() => done(error));
    this.#failedTimer ??= setTimeout(() => this.destroy(this.#over?.error ?? error), this.#closeTimeout).unref();
  }

  /** Something may have been received that the program has not read, or it has not heard how that ended. */
  get #isUnread(): boolean {
    return this.readableLength > 0 || !this.#driver.isReadingOver || (this.#ended && !this.readableEnded);
  }

  #corkForThisTurn(): void {
    if (this.#corked || this.destroyed || this.writableEnded) return;
    this.#corked = true;
    this.cork();
    queueMicrotask(() => this.#uncork());
  }

  #uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.uncork();
  }

  // --- what the driver tells ---

  static readonly #Skin = class implements Skin {
    readonly #socket: TlsSocket;

    constructor(socket: TlsSocket) {
      this.#socket = socket;
    }

    secure(): void {
      const socket = this.#socket;
      socket.#isSecure = true;
      socket.active();
      socket.#settle(undefined);
      if (socket.#driver.role === 'client') socket.emit('secureConnect');
      socket.emit('secure');
    }

    data(bytes: Uint8Array): boolean {
      const socket = this.#socket;
      socket.bytesRead += bytes.length;
      socket.active();
      return socket.push(bytes);
    }

    end(error: Error | undefined): void {
      this.#socket.#end(error);
    }

    over(error: Error | undefined): void {
      this.#socket.#tellOver(error);
    }
  };

  #tellOver(error: Error | undefined): void {
    this.#over = { error };
    if (error !== undefined) this.#settle(error);
    if (this.#isUnread) {
      if (this.#ended) this.#destroyAtEnd();
    } else if (error !== undefined) this.destroy(error);
    // Our own end is told first.
    else if (!this.#ended) setImmediate(() => this.destroy());
  }

  #end(error: Error | undefined): void {
    if (this.destroyed) return;
    if (error === undefined) {
      this.#ended = true;
      if (this.#over !== undefined) this.#destroyAtEnd();
      this.push(null);
      // A stream that is not being read says that it has ended only when it is asked.
      this.read(0);
      return;
    }
    this.#cut = error;
    if (this.#over !== undefined && !this.#isUnread) this.destroy(error);
  }

  /** What is wrong with our own direction is told when the program has heard that the peer's ended well. */
  #destroyAtEnd(): void {
    const error = this.#over?.error;
    if (error !== undefined) this.once('end', () => this.destroy(error));
  }

  #settle(error: Error | undefined): void {
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (error === undefined) resolve();
      else reject(error);
    }
  }
}

/** @throws TypeError with the code that streams of Node have for it; they look into what they do not know to describe it. */
function toBuffer(chunk: unknown): string | Uint8Array {
  const bytes = typeof chunk === 'string' ? chunk : bytesOf(chunk);
  if (bytes !== undefined) return bytes;
  const what = `write: expected a string, an ArrayBuffer or a view of one, found ${describe(chunk)}`;
  throw Object.assign(new TypeError(what), {
    code: chunk === null ? 'ERR_STREAM_NULL_VALUES' : 'ERR_INVALID_ARG_TYPE',
  });
}

function checkedEncoding(encoding: unknown): BufferEncoding {
  if (typeof encoding === 'string' && Buffer.isEncoding(encoding)) return encoding;
  const found = typeof encoding === 'string' ? quoted(encoding, 40) : describe(encoding);
  const what = `write: expected an encoding such as 'utf8' or 'latin1', found ${found}`;
  throw Object.assign(new TypeError(what), { code: 'ERR_UNKNOWN_ENCODING' });
}
