import { bitLength, bigFromBytes } from '../../bytes/bigint.ts';
import type { PublicKey } from '../../crypto/types.ts';

/**
 * What one judgement may cost, whatever a peer sends. The law: everything whose amount a peer chooses (bytes, names,
 * comparisons, climbs, policies, signatures) is paid for from one purse, before it is done and by what it really costs;
 * when the purse is empty, the peer is refused.
 *
 * A unit is about a microsecond of a slow processor. Signatures take much longer with noble than with OpenSSL: they
 * count for the longer of what node:crypto takes and a fifth of what noble takes, so that a full purse is about a tenth
 * of a second with the one, and half a second at most with the other.
 */
export class Work {
  readonly limit: number;
  #left: number;

  /** @param limit in units. Default: {@link WORK_LIMIT}. */
  constructor(limit: number = WORK_LIMIT) {
    this.limit = limit;
    this.#left = limit;
  }

  /** Takes units out of the purse. False: there were not enough, and from now on there never are. */
  spend(units: number): boolean {
    this.#left -= units;
    return this.#left >= 0;
  }

  /** More was asked for than there was. */
  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** Units that were asked for so far. */
  get used(): number {
    return this.limit - this.#left;
  }
}

/** Units: a path of three P-256 certificates takes about four thousand. */
export const WORK_LIMIT = 100_000;

/** What things cost, in units. */
export const COST = {
  /** Reading a byte of a certificate, or of a response. */
  byte: 0.1,
  /** Going from a certificate to one that may have issued it. */
  climb: 4,
  /** Looking at a completed path, for each certificate on it. */
  arrival: 4,
  /** Preparing a name or a constraint for being compared. */
  name: 1,
  /** Holding a name against a constraint. */
  comparison: 0.1,
  /** Comparing a byte with another. */
  comparedByte: 0.002,
  /** A policy or a mapping in the graph of policies. */
  policy: 1,
  /** Hashing a byte that was signed. */
  signedByte: 0.02,
} as const;

/** What it costs to check a signature with this key, in units; `signed` is how many bytes it is over. */
export function signatureCost(key: PublicKey, signed: number): number {
  return keyCost(key) + COST.signedByte * signed;
}

function keyCost(key: PublicKey): number {
  switch (key.kind) {
    case 'ec':
      return key.curve === 'P-256' ? 1_200 : key.curve === 'P-384' ? 3_000 : 4_500;
    case 'rsa':
      return rsaCost(key.modulus, key.exponent);
    case 'ed25519':
      return 1_200;
    case 'ed448':
      return 3_000;
    case 'ml-dsa-44':
      return 1_500;
    case 'ml-dsa-65':
      return 2_500;
    case 'ml-dsa-87':
      return 4_000;
  }
}

/** A squaring for each bit of the exponent and a multiplication for each one in it; each costs the size squared. */
function rsaCost(modulus: Uint8Array, exponent: Uint8Array): number {
  const e = bigFromBytes(exponent.subarray(0, 32));
  let steps = bitLength(e);
  for (let rest = e; rest > 0n; rest >>= 1n) if ((rest & 1n) === 1n) steps++;
  return 400 + 0.5 * (modulus.length / 128) ** 2 * steps;
}
