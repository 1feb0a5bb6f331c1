import type { OwnBytes } from '../bytes/bytes.ts';
import type { TlsStream } from '../transport/streams.ts';
import type { ByteDuplex } from '../transport/web-transport.ts';
import type { SocketError } from './error.ts';

/** Where to connect to. */
export interface SocketAddress {
  readonly hostname: string;
  readonly port: number;
}

/** What a dialler answers: a pipe, and where it leads, if it knows. */
export interface Dialled extends ByteDuplex {
  readonly remoteAddress?: string | undefined;
  readonly localAddress?: string | undefined;
}

/** Opens a connection of TCP, or what stands for one: `Deno.connect`, the sockets of Workers, a relay. */
export type Dial = (address: SocketAddress, signal: AbortSignal) => Dialled | PromiseLike<Dialled>;

/** What TLS is told when it starts. */
export interface StartTlsOptions {
  /** The name that the certificate has to be for. Default: the host name of the address. */
  readonly expectedServerHostname?: string | undefined;
  /** The same under the name of the proposal. */
  readonly sni?: string | undefined;
  /** Protocols above TLS, the best first. Default: those of the context. */
  readonly alpn?: readonly string[] | undefined;
}

/** What is known once a socket is open. */
export interface SocketInfo {
  /** `host:port`, where the dialler says it. */
  readonly remoteAddress: string | undefined;
  readonly localAddress: string | undefined;
  /** The protocol above TLS that was agreed on (ALPN); undefined without TLS, too. */
  readonly alpn: string | undefined;
}

/** A socket of the proposal. It is there at once; reading and writing wait until it is open. */
export interface Socket {
  readonly readable: ReadableStream<OwnBytes>;
  readonly writable: WritableStream<Uint8Array>;
  /** Fulfilled when it is connected, and the handshake of TLS is done; rejected with a {@link SocketError}. */
  readonly opened: Promise<SocketInfo>;
  /** Fulfilled when it was closed, by us or by the peer; rejected with a {@link SocketError} when it failed. */
  readonly closed: Promise<void>;
  /** It was made by `startTls`. */
  readonly upgraded: boolean;
  readonly secureTransport: 'on' | 'off' | 'starttls';
  /** The connection as warifu has it, with the peer's identities, channel bindings, keys; undefined without TLS. */
  readonly tls: Promise<TlsStream> | undefined;
  /** Closes both directions. */
  close(reason?: unknown): Promise<void>;
  /**
   * Starts TLS on a connection that has been plaintext so far; this socket's streams end, and the new one's take their place.
   * @throws SocketError unless `secureTransport` is `starttls`, and when it was called before.
   */
  startTls(options?: StartTlsOptions): Socket;
}
