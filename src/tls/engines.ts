import { fromHex, toBase64Url } from '../bytes/bytes.ts';
import { printable } from '../bytes/text.ts';
import { autoProvider } from '../crypto/auto.ts';
import type { MaybePromise } from '../crypto/types.ts';
import type { ServerContext } from '../contexts.ts';
import type { Engine } from '../engine/engine.ts';
import type { ClientHelloSummary, ContextSelection } from '../handshake/requests.ts';
import type { ExternalPsk, ServerSessionStore } from '../handshake/session.ts';
import type { Credential } from '../handshake/peer.ts';
import { storedTickets } from '../resumption/tickets.ts';
import {
  type Callback,
  checkObject,
  checkString,
  checkView,
  coded,
  invalidType,
  invalidValue,
  viewBytes,
} from './arguments.ts';
import { type JudgeOptions, judge, type Judgement } from './judge.ts';
import { errorOf } from './node-errors.ts';
import { asksForOcsp, type HandshakeRecord } from './record.ts';
import { ContextCore, SecureContext } from './secure-context.ts';
import type { OneSession } from './sessions.ts';

/** What a connection needs, beside its secure context. */
export interface Setup {
  core: ContextCore;
  /** Undefined: none are offered or taken. */
  readonly alpn: readonly string[] | undefined;
  readonly judgement: Judgement;
  readonly record: HandshakeRecord;
  readonly onKeyLog: ((line: string) => void) | undefined;
  readonly pskCallback: Callback | undefined;
}

/** What a client needs beyond it. */
export interface ClientSetup extends Setup, Omit<JudgeOptions, 'verifier'> {
  /** Sent to the server; undefined: none is. */
  readonly serverName: string | undefined;
  readonly session: OneSession;
}

/** What a server needs beyond it. */
export interface ServerSetup extends Setup {
  readonly requestCert: boolean;
  readonly rejects: boolean;
  readonly sniCallback: Callback | undefined;
  readonly alpnCallback: Callback | undefined;
  /** What a callback did wrong, which the client is only told of as a refusal. */
  readonly onMistake: (error: Error) => void;
  /** Another secure context was chosen for this client. */
  readonly onChosen: (core: ContextCore) => void;
  /** The server's socket, for callbacks. */
  readonly socket: { readonly server?: unknown };
  /** Asks those who listen at the server: are there any, and what do they say? */
  readonly server: ServerEvents | undefined;
}

/** What of the events of a server takes part in a handshake. */
export interface ServerEvents {
  listenerCount(event: string): number;
  emit(event: string, ...values: readonly unknown[]): boolean;
}

/** @throws Error, TlsError when the options cannot be used together. */
export function clientEngine(setup: ClientSetup): MaybePromise<Engine> {
  const { core, alpn, judgement, serverName, session, onKeyLog, pskCallback, record } = setup;
  const psks = pskCallback === undefined ? [] : clientPsks(pskCallback);
  const context = core.client({
    verifier: judge({ ...setup, verifier: core.verifier }, judgement),
    resumption: { store: session },
    ...(alpn !== undefined && { alpn }),
    ...(onKeyLog !== undefined && { keyLog: onKeyLog }),
    ...(psks.length > 0 && { psks }),
  });
  return context.engine({ serverName, onTrace: record.onTrace });
}

/** @throws Error, TlsError when the options cannot be used together. */
export function serverEngine(setup: ServerSetup): MaybePromise<Engine> {
  const { core, alpn, record, sniCallback, alpnCallback, pskCallback, onKeyLog, server } = setup;
  const sessions = server === undefined ? undefined : sessionEvents(server);
  const selects =
    sniCallback !== undefined || alpnCallback !== undefined || (server?.listenerCount('OCSPRequest') ?? 0) > 0;
  const hasOwn = selects || pskCallback !== undefined || onKeyLog !== undefined || sessions !== undefined;
  const make = (): ServerContext =>
    core.server({
      ...(setup.requestCert && { verifier: core.verifier, clientAuth: setup.rejects ? 'require' : 'request' }),
      ...(alpn !== undefined && { alpn }),
      ...(onKeyLog !== undefined && { keyLog: onKeyLog }),
      ...(pskCallback !== undefined && { psks: (identity) => serverPsk(pskCallback, setup.socket, identity) }),
      ...(selects && { selectContext: (hello) => select(setup, hello) }),
      ...(sessions !== undefined && {
        resumption: {
          sessionIds: sessions,
          ...(core.materials.withoutTickets && { tickets: storedTickets(sessions, autoProvider()) }),
        },
      }),
    });
  const context = hasOwn ? make() : core.sharedServer(JSON.stringify([setup.requestCert, setup.rejects, alpn]), make);
  return context.engine({ onTrace: record.onTrace });
}

/** What SNICallback, ALPNCallback and 'OCSPRequest' make of a ClientHello. */
async function select(setup: ServerSetup, hello: ClientHelloSummary): Promise<ContextSelection | undefined> {
  const { sniCallback, alpnCallback, server } = setup;
  const before = setup.core;
  let chosen = before;
  if (sniCallback !== undefined && hello.serverName !== undefined) {
    const answer = await answerOf((done) => sniCallback.call(setup.socket, hello.serverName, done));
    if (answer) chosen = coreOf(answer, 'Invalid SNI context');
  }
  const alpn =
    alpnCallback === undefined || hello.alpn.length === 0 ? undefined : [selectProtocol(alpnCallback, setup, hello)];
  // `setKeyCert` may have been called by now.
  if (chosen === before) chosen = setup.core;
  if (chosen !== before) setup.onChosen(chosen);
  await chosen.load();
  const response = await ocspResponse(server, chosen, hello);
  if (chosen === before && alpn === undefined && response === undefined) return undefined;
  const credential = response === undefined ? chosen.resolver() : await withResponse(chosen, response);
  const name = chosen === before ? undefined : nameOf(chosen);
  return {
    ...(chosen !== before || response !== undefined ? { credential } : {}),
    ...(chosen !== before && setup.requestCert && { verifier: chosen.verifier }),
    ...(alpn !== undefined && { alpn }),
    ...(name !== undefined && { name }),
  };
}

/** Sessions of a context are resumed where its certificates are the same. */
function nameOf({ chain, materials }: ContextCore): string {
  const digest = autoProvider()
    .hash('sha256')
    .digest(...chain);
  return `${materials.sessionIdContext ?? ''} ${toBase64Url(digest)}`;
}

function selectProtocol(alpnCallback: Callback, setup: ServerSetup, hello: ClientHelloSummary): string {
  const servername = hello.serverName ?? false;
  const protocols = [...hello.alpn];
  const selected = alpnCallback.call(setup.socket, { servername, protocols });
  // No client offers it: it is told that there is no protocol for it.
  if (selected === undefined) return NO_PROTOCOL;
  if (typeof selected === 'string' && protocols.includes(selected)) return selected;
  setup.onMistake(
    coded(
      new TypeError(
        `ALPN callback returned a value (${printable(String(selected), 255)}) that did not match any of the client's offered protocols (${printable(protocols.join(', '), 1_000)})`,
      ),
      'ERR_TLS_ALPN_CALLBACK_INVALID_RESULT',
    ),
  );
  return NO_PROTOCOL;
}

const NO_PROTOCOL = '\u0000 none of the offered';

async function ocspResponse(
  server: ServerEvents | undefined,
  core: ContextCore,
  hello: ClientHelloSummary,
): Promise<Uint8Array | undefined> {
  if (server === undefined || server.listenerCount('OCSPRequest') === 0 || !asksForOcsp(hello.raw)) return undefined;
  const [certificate, issuer] = core.chain;
  const buffer = (der: Uint8Array | undefined): Buffer | null => (der === undefined ? null : Buffer.from(der));
  const issuerDer = issuer ?? core.issuer;
  const answer = await answerOf((done) => server.emit('OCSPRequest', buffer(certificate), buffer(issuerDer), done));
  if (!answer) return undefined;
  checkView(answer, 'response');
  return viewBytes(answer).slice();
}

async function withResponse(core: ContextCore, ocsp: Uint8Array): Promise<readonly Credential[]> {
  const credentials = await Promise.all(core.materials.credentials);
  return credentials.map((one) => ({ ...one, ocspResponse: ocsp }));
}

/** What a callback of Node's is called with, as a promise. @throws what it is given as an error. */
function answerOf(call: (done: (error: unknown, answer: unknown) => void) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let isCalled = false;
    call((error, answer) => {
      if (isCalled) {
        reject(coded(new Error('Callback called multiple times'), 'ERR_MULTIPLE_CALLBACK'));
        return;
      }
      isCalled = true;
      if (error) reject(errorOf(error));
      else resolve(answer);
    });
  });
}

/** @throws TypeError for what is no secure context. */
export function coreOf(context: unknown, message: string = 'context must be a SecureContext'): ContextCore {
  if (context instanceof SecureContext) return context.context;
  if (context instanceof ContextCore) return context;
  throw coded(new TypeError(message), 'ERR_TLS_INVALID_CONTEXT');
}

/** Sessions of servers that keep them by events; undefined where none listens. */
function sessionEvents(server: ServerEvents): ServerSessionStore | undefined {
  if (server.listenerCount('newSession') + server.listenerCount('resumeSession') === 0) return undefined;
  return {
    take: async (key) => {
      if (server.listenerCount('resumeSession') === 0) return undefined;
      const answer = await answerOf((done) => server.emit('resumeSession', idOf(key), done));
      return ArrayBuffer.isView(answer) ? viewBytes(answer).slice() : undefined;
    },
    put: async (key, state) => {
      if (server.listenerCount('newSession') === 0) return;
      await new Promise<void>((resolve) => {
        server.emit('newSession', idOf(key), Buffer.from(state), () => resolve());
      });
    },
  };
}

/** Keys of session ids are hexadecimal, those of tickets base64url. */
function idOf(key: string): Buffer {
  return /^([0-9a-f]{2})+$/.test(key) ? Buffer.from(fromHex(key)) : Buffer.from(key, 'base64url');
}

const MAX_IDENTITY = 128;
const MAX_PSK = 256;

function clientPsks(pskCallback: Callback): readonly ExternalPsk[] {
  const answer = pskCallback(null);
  if (answer === undefined || answer === null) return [];
  checkObject(answer, 'ret');
  const { psk, identity }: { psk?: unknown; identity?: unknown } = answer;
  checkView(psk, 'psk');
  if (psk.byteLength > MAX_PSK) throw invalidValue('psk', psk, `exceeds ${MAX_PSK} bytes`);
  checkString(identity, 'identity');
  if (Buffer.byteLength(identity) > MAX_IDENTITY)
    throw invalidValue('identity', identity, `exceeds ${MAX_IDENTITY} bytes`);
  return [{ identity: new TextEncoder().encode(identity), secret: viewBytes(psk).slice(), hash: 'sha256' }];
}

function serverPsk(pskCallback: Callback, socket: object, identity: Uint8Array): ExternalPsk | undefined {
  const answer = pskCallback.call(socket, socket, new TextDecoder().decode(identity));
  if (answer === undefined || answer === null) return undefined;
  if (typeof answer !== 'object') throw invalidType('ret', ['object', 'Buffer', 'TypedArray', 'DataView'], answer);
  const psk: unknown = ArrayBuffer.isView(answer) ? answer : Reflect.get(answer, 'psk');
  checkView(psk, 'psk');
  if (psk.byteLength > MAX_PSK) throw invalidValue('psk', psk, `exceeds ${MAX_PSK} bytes`);
  return { identity, secret: viewBytes(psk).slice(), hash: 'sha256' };
}
