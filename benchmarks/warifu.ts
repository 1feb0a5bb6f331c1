import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { CryptoProvider } from '../src/crypto/types.ts';
import { Engine } from '../src/engine/engine.ts';
import { clientConfig, serverConfig } from '../src/engine/config/index.ts';
import type { TlsError } from '../src/errors.ts';
import { client12, server12 } from '../src/engine/protocols12.ts';
import { client13 } from '../src/handshake/tls13/client/client.ts';
import type { Credential, PeerVerifier } from '../src/handshake/peer.ts';
import { server13 } from '../src/handshake/tls13/server/server.ts';
import type { ClientSession, ClientSessionStore } from '../src/handshake/session.ts';
import { ticketSealer } from '../src/resumption/tickets.ts';
import type { PemCredential } from '../test/support/openssl.ts';
import type { Connection, Contender, Terms } from './contender.ts';

/** Our engine on a socket of Node. Certificates are pinned, so the cost of validating a chain is not in it yet. */
export function warifu(provider: CryptoProvider): Contender {
  return {
    name: `warifu ${provider.name}`,
    versions: ['1.2', '1.3'],
    async connect(port, options) {
      const engine = new Engine(
        clientConfig({
          ...terms(options, provider),
          protocols: [options.version === '1.3' ? client13 : client12],
          ...(options.resume === true && { resumption: { store: sessionsOf(options) } }),
          serverName: options.serverName,
          verifier: pin(options.anchors),
          ...(options.credential && { credential: await credential(options.credential, provider) }),
        }),
      );
      const socket = connect({ host: '127.0.0.1', port, noDelay: true });
      await once(socket, 'connect');
      const connection = await run(engine, socket);
      if ((engine.info.resumed ?? false) !== (options.resume === true && known.has(options)))
        throw new Error('resumed, or not, against what was asked for');
      known.add(options);
      return connection;
    },
    async listen(options, serve) {
      const shared = {
        ...terms(options, provider),
        protocols: [options.version === '1.3' ? server13 : server12],
        ...(options.resume === true && { resumption: { tickets: ticketSealer({ crypto: provider }) } }),
        credential: await credential(options.credential, provider),
        ...(options.clientAnchors !== undefined && {
          clientAuth: 'require' as const,
          verifier: pin(options.clientAnchors),
        }),
      };
      const open = new Set<Socket>();
      const server = createServer({ noDelay: true }, (socket) => {
        open.add(socket);
        socket.once('close', () => open.delete(socket));
        // The other side hangs up without close_notify, which is an error, and the end of the round.
        run(new Engine(serverConfig(shared)), socket)
          .then(serve)
          .catch(() => {});
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      return {
        port: address.port,
        close: async () => {
          for (const socket of open) socket.destroy();
          server.close();
          await once(server, 'close');
        },
      };
    },
  };
}

/** Turns the engine whenever bytes come; resolves when the handshake is done. */
function run(engine: Engine, socket: Socket): Promise<Connection> {
  const received: Uint8Array[] = [];
  let ended = false;
  let failure: TlsError | undefined;
  let wake: () => void = () => {};
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      const others = wake;
      wake = () => {
        wake = () => {};
        others();
        resolve();
      };
    });
  return new Promise((resolve, reject) => {
    const turn = (): void => {
      for (;;) {
        const step = engine.next();
        if (step.type === 'write') socket.write(step.bytes);
        else if (step.type === 'data') received.push(step.bytes);
        else if (step.type === 'request') void engine.answer(step.request)?.then(turn);
        else if (step.type === 'established') resolve(own);
        else if (step.type === 'end') ended = true;
        else if (step.type === 'failed') {
          failure = step.error;
          reject(failure);
          socket.end();
        } else if (step.type === 'wait') break;
      }
      if (received.length > 64) socket.pause();
      wake();
    };
    const own: Connection = {
      write: async (bytes) => {
        if (failure !== undefined) throw failure;
        engine.send(bytes);
        turn();
        while (socket.writableNeedDrain && !socket.destroyed) await change();
      },
      read: async () => {
        for (;;) {
          const chunk = received.shift();
          if (chunk !== undefined) return chunk;
          if (failure !== undefined) throw failure;
          if (ended || socket.destroyed) return undefined;
          socket.resume();
          await change();
        }
      },
      close: () => void socket.destroy(),
    };
    socket.on('data', (data: Buffer) => {
      engine.receive(data);
      turn();
    });
    socket.on('drain', () => wake());
    socket.on('end', () => {
      engine.receiveEnd();
      turn();
    });
    socket.on('close', () => wake());
    socket.on('error', () => wake());
    engine.start();
    turn();
  });
}

const stores = new WeakMap<object, ClientSessionStore>();
/** Who has connected before. */
const known = new WeakSet<object>();

/** Unlike a real one it hands out a ticket again: servers of node:tls send none in a resumed connection. */
function sessionsOf(options: object): ClientSessionStore {
  let last: ClientSession | undefined;
  const store = stores.get(options) ?? {
    take: () => last,
    put: (_key: string, session: ClientSession): void => {
      last = session;
    },
  };
  stores.set(options, store);
  return store;
}

const SUITES_12 = {
  TLS_AES_128_GCM_SHA256: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  TLS_CHACHA20_POLY1305_SHA256: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
} as const;

function terms({ version, suite, group }: Terms, provider: CryptoProvider) {
  // In 1.2 the curve of the certificate has to be in the list as well (RFC 8422 section 5.1.1).
  return version === '1.3'
    ? { crypto: provider, suites: [suite], groups: [group] }
    : { crypto: provider, suites: [SUITES_12[suite]], groups: [group, 'secp256r1'] };
}

const derOf = (pem: string): Uint8Array => new Uint8Array(new X509Certificate(pem).raw);

function pin(anchor: string): PeerVerifier {
  const expected = derOf(anchor);
  const publicKey = new Uint8Array(new X509Certificate(anchor).publicKey.export({ format: 'der', type: 'spki' }));
  return {
    // The same certificate is the same rule: sessions are resumed under it.
    policy: Buffer.from(publicKey).toString('base64'),
    verify: ({ chain: [shown] }) =>
      shown !== undefined && Buffer.compare(shown, expected) === 0
        ? { ok: true, publicKey, path: [expected] }
        : { ok: false, failure: { code: 'CERT_PIN_MISMATCH', message: 'It is another.', alert: 46 } },
  };
}

async function credential({ chain, key }: PemCredential, provider: CryptoProvider): Promise<Credential> {
  const { d } = createPrivateKey(key).export({ format: 'jwk' });
  if (d === undefined) throw new Error('not a key of P-256');
  const scalar = new Uint8Array(Buffer.from(d, 'base64url'));
  return { chain: [derOf(chain)], signer: await provider.signer({ kind: 'ec', curve: 'P-256', scalar }) };
}
