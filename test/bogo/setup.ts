import { readFileSync } from 'node:fs';
import { equalBytes, fromHex } from '../../src/bytes/bytes.ts';
import { autoProvider } from '../../src/crypto/auto.ts';
import { nobleProvider, pureMlKem1024 } from '../../src/crypto/noble/index.ts';
import type { CryptoProvider, KeyExchange, MaybePromise, Signer } from '../../src/crypto/types.ts';
import { Engine } from '../../src/engine/engine.ts';
import {
  type ClientOptions,
  type CommonOptions,
  clientConfig,
  type ServerOptions,
  type ServerResumptionOptions,
  serverConfig,
} from '../../src/engine/config/index.ts';
import { Alert, TlsError } from '../../src/errors.ts';
import type { TraceEvent } from '../../src/handshake/config.ts';
import type { AnyProtocol } from '../../src/handshake/config.ts';
import type { ClientHelloSummary } from '../../src/handshake/requests.ts';
import type {
  Credential,
  CredentialQuery,
  CredentialResolver,
  PeerVerifier,
  PresentedPeer,
  Verdict,
  VerificationCode,
} from '../../src/handshake/peer.ts';
import { type Certificate, keyUsage, readCertificate } from '../../src/pki/x509/certificate.ts';
import { readPem } from '../../src/pki/x509/pem.ts';
import type { ClientSession, TicketSealer } from '../../src/handshake/session.ts';
import { type ImportablePsk, importedPsks, importPsk } from '../../src/resumption/psk.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import { privateKeyFromPem } from '../../src/pki/formats/private-key.ts';
import { maySign } from '../../src/handshake/authentication/certificates.ts';
import { legacySignatures } from '../../src/legacy.ts';
import { equalLists, Mismatch } from './expectations.ts';
import { type ConnectionFlags, type Flags, Unimplemented } from './flags.ts';
import { versionsOf } from './versions.ts';

/** From the flags of a connection to an engine. */

export interface Setup {
  readonly engine: Engine;
  /** Every event, in order. */
  readonly events: readonly TraceEvent[];
  /** Lines of the key log, by label. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Which of the added credentials was chosen; -1: the default one, or none. */
  readonly chosen: () => number;
}

/** What the connections of one test have in common. */
export interface Shared {
  /** The time, in milliseconds since 1970: it passes only when the test says so. */
  now: number;
  /** Client: the session that the connection before this one got last. */
  offered: ClientSession | undefined;
  /** Client: the one that this connection got last. */
  received: ClientSession | undefined;
  /** Server: a session was kept under an id, in any connection of the test. */
  kept: boolean;
  readonly tickets: TicketSealer;
  readonly sessionIds: {
    take(key: string): Uint8Array | undefined;
    put(key: string, state: Uint8Array): void;
  };
}

export function newShared(): Shared {
  const states = new Map<string, Uint8Array>();
  const shared: Shared = {
    now: Date.now(),
    offered: undefined,
    received: undefined,
    kept: false,
    tickets: ticketSealer({ crypto: provider }),
    sessionIds: {
      take: (key) => {
        const state = states.get(key);
        states.delete(key);
        return state;
      },
      put: (key, state) => {
        shared.kept = true;
        states.set(key, state);
      },
    },
  };
  return shared;
}

/** As many bytes as a server of the tests' maker takes: with what records add, no more than it skips. */
const EARLY_DATA = 14_336;

const whole = process.env.BOGO_PROVIDER === 'noble' ? nobleProvider() : autoProvider();
/** With the signatures of old devices, and a group of the other kind: some tests ask for nothing else. */
const provider: CryptoProvider = legacySignatures({ ...whole, groups: [...whole.groups, pureMlKem1024] });

/** What the tests take for granted when no flag says otherwise. */
const DEFAULT_GROUPS = [0x11ec, 0x001d, 0x0017, 0x0018];
const DEFAULT_SIGNATURES = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0201];
/** In the order in which a key is asked what it can make. */
const SIGNING = [
  0x0807, 0x0403, 0x0804, 0x0809, 0x0401, 0x0503, 0x0805, 0x080a, 0x0501, 0x0603, 0x0806, 0x080b, 0x0601, 0x0203,
  0x0201,
];

/** @throws Unimplemented for what cannot be set up, TlsError for what the library refuses. */
export async function makeEngine(
  { flags, credentials }: ConnectionFlags,
  retry: Flags,
  shared: Shared,
  resumed: boolean,
): Promise<Setup> {
  const events: TraceEvent[] = [];
  const secrets = new Map<string, Uint8Array>();
  const role = flags.has('server') ? 'server' : 'client';
  const { now } = shared;
  const protocols = protocolsFor(flags, role);
  const common = {
    protocols,
    crypto: provider,
    ...suitesFor(flags, protocols),
    groups: groupsFor(flags.numbers('curves'), DEFAULT_GROUPS),
    signatures: signaturesFor(flags),
    requireExtendedMasterSecret: false,
    signingAlgorithms: provider.signatures.map(({ name }) => name),
    maxRecordSize: recordSize(flags),
    ...(flags.has('max-cert-list') && { maxChainSize: flags.number('max-cert-list')! }),
    clock: { now: () => now },
    onTrace: (event: TraceEvent) => events.push(event),
    keyLog: (line: string) => {
      const [label, , secret] = line.split(' ');
      secrets.set(label!, fromHex(secret!));
    },
  } satisfies CommonOptions;
  const ours: Own[] = [];
  for (const [index, one] of credentials.entries())
    if (one.has('cert-file')) ours.push(await ownCredential(one, index - 1, !flags.has('decline-ocsp-callback')));
  let chosen = -1;
  const choose = (query: CredentialQuery): MaybePromise<Credential | undefined> =>
    later(flags, () => {
      const own = chooseCredential(flags, query, ours);
      chosen = own?.number ?? -1;
      return own?.credential;
    });
  // The default credential is the last one asked.
  if (ours[0]?.number === -1) ours.push(ours.shift()!);
  // A client whose session was refused together with its early data judges the server as the retry flags say.
  const rules = (): Flags => ((engine.info.earlyData?.bytes ?? 0) > 0 ? retry : flags);
  const keys = credentials.flatMap((one, index) => importableOf(one, index - 1));
  const engine: Engine =
    role === 'client'
      ? new Engine(
          clientConfig({
            ...clientOptions(flags, rules, common, choose),
            ...clientSessions(flags, shared, resumed),
            psks: keys.flatMap(({ number: _, ...key }) => importPsk(key, provider)),
          }),
        )
      : new Engine(
          serverConfig({
            ...serverOptions(flags, common, choose),
            ...serverSessions(flags, shared),
            ...(keys.length > 0 && {
              psks: importedPsks((identity, context) => findKey(keys, identity, context), provider),
            }),
          }),
        );
  return { engine, events, secrets, chosen: () => numberOf(keys, engine.info.psk?.identity) ?? chosen };
}

function clientOptions(
  flags: Flags,
  rules: () => Flags,
  common: CommonOptions,
  credential: CredentialResolver,
): ClientOptions {
  const serverName = flags.text('host-name');
  const shares = keySharesFor(flags, common.groups!);
  return {
    ...common,
    verifier: {
      ...verifierFor(flags, rules),
      wantsOcsp: flags.has('enable-ocsp-stapling'),
      wantsSct: flags.has('enable-signed-cert-timestamps'),
    },
    alpn: splitProtocols(flags.text('advertise-alpn') ?? ''),
    grease: flags.has('enable-grease'),
    fallback: flags.has('fallback-scsv'),
    requireRenegotiationInfo: flags.has('no-legacy-server-connect'),
    helloRequest: flags.has('renegotiate-ignore') ? 'decline' : 'refuse',
    ...(serverName !== undefined && { serverName }),
    ...(shares !== undefined && { keyShares: shares }),
    credential,
  };
}

/** What a client sends of its own accord, if the test wants that. */
export function firstWords(flags: Flags): Uint8Array | undefined {
  if (!flags.has('shim-writes-first')) return undefined;
  const text = (flags.text('shim-initial-write') ?? 'hello').repeat(flags.number('repeat-shim-initial-write') ?? 1);
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** What is written several times, and may go as early data, is to have a record for each time. */
function recordSize(flags: Flags): number {
  const repeated = flags.has('repeat-shim-initial-write') ? flags.text('shim-initial-write')?.length : undefined;
  return flags.number('max-send-fragment') ?? repeated ?? 16_384;
}

function clientSessions(
  flags: Flags,
  shared: Shared,
  resumed: boolean,
): Pick<ClientOptions, 'resumption' | 'earlyData'> {
  if (flags.has('no-ticket')) return {};
  // As much as the session allows; the rest is said when the connection is open.
  const words = resumed && flags.has('enable-early-data') ? firstWords(flags) : undefined;
  const most = shared.offered?.version === 0x0304 ? shared.offered.maxEarlyData : 0;
  // Where the session allows nothing, nothing is sent, and the library says why.
  const earlyData = most === 0 && resumed && flags.has('enable-early-data') ? Uint8Array.of(0) : words?.slice(0, most);
  return {
    resumption: {
      store: {
        take: () => later(flags, () => shared.offered),
        put: (_key, session) => {
          shared.received = session;
        },
      },
      earlyDataWithCertificate: true,
    },
    ...(earlyData !== undefined && earlyData.length > 0 && { earlyData }),
  };
}

function serverSessions(flags: Flags, { tickets, sessionIds }: Shared): Pick<ServerOptions, 'resumption'> {
  const byId: ServerResumptionOptions = {
    sessionIds: {
      take: (key) => later(flags, () => sessionIds.take(key)),
      put: (key, state) => later(flags, () => sessionIds.put(key, state)),
    },
    context: 'shim',
  };
  if (flags.has('no-ticket')) return { resumption: byId };
  return {
    resumption: {
      ...byId,
      tickets,
      ...(flags.has('enable-early-data') && {
        earlyData: {
          max: EARLY_DATA,
          guard: { firstUse: () => later(flags, () => true) },
          tolerance: 60_000,
          allow: () => true,
        },
      }),
    },
  };
}

function serverOptions(
  flags: Flags,
  common: CommonOptions,
  credential: CredentialResolver,
): Parameters<typeof serverConfig>[0] {
  const select = flags.text('select-alpn');
  // A protocol that no client has in its list: everything that is offered is refused.
  const alpn = flags.has('reject-alpn') ? ['\0'] : select === undefined || select === '' ? [] : [select];
  const authorities = flags.text('use-client-ca-list');
  return {
    ...common,
    alpn,
    verifier: verifierFor(flags, () => flags),
    preference: flags.has('server-preference') || flags.has('cipher') ? 'server' : 'client',
    clientAuth: flags.has('verify-peer')
      ? 'optional'
      : flags.has('require-any-client-certificate')
        ? 'require'
        : 'none',
    ...(authorities !== undefined && { authorities: hexNames(authorities) }),
    selectContext: (hello) =>
      later(flags, () => {
        checkHello(flags, hello);
        return flags.has('select-empty-alpn') ? { alpn: [''] } : undefined;
      }),
    credential,
  };
}

/** With -async every answer comes later, as a promise. */
function later<T>(flags: Flags, answer: () => T): MaybePromise<T> {
  if (!flags.has('async')) return answer();
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(answer());
      } catch (error) {
        reject(error);
      }
    });
  });
}

function protocolsFor(flags: Flags, role: 'client' | 'server'): readonly AnyProtocol[] {
  const least = flags.number('min-version') || 0x0301;
  const most = flags.number('max-version') || 0x0304;
  const off: Record<number, string> = { 772: 'no-tls13', 771: 'no-tls12', 770: 'no-tls11', 769: 'no-tls1' };
  const wanted = [0x0304, 0x0303, 0x0302, 0x0301].filter(
    (version) => version >= least && version <= most && !flags.has(off[version]!),
  );
  const protocols = versionsOf(role, provider).filter(({ version }) => wanted.includes(version));
  if (protocols.length === 0 && wanted.length > 0) throw new Unimplemented('a version before TLS 1.2');
  return protocols;
}

/** The part of OpenSSL's language for suites that the tests speak: names, wholes, and lists of equals; TLS 1.3 has its own. */
function suitesFor(
  flags: Flags,
  protocols: readonly AnyProtocol[],
): { readonly suites?: readonly (string | readonly string[])[] } {
  const text = flags.text('cipher');
  if (text === undefined) return {};
  const all = [...provider.suites, ...protocols.flatMap(({ suites }) => suites ?? [])];
  const older = all.filter(({ version }) => version === 0x0303).map(({ name }) => name);
  const check = (name: string): string => {
    if (!older.includes(name)) throw new Unimplemented(`the cipher suites ${name}`);
    return name;
  };
  let chosen: (string | readonly string[])[] = [];
  for (const word of text.split(':')) {
    if (word === 'DEFAULT' || word === 'ALL') chosen.push(...older);
    else if (word === '!AES') chosen = chosen.filter((name) => !name.includes('_AES_'));
    else if (word === 'AES128') chosen.push(...older.filter((name) => name.includes('_AES_128_')));
    else if (word.startsWith('[')) chosen.push(word.slice(1, -1).split('|').map(check));
    else chosen.push(check(word));
  }
  return { suites: [...all.filter(({ version }) => version === 0x0304).map(({ name }) => name), ...chosen] };
}

function keySharesFor(flags: Flags, groups: readonly string[]): readonly string[] | undefined {
  const hints = flags.numbers('server-supported-groups-hint');
  if (hints.length > 0) {
    const hinted = groups.find((name) => hints.includes(groupId(name)));
    if (hinted !== undefined) return [hinted];
  }
  if (flags.has('no-key-shares')) return [];
  const asked = flags.numbers('key-shares');
  if (asked.length > 0) return groupsFor(asked, []);
  // The first group, and the first of the other generation.
  const isHybrid = (name: string): boolean => groupId(name) > 0x0200;
  const second = groups.find((name) => isHybrid(name) !== isHybrid(groups[0]!));
  return second === undefined ? undefined : [groups[0]!, second];
}

function groupId(name: string): number {
  return (provider.groups.find((group) => group.name === name) as KeyExchange).id;
}

/** Of the groups asked for, those that can be configured here. */
function groupsFor(asked: readonly number[], otherwise: readonly number[]): readonly string[] {
  const possible = asked.filter((id) => provider.groups.some((one) => one.id === id));
  return named('group', provider.groups, possible.length > 0 ? possible : asked.length > 0 ? asked : otherwise);
}

/** Of the schemes asked for, those that can be configured here. Where there is none, no peer could be told to take any. */
function signaturesFor(flags: Flags): readonly string[] {
  const asked = flags.numbers('verify-prefs');
  // What only a client may sign with cannot be asked of a server.
  const possible = asked.filter((id) =>
    provider.signatures.some((one) => one.id === id && (one.handshake13 !== 'client' || flags.has('server'))),
  );
  // Without one for TLS 1.2 the server would not speak it.
  const older = possible.some((id) => provider.signatures.some((one) => one.id === id && one.handshake12));
  return named('signature scheme', provider.signatures, older ? possible : [...possible, ...DEFAULT_SIGNATURES]);
}

function named(
  what: string,
  all: readonly { readonly id: number; readonly name: string }[],
  ids: readonly number[],
): readonly string[] {
  return ids.map((id) => {
    const found = all.find((one) => one.id === id);
    if (found === undefined) throw new Unimplemented(`the ${what} 0x${id.toString(16)}`);
    return found.name;
  });
}

/** A key that both sides were given, with its place among the credentials. */
type OwnKey = ImportablePsk & { readonly number: number };

function importableOf(flags: Flags, number: number): readonly OwnKey[] {
  const secret = flags.bytes('psk-importer-key');
  if (secret === undefined) return [];
  const identity = flags.bytes('psk-importer-identity') ?? new Uint8Array(0);
  const context = flags.bytes('psk-importer-context') ?? new Uint8Array(0);
  return [{ identity, secret, context, hash: flags.has('psk-importer-sha384') ? 'sha384' : 'sha256', number }];
}

/** Which key the two sides agreed on, by the identity that was made of it. */
function numberOf(keys: readonly OwnKey[], identity: Uint8Array | undefined): number | undefined {
  if (identity === undefined) return undefined;
  return keys.find((key) => importPsk(key, provider).some((made) => equalBytes(made.identity, identity)))?.number;
}

function findKey(keys: readonly OwnKey[], identity: Uint8Array, context: Uint8Array): ImportablePsk | undefined {
  const found = keys.find((key) => equalBytes(key.identity, identity) && equalBytes(key.context!, context));
  return found && { identity: found.identity, secret: found.secret, context: found.context!, hash: found.hash! };
}

/** A credential of the test. */
interface Own {
  readonly credential: Credential;
  /** Its place among those added; -1 for the default one. */
  readonly number: number;
  /** Only for a peer that names its issuer. */
  readonly mustMatchIssuer: boolean;
}

async function ownCredential(flags: Flags, number: number, staple: boolean): Promise<Own> {
  const chain = readPem(readFileSync(flags.text('cert-file')!, 'utf8')).map(({ der }) => der);
  const signer = await provider.signer(privateKeyFromPem(readFileSync(flags.text('key-file')!, 'utf8')));
  const preferences = flags.numbers('signing-prefs');
  const schemes = preferences.length > 0 ? preferences : SIGNING;
  const limited: Signer = {
    publicKey: signer.publicKey,
    schemes: schemes.filter((id) => signer.schemes.includes(id)),
    sign: (scheme, message) => signer.sign(scheme, message),
    ...(signer.decryptRaw !== undefined && { decryptRaw: (sealed: Uint8Array) => signer.decryptRaw!(sealed) }),
  };
  const ocspResponse = staple ? flags.bytes('ocsp-response') : undefined;
  const sctList = flags.bytes('signed-cert-timestamps');
  const credential = {
    chain,
    signer: limited,
    ...(ocspResponse !== undefined && { ocspResponse }),
    ...(sctList !== undefined && { sctList }),
  };
  return { credential, number, mustMatchIssuer: flags.has('must-match-issuer') };
}

/** The first that suits the peer. One alone is given out as it is: that it cannot be used is for the library to say. */
function chooseCredential(flags: Flags, query: CredentialQuery, ours: readonly Own[]): Own | undefined {
  checkQuery(flags, query);
  // Whether to staple is settled together with the certificate.
  if (flags.has('fail-cert-callback') || flags.has('fail-ocsp-callback')) throw new TlsError('ERR_CALLBACK_FAILED');
  const allowed = ours.filter((own) => !own.mustMatchIssuer || isIssuedBy(own.credential, query.authorities));
  if (allowed.length === 0 && ours.length > 0) throw new TlsError('ERR_NO_CREDENTIAL', { detail: 'no issuer matches' });
  const suited = allowed.find(({ credential }) => canSign(credential, query));
  // The tests do not want a client to continue without a certificate when it has one that the server cannot take.
  if (suited === undefined && query.certificateTypes !== undefined && ours.length > 0)
    throw new TlsError('ERR_NO_SHARED_SCHEME', { detail: 'no credential suits the request' });
  return suited ?? allowed[0];
}

function canSign({ signer }: Credential, { role, schemes, version, certificateTypes }: CredentialQuery): boolean {
  if (certificateTypes?.includes(signer.publicKey.kind === 'rsa' ? 1 : 64) === false) return false;
  return signer.schemes.some((id) => {
    const scheme = provider.signatures.find((one) => one.id === id);
    return (
      scheme !== undefined &&
      maySign(scheme, version, role) &&
      schemes.includes(id) &&
      scheme.fits(signer.publicKey, version === 0x0304)
    );
  });
}

function isIssuedBy({ chain }: Credential, authorities: readonly Uint8Array[]): boolean {
  return chain.some((der) => authorities.some((name) => equalBytes(name, readCertificate(der).issuer)));
}

/** What is known when a certificate is asked for. */
function checkQuery(flags: Flags, query: CredentialQuery): void {
  const names = flags.text('expect-client-ca-list');
  if (names !== undefined) equalLists('certificate authorities', query.authorities.map(hex), hexNames(names).map(hex));
  const schemes = flags.numbers('expect-peer-verify-pref');
  if (schemes.length > 0) equalLists('signature schemes of the peer', query.schemes, schemes);
  const types = flags.bytes('expect-certificate-types');
  if (types !== undefined) equalLists('certificate types', query.certificateTypes ?? [], [...types]);
}

function checkHello(flags: Flags, hello: ClientHelloSummary): void {
  if (flags.has('expect-no-server-name') && hello.serverName !== undefined)
    throw new Mismatch(`a server name came: ${hello.serverName}`);
  const name = flags.text('expect-server-name');
  if (name !== undefined && hello.serverName !== name)
    throw new Mismatch(`server name ${hello.serverName}, wanted ${name}`);
  const alpn = flags.text('expect-advertised-alpn');
  if (alpn !== undefined) equalLists('application protocols', hello.alpn, splitProtocols(alpn));
  if (flags.has('fail-ddos-callback')) throw new TlsError('ERR_CALLBACK_FAILED');
  if (flags.has('fail-early-callback')) throw new TlsError('ERR_CALLBACK_FAILED', { alert: Alert.handshakeFailure });
}

/**
 * The tests bring no certificates that a verifier could judge; whether it says yes is one of their flags. What is left
 * of it is that the leaf can be read, and that its key may sign.
 */
function verifierFor(flags: Flags, rules: () => Flags): PeerVerifier {
  return {
    verify: (peer) => later(flags, () => judge(rules(), peer)),
    policy: 'shim',
    // A client that was let in before is let in again, unless it is to be judged anew.
    ...(!flags.has('reverify-on-resume') && { recheck: (_peer, before) => before }),
  };
}

function judge(flags: Flags, peer: PresentedPeer): Verdict {
  let certificate: Certificate;
  try {
    certificate = readCertificate(peer.chain[0]!);
  } catch (error) {
    return refusal('CERT_MALFORMED', String(error), Alert.badCertificate);
  }
  if (keyUsage(certificate)?.has(peer.keyUse) === false)
    return refusal('CERT_KEY_USAGE', 'the key may not be used so', Alert.illegalParameter);
  if (flags.has('fail-ocsp-callback')) return refusal('CERT_BAD_STAPLE', 'as told', Alert.badCertificateStatusResponse);
  // A client that was not told to verify does not look at the answer.
  const fatal = peer.role === 'server' || flags.has('verify-peer');
  if (flags.has('verify-fail') && fatal) {
    const custom = flags.has('use-custom-verify-callback');
    return refusal('CERT_REFUSED', 'as told', custom ? Alert.certificateUnknown : Alert.handshakeFailure);
  }
  return { ok: true, publicKey: certificate.spki, path: peer.chain };
}

function refusal(code: VerificationCode, message: string, alert: number): Verdict {
  return { ok: false, failure: { code, message, alert } };
}

/** A ProtocolNameList without its own length. */
function splitProtocols(list: string): readonly string[] {
  const protocols: string[] = [];
  for (let at = 0; at < list.length; at += 1 + list.charCodeAt(at))
    protocols.push(list.slice(at + 1, at + 1 + list.charCodeAt(at)));
  return protocols;
}

/** DER names in hexadecimal, between commas. */
function hexNames(text: string): readonly Uint8Array[] {
  if (text === '<NULL>' || text === '<EMPTY>' || text === '') return [];
  return text.split(',').map(fromHex);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
