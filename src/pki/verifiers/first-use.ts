import { ownOf } from '../../bytes/shape.ts';
import { equalBytes } from '../../bytes/bytes.ts';
import type { CryptoProvider, MaybePromise } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { PeerVerifier, PresentedPeer, Verdict } from '../../handshake/peer.ts';
import { base64, leafOf, no } from './pins.ts';
import { detailsOf } from '../path/details.ts';
import { runSteps, type Steps, wait } from '../x509/steps.ts';
import { isFinding } from '../x509/verdict.ts';

/** What is remembered of a peer. */
export interface KnownPeer {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** Milliseconds since 1970: when it was first seen. */
  readonly since: number;
}

/** Where known peers are kept: a file, a database, a page's storage. */
export interface KnownPeers {
  get(name: string): MaybePromise<KnownPeer | undefined>;
  /** Keeps it, if no other was kept for this name in between. */
  add(name: string, peer: KnownPeer): MaybePromise<void>;
}

/** What a verifier that trusts on first use is told. */
export interface FirstUseOptions {
  /** Its SHA-256 makes the fingerprint that people are shown. */
  readonly crypto: Pick<CryptoProvider, 'hash'>;
  readonly store: KnownPeers;
  /** What a peer is known by. Default: the server name. A server has to say what it goes by. */
  readonly nameOf?: ((peer: PresentedPeer) => string | undefined) | undefined;
  /**
   * Asked before a key is believed for the first time; anything but true refuses it. `fingerprint` is `sha256/` and
   * base64, for comparing by another way. Default: it is believed.
   */
  readonly ask?: ((name: string, fingerprint: string) => MaybePromise<boolean>) | undefined;
}

/**
 * Believes a key the first time it is seen, and from then on only that one (as SSH does). Issuers, dates and names in the
 * certificate are not looked at. An attacker in the middle the first time stays there: use `ask` and another way to
 * compare where that matters. A key is kept when it is shown; whether the peer can use it turns out in the handshake, so
 * a stranger who answers first with another's certificate gains nothing, but the name is taken.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { memoryKnownPeers, trustOnFirstUse } from 'warifu/pki';
 * const verifier = trustOnFirstUse({ crypto: nobleProvider(), store: memoryKnownPeers() });
 * ```
 */
export function trustOnFirstUse(options: FirstUseOptions): PeerVerifier {
  options = ownOf(options);
  if (typeof options.store?.get !== 'function' || typeof options.store.add !== 'function')
    throw new TlsError('ERR_OPTION', { detail: 'store: it needs get and add' });
  return { authorities: [], verify: (peer) => runSteps(judge(options, peer)) };
}

/**
 * Keeps peers in memory, as long as the process lives. When there are more than `most`, it takes no new ones.
 * @example
 * ```ts
 * import { memoryKnownPeers } from 'warifu/pki';
 * const peers = memoryKnownPeers();
 * await peers.add('db.example', { publicKey: Uint8Array.of(0x30, 0), since: 0 });
 * await peers.add('db.example', { publicKey: Uint8Array.of(0x30, 1), since: 1 }); // too late: the first stays
 * (await peers.get('db.example'))?.since; // 0
 * ```
 */
export function memoryKnownPeers(most: number = 10_000): KnownPeers {
  const known = new Map<string, KnownPeer>();
  return {
    get: (name) => known.get(name),
    add: (name, peer) => {
      if (known.has(name)) return;
      // Forgetting the oldest would let a stranger make us forget whom we know.
      if (known.size >= most)
        throw new TlsError('ERR_LIMIT', { detail: `${most} peers are known, and no more are kept` });
      known.set(name, { publicKey: peer.publicKey.slice(), since: peer.since });
    },
  };
}

function* judge({ crypto, store, nameOf, ask }: FirstUseOptions, peer: PresentedPeer): Steps<Verdict> {
  const leaf = leafOf(peer);
  if (isFinding(leaf)) return no(leaf, undefined);
  const name = nameOf === undefined ? (peer.role === 'client' ? peer.serverName : undefined) : nameOf(peer);
  if (name === undefined)
    return no(
      { code: 'CERT_NO_NAME', what: 'there is no name to know it by', advice: 'give serverName or nameOf' },
      leaf,
    );
  const fingerprint = (key: Uint8Array): string => `sha256/${base64(crypto.hash('sha256').digest(key))}`;
  const yes = (check: string): Verdict => ({
    ok: true,
    publicKey: leaf.spki,
    path: [leaf.der],
    checks: [check],
    details: detailsOf([leaf], { verified: false }),
  });
  const known = yield* wait(store.get(name));
  if (known === undefined) {
    if (ask !== undefined && (yield* wait(ask(name, fingerprint(leaf.spki)))) !== true)
      return no({ code: 'CERT_REFUSED', what: `it was not confirmed that ${name} has this key` }, leaf);
    yield* wait(store.add(name, { publicKey: leaf.spki, since: peer.now }));
    // Two first times at once: only one of them was kept.
    const kept = yield* wait(store.get(name));
    if (kept !== undefined && equalBytes(kept.publicKey, leaf.spki))
      return yes(`first seen as ${name}: believed from now on`);
    return no({ code: 'CERT_PIN_MISMATCH', what: `another key has just been kept for ${name}` }, leaf);
  }
  const since = new Date(known.since).toISOString().slice(0, 10);
  if (equalBytes(known.publicKey, leaf.spki)) return yes(`known as ${name} since ${since}`);
  return no(
    {
      code: 'CERT_PIN_MISMATCH',
      what: `${name} has another key than before`,
      expected: `${fingerprint(known.publicKey)}, known since ${since}`,
      found: fingerprint(leaf.spki),
      advice:
        'there is an attacker in between, or the peer has a new key: find out by another way before you forget the old one',
    },
    leaf,
  );
}
