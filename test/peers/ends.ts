import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { CryptoProvider, PrivateKey } from '../../src/crypto/types.ts';
import { Engine } from '../../src/engine/engine.ts';
import { type ClientOptions, clientConfig, type ServerOptions, serverConfig } from '../../src/engine/config/index.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import type { Credential, PeerVerifier } from '../../src/handshake/peer.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { type ByteDuplex, drive, type TlsStream } from '../../src/transport/index.ts';
import type { PemCredential } from '../support/openssl.ts';

/** Our two roles on a socket of loopback, for conversations with peers that others wrote. */

export async function connectTo(
  port: number,
  options: Omit<ClientOptions, 'protocols'> & Partial<Pick<ClientOptions, 'protocols'>>,
): Promise<TlsStream> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  return drive(new Engine(clientConfig({ protocols: [client13], ...options })), pipeOf(socket));
}

export interface OurServer {
  readonly port: number;
  /** The next connection's handshake: done, or why not. */
  next(): Promise<TlsStream>;
  close(): Promise<void>;
}

export async function listen(
  options: Omit<ServerOptions, 'protocols'> & Partial<Pick<ServerOptions, 'protocols'>>,
): Promise<OurServer> {
  const config = serverConfig({ protocols: [server13], ...options });
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    next: async () => {
      const [socket] = (await once(server, 'connection')) as [Socket];
      sockets.add(socket);
      return drive(new Engine(config), pipeOf(socket));
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function pipeOf(socket: Socket): ByteDuplex {
  return Duplex.toWeb(socket) as unknown as ByteDuplex;
}

/** Believes exactly the leaf of this PEM. */
export function pinned(pem: string): PeerVerifier {
  const certificate = new X509Certificate(pem);
  const publicKey = new Uint8Array(certificate.publicKey.export({ format: 'der', type: 'spki' }));
  return {
    verify: ({ chain: [shown] }) =>
      shown !== undefined && Buffer.compare(shown, certificate.raw) === 0
        ? { ok: true, publicKey, path: [shown] }
        : { ok: false, failure: { code: 'CERT_PIN_MISMATCH', message: 'It is another.', alert: 46 } },
  };
}

export async function credentialOf({ chain, key }: PemCredential, provider: CryptoProvider): Promise<Credential> {
  return {
    chain: [new Uint8Array(new X509Certificate(chain).raw)],
    signer: await provider.signer(privateKeyOf(key)),
  };
}

function privateKeyOf(pem: string): PrivateKey {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' });
  const part = (name: 'd' | 'n' | 'e' | 'p' | 'q' | 'dp' | 'dq' | 'qi'): Uint8Array =>
    new Uint8Array(Buffer.from(jwk[name] as string, 'base64url'));
  if (jwk.kty === 'EC') return { kind: 'ec', curve: 'P-256', scalar: part('d') };
  if (jwk.kty === 'OKP') return { kind: 'ed25519', seed: part('d') };
  return {
    kind: 'rsa',
    pss: false,
    modulus: part('n'),
    publicExponent: part('e'),
    privateExponent: part('d'),
    prime1: part('p'),
    prime2: part('q'),
    exponent1: part('dp'),
    exponent2: part('dq'),
    coefficient: part('qi'),
  };
}

/** Sends a line and reads until a line has come. */
export async function line(stream: TlsStream, text: string): Promise<string> {
  const writer = stream.writable.getWriter();
  await writer.write(new TextEncoder().encode(`${text}\n`));
  writer.releaseLock();
  const reader = stream.readable.getReader();
  let got = '';
  while (!got.includes('\n')) {
    const { done, value } = await reader.read();
    if (done) break;
    got += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return got.trim();
}
