import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { SignatureVerifier } from '../../src/crypto/types.ts';
import { defaultRules, findPath, type PathResult, readAnchors, readCertificates } from '../../src/pki/index.ts';
import * as b from '../../vectors/pki/builder.ts';

/** Finding a path among authorities that certify each other (RFC 4158), and giving up in time. */

const signatures = nodeProvider().verifier;
const NOW = Date.parse('2030-01-01T00:00:00Z');
const LONG_AGO = new Date('2021-01-01T00:00:00Z');

const COUNT = 8;
const authorities = Array.from({ length: COUNT }, (_, i) => ({
  subject: b.name(['CN', `Authority ${i}`]),
  pair: b.makePair('ecdsa-p256'),
}));
/** Of the same name as the first, with another key. */
const impostor = { subject: authorities[0]!.subject, pair: b.makePair('ecdsa-p256') };
const peer = b.makePair('ecdsa-p256');

type Flaw = 'none' | 'expired' | 'not a CA' | 'spoiled' | 'wrong purpose' | 'by an impostor';
const FLAWS: readonly Flaw[] = ['none', 'expired', 'not a CA', 'spoiled', 'wrong purpose', 'by an impostor'];

const made = new Map<string, Uint8Array>();

/** `subject` certified by `issuer`; each certificate is made once. */
function cross(subject: number, issuer: number, flaw: Flaw): Uint8Array {
  const key = `${subject} ${issuer} ${flaw}`;
  let der = made.get(key);
  if (der === undefined) {
    der = b.issue({
      ...authorities[subject]!,
      issuer: flaw === 'by an impostor' ? { ...authorities[issuer]!, pair: impostor.pair } : authorities[issuer]!,
      serial: Uint8Array.of(1, made.size >> 8, made.size & 255),
      ...(flaw === 'expired' && { notAfter: LONG_AGO }),
      ...(flaw === 'spoiled' && { spoil: true }),
      extensions: [
        b.basicConstraints(flaw !== 'not a CA'),
        b.keyUsage('keyCertSign'),
        ...(flaw === 'wrong purpose' ? [b.extendedKeyUsage('clientAuth')] : []),
      ],
    });
    made.set(key, der);
  }
  return der;
}

const leaves = authorities.map((issuer) =>
  b.issue({ subject: b.name(['CN', 'Leaf']), pair: peer, issuer, extensions: [b.extendedKeyUsage('serverAuth')] }),
);
const roots = authorities.map((root) =>
  b.issue({ ...root, extensions: [b.basicConstraints(true), b.keyUsage('keyCertSign')] }),
);

interface Asked {
  readonly anchors?: readonly Uint8Array[];
  readonly verifier?: SignatureVerifier;
  readonly maxIntermediates?: number;
}

async function find(
  leaf: Uint8Array,
  candidates: readonly Uint8Array[],
  { anchors = [roots[0]!], verifier = signatures, maxIntermediates = COUNT }: Asked = {},
): Promise<PathResult> {
  return findPath({
    leaf: readCertificates([leaf])[0]!,
    candidates: readCertificates(candidates),
    anchors: readAnchors(anchors),
    signatures: verifier,
    rules: { ...defaultRules('default', NOW), purposes: [b.PURPOSE.serverAuth], maxIntermediates },
  });
}

describe('a path', () => {
  /** So few that there often is a path, and often none. */
  const FEW = 6;
  const edge = fc.record({
    subject: fc.nat({ max: FEW - 1 }),
    issuer: fc.nat({ max: FEW - 1 }),
    flaw: fc.oneof(fc.constant<Flaw>('none'), fc.constantFrom(...FLAWS)),
  });

  // RFC 9846 §4.5.1-9
  it('is found if and only if there is one, whatever stands beside it', async () => {
    let both = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(edge, { maxLength: 16 }), fc.nat({ max: FEW - 1 }), async (edges, first) => {
        const crosses = edges.filter(({ subject, issuer }) => subject !== issuer);
        const reached = new Set([first]);
        for (let size = 0; size !== reached.size; ) {
          size = reached.size;
          for (const { subject, issuer, flaw } of crosses)
            if (flaw === 'none' && reached.has(subject)) reached.add(issuer);
        }
        const result = await find(
          leaves[first]!,
          crosses.map(({ subject, issuer, flaw }) => cross(subject, issuer, flaw)),
        );
        both |= result.ok ? 1 : 2;
        expect(result.ok).toBe(reached.has(0));
        if (!result.ok) return;
        // Leaf first, each signed by the next, none twice.
        for (const [i, certificate] of result.path.entries())
          expect(certificate.issuer).toEqual((result.path[i + 1] ?? result.anchor.certificate)!.subject);
        expect(new Set(result.path).size).toBe(result.path.length);
      }),
      { numRuns: 300 },
    );
    expect(both).toBe(3);
  });

  it('may end at any anchor', async () => {
    const chain = [cross(1, 2, 'none'), cross(2, 3, 'none'), cross(3, 4, 'none')];
    for (const root of roots.slice(1, 5)) expect((await find(leaves[1]!, chain, { anchors: [root] })).ok).toBe(true);
    for (const root of [roots[0]!, roots[5]!])
      expect((await find(leaves[1]!, chain, { anchors: [root] })).ok).toBe(false);
  });

  it('has at most so many authorities in it', async () => {
    const chain = [cross(3, 2, 'none'), cross(2, 1, 'none'), cross(1, 0, 'none')];
    expect((await find(leaves[3]!, chain, { maxIntermediates: 3 })).ok).toBe(true);
    const short = await find(leaves[3]!, chain, { maxIntermediates: 2 });
    expect(!short.ok && short.failure.code).toBe('CERT_PATH_LENGTH');
  });

  it('is not found through the other key of an authority, nor without it', async () => {
    const forged = b.issue({ subject: b.name(['CN', 'Leaf']), pair: peer, issuer: impostor });
    const result = await find(forged, []);
    expect(!result.ok && result.failure.code).toBe('CERT_BAD_SIGNATURE');
    const vouched = b.issue({ ...impostor, issuer: authorities[1]!, extensions: [b.basicConstraints(true)] });
    expect((await find(forged, [vouched], { anchors: [roots[0]!, roots[1]!] })).ok).toBe(true);
  });
});

describe('a search', () => {
  /** Each certified by each: more paths than can be walked. */
  const clique = (size: number): readonly Uint8Array[] =>
    Array.from({ length: size * size }, (_, at) => [Math.floor(at / size), at % size] as const)
      .filter(([subject, issuer]) => subject !== issuer)
      .map(([subject, issuer]) => cross(subject, issuer, 'none'));
  const stranger = b.issue({
    subject: b.name(['CN', 'Another']),
    pair: b.makePair('ecdsa-p256'),
    extensions: [b.basicConstraints(true)],
  });

  function counting(): { readonly verifier: SignatureVerifier; readonly count: () => number } {
    let count = 0;
    return {
      verifier: {
        verify: (...parts) => {
          count++;
          return signatures.verify(...parts);
        },
      },
      count: () => count,
    };
  }

  it('checks each signature once, however often it comes by', async () => {
    const { verifier, count } = counting();
    const result = await find(leaves[1]!, clique(6), { anchors: [stranger], verifier });
    expect(!result.ok && result.failure.code).toBe('CERT_UNTRUSTED');
    expect(count()).toBeLessThanOrEqual(6 * 5 + 1);
  });

  it('gives up where there are too many ways', async () => {
    const result = await find(leaves[1]!, clique(COUNT), { anchors: [stranger] });
    expect(!result.ok && result.failure.code).toBe('CERT_BUDGET');
  });

  it('gives up where there are too many keys of one name', async () => {
    const { verifier, count } = counting();
    const many = Array.from({ length: 120 }, () =>
      b.issue({
        ...impostor,
        pair: b.makePair('ecdsa-p256'),
        issuer: authorities[1]!,
        extensions: [b.basicConstraints(true)],
      }),
    );
    const result = await find(leaves[0]!, many, { anchors: [roots[1]!], verifier });
    expect(!result.ok && result.failure.code).toBe('CERT_BUDGET');
    expect(count()).toBeLessThanOrEqual(100);
  });

  it('tries others after a bad branch, and says what stood in the way of the last', async () => {
    const bad = (['expired', 'not a CA', 'spoiled', 'wrong purpose'] as const).map((flaw) => cross(1, 0, flaw));
    expect((await find(leaves[1]!, [...bad, cross(1, 0, 'none')])).ok).toBe(true);
    for (const [flaw, code] of [
      ['expired', 'CERT_EXPIRED'],
      ['not a CA', 'CERT_NOT_A_CA'],
      ['spoiled', 'CERT_BAD_SIGNATURE'],
      ['wrong purpose', 'CERT_EXTENDED_KEY_USAGE'],
      ['by an impostor', 'CERT_BAD_SIGNATURE'],
    ] as const) {
      const result = await find(leaves[1]!, [cross(1, 0, flaw)]);
      expect(!result.ok && result.failure.code, flaw).toBe(code);
    }
  });
});
