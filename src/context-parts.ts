import { andThen, isPromise } from './bytes/promise.ts';
import { autoProvider } from './crypto/auto.ts';
import type { CryptoProvider, MaybePromise } from './crypto/types.ts';
import type {
  ClientConnectionOptions,
  ClientResumptionOptions,
  ServerResumptionOptions,
} from './engine/config/index.ts';
import type { CredentialOption } from './engine/config/credential.ts';
import { type Hints, optionError, unknownOption, unsuitable } from './engine/config/rules.ts';
import { Alert } from './errors.ts';
import type { Credential, CredentialResolver, PeerVerifier } from './handshake/peer.ts';
import { checkCredentialNames, type CredentialSource, credentialOf } from './pki/credentials/credential.ts';
import { type AnchorSource, readAnchors } from './pki/path/anchors.ts';
import { anchorsDigest } from './pki/path/anchors-digest.ts';
import { systemRoots } from './pki/roots/system.ts';
import { certificateVerifier } from './pki/verifiers/verifier.ts';
import { toAsciiLabels } from './pki/x509/idna.ts';

/** What a context is made from, for either role: options as they were given, and what was read of them. */

/** What to show: loaded already, as files, several of either, or a function that chooses. */
export type CredentialInput =
  | Credential
  | CredentialSource
  | readonly (Credential | CredentialSource)[]
  | CredentialResolver;

/** What is chosen for both roles, and can be chosen otherwise. */
export interface Chosen {
  /** Default: node:crypto where the runtime has it, noble everywhere else. */
  readonly crypto?: CryptoProvider | undefined;
  /**
   * Certificates that are trusted: PEM as text or bytes, DER, or a list of these; `'system'`: those that this machine
   * trusts, where there is a store that can be read (Node, Deno, Bun). Not together with `verifier`. Default: none, no
   * certificate is trusted.
   */
  readonly anchors?: AnchorSource | 'system' | undefined;
  /** Judges the peer, in place of `anchors`. Default: one that trusts `anchors`. */
  readonly verifier?: PeerVerifier | undefined;
}

/** What was made for a context, and goes over to one that is made of it. */
export interface Made {
  readonly crypto?: CryptoProvider | undefined;
  readonly verifier?: PeerVerifier | undefined;
  readonly store?: ClientResumptionOptions['store'];
  readonly tickets?: ServerResumptionOptions['tickets'];
  readonly credential?: MaybePromise<CredentialOption> | undefined;
}

/** Nothing was made. It has no prototype: what is put on that of objects would be taken for a verifier. */
export const NOTHING_MADE: Made = /* @__PURE__ */ Object.freeze(/* @__PURE__ */ Object.create(null));

/** What changes does not touch. */
export function kept(made: Made, changes: object): Made {
  const { crypto, verifier, credential, ...rest } = made;
  const touched = (...names: readonly string[]): boolean => names.some((name) => Object.hasOwn(changes, name));
  return Object.assign(Object.create(null), rest, {
    ...(!touched('crypto') && { crypto }),
    ...(!touched('crypto', 'anchors', 'verifier', 'psks') && { verifier }),
    ...(!touched('crypto', 'credential') && { credential }),
  });
}

/** A copy of the own properties: what is on a prototype is no option. */
export function ownOptions<O extends object>(options: O, known: readonly string[], hints: Hints): O {
  if (typeof options !== 'object' || options === null) throw unsuitable('options', 'an object with options', options);
  for (const name of Object.keys(options)) if (!known.includes(name)) throw unknownOption(name, name, known, hints);
  // Every known name is there, so that none is looked up on a prototype.
  return { ...Object.fromEntries(known.map((name) => [name, undefined])), ...options };
}

export function trustOf(
  options: Chosen,
  made: Made,
): { readonly crypto: CryptoProvider; readonly verifier: PeerVerifier | undefined } {
  const crypto = options.crypto ?? made.crypto ?? autoProvider();
  const { anchors, verifier } = options;
  if (anchors !== undefined && verifier !== undefined)
    throw optionError('anchors', 'not together with a verifier, which would not know of them');
  if (made.verifier !== undefined) return { crypto, verifier: made.verifier };
  if (anchors === undefined) return { crypto, verifier };
  if (typeof anchors === 'string' && anchors !== 'system' && /^(?:system|default|native|os)$/i.test(anchors))
    throw unsuitable('anchors', "certificates that are trusted, or 'system'", anchors, "write 'system'");
  const trusted = readAnchors(anchors === 'system' ? systemRoots().certificates : anchors);
  // Named by what it trusts, so that sessions outlive the context: in another process, or after `with`.
  const policy = `anchors ${anchorsDigest(trusted, crypto.hash('sha256'))}`;
  return { crypto, verifier: certificateVerifier({ anchors: trusted, signatures: crypto.verifier, policy }) };
}

/** For a client that was given keys and no anchors: no certificate takes the place of a key. */
export const keysOnly: PeerVerifier = {
  policy: 'keys only',
  verify: () => ({
    ok: false,
    failure: {
      code: 'CERT_UNTRUSTED',
      message: 'the server showed a certificate, but only keys that were given are trusted: there are no anchors',
      alert: Alert.unknownCa,
    },
  }),
};

/** Files are read once, here. What takes time is a promise. */
export function readCredentials(input: CredentialInput, crypto: CryptoProvider): MaybePromise<CredentialOption> {
  if (typeof input === 'function') return input;
  const read = (one: Credential | CredentialSource): MaybePromise<Credential> => {
    if (isSource(one)) return credentialOf(one, crypto);
    if (typeof one === 'object' && one !== null && !Object.hasOwn(one, 'chain')) {
      if (!isPromise(one)) checkCredentialNames(one);
      if (Object.hasOwn(one, 'privateKey'))
        throw optionError('credential.certificates', 'the certificate that goes with the private key is needed');
    }
    return one;
  };
  if (!isList(input)) return read(input);
  const all = input.map(read);
  const loaded = all.filter((one): one is Credential => !isPromise(one));
  return loaded.length === all.length ? loaded : Promise.all(all);
}

function isSource(value: Credential | CredentialSource): value is CredentialSource {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'certificates');
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** What was given, without what is undefined: a default is not to be replaced by nothing. */
export function definedOf<T extends object>(options: T | undefined): T | object {
  if (typeof options !== 'object' || options === null) return options === undefined ? {} : options;
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Names of other scripts as certificates and SNI have them (RFC 5890). */
export function withAsciiName(connection: ClientConnectionOptions): ClientConnectionOptions {
  const serverName = Object.hasOwn(connection, 'serverName') ? connection.serverName : undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII.
  if (typeof serverName !== 'string' || /^[\u0000-\u007f]*$/.test(serverName)) return { ...connection, serverName };
  const labels = toAsciiLabels(serverName);
  if (labels === undefined)
    throw unsuitable('serverName', 'a DNS name or an IP address', serverName, 'a label of it cannot be a domain name');
  return { ...connection, serverName: labels.join('.') };
}

export function whenLoaded<C extends CredentialOption | undefined, R>(
  credential: MaybePromise<C>,
  use: (loaded: C) => R,
  done: (result: R) => void,
): MaybePromise<R> {
  const result = andThen(credential, use);
  // A failure is that of the connections that wait for it, and of `ready`.
  if (isPromise(result)) result.then(done, () => {});
  return result;
}
