import { equalConstantTime, wipe } from '../../bytes/bytes.ts';
import type { CipherSuite13, KeyExchange } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import { type HandshakeSecrets, startSchedule } from '../../schedule/schedule13.ts';
import { Transcript } from '../../schedule/transcript.ts';
import { encode } from '../../wire/codec.ts';
import { writeExtension } from '../../wire/extension.ts';
import { cookie } from '../../wire/extensions/cookie.ts';
import { earlyData } from '../../wire/extensions/early-data.ts';
import { keyShare } from '../../wire/extensions/key-share.ts';
import { supportedVersions } from '../../wire/extensions/supported-versions.ts';
import { encodeHandshake } from '../../wire/handshake.ts';
import { HELLO_RETRY_RANDOM, ServerHello } from '../../wire/hello.ts';
import { HANDSHAKE_SERVER_HELLO, TLS_1_2, TLS_1_3 } from '../../wire/ids.ts';
import type { ServerConfig } from '../config.ts';
import type { Context } from '../context.ts';
import type { Arrival, Step } from '../machine.ts';
import { need, type ServerContext } from '../needs.ts';
import { checkSecondHello, chooseGroup, chooseSuite, type ReadHello, readClientHello } from './choose13.ts';
import { type AwaitingClient, sendFlight } from './flight13.ts';

/** What a server knows before anything has come: nothing. */
export type Fresh = Record<never, never>;

export interface RetryAsked {
  readonly first: ReadHello;
  readonly suite: CipherSuite13;
  /** The group asked for. */
  readonly group: KeyExchange;
  readonly cookie: Uint8Array | undefined;
  readonly transcript: Transcript;
  readonly choices: ServerContext;
}

/** A key agreed on, and all that the rest of the flight has to know. */
export interface Answered {
  readonly read: ReadHello;
  readonly suite: CipherSuite13;
  readonly schedule: HandshakeSecrets;
  readonly transcript: Transcript;
  readonly choices: ServerContext;
}

/** Records of refused early data that are passed over, in bytes without their headers (RFC 9846 section 4.3.10). */
const REFUSED_EARLY_DATA = 16_384;

/** The first ClientHello (RFC 9846 section 4.2.2). */
export function* clientHello13(
  _data: Fresh,
  message: Arrival,
  context: Context,
): Step<({ readonly to: 'START_RETRIED' } & RetryAsked) | AwaitingClient> {
  const config = context.config as ServerConfig;
  const read = readClientHello(message);
  context.out.fact('clientRandom', read.hello.random);
  const choices = yield* askProgram(read, context);
  const suite = chooseSuite(read.hello.cipherSuites, config);
  const group = chooseGroup(read.groups, config);
  const share = read.shares.find((candidate) => candidate.group === group.id);

  const transcript = new Transcript();
  transcript.add(message.raw);
  transcript.settle(suite.hash);
  if (share === undefined) return askAgain({ first: read, suite, group, transcript, choices }, context);

  if (read.extensions.has(earlyData.id)) context.out.skipEarlyData('sealed', REFUSED_EARLY_DATA);
  const answered = yield* answer({ read, suite, transcript, choices }, group, share.keyExchange, false, context);
  return yield* sendFlight(answered, context);
}

/** The ClientHello after HelloRetryRequest: the same but for what had to change. */
export function* secondClientHello13(data: RetryAsked, message: Arrival, context: Context): Step<AwaitingClient> {
  const read = readClientHello(message);
  checkSecondHello(data.first, read, data.group);
  checkCookie(data.cookie, read.extensions.get(cookie));
  const { suite, group, transcript, choices } = data;
  transcript.add(message.raw);
  const answered = yield* answer(
    { read, suite, transcript, choices },
    group,
    read.shares[0]!.keyExchange,
    true,
    context,
  );
  return yield* sendFlight(answered, context);
}

/** Lets the program choose by what the client asks for, before anything is decided. */
function* askProgram(read: ReadHello, context: Context): Step<ServerContext> {
  const config = context.config as ServerConfig;
  if (read.summary.serverName !== undefined) context.out.fact('serverName', read.summary.serverName);
  if (config.contextFor === undefined) return {};
  return (yield* need('context', read.summary)) ?? {};
}

/** RFC 9846 section 4.2.4. */
function askAgain(data: Omit<RetryAsked, 'cookie'>, context: Context): { readonly to: 'START_RETRIED' } & RetryAsked {
  const { out, crypto } = context;
  const config = context.config as ServerConfig;
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
  out.send(raw);
  if (first.hello.legacySessionId.length > 0) out.changeCipherSpec();
  if (first.extensions.has(earlyData.id)) out.skipEarlyData('retry', REFUSED_EARLY_DATA);
  out.fact('retried', true);
  return { to: 'START_RETRIED', ...data, cookie: token };
}

/** Answers the key share; from here on everything is encrypted (RFC 9846 section 4.2.3). */
function* answer(
  data: Omit<Answered, 'schedule'>,
  group: KeyExchange,
  peerShare: Uint8Array,
  retried: boolean,
  context: Context,
): Step<Answered> {
  const { out, crypto } = context;
  const { read, suite, transcript } = data;
  const { share, secret } = yield* need('accept', { group, share: peerShare });
  const random = new Uint8Array(32);
  crypto.random.fill(random);
  const raw = encodeHandshake(
    HANDSHAKE_SERVER_HELLO,
    encode(ServerHello, {
      legacyVersion: TLS_1_2,
      random,
      legacySessionIdEcho: read.hello.legacySessionId,
      cipherSuite: suite.id,
      legacyCompressionMethod: 0,
      extensions: [
        writeExtension(supportedVersions, 'ServerHello', TLS_1_3),
        writeExtension(keyShare, 'ServerHello', { group: group.id, keyExchange: share }),
      ],
    }),
  );
  transcript.add(raw);
  const schedule = startSchedule(suite.hash).intoHandshake(secret, transcript.digest());
  wipe(secret);
  out.send(raw);
  if (read.hello.legacySessionId.length > 0 && !retried) out.changeCipherSpec();
  out.fact('version', TLS_1_3);
  out.fact('suite', { id: suite.id, name: suite.name });
  out.fact('group', { id: group.id, name: group.name });
  out.log('CLIENT_HANDSHAKE_TRAFFIC_SECRET', schedule.clientTraffic);
  out.log('SERVER_HANDSHAKE_TRAFFIC_SECRET', schedule.serverTraffic);
  out.keys('write', 'handshake', suite, schedule.serverTraffic);
  out.keys('read', 'handshake', suite, schedule.clientTraffic);
  return { ...data, schedule };
}

function checkCookie(ours: Uint8Array | undefined, theirs: Uint8Array | undefined): void {
  if (ours === undefined) return;
  if (theirs === undefined)
    throw new TlsError('ERR_MISSING_EXTENSION', { detail: 'the second ClientHello has no cookie' });
  if (!equalConstantTime(ours, theirs)) throw new TlsError('ERR_BAD_COOKIE');
}
