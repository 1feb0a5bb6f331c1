import { ownOf } from '../../bytes/shape.ts';
import type { MaybePromise, SignatureVerifier } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { PeerVerifier, PresentedPeer, Verdict } from '../../handshake/peer.ts';
import { type AnchorSource, readAnchors } from '../path/anchors.ts';
import { freshPolicy } from '../path/recheck.ts';
import type { RevocationChecker } from '../revocation/types.ts';
import { basicConstraints, type Certificate, keyUsage, subjectAltNames } from '../x509/certificate.ts';
import { shown } from '../x509/general-name-text.ts';
import { decodeBase64 } from '../x509/pem.ts';
import { runSteps, type Steps, wait } from '../x509/steps.ts';
import { type Finding, isFinding, orMalformed } from '../x509/verdict.ts';
import { leafOf, no } from './pins.ts';
import { type CertificateVerifier, certificateVerifier } from './verifier.ts';

/** SPIFFE: identities of workloads in certificates (SPIFFE-ID, X509-SVID, SPIFFE Trust Domain and Bundle). */

export interface SpiffeId {
  /** "spiffe://example.org/web" */
  readonly uri: string;
  /** "example.org" */
  readonly trustDomain: string;
  /** "/web" */
  readonly path: string;
}

/** What a verifier of SPIFFE identities is told. */
export interface SpiffeOptions {
  /** `provider.verifier`. */
  readonly signatures: SignatureVerifier;
  /**
   * What each trust domain's certificates are judged by: PEM, DER, or a bundle in JSON by {@link readSpiffeBundle}. More
   * than one is federation: the authorities of a domain vouch for that domain and for no other.
   */
  readonly bundles: { readonly [trustDomain: string]: AnchorSource };
  /** Who may be the peer: ids as they are, or a function. A trust domain alone lets everybody in that has an id in it. */
  readonly accept: readonly string[] | ((id: SpiffeId) => boolean);
  readonly revocation?: RevocationChecker | undefined;
}

/** A verifier that judges SPIFFE identities. */
export interface SpiffeVerifier extends PeerVerifier {
  verify(peer: PresentedPeer): MaybePromise<Verdict>;
  /** Replaces the bundles, for judgements that begin from now on. @throws TlsError, and then nothing is changed. */
  update(bundles: SpiffeOptions['bundles']): void;
}

/**
 * Takes a peer by its X.509-SVID: a certificate that has exactly one URI, a SPIFFE id, and is no authority, with a path to
 * the bundle of that id's own trust domain. Names of hosts are not looked at.
 * @throws TlsError ERR_OPTION or ERR_KEY when it cannot be made.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { spiffeVerifier } from 'warifu/pki';
 * const verifier = spiffeVerifier({
 *   signatures: nobleProvider().verifier,
 *   bundles: { 'example.org': [], 'partner.example': [] },
 *   accept: ({ trustDomain, path }) => trustDomain === 'example.org' && path.startsWith('/ns/prod/'),
 * });
 * ```
 */
export function spiffeVerifier(options: SpiffeOptions): SpiffeVerifier {
  options = ownOf(options);
  checkOptions(options);
  let domains = readDomains(options);
  let policy = freshPolicy();
  return {
    get policy() {
      return policy;
    },
    get authorities() {
      return [...domains.values()].flatMap((verifier) => verifier.authorities ?? []);
    },
    get wantsOcsp() {
      return options.revocation?.wantsOcsp ?? false;
    },
    verify: (peer) => runSteps(judge(options, domains, peer, (verifier, asked) => verifier.verify(asked))),
    recheck: (peer, before) =>
      runSteps(
        judge(options, domains, peer, (verifier, asked) => verifier.recheck?.(asked, before) ?? verifier.verify(asked)),
      ),
    update: (bundles) => {
      checkOptions({ ...options, bundles });
      domains = readDomains({ ...options, bundles });
      policy = freshPolicy();
    },
  };
}

/**
 * A SPIFFE id (SPIFFE-ID section 2); undefined: it is none.
 * @example
 * ```ts
 * import { parseSpiffeId } from 'warifu/pki';
 * parseSpiffeId('spiffe://example.org/web')?.trustDomain; // 'example.org'
 * parseSpiffeId('https://example.org/web'); // undefined
 * ```
 */
export function parseSpiffeId(uri: string): SpiffeId | undefined {
  if (uri.length > 2048) return undefined;
  const parts = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)*)$/.exec(uri);
  if (parts === null) return undefined;
  const [, trustDomain = '', path = ''] = parts;
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return undefined;
  return { uri, trustDomain, path };
}

/**
 * The authorities of X.509-SVIDs in a bundle of a trust domain in JSON (SPIFFE Trust Domain and Bundle section 4), to be
 * given to {@link spiffeVerifier}.
 * @throws TlsError ERR_KEY when it is no such bundle.
 *
 * @example
 * ```ts
 * import { readSpiffeBundle } from 'warifu/pki';
 * readSpiffeBundle('{ "keys": [] }').anchors.length; // 0
 * ```
 */
export function readSpiffeBundle(json: string): {
  /** DER. */
  readonly anchors: readonly Uint8Array[];
  readonly sequence: number | undefined;
  /** Seconds: how often it should be fetched again. */
  readonly refreshHint: number | undefined;
} {
  const bad = (what: string): TlsError => new TlsError('ERR_KEY', { detail: `SPIFFE bundle: ${what}` });
  let bundle: unknown;
  try {
    bundle = JSON.parse(json);
  } catch (cause) {
    throw new TlsError('ERR_KEY', { detail: 'SPIFFE bundle: it is not JSON', cause });
  }
  const keys = field(bundle, 'keys');
  if (!Array.isArray(keys)) throw bad('it has no list of keys');
  const anchors: Uint8Array[] = [];
  for (const key of keys) {
    // Keys of other uses (jwt-svid), and such as are not known yet, are ignored (section 4.2.2).
    if (field(key, 'use') !== 'x509-svid') continue;
    const chain = field(key, 'x5c');
    const [first] = Array.isArray(chain) ? chain : [];
    if (typeof first !== 'string' || (Array.isArray(chain) && chain.length !== 1))
      throw bad('a key for X.509-SVIDs without exactly one certificate (x5c)');
    anchors.push(decodeBase64(first, 'x5c'));
  }
  const number = (name: string): number | undefined => {
    const value = field(bundle, name);
    return typeof value === 'number' ? value : undefined;
  };
  return { anchors, sequence: number('spiffe_sequence'), refreshHint: number('spiffe_refresh_hint') };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function* judge(
  options: SpiffeOptions,
  domains: ReadonlyMap<string, CertificateVerifier>,
  peer: PresentedPeer,
  ask: (verifier: CertificateVerifier, peer: PresentedPeer) => MaybePromise<Verdict>,
): Steps<Verdict> {
  const leaf = leafOf(peer);
  if (isFinding(leaf)) return no(leaf, undefined);
  const id = orMalformed(() => idOf(leaf), 'X509-SVID section 5');
  if (isFinding(id)) return no(id, leaf);
  const verifier = domains.get(id.trustDomain);
  if (verifier === undefined) {
    return no(
      {
        code: 'CERT_UNTRUSTED',
        what: 'there is no bundle of its trust domain',
        expected: [...domains.keys()].slice(0, 10).join(' or '),
        found: shown(id.trustDomain),
        rfc: 'X509-SVID section 5.2',
      },
      leaf,
    );
  }
  // A workload is called by its id: the name that was dialled says nothing about it.
  const verdict = yield* wait(ask(verifier, { ...peer, serverName: undefined }));
  if (!verdict.ok) return verdict;
  const { accept } = options;
  const accepted = typeof accept === 'function' ? accept(id) === true : accept.some((one) => covers(one, id));
  if (!accepted) {
    return no({ code: 'CERT_REFUSED', what: 'its SPIFFE id is not one that is accepted', found: shown(id.uri) }, leaf);
  }
  return { ...verdict, checks: [...(verdict.checks ?? []), `SPIFFE id: ${shown(id.uri)}`] };
}

/** X509-SVID sections 2, 4 and 5.2: what makes a certificate one of a workload. */
function idOf(leaf: Certificate): SpiffeId | Finding {
  const rfc = 'X509-SVID section 2';
  const uris = (subjectAltNames(leaf) ?? []).flatMap((name) => (name.kind === 'uri' ? [name.text] : []));
  const [uri] = uris;
  if (uri === undefined || uris.length > 1)
    return {
      code: 'CERT_NO_NAME',
      what: 'it is no X.509-SVID',
      expected: 'exactly one URI',
      found: `${uris.length}`,
      rfc,
    };
  const id = parseSpiffeId(uri);
  if (id === undefined || id.path === '')
    return {
      code: 'CERT_NAME_MISMATCH',
      what: 'its URI is not the SPIFFE id of a workload',
      expected: 'spiffe://<trust domain>/<path>',
      found: shown(uri),
      rfc,
    };
  if (basicConstraints(leaf)?.ca === true)
    return { code: 'CERT_IS_A_CA', what: 'it is an authority, which is no workload', rfc: 'X509-SVID section 4.1' };
  const usage = keyUsage(leaf);
  if (usage?.has('digitalSignature') !== true || usage.has('keyCertSign') || usage.has('cRLSign')) {
    return {
      code: 'CERT_KEY_USAGE',
      what: 'its key usage is not that of a workload',
      expected: 'digitalSignature, and neither keyCertSign nor cRLSign',
      found: usage === undefined ? 'no key usage' : [...usage].join(', '),
      rfc: 'X509-SVID section 4.3',
    };
  }
  return id;
}

/** An id, or a whole trust domain. */
function covers(wanted: string, { uri, trustDomain }: SpiffeId): boolean {
  return wanted === uri || wanted === `spiffe://${trustDomain}`;
}

function readDomains({ bundles, signatures, revocation }: SpiffeOptions): ReadonlyMap<string, CertificateVerifier> {
  return new Map(
    Object.entries(bundles).map(([domain, source]) => [
      domain,
      certificateVerifier({
        anchors: readAnchors(source, 'authority').map((anchor) => anchorSource(anchor.certificate)),
        signatures,
        allowNoServerName: true,
        ...(revocation !== undefined && { revocation }),
      }),
    ]),
  );
}

function anchorSource(certificate: Certificate | undefined): {
  readonly certificate: Uint8Array;
  readonly use: 'authority';
} {
  if (certificate === undefined)
    throw new TlsError('ERR_OPTION', { detail: 'bundles: certificates are needed, not names and keys' });
  return { certificate: certificate.der, use: 'authority' };
}

const KNOWN: readonly string[] = ['signatures', 'bundles', 'accept', 'revocation'];

function checkOptions(options: SpiffeOptions): void {
  const refuse = (detail: string): never => {
    throw new TlsError('ERR_OPTION', { detail });
  };
  for (const key of Object.keys(options))
    if (!KNOWN.includes(key)) refuse(`${key}: there is no such option; there are ${KNOWN.join(', ')}`);
  if (typeof options.signatures?.verify !== 'function') refuse('signatures: provider.verifier is needed');
  const { bundles, accept } = options;
  if (typeof bundles !== 'object' || bundles === null || Object.keys(bundles).length === 0)
    refuse("bundles: an object by trust domain is needed, such as { 'example.org': pem }");
  for (const domain of Object.keys(bundles))
    if (parseSpiffeId(`spiffe://${domain}/x`)?.trustDomain !== domain)
      refuse(`bundles: "${domain}" is not the name of a trust domain (lower case, without spiffe:// and path)`);
  if (typeof accept === 'function') return;
  if (!Array.isArray(accept) || accept.length === 0) refuse('accept: a list of SPIFFE ids or a function is needed');
  for (const one of accept)
    if (typeof one !== 'string' || parseSpiffeId(one) === undefined)
      refuse(`accept: ${JSON.stringify(one)} is not a SPIFFE id`);
}
