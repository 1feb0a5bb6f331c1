import { describe, expect, it } from 'vitest';
import { composeProvider } from '../../src/crypto/compose.ts';
import {
  ecdsaP256,
  nobleProvider,
  rsaSignatures,
  sha256,
  sha384,
  tlsAes256GcmSha384,
  tlsChacha20Poly1305Sha256,
  verifierOf,
  x25519,
} from '../../src/crypto/noble/index.ts';
import { generateKeyPair, issueCertificate, createAuthority } from '../../src/pki/issue/index.ts';
import { loadCredential, pathVerifier } from '../../src/pki/index.ts';
import { makePair, runLater } from '../support/pair.ts';
import { smallProvider as smallNoble } from '../size/client13-noble.ts';
import { smallProvider as smallWeb } from '../size/client13-web.ts';

/** Providers of parts: what the small bundles of test/size carry really shakes hands. */

const noble = nobleProvider();

describe('a provider of parts', () => {
  const parts = {
    name: 'small',
    suites: [tlsChacha20Poly1305Sha256],
    groups: [x25519],
    signatures: [],
    verifier: verifierOf([ecdsaP256], [sha256]),
    hashes: [sha256],
  };

  it('has what it was given, and says what it has not', async () => {
    const provider = composeProvider(parts);
    expect(provider.hash('sha256')).toBe(sha256);
    expect(() => provider.hash('sha384')).toThrow('the provider small has no sha384');
    const { privateKey } = await generateKeyPair('P-256');
    expect(() => provider.signer(privateKey)).toThrow('ERR_KEY');
    expect(composeProvider({ ...parts, signer: noble.signer }).signer).toBe(noble.signer);
  });

  it('has the hashes of its suites', () => {
    expect(() => composeProvider({ ...parts, suites: [tlsAes256GcmSha384] })).toThrow('needs sha384');
  });
});

describe('a verifier of some kinds of signature', () => {
  const message = Uint8Array.of(1, 2, 3);

  it.each(['P-256', 'P-384', 'Ed25519', 'RSA-2048'] as const)('checks %s where that is named', async (name) => {
    const { privateKey } = await generateKeyPair(name);
    const signer = await noble.signer(privateKey);
    const scheme = noble.signatures.find(({ id }) => id === signer.schemes[0])!;
    const signature = await signer.sign(scheme.id, message);
    const verify = (verifier: typeof noble.verifier) =>
      verifier.verify(scheme.algorithm, signer.publicKey, message, signature);
    expect(verify(noble.verifier)).toBe(true);
    const isNamed = name === 'P-256' || name === 'RSA-2048';
    expect(verify(verifierOf([ecdsaP256, rsaSignatures], [sha256, sha384]))).toBe(isNamed);
    // Over a hash that it does not have.
    expect(verify(verifierOf([ecdsaP256, rsaSignatures], []))).toBe(false);
  });
});

describe.each([
  ['noble', smallNoble()],
  ['WebCrypto', smallWeb(crypto.subtle)],
])('the small client with %s', (_, provider) => {
  it.each(['P-256', 'P-384', 'RSA-2048'] as const)('shakes hands with a server with %s', async (key) => {
    const root = await createAuthority({ subject: 'Root', key });
    const issued = await issueCertificate({ issuer: root, names: 'server.example', key });
    const certificates = [...issued.chain];
    const credential = await loadCredential({ certificates, privateKey: issued.keyPair?.der ?? '' }, noble);
    const verifier = pathVerifier({ anchors: [root.der], signatures: provider.verifier });
    const pair = makePair({ crypto: provider, verifier }, { crypto: noble, credential });
    const { steps } = await runLater(pair);
    for (const step of steps) if (step.type === 'failed') throw step.error;
    expect(pair.client.status).toBe('open');
    expect(pair.client.info.peer?.verdict?.ok).toBe(true);
  });
});
