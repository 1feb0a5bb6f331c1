/** Signatures as they stand on certificates, one file of Wycheproof at a time. */
import { decodeSubjectPublicKeyInfo } from '../../src/crypto/index.ts';
import { nobleVerifierWithMlDsa } from '../../src/crypto/noble/index.ts';
import type { HashName, PublicKey, SignatureAlgorithm } from '../../src/crypto/types.ts';
import { type Answer, type Row, rowsOf, SKIPPED } from './row.ts';

interface Group {
  readonly publicKeyDer?: string | null;
  readonly sha?: string;
  readonly mgfSha?: string;
  readonly sLen?: number;
  readonly tests: readonly Test[];
}

interface Test {
  readonly tcId: number;
  readonly msg: string;
  readonly sig: string;
  readonly ctx?: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

/** Is this one of the files with signatures that a certificate may have? (P1363 is another encoding.) */
export function isSignatureFile(name: string): boolean {
  return /^(?:ecdsa_secp\w+_sha\d+|ed25519|ed448|rsa_signature_\w+|rsa_pss_\w+|mldsa_\d+_verify)_test$/.test(name);
}

export async function run(contents: string): Promise<readonly Row[]> {
  const { algorithm, testGroups } = JSON.parse(contents) as {
    readonly algorithm: string;
    readonly testGroups: readonly Group[];
  };
  const tests = testGroups.flatMap((group) => group.tests.map((test) => ({ id: `${test.tcId}`, test, group })));
  return rowsOf(
    tests,
    // "acceptable" are encodings that no certificate may have: a DigestInfo without its NULL (RFC 8017 appendix A.2.4).
    ({ test }) => String(test.result === 'valid'),
    ({ test, group }) => {
      if (typeof group.publicKeyDer !== 'string' || test.ctx !== undefined) return NOT_ASKED;
      const key = decodeSubjectPublicKeyInfo(fromHex(group.publicKeyDer));
      const used = algorithmOf(algorithm, key, group);
      if (used === 'not asked') return NOT_ASKED;
      if (key === undefined || used === undefined) return { found: 'false', note: 'the key cannot be used' };
      return { found: String(nobleVerifierWithMlDsa.verify(used, key, fromHex(test.msg), fromHex(test.sig))) };
    },
  );
}

const NOT_ASKED: Answer = { found: SKIPPED, note: 'no certificate is signed like this' };

function algorithmOf(
  name: string,
  key: PublicKey | undefined,
  { sha, mgfSha, sLen }: Group,
): SignatureAlgorithm | 'not asked' | undefined {
  // Of these each kind of key has one algorithm.
  if (sha === undefined)
    return key === undefined || key.kind === 'rsa' || key.kind === 'ec' ? undefined : { kind: key.kind };
  const hash = HASHES[sha];
  if (hash === undefined) return 'not asked';
  switch (name) {
    case 'ECDSA':
      return { kind: 'ecdsa', hash };
    case 'RSASSA-PKCS1-v1_5':
      return { kind: 'rsa-pkcs1', hash };
    case 'RSASSA-PSS':
      return mgfSha === sha ? { kind: 'rsa-pss', hash, saltLength: sLen ?? 0 } : 'not asked';
    default:
      throw new Error(`an algorithm that is not known: ${name}`);
  }
}

const HASHES: { readonly [name: string]: HashName } = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}
