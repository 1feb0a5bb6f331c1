import type { PemCredential } from '../test/support/openssl.ts';

/** One implementation of TLS, behind the same few calls for all, so that what differs is the implementation. */
export interface Contender {
  readonly name: string;
  /** The versions it can be asked for. */
  readonly versions: readonly Terms['version'][];
  /** Resolves when the handshake is done and the server's certificate has been verified. */
  connect(port: number, options: ClientSide): Promise<Connection>;
  /** Hands each connection to `serve` when its handshake is done. */
  listen(options: ServerSide, serve: (connection: Connection) => Promise<void>): Promise<Listener>;
}

export interface Connection {
  /** Resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void>;
  /** What has come, at least one byte; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  close(): void;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

export interface Terms {
  readonly version: '1.2' | '1.3';
  /** IANA name of the one TLS 1.3 suite; in 1.2 its ECDHE-ECDSA equal. */
  readonly suite: 'TLS_AES_128_GCM_SHA256' | 'TLS_CHACHA20_POLY1305_SHA256';
  readonly group: 'X25519';
  /** Every connection with the same options, after the first, resumes the session of the one before. */
  readonly resume?: boolean;
}

export interface ClientSide extends Terms {
  readonly anchors: string;
  readonly serverName: string;
  readonly credential?: PemCredential;
}

export interface ServerSide extends Terms {
  readonly credential: PemCredential;
  /** Anchors for client certificates: asks for one and insists. */
  readonly clientAnchors?: string;
}
