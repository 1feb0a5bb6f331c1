import { describe, expect, it } from 'vitest';
import { hasNodeCrypto, nodeProvider } from '../../src/crypto/node/index.ts';
import { defaultSchemes, legacySchemes, schemeById, schemesOf } from '../../src/crypto/schemes.ts';
import type { CryptoProvider } from '../../src/crypto/types.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { legacyClient12, legacyServer12, legacySignatures } from '../../src/legacy.ts';
import type { Credential } from '../../src/handshake/peer.ts';
import { loadCredential } from '../../src/pki/credentials/credential.ts';
import { credentialHolder } from '../../src/pki/credentials/credential-holder.ts';
import { clientConfig, serverConfig } from '../../src/engine/config/index.ts';
import { clientCredential, noble, rootsVerifier, serverCredential } from '../support/credentials.ts';
import { type ClientParts, makePair, run, type ServerParts } from '../support/pair.ts';
import { clientEntry, type KeyKind, serverEntry } from '../support/pki.ts';

/** Signatures of old devices: there for those who ask, in the places the RFCs leave them, and nowhere else. */

const SHA1 = ['ecdsa_sha1', 'rsa_pkcs1_sha1'];
const PKCS1 = ['rsa_pkcs1_sha256_legacy', 'rsa_pkcs1_sha384_legacy', 'rsa_pkcs1_sha512_legacy'];
const old = legacySignatures(noble);
const providers: readonly (readonly [string, CryptoProvider])[] = [
  ['noble', old],
  ...(hasNodeCrypto() ? [['node', legacySignatures(nodeProvider())] as const] : []),
];

const load = (kind: KeyKind, role: 'client' | 'server', crypto: CryptoProvider = old) => {
  const entry = role === 'server' ? serverEntry(kind) : clientEntry(kind);
  return loadCredential({ certificates: entry.chain.join('\n'), privateKey: entry.key }, crypto);
};

type Tamper = NonNullable<Parameters<typeof run>[1]>;

function connect(client: ClientParts, server: ServerParts, crypto: CryptoProvider = old, tamper?: Tamper) {
  const pair = makePair(
    { crypto, protocols: [client13, legacyClient12(crypto)], verifier: rootsVerifier, ...client },
    { crypto, protocols: [server13, legacyServer12(crypto)], verifier: rootsVerifier, ...server },
  );
  const steps = run(pair, tamper);
  const errors = [...steps.client, ...steps.server].flatMap((step) => (step.type === 'failed' ? [step.error] : []));
  return { ...pair, errors };
}

describe('the list', () => {
  // RFC 5246 ¶7.4.1.4.1-1
  it('is no default one', () => {
    expect(legacySchemes().map(({ name }) => name)).toEqual([...PKCS1, ...SHA1]);
    for (const scheme of legacySchemes()) {
      expect(defaultSchemes()).not.toContain(scheme);
      expect(noble.signatures).not.toContain(scheme);
      expect(schemeById(scheme.id)).toBe(scheme);
    }
  });

  it('stands behind what the provider has, and only once', () => {
    const names = old.signatures.map(({ name }) => name);
    expect(names).toEqual([...noble.signatures.map(({ name }) => name), ...PKCS1, ...SHA1]);
    expect(legacySignatures(old).signatures).toEqual(old.signatures);
  });

  it('gives a key what it can make, last', async () => {
    const { signer } = await load('rsa-2048', 'server');
    expect(signer.schemes.slice(-4)).toEqual([0x0420, 0x0520, 0x0620, 0x0201]);
    expect((await load('ecdsa-p384', 'server')).signer.schemes.at(-1)).toBe(0x0203);
    expect((await load('rsa-pss', 'server')).signer.schemes).toEqual(
      schemesOf((await serverCredential('rsa-pss')).signer.publicKey),
    );
    expect((await load('ed25519', 'server')).signer.schemes).toEqual([0x0807]);
  });

  it('disposes of the key that it signs with', async () => {
    const { signer } = await load('ecdsa-p256', 'server');
    signer.dispose?.();
    expect(() => signer.sign(0x0203, new Uint8Array(1))).toThrow();
  });
});

describe('SHA-1 in TLS 1.2', () => {
  const kinds: readonly (readonly [KeyKind, string])[] = [
    ['ecdsa-p256', 'ecdsa_sha1'],
    ['ecdsa-p384', 'ecdsa_sha1'],
    ['rsa-2048', 'rsa_pkcs1_sha1'],
  ];
  const suites = ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'];

  it.each(providers.flatMap(([name, crypto]) => kinds.map((kind) => [name, ...kind, crypto] as const)))(
    '%s: a server with %s and a client sign with it, where it is all there is',
    async (_name, kind, scheme, crypto) => {
      const only = { protocols: [legacyClient12(crypto)], signatures: [scheme], certificateSignatures: ALL };
      const { client, server, errors } = connect(
        { ...only, suites, credential: await load(kind, 'client', crypto) },
        {
          suites,
          signatures: [scheme],
          certificateSignatures: ALL,
          clientAuth: 'require',
          credential: await load(kind, 'server', crypto),
        },
        crypto,
      );
      expect(errors).toEqual([]);
      expect([client.status, server.status]).toEqual(['open', 'open']);
      expect(client.info.peerSignatureScheme?.name).toBe(scheme);
      expect(server.info.peerSignatureScheme?.name).toBe(scheme);
    },
  );

  it('is not chosen where there is better', async () => {
    const { client, errors } = connect(
      { protocols: [legacyClient12(old)], suites },
      { suites, credential: await load('rsa-2048', 'server') },
    );
    expect(errors).toEqual([]);
    expect(client.info.peerSignatureScheme?.name).toBe('rsa_pss_rsae_sha256');
  });

  it('is not accepted by a side that did not ask for it', async () => {
    // On the way, the last scheme that the client offers becomes this one.
    const swap: Tamper = (bytes, from) => {
      if (from === 'server') return [bytes];
      const at = bytes.findLastIndex((byte, i) => byte === 0x06 && bytes[i + 1] === 0x01 && bytes[i - 2] === 0x05);
      return [at < 0 ? bytes : bytes.with(at, 0x02)];
    };
    const { errors } = connect(
      { protocols: [legacyClient12(old)], crypto: noble, suites },
      { suites, credential: only(await load('rsa-2048', 'server'), 0x0201) },
      old,
      swap,
    );
    expect(errors).toContainEqual(expect.objectContaining({ code: 'ERR_SCHEME_NOT_OFFERED', alert: 47 }));
  });

  it('is not made by a side that did not ask for it', async () => {
    const { errors } = connect(
      { protocols: [legacyClient12(old)], suites, signatures: ['rsa_pkcs1_sha1'], certificateSignatures: ALL },
      { crypto: noble, suites, credential: await serverCredential('rsa-2048') },
    );
    expect(errors.map(({ code }) => code)).toContain('ERR_NO_CREDENTIAL');
  });

  it('never signs in TLS 1.3', async () => {
    const { errors } = connect(
      { signatures: SHA1, certificateSignatures: ALL },
      { credential: await load('ecdsa-p256', 'server') },
    );
    expect(errors).toContainEqual(expect.objectContaining({ code: 'ERR_NO_CREDENTIAL', alert: 40 }));
  });
});

describe('PKCS#1 v1.5 of a TLS 1.3 client (RFC 9963)', () => {
  /** As a TPM does that knows nothing else. */
  const token = async (role: 'client' | 'server') => only(await load('rsa-2048', role), 0x0420);

  it.each(providers)('%s: shows who it is', async (_name, crypto) => {
    const { client, server, errors } = connect(
      { credential: await token('client') },
      { clientAuth: 'require', credential: await load('ecdsa-p256', 'server', crypto) },
      crypto,
    );
    expect(errors).toEqual([]);
    expect([client.info.version, client.status, server.status]).toEqual(['TLSv1.3', 'open', 'open']);
    expect(server.info.peerSignatureScheme?.name).toBe('rsa_pkcs1_sha256_legacy');
  });

  it('is preferred to nothing', async () => {
    const { server, errors } = connect(
      { credential: await load('rsa-2048', 'client') },
      { clientAuth: 'require', credential: await load('ecdsa-p256', 'server') },
    );
    expect(errors).toEqual([]);
    expect(server.info.peerSignatureScheme?.name).toBe('rsa_pss_rsae_sha256');
  });

  it('is not made for a server that did not ask for it', async () => {
    const { errors } = connect(
      { credential: await token('client') },
      { crypto: noble, clientAuth: 'require', credential: await serverCredential() },
    );
    expect(errors.map(({ code }) => code)).toContain('ERR_CERTIFICATE_REQUIRED');
  });

  it('is not offered to servers, nor made by them', async () => {
    const config = clientConfig({ crypto: old, protocols: [client13], verifier: rootsVerifier });
    expect(config.signatures.map(({ name }) => name)).toEqual([...noble.signatures.map(({ name }) => name), ...SHA1]);
    expect(config.signingAlgorithms.map(({ name }) => name)).toEqual(old.signatures.map(({ name }) => name));
    const { errors } = connect({}, { credential: await token('server') });
    expect(errors.map(({ code }) => code)).toContain('ERR_NO_CREDENTIAL');
  });

  it('signs nothing in TLS 1.2', async () => {
    const { errors } = connect(
      { protocols: [legacyClient12(old)], credential: await token('client') },
      { clientAuth: 'require', credential: await serverCredential() },
    );
    expect(errors.map(({ code }) => code)).toContain('ERR_CERTIFICATE_REQUIRED_12');
  });

  it('cannot be all that an engine knows', async () => {
    expect(() =>
      clientConfig({ crypto: old, protocols: [client13], verifier: rootsVerifier, signatures: PKCS1 }),
    ).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('signatures') }));
    const credential = await serverCredential();
    const server = { crypto: old, signatures: PKCS1, credential };
    expect(() => serverConfig({ ...server, protocols: [legacyServer12(old)] })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('signatures') }),
    );
    expect(serverConfig({ ...server, protocols: [server13] }).signatures).toHaveLength(3);
  });

  it('is found by a holder of credentials, for a client only', async () => {
    const { resolver } = credentialHolder(await token('client'));
    const query = {
      version: 0x0304,
      serverName: undefined,
      alpn: [],
      schemes: [0x0420],
      certificateSchemes: [],
      authorities: [],
      oidFilters: [],
    } as const;
    expect(await resolver({ ...query, role: 'client' })).toBeDefined();
    expect(await resolver({ ...query, role: 'server' })).toBeUndefined();
  });
});

describe('certificates', () => {
  it('may not be signed with what is for CertificateVerify alone', async () => {
    const asked: (readonly number[])[] = [];
    const verifier = {
      ...rootsVerifier,
      verify: (...question: Parameters<typeof rootsVerifier.verify>) => {
        asked.push(question[0].certificateSchemes);
        return rootsVerifier.verify(...question);
      },
    };
    connect(
      { credential: await clientCredential() },
      { clientAuth: 'require', verifier, credential: await serverCredential() },
    );
    expect(asked).toEqual([old.signatures.map(({ id }) => id).filter((id) => ![0x0420, 0x0520, 0x0620].includes(id))]);
  });
});

const ALL = noble.signatures.map(({ name }) => name);

/** A key in hardware that makes nothing else. */
function only(credential: Credential, scheme: number): Credential {
  return { ...credential, signer: { ...credential.signer, schemes: [scheme] } };
}
