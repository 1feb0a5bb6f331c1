/**
 * TLS over any pipe that carries bytes: `connect` and `accept`, with everything that is needed already chosen.
 * Programs that want to choose for themselves take the engine from `warifu/engine`.
 * @module
 */
import { autoProvider } from './crypto/auto.ts';
import type { CryptoProvider, SignatureVerifier } from './crypto/types.ts';
import { Engine } from './engine/engine.ts';
import { type ClientOptions, clientConfig, type ServerOptions, serverConfig } from './engine/config/options.ts';
import { Alert, TlsError } from './errors.ts';
import { client12 } from './engine/protocols12.ts';
import { client13 } from './handshake/tls13/client/client.ts';
import type { PeerVerifier } from './handshake/peer.ts';
import { server12 } from './engine/protocols12.ts';
import { server13 } from './handshake/tls13/server/server.ts';
import type { ClientSessionStore, TicketSealer } from './handshake/session.ts';
import { type CredentialSource, loadCredential } from './pki/credentials/credential.ts';
import { certificateVerifier } from './pki/verifiers/verifier.ts';
import { memorySessions } from './resumption/stores.ts';
import { ticketSealer } from './resumption/tickets.ts';
import { acceptOptions, type TransportOptions, transportOptions, withoutTransport } from './transport/options.ts';
import { drive, type TlsStream } from './transport/streams.ts';
import type { ByteDuplex } from './transport/web-transport.ts';

/** What is chosen for you, and can be chosen otherwise. */
interface Chosen extends TransportOptions {
  /** Default: TLS 1.3 and TLS 1.2. */
  readonly protocols?: ClientOptions['protocols'];
  /** Default: node:crypto where the runtime has it, noble everywhere else. */
  readonly crypto?: CryptoProvider;
  /** Certificates that are trusted: PEM text, or a list of PEM and DER. In place of `verifier`. */
  readonly anchors?: string | readonly (string | Uint8Array)[];
}

export interface ConnectOptions
  extends Chosen,
    Omit<ClientOptions, 'protocols' | 'crypto' | 'verifier' | 'credential' | 'sessions'> {
  /**
   * Where sessions are kept, so that the next connection to the same server need not prove everything again; false:
   * nowhere. Default: in memory, for all connections of this process.
   */
  readonly sessions?: ClientSessionStore | false;
  /** Judges the server; in place of `anchors`. */
  readonly verifier?: PeerVerifier;
  /** What to show a server that asks: a credential, or a chain with its key. */
  readonly credential?: ClientOptions['credential'] | CredentialSource;
}

export interface AcceptOptions
  extends Chosen,
    Omit<ServerOptions, 'protocols' | 'crypto' | 'verifier' | 'credential' | 'tickets'> {
  /**
   * Makes tickets, with which clients go on where they were; false: there are none. Default: sealed under keys that this
   * process made for itself, and that die with it.
   */
  readonly tickets?: TicketSealer | false;
  /** Judges clients that show a certificate; in place of `anchors`. */
  readonly verifier?: PeerVerifier;
  /** What to show: a credential, or a chain with its key. */
  readonly credential: ServerOptions['credential'] | CredentialSource;
}

/**
 * Connects as a client: runs the handshake, verifies the server, and gives back a stream of plaintext.
 * @throws TlsError when an option cannot be used, or the handshake fails.
 *
 * @example
 * ```ts
 * import { connect } from 'warifu';
 * async function fetchOver(pipe: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> }, anchors: string) {
 *   const tls = await connect(pipe, { serverName: 'server.example', anchors });
 *   return tls.readable;
 * }
 * ```
 */
export async function connect(duplex: ByteDuplex, options: ConnectOptions): Promise<TlsStream> {
  return await drive(clientEngine(options), duplex, transportOptions(options));
}

/**
 * Answers as a server: runs the handshake, asks the client for a certificate if told to, and gives back a stream of
 * plaintext.
 * @throws TlsError when an option cannot be used, or the handshake fails.
 */
export async function accept(duplex: ByteDuplex, options: AcceptOptions): Promise<TlsStream> {
  return await drive(serverEngine(options), duplex, acceptOptions(options));
}

/** The engine that {@link connect} drives, for those who drive it themselves. */
export async function clientEngine(options: ConnectOptions): Promise<Engine> {
  const { anchors: _, ...rest } = withoutTransport(options);
  const crypto = options.crypto ?? autoProvider();
  const verifier = verifierOf(options, crypto) ?? (options.psks?.length ? keysOnly : undefined);
  if (verifier === undefined) {
    throw new TlsError('ERR_OPTION', {
      detail: 'anchors: give the certificates that are trusted, or a verifier; nobody is trusted by default',
    });
  }
  const { credential, sessions = sharedStore(), ...plain } = rest;
  return new Engine(
    clientConfig({
      ...plain,
      ...(sessions !== false && { sessions }),
      protocols: options.protocols ?? [client13, client12],
      crypto,
      verifier,
      ...(credential !== undefined && { credential: await credentialOf(credential, crypto) }),
    }),
  );
}

/** The engine that {@link accept} drives, for those who drive it themselves. */
export async function serverEngine(options: AcceptOptions): Promise<Engine> {
  const { anchors: _, tickets = sharedKeeper(), ...rest } = withoutTransport(options);
  const crypto = options.crypto ?? autoProvider();
  const verifier = verifierOf(options, crypto);
  if (options.credential === undefined)
    throw new TlsError('ERR_OPTION', { detail: 'credential: a server has to show a certificate' });
  return new Engine(
    serverConfig({
      ...rest,
      ...(tickets !== false && { tickets }),
      protocols: options.protocols ?? [server13, server12],
      crypto,
      credential: await credentialOf(options.credential, crypto),
      ...(verifier !== undefined && { verifier }),
    }),
  );
}

function verifierOf(
  options: Chosen & { readonly verifier?: PeerVerifier },
  crypto: CryptoProvider,
): PeerVerifier | undefined {
  if (options.verifier !== undefined && options.anchors !== undefined) {
    throw new TlsError('ERR_OPTION', { detail: 'anchors: not together with a verifier, which would not know of them' });
  }
  if (options.anchors === undefined) return options.verifier;
  return sharedVerifier(options.anchors, crypto.verifier);
}

/** For a client that was given keys and no anchors: no certificate takes the place of a key. */
const keysOnly: PeerVerifier = {
  policy: 'keys only',
  verify: () => ({
    ok: false,
    failure: {
      code: 'CERT_UNTRUSTED',
      message: 'the server showed a certificate, but only keys that were given are trusted: there are no anchors',
      alert: Alert.unknownCa,
    },
  }),
};

let sharedSessions: ClientSessionStore | undefined;
let sharedTickets: TicketSealer | undefined;

function sharedStore(): ClientSessionStore {
  sharedSessions ??= memorySessions();
  return sharedSessions;
}

function sharedKeeper(): TicketSealer {
  sharedTickets ??= ticketSealer({ crypto: autoProvider() });
  return sharedTickets;
}

interface SharedVerifier {
  readonly anchors: readonly (string | Uint8Array)[];
  readonly signatures: SignatureVerifier;
  readonly verifier: PeerVerifier;
}

/** The newest first. */
let verifiers: readonly SharedVerifier[] = [];
const MAX_VERIFIERS = 8;

/** The same anchors are read once, and judged by once: sessions are resumed only under the verifier that they began with. */
function sharedVerifier(source: NonNullable<Chosen['anchors']>, signatures: SignatureVerifier): PeerVerifier {
  const anchors = typeof source === 'string' ? [source] : [...source];
  const known = verifiers.find(
    (one) =>
      one.signatures === signatures &&
      one.anchors.length === anchors.length &&
      one.anchors.every((anchor, index) => anchor === anchors[index]),
  );
  const shared = known ?? { anchors, signatures, verifier: certificateVerifier({ anchors, signatures }) };
  verifiers = [shared, ...verifiers.filter((one) => one !== shared)].slice(0, MAX_VERIFIERS);
  return shared.verifier;
}

async function credentialOf(
  credential: ServerOptions['credential'] | CredentialSource,
  crypto: CryptoProvider,
): Promise<ServerOptions['credential']> {
  return typeof credential === 'object' && 'certificates' in credential
    ? await loadCredential(credential, crypto)
    : credential;
}

export type { ClientOptions, ServerOptions } from './engine/config/options.ts';
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
export type { ByteDuplex } from './transport/web-transport.ts';
