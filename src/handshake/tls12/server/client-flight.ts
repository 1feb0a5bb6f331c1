import { TlsError } from '../../../errors.ts';
import { MainSecret12 } from '../../../keys/schedule12.ts';
import { decode } from '../../../wire/codec.ts';
import { encodeHandshake } from '../../../wire/handshake.ts';
import { HANDSHAKE_FINISHED } from '../../../wire/ids.ts';
import { Certificate12, CertificateVerify12 } from '../../../wire/messages12.ts';
import type { Context } from '../../context.ts';
import type { Arrival } from '../../machine.ts';
import { AuthenticatedPeer } from '../../authentication/certificates.ts';
import { trafficKeysOf, record } from '../key-exchange/key-exchange.ts';
import { checkFinished, switchAndFinish } from '../resumed.ts';
import { rememberClient } from './resume.ts';
import type { Step } from '../../requests.ts';
import type { ServerConfig } from '../../config.ts';
import type {
  ClientDone12,
  ClientProving12,
  ClientShown12,
  ClientSwitching12,
  FlightSent12,
  ServerConnected12,
} from './states.ts';

/** RFC 5246 section 7.4.6. */
export function certificate12(
  data: FlightSent12,
  message: Arrival,
): ({ readonly to: 'WAIT_CKE_12' } & FlightSent12) | ({ readonly to: 'WAIT_CKE_CV_12' } & ClientShown12) {
  const { chain } = decode(Certificate12, message.body);
  record(data, message.raw);
  if (chain.length === 0) {
    if (data.rules.clientAuth === 'require') throw new TlsError('ERR_CERTIFICATE_REQUIRED_12');
    data.messages.dispose();
    return { to: 'WAIT_CKE_12', ...data };
  }
  const nothing = chain.map(() => undefined);
  return { to: 'WAIT_CKE_CV_12', ...data, presented: { chain, ocspResponses: nothing, sctLists: nothing } };
}

/** RFC 5246 section 7.4.7, from a client that shows no certificate. */
export function* clientKeyExchange(
  data: FlightSent12,
  message: Arrival,
  context: Context<ServerConfig>,
): Step<{ readonly to: 'WAIT_CCS_12' } & ClientSwitching12> {
  const main = yield* agree(data, message, context);
  const incoming = context.own(trafficKeysOf(data, main, 'read', context));
  return { to: 'WAIT_CCS_12', ...data, main, group: data.offer?.group, incoming, peer: undefined };
}

/** The same, from a client that has shown a certificate and has to prove that it is its own. */
export function* clientKeyExchangeOfShown(
  data: ClientShown12,
  message: Arrival,
  context: Context<ServerConfig>,
): Step<{ readonly to: 'WAIT_CV_12' } & ClientProving12> {
  const main = yield* agree(data, message, context);
  return { to: 'WAIT_CV_12', ...data, main, group: data.offer?.group };
}

function* agree(data: FlightSent12, message: Arrival, context: Context<ServerConfig>): Step<MainSecret12> {
  const preMain =
    data.offer === undefined
      ? yield* data.keyExchange.transport!.accept(message.body, data.credential, data.offered, context)
      : yield* data.offer.accept(message.body, context);
  record(data, message.raw);
  const sessionHash = data.extended ? data.transcript.digest() : undefined;
  const main = context.own(MainSecret12.derive(data.suite.hash, preMain, data.randoms, sessionHash));
  context.effects.log('CLIENT_RANDOM', main.bytes);
  return main;
}

/** RFC 5246 section 7.4.8. */
export function* certificateVerify12(
  data: ClientProving12,
  message: Arrival,
  context: Context<ServerConfig>,
): Step<{ readonly to: 'WAIT_CCS_12' } & ClientSwitching12> {
  const { verifier, clientAuth } = data.rules;
  if (verifier === undefined) throw new TlsError('ERR_VERIFIER_FAILED', { detail: 'there is none' });
  const { scheme, signature } = decode(CertificateVerify12, message.body);
  const { presented, ...rest } = data;
  const subject = { presented, verifier, serverName: data.serverName, tolerant: clientAuth === 'request' };
  const proof = { version: 0x0303, scheme, signature, input: data.messages.messages() } as const;
  const peer = yield* AuthenticatedPeer.prove(subject, proof, context);
  record(data, message.raw);
  data.messages.dispose();
  return { to: 'WAIT_CCS_12', ...rest, peer, incoming: trafficKeysOf(data, data.main, 'read', context) };
}

/** RFC 5246 section 7.1: from the next record on, the client's keys. */
export function changeCipherSpec(
  data: ClientSwitching12,
  _message: Arrival,
  context: Context<ServerConfig>,
): { readonly to: 'WAIT_FINISHED_12' } & ClientDone12 {
  const { incoming, ...rest } = data;
  context.effects.keys12('read', incoming);
  return { to: 'WAIT_FINISHED_12', ...rest };
}

/** RFC 5246 section 7.4.9: the client's Finished, and ours. */
export function* finished12(
  data: ClientDone12,
  message: Arrival,
  context: Context<ServerConfig>,
): Step<{ readonly to: 'CONNECTED_12' } & ServerConnected12> {
  const { effects } = context;
  const { main, transcript, peer } = data;
  checkFinished('client', message, main, transcript);
  transcript.add(message.raw);
  effects.note({ by: 'server', text: 'Finished of the client fits: the handshake was not changed on the way' });
  yield* rememberClient(data, context);
  const finished = encodeHandshake(HANDSHAKE_FINISHED, main.finished('server', transcript.digest()));
  switchAndFinish(data, main, finished, context);
  transcript.dispose();
  if (peer !== undefined) effects.info('peer', peer.info);
  effects.established();
  return { to: 'CONNECTED_12', main, peer };
}
