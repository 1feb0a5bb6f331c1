import { toHex } from '../../../bytes/bytes.ts';
import { TlsError } from '../../../errors.ts';
import { decode, encode } from '../../../wire/codec.ts';
import { encodeHandshake } from '../../../wire/handshake.ts';
import { HANDSHAKE_CERTIFICATE_REQUEST } from '../../../wire/ids.ts';
import { Certificate, CertificateRequest } from '../../../wire/messages13.ts';
import type { ServerConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import type { Arrival } from '../../machine.ts';
import { AuthenticatedPeer, readEntries } from '../../authentication/certificates.ts';
import type { Presented } from '../../peer.ts';
import { checkFinished13 } from '../finished.ts';
import { receiveKeyUpdate, startUpdates } from '../key-update.ts';
import { AcceptedPsk } from '../../authentication/psk.ts';
import { certificateRequest } from './server-flight.ts';
import { planTickets, sendTickets } from './tickets.ts';
import type { Step } from '../../requests.ts';
import type { ClientRules } from '../../authentication/session-binding.ts';
import type {
  ClientDone,
  ClientShown,
  FlightSent,
  PostHandshakeDone,
  PostHandshakeShown,
  ServerConnected,
} from './states.ts';

/** Sends tickets once the connection is open. */
type TicketStep = ReturnType<typeof sendTickets>;

/** RFC 9846 section 4.5.1. */
export function certificate(
  data: FlightSent,
  message: Arrival,
): ({ readonly to: 'WAIT_CV' } & ClientShown) | ({ readonly to: 'WAIT_FINISHED' } & ClientDone) {
  const shown = decode(Certificate, message.body);
  if (shown.requestContext.length !== 0)
    throw new TlsError('ERR_REQUEST_CONTEXT', { detail: 'it has to be empty here' });
  const presented = readShown(shown, data.rules);
  data.transcript.add(message.raw);
  return presented === undefined
    ? { to: 'WAIT_FINISHED', ...data, peer: undefined, presented: undefined }
    : { to: 'WAIT_CV', ...data, presented };
}

/** RFC 9846 section 4.5.2. */
export function* certificateVerify(
  data: ClientShown,
  message: Arrival,
  context: Context<ServerConfig>,
): Step<{ readonly to: 'WAIT_FINISHED' } & ClientDone> {
  const peer = yield* judge(data.presented, data.rules, data.serverName, data.transcript.digest(), message, context);
  data.transcript.add(message.raw);
  return { to: 'WAIT_FINISHED', ...data, peer };
}

/** RFC 9846 section 4.5.3. */
export function finished(
  data: ClientDone,
  message: Arrival,
  context: Context<ServerConfig>,
): { readonly to: 'CONNECTED'; readonly next: TicketStep | undefined } & ServerConnected {
  const { effects } = context;
  const { transcript, schedule, main, suite } = data;
  const peer = AcceptedPsk.byFinished(data.peer, message.body, schedule.finished('client', transcript.digest()));
  transcript.add(message.raw);
  effects.note({ by: 'server', text: 'Finished of the client fits: the handshake was not changed on the way' });
  effects.keys('read', 'application', suite, main.clientTraffic);
  main.deriveResumption(transcript.digest());
  schedule.dispose();
  reportClient(peer, context);
  const plan = planTickets(data, peer, context);
  effects.established();
  if (!data.mayAskPostHandshake) transcript.dispose();
  const connected: ServerConnected = {
    suite,
    schedule: main,
    updates: startUpdates(),
    peer,
    serverName: data.serverName,
    rules: data.rules,
    transcript: data.mayAskPostHandshake ? transcript : undefined,
    asked: new Map(),
  };
  const next = plan === undefined ? undefined : sendTickets(connected, plan, context);
  return { to: 'CONNECTED', ...connected, next };
}

/** Tells the program on what the trust in this client rests. */
function reportClient(peer: ServerConnected['peer'], { effects }: Context<ServerConfig>): void {
  if (peer === undefined) return;
  const { info } = peer;
  if (info !== undefined) effects.info('peer', info);
  if (!(peer instanceof AcceptedPsk)) return;
  if (peer.meaning.kind === 'resumption') effects.info('resumed', true);
  else effects.info('psk', { identity: peer.meaning.identity });
}

export function keyUpdate(
  data: ServerConnected,
  message: Arrival,
  context: Context<ServerConfig>,
): { readonly to: 'CONNECTED' } & ServerConnected {
  receiveKeyUpdate(data, message, context);
  return { to: 'CONNECTED', ...data };
}

/** Most unanswered requests for a certificate after the handshake. */
const MAX_ASKED = 8;

/** Asks an open connection's client who it is (RFC 9846 section 4.7.2). */
export function askPostHandshake(data: ServerConnected, context: Context<ServerConfig>): void {
  const { config } = context;
  if (data.transcript === undefined) {
    throw new TlsError('ERR_STATE', {
      detail: 'the client did not offer post_handshake_auth',
      rfc: 'RFC 9846 section 4.7.2',
    });
  }
  if (data.rules.verifier === undefined)
    throw new TlsError('ERR_OPTION', { detail: 'there is no verifier for client certificates' });
  if (data.asked.size >= MAX_ASKED) throw new TlsError('ERR_STATE', { detail: `${MAX_ASKED} requests are unanswered` });
  // RFC 9846 §4.4.2-2
  const requestContext = new Uint8Array(32);
  context.crypto.random.fill(requestContext);
  const request = certificateRequest(requestContext, data.rules.verifier, config);
  const raw = encodeHandshake(HANDSHAKE_CERTIFICATE_REQUEST, encode(CertificateRequest, request));
  const transcript = data.transcript.fork();
  transcript.add(raw);
  const clientAuth = data.rules.clientAuth === 'none' ? 'optional' : data.rules.clientAuth;
  const rules = { ...data.rules, clientAuth, requested: new Set(request.extensions.map(({ type }) => type)) };
  data.asked.set(toHex(requestContext), { transcript, rules });
  context.effects.send(raw);
  context.effects.info('certificateRequested', true);
}

export function postHandshakeCertificate(
  data: ServerConnected,
  message: Arrival,
):
  | ({ readonly to: 'POST_HANDSHAKE_WAIT_CV' } & PostHandshakeShown)
  | ({ readonly to: 'POST_HANDSHAKE_WAIT_FINISHED' } & PostHandshakeDone) {
  if (data.asked.size === 0)
    throw new TlsError('ERR_UNEXPECTED_MESSAGE', { detail: 'a Certificate that was not asked for' });
  const shown = decode(Certificate, message.body);
  const key = toHex(shown.requestContext);
  const later = data.asked.get(key);
  if (later === undefined) throw new TlsError('ERR_REQUEST_CONTEXT', { detail: 'there is no such request' });
  data.asked.delete(key);
  const presented = readShown(shown, later.rules);
  later.transcript.add(message.raw);
  return presented === undefined
    ? { to: 'POST_HANDSHAKE_WAIT_FINISHED', ...data, later, postHandshakePeer: undefined }
    : { to: 'POST_HANDSHAKE_WAIT_CV', ...data, later, presented };
}

export function* postHandshakeCertificateVerify(
  data: PostHandshakeShown,
  message: Arrival,
  context: Context<ServerConfig>,
): Step<{ readonly to: 'POST_HANDSHAKE_WAIT_FINISHED' } & PostHandshakeDone> {
  const { later } = data;
  const postHandshakePeer = yield* judge(
    data.presented,
    later.rules,
    data.serverName,
    later.transcript.digest(),
    message,
    context,
  );
  later.transcript.add(message.raw);
  const { presented: _, ...rest } = data;
  return { to: 'POST_HANDSHAKE_WAIT_FINISHED', ...rest, postHandshakePeer };
}

export function postHandshakeFinished(
  data: PostHandshakeDone,
  message: Arrival,
  context: Context<ServerConfig>,
): { readonly to: 'CONNECTED' } & ServerConnected {
  const { later, postHandshakePeer, ...rest } = data;
  checkFinished13(message.body, data.schedule.finished('client', later.transcript.digest()));
  later.transcript.dispose();
  if (postHandshakePeer !== undefined) context.effects.info('peer', postHandshakePeer.info);
  context.effects.postHandshakeAuth(postHandshakePeer?.info);
  return { to: 'CONNECTED', ...rest, peer: postHandshakePeer ?? data.peer };
}

/** What the client showed; undefined: nothing, and that is allowed. */
function readShown(shown: Certificate, rules: ClientRules): Presented | undefined {
  const presented = readEntries(shown, rules.requested);
  if (presented.chain.length > 0) return presented;
  if (rules.clientAuth === 'require') throw new TlsError('ERR_CERTIFICATE_REQUIRED');
  return undefined;
}

function* judge(
  presented: Presented,
  rules: ClientRules,
  serverName: string | undefined,
  digest: Uint8Array,
  message: Arrival,
  context: Context<ServerConfig>,
): Step<AuthenticatedPeer> {
  const { verifier } = rules;
  if (verifier === undefined) throw new TlsError('ERR_VERIFIER_FAILED', { detail: 'there is none' });
  const subject = { presented, verifier, serverName, tolerant: rules.clientAuth === 'request' };
  return yield* AuthenticatedPeer.authenticate(subject, digest, message.body, context);
}
