import type { CipherSuite12 } from '../crypto/types.ts';
import type { PeerFault } from '../errors.ts';
import type { RawExtension } from '../wire/extension.ts';
import type { ClientConfig } from './config.ts';
import type { Context } from './context.ts';
import type { AnyRequestBody } from './requests.ts';

/**
 * What may happen is data: one table per version and role, a row per state, a cell per message that may arrive in it.
 * What happens is a step: a short handler that sees only what its state knows, and returns the next state with its data.
 * Here are the types that tie the two together, and the few lines that run them. No other file changes the state.
 */

export type Epoch = 'plaintext' | 'early' | 'handshake' | 'application';

/** The messages that can arrive, by name. A hello is named by what it says, not only by its type. */
export type ArrivalName = keyof typeof HANDSHAKE_TYPE;

/** HandshakeType of each arrival (RFC 9846 section 4, RFC 5246 section 7.4); -1: not a handshake message. */
export const HANDSHAKE_TYPE = {
  HelloRequest: 0,
  ClientHello13: 1,
  ClientHello12: 1,
  ServerHello13: 2,
  HelloRetryRequest: 2,
  ServerHello12: 2,
  NewSessionTicket: 4,
  NewSessionTicket12: 4,
  EndOfEarlyData: 5,
  EncryptedExtensions: 8,
  Certificate: 11,
  Certificate12: 11,
  ServerKeyExchange: 12,
  CertificateRequest: 13,
  CertificateRequest12: 13,
  ServerHelloDone: 14,
  CertificateVerify: 15,
  CertificateVerify12: 15,
  ClientKeyExchange: 16,
  Finished: 20,
  Finished12: 20,
  CertificateStatus: 22,
  KeyUpdate: 24,
  CompressedCertificate: 25,
  ChangeCipherSpec: -1,
} as const;

/** A handshake message as it came. */
export interface Arrival {
  readonly type: number;
  /** Without the header. */
  readonly body: Uint8Array;
  /** With its four bytes of header: what the transcript takes. */
  readonly raw: Uint8Array;
  /** How it came, and what the transcript takes, where that is something else: a hello in another form. */
  readonly wire?: Uint8Array;
}

/** A ClientHello in a form of before there were records, as the very first thing that a server hears. */
export interface FirstHello {
  /**
   * Its size in bytes, by what is there of it: `length` bytes, that can be looked at. 0: this is not one; undefined: that
   * cannot be told yet.
   */
  size(length: number, at: (index: number) => number): number | undefined;
  /** The message that it stands for. @throws TlsError when it is malformed. */
  read(bytes: Uint8Array): Arrival;
}

/** One cell: the epoch in which the message must arrive, where it may lead, and whether it changes the read keys. */
export interface Edge {
  readonly epoch: Epoch;
  readonly to: readonly string[];
  readonly rekeysRead?: true;
}

export type Row = { readonly [A in ArrivalName]?: Edge };
export type Table = { readonly [state: string]: Row };

/** A step may wait only by yielding a question; it never reads a message: that is what the table is for. */
export type Step<R> = Generator<AnyRequestBody, R, unknown>;

type Targets<E> = E extends { readonly to: readonly (infer T extends string)[] } ? T : never;

/**
 * The next state, which must be one that the cell names, together with the data which that state demands. It may bring a
 * step of its own, as `next`, that runs once the state is entered.
 */
export type Next<D, T extends string> = { [S in T & keyof D]: { readonly to: S } & D[S] }[T & keyof D];

/** Every cell needs a handler, and a handler may only return a state that its cell names, with that state's data. */
export type Handlers<M extends Table, D> = {
  readonly [S in keyof M & keyof D]: {
    readonly [A in keyof M[S] & ArrivalName]: (
      data: D[S],
      message: Arrival,
      context: Context,
    ) => Next<D, Targets<M[S][A]>> | Step<Next<D, Targets<M[S][A]>>>;
  };
};

export type AnyHandler = (
  data: never,
  message: Arrival,
  context: Context,
) => { readonly to: string } | Step<{ readonly to: string }>;
export type AnyHandlers = { readonly [state: string]: { readonly [arrival: string]: AnyHandler } };

/** What the program may ask of an open connection; each version has its own way. */
export interface Commands {
  updateKeys(data: never, context: Context, askPeer: boolean): void;
  /** What is owed to the peer before application data is sent. */
  beforeData?(data: never, context: Context): void;
  exportKey(data: never, label: string, context: Uint8Array | undefined, length: number): Uint8Array;
  requestCertificate(data: never, context: Context): void;
}

/** One version in one role, as a value: naming it is what pulls its code into a bundle. */
export interface Protocol {
  readonly version: 0x0303 | 0x0304;
  readonly role: 'client' | 'server';
  readonly table: Table;
  readonly handlers: AnyHandlers;
  /** The state in which the connection is open. */
  readonly open: string;
  /** Arrivals that have no cell but a better name for the fault than "unexpected". */
  readonly refusals?: { readonly [state: string]: { readonly [A in ArrivalName]?: PeerFault } };
  /** Client: what this version adds to the ClientHello beyond what TLS 1.3 needs. The ticket is one of TLS 1.2. */
  readonly offer?: (config: ClientConfig, ticket: Uint8Array | undefined) => HelloAddition;
  /** Server: another form of ClientHello that is taken. */
  readonly firstHello?: FirstHello;
  /** Cipher suites that come with this value, behind those of the provider. */
  readonly suites?: readonly CipherSuite12[];
  readonly commands: Commands;
}

export interface HelloAddition {
  readonly suites: readonly number[];
  readonly extensions: readonly RawExtension[];
}

/** Makes a protocol; this is where the compiler holds the handlers against the table. */
export function protocol<const M extends Table, D extends { [S in keyof M]: object }>(
  parts: { readonly table: M; readonly handlers: Handlers<M, D> } & Omit<Protocol, 'table' | 'handlers'>,
): Protocol {
  // The one cast: the mapped types above have checked each handler against its own row.
  return parts as unknown as Protocol;
}

export interface Joined {
  readonly table: Table;
  readonly handlers: AnyHandlers;
}

/** Unites the tables of several versions. They may share a state, never a cell. */
export function join(protocols: readonly Protocol[]): Joined {
  const table: Record<string, Record<string, Edge>> = {};
  const handlers: Record<string, Record<string, AnyHandler>> = {};
  for (const { table: rows, handlers: theirs } of protocols) {
    for (const [state, row] of Object.entries(rows)) {
      table[state] ??= {};
      handlers[state] ??= {};
      for (const [arrival, edge] of Object.entries(row)) {
        if (table[state][arrival] !== undefined) throw new TypeError(`${state} × ${arrival} is declared twice`);
        table[state][arrival] = edge;
        handlers[state][arrival] = theirs[state]![arrival]!;
      }
    }
  }
  return { table, handlers };
}
