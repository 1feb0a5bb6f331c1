import { TlsError } from '../errors.ts';
import type { CipherSuite13, CryptoProvider, Hash } from '../crypto/types.ts';
import type { TrafficKeys12 } from '../keys/schedule12.ts';
import type { Identities, Verdict } from './peer.ts';
import type { ClientSession, ClientSessionStore } from './session.ts';

/** Which keys protect a record: the epochs of RFC 9846 appendix A, by name. */
export type Epoch = 'plaintext' | 'early' | 'handshake' | 'application';

/**
 * What a step is given of the world, and all it can do to it. The handshake knows no records: it says which message to
 * send and which keys to use from now on, and the engine joins the two.
 */
export interface Context<C> {
  /** The configuration of the role whose step this is: `ClientConfig`, `ServerConfig`, or either. */
  readonly config: C;
  readonly crypto: CryptoProvider;
  /** Milliseconds since 1970. */
  now(): number;
  readonly effects: Effects;
  /**
   * To be called with every secret that a step makes: it is overwritten if the connection fails before the step has
   * ended. What a step returns, it hands on. Gives the secret back.
   */
  own<T extends Uint8Array | { dispose(): void }>(secret: T): T;
}

export type Direction = 'read' | 'write';

export interface Effects {
  /** A whole handshake message, header included, under the write keys of this moment. */
  send(message: Uint8Array): void;
  /** The compatibility record of TLS 1.3 (RFC 9846 appendix E.4), or the real one of TLS 1.2. */
  changeCipherSpec(): void;
  /** From now on use the keys that follow from this traffic secret. The secret is copied. */
  keys(direction: Direction, epoch: Epoch, suite: CipherSuite13, trafficSecret: Uint8Array): void;
  /** The same in TLS 1.2, whose keys are cut from one block. They are the engine's from here on. */
  keys12(direction: Direction, keys: TrafficKeys12): void;
  /** Back to sending in the clear: after HelloRetryRequest, where early data had been sent. */
  unprotect(): void;
  /** Early data: ours to send (client), and how many bytes of it; all of it goes at once. */
  sendEarlyData(bytes: Uint8Array): void;
  /** The client's early data is taken, up to this many bytes (server). */
  takeEarlyData(bytes: number): void;
  /** The keying material that goes with early data (RFC 9846 section 7.5). The secret is copied. */
  earlyExporter(hash: Hash, secret: Uint8Array): void;
  /** Puts a session into the client's store, under this key; the handshake does not wait for it. */
  storeSession(store: ClientSessionStore, key: string, session: ClientSession): void;
  /** A session of this key is offered: if the server fails over it, its sessions are forgotten (client). */
  offersSession(store: ClientSessionStore, key: string): void;
  /** Sends a warning that ends nothing. */
  warn(alertDescription: number): void;
  /** The sizes that record_size_limit or max_fragment_length allow, in bytes of content. */
  limit(direction: Direction, contentBytes: number): void;
  /** A secret for the key log (RFC 9850). */
  log(label: string, secret: Uint8Array): void;
  /** Something that is known from here on. */
  info<K extends keyof ConnectionInfo>(name: K, value: ConnectionInfo[K]): void;
  /** Something worth showing in a trace. */
  note(note: Note): void;
  /** The handshake is done: application data may flow both ways. */
  established(): void;
  /** The client answered a request that was made after the handshake; undefined: it declined (server). */
  postHandshakeAuth(peer: PeerInfo | undefined): void;
  /**
   * The client sends early data that we do not take: it is ignored, up to this many bytes of records. `sealed` records
   * cannot be told from others but by failing to open them; after HelloRetryRequest everything of type application_data
   * is early data (RFC 9846 section 4.3.10).
   */
  skipEarlyData(how: 'sealed' | 'retry', bytes: number): void;
}

/** Who checked what, for those who trace a handshake. */
export interface Note {
  readonly by: 'client' | 'server';
  readonly text: string;
}

/** A version of TLS, by name. */
export type VersionName = 'TLSv1.3' | 'TLSv1.2';

/**
 * What is known of a connection once its handshake is done. Nothing is left out: what there is not, is undefined or false.
 * `peer` and what goes with it change when a certificate is asked for afterwards.
 */
export interface ConnectionInfo {
  readonly version: VersionName;
  /** Cipher suite. */
  readonly suite: { readonly id: number; readonly name: string };
  /** NamedGroup of the key exchange; undefined: there was none, or it has no name. */
  readonly group: { readonly id: number; readonly name: string } | undefined;
  /** The scheme with which the peer signed the handshake. */
  readonly peerSignatureScheme: { readonly id: number; readonly name: string } | undefined;
  /** The scheme with which we signed it. */
  readonly signatureScheme: { readonly id: number; readonly name: string } | undefined;
  /** The application protocol that was agreed on (RFC 7301). */
  readonly alpn: string | undefined;
  /** The name the client asked for. */
  readonly serverName: string | undefined;
  /** Client: did the server make use of the name? */
  readonly serverNameAcknowledged: boolean;
  /** Does the main secret depend on the whole handshake (RFC 7627)? In TLS 1.3 it always does. */
  readonly extendedMasterSecret: boolean;
  /** Was there a HelloRetryRequest? */
  readonly retried: boolean;
  /** What the peer showed and what was thought of it; undefined: it showed nothing. */
  readonly peer: PeerInfo | undefined;
  /** Was the peer's certificate shown and judged in an earlier connection, whose session this one resumes? */
  readonly resumed: boolean;
  /** The external key that both sides proved to have, by its identity; there is no `peer` then. */
  readonly psk: { readonly identity: Uint8Array } | undefined;
  /**
   * Server: by how many milliseconds the client thinks its ticket older than it is; negative: younger. Early data is
   * taken where this is little (RFC 9846 section 8.3).
   */
  readonly ticketAgeSkew: number | undefined;
  /** What became of the early data that we sent, or were sent; undefined: there was none. */
  readonly earlyData: EarlyDataInfo | undefined;
  /** Did we show a certificate? In a resumed connection: did we when the session began? */
  readonly authenticated: boolean;
  /** The certificate that we showed on this connection, in DER. A resumed connection shows none. */
  readonly ownCertificate: Uint8Array | undefined;
  /** Client: why we showed no certificate though the server asked for one: what it asked for, and why ours are not that. */
  readonly noCredential: string | undefined;
  /** Did the server ask for a certificate? */
  readonly certificateRequested: boolean;
  /** The peer's direction ended without close_notify, and `allowTruncation` let it: the last data may be missing. */
  readonly truncated: boolean;
  /** ClientHello.random: 32 bytes, the connection's name in a key log. */
  readonly clientRandom: Uint8Array;
}

/** The same while the handshake lasts, and when it has failed: what is not known yet is undefined. */
export type HandshakeInfo = { -readonly [K in keyof ConnectionInfo]: ConnectionInfo[K] | undefined };

export function startInfo(): HandshakeInfo {
  return {
    version: undefined,
    suite: undefined,
    group: undefined,
    peerSignatureScheme: undefined,
    signatureScheme: undefined,
    alpn: undefined,
    serverName: undefined,
    serverNameAcknowledged: undefined,
    extendedMasterSecret: undefined,
    retried: undefined,
    peer: undefined,
    resumed: undefined,
    psk: undefined,
    ticketAgeSkew: undefined,
    earlyData: undefined,
    authenticated: undefined,
    ownCertificate: undefined,
    noCredential: undefined,
    certificateRequested: undefined,
    truncated: undefined,
    clientRandom: undefined,
  };
}

/** The handshake is done: the same object, and what did not happen is false now. @throws TlsError ERR_INTERNAL */
export function completeInfo(info: HandshakeInfo): ConnectionInfo {
  const { version, suite, clientRandom } = info;
  if (version === undefined || suite === undefined || clientRandom === undefined)
    throw new TlsError('ERR_INTERNAL', { detail: 'a handshake is done, and it is not known with what' });
  return Object.assign(info, {
    version,
    suite,
    clientRandom,
    serverNameAcknowledged: info.serverNameAcknowledged ?? false,
    extendedMasterSecret: info.extendedMasterSecret ?? false,
    retried: info.retried ?? false,
    resumed: info.resumed ?? false,
    authenticated: info.authenticated ?? false,
    certificateRequested: info.certificateRequested ?? false,
    truncated: info.truncated ?? false,
  });
}

/** Early data is taken whole or not at all (RFC 9846 section 4.3.10). */
export interface EarlyDataInfo {
  // RFC 9846 §F.5-4
  /** The server takes it. If not, the client may send it again, now that the connection is open; that is for the program to do. */
  readonly accepted: boolean;
  /** Client: bytes that were sent. Server: bytes that have been taken so far. */
  readonly bytes: number;
  /** Why it was not taken, or not sent, as far as we know it. */
  readonly reason?: string;
}

/** What is known of the peer. */
export interface PeerInfo {
  /** DER, leaf first, as it was sent. */
  readonly chain: readonly Uint8Array[];
  readonly verdict: Verdict;
  /** Whom the certificate names, if the peer was accepted and its verifier says so; `identities.verified` first. */
  readonly identities: Identities | undefined;
  readonly ocspResponse: Uint8Array | undefined;
  readonly sctList: Uint8Array | undefined;
}

/** The name of a version, as OpenSSL and Node write it. */
export function versionName(version: 0x0303 | 0x0304): VersionName {
  return version === 0x0304 ? 'TLSv1.3' : 'TLSv1.2';
}
