import type { CipherSuite12, CipherSuite13, CryptoProvider, KeyExchange, SignatureScheme } from '../crypto/types.ts';
import type { Epoch, Protocol } from './machine.ts';
import type { ClientHelloSummary, ServerContext } from './needs.ts';
import type { CredentialResolver, PeerVerifier, Role } from './peer.ts';
import type { MaybePromise } from '../crypto/types.ts';

/** Options after they were checked and filled with defaults: nothing here is optional that a step relies on. */
export interface CommonConfig {
  readonly protocols: readonly Protocol[];
  readonly crypto: CryptoProvider;
  readonly suites13: readonly CipherSuite13[];
  readonly suites12: readonly CipherSuite12[];
  /** TLS 1.2: refuse a peer without it (RFC 7627 section 5). */
  readonly requireExtendedMasterSecret: boolean;
  readonly groups: readonly KeyExchange[];
  /** Schemes for the handshake and, unless certificateSignatures says otherwise, for certificates. */
  readonly signatures: readonly SignatureScheme[];
  /** SignatureScheme ids for certificates; undefined: the same as `signatures`. */
  readonly certificateSignatures: readonly number[] | undefined;
  readonly alpn: readonly string[];
  /** In bytes of content, without the type byte; undefined: say nothing and use 2^14. */
  readonly recordSizeLimit: number | undefined;
  /** Send the records that keep middleboxes calm (RFC 9846 appendix E.4). */
  readonly compatibilityMode: boolean;
  /** Pad the content of protected records to a multiple of this many bytes; 0: never. */
  readonly padRecordsTo: number;
  readonly watch: ((event: WatchEvent) => void) | undefined;
  readonly clock: { now(): number };
  readonly keyLog: ((line: string) => void) | undefined;
}

/** What somebody who watches a connection is told, in the order in which it happens. */
export type WatchEvent =
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

export interface ClientConfig extends CommonConfig {
  readonly role: 'client';
  readonly verifier: PeerVerifier;
  /** What is verified; sent as SNI too when it is a DNS name and `sendServerName` holds. */
  readonly serverName: string | undefined;
  readonly sendServerName: boolean;
  readonly credential: CredentialResolver | undefined;
  /** Groups to send a share for in the first ClientHello. */
  readonly keyShares: readonly KeyExchange[];
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
}

export interface ServerConfig extends CommonConfig {
  readonly role: 'server';
  readonly credential: CredentialResolver;
  readonly contextFor: ((hello: ClientHelloSummary) => MaybePromise<ServerContext | undefined>) | undefined;
  readonly clientAuth: 'none' | 'request' | 'optional' | 'require';
  readonly verifier: PeerVerifier | undefined;
  /** Whose order decides the cipher suite and the group. */
  readonly preference: 'server' | 'client';
  readonly retryCookie: boolean;
  /** DER names for certificate_authorities; undefined: the verifier's. */
  readonly authorities: readonly Uint8Array[] | undefined;
  readonly oidFilters: readonly { readonly oid: Uint8Array; readonly values: Uint8Array }[];
  /** Refuse a client whose name nobody knows, where the credential resolver says so. */
  readonly requireServerName: boolean;
}

export type Config = ClientConfig | ServerConfig;
