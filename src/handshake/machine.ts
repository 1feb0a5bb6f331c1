import type { OwnBytes } from '../bytes/bytes.ts';
import type { CipherSuite12 } from '../crypto/types.ts';
import type { PeerFault } from '../errors.ts';
import type { RawExtension } from '../wire/extension.ts';
import type { Random } from '../crypto/types.ts';
import type { TrafficKeys12 } from '../keys/schedule12.ts';
import type { RecordProtector } from '../keys/protection.ts';
import type { ClientHello, ServerHello } from '../wire/hello.ts';
import type { Context, Epoch } from './context.ts';
import type { Role } from './peer.ts';
import type { Step } from './requests.ts';

/**
 * What may happen is data: one table per version and role, a row per state, a cell per message that may arrive in it.
 * What happens is a step: a short handler that sees only what its state knows, and returns the next state with its data.
 * Here are the types that tie the two together, and the few lines that run them. No other file changes the state.
 */

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

export function isArrivalName(name: string): name is ArrivalName {
  return name in HANDSHAKE_TYPE;
}

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

/** A hello has to be read before it is known which message it is: what was read goes along, and is not read again. */
export interface ClientHelloArrival extends Arrival {
  readonly hello: ClientHello;
}

export interface ServerHelloArrival extends Arrival {
  readonly hello: ServerHello;
}

/** The message that goes with an arrival. */
export type MessageOf<A extends ArrivalName> = A extends 'ClientHello13' | 'ClientHello12'
  ? ClientHelloArrival
  : A extends 'ServerHello13' | 'ServerHello12' | 'HelloRetryRequest'
    ? ServerHelloArrival
    : Arrival;

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
/** What may come in which state: the transition table of a protocol. */
export type Table = { readonly [state: string]: Row };

type Targets<E> = E extends { readonly to: readonly (infer T extends string)[] } ? T : never;

/**
 * The next state, which must be one that the cell names, together with the data which that state demands. It may bring a
 * step of its own, as `next`, that runs once the state is entered.
 */
export type Next<D, T extends string> = { [S in T & keyof D]: { readonly to: S } & D[S] }[T & keyof D];

/** What a server knows before anything has come: nothing. */
export type Fresh = Record<never, never>;

/** Every cell needs a handler, and a handler may only return a state that its cell names, with that state's data. */
export type Handlers<M extends Table, D, C> = {
  readonly [S in keyof M & keyof D]: {
    readonly [A in keyof M[S] & ArrivalName]: (
      data: D[S],
      message: MessageOf<A>,
      context: Context<C>,
    ) => Next<D, Targets<M[S][A]>> | Step<Next<D, Targets<M[S][A]>>>;
  };
};

/** A state and its data; `next` is a step that runs once the state is entered. */
export interface AnyNext {
  readonly to: string;
  readonly next?: Step<AnyNext> | undefined;
}

/** A handler once the compiler has held it against its row: `data` is that of the state it stands in. */
export type AnyHandler<C> = (data: object, message: Arrival, context: Context<C>) => AnyNext | Step<AnyNext>;
/** The handlers of every state, by the message that arrives, once the compiler has held them against their table. */
export type AnyHandlers<C> = { readonly [state: string]: { readonly [arrival: string]: AnyHandler<C> } };

/** What the program may ask of an open connection; each version has its own way. */
export interface Commands {
  updateKeys(askPeer: boolean): void;
  /** What is owed to the peer before application data is sent. */
  beforeData?(): void;
  exportKey(label: string, context: Uint8Array | undefined, length: number): OwnBytes;
  requestCertificate(): void;
}

/** Binds the commands to the data of the state in which the connection is open. */
export type BindCommands<D, C> = (data: D, context: Context<C>) => Commands;

export type Refusals = { readonly [A in ArrivalName]?: PeerFault };

interface ProtocolParts<C> {
  readonly version: 0x0303 | 0x0304;
  /** Arrivals that have no cell but a better name for the fault than "unexpected". */
  readonly refusals?: { readonly [state: string]: Refusals };
  /** Client: what this version adds to the ClientHello beyond what TLS 1.3 needs. The ticket is one of TLS 1.2. */
  readonly offer?: (config: C, ticket: Uint8Array | undefined) => HelloAddition;
  /** Server: another form of ClientHello that is taken. */
  readonly firstHello?: FirstHello;
  /** Cipher suites that come with this value, behind those of the provider. */
  readonly suites?: readonly CipherSuite12[];
  /** TLS 1.2: makes the protection of records from its keys; a bundle carries only the kinds that are named. */
  readonly protect?: (keys: TrafficKeys12, random: Random) => RecordProtector;
}

/** One version in one role, as a value: naming it is what pulls its code into a bundle. */
export interface Protocol<C extends { readonly role: Role }> extends ProtocolParts<C> {
  readonly role: C['role'];
  readonly table: Table;
  readonly handlers: AnyHandlers<C>;
  /** The state in which the connection is open. */
  readonly open: string;
  readonly commands: BindCommands<object, C>;
}

/** What a version adds to the ClientHello. */
export interface HelloAddition {
  readonly suites: readonly number[];
  readonly extensions: readonly RawExtension[];
}

/** Makes a protocol; this is where the compiler holds the handlers against the table. */
export function protocol<
  const M extends Table,
  D extends { [S in keyof M]: object },
  const O extends keyof M & keyof D & string,
  C extends { readonly role: Role },
>(
  parts: {
    readonly role: C['role'];
    readonly table: M;
    readonly handlers: Handlers<M, D, C>;
    readonly open: O;
    readonly commands: BindCommands<D[O], C>;
  } & ProtocolParts<C>,
): Protocol<C> {
  // The one cast: the mapped types above have checked each handler against its own row, and the commands against theirs.
  return parts as unknown as Protocol<C>;
}

/** Several versions as one machine, bound to their context: it runs alike in both roles. */
export interface Machine {
  readonly table: Table;
  /** Of each version, newest first. */
  refusals(state: string): readonly (Refusals | undefined)[];
  handle(state: string, name: ArrivalName, data: object, message: Arrival): AnyNext | Step<AnyNext>;
  /** Undefined in every state but those in which the connection is open. */
  commands(state: string, data: object): Commands | undefined;
}

/** Several versions as one table, with their handlers: made once for a configuration, bound for each connection. */
export interface United<C extends { readonly role: Role }> {
  readonly table: Table;
  readonly handlers: AnyHandlers<C>;
}

/** Unites the tables of several versions. They may share a state, never a cell. */
export function unite<C extends { readonly role: Role }>(protocols: readonly Protocol<C>[]): United<C> {
  const table: Record<string, Record<string, Edge>> = {};
  const handlers: Record<string, Record<string, AnyHandler<C>>> = {};
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

/** Binds what was united to one connection. */
export function bindMachine<C extends { readonly role: Role }>(
  { table, handlers }: United<C>,
  protocols: readonly Protocol<C>[],
  context: Context<C>,
): Machine {
  return {
    table,
    refusals: (state) => protocols.map((protocol) => protocol.refusals?.[state]),
    handle: (state, name, data, message) => handlers[state]![name]!(data, message, context),
    commands: (state, data) => protocols.find(({ open }) => open === state)?.commands(data, context),
  };
}
