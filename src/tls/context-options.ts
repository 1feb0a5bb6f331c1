import { constants } from 'node:crypto';
import type { Credential } from '../handshake/peer.ts';
import type { TicketSealer } from '../handshake/session.ts';
import { autoProvider } from '../crypto/auto.ts';
import { ticketSealer } from '../resumption/tickets.ts';
import {
  checkFile,
  checkInteger,
  checkString,
  checkView,
  coded,
  invalidType,
  invalidValue,
  option,
  viewBytes,
} from './arguments.ts';
import { readCurves, readSignatureAlgorithms } from './algorithms.ts';
import { type CipherChoice, readCiphers } from './ciphers.ts';
import { readCredentials, readPfx } from './credentials.ts';
import { defaults } from './defaults.ts';
import { invalidMethod, invalidVersion, notHere, versionConflict } from './node-errors.ts';

/** What a secure context is made of: Node's options, read. */
export interface Materials {
  /** Those of files with a password are still being read. */
  credentials: readonly (Credential | Promise<Credential>)[];
  /** Undefined: those of `getCACertificates()`. */
  authorities: readonly (string | Uint8Array)[] | undefined;
  crls: readonly (string | Uint8Array)[];
  versions: readonly ('TLSv1.2' | 'TLSv1.3')[];
  ciphers: CipherChoice;
  groups: readonly string[] | undefined;
  signatures: readonly string[] | undefined;
  preference: 'server' | 'client';
  /** OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT. */
  legacyServers: boolean;
  /** No tickets: sessions by their id alone. */
  withoutTickets: boolean;
  ticketKeys: Uint8Array;
  tickets: TicketSealer;
  /** In seconds. */
  sessionTimeout: number | undefined;
  sessionIdContext: string | undefined;
}

type Reader = (value: unknown, into: Materials, name: string, options: object) => void;

/** How an option of node:tls is read, and which of ours it becomes. */
export interface NodeOption {
  readonly name: string;
  /** Our own option, or what becomes of it. */
  readonly becomes: string;
  readonly read: Reader;
}

/**
 * Every option of `tls.createSecureContext`, in the order in which they are read. What OpenSSL can and we do not is here
 * too, and throws.
 */
export const CONTEXT_OPTIONS: readonly NodeOption[] = /* @__PURE__ */ (() => [
  { name: 'secureProtocol', becomes: '`protocols`', read: readProtocol },
  { name: 'minVersion', becomes: '`protocols`', read: checked },
  { name: 'maxVersion', becomes: '`protocols`', read: checked },
  { name: 'secureOptions', becomes: '`protocols`, `preference`, `resumption`', read: readSecureOptions },
  { name: 'honorCipherOrder', becomes: '`preference`', read: readOrder },
  { name: 'ciphers', becomes: '`suites`', read: readCipherList },
  { name: 'ca', becomes: '`anchors`', read: readAuthorities },
  { name: 'allowPartialTrustChain', becomes: '`anchors`: every certificate among them is one', read: accepted },
  { name: 'cert', becomes: '`credential`', read: checked },
  { name: 'key', becomes: '`credential`', read: readKeys },
  { name: 'passphrase', becomes: '`credential`', read: checked },
  { name: 'sigalgs', becomes: '`signatures`', read: readSigalgs },
  { name: 'privateKeyIdentifier', becomes: 'refused: there are no engines', read: readEngineKey },
  { name: 'privateKeyEngine', becomes: 'refused: there are no engines', read: checked },
  { name: 'ecdhCurve', becomes: '`groups`', read: readEcdhCurve },
  { name: 'dhparam', becomes: '`auto`: the groups of RFC 7919; others are refused', read: readDhParameters },
  { name: 'crl', becomes: '`verifier` with a revocationChecker', read: readCrls },
  { name: 'sessionIdContext', becomes: '`resumption.context`', read: readSessionContext },
  { name: 'pfx', becomes: '`credential`', read: readPfxFiles },
  { name: 'clientCertEngine', becomes: 'refused: there are no engines', read: readClientEngine },
  { name: 'ticketKeys', becomes: '`resumption.tickets`', read: readTicketKeys },
  { name: 'sessionTimeout', becomes: '`resumption.ticketLifetime`', read: readSessionTimeout },
])();

/** @throws what node:tls throws, and TlsError for what we do not have. */
export function readMaterials(options: object): Materials {
  const keys = autoProvider();
  const ticketKeys = new Uint8Array(48);
  keys.random.fill(ticketKeys);
  const into: Materials = {
    credentials: [],
    authorities: undefined,
    crls: [],
    versions: ['TLSv1.3', 'TLSv1.2'],
    ciphers: readCiphers(defaults.DEFAULT_CIPHERS, 'DEFAULT_CIPHERS'),
    groups: undefined,
    signatures: undefined,
    preference: 'client',
    legacyServers: false,
    withoutTickets: false,
    ticketKeys,
    tickets: sealerOf(ticketKeys),
    sessionTimeout: undefined,
    sessionIdContext: undefined,
  };
  for (const { name, read } of CONTEXT_OPTIONS) read(option(options, name), into, `options.${name}`, options);
  return into;
}

/** Tickets under the 48 bytes that node:tls calls ticket keys. */
export function sealerOf(ticketKeys: Uint8Array): TicketSealer {
  return ticketSealer({ crypto: autoProvider(), secrets: [ticketKeys] });
}

/** Read together with another one. */
function checked(): void {}

/** It is so anyway. */
function accepted(): void {}

const METHODS: { readonly [name: string]: readonly [min: string, max: string] } = {
  TLS: ['TLSv1', 'TLSv1.3'],
  SSLv23: ['TLSv1', 'TLSv1.2'],
  TLSv1_2: ['TLSv1.2', 'TLSv1.2'],
  TLSv1_1: ['TLSv1.1', 'TLSv1.1'],
  TLSv1: ['TLSv1', 'TLSv1'],
};

const VERSIONS: readonly string[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

function readProtocol(method: unknown, into: Materials, _name: string, options: object): void {
  const min = option(options, 'minVersion') ?? undefined;
  const max = option(options, 'maxVersion') ?? undefined;
  if (method) {
    if (min !== undefined) throw versionConflict(min, method);
    if (max !== undefined) throw versionConflict(max, method);
    checkString(method, 'secureProtocol');
    const [, family = ''] = /^(.*?)(?:_client|_server)?_method$/.exec(method) ?? [];
    if (/^SSLv[23]$/.test(family)) throw invalidMethod(`${family} methods disabled`);
    const range = METHODS[family];
    if (range === undefined) throw invalidMethod(`Unknown method: ${method}`);
    into.versions = between(range[0], range[1]);
    if (into.versions.length === 0)
      throw invalidMethod(`${method}: there is only TLSv1.2 and TLSv1.3 here, older versions are not spoken`);
    return;
  }
  const from = version(min ?? defaults.DEFAULT_MIN_VERSION, 'minimum');
  const to = version(max ?? defaults.DEFAULT_MAX_VERSION, 'maximum');
  if (VERSIONS.indexOf(to) < 2)
    throw invalidVersion(to, 'maximum', ' here: there is only TLSv1.2 and TLSv1.3, older versions are not spoken');
  into.versions = between(from, to);
}

function version(value: unknown, which: 'minimum' | 'maximum'): string {
  if (typeof value === 'string' && VERSIONS.includes(value)) return value;
  throw invalidVersion(value, which);
}

function between(min: string, max: string): readonly ('TLSv1.2' | 'TLSv1.3')[] {
  const [from, to] = [VERSIONS.indexOf(min), VERSIONS.indexOf(max)];
  return (['TLSv1.3', 'TLSv1.2'] as const).filter(
    (one) => VERSIONS.indexOf(one) >= from && VERSIONS.indexOf(one) <= to,
  );
}

function readSecureOptions(value: unknown, into: Materials): void {
  if (!value) return;
  checkInteger(value, 'secureOptions', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const bits = BigInt(value);
  const has = (bit: number): boolean => (bits & BigInt(bit)) !== 0n;
  if (has(constants.SSL_OP_CIPHER_SERVER_PREFERENCE)) into.preference = 'server';
  if (has(constants.SSL_OP_NO_TICKET)) into.withoutTickets = true;
  if (has(constants.SSL_OP_LEGACY_SERVER_CONNECT)) into.legacyServers = true;
  into.versions = into.versions.filter(
    (one) => !has(one === 'TLSv1.2' ? constants.SSL_OP_NO_TLSv1_2 : (constants.SSL_OP_NO_TLSv1_3 ?? 0x2000_0000)),
  );
}

function readOrder(value: unknown, into: Materials): void {
  if (value) into.preference = 'server';
}

function readCipherList(value: unknown, into: Materials, name: string): void {
  if (value !== undefined && value !== null) checkString(value, name);
  into.ciphers = readCiphers(value || defaults.DEFAULT_CIPHERS, name);
  if (into.ciphers.only13 && into.versions.includes('TLSv1.3')) into.versions = ['TLSv1.3'];
}

function readAuthorities(value: unknown, into: Materials, name: string): void {
  if (value) into.authorities = [value].flat().map((one) => checkFile(one, name));
}

function readKeys(value: unknown, into: Materials, name: string, options: object): void {
  const cert = option(options, 'cert');
  const certificates = cert ? [cert].flat().map((one) => checkFile(one, 'options.cert')) : [];
  into.credentials = [
    ...into.credentials,
    ...readCredentials(certificates, value, option(options, 'passphrase'), into.authorities ?? [], name),
  ];
}

function readPfxFiles(value: unknown, into: Materials, name: string, options: object): void {
  if (value === undefined || value === null) return;
  const passphrase = option(options, 'passphrase');
  into.credentials = [...into.credentials, ...[value].flat().map((one) => readPfx(one, passphrase, name))];
}

function readSigalgs(value: unknown, into: Materials, name: string): void {
  if (value === undefined || value === null) return;
  checkString(value, name);
  into.signatures = readSignatureAlgorithms(value, name);
}

function readEngineKey(value: unknown, _into: Materials, name: string, options: object): void {
  if (value === undefined || value === null) return;
  const engine = option(options, 'privateKeyEngine');
  if (engine === undefined || engine === null) throw invalidValue('options.privateKeyEngine', engine);
  if (option(options, 'key')) throw invalidValue(name, value);
  if (typeof value !== 'string') throw invalidType(name, ['string', 'null', 'undefined'], value);
  if (typeof engine !== 'string')
    throw invalidType('options.privateKeyEngine', ['string', 'null', 'undefined'], engine);
  throw noEngines(name);
}

function readClientEngine(value: unknown, _into: Materials, name: string): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'string') throw invalidType(name, ['string', 'null', 'undefined'], value);
  throw noEngines(name);
}

function noEngines(name: string): Error {
  return coded(
    new Error('Custom engines not supported by this OpenSSL', {
      cause: notHere(name, 'there are no engines here; keys that cannot be read are for warifu/node, as a signer'),
    }),
    'ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED',
  );
}

function readEcdhCurve(value: unknown, into: Materials, name: string): void {
  const text = value === undefined ? defaults.DEFAULT_ECDH_CURVE || 'auto' : value;
  checkString(text, name);
  into.groups = readCurves(text);
}

function readDhParameters(value: unknown, _into: Materials, name: string): void {
  if (value === undefined || value === null || value === 'auto') return;
  checkFile(value, name);
  throw notHere(
    name,
    "own Diffie-Hellman parameters cannot be checked and are not taken; write 'auto', or leave it out",
  );
}

function readCrls(value: unknown, into: Materials, name: string): void {
  if (value === undefined || value === null) return;
  into.crls = [value].flat().map((one) => checkFile(one, name));
}

function readSessionContext(value: unknown, into: Materials, name: string): void {
  if (value === undefined || value === null) return;
  checkString(value, name);
  into.sessionIdContext = value;
}

function readTicketKeys(value: unknown, into: Materials, name: string): void {
  if (value === undefined || value === null) return;
  checkView(value, name);
  if (value.byteLength !== 48) throw invalidValue(name, value.byteLength, 'must be exactly 48 bytes');
  into.ticketKeys = viewBytes(value).slice();
  into.tickets = sealerOf(into.ticketKeys);
}

function readSessionTimeout(value: unknown, into: Materials, name: string): void {
  if (value === undefined || value === null) return;
  checkInteger(value, name, 0);
  into.sessionTimeout = value;
}
