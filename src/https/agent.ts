import { ownOf } from '../bytes/shape.ts';
import { Agent as HttpAgent, type AgentOptions as HttpAgentOptions, type ClientRequestArgs } from 'node:http';
import type { AgentOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { option } from '../tls/arguments.ts';
import { connect } from '../tls/connect.ts';

/** Servers whose last session is remembered. */
const MAX_SESSIONS = 100;

/** Options that make a connection another one. */
const APART: readonly string[] = [
  'ca',
  'cert',
  'clientCertEngine',
  'ciphers',
  'key',
  'pfx',
  'rejectUnauthorized',
  'servername',
  'minVersion',
  'maxVersion',
  'secureProtocol',
  'crl',
  'honorCipherOrder',
  'ecdhCurve',
  'dhparam',
  'secureOptions',
  'sessionIdContext',
  'sigalgs',
  'privateKeyIdentifier',
  'privateKeyEngine',
];
/** Of these `false` and `undefined` are not the same. */
const SWITCHES: readonly string[] = ['rejectUnauthorized', 'honorCipherOrder', 'secureOptions'];

/** An agent in the interface of `https.Agent`: connections are ours, kept alive and apart by their options. */
export class Agent extends HttpAgent {
  defaultPort = 443;
  protocol = 'https:';
  readonly maxCachedSessions: number;
  readonly _sessionCache: { map: Record<string, Buffer>; list: string[] } = { map: {}, list: [] };

  constructor(options: AgentOptions = {}) {
    super({ ...options });
    const protocol = option(options ?? {}, 'protocol');
    if (typeof protocol === 'string') this.protocol = protocol;
    const port = option(options ?? {}, 'defaultPort');
    if (typeof port === 'number') this.defaultPort = port;
    this.maxCachedSessions = ownOf(options)?.maxCachedSessions ?? MAX_SESSIONS;
  }

  /** Called by node:http for each connection: with options, or with port, host and options as older programs do. */
  override createConnection(...given: readonly unknown[]): Duplex {
    const read = readTarget(given);
    const key = option(read, '_agentKey');
    const session = typeof key === 'string' ? this._getSession(key) : undefined;
    const socket = connect({ ...(session !== undefined && { session }), ...read });
    if (typeof key === 'string') {
      socket.on('session', (fresh: Buffer) => this._cacheSession(key, fresh));
      socket.once('close', (failed: boolean) => {
        if (failed) this._evictSession(key);
      });
    }
    return socket;
  }

  /** What tells connections apart that can be used for each other. */
  override getName(options: ClientRequestArgs = {}): string {
    const parts = APART.map((name) => {
      const value = option(options, name);
      if (SWITCHES.includes(name)) return value === undefined ? '' : String(value);
      if (name === 'servername' && value === options.host) return '';
      if (!value) return '';
      return name === 'sigalgs' ? JSON.stringify(value) : String(value);
    });
    return [super.getName(options), ...parts].join(':');
  }

  _getSession(key: string): Buffer | undefined {
    return this._sessionCache.map[key];
  }

  _cacheSession(key: string, session: Buffer): void {
    const { map, list } = this._sessionCache;
    if (this.maxCachedSessions === 0) return;
    if (map[key] === undefined) {
      if (list.length >= this.maxCachedSessions) this._evictSession(list[0] ?? '');
      list.push(key);
    }
    map[key] = session;
  }

  _evictSession(key: string): void {
    const { map, list } = this._sessionCache;
    const at = list.indexOf(key);
    if (at < 0) return;
    list.splice(at, 1);
    delete map[key];
  }
}

/** Options, or port, host and options, of which the first two count. */
function readTarget(given: readonly unknown[]): object {
  const [first, second] = given;
  const options = given.find((value) => typeof value === 'object' && value !== null) ?? {};
  return {
    ...options,
    ...(typeof first === 'number' && { port: first }),
    ...(typeof second === 'string' && { host: second }),
  };
}

/** The agent of requests that bring none. */
export function makeGlobalAgent(): Agent {
  const options: HttpAgentOptions = { keepAlive: true, scheduling: 'lifo', timeout: 5_000 };
  return new Agent(options);
}
