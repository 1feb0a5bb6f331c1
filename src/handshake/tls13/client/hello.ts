import { equalBytes, wipe } from '../../../bytes/bytes.ts';
import type { CipherSuite13, KeyOffer } from '../../../crypto/types.ts';
import { TlsError } from '../../../errors.ts';
import { startSchedule } from '../../../keys/schedule13.ts';
import { encode } from '../../../wire/codec.ts';
import { type ExtensionBlock, readExtensions, writeExtension } from '../../../wire/extension.ts';
import { cookie } from '../../../wire/extensions/cookie.ts';
import { earlyData } from '../../../wire/extensions/early-data.ts';
import { keyShare } from '../../../wire/extensions/key-share.ts';
import { preSharedKey } from '../../../wire/extensions/pre-shared-key.ts';
import { supportedVersions } from '../../../wire/extensions/supported-versions.ts';
import { encodeHandshake } from '../../../wire/handshake.ts';
import { ClientHello, type ServerHello } from '../../../wire/hello.ts';
import { HANDSHAKE_CLIENT_HELLO, TLS_1_2, TLS_1_3 } from '../../../wire/ids.ts';
import type { ClientConfig } from '../../config.ts';
import { type Context, versionName } from '../../context.ts';
import type { ServerHelloArrival } from '../../machine.ts';
import { request, type Step } from '../../requests.ts';
import { KNOWN_EXTENSIONS } from '../known-extensions.ts';
import { PSK_DHE_KE, PSK_KE, SelectedPsk } from '../../authentication/psk.ts';
import { bind, type EarlySent, pskExtension } from './psk.ts';
import { type HelloSent, idsOf, sharesOf, withParts } from '../../client-hello.ts';
import type { HelloRetried, SecretsAgreed } from './states.ts';

/** RFC 9846 section 4.2.3. */
export function* serverHello13(
  data: HelloSent | HelloRetried,
  message: ServerHelloArrival,
  context: Context<ClientConfig>,
): Step<{ readonly to: 'WAIT_EE' } & SecretsAgreed> {
  const { effects, config } = context;
  const { hello } = message;
  const extensions = readExtensions('ServerHello', hello.extensions, KNOWN_EXTENSIONS, { offered: data.sent });
  const suite = checkHello(data, hello, extensions.get(supportedVersions), config);
  if ('suite' in data && data.suite.id !== suite.id) {
    throw new TlsError('ERR_SUITE_CHANGED', { detail: `from ${data.suite.name} to ${suite.name}` });
  }
  const index = extensions.get(preSharedKey);
  const chosen = index === undefined ? undefined : SelectedPsk.byChoice(data.pskOffers, index, suite.hash);
  const share = extensions.get(keyShare);
  checkMode(data, chosen !== undefined, share !== undefined);
  const offer =
    share === undefined ? undefined : withParts(config, data.offers).find(({ group }) => group.id === share.group);
  if (share !== undefined && offer === undefined)
    throw new TlsError('ERR_SELECTED_GROUP', { detail: `group 0x${share.group.toString(16)}` });

  const secret = offer === undefined ? undefined : yield* request('agree', { offer, share: share!.keyExchange });
  disposeOffers(data.offers);
  if (!('suite' in data)) data.transcript.settle(suite.hash);
  data.transcript.add(message.raw);
  const early = context.own(chosen?.offer.secrets ?? startSchedule(suite.hash));
  const schedule = context.own(early.intoHandshake(secret, data.transcript.digest()));
  wipe(secret);
  for (const { dispose } of data.pskOffers) dispose();

  effects.info('version', versionName(TLS_1_3));
  effects.info('extendedMasterSecret', true);
  effects.info('suite', { id: suite.id, name: suite.name });
  if (offer !== undefined) effects.info('group', { id: offer.group.id, name: offer.group.name });
  effects.log('CLIENT_HANDSHAKE_TRAFFIC_SECRET', schedule.clientTraffic);
  effects.log('SERVER_HANDSHAKE_TRAFFIC_SECRET', schedule.serverTraffic);
  effects.keys('read', 'handshake', suite, schedule.serverTraffic);
  const { sent, transcript, sessionKey } = data;
  const agreed = { sent, suite, schedule, transcript, sessionKey, psk: chosen?.psk };
  // RFC 9846 §4.3.11-8
  if (data.early !== undefined && index === 0) return { to: 'WAIT_EE', ...agreed, early: data.early };
  if (data.early !== undefined) earlyDataRefused(data.early, 'the server did not take the session', context);
  else if (config.compatibilityMode && !('suite' in data)) effects.changeCipherSpec();
  effects.keys('write', 'handshake', suite, schedule.clientTraffic);
  return { to: 'WAIT_EE', ...agreed, early: undefined };
}

/** A mode that we did not offer is as bad as an identity that we did not (RFC 9846 section 4.3.11). */
function checkMode(data: HelloSent, resumed: boolean, hasShare: boolean): void {
  if (!resumed) {
    if (!hasShare) throw new TlsError('ERR_MISSING_EXTENSION', { detail: 'ServerHello has no key_share' });
    return;
  }
  const mode = hasShare ? PSK_DHE_KE : PSK_KE;
  if (!data.pskModes.includes(mode)) {
    throw new TlsError('ERR_SELECTED_PSK', { detail: `${hasShare ? 'psk_dhe_ke' : 'psk_ke'} was not offered` });
  }
}

/** The application decides whether it sends the same again (RFC 9846 section 4.3.10). */
export function earlyDataRefused(early: EarlySent, reason: string, context: Context<ClientConfig>): void {
  context.effects.info('earlyData', { accepted: false, bytes: early.bytes, reason });
}

/** RFC 9846 section 4.2.4. */
export function* helloRetryRequest(
  data: HelloSent,
  message: ServerHelloArrival,
  context: Context<ClientConfig>,
): Step<{ readonly to: 'WAIT_SH_RETRIED' } & HelloRetried> {
  const { config } = context;
  const retry = message.hello;
  const extensions = readExtensions('HelloRetryRequest', retry.extensions, KNOWN_EXTENSIONS, { offered: data.sent });
  const suite = checkHello(data, retry, extensions.get(supportedVersions), config);
  const offers = yield* newOffers(data, extensions, context);

  data.transcript.settle(suite.hash);
  data.transcript.rollupForRetry();
  data.transcript.add(message.raw);
  // Only what goes with the suite can be taken now; the rest is left out (RFC 9846 section 4.2.2).
  const pskOffers = data.pskOffers.filter(({ hash }) => hash.name === suite.hash.name);
  const changed = changedExtensions(data, extensions, offers, config);
  const hello: ClientHello = { ...data.hello, extensions: [...changed, ...pskExtension(pskOffers, context)] };
  const raw = encodeHandshake(HANDSHAKE_CLIENT_HELLO, encode(ClientHello, hello));
  bind(raw, pskOffers, (cut) => data.transcript.digestWith(cut));
  data.transcript.add(raw);
  if (data.early !== undefined) {
    context.effects.unprotect();
    earlyDataRefused(data.early, 'the server asked for another ClientHello', context);
  } else if (config.compatibilityMode) context.effects.changeCipherSpec();
  context.effects.send(raw);
  context.effects.info('retried', true);
  const { transcript, sessionKey, pskModes } = data;
  const kept = { transcript, sessionKey, pskModes, pskOffers, session12: undefined, early: undefined };
  return { to: 'WAIT_SH_RETRIED', hello, sent: idsOf(hello), offers, ...kept, suite };
}

// RFC 9846 §4.3.1-9, §4.3.1-10
/** The rules that ServerHello and HelloRetryRequest share. */
function checkHello(
  data: HelloSent,
  hello: ServerHello,
  selectedVersion: number | undefined,
  config: ClientConfig,
): CipherSuite13 {
  if (hello.legacyVersion !== TLS_1_2)
    throw new TlsError('ERR_LEGACY_VERSION', { detail: `0x${hello.legacyVersion.toString(16)}` });
  if (selectedVersion === undefined) throw new TlsError('ERR_MISSING_EXTENSION', { detail: 'no supported_versions' });
  if (selectedVersion !== TLS_1_3)
    throw new TlsError('ERR_SELECTED_VERSION', { detail: `0x${selectedVersion.toString(16)}` });
  if (!equalBytes(hello.legacySessionIdEcho, data.hello.legacySessionId)) throw new TlsError('ERR_SESSION_ID_ECHO');
  if (hello.legacyCompressionMethod !== 0) throw new TlsError('ERR_COMPRESSION', { rfc: 'RFC 9846 section 4.2.3' });
  const suite = config.suites13.find(({ id }) => id === hello.cipherSuite);
  if (suite === undefined) throw new TlsError('ERR_SELECTED_SUITE', { detail: `0x${hello.cipherSuite.toString(16)}` });
  return suite;
}

/** HelloRetryRequest must ask for something that changes the ClientHello: a share for another group, or a cookie. */
function* newOffers(
  data: HelloSent,
  extensions: ExtensionBlock<'HelloRetryRequest'>,
  { config, crypto }: Context<ClientConfig>,
): Step<readonly KeyOffer[]> {
  const id = extensions.get(keyShare);
  if (id === undefined) {
    if (extensions.get(cookie) === undefined) throw new TlsError('ERR_RETRY_POINTLESS');
    return data.offers;
  }
  const group = config.groups.find((candidate) => candidate.id === id);
  if (group === undefined) throw new TlsError('ERR_SELECTED_GROUP', { detail: `group 0x${id.toString(16)}` });
  if (withParts(config, data.offers).some((offer) => offer.group.id === id)) {
    throw new TlsError('ERR_RETRY_POINTLESS', { detail: `${group.name} has a share already` });
  }
  disposeOffers(data.offers);
  return [yield* request('offer', { group, random: crypto.random })];
}

/** RFC 9846 section 4.2.2 lists all that may differ in the second ClientHello. */
function changedExtensions(
  data: HelloSent,
  retry: ExtensionBlock<'HelloRetryRequest'>,
  offers: readonly KeyOffer[],
  config: ClientConfig,
): ClientHello['extensions'] {
  const changed = data.hello.extensions
    .filter(({ type }) => type !== earlyData.id && type !== preSharedKey.id)
    .map((extension) =>
      extension.type === keyShare.id && retry.get(keyShare) !== undefined
        ? writeExtension(keyShare, 'ClientHello', sharesOf(config, offers).slice(0, 1))
        : extension,
    );
  // RFC 9846 §4.3.2-2
  const value = retry.get(cookie);
  return value === undefined ? changed : [...changed, writeExtension(cookie, 'ClientHello', value)];
}

function disposeOffers(offers: readonly KeyOffer[]): void {
  for (const offer of offers) {
    offer.part?.dispose();
    offer.dispose();
  }
}
