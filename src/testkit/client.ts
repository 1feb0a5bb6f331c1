import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createClientContext } from '../contexts.ts';
import { autoProvider } from '../crypto/auto.ts';
import type { TraceEvent } from '../handshake/config.ts';
import type { Credential, PeerVerifier } from '../handshake/peer.ts';
import { privateKeyFromDer } from '../pki/formats/private-key.ts';
import { readCertificate } from '../pki/x509/certificate.ts';
import { client12, client13 } from '../protocols.ts';
import { CLIENT_FAULTS, type ClientFault } from './client-faults.ts';
import { type Conversation, converse } from './converse.ts';
import { type Judgement, judge } from './fault.ts';
import { plaintextAlert } from './hello.ts';
import { CLIENT_AUTH, forge } from './forge.ts';

/** Which server is tested, and how. */
export interface BadClientOptions {
  readonly host: string;
  readonly port: number;
  /** The name that is asked for. Default: `host`. */
  readonly serverName?: string | undefined;
  /** Shown by the faults that are about something else, to a server that asks. Default: nothing. */
  readonly credential?: Credential | undefined;
  /** What is said when the connection is open. Default: a request of HTTP. */
  readonly say?: Uint8Array | undefined;
  /** Milliseconds for each fault. Default: 5,000. */
  readonly limit?: number | undefined;
}

/** What a server did when it met a fault. */
export interface BadClientResult extends Conversation {
  readonly fault: ClientFault;
  readonly judgement: Judgement;
}

/**
 * Does one fault to a server, as a client. It believes any server and sends nothing of worth: this is for testing one's own.
 * @throws RangeError for a fault that there is not; an Error when there is no connection.
 *
 * @example
 * ```ts
 * import { runBadClient, startBadServer } from 'warifu/testkit';
 * const server = await startBadServer({ only: 'good' });
 * const { judgement } = await runBadClient('wrong-finished', { ...server, serverName: 'localhost' });
 * judgement; // 'right': decrypt_error
 * await server.close();
 * ```
 */
export async function runBadClient(fault: string, options: BadClientOptions): Promise<BadClientResult> {
  const found = CLIENT_FAULTS.find(({ name }) => name === fault);
  if (found === undefined)
    throw new RangeError(`there is no fault "${fault}"; there are ${CLIENT_FAULTS.map(({ name }) => name).join(', ')}`);
  const { host, port, limit = 5000 } = options;
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  const { conversation, isAsked } =
    found.raw === undefined
      ? await behave(socket, found, options)
      : { conversation: await sayRaw(socket, found.raw, limit), isAsked: false };
  const judgement = found.certificate !== undefined && !isAsked ? 'unseen' : judgeServer(found, conversation);
  return { ...conversation, fault: found, judgement };
}

/** A server that is right lets a client in when the handshake is done on both sides. */
function judgeServer(fault: ClientFault, conversation: Conversation): Judgement {
  if (fault.right !== 'connect') return judge(fault, conversation);
  const { established, alert, error, dataReceived } = conversation;
  return established && alert === undefined && (error === undefined || dataReceived > 0) ? 'right' : 'wrong';
}

async function behave(
  socket: Socket,
  fault: ClientFault,
  options: BadClientOptions,
): Promise<{ readonly conversation: Conversation; readonly isAsked: boolean }> {
  const { host, serverName = host, limit = 5000 } = options;
  const say =
    options.say ?? new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: ${serverName}\r\nConnection: close\r\n\r\n`);
  let alert: number | undefined;
  const onTrace = (event: TraceEvent): void => {
    if (event.type === 'alert' && event.from === 'server' && event.description !== 0) alert ??= event.description;
  };
  const credential = await credentialOf(fault, options.credential);
  const context = createClientContext({
    verifier: believing,
    grease: false,
    resumption: false,
    protocols: [client13, client12].filter(
      ({ version }) => fault.version === undefined || (version === 0x0304) === (fault.version === '1.3'),
    ),
    ...(credential !== undefined && { credential }),
  });
  const engine = await context.engine({ serverName, onTrace });
  const conversation = await converse(
    socket,
    engine,
    new Uint8Array(0),
    fault.misbehaviour?.() ?? {},
    // A server of TLS 1.3 refuses a client after the client thinks that it is done.
    { patience: 200, say, limit },
    () => alert,
  );
  return { conversation, isAsked: engine.info.certificateRequested === true };
}

async function credentialOf(fault: ClientFault, given: Credential | undefined): Promise<Credential | undefined> {
  if (fault.certificate === 'none') return undefined;
  if (fault.certificate === undefined) return given;
  const stranger = forge({ commonName: 'warifu testkit stranger', authority: true });
  const holder = forge({ commonName: 'warifu testkit client', issuer: stranger, purposes: [CLIENT_AUTH] });
  return { chain: [holder.der], signer: await autoProvider().signer(privateKeyFromDer(holder.keyDer)) };
}

/** Takes any certificate for what it says it is. */
const believing: PeerVerifier = {
  policy: 'testkit',
  verify: ({ chain }) => ({ ok: true, publicKey: readCertificate(chain[0]!).spki, path: chain }),
};

function sayRaw(socket: Socket, bytes: Uint8Array, limit: number): Promise<Conversation> {
  return new Promise((resolve) => {
    let alert: number | undefined;
    let end: Conversation['end'] = 'none';
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ established: false, dataReceived: 0, alert, end, error: undefined });
    };
    const timer = setTimeout(finish, limit);
    socket.on('error', () => {});
    socket.on('data', (chunk: Uint8Array) => {
      alert ??= plaintextAlert(chunk);
    });
    const closed = (): void => {
      end = 'closed';
      finish();
    };
    socket.once('end', closed).once('close', closed);
    socket.write(bytes);
  });
}
