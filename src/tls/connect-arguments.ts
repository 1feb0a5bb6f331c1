import type { NetConnectOpts } from 'node:net';
import { isObject } from '../bytes/shape.ts';
import { type Callback, invalidType } from './arguments.ts';

/** Where to dial, as `net.connect` takes it, and for errors. */
export type Dial = NetConnectOpts & {
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  readonly localAddress?: string;
};

/** What a program gives `connect`: its options, with what was given by position among them. */
export interface ConnectArguments {
  readonly options: object;
  readonly dial: Dial;
  readonly callback: Callback | undefined;
}

/**
 * Reads port, host, path, options and callback, in each of the orders that `net.connect` and `tls.connect` take.
 * @throws TypeError for what is neither a port, a path nor options.
 */
export function readConnect(given: readonly unknown[]): ConnectArguments {
  const values = given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
  const last: unknown = values.at(-1);
  const callback = isCallback(last) ? last : undefined;
  const [first, second, third]: unknown[] = values.filter((value) => value !== callback);
  const positional = byPosition(first, second);
  const more = isObject(second) ? second : isObject(third) ? third : {};
  const options = { ...positional, ...(isObject(first) ? first : {}), ...(isObject(first) ? {} : more) };
  return { options, dial: options as Dial, callback };
}

function byPosition(first: unknown, second: unknown): object {
  if (isObject(first)) return {};
  if (first === undefined) return {};
  const isPort = typeof first === 'number' || (typeof first === 'string' && /^\s*\d+\s*$/.test(first));
  if (isPort) return { port: first, ...(typeof second === 'string' && { host: second }) };
  if (typeof first === 'string') return { path: first };
  throw invalidType('options', ['object', 'number', 'string'], first);
}

function isCallback(value: unknown): value is Callback {
  return typeof value === 'function';
}

/** What a client that `tls.connect` makes knows beyond the options of its socket. */
export interface Destination {
  /** Host, port, path: for errors. */
  readonly dial: Dial;
  /** The name to hold the certificate against. */
  readonly host: string;
  readonly identify: (chain: readonly Uint8Array[], path: readonly Uint8Array[]) => Error | undefined;
}
