import { listening } from './listening.ts';
import type { Socket } from 'node:net';
import type { CryptoProvider } from '../src/crypto/types.ts';
import { type ClientContext, createClientContext } from '../src/index.ts';
import { connect, createServer, type TlsSocket } from '../src/node/index.ts';
import { client12, client13, server12, server13 } from '../src/protocols.ts';
import type { ClientSession, ClientSessionStore } from '../src/resumption/index.ts';
import type { ClientSide, Contender, Terms } from './contender.ts';
import { connection } from './node-tls.ts';

/** What programs of Node use: the sockets of `warifu/node`, chains judged, contexts shared as they are meant to be. */
export function warifuSocket(crypto: CryptoProvider, name: string): Contender {
  const contexts = new WeakMap<object, ClientContext>();
  const known = new WeakSet<object>();
  const contextOf = (options: ClientSide): ClientContext => {
    const made =
      contexts.get(options) ??
      createClientContext({
        ...terms(options, crypto),
        protocols: [options.version === '1.3' ? client13 : client12],
        anchors: options.anchors,
        ...(options.credential && {
          credential: { certificates: options.credential.chain, privateKey: options.credential.key },
        }),
        resumption: options.resume === true ? { store: lastSession() } : false,
      });
    contexts.set(options, made);
    return made;
  };
  return {
    name,
    versions: ['1.2', '1.3'],
    async connect(port, options) {
      const context = contextOf(options);
      await context.ready;
      const socket = connect({ host: '127.0.0.1', port }, { context, serverName: options.serverName });
      const { resumed } = (await socket.secured()).info;
      if (resumed !== (options.resume === true && known.has(options)))
        throw new Error('resumed, or not, against what was asked for');
      known.add(options);
      return connection(asNode(socket));
    },
    async listen(options, serve) {
      const server = createServer(
        {
          ...terms(options, crypto),
          protocols: [options.version === '1.3' ? server13 : server12],
          credential: { certificates: options.credential.chain, privateKey: options.credential.key },
          ...(options.clientAnchors !== undefined && {
            clientAuth: 'require' as const,
            anchors: options.clientAnchors,
          }),
          ...(options.resume !== true && { resumption: false as const }),
        },
        (socket) => {
          const own = connection(asNode(socket));
          serve(own)
            .catch(() => {})
            .finally(() => own.close());
        },
      );
      return await listening(server);
    },
  };
}

/**
 * Uses the last session again and again, as the client of node:tls is made to here: a server of node:tls sends no ticket in a
 * connection that was resumed, so a client that uses each ticket once would have every third connection a full one.
 */
function lastSession(): ClientSessionStore {
  let last: ClientSession | undefined;
  return {
    take: () => last && { ...last, ticket: last.ticket.slice(), secret: last.secret.slice() },
    put: (_key, session) => {
      last = session;
    },
  };
}

/** It has all of a socket that is used here. */
function asNode(socket: TlsSocket): Socket {
  return socket as unknown as Socket;
}

const SUITES_12 = {
  TLS_AES_128_GCM_SHA256: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  TLS_CHACHA20_POLY1305_SHA256: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
} as const;

function terms({ version, suite, group }: Terms, crypto: CryptoProvider) {
  return version === '1.3'
    ? { crypto, suites: [suite], groups: [group] }
    : { crypto, suites: [SUITES_12[suite]], groups: [group, 'secp256r1'] };
}
