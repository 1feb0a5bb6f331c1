import { reportNone } from '../../authentication/credential-fit.ts';
import { MainSecret12 } from '../../../keys/schedule12.ts';
import { TlsError } from '../../../errors.ts';
import { decode, encode } from '../../../wire/codec.ts';
import { encodeHandshake } from '../../../wire/handshake.ts';
import { HANDSHAKE_CERTIFICATE, HANDSHAKE_CLIENT_KEY_EXCHANGE, HANDSHAKE_FINISHED } from '../../../wire/ids.ts';
import { Certificate12, HelloRequest, ServerHelloDone } from '../../../wire/messages12.ts';
import type { ClientConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import type { Arrival } from '../../machine.ts';
import { request, type Step } from '../../requests.ts';
import type { AuthenticatedPeer } from '../../authentication/certificates.ts';
import { trafficKeysOf, type Response12, record } from '../key-exchange/key-exchange.ts';
import { certificateVerifyMessage } from '../proof.ts';
import { checkFinished, switchAndFinish } from '../resumed.ts';
import { storeSession12 } from './resume.ts';
import type {
  ClientAgreed12,
  ClientAsked12,
  ClientConnected12,
  ClientFinishing12,
  ClientSwitching12,
  Query12,
  ServerProven12,
} from './states.ts';

/** no_renegotiation (RFC 5246 section 7.2.2). */
const NO_RENEGOTIATION = 100;

/** The server's flight is over (RFC 5246 section 7.4.5): our answer, up to Finished. */
export function* serverHelloDone(
  data: ServerProven12 | ClientAsked12,
  message: Arrival,
  context: Context<ClientConfig>,
): Step<Answered12> {
  decode(ServerHelloDone, message.body);
  record(data, message.raw);
  return yield* answer(
    data,
    data.peer,
    'query' in data ? data.query : undefined,
    data.params.respond(context),
    context,
  );
}

/** Where the answer leads: some servers send a ticket before they finish. */
export type Answered12 =
  | ({ readonly to: 'WAIT_TICKET_12' } & ClientSwitching12)
  | ({ readonly to: 'WAIT_CCS_12' } & ClientSwitching12);

/** Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished. */
export function* answer(
  data: ClientAgreed12,
  peer: AuthenticatedPeer,
  query: Query12 | undefined,
  response: Step<Response12>,
  context: Context<ClientConfig>,
): Step<Answered12> {
  const { effects, config } = context;
  const send = (raw: Uint8Array): void => {
    record(data, raw);
    effects.send(raw);
  };
  const alpn = data.alpn === undefined ? [] : [data.alpn];
  const credential =
    query === undefined
      ? undefined
      : yield* request('credential', {
          resolver: config.credential,
          query: { ...query, serverName: config.serverName, alpn },
        });
  if (query !== undefined) {
    if (credential === undefined)
      reportNone(config.credential, { ...query, serverName: config.serverName, alpn }, context);
    // RFC 5246 ¶7.4.6-1
    send(encodeHandshake(HANDSHAKE_CERTIFICATE, encode(Certificate12, { chain: [...(credential?.chain ?? [])] })));
    effects.info('authenticated', credential !== undefined);
    if (credential?.chain[0] !== undefined) effects.info('ownCertificate', credential.chain[0]);
  }
  const { body, preMain, group } = yield* response;
  send(encodeHandshake(HANDSHAKE_CLIENT_KEY_EXCHANGE, body));
  const sessionHash = data.extended ? data.transcript.digest() : undefined;
  const main = context.own(MainSecret12.derive(data.suite.hash, preMain, data.randoms, sessionHash));
  effects.log('CLIENT_RANDOM', main.bytes);
  if (query !== undefined && credential !== undefined)
    send(yield* certificateVerifyMessage(credential, query.schemes, data.messages.messages(), context));
  data.messages.dispose();

  const finished = encodeHandshake(HANDSHAKE_FINISHED, main.finished('client', data.transcript.digest()));
  switchAndFinish(data, main, finished, context);
  const incoming = context.own(trafficKeysOf(data, main, 'read', context));
  const authenticated = credential !== undefined;
  const switching = { ...data, peer, main, group, authenticated, ticket: undefined, incoming };
  return data.ticketPromised ? { to: 'WAIT_TICKET_12', ...switching } : { to: 'WAIT_CCS_12', ...switching };
}

/** RFC 5246 section 7.1: from the next record on, the server's keys. */
export function changeCipherSpec(
  data: ClientSwitching12,
  _message: Arrival,
  context: Context<ClientConfig>,
): { readonly to: 'WAIT_FINISHED_12' } & ClientFinishing12 {
  const { incoming, ...rest } = data;
  context.effects.keys12('read', incoming);
  return { to: 'WAIT_FINISHED_12', ...rest };
}

/** RFC 5246 section 7.4.9. */
export function finished12(
  data: ClientFinishing12,
  message: Arrival,
  context: Context<ClientConfig>,
): { readonly to: 'CONNECTED_12' } & ClientConnected12 {
  const { effects } = context;
  checkFinished('server', message, data.main, data.transcript);
  effects.note({ by: 'client', text: 'Finished of the server fits: the handshake was not changed on the way' });
  data.transcript.dispose();
  storeSession12(data, context);
  effects.established();
  return { to: 'CONNECTED_12', main: data.main, peer: data.peer };
}

// RFC 5246 ¶7.4.1.1-1
/** The server would like another handshake; it does not get one (RFC 5246 section 7.4.1.1). */
export function helloRequest(
  data: ClientConnected12,
  message: Arrival,
  context: Context<ClientConfig>,
): { readonly to: 'CONNECTED_12' } & ClientConnected12 {
  decode(HelloRequest, message.body);
  if (context.config.refusesHelloRequest) throw new TlsError('ERR_RENEGOTIATION', { detail: 'the server asks for it' });
  context.effects.warn(NO_RENEGOTIATION);
  return { to: 'CONNECTED_12', ...data };
}
