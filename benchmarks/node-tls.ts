import { once } from 'node:events';
import { listening } from './listening.ts';
import type { Socket } from 'node:net';
import * as tls from 'node:tls';
import type { CommonConnectionOptions, SecureContextOptions } from 'node:tls';
import type { Connection, Contender, Terms } from './contender.ts';

/** Node's own TLS: OpenSSL. What everything else is measured against. */
export const nodeTls: Contender = /* @__PURE__ */ likeNode('node:tls', tls);

/** Anything with the interface of node:tls. */
export function likeNode(
  name: string,
  { connect, createServer }: Pick<typeof tls, 'connect' | 'createServer'>,
): Contender {
  const sessions = new WeakMap<object, Buffer>();
  const known = new WeakSet<object>();
  return {
    name,
    versions: ['1.2', '1.3'],
    async connect(port, options) {
      const socket = connect({
        host: '127.0.0.1',
        port,
        servername: options.serverName,
        ca: options.anchors,
        ...(options.credential && { cert: options.credential.chain, key: options.credential.key }),
        ...(sessions.has(options) && { session: sessions.get(options)! }),
        ...terms(options),
      });
      socket.setNoDelay(true);
      if (options.resume === true) socket.on('session', (session) => void sessions.set(options, session));
      await once(socket, 'secureConnect');
      if (socket.isSessionReused() !== (options.resume === true && known.has(options)))
        throw new Error('resumed, or not, against what was asked for');
      known.add(options);
      return connection(socket);
    },
    async listen(options, serve) {
      const server = createServer({
        cert: options.credential.chain,
        key: options.credential.key,
        ...(options.clientAnchors !== undefined && {
          ca: options.clientAnchors,
          requestCert: true,
          rejectUnauthorized: true,
        }),
        ...terms(options),
      });
      server.on('secureConnection', (socket) => {
        const own = connection(socket);
        serve(own)
          .catch(() => {})
          .finally(() => own.close());
      });
      return await listening(server);
    },
  };
}

const SUITES_12 = {
  TLS_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
} as const;

function terms({ version, suite, group }: Terms): SecureContextOptions & CommonConnectionOptions {
  return {
    minVersion: `TLSv${version}`,
    maxVersion: `TLSv${version}`,
    ciphers: version === '1.3' ? suite : SUITES_12[suite],
    // In 1.2 the curve of an ECDSA certificate has to be in the list as well (RFC 8422 section 5.1.1).
    ecdhCurve: version === '1.3' ? group : `${group}:P-256`,
  };
}

/** Any socket of Node as a {@link Connection}; pulls, so that a slow reader slows the writer. */
export function connection(socket: Socket): Connection {
  let failure: Error | undefined;
  let ended = false;
  let wake: () => void = () => {};
  socket.on('readable', () => wake());
  socket.on('drain', () => wake());
  for (const event of ['end', 'close'] as const)
    socket.once(event, () => {
      ended = true;
      wake();
    });
  socket.on('error', (error: Error) => {
    failure = error;
    wake();
  });
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      const others = wake;
      wake = () => {
        wake = () => {};
        others();
        resolve();
      };
    });
  return {
    write: async (bytes) => {
      if (failure !== undefined) throw failure;
      if (socket.write(bytes)) return;
      while (socket.writableNeedDrain && !ended && failure === undefined) await change();
    },
    read: async () => {
      for (;;) {
        const chunk = socket.read() as Buffer | null;
        if (chunk !== null) return chunk;
        if (failure !== undefined) throw failure;
        if (ended) return undefined;
        await change();
      }
    },
    close: () => void socket.end(),
  };
}
