import { afterEach, describe, expect, it } from 'vitest';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import type { ClientOptions, ServerOptions } from '../../src/engine/config/index.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { legacyClient12, legacyServer12 } from '../../src/legacy.ts';
import type { TlsStream } from '../../src/transport/index.ts';
import { type OurServer, connectTo, line, listen } from '../peers/ends.ts';
import type { Child } from '../support/child.ts';
import { clientCredential, rootsVerifier, serverCredential } from '../support/credentials.ts';
import { gnutlsClient, gnutlsServer, hasGnutls } from '../support/gnutls.ts';
import { hasOpenssl, opensslClient, opensslServer } from '../support/openssl.ts';
import { clientEntry, type Entry, type KeyKind, serverEntry, trustedRootsPem } from '../support/pki.ts';

/** TLS 1.2 against OpenSSL and GnuTLS, both roles: every suite, kind of certificate and way to ask for the client's. */

const crypto = nobleProvider();
const toStop: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

interface Suite {
  readonly ours: string;
  readonly openssl: string;
  /** GnuTLS's key exchange, cipher and MAC; undefined: it has no such suite. */
  readonly gnutls: readonly [kx: string, cipher: string, mac: string];
  readonly kinds: readonly KeyKind[];
}

const EC: readonly KeyKind[] = ['ecdsa-p256', 'ecdsa-p384', 'ed25519'];
const RSA: readonly KeyKind[] = ['rsa-2048', 'rsa-pss'];
const PLAIN_RSA: readonly KeyKind[] = ['rsa-2048'];
const AEAD = [
  ['AES_128_GCM_SHA256', 'AES128-GCM-SHA256', 'AES-128-GCM', 'AEAD'],
  ['AES_256_GCM_SHA384', 'AES256-GCM-SHA384', 'AES-256-GCM', 'AEAD'],
  ['CHACHA20_POLY1305_SHA256', 'CHACHA20-POLY1305', 'CHACHA20-POLY1305', 'AEAD'],
] as const;
const CBC = [
  ['AES_128_CBC_SHA', 'AES128-SHA', 'AES-128-CBC', 'SHA1'],
  ['AES_256_CBC_SHA', 'AES256-SHA', 'AES-256-CBC', 'SHA1'],
  ['AES_128_CBC_SHA256', 'AES128-SHA256', 'AES-128-CBC', 'SHA256'],
] as const;

type Cipher = readonly [string, string, string, string];
const suites = (
  kx: string,
  openssl: string,
  gnutls: string,
  kinds: readonly KeyKind[],
  list: readonly Cipher[],
): Suite[] =>
  list.map(([ours, theirs, cipher, mac]) => ({
    ours: `TLS_${kx}_WITH_${ours}`,
    openssl: `${openssl}${theirs}`,
    gnutls: [gnutls, cipher, mac] as const,
    kinds,
  }));

const MODERN: readonly Suite[] = [
  ...suites('ECDHE_ECDSA', 'ECDHE-ECDSA-', 'ECDHE-ECDSA', EC, AEAD),
  ...suites('ECDHE_RSA', 'ECDHE-RSA-', 'ECDHE-RSA', RSA, AEAD),
];
const LEGACY: readonly Suite[] = [
  ...suites('ECDHE_ECDSA', 'ECDHE-ECDSA-', 'ECDHE-ECDSA', ['ecdsa-p256'], CBC),
  ...suites('ECDHE_RSA', 'ECDHE-RSA-', 'ECDHE-RSA', PLAIN_RSA, CBC),
  ...suites('DHE_RSA', 'DHE-RSA-', 'DHE-RSA', PLAIN_RSA, [...AEAD, ...CBC]),
  ...suites('RSA', '', 'RSA', PLAIN_RSA, [...AEAD.slice(0, 2), ...CBC]),
];
const MODES = ['none', 'optional', 'require'] as const;

interface Case {
  readonly suite: Suite;
  readonly kind: KeyKind;
  readonly mode: (typeof MODES)[number];
  readonly legacy: boolean;
}
const CASES = [MODERN, LEGACY].flatMap((list, index) =>
  list.flatMap((suite) =>
    suite.kinds.flatMap((kind) => MODES.map((mode): Case => ({ suite, kind, mode, legacy: index === 1 }))),
  ),
);
const named = CASES.map(
  (test) => [`${test.suite.ours}, ${test.kind}, client certificate: ${test.mode}`, test] as const,
);

describe.skipIf(!hasOpenssl())('our client with openssl s_server -tls1_2', () => {
  it.each(named)('%s', async (_name, { suite, kind, mode, legacy }) => {
    const server = await opensslServer({
      version: '1.2',
      credential: pem(serverEntry(kind)),
      suites12: `${suite.openssl}:@SECLEVEL=0`,
      mode: 'reverse',
      ...(mode !== 'none' && { clientAuth: mode === 'require' ? 'require' : 'request', anchors: trustedRootsPem() }),
    });
    await ourClient(server, { suite, kind, mode, legacy }, (stream) => echo(stream, 'hello', 'olleh'));
  });
});

describe.skipIf(!hasOpenssl())('openssl s_client -tls1_2 with our server', () => {
  it.each(named)('%s', async (_name, test) => {
    await ourServer(test, (port) =>
      opensslClient({
        port,
        version: '1.2',
        serverName: 'server.example',
        verifyName: 'server.example',
        anchors: trustedRootsPem(),
        suites12: `${test.suite.openssl}:@SECLEVEL=0`,
        mode: 'silent',
        ...(test.mode === 'require' && { credential: pem(clientEntry(test.kind)) }),
      }),
    );
  });
});

/** GnuTLS wants more of a signature scheme than it says for keys of rsa-pss. */
const forGnutls = named.filter(([, { kind }]) => kind !== 'rsa-pss');
const priority = ({ gnutls: [kx, cipher, mac] }: Suite): string =>
  `NONE:+VERS-TLS1.2:+${kx}:+${cipher}:+${mac}:+SIGN-ALL:+COMP-NULL:+GROUP-ALL:+CTYPE-X509:%VERIFY_ALLOW_SIGN_WITH_SHA1`;

describe.skipIf(!hasGnutls())('our client with gnutls-serv', () => {
  it.each(forGnutls)('%s', async (_name, test) => {
    const server = await gnutlsServer({
      credential: pem(serverEntry(test.kind)),
      priority: priority(test.suite),
      ...(test.mode !== 'none' && {
        clientAuth: test.mode === 'require' ? 'require' : 'request',
        anchors: trustedRootsPem(),
      }),
    });
    await ourClient(server, test, (stream) => echo(stream, 'hello', 'hello'));
  });
});

describe.skipIf(!hasGnutls())('gnutls-cli with our server', () => {
  it.each(forGnutls)('%s', async (_name, test) => {
    await ourServer(test, (port) =>
      gnutlsClient({
        port,
        priority: priority(test.suite),
        serverName: 'server.example',
        anchors: trustedRootsPem(),
        ...(test.mode === 'require' && { credential: pem(clientEntry(test.kind)) }),
      }),
    );
  });
});

describe.skipIf(!hasOpenssl())('versions', () => {
  const both = [client13, client12];
  const bothServers = [server13, server12];

  it.each([
    ['1.2', 'TLSv1.2'],
    ['1.3', 'TLSv1.3'],
    [undefined, 'TLSv1.3'],
  ] as const)('our client knows both, s_server only %s', async (version, chosen) => {
    const server = await opensslServer({ version, credential: pem(serverEntry()), mode: 'reverse' });
    toStop.push(() => server.stop());
    const stream = await connectTo(server.port, { ...clientOptions(), protocols: both });
    expect(stream.info.version).toBe(chosen);
    await echo(stream, 'abc', 'cba');
    await stream.close();
  });

  it.each([
    ['1.2', 'TLSv1.2'],
    ['1.3', 'TLSv1.3'],
    [undefined, 'TLSv1.3'],
  ] as const)('our server knows both, s_client only %s', async (version, chosen) => {
    const server = await startServer({ protocols: bothServers, credential: await serverCredential() });
    const handshake = server.next();
    const child = opensslClient({ port: server.port, version, serverName: 'server.example', mode: 'silent' });
    toStop.push(() => child.stop());
    const stream = await handshake;
    expect(stream.info.version).toBe(chosen);
  });

  it('a client that falls back without need is told so (RFC 7507)', async () => {
    const server = await startServer({ protocols: bothServers, credential: await serverCredential() });
    const handshake = server.next().catch((error: unknown) => error);
    const child = opensslClient({ port: server.port, version: '1.2', mode: 'silent', extra: ['-fallback_scsv'] });
    toStop.push(() => child.stop());
    expect(await handshake).toMatchObject({ code: 'ERR_INAPPROPRIATE_FALLBACK', alert: 86 });
    await child.waitFor(/inappropriate fallback/);
  });

  it('our client falls back without need, and is told so', async () => {
    const server = await opensslServer({ credential: pem(serverEntry()), mode: 'reverse' });
    toStop.push(() => server.stop());
    await expect(
      connectTo(server.port, { ...clientOptions(), protocols: [client12], fallback: true }),
    ).rejects.toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 86 });
  });

  it('s_server asks for a new handshake, and does not get one; the connection lives', async () => {
    const server = await opensslServer({ version: '1.2', credential: pem(serverEntry()), mode: 'terminal' });
    toStop.push(() => server.stop());
    const stream = await connectTo(server.port, { ...clientOptions(), protocols: both });
    await write(stream, 'one\n');
    await server.waitFor(/one/);
    server.write('r\n');
    await write(stream, 'two\n');
    await server.waitFor(/two|no renegotiation/i);
  });

  it('s_server asks for a new handshake of a client that has been told to refuse: that is the end', async () => {
    const server = await opensslServer({ version: '1.2', credential: pem(serverEntry()), mode: 'terminal' });
    toStop.push(() => server.stop());
    const stream = await connectTo(server.port, { ...clientOptions(), protocols: both, helloRequest: 'refuse' });
    const closed = stream.closed.catch((error: unknown) => error);
    await write(stream, 'one\n');
    await server.waitFor(/one/);
    server.write('r\n');
    expect(await closed).toMatchObject({ code: 'ERR_RENEGOTIATION', alert: 100 });
    await server.waitFor(/no renegotiation/i);
  });

  it('s_client asks for a new handshake, and does not get one', async () => {
    const server = await startServer({ protocols: bothServers, credential: await serverCredential() });
    const handshake = server.next();
    const child = opensslClient({ port: server.port, version: '1.2', mode: 'terminal' });
    toStop.push(() => child.stop());
    const stream = await handshake;
    const closed = stream.closed.catch((error: unknown) => error);
    child.write('R\n');
    expect(await closed).toMatchObject({ code: 'ERR_RENEGOTIATION', alert: 100 });
    await child.waitFor(/no renegotiation/i);
  });

  it('a stapled OCSP response and ALPN', async () => {
    const staple = Uint8Array.of(0x30, 0x03, 0x0a, 0x01, 0x06);
    const server = await opensslServer({
      version: '1.2',
      credential: pem(serverEntry()),
      ocsp: staple,
      alpn: ['two'],
      mode: 'reverse',
    });
    toStop.push(() => server.stop());
    const stream = await connectTo(server.port, {
      ...clientOptions(),
      protocols: both,
      alpn: ['one', 'two'],
      verifier: { wantsOcsp: true, verify: (peer) => rootsVerifier.verify(peer) },
    });
    expect(stream.info.peer?.ocspResponse).toEqual(staple);
    expect(stream.info.alpn).toBe('two');
  });

  it('a large transfer each way', async () => {
    const server = await opensslServer({ version: '1.2', credential: pem(serverEntry()), mode: 'terminal' });
    toStop.push(() => server.stop());
    const stream = await connectTo(server.port, { ...clientOptions(), protocols: both });
    const data = new Uint8Array(3_000_000).fill(0x37);
    await write(stream, data);
    while (server.outputBytes().length < data.length) await new Promise((resolve) => setTimeout(resolve, 50));
    server.write(data);
    const reader = stream.readable.getReader();
    let got = 0;
    while (got < data.length) got += (await reader.read()).value!.length;
    expect(got).toBe(data.length);
  });
});

const clientOptions = (): Omit<ClientOptions, 'protocols'> => ({
  crypto,
  serverName: 'server.example',
  verifier: rootsVerifier,
});

async function ourClient(
  peer: Child & { readonly port: number },
  { suite, kind, mode, legacy }: Case,
  talk: (stream: TlsStream) => Promise<void>,
): Promise<void> {
  toStop.push(() => peer.stop());
  const stream = await connectTo(peer.port, {
    ...clientOptions(),
    protocols: [legacy ? legacyClient12(crypto) : client12],
    suites: [suite.ours],
    ...(mode === 'require' && { credential: await clientCredential(kind) }),
  });
  expect(stream.info).toMatchObject({ version: 'TLSv1.2', suite: { name: suite.ours } });
  expect(stream.info.peer?.verdict.ok).toBe(true);
  expect(stream.info.certificateRequested).toBe(mode !== 'none');
  if (mode !== 'none') expect(stream.info.authenticated).toBe(mode === 'require');
  await talk(stream);
  await stream.close();
}

async function ourServer({ suite, kind, mode, legacy }: Case, start: (port: number) => Child): Promise<void> {
  const server = await startServer({
    protocols: [legacy ? legacyServer12(crypto) : server12],
    suites: [suite.ours],
    credential: await serverCredential(kind),
    clientAuth: mode,
    verifier: rootsVerifier,
  });
  const handshake = server.next();
  const child = start(server.port);
  toStop.push(() => child.stop());
  const stream = await Promise.race([
    handshake,
    child.exited.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      throw new Error(`the client has ended:\n${child.output()}`);
    }),
  ]);
  expect(stream.info).toMatchObject({ version: 'TLSv1.2', suite: { name: suite.ours } });
  expect(stream.info.peer?.verdict.ok).toBe(mode === 'require' ? true : undefined);
  child.write('to us\n');
  const reader = stream.readable.getReader();
  let got = '';
  while (!got.includes('to us')) got += new TextDecoder().decode((await reader.read()).value);
  await write(stream, 'to them\n');
  await child.waitFor(/to them/);
}

async function startServer(options: Partial<ServerOptions>): Promise<OurServer> {
  const server = await listen({ crypto, ...options } as ServerOptions);
  toStop.push(() => server.close());
  return server;
}

async function echo(stream: TlsStream, text: string, expected: string): Promise<void> {
  expect(await line(stream, text)).toContain(expected);
}

async function write(stream: TlsStream, data: string | Uint8Array): Promise<void> {
  const writer = stream.writable.getWriter();
  await writer.write(typeof data === 'string' ? new TextEncoder().encode(data) : data);
  writer.releaseLock();
}

function pem(entry: Entry): { chain: string; key: string } {
  return { chain: entry.chain.join('\n'), key: entry.key };
}
