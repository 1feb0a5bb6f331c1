import { describe, expect, it } from 'vitest';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { SignatureVerifier } from '../../src/crypto/types.ts';
import type { PresentedPeer } from '../../src/handshake/peer.ts';
import { type CertificateVerifierOptions, certificateVerifier } from '../../src/pki/index.ts';
import * as b from '../../vectors/pki/builder.ts';

/** A verified path is remembered for the same question until the first of its dates, by this verifier alone. */

const provider = nodeProvider();
const root = { subject: b.name(['CN', 'Root']), pair: b.makePair('ecdsa-p256') };
const authority = [b.basicConstraints(true), b.keyUsage('keyCertSign', 'cRLSign')];
const ROOT = b.issue({ ...root, extensions: authority, notAfter: new Date('2040-01-01T00:00:00Z') });
const middle = { subject: b.name(['CN', 'Middle']), pair: b.makePair('ecdsa-p256') };
const MIDDLE = b.issue({
  ...middle,
  issuer: root,
  extensions: authority,
  notBefore: new Date('2029-01-01T00:00:00Z'),
  notAfter: new Date('2031-01-01T00:00:00Z'),
});
const pair = b.makePair('ecdsa-p256');
const leaf = (n: number): Uint8Array =>
  b.issue({
    subject: b.name(['CN', `Leaf ${n}`]),
    pair,
    issuer: middle,
    extensions: [b.subjectAltName([b.dns('server.example')]), b.keyUsage('digitalSignature', 'keyEncipherment')],
  });
const LEAF = leaf(1);
const NOW = Date.parse('2030-01-01T00:00:00Z');

function asked(more: Partial<PresentedPeer> = {}): PresentedPeer {
  return {
    role: 'client',
    chain: [LEAF, MIDDLE],
    serverName: 'server.example',
    ocspResponses: [],
    sctLists: [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now: NOW,
    ...more,
  };
}

/** A verifier, and how many signatures it has looked at. */
function counted(options: Partial<CertificateVerifierOptions> = {}) {
  const count = { signatures: 0 };
  const signatures: SignatureVerifier = {
    verify: (...parts) => {
      count.signatures++;
      return provider.verifier.verify(...parts);
    },
  };
  const verifier = certificateVerifier({ anchors: [ROOT], signatures, ...options });
  const code = async (peer: PresentedPeer): Promise<string> => {
    const verdict = await verifier.verify(peer);
    return verdict.ok ? 'accepted' : verdict.failure.code;
  };
  return { verifier, count, code };
}

describe('a path that was found good', () => {
  it('is not judged again for the same question', async () => {
    const { verifier, count, code } = counted();
    const first = await verifier.verify(asked());
    expect(count.signatures).toBe(2);
    expect(await verifier.verify(asked())).toEqual(first);
    expect(await code(asked({ chain: [LEAF.slice(), MIDDLE.slice()], now: NOW + 1 }))).toBe('accepted');
    expect(count.signatures).toBe(2);
  });

  it('is judged again when anything else is asked', async () => {
    const changes: readonly Partial<PresentedPeer>[] = [
      { role: 'server', serverName: undefined },
      { keyUse: 'keyEncipherment' },
      { certificateSchemes: [0x0403] },
      { chain: [LEAF, MIDDLE, ROOT] },
      { chain: [leaf(2), MIDDLE] },
    ];
    for (const change of changes) {
      const { count, code } = counted({ purposes: 'any' });
      await code(asked());
      await code(asked(change));
      expect(count.signatures, JSON.stringify(Object.keys(change))).toBe(4);
    }
  });

  it('is good for the names it has, and for no others', async () => {
    const { count, code } = counted();
    expect(await code(asked())).toBe('accepted');
    expect(await code(asked({ serverName: 'other.example' }))).toBe('CERT_NAME_MISMATCH');
    expect(await code(asked({ serverName: undefined }))).toBe('CERT_NO_NAME');
    expect(await code(asked())).toBe('accepted');
    expect(count.signatures).toBe(2);
  });

  it('ends with the first of its dates, and does not begin before the last', async () => {
    const { code } = counted();
    expect(await code(asked())).toBe('accepted');
    const end = Date.parse('2031-01-01T00:00:00Z');
    expect(await code(asked({ now: end + 999 }))).toBe('accepted');
    expect(await code(asked({ now: end + 1000 }))).toBe('CERT_EXPIRED');
    expect(await code(asked({ now: Date.parse('2029-01-01T00:00:00Z') - 1 }))).toBe('CERT_NOT_YET_VALID');
    for (const now of [Number.NaN, undefined, '2030', new Date(NOW)])
      expect(await code(asked({ now: now as number }))).toBe('CERT_EXPIRED');
  });

  it('is forgotten when something else is trusted', async () => {
    const { verifier, count, code } = counted();
    expect(await code(asked())).toBe('accepted');
    verifier.update({ distrusted: [MIDDLE] });
    expect(await code(asked())).toBe('CERT_DISTRUSTED');
    verifier.update({ distrusted: [], anchors: [ROOT] });
    expect(await code(asked())).toBe('accepted');
    expect(count.signatures).toBeGreaterThanOrEqual(4);
  });

  it('that was being looked for while trust changed is not kept', async () => {
    let release: (value: boolean) => void = () => undefined;
    const slow: SignatureVerifier = { verify: () => new Promise((resolve) => (release = resolve)) };
    const verifier = certificateVerifier({ anchors: [ROOT], signatures: slow });
    const single = b.issue({
      subject: b.name(['CN', 'Leaf']),
      pair,
      issuer: root,
      extensions: [b.subjectAltName([b.dns('server.example')])],
    });
    const pending = verifier.verify(asked({ chain: [single] }));
    verifier.update({ anchors: [] });
    release(true);
    expect((await pending).ok).toBe(true);
    expect((await verifier.verify(asked({ chain: [single] }))).ok).toBe(false);
  });

  it('does not change when the memory it came from does', async () => {
    const { verifier } = counted();
    const chain = [LEAF.slice(), MIDDLE.slice()];
    const verdict = await verifier.verify(asked({ chain }));
    const key = verdict.ok ? verdict.publicKey.slice() : undefined;
    for (const der of chain) der.fill(0);
    const again = await verifier.verify(asked());
    expect(again.ok && again.publicKey).toEqual(key);
  });

  it('is not remembered where others are asked, nor when it was said', async () => {
    for (const options of [{ check: () => undefined }, { publicSuffix: () => false }, { maxRememberedPaths: 0 }]) {
      const { count, code } = counted(options);
      await code(asked());
      await code(asked());
      expect(count.signatures).toBe(4);
    }
    expect(() => counted({ maxRememberedPaths: -1 })).toThrow(/maxRememberedPaths/);
  });

  it('makes room for others: the least used goes', async () => {
    const { count, code } = counted({ maxRememberedPaths: 2 });
    const [one, two, three] = [1, 2, 3].map((n) => asked({ chain: [leaf(n), MIDDLE] }));
    for (const peer of [one!, two!, one!, three!]) await code(peer);
    expect(count.signatures).toBe(6);
    await code(one!);
    expect(count.signatures).toBe(6);
    await code(two!);
    expect(count.signatures).toBe(8);
  });

  it('is not what is refused', async () => {
    const { count, code } = counted();
    const spoiled = MIDDLE.slice();
    spoiled[spoiled.length - 1]! ^= 1;
    for (let i = 1; i <= 3; i++) {
      expect(await code(asked({ chain: [LEAF, spoiled] }))).toBe('CERT_BAD_SIGNATURE');
      expect(count.signatures).toBe(2 * i);
    }
  });
});

describe('the peer of a session', () => {
  it('is judged alike whether its path is remembered or read again', async () => {
    const known = counted().verifier;
    const forgetful = counted({ maxRememberedPaths: 0 }).verifier;
    const before = await known.verify(asked());
    if (!before.ok) throw new Error('it is good');
    const cut = { ...before, path: before.path.slice(0, 1) };
    const expired = Date.parse('2032-01-01T00:00:00Z');
    for (const [peer, path] of [
      [asked(), before],
      [asked({ now: NOW + 1000 }), before],
      [asked({ now: expired }), before],
      [asked({ now: Number.NaN }), before],
      [asked({ serverName: 'other.example' }), before],
      [asked({ serverName: undefined }), before],
      [asked({ chain: [leaf(2), MIDDLE] }), before],
      [asked(), cut],
    ] as const) {
      const verdict = await known.recheck!(peer, path);
      expect(verdict).toEqual(await forgetful.recheck!(peer, path));
      expect(verdict.ok).toBe(peer.serverName === 'server.example' && peer.now < expired);
    }
  });

  it('has lists of its own: what a program does to them does not come back', async () => {
    const { verifier } = counted();
    const first = await verifier.verify(asked());
    const names = first.ok ? (first.details?.identities.dns as string[]) : [];
    names.push('attacker.example');
    const second = await verifier.verify(asked());
    expect(second.ok && second.details?.identities.dns).toEqual(['server.example']);
  });
});
