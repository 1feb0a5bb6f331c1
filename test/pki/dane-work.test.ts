import { describe, expect, it } from 'vitest';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { certificateVerifier, daneVerifier, type TlsaRecord } from '../../src/pki/index.ts';
import * as b from '../../vectors/pki/builder.ts';

/** A zone may have as many records as its owner likes: what they cost does not grow with them. */

const provider = nodeProvider();
const root = { subject: b.name(['CN', 'Root']), pair: b.makePair('ecdsa-p256') };
const ROOT = b.issue({ ...root, extensions: [b.basicConstraints(true), b.keyUsage('keyCertSign')] });
const LEAF = b.issue({
  subject: b.name(['CN', 'Leaf']),
  pair: b.makePair('ecdsa-p256'),
  issuer: root,
  extensions: [b.subjectAltName([b.dns('other.example')])],
});

async function judge(
  usage: number,
): Promise<{ readonly ok: boolean; readonly signatures: number; readonly digests: number }> {
  let signatures = 0;
  let digests = 0;
  const verifier = {
    verify: (...parts: Parameters<typeof provider.verifier.verify>) => {
      signatures++;
      return provider.verifier.verify(...parts);
    },
  };
  const crypto = {
    verifier,
    hash: (name: Parameters<typeof provider.hash>[0]) => {
      const hash = provider.hash(name);
      return {
        ...hash,
        digest: (...parts: readonly Uint8Array[]) => {
          digests++;
          return hash.digest(...parts);
        },
      };
    },
  };
  const right = provider.hash('sha512').digest(ROOT);
  const records: TlsaRecord[] = Array.from({ length: 5_000 }, (_, i) => ({
    usage,
    selector: 0,
    matchingType: 2,
    data: i % 2 === 0 ? right : new Uint8Array(64).fill(i),
  }));
  const pkix = certificateVerifier({ anchors: [ROOT], signatures: verifier, maxRememberedPaths: 0 });
  const verdict = await daneVerifier({ crypto, pkix, records: () => ({ authentic: true, records }) }).verify({
    role: 'client',
    chain: [LEAF, ROOT],
    serverName: 'host.example',
    ocspResponses: [],
    sctLists: [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now: Date.parse('2030-01-01T00:00:00Z'),
  });
  return { ok: verdict.ok, signatures, digests };
}

describe('many TLSA records', () => {
  it('are looked at with one digest of each certificate and one path', async () => {
    for (const usage of [0, 1, 2, 3]) {
      const { ok, signatures, digests } = await judge(usage);
      expect(ok).toBe(false);
      expect(signatures).toBeLessThanOrEqual(1);
      expect(digests).toBeLessThanOrEqual(2);
    }
  });
});
