import type { CipherSuite12, CipherSuite13, CryptoProvider, KeyExchange, SignatureScheme } from '../crypto/types.ts';
import type { Context, Epoch, HandshakeInfo, PeerInfo } from './context.ts';
import type { RawExtension } from '../wire/extension.ts';
import type { AnyNext, Protocol, United } from './machine.ts';
import type { CredentialResolver, PeerVerifier, Role } from './peer.ts';
import type { ContextSelector, RequestKind, Step } from './requests.ts';
import type {
  ClientSessionStore,
  ExternalPsk,
  PskResolver,
  ReplayGuard,
  ServerSessionStore,
  TicketSealer,
} from './session.ts';

/** Options after they were checked and filled with defaults: nothing here is optional that a step relies on. */
export interface CommonConfig {
  readonly crypto: CryptoProvider;
  readonly suites13: readonly CipherSuite13[];
  readonly suites12: readonly CipherSuite12[];
  /** TLS 1.2: refuse a peer without it (RFC 7627 section 5). */
  readonly requireExtendedMasterSecret: boolean;
  readonly groups: readonly KeyExchange[];
  /** Schemes for the handshake and, unless certificateSignatures says otherwise, for certificates. */
  readonly signatures: readonly SignatureScheme[];
  /** Schemes that we sign with, where our key can. */
  readonly signingAlgorithms: readonly SignatureScheme[];
  /** SignatureScheme ids for certificates; undefined: the same as `signatures`. */
  readonly certificateSignatures: readonly number[] | undefined;
  readonly alpn: readonly string[];
  /** In bytes of content, without the type byte; undefined: say nothing and use 2^14. */
  readonly recordSizeLimit: number | undefined;
  /** Most bytes of content in a record we send. */
  readonly maxRecordSize: number;
  /** Send the records that keep middleboxes calm (RFC 9846 appendix E.4). */
  readonly compatibilityMode: boolean;
  /** Pad the content of protected records to a multiple of this many bytes; 0: never. */
  readonly padRecordsTo: number;
  /** Most bytes of a Certificate message. */
  readonly maxChainSize: number;
  readonly onTrace: ((event: TraceEvent) => void) | undefined;
  readonly clock: { now(): number };
  readonly keyLog: ((line: string) => void) | undefined;
  /**
   * What was answered to a request, held against what it may be; what of it is used. The engine names no check itself: so a
   * bundle carries those of the role whose configuration it makes. @throws TlsError ERR_OPTION.
   */
  readonly checkAnswer: (kind: RequestKind, answer: unknown, config: Config) => unknown;
  /** tls-server-end-point of a certificate (RFC 5929 section 4.1). @throws TlsError ERR_STATE where it has none. */
  readonly serverEndPoint: (certificate: Uint8Array | undefined, crypto: CryptoProvider) => Uint8Array;
  /** What is said of a peer that refuses, or leaves; here for the same reason as `checkAnswer`. */
  readonly explain: Explain;
  /** Undefined: names are not put into words. */
  readonly describe: Describe | undefined;
}

/** What the peer has let us see. */
export interface Seen {
  /** Application data. */
  heard: boolean;
  /** DER names of the authorities that it said it trusts. */
  authorities: readonly Uint8Array[];
}

/** What is known when the peer refuses, or leaves. */
export interface Standing extends Readonly<Seen> {
  readonly config: Config;
  readonly info: Readonly<HandshakeInfo>;
  /** The state of the handshake, by the name of its row in the table. */
  readonly state: string;
  readonly established: boolean;
}

/** For people: what our own side can tell. */
export interface Explain {
  /** An alert of the peer, by its number. */
  refusal(alert: number, standing: Standing): string;
  /** A transport that has ended without close_notify. */
  end(standing: Standing): string;
}

/** For people: what the core carries in DER and never reads. Neither throws. */
export interface Describe {
  /** A name: `CN=Example Root`. */
  name(der: Uint8Array): string;
  /** Whose it is and who issued it. */
  certificate(der: Uint8Array): string;
}

/** What a trace of a connection is told, in the order in which it happens. */
export type TraceEvent =
  | {
      readonly type: 'message';
      readonly from: Role;
      /** HandshakeType. */
      readonly handshakeType: number;
      /** What arrived, by the name the tables give it; undefined for what we send. */
      readonly arrival?: string;
      readonly epoch: Epoch;
      /** The whole message, with its header. */
      readonly raw: Uint8Array;
      /** As it came, where that is not `raw`: a ClientHello in the form of SSL 2, without its length. */
      readonly wire?: Uint8Array;
    }
  | {
      readonly type: 'alert';
      readonly from: Role;
      readonly level: number;
      readonly description: number;
      readonly epoch: Epoch;
    }
  | { readonly type: 'change-cipher-spec'; readonly from: Role }
  | { readonly type: 'data'; readonly from: Role; readonly length: number }
  | { readonly type: 'keys'; readonly by: Role; readonly direction: 'read' | 'write'; readonly epoch: Epoch }
  | { readonly type: 'note'; readonly by: Role; readonly text: string };

/** The extensions of a ClientHello that follow from the configuration alone: between them and behind them is what does not. */
export interface HelloParts {
  /** Between server_name and key_share. */
  readonly before: readonly RawExtension[];
  /** Behind key_share. */
  readonly behind: readonly RawExtension[];
}

/** What a client's options have become once they are checked. */
export interface ClientConfig extends CommonConfig {
  readonly role: 'client';
  /** Makes and sends the first ClientHello. */
  readonly start: (context: Context<ClientConfig>) => Step<AnyNext>;
  /** Newest first. */
  readonly protocols: readonly ClientProtocol[];
  /** The same, joined. */
  readonly united: United<ClientConfig>;
  /** What is the same in every ClientHello, by its place in it. */
  readonly helloParts: HelloParts;
  readonly verifier: PeerVerifier;
  /** Of a verifier that gives no name to its rules. */
  readonly verifierName: string | undefined;
  /** What is verified; sent as SNI too when it is a DNS name and `sendServerName` holds. */
  readonly serverName: string | undefined;
  readonly sendServerName: boolean;
  readonly credential: CredentialResolver | undefined;
  /** Groups to send a share for in the first ClientHello. */
  readonly keyShares: readonly KeyExchange[];
  /** The classical half of a hybrid share goes along as a share of its own. */
  readonly shareParts: boolean;
  readonly grease: boolean;
  /** DER names, to be sent in certificate_authorities. */
  readonly authorities: readonly Uint8Array[];
  readonly postHandshakeAuth: boolean;
  /** This is a second try at a lower version (RFC 7507). */
  readonly fallback: boolean;
  /** 512, 1024, 2048 or 4096 bytes. */
  readonly maxFragmentLength: number | undefined;
  /** Pad the ClientHello to a multiple of this many bytes (RFC 7685); 0: never. */
  readonly padHelloTo: number;
  readonly requireRenegotiationInfo: boolean;
  /** A HelloRequest ends the connection, rather than being declined. */
  readonly refusesHelloRequest: boolean;
  readonly sessions: ClientSessionStore | undefined;
  /** Take part in a PSK without key exchange: psk_ke (RFC 9846 section 4.3.9). */
  readonly pskOnly: boolean;
  /** What makes a session ours alone, beyond name, trust and protocols. */
  readonly sessionKey: readonly string[];
  readonly psks: readonly ExternalPsk[];
  /** To be sent with the first flight, where a session allows it. */
  readonly earlyData: Uint8Array | undefined;
  /** Send early data in a session that began with our certificate. */
  readonly earlyDataWithCertificate: boolean;
}

/** When a server takes early data. */
export interface EarlyDataConfig {
  /** In bytes, for each connection. */
  readonly max: number;
  readonly guard: ReplayGuard;
  /** How far the client's idea of the age of its ticket may be off, in milliseconds (RFC 9846 section 8.3). */
  readonly tolerance: number;
  /** May a ticket of this client, who showed a certificate, carry early data? */
  readonly allow: ((peer: PeerInfo) => boolean) | undefined;
}

/** What a server's options have become once they are checked. */
export interface ServerConfig extends CommonConfig {
  readonly role: 'server';
  /** Newest first. */
  readonly protocols: readonly ServerProtocol[];
  /** The same, joined. */
  readonly united: United<ServerConfig>;
  readonly credential: CredentialResolver;
  readonly selectContext: ContextSelector | undefined;
  readonly clientAuth: 'none' | 'request' | 'optional' | 'require';
  readonly verifier: PeerVerifier | undefined;
  /** Of a verifier that gives no name to its rules. */
  readonly verifierName: string | undefined;
  /** Whose order decides the cipher suite and the group. */
  readonly preference: 'server' | 'client';
  /** Of suites, by id: the smaller the better, and the same for those that are as good. Undefined: their order. */
  readonly suiteRank: ReadonlyMap<number, number> | undefined;
  readonly retryCookie: boolean;
  /** DER names for certificate_authorities; undefined: the verifier's. */
  readonly authorities: readonly Uint8Array[] | undefined;
  readonly oidFilters: readonly { readonly oid: Uint8Array; readonly values: Uint8Array }[];
  /** Refuse a client that asks for an unknown name, where the credential resolver says so. */
  readonly requireServerName: boolean;
  readonly tickets: TicketSealer | undefined;
  /** TLS 1.2: for clients that know no tickets. */
  readonly sessionIds: ServerSessionStore | undefined;
  /** Sent after each full handshake. */
  readonly ticketCount: number;
  /** In seconds. */
  readonly ticketLifetime: number;
  /** What makes a session of this server one of this server. */
  readonly sessionContext: string;
  readonly findPsk: PskResolver | undefined;
  readonly pskOnly: boolean;
  readonly earlyData: EarlyDataConfig | undefined;
}

/** What options have become once they are checked, for either role. */
export type Config = ClientConfig | ServerConfig;

/** A version as a client, as a value. */
export type ClientProtocol = Protocol<ClientConfig>;
/** A version as a server, as a value. */
export type ServerProtocol = Protocol<ServerConfig>;
/** A version in either role. */
export type AnyProtocol = ClientProtocol | ServerProtocol;
