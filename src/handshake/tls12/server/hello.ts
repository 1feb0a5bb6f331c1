import { concat } from '../../../bytes/bytes.ts';
import { Transcript } from '../../../keys/transcript.ts';
import { encode } from '../../../wire/codec.ts';
import { type RawExtension, writeExtension } from '../../../wire/extension.ts';
import { alpn } from '../../../wire/extensions/alpn.ts';
import { ecPointFormats } from '../../../wire/extensions/ec-point-formats.ts';
import { encryptThenMac } from '../../../wire/extensions/encrypt-then-mac.ts';
import { extendedMainSecret } from '../../../wire/extensions/extended-main-secret.ts';
import { maxFragmentLength } from '../../../wire/extensions/max-fragment-length.ts';
import { recordSizeLimit } from '../../../wire/extensions/record-size-limit.ts';
import { renegotiationInfo } from '../../../wire/extensions/renegotiation-info.ts';
import { serverName } from '../../../wire/extensions/server-name.ts';
import { sessionTicket } from '../../../wire/extensions/session-ticket.ts';
import { signedCertificateTimestamp } from '../../../wire/extensions/signed-certificate-timestamp.ts';
import { statusRequest } from '../../../wire/extensions/status-request.ts';
import { encodeHandshake } from '../../../wire/handshake.ts';
import { DOWNGRADE_TLS12, ServerHello } from '../../../wire/hello.ts';
import {
  HANDSHAKE_CERTIFICATE,
  HANDSHAKE_CERTIFICATE_REQUEST,
  HANDSHAKE_CERTIFICATE_STATUS,
  HANDSHAKE_SERVER_HELLO,
  HANDSHAKE_SERVER_HELLO_DONE,
  HANDSHAKE_SERVER_KEY_EXCHANGE,
  TLS_1_2,
  TLS_1_3,
} from '../../../wire/ids.ts';
import { Certificate12, CertificateRequest12, CertificateStatus } from '../../../wire/messages12.ts';
import type { ServerConfig } from '../../config.ts';
import { type Context, versionName } from '../../context.ts';
import type { ClientHelloArrival, Fresh } from '../../machine.ts';
import { type ContextSelection, NOTHING_CHOSEN, request, type Step } from '../../requests.ts';
import type { Credential, PeerVerifier } from '../../peer.ts';
import { type Agreed12, type KeyExchange12, record, type ServerOffer12 } from '../key-exchange/key-exchange.ts';
import { MAX_CONTENT, readRecordSizeLimit12 } from '../../limits.ts';
import { sign12 } from '../proof.ts';
import { chooseProtocol } from '../../tls13/server/choose.ts';
import { choose12, type ReadHello12, readClientHello12 } from './choose.ts';
import { findSession12, newSessionId, planSession12, resume12 } from './resume.ts';
import type { FlightSent12, ServerResuming12, SessionPlan12 } from './states.ts';

export type AwaitingClient12 =
  | ({ readonly to: 'WAIT_CERT_12' } & FlightSent12)
  | ({ readonly to: 'WAIT_CKE_12' } & FlightSent12)
  | ({ readonly to: 'WAIT_CCS_RESUMED_12' } & ServerResuming12);

/** The ClientHello, and the whole flight that answers it (RFC 5246 section 7.3). */
export function* clientHello12(
  keyExchange: KeyExchange12,
  _data: Fresh,
  message: ClientHelloArrival,
  context: Context<ServerConfig>,
): Step<AwaitingClient12> {
  const { effects, config } = context;
  const read = readClientHello12(message, config);
  effects.info('clientRandom', read.hello.random);
  if (read.summary.serverName !== undefined) effects.info('serverName', read.summary.serverName);
  const choices: ContextSelection =
    config.selectContext === undefined
      ? NOTHING_CHOSEN
      : ((yield* request('context', { select: config.selectContext, hello: read.summary })) ?? NOTHING_CHOSEN);
  const protocol = chooseProtocol(read.extensions.get(alpn), choices.alpn ?? config.alpn);
  const from = { read, protocol, choices };
  const found = yield* findSession12(read, from, context);
  const plan = planSession12(read, from, found, context);
  const chosen = found === undefined ? yield* choose12(read, keyExchange, choices, protocol, context) : undefined;
  const suite = found?.suite ?? chosen!.suite;

  const withMac = keyExchange.encryptThenMac && suite.protection === 'cbc' && read.extensions.has(encryptThenMac.id);
  const extensions = serverExtensions({ read, protocol, credential: chosen?.credential, withMac, plan }, context);
  const hello: ServerHello = {
    legacyVersion: TLS_1_2,
    random: serverRandom(context),
    // Repeating the client's says that the session is resumed (RFC 5246 section 7.4.1.3, RFC 5077 section 3.4).
    legacySessionIdEcho: found === undefined ? newSessionId(plan, context) : read.hello.legacySessionId,
    cipherSuite: suite.id,
    legacyCompressionMethod: 0,
    extensions,
  };
  const transcript = new Transcript();
  transcript.add(message.wire ?? message.raw);
  const messages = transcript.fork();
  transcript.settle(suite.hash);
  const agreed: Agreed12 = {
    keyExchange,
    suite,
    randoms: { client: read.hello.random, server: hello.random },
    extended: read.extended,
    encryptThenMac: withMac,
    transcript,
    messages,
  };
  effects.info('version', versionName(TLS_1_2));
  effects.info('extendedMasterSecret', read.extended);
  effects.info('suite', { id: suite.id, name: suite.name });
  if (protocol !== undefined) effects.info('alpn', protocol);
  if (found !== undefined) {
    const raw = encodeHandshake(HANDSHAKE_SERVER_HELLO, encode(ServerHello, hello));
    transcript.add(raw);
    effects.send(raw);
    return yield* resume12(agreed, found, plan, hello.legacySessionIdEcho, context);
  }
  const { credential } = chosen!;
  const stapled = extensions.some(({ type }) => type === statusRequest.id) ? credential.ocspResponse : undefined;
  return yield* sendFlight12(agreed, { read, hello, credential, stapled, choices, plan }, context);
}

interface Flight12 {
  readonly read: ReadHello12;
  readonly hello: ServerHello;
  readonly credential: Credential;
  readonly stapled: Uint8Array | undefined;
  readonly choices: ContextSelection;
  readonly plan: SessionPlan12 | undefined;
}

/** ServerHello to ServerHelloDone. */
function* sendFlight12(agreed: Agreed12, flight: Flight12, context: Context<ServerConfig>): Step<AwaitingClient12> {
  const { effects, config } = context;
  const { read, credential, choices } = flight;
  const send = (type: number, body: Uint8Array): void => {
    const raw = encodeHandshake(type, body);
    record(agreed, raw);
    effects.send(raw);
  };
  send(HANDSHAKE_SERVER_HELLO, encode(ServerHello, flight.hello));
  send(HANDSHAKE_CERTIFICATE, encode(Certificate12, { chain: [...credential.chain] }));
  if (flight.stapled !== undefined)
    send(HANDSHAKE_CERTIFICATE_STATUS, encode(CertificateStatus, { response: flight.stapled }));
  const { suite, keyExchange, randoms } = agreed;
  let offer: ServerOffer12 | undefined;
  if (suite.exchange !== 'rsa') {
    offer = yield* keyExchange.signed[suite.exchange]!.offer(read.groups, context);
    const input = concat(randoms.client, randoms.server, offer.bytes);
    const { scheme, signature } = yield* sign12(credential, read.schemes, input, context);
    const head = Uint8Array.of(scheme >> 8, scheme & 255, signature.length >> 8, signature.length & 255);
    send(HANDSHAKE_SERVER_KEY_EXCHANGE, concat(offer.bytes, head, signature));
  }
  const clientAuth = choices.clientAuth ?? config.clientAuth;
  const verifier = choices.verifier ?? config.verifier;
  if (clientAuth !== 'none')
    send(HANDSHAKE_CERTIFICATE_REQUEST, encode(CertificateRequest12, certificateRequest12(verifier, config)));
  else agreed.messages.dispose();
  send(HANDSHAKE_SERVER_HELLO_DONE, new Uint8Array(0));
  effects.info('authenticated', true);
  if (credential.chain[0] !== undefined) effects.info('ownCertificate', credential.chain[0]);
  effects.info('certificateRequested', clientAuth !== 'none');
  const sent: FlightSent12 = {
    ...agreed,
    offer,
    credential,
    offered: read.hello.legacyVersion,
    serverName: read.summary.serverName,
    sessionId: flight.hello.legacySessionIdEcho,
    plan: flight.plan,
    rules: { clientAuth, verifier },
  };
  return clientAuth === 'none' ? { to: 'WAIT_CKE_12', ...sent } : { to: 'WAIT_CERT_12', ...sent };
}

// RFC 5246 ¶7.4.1.3-1
/** RFC 9846 section 4.2.3: who could have spoken TLS 1.3 marks the last eight bytes, so that it cannot be hidden. */
function serverRandom(context: Context<ServerConfig>): Uint8Array {
  const random = new Uint8Array(32);
  context.crypto.random.fill(random);
  // RFC 9846 §4.2.3-3
  if (context.config.protocols.some(({ version }) => version === TLS_1_3)) random.set(DOWNGRADE_TLS12, 24);
  return random;
}

interface ToAnswer {
  readonly read: ReadHello12;
  readonly protocol: string | undefined;
  /** Undefined: a session is resumed, and what belongs to a certificate has no place (RFC 6066 section 3, RFC 6962 section 3.3.1). */
  readonly credential: Credential | undefined;
  readonly withMac: boolean;
  readonly plan: SessionPlan12 | undefined;
}

// RFC 5246 ¶7.4.1.4.1-5
/** Only what answers the client (RFC 5246 section 7.4.1.4). */
function serverExtensions(answer: ToAnswer, context: Context<ServerConfig>): RawExtension[] {
  const { read, protocol, credential, withMac, plan } = answer;
  const { effects, config } = context;
  const list: RawExtension[] = [];
  if (read.secureRenegotiation) list.push(writeExtension(renegotiationInfo, 'ServerHello12', new Uint8Array(0)));
  if (read.extended) list.push(writeExtension(extendedMainSecret, 'ServerHello12', undefined));
  if (withMac) list.push(writeExtension(encryptThenMac, 'ServerHello12', undefined));
  if (plan?.by === 'ticket') list.push(writeExtension(sessionTicket, 'ServerHello12', undefined));
  if (credential !== undefined && read.summary.serverName !== undefined)
    list.push(writeExtension(serverName, 'ServerHello12', undefined));
  if (read.extensions.has(ecPointFormats.id))
    list.push(writeExtension(ecPointFormats, 'ServerHello12', Uint8Array.of(0)));
  if (protocol !== undefined) list.push(writeExtension(alpn, 'ServerHello12', [protocol]));
  if (credential?.ocspResponse !== undefined && read.extensions.get(statusRequest) !== undefined)
    list.push(writeExtension(statusRequest, 'ServerHello12', undefined));
  if (credential?.sctList !== undefined && read.extensions.has(signedCertificateTimestamp.id))
    list.push(writeExtension(signedCertificateTimestamp, 'ServerHello12', credential.sctList));
  const limit = read.extensions.get(recordSizeLimit);
  const fragment = read.extensions.get(maxFragmentLength);
  if (limit !== undefined) {
    // RFC 8449 section 5: max_fragment_length is ignored where both are there.
    const ours = config.recordSizeLimit ?? MAX_CONTENT;
    effects.limit('write', readRecordSizeLimit12(limit));
    effects.limit('read', ours);
    list.push(writeExtension(recordSizeLimit, 'ServerHello12', ours));
  } else if (fragment !== undefined) {
    const bytes = 2 ** (fragment + 8);
    effects.limit('write', bytes);
    effects.limit('read', bytes);
    list.push(writeExtension(maxFragmentLength, 'ServerHello12', fragment));
  }
  return list;
}

/** RFC 5246 section 7.4.4. */
function certificateRequest12(verifier: PeerVerifier | undefined, config: ServerConfig): CertificateRequest12 {
  const signing = config.signatures.filter(({ handshake12 }) => handshake12);
  const types = new Set(signing.map(({ algorithm }) => (algorithm.kind.startsWith('rsa') ? 1 : 64)));
  return {
    certificateTypes: Uint8Array.from([...types]),
    signatureAlgorithms: signing.map(({ id }) => id),
    authorities: [...(config.authorities ?? verifier?.authorities ?? [])],
  };
}
