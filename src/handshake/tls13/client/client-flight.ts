import { reportNone } from '../../authentication/credential-fit.ts';
import { TlsError } from '../../../errors.ts';
import { encodeHandshake } from '../../../wire/handshake.ts';
import { HANDSHAKE_END_OF_EARLY_DATA, HANDSHAKE_FINISHED } from '../../../wire/ids.ts';
import type { ClientConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import type { Arrival } from '../../machine.ts';
import { request, type Step } from '../../requests.ts';
import type { Credential } from '../../peer.ts';
import { proveOurselves } from '../../authentication/certificates.ts';
import { AcceptedPsk } from '../../authentication/psk.ts';
import { receiveKeyUpdate, startUpdates } from '../key-update.ts';
import { readCertificateRequest } from './server-flight.ts';
import { seedOf } from './tickets.ts';
import type { ClientConnected, ReadRequest, ServerProven } from './states.ts';

/** The server's Finished, and our answer (RFC 9846 section 4.5.3). */
export function* finished(
  data: ServerProven,
  message: Arrival,
  context: Context<ClientConfig>,
): Step<{ readonly to: 'CONNECTED' } & ClientConnected> {
  const { effects, config } = context;
  const { transcript, schedule, suite } = data;
  const peer = AcceptedPsk.byFinished(data.peer, message.body, schedule.finished('server', transcript.digest()));
  transcript.add(message.raw);
  effects.note({ by: 'client', text: 'Finished of the server fits: the handshake was not changed on the way' });
  const main = context.own(schedule.intoMain(transcript.digest()));
  effects.log('CLIENT_TRAFFIC_SECRET_0', main.clientTraffic);
  effects.log('SERVER_TRAFFIC_SECRET_0', main.serverTraffic);
  effects.log('EXPORTER_SECRET', main.exporterSecret);
  effects.keys('read', 'application', suite, main.serverTraffic);
  if (peer instanceof AcceptedPsk) reportPsk(peer, context);
  if (data.early !== undefined) {
    const end = encodeHandshake(HANDSHAKE_END_OF_EARLY_DATA, new Uint8Array(0));
    transcript.add(end);
    effects.send(end);
    effects.keys('write', 'handshake', suite, schedule.clientTraffic);
  }

  let authenticated = peer instanceof AcceptedPsk && peer.meaning.authenticated;
  if (data.request !== undefined) {
    const credential = yield* chooseCredential(data.request, data.alpn, context);
    for (const part of yield* proveOurselves(
      credential,
      { ...data.request, schemes: data.request.query.schemes },
      transcript,
      context,
    )) {
      effects.send(part);
    }
    authenticated = credential !== undefined;
    effects.info('authenticated', authenticated);
  }
  const ours = encodeHandshake(HANDSHAKE_FINISHED, schedule.finished('client', transcript.digest()));
  transcript.add(ours);
  effects.send(ours);
  effects.keys('write', 'application', suite, main.clientTraffic);
  main.deriveResumption(transcript.digest());
  schedule.dispose();
  effects.established();
  const keep = config.postHandshakeAuth;
  if (!keep) transcript.dispose();
  return {
    to: 'CONNECTED',
    suite,
    schedule: main,
    updates: startUpdates(),
    peer,
    alpn: data.alpn,
    seed: seedOf(data, peer, authenticated, config),
    transcript: keep ? transcript : undefined,
  };
}

/** Tells the program on what the trust in this server rests. */
function reportPsk(psk: AcceptedPsk, { effects }: Context<ClientConfig>): void {
  const { info, meaning } = psk;
  if (info === undefined) {
    effects.info('psk', { identity: meaning.identity });
    return;
  }
  effects.info('resumed', true);
  effects.info('authenticated', meaning.authenticated);
  effects.info('peer', info);
  effects.note({
    by: 'client',
    text: 'the server has the key of the session: it is the one whose certificate was checked',
  });
}

export function keyUpdate(
  data: ClientConnected,
  message: Arrival,
  context: Context<ClientConfig>,
): { readonly to: 'CONNECTED' } & ClientConnected {
  receiveKeyUpdate(data, message, context);
  return { to: 'CONNECTED', ...data };
}

// RFC 9846 §4.7.2-4
/** The server asks who we are after the handshake (RFC 9846 section 4.7.2). The answer goes out as one block. */
export function* postHandshakeCertificateRequest(
  data: ClientConnected,
  message: Arrival,
  context: Context<ClientConfig>,
): Step<{ readonly to: 'CONNECTED' } & ClientConnected> {
  const { effects } = context;
  if (data.transcript === undefined) {
    throw new TlsError('ERR_UNEXPECTED_MESSAGE', {
      detail: 'post_handshake_auth was not offered',
      rfc: 'RFC 9846 section 4.7.2',
    });
  }
  const request = readCertificateRequest(message.body);
  if (request.requestContext.length === 0) throw new TlsError('ERR_REQUEST_CONTEXT', { detail: 'it is empty' });
  const transcript = data.transcript.fork();
  try {
    transcript.add(message.raw);
    const credential = yield* chooseCredential(request, data.alpn, context);
    const parts = yield* proveOurselves(
      credential,
      { ...request, schemes: request.query.schemes },
      transcript,
      context,
    );
    parts.push(encodeHandshake(HANDSHAKE_FINISHED, data.schedule.finished('client', transcript.digest())));
    for (const part of parts) effects.send(part);
    effects.info('certificateRequested', true);
    effects.info('authenticated', credential !== undefined);
  } finally {
    transcript.dispose();
  }
  return { to: 'CONNECTED', ...data };
}

// RFC 9846 §4.3.5-2, §4.3.5-3, §4.3.5-4, §4.5.1.2-4
function* chooseCredential(
  asked: ReadRequest,
  alpn: string | undefined,
  context: Context<ClientConfig>,
): Step<Credential | undefined> {
  const { config } = context;
  const query = { ...asked.query, serverName: config.serverName, alpn: alpn === undefined ? [] : [alpn] };
  const credential = yield* request('credential', { resolver: config.credential, query });
  if (credential === undefined) reportNone(config.credential, query, context);
  return credential;
}
