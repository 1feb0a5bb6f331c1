import { equalConstantTime, wipe } from '../../../bytes/bytes.ts';
import type { KeyExchange } from '../../../crypto/types.ts';
import { TlsError } from '../../../errors.ts';
import { startSchedule } from '../../../keys/schedule13.ts';
import { Transcript } from '../../../keys/transcript.ts';
import { encode } from '../../../wire/codec.ts';
import { type RawExtension, writeExtension } from '../../../wire/extension.ts';
import { alpn } from '../../../wire/extensions/alpn.ts';
import { cookie } from '../../../wire/extensions/cookie.ts';
import { earlyData } from '../../../wire/extensions/early-data.ts';
import { keyShare } from '../../../wire/extensions/key-share.ts';
import { preSharedKey } from '../../../wire/extensions/pre-shared-key.ts';
import { supportedVersions } from '../../../wire/extensions/supported-versions.ts';
import { encodeHandshake } from '../../../wire/handshake.ts';
import { HELLO_RETRY_RANDOM, ServerHello } from '../../../wire/hello.ts';
import { HANDSHAKE_SERVER_HELLO, TLS_1_2, TLS_1_3 } from '../../../wire/ids.ts';
import type { ServerConfig } from '../../config.ts';
import { type Context, versionName } from '../../context.ts';
import type { ClientHelloArrival, Fresh } from '../../machine.ts';
import { type ContextSelection, NOTHING_CHOSEN, request, type Step } from '../../requests.ts';
import {
  checkSecondHello,
  chooseGroup,
  chooseProtocol,
  chooseSuite,
  type ReadHello,
  readClientHello,
  requireKeyExchange,
  requireSignatures,
} from './choose.ts';
import { refuseEarlyData } from './early-data.ts';
import { type Negotiated, type TakenPsk, takePsk, usesPskAlone } from './psk.ts';
import { sessionBinding } from '../../authentication/session-binding.ts';
import { wantsTickets } from './tickets.ts';
import { type AwaitingClient, findCredential, sendFlight } from './server-flight.ts';
import type { Answered, FlightSent, RetryAsked } from './states.ts';

/** Records of refused early data that are ignored, in bytes without their headers (RFC 9846 section 4.3.10). */
const REFUSED_EARLY_DATA = 16_384;

/** The first ClientHello (RFC 9846 section 4.2.2). */
export function* clientHello13(
  _data: Fresh,
  message: ClientHelloArrival,
  context: Context<ServerConfig>,
): Step<
  ({ readonly to: 'START_RETRIED' } & RetryAsked) | ({ readonly to: 'WAIT_EOED' } & FlightSent) | AwaitingClient
> {
  const { config } = context;
  const read = readClientHello(message);
  context.effects.info('clientRandom', read.hello.random);
  const choices = yield* askProgram(read, context);
  const suite = chooseSuite(read.hello.cipherSuites, config);
  const exchange = usesPskAlone(read, config) ? undefined : chooseExchange(read, config);

  const transcript = new Transcript();
  transcript.add(message.raw);
  if (exchange !== undefined && exchange.share === undefined) {
    transcript.settle(suite.hash);
    return askAgain({ first: read, suite, group: exchange.group, transcript, choices }, context);
  }
  const protocol = chooseProtocol(read.extensions.get(alpn), choices.alpn ?? config.alpn);
  const from = { read, raw: message.raw, suite, protocol, choices, retried: false };
  const taken = yield* takePsk(from, (cut, hash) => hash.digest(cut), context);
  try {
    transcript.settle((taken?.suite ?? suite).hash);
    const early = yield* answerEarlyData(from, taken, transcript, context);
    // Without the PSK that it wanted to use alone, a client gets what it would have got without offering one.
    const then = taken === undefined && exchange === undefined ? chooseExchange(read, config) : exchange;
    if (then !== undefined && then.share === undefined)
      return askAgain({ first: read, suite, group: then.group, transcript, choices }, context);
    const answered = yield* answer(from, taken, transcript, then, early, context);
    const sent = yield* sendFlight(answered, context);
    return early ? { ...sent, to: 'WAIT_EOED' } : sent;
  } finally {
    taken?.secrets.dispose();
  }
}

/** The ClientHello after HelloRetryRequest: the same but for what had to change. */
export function* secondClientHello13(
  data: RetryAsked,
  message: ClientHelloArrival,
  context: Context<ServerConfig>,
): Step<AwaitingClient> {
  const read = readClientHello(message);
  checkSecondHello(data.first, read, data.group);
  checkCookie(data.cookie, read.extensions.get(cookie));
  const { config } = context;
  const { suite, group, transcript, choices } = data;
  const protocol = chooseProtocol(read.extensions.get(alpn), choices.alpn ?? config.alpn);
  const from = { read, raw: message.raw, suite, protocol, choices, retried: true };
  const taken = yield* takePsk(from, (cut) => transcript.digestWith(cut), context);
  transcript.add(message.raw);
  const exchange = { group, share: read.shares[0]!.keyExchange };
  try {
    const answered = yield* answer(from, taken, transcript, exchange, false, context);
    return yield* sendFlight(answered, context);
  } finally {
    taken?.secrets.dispose();
  }
}

/** A group, and the client's share for it where it sent one. */
interface Exchange {
  readonly group: KeyExchange;
  readonly share: Uint8Array | undefined;
}

function chooseExchange(read: ReadHello, config: ServerConfig): Exchange {
  requireKeyExchange(read.extensions);
  const group = chooseGroup(read.groups, config);
  return { group, share: read.shares.find((candidate) => candidate.group === group.id)?.keyExchange };
}

/** Takes the early data that follows the first ClientHello, or sees to it that it is ignored. */
function* answerEarlyData(
  from: Negotiated,
  taken: TakenPsk | undefined,
  transcript: Transcript,
  context: Context<ServerConfig>,
): Step<boolean> {
  const { effects, config } = context;
  if (!from.read.extensions.has(earlyData.id)) return false;
  const reason = yield* refuseEarlyData(from, taken, context);
  effects.info('earlyData', { accepted: reason === undefined, bytes: 0, ...(reason !== undefined && { reason }) });
  if (reason !== undefined) {
    // RFC 9846 §4.3.10-9
    effects.skipEarlyData('sealed', Math.max(REFUSED_EARLY_DATA, 2 * (config.earlyData?.max ?? 0)));
    return false;
  }
  const { secrets, suite } = taken!;
  const digest = transcript.digest();
  const traffic = secrets.clientEarlyTraffic(digest);
  const exporter = secrets.earlyExporter(digest);
  effects.log('CLIENT_EARLY_TRAFFIC_SECRET', traffic);
  effects.log('EARLY_EXPORTER_SECRET', exporter);
  effects.earlyExporter(suite.hash, exporter);
  effects.takeEarlyData(config.earlyData!.max);
  effects.keys('read', 'early', suite, traffic);
  wipe(traffic, exporter);
  return true;
}

/** Lets the program choose by what the client asks for, before anything is decided. */
function* askProgram(read: ReadHello, context: Context<ServerConfig>): Step<ContextSelection> {
  const { config } = context;
  if (read.summary.serverName !== undefined) context.effects.info('serverName', read.summary.serverName);
  if (config.selectContext === undefined) return NOTHING_CHOSEN;
  return (yield* request('context', { select: config.selectContext, hello: read.summary })) ?? NOTHING_CHOSEN;
}

/** RFC 9846 section 4.2.4. */
function askAgain(
  data: Omit<RetryAsked, 'cookie'>,
  context: Context<ServerConfig>,
): { readonly to: 'START_RETRIED' } & RetryAsked {
  const { effects, crypto, config } = context;
  const { first, suite, group, transcript } = data;
  const extensions = [
    writeExtension(supportedVersions, 'HelloRetryRequest', TLS_1_3),
    writeExtension(keyShare, 'HelloRetryRequest', group.id),
  ];
  let token: Uint8Array | undefined;
  if (config.retryCookie) {
    token = new Uint8Array(32);
    crypto.random.fill(token);
    extensions.push(writeExtension(cookie, 'HelloRetryRequest', token));
  }
  const raw = encodeHandshake(
    HANDSHAKE_SERVER_HELLO,
    encode(ServerHello, {
      // RFC 9846 §4.2.3-1, §4.3.1-8
      legacyVersion: TLS_1_2,
      random: HELLO_RETRY_RANDOM,
      legacySessionIdEcho: first.hello.legacySessionId,
      cipherSuite: suite.id,
      legacyCompressionMethod: 0,
      extensions,
    }),
  );
  transcript.rollupForRetry();
  transcript.add(raw);
  effects.send(raw);
  if (first.hello.legacySessionId.length > 0) effects.changeCipherSpec();
  if (first.extensions.has(earlyData.id)) {
    effects.skipEarlyData('retry', Math.max(REFUSED_EARLY_DATA, 2 * (config.earlyData?.max ?? 0)));
    effects.info('earlyData', { accepted: false, bytes: 0, reason: 'the client has to say hello again' });
  }
  effects.info('retried', true);
  return { to: 'START_RETRIED', ...data, cookie: token };
}

/** Answers the key share; from here on everything is encrypted (RFC 9846 section 4.2.3). */
function* answer(
  from: Negotiated,
  taken: TakenPsk | undefined,
  transcript: Transcript,
  exchange: Exchange | undefined,
  early: boolean,
  context: Context<ServerConfig>,
): Step<Answered> {
  const { effects, crypto, config } = context;
  const { read, protocol, choices, retried } = from;
  const suite = taken?.suite ?? from.suite;
  if (taken === undefined) requireSignatures(read.extensions);
  // Before ServerHello: a client that nothing can be shown to is told so at once (RFC 9846 section 4.1).
  const credential = taken === undefined ? yield* findCredential(read, protocol, choices, context) : undefined;
  // RFC 9846 §4.3.8-6
  const accepted =
    exchange === undefined
      ? undefined
      : yield* request('accept', { group: exchange.group, share: exchange.share!, random: crypto.random });
  const random = new Uint8Array(32);
  // RFC 9846 §4.2.3-4
  crypto.random.fill(random);
  const raw = encodeHandshake(
    HANDSHAKE_SERVER_HELLO,
    encode(ServerHello, {
      legacyVersion: TLS_1_2,
      random,
      legacySessionIdEcho: read.hello.legacySessionId,
      cipherSuite: suite.id,
      legacyCompressionMethod: 0,
      extensions: helloExtensions(taken, exchange, accepted?.share),
    }),
  );
  transcript.add(raw);
  const earlySecrets = context.own(taken?.secrets ?? startSchedule(suite.hash));
  const schedule = context.own(earlySecrets.intoHandshake(accepted?.secret, transcript.digest()));
  wipe(accepted?.secret);
  effects.send(raw);
  // RFC 9846 §E.4-1
  if (read.hello.legacySessionId.length > 0 && !retried) effects.changeCipherSpec();
  effects.info('version', versionName(TLS_1_3));
  effects.info('extendedMasterSecret', true);
  effects.info('suite', { id: suite.id, name: suite.name });
  if (exchange !== undefined) effects.info('group', { id: exchange.group.id, name: exchange.group.name });
  effects.log('CLIENT_HANDSHAKE_TRAFFIC_SECRET', schedule.clientTraffic);
  effects.log('SERVER_HANDSHAKE_TRAFFIC_SECRET', schedule.serverTraffic);
  effects.keys('write', 'handshake', suite, schedule.serverTraffic);
  if (!early) effects.keys('read', 'handshake', suite, schedule.clientTraffic);
  const binding = wantsTickets(read, config) ? sessionBinding(from, context) : undefined;
  return { read, suite, transcript, choices, protocol, psk: taken?.psk, credential, early, schedule, binding };
}

function helloExtensions(
  taken: TakenPsk | undefined,
  exchange: Exchange | undefined,
  share: Uint8Array | undefined,
): RawExtension[] {
  const extensions = [writeExtension(supportedVersions, 'ServerHello', TLS_1_3)];
  if (exchange !== undefined && share !== undefined)
    extensions.push(writeExtension(keyShare, 'ServerHello', { group: exchange.group.id, keyExchange: share }));
  if (taken !== undefined) extensions.push(writeExtension(preSharedKey, 'ServerHello', taken.index));
  return extensions;
}

function checkCookie(ours: Uint8Array | undefined, theirs: Uint8Array | undefined): void {
  if (ours === undefined) return;
  if (theirs === undefined)
    throw new TlsError('ERR_MISSING_EXTENSION', { detail: 'the second ClientHello has no cookie' });
  if (!equalConstantTime(ours, theirs)) throw new TlsError('ERR_BAD_COOKIE');
}
