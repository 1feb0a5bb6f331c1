import { equalBytes, toHex } from '../../bytes/bytes.ts';
import type { PresentedPeer } from '../../handshake/peer.ts';
import { readCertificate } from '../x509/certificate.ts';
import type { FoundPath } from './judge.ts';

/** What was asked, and what came of it. */
interface Remembered {
  readonly asked: PresentedPeer;
  readonly found: FoundPath;
  /** Milliseconds since 1970: from when and until when nothing on the path begins or expires. */
  readonly from: number;
  readonly until: number;
  readonly bytes: number;
}

/** Bytes of certificates. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Paths that were found good, for the same chain and the same question: signatures, constraints and policies do not change
 * by waiting, dates do. Only what is good is kept, so a stranger cannot fill it; the least used goes first. It belongs to
 * one verifier and is emptied when that trusts something else.
 */
export class PathMemory {
  readonly #most: number;
  readonly #paths = new Map<string, Remembered>();
  #bytes = 0;

  /** @param most paths; 0: nothing is remembered. */
  constructor(most: number) {
    this.#most = most;
  }

  get(peer: PresentedPeer): FoundPath | undefined {
    const key = keyOf(peer);
    const known = this.#paths.get(key);
    if (known === undefined || !isSameQuestion(known.asked, peer)) return undefined;
    // Written so that a time that is none is outside.
    if (!(peer.now >= known.from && peer.now < known.until)) return undefined;
    this.#paths.delete(key);
    this.#paths.set(key, known);
    return known.found;
  }

  keep(peer: PresentedPeer, found: FoundPath): void {
    const { path, anchor } = found;
    const dated = anchor.certificate === undefined || anchor.ignoreExpiry ? path : [...path, anchor.certificate];
    const bytes =
      dated.reduce((sum, { der }) => sum + der.length, 0) + peer.chain.reduce((sum, der) => sum + der.length, 0);
    if (this.#most === 0 || bytes > MAX_BYTES) return;
    const key = keyOf(peer);
    this.#drop(key);
    this.#paths.set(key, {
      asked: { ...peer, chain: peer.chain.map((der) => der.slice()), ocspResponses: [], sctLists: [] },
      // Of memory of its own: what was received may be written over.
      found: { ...found, path: path.map(({ der }) => readCertificate(der.slice())) },
      from: Math.max(...dated.map(({ notBefore }) => notBefore)),
      // The last second belongs to the validity.
      until: Math.min(...dated.map(({ notAfter }) => notAfter)) + 1000,
      bytes,
    });
    this.#bytes += bytes;
    for (const oldest of this.#paths.keys()) {
      if (this.#paths.size <= this.#most && this.#bytes <= MAX_BYTES) return;
      this.#drop(oldest);
    }
  }

  clear(): void {
    this.#paths.clear();
    this.#bytes = 0;
  }

  #drop(key: string): void {
    this.#bytes -= this.#paths.get(key)?.bytes ?? 0;
    this.#paths.delete(key);
  }
}

/** Finds it quickly; whether it is the same is compared byte for byte. The end of a certificate is its signature. */
function keyOf({ role, keyUse, chain }: PresentedPeer): string {
  return `${role} ${keyUse} ${chain.map((der) => `${der.length}.${toHex(der.subarray(-8))}`).join(' ')}`;
}

function isSameQuestion(a: PresentedPeer, b: PresentedPeer): boolean {
  return (
    a.role === b.role &&
    a.keyUse === b.keyUse &&
    a.chain.length === b.chain.length &&
    a.chain.every((der, i) => equalBytes(der, b.chain[i]!)) &&
    a.certificateSchemes.length === b.certificateSchemes.length &&
    a.certificateSchemes.every((id, i) => id === b.certificateSchemes[i])
  );
}
