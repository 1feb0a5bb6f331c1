import { describe, expect, it } from 'vitest';
import { encodeSubjectPublicKeyInfo } from '../../src/crypto/spki.ts';
import type { Credential } from '../../src/handshake/peer.ts';
import { clientCredential, credentialOf, noble, rootsVerifier, serverCredential } from '../support/credentials.ts';
import { makePair, run } from '../support/pair.ts';
import { faultyEntry, KEY_KINDS, type KeyKind } from '../support/pki.ts';
import { thorough } from '../support/thorough.ts';

/**
 * Two engines with real cryptography: suites × groups × signature schemes, each with one way of client authentication, and
 * with a HelloRetryRequest or without; with all eight of these in `npm run test:full`.
 */

const MODES = ['none', 'request', 'optional', 'require'] as const;
const WAYS = MODES.flatMap((clientAuth) => [false, true].map((retry) => ({ clientAuth, retry })));
const SUITES = noble.suites.filter(({ version }) => version === 0x0304).map(({ name }) => name);
const GROUPS = noble.groups.map(({ name }) => name);
/** 8192-bit and the like have tests of their own; here each scheme needs a key that makes it. */
const SCHEMES: readonly (readonly [scheme: string, kind: KeyKind])[] = [
  ['ecdsa_secp256r1_sha256', 'ecdsa-p256'],
  ['ecdsa_secp384r1_sha384', 'ecdsa-p384'],
  ['ecdsa_secp521r1_sha512', 'ecdsa-p521'],
  ['rsa_pss_rsae_sha256', 'rsa-2048'],
  ['rsa_pss_rsae_sha384', 'rsa-2048'],
  ['rsa_pss_rsae_sha512', 'rsa-2048'],
  ['rsa_pss_pss_sha256', 'rsa-pss'],
  ['ed25519', 'ed25519'],
  ['ed448', 'ed448'],
];

/** Chains are checked in the tests of certificates: here it is enough that they are the right ones. */
function known(credential: Credential, spki: Uint8Array): { verify(peer: { chain: readonly Uint8Array[] }): never } {
  return {
    verify: ({ chain }) =>
      (chain[0]!.join() === credential.chain[0]!.join()
        ? { ok: true, publicKey: spki, path: chain }
        : { ok: false, failure: { code: 'CERT_REFUSED', message: 'another', alert: 42 } }) as never,
  };
}

/** Consecutive numbers take turns: every scheme, every suite and every group meets each of the ways. */
function waysOf(suite: string, group: string, scheme: number): typeof WAYS {
  if (thorough) return WAYS;
  return [WAYS[(SUITES.indexOf(suite) * GROUPS.length + GROUPS.indexOf(group) + scheme) % WAYS.length]!];
}

it('meets every way with each scheme, suite and group', () => {
  const met = new Set<string>();
  for (const suite of SUITES)
    for (const group of GROUPS)
      for (const [index, [scheme]] of SCHEMES.entries())
        for (const { clientAuth, retry } of waysOf(suite, group, index))
          for (const with_ of [suite, group, scheme]) met.add(`${with_}, ${clientAuth}, ${retry}`);
  expect(met.size).toBe((SUITES.length + GROUPS.length + SCHEMES.length) * WAYS.length);
});

describe.each(SUITES)('%s', (suite) => {
  describe.each(GROUPS)('%s', (group) => {
    // RFC 9846 §4.2.1-3, §4.2.4-6, §9.1-1
    it.each(SCHEMES)('%s', async (scheme, kind) => {
      const [ours, theirs] = [await clientCredential(kind), await serverCredential(kind)];
      const only = (credential: Credential): Credential => {
        const id = noble.signatures.find(({ name }) => name === scheme)!.id;
        return { ...credential, signer: { ...credential.signer, schemes: [id] } };
      };
      const index = SCHEMES.findIndex(([name]) => name === scheme);
      for (const { clientAuth, retry } of waysOf(suite, group, index)) {
        const pair = makePair(
          {
            crypto: noble,
            suites: [suite],
            groups: [group],
            ...(retry && { keyShares: [] }),
            verifier: known(theirs, encodeSubjectPublicKeyInfo(theirs.signer.publicKey)),
            credential: only(ours),
          },
          {
            crypto: noble,
            credential: only(theirs),
            clientAuth,
            verifier: known(ours, encodeSubjectPublicKeyInfo(ours.signer.publicKey)),
            retryCookie: true,
          },
        );
        run(pair);
        expect(pair.client.status).toBe('open');
        expect(pair.server.status).toBe('open');
        for (const { info } of [pair.client, pair.server]) {
          expect(info.suite?.name).toBe(suite);
          expect(info.group?.name).toBe(group);
          expect(info.retried ?? false).toBe(retry);
        }
        expect(pair.client.info.peerSignatureScheme?.name).toBe(scheme);
        expect(pair.server.info.peerSignatureScheme?.name).toBe(clientAuth === 'none' ? undefined : scheme);
        expect(pair.client.exportKey('EXPORTER-x', undefined, 16)).toEqual(
          pair.server.exportKey('EXPORTER-x', undefined, 16),
        );
      }
    });
  });
});

describe('client certificates by mode', () => {
  const refused = [
    ['require', 'none', 'ERR_CERTIFICATE_REQUIRED'],
    ['require', 'bad', 'ERR_PEER_REFUSED'],
    ['optional', 'bad', 'ERR_PEER_REFUSED'],
  ] as const;
  const taken = [
    ['optional', 'none', undefined],
    ['request', 'none', undefined],
    ['request', 'bad', false],
    ['request', 'good', true],
    ['optional', 'good', true],
    ['require', 'good', true],
    ['none', 'good', undefined],
  ] as const;

  async function shake(
    clientAuth: (typeof MODES)[number],
    shown: 'none' | 'good' | 'bad',
  ): Promise<ReturnType<typeof makePair> & { steps: ReturnType<typeof run> }> {
    const credential =
      shown === 'good'
        ? await clientCredential()
        : shown === 'bad'
          ? await credentialOf(faultyEntry('untrustedClient'))
          : undefined;
    const pair = makePair(
      { crypto: noble, groups: ['X25519'], verifier: rootsVerifier, ...(credential !== undefined && { credential }) },
      { crypto: noble, credential: await serverCredential(), clientAuth, verifier: rootsVerifier },
    );
    return { ...pair, steps: run(pair) };
  }

  // RFC 5246 ¶7.4.6-9
  it.each(refused)('%s, a certificate that is %s: %s', async (mode, shown, code) => {
    const { steps } = await shake(mode, shown);
    expect(steps.server.find((step) => step.type === 'failed')).toMatchObject({ error: { code } });
  });

  // RFC 9846 §4.5.1-4
  it.each(taken)('%s, a certificate that is %s: taken', async (mode, shown, verdict) => {
    const { server } = await shake(mode, shown);
    expect(server.status).toBe('open');
    expect(server.info.peer?.verdict.ok).toBe(verdict);
  });
});

// RFC 9846 §4.5.1.2-7
describe('a server that cannot be trusted is refused with its alert', () => {
  it.each([
    ['expired', 'CERT_EXPIRED', 45],
    ['notYetValid', 'CERT_NOT_YET_VALID', 45],
    ['wrongName', 'CERT_NAME_MISMATCH', 42],
    ['untrusted', 'CERT_UNTRUSTED', 48],
    ['wrongPurpose', 'CERT_EXTENDED_KEY_USAGE', 43],
    ['selfSigned', 'CERT_SELF_SIGNED', 48],
    ['missingIntermediate', 'CERT_MISSING_INTERMEDIATE', 48],
    ['badSignature', 'CERT_BAD_SIGNATURE', 42],
  ] as const)('%s', async (fault, code, alert) => {
    const credential = await credentialOf(faultyEntry(fault));
    const pair = makePair(
      { crypto: noble, groups: ['X25519'], verifier: rootsVerifier },
      { crypto: noble, credential },
    );
    const { client, server } = run(pair);
    const error = client.flatMap((step) => (step.type === 'failed' ? [step.error] : []))[0];
    expect(error).toMatchObject({ code: 'ERR_PEER_REFUSED', alert, failure: { code } });
    expect(error?.message).toContain(error?.failure?.message);
    expect(server.find((step) => step.type === 'failed')).toMatchObject({
      error: { code: 'ERR_ALERT_RECEIVED', alertReceived: alert },
    });
  });

  // RFC 9846 §9.1-2
  it.each(KEY_KINDS)('and one that can be, with a key of kind %s, is not', async (kind) => {
    const pair = makePair(
      { crypto: noble, groups: ['X25519'], verifier: rootsVerifier },
      { crypto: noble, credential: await serverCredential(kind) },
    );
    run(pair);
    expect(pair.client.info.peer?.verdict).toMatchObject({
      ok: true,
      details: { identities: { dns: expect.arrayContaining(['server.example']) } },
    });
  });
});
