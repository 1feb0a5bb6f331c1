/**
 * TLS over any pipe that carries bytes: `connect` and `accept`, and the contexts that say what a client or a server is.
 * Programs that want to choose for themselves take the engine from `warifu/engine`.
 * @module warifu
 */
import { atCaller } from './at-caller.ts';
import { type ClientParts, type ServerParts, splitClient, splitServer } from './connection-options.ts';
import { acceptOptions, TRANSPORT_KEYS, type TransportOptions } from './transport/options.ts';
import { drive, type TlsStream } from './transport/streams.ts';
import type { ByteDuplex } from './transport/web-transport.ts';

/** A connection of a client over a pipe. */
export interface ConnectOptions extends ClientParts, TransportOptions {}

/** A connection of a server over a pipe. */
export interface AcceptOptions extends ServerParts, TransportOptions {}

/**
 * Connects as a client: runs the handshake, verifies the server, and gives back a stream of plaintext.
 * @throws TlsError when an option cannot be used, or the handshake fails.
 *
 * @example
 * ```ts
 * import { connect } from 'warifu';
 * async function readOver(pipe: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> }, anchors: string) {
 *   const tls = await connect(pipe, { serverName: 'server.example', anchors });
 *   return tls.readable;
 * }
 * ```
 */
export async function connect(duplex: ByteDuplex, options: ConnectOptions): Promise<TlsStream> {
  const { context, connection, transport } = atCaller(connect, () =>
    splitClient<TransportOptions>(options, TRANSPORT_KEYS),
  );
  return await drive(context.engine(connection), duplex, transport);
}

/**
 * Answers as a server: runs the handshake, asks the client for a certificate if told to, and gives back a stream of
 * plaintext.
 * @throws TlsError when an option cannot be used, or the handshake fails.
 *
 * @example
 * ```ts
 * import { accept, createServerContext } from 'warifu';
 * async function answer(pipe: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> }, certificates: string, privateKey: string) {
 *   const context = createServerContext({ credential: { certificates, privateKey } }); // once, for all connections
 *   const tls = await accept(pipe, { context });
 *   await tls.readable.pipeTo(tls.writable);
 * }
 * ```
 */
export async function accept(duplex: ByteDuplex, options: AcceptOptions): Promise<TlsStream> {
  const { context, connection, transport } = atCaller(accept, () =>
    splitServer<TransportOptions>(options, TRANSPORT_KEYS),
  );
  return await drive(context.engine(connection), duplex, acceptOptions(transport));
}

export {
  ClientContext,
  type ClientContextOptions,
  type CredentialInput,
  createClientContext,
  createServerContext,
  ServerContext,
  type ServerContextOptions,
} from './contexts.ts';
export type {
  ClientConnectionOptions,
  ClientResumptionOptions,
  EarlyDataOptions,
  ServerConnectionOptions,
  ServerResumptionOptions,
} from './engine/config/index.ts';
export {
  Alert,
  type ErrorCode,
  type LocalFault,
  type Misuse,
  type PeerFault,
  TlsError,
  type TlsErrorDetails,
} from './errors.ts';
export type { ConnectionInfo, PeerInfo } from './handshake/context.ts';
export type { TraceEvent } from './handshake/config.ts';
export type { ClientHelloSummary, ContextSelection } from './handshake/requests.ts';
export type {
  CertificateReference,
  Credential,
  CredentialHints,
  CredentialQuery,
  CredentialResolver,
  PeerVerifier,
  PresentedPeer,
  Role,
  Verdict,
  VerificationCode,
  VerificationFailure,
} from './handshake/peer.ts';
export { type CredentialSource, loadCredential } from './pki/credentials/credential.ts';
export type { Anchor, AnchorSource, TrustAnchor } from './pki/path/anchors.ts';
export { type CertificateVerifierOptions, certificateVerifier } from './pki/verifiers/verifier.ts';
export type { TransportOptions } from './transport/options.ts';
export type { TlsStream } from './transport/streams.ts';
export type { ByteDuplex, ByteReadable, ByteReader, ByteWritable, ByteWriter } from './transport/web-transport.ts';
