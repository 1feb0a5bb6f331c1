import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import { encodeSubjectPublicKeyInfo } from '../../src/crypto/spki.ts';
import type { ServerOptions } from '../../src/engine/config/index.ts';
import type { EngineEvent } from '../../src/engine/event.ts';
import type { TlsError } from '../../src/errors.ts';
import { versionName } from '../../src/handshake/context.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import type { Credential, PeerVerifier } from '../../src/handshake/peer.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { decode, encode } from '../../src/wire/codec.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import { ClientHello } from '../../src/wire/hello.ts';
import { noble, serverCredential } from '../support/credentials.ts';
import { drain, makeClient, makeServer, run, written } from '../support/pair.ts';
import type { KeyKind } from '../support/pki.ts';

/** Rules of TLS 1.2 that only show when the two sides do not fit. */

const failure = (steps: readonly EngineEvent[]): TlsError | undefined =>
  steps.flatMap((step) => (step.type === 'failed' ? [step.error] : []))[0];

/** Takes any certificate for this one. */
const believes = (credential: Credential): PeerVerifier => ({
  verify: ({ chain }) => ({
    ok: true,
    publicKey: encodeSubjectPublicKeyInfo(credential.signer.publicKey),
    path: chain,
  }),
});

async function pair(
  kind: KeyKind,
  groups: readonly string[],
  server: Partial<ServerOptions> = {},
): Promise<ReturnType<typeof run>> {
  const credential = await serverCredential(kind);
  return run({
    client: makeClient({ protocols: [client12], crypto: noble, verifier: believes(credential), groups }),
    server: makeServer({ protocols: [server12], crypto: noble, credential, ...server }),
  });
}

describe('the curve of a certificate', () => {
  // RFC 5246 ¶7.4.2-13
  it('is one that the client named', async () => {
    expect(failure((await pair('ecdsa-p384', ['secp256r1', 'secp384r1'])).client)).toBeUndefined();
    const { server, client } = await pair('ecdsa-p384', ['secp256r1']);
    expect(failure(server)).toMatchObject({ code: 'ERR_NO_SHARED_GROUP', alert: 40 });
    expect(failure(client)).toMatchObject({ alertReceived: 40 });
  });

  it('is checked by the client too', async () => {
    const credential = await serverCredential('ecdsa-p384');
    const groups = ['x25519', 'secp256r1'].map(nameOf);
    const client = makeClient({ protocols: [client12], crypto: noble, verifier: believes(credential), groups });
    const server = makeServer({ protocols: [server12], crypto: noble, credential });
    client.start();
    server.start();
    // The server is shown a hello that names P-384, and the client is not told.
    const hello = written(drain(client))[0]!;
    server.receive(replaced(hello, Uint8Array.of(0, 29, 0, 23), Uint8Array.of(0, 29, 0, 24)));
    for (const bytes of written(drain(server))) client.receive(bytes);
    const error = failure(drain(client));
    expect(error).toMatchObject({ code: 'ERR_CERTIFICATE_CURVE', alert: 47 });
  });

  it('does not matter for keys that are on none', async () => {
    expect(failure((await pair('ed25519', ['secp256r1'])).client)).toBeUndefined();
    expect(failure((await pair('rsa-2048', ['secp256r1'])).client)).toBeUndefined();
  });
});

describe('a ClientHello', () => {
  it('names no group that is for TLS 1.3 alone', () => {
    const client = makeClient({ protocols: [client12], crypto: noble });
    client.start();
    const { extensions } = decode(ClientHello, written(drain(client))[0]!.slice(9));
    const { data } = extensions.find(({ type }) => type === 10)!;
    const ids = Array.from({ length: (data.length - 2) / 2 }, (_, i) => data[2 + 2 * i]! * 256 + data[3 + 2 * i]!);
    expect(ids).toContain(0x001d);
    expect(ids).not.toContain(0x11ec);
  });

  it('is followed by nothing before the server has spoken', async () => {
    const client = makeClient({ protocols: [client12], crypto: noble });
    const server = makeServer({ protocols: [server12], crypto: noble, credential: await serverCredential() });
    client.start();
    server.start();
    const hello = written(drain(client))[0]!;
    const length = hello.length - 5 + 1;
    server.receive(concat(Uint8Array.of(22, 3, 1, length >> 8, length & 255), hello.slice(5), Uint8Array.of(16)));
    expect(failure(drain(server))).toMatchObject({ code: 'ERR_LEFTOVER_BYTES', alert: 10 });
  });
});

describe('the first flight of a server', () => {
  it('is followed by nothing before the client has answered', async () => {
    const credential = await serverCredential();
    const client = makeClient({ protocols: [client12], crypto: noble, verifier: believes(credential) });
    const server = makeServer({ protocols: [server12], crypto: noble, credential });
    client.start();
    server.start();
    for (const bytes of written(drain(client))) server.receive(bytes);
    const flight = concat(...written(drain(server)));
    let last = 0;
    const lengthAt = (at: number): number => flight[at + 3]! * 256 + flight[at + 4]!;
    while (last + 5 + lengthAt(last) < flight.length) last += 5 + lengthAt(last);
    // ServerHelloDone ends it; behind it the first byte of a NewSessionTicket.
    expect([...flight.slice(-4)]).toEqual([14, 0, 0, 0]);
    const length = lengthAt(last) + 1;
    client.receive(flight.slice(0, last));
    client.receive(
      concat(Uint8Array.of(22, 3, 3, length >> 8, length & 255), flight.slice(last + 5), Uint8Array.of(4)),
    );
    expect(failure(drain(client))).toMatchObject({ code: 'ERR_LEFTOVER_BYTES', alert: 10 });
  });
});

describe('a client that fell back', () => {
  it('below all that we speak hears that it need not have', async () => {
    const credential = await serverCredential();
    const client = makeClient({ protocols: [client12], crypto: noble });
    client.start();
    const hello = decode(ClientHello, written(drain(client))[0]!.slice(9));
    const ask = (cipherSuites: readonly number[]): TlsError | undefined => {
      const server = makeServer({ protocols: [server12], crypto: noble, credential });
      server.start();
      const raw = encodeHandshake(
        1,
        encode(ClientHello, { ...hello, legacyVersion: 0x0302, cipherSuites: [...cipherSuites] }),
      );
      server.receive(concat(Uint8Array.of(22, 3, 1, raw.length >> 8, raw.length & 255), raw));
      return failure(drain(server));
    };
    expect(ask(hello.cipherSuites)).toMatchObject({ code: 'ERR_VERSION', alert: 70 });
    expect(ask([...hello.cipherSuites, 0x5600])).toMatchObject({ code: 'ERR_INAPPROPRIATE_FALLBACK', alert: 86 });
  });
});

describe('signature schemes of our own', () => {
  it('may be others than those we take', async () => {
    const { server } = await pair('ed25519', ['secp256r1'], {
      signatures: ['ecdsa_secp256r1_sha256'],
      signingAlgorithms: ['ed25519'],
    });
    expect(failure(server)).toBeUndefined();
    const refused = await pair('ed25519', ['secp256r1'], { signingAlgorithms: ['ecdsa_secp256r1_sha256'] });
    expect(failure(refused.server)).toMatchObject({ alert: 40 });
  });
});

describe('the extended main secret', () => {
  it('is told of, and always there in TLS 1.3', async () => {
    const options = { crypto: noble, credential: await serverCredential() };
    for (const [client, server] of [
      [client12, server12],
      [client13, server13],
    ] as const) {
      const ends = {
        client: makeClient({ protocols: [client], crypto: noble, verifier: believes(options.credential) }),
        server: makeServer({ protocols: [server], ...options }),
      };
      run(ends);
      expect(ends.client.info).toMatchObject({ version: versionName(client.version), extendedMasterSecret: true });
      expect(ends.server.info).toMatchObject({ version: versionName(client.version), extendedMasterSecret: true });
    }
  });
});

function nameOf(name: string): string {
  return noble.groups.find((group) => group.name.toLowerCase() === name)!.name;
}

function replaced(bytes: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const changed = text.replace(Buffer.from(from).toString('latin1'), Buffer.from(to).toString('latin1'));
  expect(changed).not.toBe(text);
  return new Uint8Array(Buffer.from(changed, 'latin1'));
}
