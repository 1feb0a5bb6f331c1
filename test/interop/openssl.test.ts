import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { AcceptOptions, ConnectOptions } from '../../src/index.ts';
import type { PresentedPeer } from '../../src/handshake/peer.ts';
import { connect as connectTls, createServer, type TlsSocket } from '../../src/node/index.ts';
import { clientCredential, rootsVerifier, serverCredential } from '../support/credentials.ts';
import {
  hasOpenssl,
  type OpensslClientOptions,
  type OpensslPeer,
  type OpensslServerOptions,
  opensslClient,
  opensslServer,
} from '../support/openssl.ts';
import { clientEntry, type Entry, type KeyKind, serverEntry, trustedRootsPem } from '../support/pki.ts';

/** Against OpenSSL, both roles: what two engines of the same house agree on proves little. */

const SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const GROUPS = { X25519: 'X25519', secp256r1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' } as const;
const KINDS: readonly KeyKind[] = ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'rsa-2048', 'rsa-pss', 'ed25519', 'ed448'];

const toStop: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

describe.skipIf(!hasOpenssl())('our client with openssl s_server', () => {
  it.each(SUITES)('%s', async (suite) => {
    const { socket } = await toOpenssl({ mode: 'reverse' }, { suites: [suite] });
    expect(socket.info.suite?.name).toBe(suite);
    await echoReversed(socket);
  });

  it.each(Object.entries(GROUPS))('group %s', async (ours, theirs) => {
    const { socket } = await toOpenssl({ mode: 'reverse', groups: theirs }, { groups: [ours] });
    expect(socket.info.group?.name).toBe(ours);
    expect(socket.info.retried).toBe(false);
    await echoReversed(socket);
  });

  it.each(KINDS)('a server with a key of kind %s', async (kind) => {
    const { socket } = await toOpenssl({ mode: 'reverse', credential: pem(serverEntry(kind)) }, {});
    expect(socket.info.peer?.verdict.ok).toBe(true);
    await echoReversed(socket);
  });

  it('HelloRetryRequest', async () => {
    const { socket } = await toOpenssl({ mode: 'reverse', groups: 'P-384' }, { groups: ['X25519', 'secp384r1'] });
    expect(socket.info).toMatchObject({ retried: true, group: { name: 'secp384r1' } });
    await echoReversed(socket);
  });

  it('ALPN', async () => {
    const { socket } = await toOpenssl({ mode: 'reverse', alpn: ['h2', 'http/1.1'] }, { alpn: ['spdy/9', 'http/1.1'] });
    expect(socket.info.alpn).toBe('http/1.1');
    await echoReversed(socket);
  });

  it.each(KINDS)('a client certificate of kind %s, required', async (kind) => {
    const { socket } = await toOpenssl(
      { mode: 'reverse', clientAuth: 'require', anchors: trustedRootsPem() },
      { credential: await clientCredential(kind) },
    );
    expect(socket.info).toMatchObject({ certificateRequested: true, authenticated: true });
    await echoReversed(socket);
  });

  it('a client certificate that is asked for, and that we do not have', async () => {
    const { socket } = await toOpenssl({ mode: 'reverse', clientAuth: 'request', anchors: trustedRootsPem() }, {});
    expect(socket.info).toMatchObject({ certificateRequested: true, authenticated: false });
    await echoReversed(socket);
  });

  it('a client certificate that is required, and that we do not have: refused with its alert', async () => {
    const { socket } = await toOpenssl({ mode: 'reverse', clientAuth: 'require', anchors: trustedRootsPem() }, {});
    const error = await failure(socket);
    expect(error).toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 116 });
  });

  it('KeyUpdate from both ends', async () => {
    const { socket, peer } = await toOpenssl({ mode: 'terminal' }, {});
    socket.write('one\n');
    await peer.waitFor(/one/);
    socket.updateKeys(true);
    socket.write('two\n');
    await peer.waitFor(/two/);
    peer.write('K\n');
    // We answer its request with our next data (RFC 9846 section 4.7.3); s_server shows what it did when it reads that.
    await new Promise((resolve) => setTimeout(resolve, 300));
    socket.write('three\n');
    await peer.waitFor(/SSL_do_handshake -> 1/);
    await peer.waitFor(/three/);
    peer.write('answer\n');
    expect(await readUntil(socket, 'answer')).toContain('answer');
  });

  it('a stapled OCSP response is handed to the verifier', async () => {
    const staple = Uint8Array.of(0x30, 0x03, 0x0a, 0x01, 0x06);
    let seen: Uint8Array | undefined;
    const { socket } = await toOpenssl({ mode: 'reverse', ocsp: staple }, {
      anchors: undefined,
      verifier: {
        wantsOcsp: true,
        verify: (peer: PresentedPeer) => {
          seen = peer.ocspResponses[0];
          return rootsVerifier.verify(peer);
        },
      },
    } as unknown as Partial<ConnectOptions>);
    expect(seen).toEqual(staple);
    expect(socket.info.peer?.ocspResponse).toEqual(staple);
  });

  it('10 MB each way', async () => {
    const { socket, peer } = await toOpenssl({ mode: 'terminal' }, {});
    const data = digits(10_000_000);
    socket.write(data);
    await waitForBytes(peer, data.length);
    expect(sha256(peer.outputBytes().slice(-data.length))).toBe(sha256(data));
    const back = receive(socket, data.length);
    peer.write(data);
    expect(sha256(await back)).toBe(sha256(data));
  });

  it('the server ends first: a clean end, not a truncation', async () => {
    const { socket } = await toOpenssl({ mode: 'reverse' }, {});
    socket.write('CLOSE\n');
    socket.resume();
    await once(socket, 'end');
    expect(socket.errored).toBeNull();
  });
});

describe.skipIf(!hasOpenssl())('openssl s_client with our server', () => {
  it.each(SUITES)('%s', async (suite) => {
    const { socket } = await fromOpenssl({ suites13: suite }, {});
    expect(socket.info.suite?.name).toBe(suite);
  });

  it.each(Object.entries(GROUPS))('group %s', async (ours, theirs) => {
    const { socket } = await fromOpenssl({ groups: theirs }, {});
    expect(socket.info.group?.name).toBe(ours);
  });

  it.each(KINDS)('our key of kind %s', async (kind) => {
    const { peer } = await fromOpenssl(
      { verifyName: 'server.example', anchors: trustedRootsPem() },
      { credential: await serverCredential(kind) },
    );
    await peer.waitFor(/Verify return code: 0 \(ok\)/);
  });

  it('HelloRetryRequest with a cookie', async () => {
    const { socket } = await fromOpenssl({ groups: 'X25519:P-384' }, { groups: ['secp384r1'], retryCookie: true });
    expect(socket.info).toMatchObject({ retried: true, group: { name: 'secp384r1' } });
  });

  it('ALPN', async () => {
    const { socket, peer } = await fromOpenssl({ alpn: ['http/1.1', 'h2'] }, { alpn: ['h2', 'http/1.1'] });
    expect(socket.info.alpn).toBe('h2');
    await peer.waitFor(/ALPN protocol: h2/);
  });

  it.each(KINDS)('a client certificate of kind %s, required', async (kind) => {
    const { socket } = await fromOpenssl(
      { credential: pem(clientEntry(kind)) },
      { clientAuth: 'require', anchors: trustedRootsPem() },
    );
    expect(socket.info.peer?.verdict.ok).toBe(true);
  });

  it('a client certificate that is optional, and absent', async () => {
    const { socket } = await fromOpenssl({}, { clientAuth: 'optional', anchors: trustedRootsPem() });
    expect(socket.info.peer).toBeUndefined();
    expect(socket.info.certificateRequested).toBe(true);
  });

  it('a client certificate that is required, and absent: certificate_required', async () => {
    const { error, peer } = await refusedFromOpenssl({}, { clientAuth: 'require', anchors: trustedRootsPem() });
    expect(error).toMatchObject({ code: 'ERR_CERTIFICATE_REQUIRED', alert: 116 });
    await peer.waitFor(/alert certificate required|alert number 116/i);
  });

  it('a client certificate asked for after the handshake', async () => {
    const { socket } = await fromOpenssl(
      { credential: pem(clientEntry()), extra: ['-enable_pha'] },
      { anchors: trustedRootsPem() },
    );
    expect(socket.info.peer).toBeUndefined();
    const shown = await socket.requestCertificate();
    expect(shown?.verdict.ok).toBe(true);
  });

  it('KeyUpdate from both ends', async () => {
    const { socket, peer } = await fromOpenssl({ mode: 'terminal' }, {});
    peer.write('K\n');
    await peer.waitFor(/KEYUPDATE/i);
    peer.write('one\n');
    expect(await readUntil(socket, 'one')).toContain('one');
    socket.updateKeys(true);
    socket.write('two\n');
    await peer.waitFor(/two/);
    peer.write('three\n');
    expect(await readUntil(socket, 'three')).toContain('three');
  });

  it('10 MB each way', async () => {
    const { socket, peer } = await fromOpenssl({ mode: 'silent' }, {});
    const data = digits(10_000_000);
    const there = receive(socket, data.length);
    peer.write(data);
    expect(sha256(await there)).toBe(sha256(data));
    socket.write(data);
    await waitForBytes(peer, data.length);
    expect(sha256(peer.outputBytes().slice(-data.length))).toBe(sha256(data));
  });

  it('we end first: a clean end', async () => {
    const { socket, peer } = await fromOpenssl({ mode: 'terminal' }, {});
    socket.end('goodbye\n');
    await peer.waitFor(/goodbye/);
    await peer.waitFor(/closed/i);
  });
});

async function toOpenssl(
  server: OpensslServerOptions,
  client: Partial<ConnectOptions>,
): Promise<{ readonly socket: TlsSocket; readonly peer: OpensslPeer }> {
  const peer = await opensslServer({ version: '1.3', credential: pem(serverEntry()), ...server });
  toStop.push(() => peer.stop());
  const options = {
    serverName: 'server.example',
    ...('verifier' in client ? {} : { anchors: trustedRootsPem() }),
    ...client,
  };
  if (options.anchors === undefined) delete (options as { anchors?: string }).anchors;
  const socket = await connectTls({ host: '127.0.0.1', port: peer.port }, options).secured();
  socket.on('error', () => {});
  toStop.push(() => socket.destroy());
  return { socket, peer };
}

async function listen(
  options: Partial<AcceptOptions>,
): Promise<{ server: Server; port: number; outcome: Promise<TlsSocket> }> {
  let server!: Server;
  const credential = options.credential ?? (await serverCredential());
  const outcome = new Promise<TlsSocket>((resolve, reject) => {
    server = createServer({ credential, ...options }, resolve).on('tlsClientError', reject);
  });
  outcome.catch(() => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  toStop.push(() => server.close());
  return { server, port: (server.address() as AddressInfo).port, outcome };
}

async function fromOpenssl(
  client: Omit<OpensslClientOptions, 'port'>,
  server: Partial<AcceptOptions>,
): Promise<{ readonly socket: TlsSocket; readonly peer: OpensslPeer }> {
  const { port, outcome } = await listen(server);
  const peer = opensslClient({ version: '1.3', serverName: 'server.example', ...client, port });
  toStop.push(() => peer.stop());
  const socket = await outcome;
  socket.on('error', () => {});
  toStop.push(() => socket.destroy());
  return { socket, peer };
}

async function refusedFromOpenssl(
  client: Omit<OpensslClientOptions, 'port'>,
  server: Partial<AcceptOptions>,
): Promise<{ readonly error: unknown; readonly peer: OpensslPeer }> {
  const { port, outcome } = await listen(server);
  const peer = opensslClient({ version: '1.3', serverName: 'server.example', ...client, port });
  toStop.push(() => peer.stop());
  return { error: await outcome.catch((error: unknown) => error), peer };
}

function pem(entry: Entry): { chain: string; key: string } {
  return { chain: entry.chain.join('\n'), key: entry.key };
}

async function echoReversed(socket: TlsSocket): Promise<void> {
  socket.write('warifu\n');
  expect(await readUntil(socket, 'ufiraw')).toContain('ufiraw');
}

async function readUntil(socket: TlsSocket, text: string): Promise<string> {
  let read = '';
  for await (const [chunk] of onData(socket)) {
    read += chunk.toString();
    if (read.includes(text)) return read;
  }
  return read;
}

async function* onData(socket: TlsSocket): AsyncGenerator<[Buffer]> {
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) yield [chunk];
    else if (socket.readableEnded || socket.destroyed) return;
    else await Promise.race([once(socket, 'readable'), once(socket, 'end'), once(socket, 'close')]);
  }
}

async function receive(socket: TlsSocket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let received = 0;
  for await (const [chunk] of onData(socket)) {
    chunks.push(chunk);
    received += chunk.length;
    if (received >= length) break;
  }
  return Buffer.concat(chunks);
}

async function failure(socket: TlsSocket): Promise<unknown> {
  socket.resume();
  return await new Promise((resolve) => socket.once('error', resolve));
}

/** Its output may begin with words of its own; the last bytes have to be the data. */
async function waitForBytes(peer: OpensslPeer, length: number): Promise<void> {
  let before = -1;
  for (;;) {
    const now = peer.outputBytes().length;
    if (now >= length && now === before) return;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** Both programs take letters at the start of what they read for commands; digits are safe. */
function digits(length: number): Uint8Array {
  return randomBytes(length).map((byte) => 0x30 + (byte % 10));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
