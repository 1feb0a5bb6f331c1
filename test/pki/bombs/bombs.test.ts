import { describe, expect, it } from 'vitest';
import { nodeProvider } from '../../../src/crypto/node/index.ts';
import type { SignatureVerifier } from '../../../src/crypto/types.ts';
import { findPath, readAnchors, readCertificates, defaultRules } from '../../../src/pki/index.ts';
import type { Certificate } from '../../../src/pki/index.ts';
import { signatureCost, Work, WORK_LIMIT } from '../../../src/pki/x509/work.ts';
import * as b from '../../../vectors/pki/builder.ts';
import { type Bomb, bombs } from './bombs.ts';
import { judge, MOMENT } from './judge.ts';
import * as p from './parts.ts';

/** What a peer sends is paid for before it is done: figures are units of work, never time. */

const provider = nodeProvider();

/** Checks signatures, and counts what they cost. */
function counting(): { readonly verifier: SignatureVerifier; readonly asked: { units: number; calls: number } } {
  const asked = { units: 0, calls: 0 };
  return {
    asked,
    verifier: {
      verify(algorithm, key, message, signature) {
        asked.units += signatureCost(key, message.length);
        asked.calls++;
        return provider.verifier.verify(algorithm, key, message, signature);
      },
    },
  };
}

describe('bombs', () => {
  const all = [...bombs()];

  it('are as large as they may be, and of every kind', () => {
    expect(new Set(all.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(11);
    for (const { name, chain } of all) {
      const bytes = chain.reduce((sum, der) => sum + der.length, 0);
      expect(bytes, name).toBeLessThanOrEqual(p.MAX_BYTES);
    }
  });

  it('never cost more signatures than a judgement may, whatever they bring', async () => {
    for (const bomb of all) {
      const { verifier, asked } = counting();
      // The timestamps of logs are looked at behind the path, with a limit of their own.
      const limit = bomb.sctLists === undefined ? WORK_LIMIT : 32 * 1_300 + WORK_LIMIT;
      await judge(bomb, { ...provider, verifier });
      expect(asked.units, `${bomb.kind}: ${bomb.name}`).toBeLessThanOrEqual(limit);
    }
  });
});

interface Count {
  readonly code: string;
  readonly used: number;
  readonly judged: ReadonlyMap<Certificate, number>;
  readonly calls: number;
}

/** A search with a purse of this size, and how often each certificate was judged in it. */
async function search(bomb: Pick<Bomb, 'chain'>, limit: number = WORK_LIMIT): Promise<Count> {
  const [leaf, ...candidates] = readCertificates(bomb.chain);
  const judged = new Map<Certificate, number>();
  const work = new Work(limit);
  const { verifier, asked } = counting();
  const result = await findPath({
    leaf: leaf!,
    candidates,
    anchors: readAnchors([p.ANCHOR]),
    signatures: verifier,
    work,
    rules: {
      ...defaultRules('default', MOMENT),
      purposes: [b.PURPOSE.serverAuth],
      check: (certificate) => {
        judged.set(certificate, (judged.get(certificate) ?? 0) + 1);
        return undefined;
      },
    },
  });
  return { code: result.ok ? 'accepted' : result.failure.code, used: work.used, judged, calls: asked.calls };
}

describe('a search among many', () => {
  const alike = p.filled([p.leaf()], (n) => p.crossSigned(n), 40);

  it('judges each certificate once, and each signature under one key once, however many climbs there are', async () => {
    const { code, judged, calls } = await search({ chain: alike });
    expect(code).toBe('CERT_BUDGET');
    expect(judged.size).toBe(alike.length);
    expect([...judged.values()].every((count) => count === 1)).toBe(true);
    // One key for all of them: a signature each, never one for each pair.
    expect(calls).toBeLessThanOrEqual(alike.length);
  });

  it('pays for climbs that fail', async () => {
    // Each of them has a key usage that does not let it sign: found out once, and come by again and again.
    const deep = p.times(6, (n) => p.crossSigned(n));
    const failing = p.times(40, (n) =>
      b.issue({
        ...p.x(),
        serial: p.serial(n),
        extensions: [b.basicConstraints(true), b.keyUsage('digitalSignature'), b.subjectAltName([b.uri(`u:f${n}`)])],
      }),
    );
    const some = await search({ chain: [p.leaf(), ...deep.slice(0, 3), ...failing] });
    const more = await search({ chain: [p.leaf(), ...deep.slice(0, 4), ...failing] });
    // With one more to go through, all that fail are come by about four times as often.
    expect(more.used).toBeGreaterThan(2.5 * some.used);
  });

  it('looks at constraints on paths that reach an anchor alone', async () => {
    const limits = b.nameConstraints(
      p.times(500, (n) => b.dns(`c${n}.example`)),
      [],
    );
    const many = p.leaf(p.times(500, p.names.dNSName!));
    const nowhere = await search({ chain: [many, ...p.times(3, (n) => p.crossSigned(n, [limits]))] });
    const top = b.issue({ ...p.x(), issuer: p.root, serial: p.serial(9), extensions: p.authority(limits) });
    const somewhere = await search({ chain: [many, top] });
    expect(nowhere.code).toBe('CERT_UNTRUSTED');
    expect(somewhere.code).toBe('CERT_NAME_CONSTRAINT');
    expect(somewhere.used).toBeGreaterThan(1_000);
    const bytes = [many, ...p.times(3, (n) => p.crossSigned(n, [limits]))].reduce((sum, der) => sum + der.length, 0);
    // Reading, three signatures, a few climbs: no name was held against anything.
    expect(nowhere.used).toBeLessThan(0.1 * bytes + 4 * 1_600 + 1_000);
  });

  it('holds the names of a certificate against the constraints of an authority once, on however many paths', async () => {
    const limits = b.nameConstraints(
      [],
      p.times(200, (n) => b.dns(`c${n}.example`)),
    );
    const refusing = b.nameConstraints([b.dns('other.example')], []);
    const many = p.leaf(p.times(200, p.names.dNSName!));
    const top = (n: number) =>
      b.issue({
        ...p.x(),
        issuer: p.root,
        serial: p.serial(n),
        extensions: p.authority(b.subjectAltName([b.uri(`u:${n}`)]), limits),
      });
    // Every path ends in the first that is constrained so that the leaf is refused at last.
    const first = p.crossSigned(1, [refusing], p.x());
    const leaf = (await search({ chain: [many, first, top(2)] })).used;
    const twice = (await search({ chain: [many, first, top(2), p.crossSigned(3, [refusing])] })).used;
    expect(twice).toBeLessThan(2 * leaf);
  });

  it('ends when the purse is empty, and says so', async () => {
    const chain = [p.leaf(), b.issue({ ...p.x(), issuer: p.root, extensions: p.authority() })];
    const whole = await search({ chain });
    expect(whole.code).toBe('accepted');
    expect(whole.used).toBeLessThan(5_000);
    for (const part of [0.2, 0.5, 0.9]) expect((await search({ chain }, whole.used * part)).code).toBe('CERT_BUDGET');
  });
});

describe('the cost of a signature', () => {
  const ec = (curve: 'P-256' | 'P-384' | 'P-521') => signatureCost({ kind: 'ec', curve, point: new Uint8Array(0) }, 0);
  const rsa = (bits: number, exponent: readonly number[]) =>
    signatureCost({ kind: 'rsa', modulus: new Uint8Array(bits / 8).fill(255), exponent: Uint8Array.from(exponent) }, 0);

  it('grows with the curve, with the square of an RSA modulus, with its exponent, and with what is signed', () => {
    expect(ec('P-384')).toBeGreaterThan(2 * ec('P-256'));
    expect(ec('P-521')).toBeGreaterThan(3 * ec('P-256'));
    expect(rsa(8192, [1, 0, 1])).toBeGreaterThan(2 * rsa(2048, [1, 0, 1]));
    expect(rsa(8192, new Array(8).fill(255))).toBeGreaterThan(4 * rsa(8192, [1, 0, 1]));
    expect(signatureCost({ kind: 'ed448', key: new Uint8Array(57) }, 100_000)).toBeGreaterThan(
      signatureCost({ kind: 'ed448', key: new Uint8Array(57) }, 0) + 1_000,
    );
  });
});
