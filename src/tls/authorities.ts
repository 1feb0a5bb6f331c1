import { readFileSync } from 'node:fs';
import { readAnchors } from '../pki/path/anchors.ts';
import { anchorsDigest } from '../pki/path/anchors-digest.ts';
import { readParts } from '../pki/x509/file-parts.ts';
import { writePem } from '../pki/x509/pem.ts';
import { systemRoots } from '../pki/roots/system.ts';
import { certificateVerifier } from '../pki/verifiers/verifier.ts';
import { autoProvider } from '../crypto/auto.ts';
import type { PeerVerifier } from '../handshake/peer.ts';
import { checkString, coded, invalidType, invalidValue, viewBytes } from './arguments.ts';
import { ofNode } from './runtime.ts';

type Kind = 'default' | 'bundled' | 'system' | 'extra';

/** The authorities that are trusted where no `ca` is given, as node:tls lists them. */
class DefaultAuthorities {
  readonly #lists: Map<Kind, readonly string[]> = new Map();
  #own: readonly string[] | undefined;
  #verifier: PeerVerifier | undefined;

  list(kind: Kind): readonly string[] {
    const known = this.#lists.get(kind);
    if (known !== undefined) return known;
    const list = Object.freeze(kind === 'default' ? this.#default() : READ[kind]());
    this.#lists.set(kind, list);
    return list;
  }

  replace(certificates: readonly string[]): void {
    this.#own = certificates;
    this.#verifier = undefined;
    this.#lists.delete('default');
  }

  /** One for all contexts that have no `ca`: its anchors are many. */
  get verifier(): PeerVerifier {
    this.#verifier ??= verifierFor(this.list('default'));
    return this.#verifier;
  }

  #default(): readonly string[] {
    if (this.#own !== undefined) return this.#own;
    const system = usesSystem() ? this.list('system') : [];
    return [...this.list('bundled'), ...system, ...this.list('extra')];
  }
}

// Programs set it (`tls.setDefaultCACertificates`), and what is made afterwards goes by it: as in node:tls, there is one.
const shared: DefaultAuthorities = /* @__PURE__ */ new DefaultAuthorities();

const READ: { readonly [K in Exclude<Kind, 'default'>]: () => readonly string[] } = {
  bundled: () => nodeList('bundled') ?? nodeRoots(),
  system: () => nodeList('system') ?? systemRoots({ source: 'system', env: process.env }).certificates.map(pem),
  extra: () => {
    const file = process.env.NODE_EXTRA_CA_CERTS;
    return file === undefined || file === '' ? [] : pemsOf(readFileSync(file, 'latin1'));
  },
};

/** A verifier that trusts these; any name is left to `checkServerIdentity`. */
export function verifierFor(anchors: readonly (string | Uint8Array)[]): PeerVerifier {
  const { verifier: signatures, hash } = autoProvider();
  const read = readAnchors(anchors);
  const policy = `node:tls ${anchorsDigest(read, hash('sha256'))}`;
  return certificateVerifier({ anchors: read, signatures, policy, allowNoServerName: true });
}

/** The verifier of contexts without a `ca`. */
export function defaultVerifier(): PeerVerifier {
  return shared.verifier;
}

/**
 * The authorities of a kind, as PEM: `default` (what is trusted without `ca`), `bundled` (the list that comes with Node),
 * `system`, or `extra` (of NODE_EXTRA_CA_CERTS).
 * @throws TypeError for any other kind.
 *
 * @example
 * ```ts
 * import { getCACertificates } from 'warifu/tls';
 * getCACertificates('bundled').length > 100; // true
 * ```
 */
export function getCACertificates(type: 'default' | 'bundled' | 'system' | 'extra' = 'default'): readonly string[] {
  checkString(type, 'type');
  if (type !== 'default' && !Object.hasOwn(READ, type)) throw invalidValue('type', type, 'is invalid');
  return shared.list(type);
}

/**
 * Replaces what is trusted where no `ca` is given, for contexts that are made from now on.
 * @throws TypeError for what is no list of PEM. Error with OpenSSL's code for what cannot be read.
 *
 * @example
 * ```ts
 * import { getCACertificates, setDefaultCACertificates } from 'warifu/tls';
 * const before = getCACertificates();
 * setDefaultCACertificates([]);
 * getCACertificates(); // []
 * setDefaultCACertificates(before);
 * ```
 */
export function setDefaultCACertificates(certificates: readonly (string | ArrayBufferView)[]): void {
  if (!Array.isArray(certificates)) throw invalidType('certs', ['Array'], certificates);
  const texts = certificates.map((one, index) => {
    if (typeof one === 'string') return one;
    if (ArrayBuffer.isView(one)) return new TextDecoder().decode(viewBytes(one));
    throw invalidType(`certs[${index}]`, ['string', 'ArrayBufferView'], one);
  });
  let read: readonly string[];
  try {
    read = texts.flatMap(pemsOf);
  } catch (cause) {
    throw coded(
      new Error('No valid certificates found in the provided array', { cause }),
      texts.some((text) => text.includes('-----BEGIN')) ? 'ERR_OSSL_PEM_ASN1_LIB' : 'ERR_CRYPTO_OPERATION_FAILED',
    );
  }
  shared.replace([...new Set(read)]);
}

function pemsOf(text: string): readonly string[] {
  return readParts(text, { what: 'certs', kinds: ['certificate'] }).map(({ der }) => pem(der));
}

/** As Node writes them, without a line end behind the last line. */
function pem(der: Uint8Array): string {
  return writePem('CERTIFICATE', der).trimEnd();
}

/** Node's own, where it has them; it knows its command line. */
function nodeList(kind: 'bundled' | 'system'): readonly string[] | undefined {
  const get = ofNode('getCACertificates');
  const list: unknown = typeof get === 'function' ? Reflect.apply(get, undefined, [kind]) : undefined;
  return isTexts(list) ? list : undefined;
}

function nodeRoots(): readonly string[] {
  const list = ofNode('rootCertificates');
  return isTexts(list) ? list : [];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}

function usesSystem(): boolean {
  const said = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')];
  return said.includes('--use-system-ca') || process.env.NODE_USE_SYSTEM_CA === '1';
}
