import {
  CLIENT_OPTIONS,
  type ClientContext,
  type ClientContextOptions,
  createClientContext,
  createServerContext,
  SERVER_OPTIONS,
  type ServerContext,
  type ServerContextOptions,
} from './contexts.ts';
import type { ClientConnectionOptions, ServerConnectionOptions } from './engine/config/index.ts';
import { describe, type Hints, optionError, unknownOption, unsuitable } from './engine/config/rules.ts';
import { CLIENT_NAMES, SERVER_NAMES } from './option-names.ts';

/** A connection of a client: its context, or the options of one, and what differs per connection. */
export interface ClientParts extends ClientConnectionOptions, Omit<Partial<ClientContextOptions>, 'onTrace'> {
  /**
   * What this client is. In place of the options of a context, which make one for this connection alone: such a connection
   * resumes no session unless it is given a store, and its files are read anew.
   */
  readonly context?: ClientContext | undefined;
}

/** A connection of a server: its context, or the options of one, and what differs per connection. */
export interface ServerParts extends ServerConnectionOptions, Omit<Partial<ServerContextOptions>, 'onTrace'> {
  /**
   * What this server is. In place of the options of a context, which make one for this connection alone: such a connection
   * gives out no tickets unless it is given a sealer, and its files are read anew.
   */
  readonly context?: ServerContext | undefined;
}

/** Options that were given in one object, put where they belong. */
export interface Split<C, P, T> {
  readonly context: C;
  readonly connection: P;
  /** Those of the transport, as they were given: own properties only. */
  readonly transport: Partial<T>;
}

const CLIENT_CONNECTION: readonly (keyof ClientConnectionOptions)[] = [
  'serverName',
  'earlyData',
  'sessionKey',
  'onTrace',
];
const SERVER_CONNECTION: readonly (keyof ServerConnectionOptions)[] = ['onTrace'];

/**
 * @param names the options that the transport understands.
 * @param serves what a context that is made here is for.
 * @throws TlsError ERR_OPTION for an option of a context beside a context, and for what a context would refuse.
 */
export function splitClient<T extends object>(
  options: ClientParts & T,
  names: readonly (keyof T & string)[],
  serves: 'one connection' | 'many connections' = 'one connection',
): Split<ClientContext, ClientConnectionOptions, T> {
  const { context, connection, transport, rest } = split(
    options,
    CLIENT_CONNECTION,
    names,
    CLIENT_OPTIONS,
    CLIENT_NAMES,
  );
  if (context === undefined) {
    const { resumption = serves === 'one connection' ? false : undefined } = rest;
    return { context: createClientContext({ ...rest, resumption } as ClientContextOptions), connection, transport };
  }
  if (!isClientContext(context))
    throw unsuitable(
      'context',
      'a context of createClientContext()',
      context,
      wrongRole(context, 'createClientContext()'),
    );
  return { context, connection, transport };
}

/**
 * @param names the options that the transport understands.
 * @param serves what a context that is made here is for.
 * @throws TlsError ERR_OPTION for an option of a context beside a context, and for what a context would refuse.
 */
export function splitServer<T extends object>(
  options: ServerParts & T,
  names: readonly (keyof T & string)[],
  serves: 'one connection' | 'many connections' = 'one connection',
): Split<ServerContext, ServerConnectionOptions, T> {
  const { context, connection, transport, rest } = split(
    options,
    SERVER_CONNECTION,
    names,
    SERVER_OPTIONS,
    SERVER_NAMES,
  );
  if (context === undefined) {
    // Tickets that nothing could open are not given out.
    const { resumption = serves === 'one connection' ? false : undefined } = rest;
    return { context: createServerContext({ ...rest, resumption } as ServerContextOptions), connection, transport };
  }
  if (!isServerContext(context))
    throw unsuitable(
      'context',
      'a context of createServerContext()',
      context,
      wrongRole(context, 'createServerContext()'),
    );
  return { context, connection, transport };
}

interface Pieces<T> {
  readonly context: unknown;
  readonly connection: Record<string, unknown>;
  readonly transport: Partial<T>;
  readonly rest: Record<string, unknown>;
}

function split<T extends object>(
  options: T,
  connectionNames: readonly string[],
  transportNames: readonly (keyof T & string)[],
  contextNames: readonly string[],
  hints: Hints,
): Pieces<T> {
  if (typeof options !== 'object' || options === null) throw unsuitable('options', 'an object with options', options);
  const connection: Record<string, unknown> = Object.create(null);
  const rest: Record<string, unknown> = Object.create(null);
  const transport: Partial<T> = Object.create(null);
  let context: unknown;
  for (const [name, value] of Object.entries(options)) {
    const own = transportNames.find((one) => one === name);
    if (name === 'context') context = value;
    else if (connectionNames.includes(name)) connection[name] = value;
    else if (own !== undefined) transport[own] = options[own];
    else if (contextNames.includes(name)) rest[name] = value;
    else throw unknownOption(name, name, [...contextNames, ...connectionNames, ...transportNames, 'context'], hints);
  }
  const [beside] = context === undefined ? [] : Object.keys(rest).filter((name) => rest[name] !== undefined);
  if (beside !== undefined)
    throw optionError(
      beside,
      `it is not for one connection, found ${describe(rest[beside])} beside a context; write context: context.with({ ${beside} })`,
    );
  return { context, connection, transport, rest };
}

function isClientContext(value: unknown): value is ClientContext {
  return isContext(value, 'client');
}

function isServerContext(value: unknown): value is ServerContext {
  return isContext(value, 'server');
}

function isContext(value: unknown, role: 'client' | 'server'): boolean {
  return typeof value === 'object' && value !== null && 'role' in value && value.role === role && 'engine' in value;
}

function wrongRole(value: unknown, maker: string): string {
  return typeof value === 'object' && value !== null && 'role' in value
    ? `this one is for the other role: use ${maker}`
    : '';
}
