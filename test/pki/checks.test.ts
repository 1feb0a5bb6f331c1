import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import type { VerificationCode } from '../../src/handshake/peer.ts';
import { certificateVerifier } from '../../src/pki/verifiers/verifier.ts';

/** Every check of the list that a chain can show: right chains are accepted, wrong ones refused for the right reason. */

interface Case {
  readonly check: number;
  readonly name: string;
  readonly codes: readonly VerificationCode[];
  readonly position?: number;
  readonly role: 'client' | 'server';
  readonly serverName?: string;
  readonly time: string;
  readonly chain: readonly number[];
  readonly anchors: readonly number[];
  readonly keyUse?: 'digitalSignature' | 'keyEncipherment';
  readonly certificateSchemes?: readonly number[];
  readonly maxIntermediates?: number;
  readonly profile?: 'rfc5280' | 'webpki';
}

const file = JSON.parse(readFileSync(new URL('../../vectors/pki/checks.json', import.meta.url), 'utf8')) as {
  readonly certificates: readonly string[];
  readonly cases: readonly Case[];
};
const ders = file.certificates.map((text) => new Uint8Array(Buffer.from(text, 'base64')));
const provider = nobleProvider();
const allSchemes = provider.signatures.map(({ id }) => id);

const run = async (test: Case) => {
  const verifier = certificateVerifier({
    anchors: test.anchors.map((at) => ders[at]!),
    signatures: provider.verifier,
    ...(test.maxIntermediates !== undefined && { maxIntermediates: test.maxIntermediates }),
    ...(test.profile !== undefined && { profile: test.profile }),
  });
  const chain = test.chain.map((at) => ders[at]!);
  return await verifier.verify({
    role: test.role,
    chain,
    serverName: test.serverName,
    ocspResponses: chain.map(() => undefined),
    sctLists: chain.map(() => undefined),
    certificateSchemes: test.certificateSchemes ?? allSchemes,
    keyUse: test.keyUse ?? 'digitalSignature',
    now: Date.parse(test.time),
  });
};

describe('checks of certificates', () => {
  it.each(file.cases)('$check: $name', async (test) => {
    const verdict = await run(test);
    if (test.codes.length === 0) {
      expect(verdict.ok ? 'accepted' : verdict.failure.message).toBe('accepted');
      return;
    }
    expect(verdict.ok ? ['accepted'] : test.codes).toContain(verdict.ok ? 'refused' : verdict.failure.code);
    if (!verdict.ok && test.position !== undefined) expect(verdict.failure.certificate?.position).toBe(test.position);
  });
});
