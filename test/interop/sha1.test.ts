import { afterEach, describe, expect, it } from 'vitest';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { legacyClient12, legacyServer12, legacySignatures } from '../../src/legacy.ts';
import { loadCredential } from '../../src/pki/credentials/credential.ts';
import { connectTo, line, listen } from '../peers/ends.ts';
import { rootsVerifier } from '../support/credentials.ts';
import { hasOpenssl, opensslClient, opensslServer } from '../support/openssl.ts';
import { clientEntry, type Entry, type KeyKind, serverEntry, trustedRootsPem } from '../support/pki.ts';

/** OpenSSL as an old device: it knows SHA-1 and nothing else, and so everybody who meets it signs so. */

const modern = nobleProvider();
const crypto = legacySignatures(modern);
const toStop: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

const KINDS: readonly (readonly [KeyKind, openssl: string, ours: string])[] = [
  ['rsa-2048', 'RSA+SHA1', 'rsa_pkcs1_sha1'],
  ['ecdsa-p256', 'ECDSA+SHA1', 'ecdsa_sha1'],
];
const pem = ({ chain, key }: Entry): { chain: string; key: string } => ({ chain: chain.join('\n'), key });
const load = (entry: Entry) => loadCredential({ certificates: entry.chain.join('\n'), privateKey: entry.key }, crypto);

describe.skipIf(!hasOpenssl()).each(KINDS)('%s', (kind, openssl, ours) => {
  const device = {
    version: '1.2',
    suites12: 'ALL:@SECLEVEL=0',
    signatures: openssl,
    clientSignatures: openssl,
  } as const;

  it('our client with s_server: both sign', async () => {
    const server = await opensslServer({
      ...device,
      credential: pem(serverEntry(kind)),
      clientAuth: 'require',
      anchors: trustedRootsPem(),
      mode: 'reverse',
    });
    toStop.push(() => server.stop());
    const stream = await connectTo(server.port, {
      crypto,
      protocols: [legacyClient12(crypto)],
      serverName: 'server.example',
      verifier: rootsVerifier,
      credential: await load(clientEntry(kind)),
    });
    expect(stream.info.peerSignatureScheme?.name).toBe(ours);
    expect(stream.info.signatureScheme?.name).toBe(ours);
    expect(await line(stream, 'hello')).toContain('olleh');
    await stream.close();
  });

  it('s_client with our server: both sign', async () => {
    const server = await listen({
      crypto,
      protocols: [legacyServer12(crypto)],
      credential: await load(serverEntry(kind)),
      clientAuth: 'require',
      verifier: rootsVerifier,
    });
    toStop.push(() => server.close());
    const handshake = server.next();
    const child = opensslClient({
      ...device,
      port: server.port,
      serverName: 'server.example',
      anchors: trustedRootsPem(),
      mode: 'silent',
      credential: pem(clientEntry(kind)),
    });
    toStop.push(() => child.stop());
    const stream = await handshake;
    expect(stream.info.signatureScheme?.name).toBe(ours);
    expect(stream.info.peerSignatureScheme?.name).toBe(ours);
    expect(stream.info.peer?.verdict.ok).toBe(true);
  });

  it('does not get in where that was not asked for', async () => {
    const server = await opensslServer({ ...device, credential: pem(serverEntry(kind)) });
    toStop.push(() => server.stop());
    await expect(
      connectTo(server.port, {
        crypto: modern,
        protocols: [legacyClient12(modern)],
        suites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
        serverName: 'server.example',
        verifier: rootsVerifier,
      }),
    ).rejects.toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 40 });
  });
});
