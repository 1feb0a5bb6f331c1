import type { KeyOffer } from '../crypto/types.ts';
import { Transcript } from '../keys/transcript.ts';
import { encode } from '../wire/codec.ts';
import { type RawExtension, writeExtension } from '../wire/extension.ts';
import { alpn } from '../wire/extensions/alpn.ts';
import { certificateAuthorities } from '../wire/extensions/certificate-authorities.ts';
import { greaseOf } from '../wire/extensions/grease.ts';
import { keyShare } from '../wire/extensions/key-share.ts';
import { maxFragmentLength } from '../wire/extensions/max-fragment-length.ts';
import { padding } from '../wire/extensions/padding.ts';
import { postHandshakeAuth } from '../wire/extensions/post-handshake-auth.ts';
import { recordSizeLimit } from '../wire/extensions/record-size-limit.ts';
import { serverName } from '../wire/extensions/server-name.ts';
import { signatureAlgorithms } from '../wire/extensions/signature-algorithms.ts';
import { signatureAlgorithmsCert } from '../wire/extensions/signature-algorithms-cert.ts';
import { signedCertificateTimestamp } from '../wire/extensions/signed-certificate-timestamp.ts';
import { statusRequest } from '../wire/extensions/status-request.ts';
import { supportedGroups } from '../wire/extensions/supported-groups.ts';
import { supportedVersions } from '../wire/extensions/supported-versions.ts';
import { encodeHandshake } from '../wire/handshake.ts';
import { ClientHello } from '../wire/hello.ts';
import { HANDSHAKE_CLIENT_HELLO, TLS_1_2, TLS_1_3 } from '../wire/ids.ts';
import type { ClientConfig, HelloParts } from './config.ts';
import type { Context } from './context.ts';
import { request, type Step } from './requests.ts';
import type { ClientSession12 } from './session.ts';
import {
  bind,
  earlyDataExtension,
  earlyDataRefusal,
  type EarlySent,
  type FoundPsks,
  findPsks,
  modesExtension,
  type PskOffer,
  pskExtension,
  sendEarlyData,
} from './tls13/client/psk.ts';

/** What every version's ServerHello is held against. */
export interface HelloSent {
  readonly hello: ClientHello;
  /** Ids of the extensions we sent: an answer to anything else is refused. */
  readonly sent: ReadonlySet<number>;
  /** One for each key share, private keys inside. */
  readonly offers: readonly KeyOffer[];
  readonly transcript: Transcript;
  /** In the order in which they were offered. */
  readonly pskOffers: readonly PskOffer[];
  readonly pskModes: readonly number[];
  readonly sessionKey: string;
  /** Offered to a server that speaks TLS 1.2. */
  readonly session12: ClientSession12 | undefined;
  /** Early data went along. */
  readonly early: EarlySent | undefined;
}

/** Makes and sends the first ClientHello (RFC 9846 section 4.2.2). */
export function* startClient(context: Context<ClientConfig>): Step<{ readonly to: 'WAIT_SH' } & HelloSent> {
  const { config } = context;
  const offers: KeyOffer[] = [];
  if (offersVersion(config, TLS_1_3)) {
    // RFC 9846 §4.3.8-2, §4.3.8-5
    for (const group of config.keyShares)
      offers.push(yield* request('offer', { group, random: context.crypto.random }));
  }
  const psks = yield* findPsks(context);
  const { pskOffers } = psks;
  const refusal = config.earlyData === undefined ? undefined : earlyDataRefusal(pskOffers, config);
  const sendsEarly = config.earlyData !== undefined && refusal === undefined;
  const hello = buildHello(config, context, offers, psks, sendsEarly);
  const raw = encodeHandshake(HANDSHAKE_CLIENT_HELLO, encode(ClientHello, hello));
  bind(raw, pskOffers, (cut, hash) => hash.digest(cut));
  const transcript = new Transcript();
  transcript.add(raw);
  context.effects.info('clientRandom', hello.random);
  if (refusal !== undefined) context.effects.info('earlyData', { accepted: false, bytes: 0, reason: refusal });
  context.effects.send(raw);
  const early = sendsEarly ? sendEarlyData(pskOffers, transcript, context) : undefined;
  return { to: 'WAIT_SH', hello, sent: idsOf(hello), offers, transcript, ...psks, early };
}

export function idsOf(hello: ClientHello): ReadonlySet<number> {
  return new Set(hello.extensions.map((extension) => extension.type));
}

/** The shares of these offers. A hybrid's classical half goes along as a share of its own when that group is offered too. */
export function sharesOf(
  config: ClientConfig,
  offers: readonly KeyOffer[],
): { group: number; keyExchange: Uint8Array }[] {
  const shares: { group: number; keyExchange: Uint8Array }[] = [];
  for (const offer of withParts(config, offers)) shares.push({ group: offer.group.id, keyExchange: offer.share });
  return shares;
}

/** Every offer that the server may take, in the order of supported_groups (RFC 9846 section 4.3.8). */
export function withParts(config: ClientConfig, offers: readonly KeyOffer[]): readonly KeyOffer[] {
  const all = [...offers];
  if (!config.shareParts) return all;
  for (const { part } of offers) {
    const wanted = part !== undefined && config.groups.some((group) => group.id === part.group.id);
    if (wanted && !all.some((offer) => offer.group.id === part.group.id)) all.push(part);
  }
  const rank = (offer: KeyOffer): number => config.groups.findIndex((group) => group.id === offer.group.id);
  return all.sort((a, b) => rank(a) - rank(b));
}

function offersVersion(config: Pick<ClientConfig, 'protocols'>, version: number): boolean {
  return config.protocols.some((protocol) => protocol.version === version);
}

function buildHello(
  config: ClientConfig,
  context: Context<ClientConfig>,
  offers: readonly KeyOffer[],
  psks: FoundPsks,
  sendsEarly: boolean,
): ClientHello {
  const { random } = context.crypto;
  const helloRandom = new Uint8Array(32);
  random.fill(helloRandom);
  const { session12 } = psks;
  const legacySessionId = sessionIdFor(session12, config);
  if (session12 === undefined || session12.ticket.length > 0) random.fill(legacySessionId);
  const additions = config.protocols.map((protocol) => protocol.offer?.(config, session12?.ticket));
  const suites = offersVersion(config, TLS_1_3) ? config.suites13.map((suite) => suite.id) : [];
  for (const addition of additions) if (addition !== undefined) suites.push(...addition.suites);

  const extensions = extensionsOf(config, offers);
  for (const addition of additions) if (addition !== undefined) extensions.push(...addition.extensions);
  extensions.push(...modesExtension(psks));
  if (sendsEarly) extensions.push(earlyDataExtension());
  if (config.grease) addGrease(context, suites, extensions);
  const last = pskExtension(psks.pskOffers, context);

  const hello: ClientHello = {
    // RFC 9846 §4.2.2-6
    legacyVersion: TLS_1_2,
    random: helloRandom,
    legacySessionId,
    cipherSuites: suites,
    legacyCompressionMethods: Uint8Array.of(0),
    extensions: [...extensions, ...last],
  };
  if (config.padHelloTo === 0) return hello;
  return { ...hello, extensions: [...extensions, ...paddingFor(hello, config.padHelloTo), ...last] };
}

/**
 * That of a session which goes by it. With a ticket any will do, but for none: the server says by repeating it that it
 * takes the ticket (RFC 5077 section 3.4). And TLS 1.3 may look like resumption (RFC 9846 appendix E.4).
 */
function sessionIdFor(session: ClientSession12 | undefined, config: ClientConfig): Uint8Array {
  if (session !== undefined && session.ticket.length === 0) return session.sessionId.slice();
  // RFC 9846 §4.2.2-8
  const looks = session !== undefined || (config.compatibilityMode && offersVersion(config, TLS_1_3));
  // RFC 9846 §4.2.2-9
  return new Uint8Array(looks ? 32 : 0);
}

function extensionsOf(config: ClientConfig, offers: readonly KeyOffer[]): RawExtension[] {
  const { before, behind } = config.helloParts;
  const list: RawExtension[] = [];
  if (config.sendServerName && config.serverName !== undefined)
    // RFC 9846 §9.2-13
    list.push(writeExtension(serverName, 'ClientHello', config.serverName));
  list.push(...before);
  if (offersVersion(config, TLS_1_3)) list.push(writeExtension(keyShare, 'ClientHello', sharesOf(config, offers)));
  list.push(...behind);
  return list;
}

/** The extensions that are the same in every ClientHello of a configuration: written once. */
export function helloParts(
  config: Pick<
    ClientConfig,
    | 'protocols'
    | 'groups'
    | 'alpn'
    | 'verifier'
    | 'signatures'
    | 'certificateSignatures'
    | 'recordSizeLimit'
    | 'maxFragmentLength'
    | 'authorities'
    | 'postHandshakeAuth'
  >,
): HelloParts {
  const before: RawExtension[] = [];
  const behind: RawExtension[] = [];
  const write = writeExtension;
  const tls13 = offersVersion(config, TLS_1_3);
  before.push(
    write(
      supportedGroups,
      'ClientHello',
      // What is no curve has a place in TLS 1.3 only.
      config.groups.filter(({ kind }) => tls13 || kind === 'ecdhe' || kind === 'ffdhe').map((group) => group.id),
    ),
  );
  if (config.alpn.length > 0) before.push(write(alpn, 'ClientHello', [...config.alpn]));
  if (config.verifier.wantsOcsp === true) {
    before.push(write(statusRequest, 'ClientHello', { responderIds: [], requestExtensions: new Uint8Array(0) }));
  }
  if (config.verifier.wantsSct === true) before.push(write(signedCertificateTimestamp, 'ClientHello', undefined));
  before.push(
    write(
      // RFC 5246 ¶7.4.1.4.1-2, ¶7.4.1.4.1-4
      signatureAlgorithms,
      'ClientHello',
      config.signatures.map((scheme) => scheme.id),
    ),
  );
  if (config.certificateSignatures !== undefined) {
    before.push(write(signatureAlgorithmsCert, 'ClientHello', [...config.certificateSignatures]));
  }
  if (config.recordSizeLimit !== undefined) {
    // RFC 8449 section 4: in TLS 1.3 the limit counts the content type byte too.
    before.push(write(recordSizeLimit, 'ClientHello', config.recordSizeLimit + (tls13 ? 1 : 0)));
  }
  if (config.maxFragmentLength !== undefined) {
    before.push(write(maxFragmentLength, 'ClientHello', Math.log2(config.maxFragmentLength) - 8));
  }
  if (tls13) {
    before.push(
      write(
        supportedVersions,
        'ClientHello',
        // RFC 9846 §4.3.1-1
        config.protocols.map((protocol) => protocol.version),
      ),
    );
    if (config.authorities.length > 0)
      behind.push(write(certificateAuthorities, 'ClientHello', [...config.authorities]));
    if (config.postHandshakeAuth) behind.push(write(postHandshakeAuth, 'ClientHello', undefined));
  }
  return { before, behind };
}

/** Reserved values that a server has to ignore, so that it does not forget how to (RFC 8701 section 3.1). */
function addGrease(context: Context<ClientConfig>, suites: number[], extensions: RawExtension[]): void {
  const random = new Uint8Array(3);
  context.crypto.random.fill(random);
  suites.unshift(greaseOf(random[0]!));
  const first = greaseOf(random[1]!);
  const other = greaseOf(random[2]!);
  extensions.unshift({ type: first, data: new Uint8Array(0) });
  // No extension may be there twice.
  extensions.push({ type: other === first ? other ^ 0x1010 : other, data: Uint8Array.of(0) });
}

/** RFC 7685. The message has a header of four bytes, and so has the extension. */
function paddingFor(hello: ClientHello, multiple: number): RawExtension[] {
  const length = 4 + encode(ClientHello, hello).length;
  let missing = (multiple - (length % multiple)) % multiple;
  if (missing === 0) return [];
  while (missing < 4) missing += multiple;
  return [writeExtension(padding, 'ClientHello', new Uint8Array(missing - 4))];
}
