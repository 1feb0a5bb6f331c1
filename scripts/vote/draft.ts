/** Certificates that are being made up: changed by one oddity after another, then signed from the top down. */
import { concat } from '../../src/bytes/bytes.ts';
import * as b from '../../vectors/pki/builder.ts';
import type { Random } from './random.ts';

export type Place = 'leaf' | 'middle' | 'root';

/** A certificate before it is signed. */
export interface Draft {
  readonly place: Place;
  subject: Uint8Array;
  pair: b.Pair;
  /** By what they are called here; DER Extension. */
  readonly extensions: Map<string, Uint8Array>;
  spec: Partial<Mutable<b.CertificateSpec>>;
  /** The key that the algorithm of `spec` is for: with another, that of the key is taken. */
  algorithmFor: b.Pair | undefined;
  /** What becomes of the signed bytes. */
  after: ((der: Uint8Array) => Uint8Array) | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A chain and everything that is asked about it. */
export interface ChainDraft {
  /** Leaf first, root last. */
  readonly drafts: Draft[];
  host: string;
  /** What is shown and trusted, when all of it has been signed. */
  arrange: ((signed: Arranged, random: Random) => Arranged) | undefined;
}

/** DER. */
export interface Arranged {
  readonly leaf: Uint8Array;
  readonly others: readonly Uint8Array[];
  readonly anchors: readonly Uint8Array[];
}

export const HOST = 'server.example';
/** Milliseconds since 1970. */
export const NOW: number = Date.parse('2030-01-01T00:00:00Z');

/** May have holes. */
const pools = new Map<b.KeyKind, (b.Pair | undefined)[]>();

/** Keys take long to make: a few of each kind serve all. */
export function pairOf(kind: b.KeyKind, random: Random): b.Pair {
  const most = kind.startsWith('rsa') ? 2 : 12;
  let pool = pools.get(kind);
  if (pool === undefined) {
    pool = [];
    pools.set(kind, pool);
  }
  const at = random.below(most);
  const pair = pool[at] ?? b.makePair(kind);
  pool[at] = pair;
  return pair;
}

/** A key that no other certificate of the chain has: with one key, a certificate would have several issuers. */
export function otherPair(kind: b.KeyKind, random: Random, taken: readonly b.Pair[]): b.Pair {
  const first = pairOf(kind, random);
  if (!taken.includes(first)) return first;
  const pool = pools.get(kind)!;
  const free = pool.find((pair) => pair !== undefined && !taken.includes(pair));
  if (free !== undefined) return free;
  const made = b.makePair(kind);
  pool.push(made);
  return made;
}

/** A chain that is right: a leaf, some authorities, a root. */
export function plainChain(random: Random, middles: number): ChainDraft {
  const kind = (): b.KeyKind =>
    random.chance(0.93) ? 'ecdsa-p256' : random.pick(['rsa-2048', 'ecdsa-p384', 'ed25519']);
  const pairs: b.Pair[] = [];
  const drafts: Draft[] = [];
  for (let index = 0; index < middles + 2; index++) {
    const pair = otherPair(kind(), random, pairs);
    pairs.push(pair);
    drafts.push(index === 0 ? leafDraft(pair) : authorityDraft(pair, index === middles + 1 ? 'root' : 'middle', index));
  }
  return { drafts, host: HOST, arrange: undefined };
}

export function leafDraft(pair: b.Pair): Draft {
  return {
    place: 'leaf',
    subject: b.name(['O', 'Vote'], ['CN', HOST]),
    pair,
    extensions: new Map([
      ['bc', b.basicConstraints(false)],
      ['ku', b.keyUsage('digitalSignature')],
      ['eku', b.extendedKeyUsage('serverAuth')],
      ['san', b.subjectAltName([b.dns(HOST)])],
    ]),
    spec: {},
    algorithmFor: undefined,
    after: undefined,
  };
}

export function authorityDraft(pair: b.Pair, place: Place, index: number): Draft {
  return {
    place,
    subject: b.name(['O', 'Vote'], ['CN', place === 'root' ? 'Root' : `Authority ${index}`]),
    pair,
    extensions: new Map([
      ['bc', b.basicConstraints(true)],
      ['ku', b.keyUsage('keyCertSign', 'cRLSign')],
      ['ski', b.subjectKeyIdentifier(pair.spki)],
    ]),
    spec: {},
    algorithmFor: undefined,
    after: undefined,
  };
}

/** Signs a draft in the name of another. */
export function sign(draft: Draft, issuer: Draft): Uint8Array {
  const extensions = new Map(draft.extensions);
  if (issuer !== draft && !extensions.has('aki')) extensions.set('aki', b.authorityKeyIdentifier(issuer.pair.spki));
  const signer = draft.spec.issuer?.pair ?? issuer.pair;
  const list = [...extensions.values()].filter((der) => der.length > 0);
  const der = b.issue({
    subject: draft.subject,
    pair: draft.pair,
    issuer: { subject: issuer.subject, pair: issuer.pair },
    ...(list.length > 0 && { extensions: list }),
    ...draft.spec,
    ...(draft.algorithmFor !== undefined &&
      draft.algorithmFor !== signer && { algorithm: b.algorithmOf(signer.privateKey) }),
  });
  return draft.after === undefined ? der : draft.after(der);
}

/** All of a chain, signed from the root down. */
export function signChain({ drafts, arrange }: ChainDraft, random: Random): Arranged {
  const ders = drafts.map((draft, index) => sign(draft, drafts[index + 1] ?? draft));
  const signed = { leaf: ders[0]!, others: ders.slice(1, -1), anchors: ders.slice(-1) };
  return arrange === undefined ? signed : arrange(signed, random);
}

/** Something behind the SubjectPublicKeyInfo: the unique identifiers of old. */
export function behindKey(draft: Draft, more: Uint8Array): void {
  draft.spec.spki = concat(draft.spec.spki ?? draft.pair.spki, more);
}
