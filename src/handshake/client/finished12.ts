import { equalConstantTime } from '../../bytes/bytes.ts';
import { TlsError } from '../../errors.ts';
import type { RecordProtector } from '../../record/protector.ts';
import { MainSecret12 } from '../../schedule/schedule12.ts';
import { decode, encode } from '../../wire/codec.ts';
import { encodeHandshake } from '../../wire/handshake.ts';
import { HANDSHAKE_CERTIFICATE, HANDSHAKE_CLIENT_KEY_EXCHANGE, HANDSHAKE_FINISHED } from '../../wire/ids.ts';
import { Certificate12, Finished12, HelloRequest, ServerHelloDone } from '../../wire/messages12.ts';
import type { ClientConfig } from '../config.ts';
import type { Context } from '../context.ts';
import type { Arrival, Step } from '../machine.ts';
import { need } from '../needs.ts';
import type { AuthenticatedPeer } from '../shared/certificates.ts';
import { protectorFor, type Response12, record } from '../shared/kit12.ts';
import { certificateVerifyMessage } from '../shared/prove12.ts';
import type { ClientAgreed12 } from './hello12.ts';
import type { ClientAsked12, Query12, ServerProven12 } from './server-flight12.ts';

export interface ClientFinishing12 extends ClientAgreed12 {
  readonly peer: AuthenticatedPeer;
  readonly main: MainSecret12;
}

export interface ClientSwitching12 extends ClientFinishing12 {
  /** What the server will protect its records with, once it says so. */
  readonly incoming: RecordProtector;
}

export interface ClientConnected12 {
  readonly main: MainSecret12;
  readonly peer: AuthenticatedPeer;
}

/** no_renegotiation (RFC 5246 section 7.2.2). */
const NO_RENEGOTIATION = 100;

/** The server's flight is over (RFC 5246 section 7.4.5): our answer, up to Finished. */
export function* serverHelloDone(
  data: ServerProven12 | ClientAsked12,
  message: Arrival,
  context: Context,
): Step<{ readonly to: 'WAIT_CCS_12' } & ClientSwitching12> {
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

/** Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished. */
export function* answer(
  data: ClientAgreed12,
  peer: AuthenticatedPeer,
  query: Query12 | undefined,
  response: Step<Response12>,
  context: Context,
): Step<{ readonly to: 'WAIT_CCS_12' } & ClientSwitching12> {
  const { out } = context;
  const config = context.config as ClientConfig;
  const send = (raw: Uint8Array): void => {
    record(data, raw);
    out.send(raw);
  };
  const alpn = data.alpn === undefined ? [] : [data.alpn];
  const credential =
    query === undefined
      ? undefined
      : yield* need('credential', { query: { ...query, serverName: config.serverName, alpn }, context: undefined });
  if (query !== undefined) {
    send(encodeHandshake(HANDSHAKE_CERTIFICATE, encode(Certificate12, { chain: [...(credential?.chain ?? [])] })));
    out.fact('authenticated', credential !== undefined);
  }
  const { body, preMain } = yield* response;
  send(encodeHandshake(HANDSHAKE_CLIENT_KEY_EXCHANGE, body));
  const sessionHash = data.extended ? data.transcript.digest() : undefined;
  const main = MainSecret12.derive(data.suite.hash, preMain, data.randoms, sessionHash);
  out.log('CLIENT_RANDOM', main.bytes);
  if (query !== undefined && credential !== undefined)
    send(yield* certificateVerifyMessage(credential, query.schemes, data.messages.messages(), context));
  data.messages.dispose();

  out.changeCipherSpec();
  out.protect('write', 'application', protectorFor(data, main, 'write', context));
  const finished = encodeHandshake(HANDSHAKE_FINISHED, main.finished('client', data.transcript.digest()));
  data.transcript.add(finished);
  out.send(finished);
  return { to: 'WAIT_CCS_12', ...data, peer, main, incoming: protectorFor(data, main, 'read', context) };
}

/** RFC 5246 section 7.1: from the next record on, the server's keys. */
export function changeCipherSpec(
  data: ClientSwitching12,
  _message: Arrival,
  context: Context,
): { readonly to: 'WAIT_FINISHED_12' } & ClientFinishing12 {
  const { incoming, ...rest } = data;
  context.out.protect('read', 'application', incoming);
  return { to: 'WAIT_FINISHED_12', ...rest };
}

/** RFC 5246 section 7.4.9. */
export function finished12(
  data: ClientFinishing12,
  message: Arrival,
  context: Context,
): { readonly to: 'CONNECTED_12' } & ClientConnected12 {
  const { out } = context;
  const { verifyData } = decode(Finished12, message.body);
  if (!equalConstantTime(verifyData, data.main.finished('server', data.transcript.digest())))
    throw new TlsError('ERR_BAD_FINISHED', { rfc: 'RFC 5246 section 7.4.9' });
  out.note({ by: 'client', text: 'Finished of the server fits: nobody changed the handshake on the way' });
  data.transcript.dispose();
  out.established();
  return { to: 'CONNECTED_12', main: data.main, peer: data.peer };
}

/** The server would like another handshake; it does not get one (RFC 5246 section 7.4.1.1). */
export function helloRequest(
  data: ClientConnected12,
  message: Arrival,
  context: Context,
): { readonly to: 'CONNECTED_12' } & ClientConnected12 {
  decode(HelloRequest, message.body);
  context.out.warn(NO_RENEGOTIATION);
  return { to: 'CONNECTED_12', ...data };
}
