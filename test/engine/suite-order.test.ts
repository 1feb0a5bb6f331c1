import { describe, expect, it } from 'vitest';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { noble, serverCredential } from '../support/credentials.ts';
import { makeClient, makeServer, run } from '../support/pair.ts';
import { encodeSubjectPublicKeyInfo } from '../../src/crypto/spki.ts';

/** Which suite a server takes of those that both sides have. */

const [AES128, AES256, CHACHA] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
] as const;
const [OLD128, OLD256, OLD_CHACHA] = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
] as const;

async function chosen(
  theirs: readonly string[],
  ours: readonly (string | readonly string[])[],
  preference: 'server' | 'client' = 'server',
): Promise<string | undefined> {
  const credential = await serverCredential('ecdsa-p256');
  const publicKey = encodeSubjectPublicKeyInfo(credential.signer.publicKey);
  const verifier = {
    verify: ({ chain }: { chain: readonly Uint8Array[] }) => ({ ok: true, publicKey, path: chain }) as const,
  };
  const client = makeClient({ protocols: [client13, client12], crypto: noble, verifier, suites: theirs });
  const server = makeServer({ protocols: [server13, server12], crypto: noble, credential, suites: ours, preference });
  run({ client, server });
  expect(client.info.suite).toEqual(server.info.suite);
  return server.info.suite?.name;
}

describe.each([
  ['TLS 1.3', AES128, AES256, CHACHA],
  ['TLS 1.2', OLD128, OLD256, OLD_CHACHA],
])('a suite of %s', (_version, a, b, c) => {
  it('is the best of the server, or of the client where that decides', async () => {
    expect(await chosen([c, b, a], [a, b, c])).toBe(a);
    expect(await chosen([c, b], [a, b, c])).toBe(b);
    expect(await chosen([c, b, a], [a, b, c], 'client')).toBe(c);
  });

  it('is the best of the client among those that are as good to the server', async () => {
    expect(await chosen([c, b], [[b, c], a])).toBe(c);
    expect(await chosen([b, c], [[c, b], a])).toBe(b);
    expect(await chosen([a, c], [[b, c], a])).toBe(c);
    expect(await chosen([c, b, a], [a, [b, c]])).toBe(a);
    expect(await chosen([b, a, c], [[b, c], a], 'client')).toBe(b);
    expect(await chosen([a, b], [[b, c], a], 'client')).toBe(a);
  });
});

it('one that is not known is refused wherever it stands', () => {
  expect(() => makeServer({ suites: [[AES128, 'TLS_NULL']] })).toThrow(/TLS_NULL/);
});
