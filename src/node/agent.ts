import type { Agent as AnyHttpAgent, AgentOptions as HttpAgentOptions, ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect as dial, type Socket, type TcpSocketConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { unsuitable } from '../engine/config/rules.ts';
import type { ConnectOptions } from '../index.ts';
import { atCaller } from '../at-caller.ts';
import { splitClient } from '../connection-options.ts';
import { TRANSPORT_KEYS, type TransportOptions, transportConfig } from '../transport/options.ts';
import { type Address, connect } from './connect.ts';

/** What an agent tells of where to connect to, beside the address. */
interface Target extends ClientRequestArgs {
  readonly servername?: string;
}

/**
 * node:http's agent, which that of node:https extends. To import node:http by its name has newer Nodes load all of undici,
 * for the sake of `http.WebSocket`: as much again as all of ours.
 */
const HttpAgent: typeof AnyHttpAgent = parentOf(HttpsAgent) ?? HttpsAgent;

function parentOf(agent: typeof AnyHttpAgent): typeof AnyHttpAgent | undefined {
  const parent: typeof AnyHttpAgent | undefined = Object.getPrototypeOf(agent);
  return typeof parent?.prototype?.createConnection === 'function' ? parent : undefined;
}

/**
 * An agent for `https.request`, `https.get` and everything that takes one: its connections are ours. `tls` is said once for
 * all of them; the name of the server follows from each request, unless it is given. Default protocol: `http/1.1`.
 *
 * @example
 * ```ts
 * import https from 'node:https';
 * import { Agent, systemRoots } from 'warifu/node';
 * const agent = new Agent({ anchors: systemRoots().certificates }, { keepAlive: true });
 * function get(url: string) {
 *   return https.get(url, { agent }, (response) => response.pipe(process.stdout));
 * }
 * ```
 */
export class Agent extends HttpAgent {
  /** Of the URLs that it takes. */
  readonly protocol = 'https:';
  readonly defaultPort = 443;
  readonly #tls: ConnectOptions;

  /**
   * @param http what any `http.Agent` takes: `keepAlive`, `maxSockets` …
   * @throws TlsError ERR_OPTION when an option of `tls` cannot be used.
   */
  constructor(tls: ConnectOptions, http: HttpAgentOptions = {}) {
    super(http);
    this.#tls = atCaller(Agent, () => shared(tls));
  }

  /** Called by Node for each connection. */
  override createConnection(target: Target, callback?: (error: Error | null, stream: Duplex) => void): Duplex {
    void callback;
    return connect(addressOf(target), requestOptions(this.#tls, target.servername));
  }

  /** Connections to the same name and address are used again. */
  override getName(target: Target = {}): string {
    return `${super.getName(target)}:${target.servername ?? ''}`;
  }
}

/** Where undici wants to connect to. */
export interface ConnectorTarget {
  readonly hostname: string;
  readonly protocol: string;
  readonly port: string;
  readonly servername?: string | null | undefined;
  readonly localAddress?: string | null | undefined;
}

/** How long undici's own connector waits, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;

/**
 * A connector for undici, and so for `fetch`: give it as `connect` to its `Agent`, `Pool` or `Client`. `alpn` with `h2` has
 * undici speak HTTP/2 where the server does and `allowH2` is set. Default: `http/1.1`, and 10,000 ms for the handshake.
 *
 * @example
 * ```ts
 * import { connector, systemRoots } from 'warifu/node';
 * const connect = connector({ anchors: systemRoots().certificates });
 * // With Agent and fetch of undici:
 * // await fetch('https://server.example/', { dispatcher: new Agent({ connect }) });
 * ```
 */
export function connector(
  tls: ConnectOptions,
): (
  target: ConnectorTarget,
  callback: (...outcome: [error: null, socket: Socket] | [error: Error, socket: null]) => void,
) => void {
  const all = shared(tls, CONNECT_TIMEOUT);
  return ({ hostname, protocol, port, servername, localAddress }, callback) => {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const address: TcpSocketConnectOpts = {
      host,
      port: Number(port === '' || port === undefined ? (protocol === 'https:' ? 443 : 80) : port),
      ...(localAddress && { localAddress }),
    };
    if (protocol !== 'https:') {
      const socket = dial({ ...address, noDelay: true });
      const failed = (error: Error): void => callback(error, null);
      socket.once('error', failed).once('connect', () => {
        socket.off('error', failed);
        callback(null, socket);
      });
      return;
    }
    connect(address, requestOptions(all, servername ?? undefined))
      .secured()
      .then(
        // What undici asks of a net.Socket, ours has; its types name the class.
        (socket) => callback(null, socket as Duplex as Socket),
        (error: Error) => callback(error, null),
      );
  };
}

/** The same options with one context for all connections: it is made, and judged, now. */
function shared(tls: ConnectOptions, handshakeTimeout?: number): ConnectOptions {
  if (typeof tls !== 'object' || tls === null)
    throw unsuitable('options', 'an object with options, such as { anchors }', tls);
  const options = tls.context === undefined ? { ...tls, alpn: tls.alpn ?? ['http/1.1'] } : tls;
  const { context, connection, transport } = splitClient<TransportOptions>(options, TRANSPORT_KEYS, 'many connections');
  const own = { ...transport, handshakeTimeout: transport.handshakeTimeout ?? handshakeTimeout };
  transportConfig(own);
  return { context, ...connection, ...own };
}

/** What was said once comes before what follows from the request. */
function requestOptions(tls: ConnectOptions, servername: string | undefined): ConnectOptions {
  return servername === undefined || servername === '' ? tls : { serverName: servername, ...tls };
}

/** What `net.connect` needs of what an agent is given. */
function addressOf(target: Target): Address {
  if (target.socketPath) return { path: target.socketPath };
  const { family, hints, localAddress, localPort, lookup, host, port, defaultPort } = target;
  return {
    host: host ?? 'localhost',
    port: Number(port ?? defaultPort ?? 443),
    ...(family !== undefined && { family }),
    ...(hints !== undefined && { hints }),
    ...(localAddress !== undefined && { localAddress }),
    ...(localPort !== undefined && { localPort }),
    ...(lookup !== undefined && { lookup }),
  };
}
