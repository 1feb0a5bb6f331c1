import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { createServer as createOurs } from '../../src/node/index.ts';
import { createAuthority, issueCertificate } from '../../src/pki/issue/index.ts';
import { type BadServer, startBadServer } from '../../src/testkit/index.ts';

/** PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** Servers for the situations: those of the test kit, and node:tls where a program of another is to refuse us. */
export class Servers {
  readonly bad: BadServer;
  /** Of the servers of node:tls and of our good client. */
  readonly root: string;
  readonly client: Identity;
  /** From an authority that no server trusts. */
  readonly stranger: Identity;
  readonly #server: Identity;
  readonly #running: Server[] = [];
  readonly #sockets: Set<Socket> = new Set();
  readonly #refused: Map<number, (error: Error) => void> = new Map();

  private constructor(bad: BadServer, root: string, server: Identity, client: Identity, stranger: Identity) {
    this.bad = bad;
    this.root = root;
    this.#server = server;
    this.client = client;
    this.stranger = stranger;
  }

  static async start(): Promise<Servers> {
    const [bad, root, other] = await Promise.all([
      startBadServer(),
      createAuthority({ subject: 'Example Root' }),
      createAuthority({ subject: 'Some Other Root' }),
    ]);
    const [server, client, stranger] = await Promise.all([
      issueCertificate({ issuer: root, names: ['server.localhost'], purpose: 'server' }),
      issueCertificate({ issuer: root, subject: 'client-1', purpose: 'client' }),
      issueCertificate({ issuer: other, subject: 'client-2', purpose: 'client' }),
    ]);
    const identity = ({ chainPem, keyPair }: typeof server): Identity => ({
      certificate: chainPem,
      key: keyPair!.pem,
    });
    return new Servers(bad, root.pem, identity(server), identity(client), identity(stranger));
  }

  /** A server of node:tls; answers HTTP with `say`, and then leaves without close_notify where `cut` is true. */
  async node(options: tls.TlsOptions = {}, answer: { readonly cut?: boolean } = {}): Promise<number> {
    const { certificate, key } = this.#server;
    const server = tls.createServer({ cert: certificate, key, ca: this.root, ...options }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        if (answer.cut !== true) socket.end(ANSWER);
        else socket.write(ANSWER.slice(0, -20), () => this.#under(socket)?.end());
      });
    });
    server.on('tlsClientError', () => {});
    return await this.#listen(server);
  }

  /** A server of ours, which demands a certificate and says why it refuses one. */
  async strict(): Promise<number> {
    const { certificate, key } = this.#server;
    const credential = { certificates: certificate, privateKey: key };
    const server = createOurs({ credential, clientAuth: 'require', anchors: this.root }, (socket) =>
      socket.end(ANSWER),
    );
    let port = 0;
    server.on('tlsClientError', (error: Error) => this.#refused.get(port)?.(error));
    port = await this.#listen(server);
    return port;
  }

  /** Why the server of this port does not take its next client. */
  refusal(port: number): Promise<Error> {
    return new Promise((resolve) => this.#refused.set(port, resolve));
  }

  /** A server that speaks no TLS, or stops to. */
  async raw(behave: (socket: Socket) => void): Promise<number> {
    return await this.#listen(createServer((socket) => socket.once('data', () => behave(socket))));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#running.map((server) => new Promise((done) => server.close(done))));
    await this.bad.close();
  }

  async #listen(server: Server): Promise<number> {
    this.#running.push(server);
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** The socket below one of TLS. */
  #under({ remotePort }: tls.TLSSocket): Socket | undefined {
    return [...this.#sockets].find((socket) => socket.remotePort === remotePort);
  }
}

const BODY = 'a body of fifty bytes, of which the last are missing';
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${BODY.length}\r\nConnection: close\r\n\r\n${BODY}`;

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
