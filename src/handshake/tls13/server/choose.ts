import { equalBytes } from '../../../bytes/bytes.ts';
import { quotedList } from '../../../bytes/text.ts';
import type { CipherSuite13, KeyExchange } from '../../../crypto/types.ts';
import { TlsError } from '../../../errors.ts';
import { type ExtensionBlock, type RawExtension, readExtensions } from '../../../wire/extension.ts';
import { alpn } from '../../../wire/extensions/alpn.ts';
import { cookie } from '../../../wire/extensions/cookie.ts';
import { earlyData } from '../../../wire/extensions/early-data.ts';
import { keyShare } from '../../../wire/extensions/key-share.ts';
import { padding } from '../../../wire/extensions/padding.ts';
import { preSharedKey } from '../../../wire/extensions/pre-shared-key.ts';
import { pskKeyExchangeModes } from '../../../wire/extensions/psk-key-exchange-modes.ts';
import { recordSizeLimit } from '../../../wire/extensions/record-size-limit.ts';
import { serverName } from '../../../wire/extensions/server-name.ts';
import { signatureAlgorithms } from '../../../wire/extensions/signature-algorithms.ts';
import { supportedGroups } from '../../../wire/extensions/supported-groups.ts';
import { supportedVersions } from '../../../wire/extensions/supported-versions.ts';
import type { ClientHello } from '../../../wire/hello.ts';
import { EXTENSION_ENCRYPTED_CLIENT_HELLO, TLS_1_2, TLS_1_3 } from '../../../wire/ids.ts';
import type { ServerConfig } from '../../config.ts';
import type { ClientHelloArrival } from '../../machine.ts';
import type { ClientHelloSummary } from '../../requests.ts';
import { KNOWN_EXTENSIONS } from '../known-extensions.ts';
import { readRecordSizeLimit } from '../../limits.ts';
import { sharedInOrder } from '../../suite-order.ts';

/** A ClientHello that has been checked as far as it can be without choosing anything. */
export interface ReadHello {
  readonly hello: ClientHello;
  readonly extensions: ExtensionBlock<'ClientHello'>;
  readonly groups: readonly number[];
  readonly shares: readonly { readonly group: number; readonly keyExchange: Uint8Array }[];
  readonly schemes: readonly number[];
  readonly summary: ClientHelloSummary;
}

/** Reads a TLS 1.3 ClientHello; RFC 9846 section 9.2 says what has to be in it. */
export function readClientHello(message: ClientHelloArrival): ReadHello {
  const { hello } = message;
  const extensions = readExtensions('ClientHello', hello.extensions, KNOWN_EXTENSIONS);
  if (hello.legacyVersion !== TLS_1_2)
    throw new TlsError('ERR_LEGACY_VERSION', { detail: `0x${hello.legacyVersion.toString(16)}` });
  const versions = extensions.get(supportedVersions);
  if (versions?.includes(TLS_1_3) !== true) throw new TlsError('ERR_VERSION');
  if (hello.legacyCompressionMethods.length !== 1 || hello.legacyCompressionMethods[0] !== 0)
    throw new TlsError('ERR_COMPRESSION');
  if (extensions.has(preSharedKey.id) && !extensions.has(pskKeyExchangeModes.id))
    throw missing('psk_key_exchange_modes');

  // With a PSK it may do without either; but groups without shares, or shares without groups, are nothing.
  const exchange = extensions.has(supportedGroups.id) || extensions.has(keyShare.id);
  if (exchange || !extensions.has(preSharedKey.id)) requireKeyExchange(extensions);
  if (!extensions.has(preSharedKey.id)) requireSignatures(extensions);
  const schemes = extensions.get(signatureAlgorithms) ?? [];
  const groups = extensions.get(supportedGroups) ?? [];
  const shares = extensions.get(keyShare) ?? [];
  checkShares(shares, groups);
  const limit = extensions.get(recordSizeLimit);
  // Here already, so that nothing has been said to a client whose hello is refused (RFC 8449 section 4).
  if (limit !== undefined) readRecordSizeLimit(limit, true);
  return {
    hello,
    extensions,
    groups,
    shares,
    schemes,
    summary: summarize(message, hello, extensions, groups, schemes),
  };
}

/** @throws TlsError ERR_MISSING_EXTENSION where no key could be agreed on. */
export function requireKeyExchange(extensions: ExtensionBlock<'ClientHello'>): void {
  if (extensions.get(supportedGroups) === undefined) throw missing('supported_groups');
  if (extensions.get(keyShare) === undefined) throw missing('key_share');
}

/** @throws TlsError ERR_MISSING_EXTENSION where we could not prove ourselves by certificate. */
export function requireSignatures(extensions: ExtensionBlock<'ClientHello'>): void {
  if (extensions.get(signatureAlgorithms) === undefined) throw missing('signature_algorithms');
}

/** The first suite in the order of the side that decides, which the other allows too. */
export function chooseSuite(offered: readonly number[], config: ServerConfig): CipherSuite13 {
  const [chosen] = sharedInOrder(offered, config.suites13, config);
  if (chosen === undefined) throw new TlsError('ERR_NO_SHARED_SUITE', { detail: `the client offers ${list(offered)}` });
  return chosen;
}

/**
 * The group comes first from the lists, and only then from the shares: so a client that could have done better is asked
 * to (RFC 9846 section 4.3.8).
 */
export function chooseGroup(groups: readonly number[], config: ServerConfig): KeyExchange {
  const chosen =
    config.preference === 'server'
      ? config.groups.find(({ id }) => groups.includes(id))
      : firstOf(groups, (id) => config.groups.find((group) => group.id === id));
  if (chosen === undefined) throw new TlsError('ERR_NO_SHARED_GROUP', { detail: `the client offers ${list(groups)}` });
  return chosen;
}

/** RFC 7301 section 3.2: our order decides; a client that offers only what we do not speak is refused. */
export function chooseProtocol(offered: readonly string[] | undefined, ours: readonly string[]): string | undefined {
  if (offered === undefined || ours.length === 0) return undefined;
  const chosen = ours.find((protocol) => offered.includes(protocol));
  if (chosen === undefined)
    throw new TlsError('ERR_NO_SHARED_ALPN', { detail: `the client offers ${quotedList(offered)}` });
  return chosen;
}

/** RFC 9846 section 4.2.2 lists all that may differ in the second ClientHello. */
export function checkSecondHello(first: ReadHello, second: ReadHello, group: KeyExchange | undefined): void {
  const a = first.hello;
  const b = second.hello;
  const same =
    equalBytes(a.random, b.random) &&
    equalBytes(a.legacySessionId, b.legacySessionId) &&
    a.cipherSuites.length === b.cipherSuites.length &&
    a.cipherSuites.every((suite, index) => suite === b.cipherSuites[index]);
  if (!same) throw new TlsError('ERR_RETRY_CHANGED', { detail: 'random, session id or cipher suites' });
  const changed = changedExtension(first.hello.extensions, second.hello.extensions);
  if (changed !== undefined)
    throw new TlsError('ERR_RETRY_CHANGED', { detail: `the extension 0x${changed.toString(16).padStart(4, '0')}` });
  if (!leavesOutOnly(first.extensions.get(preSharedKey)?.identities, second.extensions.get(preSharedKey)?.identities))
    throw new TlsError('ERR_RETRY_CHANGED', { detail: 'another PSK' });
  if (second.extensions.has(earlyData.id))
    throw new TlsError('ERR_RETRY_CHANGED', { detail: 'early_data after HelloRetryRequest' });
  if (group !== undefined && (second.shares.length !== 1 || second.shares[0]!.group !== group.id)) {
    throw new TlsError('ERR_RETRY_CHANGED', { detail: `not exactly one key share, for ${group.name}` });
  }
}

/**
 * The type of an extension that is new, gone or not what it was. Their order says nothing, but for pre_shared_key at the
 * end, and there are clients that change it (wolfSSL); none is there twice.
 */
function changedExtension(before: readonly RawExtension[], after: readonly RawExtension[]): number | undefined {
  const mayDiffer = new Set([
    keyShare.id,
    earlyData.id,
    cookie.id,
    preSharedKey.id,
    padding.id,
    // To those who do not know ECH it is random bytes, and clients that only pretend to use it make new ones.
    EXTENSION_ENCRYPTED_CLIENT_HELLO,
  ]);
  const left = new Map(before.filter(({ type }) => !mayDiffer.has(type)).map(({ type, data }) => [type, data]));
  for (const { type, data } of after) {
    if (mayDiffer.has(type)) continue;
    const known = left.get(type);
    if (known === undefined || !equalBytes(known, data)) return type;
    left.delete(type);
  }
  return left.keys().next().value;
}

interface Named {
  readonly identity: Uint8Array;
}

/** PSKs that do not go with the suite may be gone; none may be new, or in another place. */
function leavesOutOnly(before: readonly Named[] = [], after: readonly Named[] = []): boolean {
  let from = 0;
  return after.every(({ identity }) => {
    while (from < before.length && !equalBytes(before[from]!.identity, identity)) from++;
    return from++ < before.length;
  });
}

/**
 * RFC 9846 section 4.3.8: each share belongs to an offered group. They should stand in the same order, but clients with a
 * hybrid group put it first where an earlier connection used it, whatever their order of groups; a server need not mind,
 * and the order decides nothing here.
 */
function checkShares(shares: ReadHello['shares'], groups: readonly number[]): void {
  for (const { group } of shares) {
    if (!groups.includes(group)) throw new TlsError('ERR_KEY_SHARE_ORDER', { detail: `group 0x${group.toString(16)}` });
  }
}

function summarize(
  message: ClientHelloArrival,
  hello: ClientHello,
  extensions: ExtensionBlock<'ClientHello'>,
  groups: readonly number[],
  schemes: readonly number[],
): ClientHelloSummary {
  return {
    serverName: extensions.get(serverName),
    alpn: extensions.get(alpn) ?? [],
    versions: extensions.get(supportedVersions) ?? [],
    suites: hello.cipherSuites,
    groups,
    schemes,
    raw: message.raw,
  };
}

function missing(name: string): TlsError {
  return new TlsError('ERR_MISSING_EXTENSION', { detail: `ClientHello has no ${name}` });
}

function firstOf<T>(ids: readonly number[], find: (id: number) => T | undefined): T | undefined {
  for (const id of ids) {
    const found = find(id);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Some of them, where a client has very many. */
function list(ids: readonly number[]): string {
  const some = ids.slice(0, 16).map((id) => `0x${id.toString(16).padStart(4, '0')}`);
  return ids.length > some.length ? `${some.join(', ')} and ${ids.length - some.length} more` : some.join(', ');
}
