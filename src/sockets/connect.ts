import { hasMethod, keysOf } from '../bytes/shape.ts';
import { isPromise } from '../bytes/promise.ts';
import { ClientContext, type ClientContextOptions, createClientContext } from '../contexts.ts';
import { connect as secure } from '../index.ts';
import type { TlsStream } from '../transport/streams.ts';
import { SocketError } from './error.ts';
import { Plain } from './plain.ts';
import { plainSocket, secureSocket } from './socket.ts';
import type { Dial, Dialled, Socket, SocketAddress, StartTlsOptions } from './types.ts';

/** What can be said about one socket. */
export interface SocketOptions extends StartTlsOptions {
  /** `off`: none (the default); `on`: from the beginning; `starttls`: when `startTls` is called. */
  readonly secureTransport?: 'on' | 'off' | 'starttls' | undefined;
  /** Keep our direction open when the peer has ended its own. Default: false. */
  readonly allowHalfOpen?: boolean | undefined;
}

/** The `connect` of the proposal. */
export type Connect = (address: string | SocketAddress, options?: SocketOptions) => Socket;

/**
 * Makes a `connect` of WinterTC's shape over a dialler, for drivers that are written for the sockets of Workers.
 * @param dial opens the connection under TLS.
 * @param tls the context of the clients, or its options.
 * @throws TypeError when `dial` is no function. TlsError ERR_OPTION for options that cannot be.
 *
 * @example
 * ```ts
 * import { memoryPipe } from 'warifu/pipes';
 * import { socketConnect } from 'warifu/sockets';
 * const [here] = memoryPipe(); // Deno: ({ hostname, port }) => Deno.connect({ hostname, port })
 * const connect = socketConnect(() => here, { anchors: [] });
 * const socket = connect('server.example:5432', { secureTransport: 'starttls' });
 * socket.upgraded; // false
 * socket.startTls().secureTransport; // 'on'
 * ```
 */
export function socketConnect(dial: Dial, tls: ClientContext | ClientContextOptions): Connect {
  if (typeof dial !== 'function')
    throw new TypeError(
      'socketConnect: expected a function that dials: ({ hostname, port }, signal) => { readable, writable }',
    );
  const context = tls instanceof ClientContext ? tls : createClientContext(tls);
  return (to, options = {}) => {
    const address = addressOf(to);
    const { secureTransport, allowHalfOpen } = optionsOf(options);
    const aborting = new AbortController();
    const dialled = dialling(dial, address, aborting.signal);
    const shared = {
      address,
      dialled,
      plain: new Plain(dialled),
      secure: (plain: Plain, { hostname }: SocketAddress, named: StartTlsOptions, half: boolean) =>
        startTls(context, plain, hostname, named, half, aborting.signal),
      allowHalfOpen,
      abort: () => aborting.abort(),
    };
    return secureTransport === 'on' ? secureSocket(shared, options, false) : plainSocket(shared, secureTransport);
  };
}

async function dialling(dial: Dial, address: SocketAddress, signal: AbortSignal): Promise<Dialled> {
  const pipe = await dial(address, signal);
  if (!hasMethod(pipe?.readable, 'getReader') || !hasMethod(pipe.writable, 'getWriter'))
    throw new SocketError('the dialler has to answer { readable, writable }, streams of bytes');
  return pipe;
}

async function startTls(
  context: ClientContext,
  plain: Plain,
  hostname: string,
  options: StartTlsOptions,
  allowHalfOpen: boolean,
  signal: AbortSignal,
): Promise<TlsStream> {
  const { expectedServerHostname, sni, alpn } = options;
  return await secure(plain.asDuplex(), {
    context: alpn === undefined ? context : context.with({ alpn }),
    serverName: expectedServerHostname ?? sni ?? hostname,
    allowHalfOpen,
    signal,
  });
}

const KINDS: readonly unknown[] = ['on', 'off', 'starttls'];
const NAMES: readonly string[] = ['secureTransport', 'allowHalfOpen', 'expectedServerHostname', 'sni', 'alpn'];

function optionsOf(options: SocketOptions): { secureTransport: 'on' | 'off' | 'starttls'; allowHalfOpen: boolean } {
  const unknown = keysOf(options).find((name) => !NAMES.includes(name));
  if (unknown !== undefined)
    throw new SocketError(`${unknown}: there is no such option; the options are ${NAMES.join(', ')}`);
  const { secureTransport = 'off', allowHalfOpen = false } = options;
  if (!KINDS.includes(secureTransport))
    throw new SocketError(
      `secureTransport: expected 'on', 'off' or 'starttls', found ${JSON.stringify(secureTransport)}`,
    );
  if (typeof allowHalfOpen !== 'boolean')
    throw new SocketError(`allowHalfOpen: expected true or false, found ${JSON.stringify(allowHalfOpen)}`);
  return { secureTransport, allowHalfOpen };
}

/** `host:port`, `[::1]:port`, or the two apart. */
function addressOf(to: string | SocketAddress): SocketAddress {
  const found = typeof to === 'string' ? /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(to) : undefined;
  const { hostname, port } =
    typeof to === 'string' ? { hostname: found?.[1] ?? found?.[2], port: Number(found?.[3]) } : Object(to);
  if (typeof hostname === 'string' && hostname !== '' && Number.isInteger(port) && port > 0 && port < 65_536)
    return { hostname, port };
  const shown = isPromise(to) ? 'a promise' : JSON.stringify(to);
  throw new SocketError(`the address: expected 'host:port' or { hostname, port }, found ${shown?.slice(0, 80)}`);
}
