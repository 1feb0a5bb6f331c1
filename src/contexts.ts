import { atCaller } from './at-caller.ts';
import { andThen } from './bytes/promise.ts';
import {
  type Chosen,
  type CredentialInput,
  definedOf,
  keysOnly,
  kept,
  NOTHING_MADE,
  type Made,
  ownOptions,
  readCredentials,
  trustOf,
  whenLoaded,
  withAsciiName,
} from './context-parts.ts';
import type { MaybePromise } from './crypto/types.ts';
import {
  CLIENT_RULES,
  type ClientConnectionOptions,
  type ClientOptions,
  type ClientResumptionOptions,
  clientConfig,
  clientConnectionConfig,
  SERVER_RULES,
  type ServerConnectionOptions,
  type ServerOptions,
  type ServerResumptionOptions,
  serverConfig,
  serverConnectionConfig,
} from './engine/config/index.ts';
import type { CredentialOption } from './engine/config/credential.ts';
import { optionError } from './engine/config/rules.ts';
import { Engine } from './engine/engine.ts';
import type { ClientConfig, ServerConfig } from './handshake/config.ts';
import type { ClientHelloSummary, ContextSelection } from './handshake/requests.ts';
import { CLIENT_NAMES, SERVER_NAMES } from './option-names.ts';
import { client12, client13, server12, server13 } from './protocols.ts';
import { describe } from './pki/x509/describe.ts';
import { memorySessions } from './resumption/stores.ts';
import { ticketSealer } from './resumption/tickets.ts';

export type { CredentialInput } from './context-parts.ts';

/** What a client is, for all its connections. */
export interface ClientContextOptions
  extends Chosen,
    Omit<
      ClientOptions,
      'protocols' | 'crypto' | 'verifier' | 'credential' | 'resumption' | 'serverName' | 'earlyData' | 'sessionKey'
    > {
  /** The versions to speak, of `warifu/protocols`. Default: TLS 1.3 and TLS 1.2. */
  readonly protocols?: ClientOptions['protocols'] | undefined;
  /** What to show a server that asks: a credential, or a chain with its key, or several. Default: nothing. */
  readonly credential?: CredentialInput | undefined;
  /**
   * How sessions are resumed, so that the next connection to the same server need not prove everything again; false: they
   * are not. Default: a memory of its own for this context.
   */
  readonly resumption?: ClientResumptionOptions | false | undefined;
}

/** What a server is, for all its connections. */
export interface ServerContextOptions
  extends Chosen,
    Omit<ServerOptions, 'protocols' | 'crypto' | 'verifier' | 'credential' | 'resumption' | 'selectContext'> {
  /** The versions to speak, of `warifu/protocols`. Default: TLS 1.3 and TLS 1.2. */
  readonly protocols?: ServerOptions['protocols'] | undefined;
  /** What to show: a credential, or a chain with its key, or several: the first that the client can verify is shown. */
  readonly credential: CredentialInput;
  /**
   * Chooses anew for each client, by name, protocol, or anything else in its hello: another context, whose credential,
   * `alpn`, `clientAuth` and verifier are taken, or these by themselves; undefined: this context as it is. Default: none.
   */
  readonly selectContext?:
    | ((hello: ClientHelloSummary) => MaybePromise<ContextSelection | ServerContext | undefined>)
    | undefined;
  /**
   * How clients resume sessions; false: they do not. Default: tickets, sealed under keys that this context made for itself
   * and that are lost with it.
   */
  readonly resumption?: ServerResumptionOptions | false | undefined;
}

/**
 * What a client is: immutable, checked when it is made, shared by all its connections. Made by {@link createClientContext}.
 */
export class ClientContext {
  readonly #options: ClientContextOptions;
  readonly #made: Made;
  #config: MaybePromise<ClientConfig>;

  /** Prefer {@link createClientContext}. @throws TlsError ERR_OPTION, ERR_KEY or ERR_PASSWORD. */
  constructor(options: ClientContextOptions, made: Made = NOTHING_MADE) {
    const own = ownOptions(options, CLIENT_OPTIONS, CLIENT_NAMES);
    this.#options = own;
    for (const name of PER_CONNECTION)
      if (Reflect.get(own, name) !== undefined)
        throw optionError(name, `it differs from connection to connection; ${CLIENT_NAMES[name]}`);
    const { crypto, verifier } = trustOf(own, made);
    const judge = verifier ?? (own.psks !== undefined && own.psks.length > 0 ? keysOnly : undefined);
    if (judge === undefined)
      throw optionError(
        'anchors',
        'give the certificates that are trusted, or a verifier; no certificate is trusted by default',
      );
    const store = made.store ?? memorySessions();
    const credential =
      own.credential === undefined ? undefined : (made.credential ?? readCredentials(own.credential, crypto));
    this.#made = { crypto, verifier: judge, store, credential };
    const { anchors: _, resumption, ...rest } = own;
    const configure = (loaded: CredentialOption | undefined): ClientConfig => ({
      ...clientConfig(
        {
          ...rest,
          protocols: own.protocols ?? [client13, client12],
          crypto,
          verifier: judge,
          credential: loaded,
          resumption: resumption === false ? undefined : { store, ...definedOf(resumption) },
        },
        CLIENT_NAMES,
      ),
      describe,
    });
    this.#config = whenLoaded(credential, configure, (config) => {
      this.#config = config;
    });
  }

  get role(): 'client' {
    return 'client';
  }

  /**
   * Fulfilled when everything that takes time has been read: files with a password, keys of WebCrypto. Connections wait
   * for it by themselves.
   * @throws TlsError ERR_KEY or ERR_PASSWORD when something cannot be read.
   */
  get ready(): Promise<void> {
    return Promise.resolve(this.#config).then(() => {});
  }

  /**
   * An engine for one connection, for programs that drive it themselves. A promise only while {@link ready} is pending.
   * @throws TlsError ERR_OPTION.
   */
  engine(connection: ClientConnectionOptions = {}): MaybePromise<Engine> {
    const named = withAsciiName(connection);
    if (named.serverName === undefined && this.#options.anchors !== undefined)
      throw optionError('serverName', 'it is needed: the name or address that the certificate has to be for');
    const { sendServerName } = this.#options;
    return andThen(
      this.#config,
      (config) => new Engine(clientConnectionConfig(config, named, sendServerName, CLIENT_NAMES)),
    );
  }

  /** A new context, with these options in place of the old ones. What they do not touch is shared, sessions too. */
  with(changes: Partial<ClientContextOptions>): ClientContext {
    return new ClientContext({ ...this.#options, ...changes }, kept(this.#made, changes));
  }
}

/**
 * What a server is: immutable, checked when it is made, shared by all its connections. Made by {@link createServerContext}.
 */
export class ServerContext {
  readonly #options: ServerContextOptions;
  readonly #made: Made;
  #config: MaybePromise<ServerConfig>;

  /** Prefer {@link createServerContext}. @throws TlsError ERR_OPTION, ERR_KEY or ERR_PASSWORD. */
  constructor(options: ServerContextOptions, made: Made = NOTHING_MADE) {
    const own = ownOptions(options, SERVER_OPTIONS, SERVER_NAMES);
    this.#options = own;
    if (own.credential === undefined)
      throw optionError('credential', 'a server has to show a certificate: give { certificates, privateKey }');
    const { crypto, verifier } = trustOf(own, made);
    const credential = made.credential ?? readCredentials(own.credential, crypto);
    const tickets = made.tickets ?? ticketSealer({ crypto });
    this.#made = { crypto, verifier, tickets, credential };
    const { anchors: _, resumption, selectContext, ...rest } = own;
    const configure = (loaded: CredentialOption): ServerConfig => ({
      ...serverConfig(
        {
          ...rest,
          protocols: own.protocols ?? [server13, server12],
          crypto,
          verifier,
          credential: loaded,
          selectContext: selectContext === undefined ? undefined : selector(selectContext),
          resumption: resumption === false ? undefined : { tickets, ...definedOf(resumption) },
        },
        SERVER_NAMES,
      ),
      describe,
    });
    this.#config = whenLoaded(credential, configure, (config) => {
      this.#config = config;
    });
  }

  get role(): 'server' {
    return 'server';
  }

  /**
   * Fulfilled when everything that takes time has been read: files with a password, keys of WebCrypto. Connections wait
   * for it by themselves.
   * @throws TlsError ERR_KEY or ERR_PASSWORD when something cannot be read.
   */
  get ready(): Promise<void> {
    return Promise.resolve(this.#config).then(() => {});
  }

  /**
   * An engine for one connection, for programs that drive it themselves. A promise only while {@link ready} is pending.
   * @throws TlsError ERR_OPTION.
   */
  engine(connection: ServerConnectionOptions = {}): MaybePromise<Engine> {
    return andThen(this.#config, (config) => new Engine(serverConnectionConfig(config, connection, SERVER_NAMES)));
  }

  /** A new context, with these options in place of the old ones. What they do not touch is shared, keys of tickets too. */
  with(changes: Partial<ServerContextOptions>): ServerContext {
    return new ServerContext({ ...this.#options, ...changes }, kept(this.#made, changes));
  }

  /** What another context's `selectContext` takes of this one. */
  selection(): MaybePromise<ContextSelection> {
    return andThen(this.#config, ({ credential, alpn, clientAuth, verifier, sessionContext }) => ({
      credential,
      alpn,
      clientAuth,
      verifier,
      name: sessionContext,
    }));
  }
}

/**
 * Makes what a client is, once for all its connections.
 * @throws TlsError ERR_OPTION, naming the option, what was expected and what was found; ERR_KEY for a key or certificate
 * that cannot be used.
 *
 * @example
 * ```ts
 * import { createClientContext } from 'warifu';
 * const context = createClientContext({ anchors: [], alpn: ['http/1.1'] });
 * context.with({ alpn: ['h2'] }).role; // 'client'
 * ```
 */
export function createClientContext(options: ClientContextOptions): ClientContext {
  return atCaller(createClientContext, () => new ClientContext(options));
}

/**
 * Makes what a server is, once for all its connections.
 * @throws TlsError ERR_OPTION, naming the option, what was expected and what was found; ERR_KEY for a key or certificate
 * that cannot be used.
 *
 * @example
 * ```ts
 * import { accept, createServerContext } from 'warifu';
 * type Pipe = { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> };
 * // PEM, of files or a secret store.
 * function listener(certificates: string, privateKey: string, anchors: string) {
 *   const context = createServerContext({ credential: { certificates, privateKey }, clientAuth: 'require', anchors });
 *   return (pipe: Pipe) => accept(pipe, { context }); // for each connection
 * }
 * ```
 */
export function createServerContext(options: ServerContextOptions): ServerContext {
  return atCaller(createServerContext, () => new ServerContext(options));
}

const PER_CONNECTION: readonly string[] = ['serverName', 'earlyData', 'sessionKey'];
/** The names of the options of a client context. */
export const CLIENT_OPTIONS: readonly string[] = [...Object.keys(CLIENT_RULES), 'anchors'];
/** The names of the options of a server context. */
export const SERVER_OPTIONS: readonly string[] = [...Object.keys(SERVER_RULES), 'anchors'];

/** A context in the place of a selection is what it stands for. */
function selector(
  select: NonNullable<ServerContextOptions['selectContext']>,
): NonNullable<ServerOptions['selectContext']> {
  if (typeof select !== 'function') return select;
  const selectionOf = (
    answer: ContextSelection | ServerContext | undefined,
  ): MaybePromise<ContextSelection | undefined> => (answer instanceof ServerContext ? answer.selection() : answer);
  return (hello) => andThen(select(hello), selectionOf);
}
