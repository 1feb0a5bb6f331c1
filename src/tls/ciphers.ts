import { autoProvider } from '../crypto/auto.ts';
import { legacySuites } from '../legacy.ts';
import { opensslName } from '../node/node-shapes.ts';
import { invalidValue } from './arguments.ts';
import { opensslError } from './node-errors.ts';

/**
 * OpenSSL's language of cipher lists, for the suites that we have. A name takes its suite, an alias those that it stands
 * for; `!`, `-`, `+` before it strike out for good, strike out, and move to the end. Suites of old devices (RSA key
 * exchange, DHE, CBC) are taken only where they are named one by one, or by their key exchange: `ALL` and `HIGH` do not
 * stand for them.
 */

/** What a list of ciphers comes to. */
export interface CipherChoice {
  /** Names of the RFCs, best first; those of TLS 1.3 first. */
  readonly suites: readonly string[];
  /** No suite of TLS 1.2 was asked for at all. */
  readonly only13: boolean;
  /** Suites of old devices are among them. */
  readonly legacy: boolean;
  /** `@SECLEVEL`, which says how short a key may be. */
  readonly securityLevel: number | undefined;
  /** Pre-shared keys were asked for. */
  readonly psk: boolean;
}

interface Candidate {
  /** Of the RFCs. */
  readonly name: string;
  readonly openssl: string;
  readonly legacy: boolean;
}

/**
 * Reads a list. @param name of the option.
 * @throws Error ERR_SSL_NO_CIPHER_MATCH when nothing of it is known here.
 */
export function readCiphers(text: string, name: string): CipherChoice {
  const tokens = text
    .replaceAll('@', ':@')
    .split(/[:, ]/)
    .filter((token) => token !== '');
  if (tokens.length === 0) throw invalidValue(name, text);
  const names13 = tokens.filter((token) => /^!?TLS_/.test(token));
  const names12 = tokens.filter((token) => !/^!?TLS_/.test(token));
  const suites13 = read13(names13);
  const list = new CipherList(all12());
  for (const token of names12) list.apply(token);
  const psk = names12.some((token) => /^(?!!|-).*PSK/.test(token));
  if (names12.length > 0 && list.chosen.length === 0 && !psk && !names12.every((token) => token.startsWith('@')))
    throw opensslError('no cipher match', undefined, `${name}: nothing of ${JSON.stringify(text)} is known here`);
  return {
    suites: [...suites13, ...list.chosen.map((one) => one.name)],
    only13: names12.every((token) => token.startsWith('@')),
    legacy: list.chosen.some(({ legacy }) => legacy),
    securityLevel: list.securityLevel,
    psk,
  };
}

/** All that we have, in OpenSSL's names and lower case, as `tls.getCiphers()` has them. */
export function cipherNames(): readonly string[] {
  return [
    ...suites13().map((name) => name.toLowerCase()),
    ...all12().map(({ openssl }) => openssl.toLowerCase()),
  ].sort();
}

/** The default list, in OpenSSL's names. */
export function defaultCiphers(): string {
  const modern = all12().filter(({ legacy }) => !legacy);
  return [...suites13(), ...modern.map(({ openssl }) => openssl)].join(':');
}

function read13(names: readonly string[]): readonly string[] {
  const known = suites13();
  const wanted = names.filter((name) => !name.startsWith('!'));
  if (wanted.length === 0) return known;
  const found = wanted.filter((name) => known.includes(name));
  const [unknown] = wanted.filter((name) => !known.includes(name) && !/^TLS_(AES_128_CCM|ECDHE|RSA|DHE)/.test(name));
  if (unknown !== undefined || found.length === 0)
    throw opensslError('no cipher match', undefined, `${unknown ?? wanted[0]} is not known here`);
  return found;
}

class CipherList {
  chosen: Candidate[] = [];
  securityLevel: number | undefined;
  #left: readonly Candidate[];

  constructor(all: readonly Candidate[]) {
    this.#left = all;
  }

  apply(token: string): void {
    if (token.startsWith('@')) {
      const [, level] = /^@SECLEVEL=([0-5])$/.exec(token) ?? [];
      if (level !== undefined) this.securityLevel = Number(level);
      else if (token !== '@STRENGTH') throw opensslError('invalid command', undefined, `${token} is not known here`);
      return;
    }
    const [, sign = '', what = ''] = /^([!+-]?)(.*)$/.exec(token) ?? [];
    const found = this.#left.filter((one) => matches(one, what));
    const rest = this.chosen.filter((one) => !found.includes(one));
    if (sign === '!') this.#left = this.#left.filter((one) => !found.includes(one));
    if (sign === '!' || sign === '-') this.chosen = rest;
    else if (sign === '+') this.chosen = [...rest, ...this.chosen.filter((one) => found.includes(one))];
    else this.chosen = [...this.chosen, ...found.filter((one) => !this.chosen.includes(one))];
  }
}

function matches({ name, openssl, legacy }: Candidate, what: string): boolean {
  if (what === openssl || what === name) return true;
  const aliases = what.split('+');
  if (legacy && !aliases.some((alias) => Object.hasOwn(LEGACY, alias))) return false;
  return aliases.every((alias) => LEGACY[alias]?.(name) ?? ALIASES[alias]?.(name) ?? false);
}

/** The key exchanges of old devices: to name one is to ask for it. */
const LEGACY: { readonly [alias: string]: (name: string) => boolean } = {
  RSA: (name) => name.startsWith('TLS_RSA_'),
  kRSA: (name) => name.startsWith('TLS_RSA_'),
  DHE: (name) => name.startsWith('TLS_DHE_'),
  EDH: (name) => name.startsWith('TLS_DHE_'),
  kDHE: (name) => name.startsWith('TLS_DHE_'),
  kEDH: (name) => name.startsWith('TLS_DHE_'),
};

/** Of the suites of today, all of which have ECDHE and an AEAD. */
const ALIASES: { readonly [alias: string]: (name: string) => boolean } = {
  ALL: () => true,
  DEFAULT: () => true,
  HIGH: () => true,
  'TLSv1.2': () => true,
  ECDHE: (name) => name.startsWith('TLS_ECDHE_'),
  EECDH: (name) => name.startsWith('TLS_ECDHE_'),
  kECDHE: (name) => name.startsWith('TLS_ECDHE_'),
  kEECDH: (name) => name.startsWith('TLS_ECDHE_'),
  aRSA: (name) => name.includes('_RSA_'),
  aECDSA: (name) => name.includes('_ECDSA_'),
  ECDSA: (name) => name.includes('_ECDSA_'),
  AES: (name) => name.includes('_AES_'),
  AESGCM: (name) => name.includes('_GCM_'),
  AES128: (name) => name.includes('_AES_128_'),
  AES256: (name) => name.includes('_AES_256_'),
  CHACHA20: (name) => name.includes('_CHACHA20_'),
  SHA256: () => false,
  SHA384: () => false,
};

function suites13(): readonly string[] {
  return autoProvider()
    .suites.filter(({ version }) => version === 0x0304)
    .map(({ name }) => name);
}

function all12(): readonly Candidate[] {
  const crypto = autoProvider();
  const candidate = (legacy: boolean) => (suite: { readonly name: string }) => ({
    name: suite.name,
    openssl: opensslName(suite.name),
    legacy,
  });
  return [
    ...crypto.suites.filter(({ version }) => version === 0x0303).map(candidate(false)),
    ...legacySuites(crypto).map(candidate(true)),
  ];
}
