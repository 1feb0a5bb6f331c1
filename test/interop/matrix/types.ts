/** The matrix: our two roles, the peers, the versions, and what is tried with each. */

export type Role = 'client' | 'server';
export type Version = '1.2' | '1.3';
export const ROLES: readonly Role[] = ['client', 'server'];
export const VERSIONS: readonly Version[] = ['1.2', '1.3'];

export const SCENARIOS = {
  oneWay: 'one-way',
  mutual: 'mutual',
  withoutCertificate: 'refused: no certificate',
  badCertificate: 'refused: bad certificate',
  retry: 'HelloRetryRequest',
  hybrid: 'X25519MLKEM768',
  kems: 'other ML-KEM',
  alpn: 'ALPN',
  keyUpdate: 'KeyUpdate',
  staple: 'stapled OCSP',
  large: '10 MB each way',
  close: 'clean close',
  tickets: 'resumed by ticket',
  ids: 'resumed by id',
} as const;
export type Scenario = keyof typeof SCENARIOS;

/** What TLS 1.2, or 1.3, does not have: there is no cell to fill. */
export const ONLY: { readonly [scenario in Scenario]?: Version } = {
  retry: '1.3',
  hybrid: '1.3',
  kems: '1.3',
  keyUpdate: '1.3',
  ids: '1.2',
};

export type Outcome =
  | { readonly kind: 'passed'; readonly alert?: number }
  | { readonly kind: 'failed'; readonly why: string }
  /** The version has no such thing. */
  | { readonly kind: 'none' }
  /** The peer cannot do it, or does not let itself be told to. */
  | { readonly kind: 'cannot'; readonly why: string }
  | { readonly kind: 'not here'; readonly install: string };

export interface Cell {
  readonly role: Role;
  readonly peer: string;
  readonly version: Version;
  readonly scenario: Scenario;
  readonly outcome: Outcome;
}

/** A server of the peer's: what it has to be like. It shows the certificate of `server.example`. */
export interface ServeOrder {
  readonly version: Version;
  /** Speaks this protocol. */
  readonly alpn: boolean;
  /** A client certificate is required. */
  readonly auth: boolean;
  readonly staple: boolean;
  /** Knows no other group than this one; names of the registry. */
  readonly group?: string;
  /** Sessions by id, no tickets. */
  readonly ids: boolean;
}

export interface Serving {
  readonly port: number;
  /** What the server does with what it reads: sends it back, each line turned round perhaps, or answers HTTP. */
  readonly talk: Talk;
  /** See {@link Peer.bindsSecret}. */
  readonly bindsSecret?: false;
  stop(): Promise<void>;
}
/** `page`: HTTP/1.0, a page of its own whatever is asked. */
export type Talk = 'echo' | 'reverse' | 'http' | 'page';

/** A client of the peer's: what it has to do. It trusts our roots, and expects `server.example`. */
export interface ConnectOrder {
  readonly version: Version;
  readonly port: number;
  /** Offers this protocol. */
  readonly alpn: boolean;
  /** Which certificate it shows when asked. */
  readonly shows?: 'good' | 'bad';
  readonly staple: boolean;
  readonly group?: string;
  readonly ids: boolean;
  /** What it sends, in bytes, and waits for to come back. */
  readonly bytes: number;
  /** Connections, the later ones with the session of the first. */
  readonly times: 1 | 2;
  /** Asks for new keys on the way, where it can be told to. */
  readonly rekey: boolean;
}

export interface ConnectReport {
  /** Why it gave up; it was happy without. */
  readonly error?: string;
  readonly alpn?: string;
  /** Did it get a stapled response? Undefined: it does not say. */
  readonly staple?: boolean;
  /** Did our end arrive with close_notify? Undefined: it does not say. */
  readonly clean?: boolean;
}

/** A peer that runs. */
export interface Running {
  serve(order: ServeOrder): Promise<Serving>;
  connect(order: ConnectOrder): Promise<ConnectReport>;
  /** Ends what is still there. */
  stop(): Promise<void>;
}

/** Why a scenario is not tried. */
export type Cannot = (role: Role, version: Version, scenario: Scenario) => string | undefined;

export interface Peer {
  readonly name: string;
  /** Its name and version as it says them; undefined when it is not on this machine. */
  version(): string | undefined;
  /** How to get it. */
  readonly install: string;
  readonly cannot: Cannot;
  /** What the client (we) offers so that this server asks for another share, where its groups cannot be told. */
  readonly retryGroups?: readonly [string, string];
  /** Groups with ML-KEM that it knows, but for X25519MLKEM768; names of the registry. */
  readonly kems?: readonly string[];
  /** Cheap enough for every run of the tests. */
  readonly quick: boolean;
  /** Does it staple the response that it was given, or one of its own making? */
  readonly staples?: 'its own';
  /** Its client closes only when our server has. */
  readonly closes?: 'after us';
  /** False: with TLS 1.2 it knows no extended_master_secret (RFC 7627), and we do not insist on it. */
  readonly bindsSecret?: false;
  /** Its client takes long for much data. */
  readonly slow?: boolean;
  /** How our server talks with this client. Default: `echo`. */
  readonly talk?: Talk;
  start(): Promise<Running>;
}
