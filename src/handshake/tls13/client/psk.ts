import { wipe } from '../../../bytes/bytes.ts';
import type { CipherSuite13, Hash } from '../../../crypto/types.ts';
import { type EarlySecrets, startSchedule } from '../../../keys/schedule13.ts';
import type { Transcript } from '../../../keys/transcript.ts';
import { type RawExtension, writeExtension } from '../../../wire/extension.ts';
import { earlyData } from '../../../wire/extensions/early-data.ts';
import { preSharedKey } from '../../../wire/extensions/pre-shared-key.ts';
import { pskKeyExchangeModes } from '../../../wire/extensions/psk-key-exchange-modes.ts';
import { TLS_1_2, TLS_1_3 } from '../../../wire/ids.ts';
import type { ClientConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import type { ClientSession12, ClientSession13 } from '../../session.ts';
import { bindersLength, hashOf, PSK_DHE_KE, PSK_KE, type PskMeaning } from '../../authentication/psk.ts';
import { findSession, sessionKeyOf } from '../../authentication/client-session.ts';
import type { Step } from '../../requests.ts';

/** A PSK that a ClientHello offers, ready to be used if the server takes it. */
export interface PskOffer {
  readonly meaning: PskMeaning;
  readonly hash: Hash;
  readonly secrets: EarlySecrets;
  /** Undefined for a key that is no ticket. */
  readonly session: ClientSession13 | undefined;
  dispose(): void;
}

/** Early data is on its way: what the server has to agree to if it takes it. */
export interface EarlySent {
  readonly suite: CipherSuite13;
  readonly alpn: string | undefined;
  readonly bytes: number;
}

/** All that a client has to resume with, and the key under which it keeps what will come. */
export interface FoundPsks {
  readonly sessionKey: string;
  /** To be resumed with TLS 1.2, should the server choose that. */
  readonly session12: ClientSession12 | undefined;
  readonly pskOffers: readonly PskOffer[];
  /** In psk_key_exchange_modes; empty: it is not sent. */
  readonly pskModes: readonly number[];
}

/** Looks for a session that is still good, and for external keys. A session comes first: early data goes with the first. */
export function* findPsks(context: Context<ClientConfig>): Step<FoundPsks> {
  const { config } = context;
  // Without a store there is nothing to name, and no randomness is drawn for it.
  const sessionKey = config.sessions === undefined ? '' : sessionKeyOf(config);
  const session = yield* findSession(sessionKey, context);
  const session12 = session?.version === TLS_1_2 ? session : undefined;
  const speaks13 = config.protocols.some(({ version }) => version === TLS_1_3);
  if (!speaks13 || (config.sessions === undefined && config.psks.length === 0)) {
    return { sessionKey, session12, pskOffers: [], pskModes: [] };
  }
  const offers: PskOffer[] = [];
  if (session?.version === TLS_1_3) offers.push(context.own(offerOf(session, config)));
  for (const { identity, secret, hash: name = 'sha256', imported = false } of config.psks) {
    const hash = hashOf(name, config);
    if (hash === undefined) continue;
    const kind = imported ? 'imported' : 'external';
    const meaning = { kind, identity, peer: undefined, since: context.now(), authenticated: false } as const;
    offers.push(context.own(makeOffer(meaning, hash, secret, undefined)));
  }
  return { sessionKey, session12, pskOffers: offers, pskModes: config.pskOnly ? [PSK_DHE_KE, PSK_KE] : [PSK_DHE_KE] };
}

/** psk_key_exchange_modes also says for which tickets we have a use. */
export function modesExtension({ pskModes }: FoundPsks): RawExtension[] {
  return pskModes.length === 0 ? [] : [writeExtension(pskKeyExchangeModes, 'ClientHello', [...pskModes])];
}

// RFC 9846 §9.2-7
/** pre_shared_key with binders of zero, which has to be the last extension; empty when there is nothing to offer. */
export function pskExtension(offers: readonly PskOffer[], context: Context<ClientConfig>): RawExtension[] {
  if (offers.length === 0) return [];
  const now = context.now();
  return [
    writeExtension(preSharedKey, 'ClientHello', {
      identities: offers.map(({ meaning, session }) => ({
        identity: meaning.identity,
        obfuscatedTicketAge:
          session === undefined ? 0 : (Math.trunc(now - session.receivedAt) + session.ageAdd) % 0x1_0000_0000,
      })),
      binders: offers.map(({ hash }) => new Uint8Array(hash.size)),
    }),
  ];
}

/**
 * Puts the binders into an encoded ClientHello (RFC 9846 section 4.3.11.2): they are its last bytes, and cover all before.
 */
export function bind(
  hello: Uint8Array,
  offers: readonly PskOffer[],
  digest: (cut: Uint8Array, hash: Hash) => Uint8Array,
): void {
  if (offers.length === 0) return;
  const length = bindersLength(offers.map(({ hash }) => hash.size));
  const cut = hello.subarray(0, hello.length - length);
  let at = cut.length + 2;
  for (const { hash, meaning, secrets } of offers) {
    hello.set(secrets.binder(meaning.kind, digest(cut, hash)), at + 1);
    at += 1 + hash.size;
  }
}

// RFC 9846 §4.3.10-1
/** May the first offer carry what the program wants to send early? Undefined: yes; otherwise why not. */
export function earlyDataRefusal(offers: readonly PskOffer[], config: ClientConfig): string | undefined {
  const session = offers[0]?.session;
  if (config.earlyData === undefined || session === undefined) return 'there is no session';
  if (session.maxEarlyData < config.earlyData.length)
    return `the server takes ${session.maxEarlyData} bytes with this session`;
  if (session.authenticated && !config.earlyDataWithCertificate) return 'the session began with our certificate';
  if (!config.suites13.some(({ id }) => id === session.suite)) return 'the cipher suite is not offered';
  if (session.alpn !== undefined && !config.alpn.includes(session.alpn)) return 'its protocol is not offered';
  if (session.alpn === undefined && config.alpn.length > 0) return 'the session has no protocol';
  return undefined;
}

export function earlyDataExtension(): RawExtension {
  return writeExtension(earlyData, 'ClientHello', undefined);
}

// RFC 9846 §4.3.10-2
/** Early data follows the ClientHello at once, under keys of the first PSK (RFC 9846 section 4.3.10). */
export function sendEarlyData(
  [first]: readonly PskOffer[],
  transcript: Transcript,
  context: Context<ClientConfig>,
): EarlySent {
  const { effects, config } = context;
  const session = first!.session!;
  const suite = config.suites13.find(({ id }) => id === session.suite)!;
  const digest = transcript.digestWith(new Uint8Array(0), suite.hash);
  const traffic = first!.secrets.clientEarlyTraffic(digest);
  const exporter = first!.secrets.earlyExporter(digest);
  effects.log('CLIENT_EARLY_TRAFFIC_SECRET', traffic);
  effects.log('EARLY_EXPORTER_SECRET', exporter);
  effects.earlyExporter(suite.hash, exporter);
  if (config.compatibilityMode) effects.changeCipherSpec();
  effects.keys('write', 'early', suite, traffic);
  effects.sendEarlyData(config.earlyData!);
  wipe(traffic, exporter);
  return { suite, alpn: session.alpn, bytes: config.earlyData!.length };
}

function offerOf(session: ClientSession13, config: ClientConfig): PskOffer {
  const { ticket: identity, peer, receivedAt: since, authenticated } = session;
  const meaning = { kind: 'resumption', identity, peer, since, authenticated } as const;
  return makeOffer(meaning, hashOf(session.hash, config)!, session.secret, session);
}

function makeOffer(
  meaning: PskMeaning,
  hash: Hash,
  secret: Uint8Array,
  session: ClientSession13 | undefined,
): PskOffer {
  const secrets = startSchedule(hash, secret);
  return { meaning, hash, secrets, session, dispose: () => secrets.dispose() };
}
