import { describe, expect, it } from 'vitest';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { PresentedPeer } from '../../src/handshake/peer.ts';
import {
  certificateVerifier,
  constraintsPart,
  otherExtensionsPart,
  type PathPart,
  pathVerifier,
  policiesPart,
  readAnchors,
} from '../../src/pki/index.ts';
import { createAuthority, issueCertificate } from '../../src/pki/issue/index.ts';

/** The small verifier: the same verdicts where it gives one, and no chain accepted that it cannot judge. */

const signatures = nodeProvider().verifier;
const ALL = [constraintsPart, policiesPart, otherExtensionsPart];
const root = await createAuthority({ subject: 'Root' });

type Extensions = Omit<Parameters<typeof createAuthority>[0], 'subject'>;

/** A chain with these extensions in the authority in its middle, and perhaps in its leaf. */
async function chainOf(extensions: Extensions, leaf: object = {}): Promise<readonly Uint8Array[]> {
  const issuer = await createAuthority({ subject: 'Middle', issuer: root, ...extensions });
  return (await issueCertificate({ issuer, names: 'www.example.com', allowInvalid: true, ...leaf })).chain;
}

function asked(chain: readonly Uint8Array[], more: Partial<PresentedPeer> = {}): PresentedPeer {
  return {
    role: 'client',
    chain,
    serverName: 'www.example.com',
    ocspResponses: [],
    sctLists: [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now: Date.now(),
    ...more,
  };
}

async function code(peer: PresentedPeer, parts: readonly PathPart[] = []): Promise<string> {
  const verdict = await pathVerifier({ anchors: [root.der], signatures, parts }).verify(peer);
  return verdict.ok ? 'accepted' : verdict.failure.code;
}

describe('anchors that were read', () => {
  it('are what they were read as, and are not read again', async () => {
    const chain = await chainOf({});
    const late = asked(chain, { now: Date.now() + 1e10 });
    const verdict = async (anchors: Parameters<typeof readAnchors>[0], peer: PresentedPeer) =>
      await certificateVerifier({ anchors, signatures }).verify(peer);
    const read = readAnchors([{ certificate: root.der, ignoreExpiry: true, use: 'leaf' }]);
    expect(readAnchors(read)).toEqual(read);
    expect(readAnchors(read)[0]).toBe(read[0]);
    expect(await verdict(read, asked(chain))).toEqual(
      await verdict([{ certificate: root.der, ignoreExpiry: true, use: 'leaf' }], asked(chain)),
    );
    expect((await verdict(readAnchors(root.der), asked(chain))).ok).toBe(true);
    expect((await verdict(readAnchors(root.der), late)).ok).toBe(false);
  });
});

describe('a small verifier of paths', () => {
  it('says of a plain chain what the large one says', async () => {
    const chain = await chainOf({});
    const [small, large] = [
      pathVerifier({ anchors: [root.certificate], signatures }),
      certificateVerifier({ anchors: root.der, signatures }),
    ];
    for (const peer of [
      asked(chain),
      asked(chain, { serverName: 'other.example' }),
      asked(chain, { serverName: undefined }),
      asked(chain, { now: Date.now() + 1e12 }),
      asked(chain, { now: 0 }),
      asked(chain, { now: Number.NaN }),
      asked(chain.slice(0, 1)),
      asked([]),
      asked([Uint8Array.of(0x30, 0)]),
      asked(chain, { certificateSchemes: [0x0804] }),
      asked(chain, { keyUse: 'keyEncipherment' }),
      asked(await chainOf({}, { purpose: 'client' })),
      asked(await chainOf({ pathLength: 0 })),
    ])
      expect(await small.verify(peer)).toEqual(await large.verify(peer));
    expect(small.authorities).toEqual(large.authorities);
    const before = await small.verify(asked(chain));
    if (!before.ok) throw new Error(before.failure.message);
    const again = (peer: PresentedPeer) => Promise.all([small.recheck?.(peer, before), large.recheck?.(peer, before)]);
    for (const peer of [asked(chain), asked(chain, { now: 0 }), asked(chain, { serverName: 'other.example' })]) {
      const [ours, theirs] = await again(peer);
      expect(ours).toEqual(theirs);
    }
  });

  it.each<[string, Extensions, string]>([
    ['names', { nameConstraints: { permitted: ['example.com'] } }, 'accepted'],
    ['names, and they do not fit', { nameConstraints: { excluded: ['example.com'] } }, 'CERT_NAME_CONSTRAINT'],
    ['policies', { policies: ['1.2.3'], policyConstraints: { inhibitMapping: 0 } }, 'accepted'],
    ['policies, and the leaf has none', { policyConstraints: { requireExplicit: 0 } }, 'CERT_POLICY'],
    ['any policy', { policies: ['any'], inhibitAnyPolicy: 0 }, 'accepted'],
  ])('refuses an authority that constrains %s, without the part for it', async (_, extensions, verdict) => {
    const peer = asked(await chainOf(extensions));
    expect(await code(peer)).toBe('CERT_UNKNOWN_CRITICAL_EXTENSION');
    expect(await code(peer, [otherExtensionsPart])).toBe('CERT_UNKNOWN_CRITICAL_EXTENSION');
    expect(await code(peer, ALL)).toBe(verdict);
  });

  it('does not ignore a limit that is not marked as critical', async () => {
    // NameConstraints that exclude nothing of ours, written without the mark.
    const value = Uint8Array.of(0x30, 7, 0xa1, 5, 0x30, 3, 0x82, 1, 0x78);
    const peer = asked(await chainOf({ extensions: [{ oid: '2.5.29.30', critical: false, value }] }));
    expect(await code(peer)).toBe('CERT_UNKNOWN_CRITICAL_EXTENSION');
    expect(await code(peer, [constraintsPart])).toBe('accepted');
  });

  it('does not trust what was read with fewer parts', async () => {
    // CertificatePolicies of an INTEGER.
    const malformed = { oid: '2.5.29.32', critical: false, value: Uint8Array.of(0x30, 3, 2, 1, 5) };
    const odd = await createAuthority({ subject: 'Odd', extensions: [malformed], allowInvalid: true });
    const { chain } = await issueCertificate({ issuer: odd, names: 'www.example.com', allowInvalid: true });
    const judged = async (parts: readonly PathPart[]): Promise<string> => {
      const verdict = await pathVerifier({ anchors: [odd.certificate], signatures, parts }).verify(asked(chain));
      return verdict.ok ? 'accepted' : verdict.failure.code;
    };
    expect(await judged([])).toBe('accepted');
    expect(await judged([policiesPart])).toBe('CERT_MALFORMED');
    expect(await judged([])).toBe('accepted');
  });

  it('asks for revocation where it is given', async () => {
    const chain = await chainOf({});
    const status = { status: 'revoked' } as never;
    const refusal = { code: 'CERT_REVOKED', what: 'it was revoked' } as const;
    const revocation = { wantsOcsp: true, check: () => ({ status, refusal }) };
    const verifier = pathVerifier({ anchors: [root.der], signatures, revocation });
    expect(verifier.wantsOcsp).toBe(true);
    const verdict = await verifier.verify(asked(chain));
    expect(verdict.ok ? '' : verdict.failure.code).toBe('CERT_REVOKED');
  });

  it.each<[string, object, string]>([
    ['no such option', { anchors: [], signatures, profile: 'webpki' }, 'profile: there is no such option'],
    ['no signatures', { anchors: [] }, 'signatures'],
    ['no anchors', { signatures }, 'anchors'],
    ['PEM', { anchors: ['-----BEGIN'], signatures }, 'anchors[0]: expected a DER certificate'],
    ['what is no certificate', { anchors: [Uint8Array.of(1)], signatures }, 'ERR_KEY'],
  ])('refuses %s', (_, options, message) => {
    expect(() => pathVerifier(options as never)).toThrow(message);
  });
});
