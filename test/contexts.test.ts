import { describe, expect, it, vi } from 'vitest';
import type { CryptoProvider } from '../src/crypto/types.ts';
import {
  accept,
  type AcceptOptions,
  connect,
  type ConnectOptions,
  createClientContext,
  createServerContext,
  type ServerContextOptions,
  type TlsStream,
} from '../src/index.ts';
import { client12, client13 } from '../src/protocols.ts';
import { clientCredential, noble, rootsVerifier, serverCredential } from './support/credentials.ts';
import { FORMATS_PASSWORD, formatFile } from './support/formats.ts';
import { polluted } from './support/polluted.ts';
import { clientEntry, serverEntry, trustedRoots, trustedRootsPem } from './support/pki.ts';

const serverName = 'server.example';
const pem = { certificates: serverEntry().chain.join('\n'), privateKey: serverEntry().key };
const anchors = trustedRootsPem();

async function pair(
  client: ConnectOptions,
  server: AcceptOptions,
): Promise<{ readonly client: TlsStream; readonly server: TlsStream }> {
  const [there, back] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
  const results = await Promise.allSettled([
    connect({ readable: back.readable, writable: there.writable }, client),
    accept({ readable: there.readable, writable: back.writable }, server),
  ]);
  const [c, s] = results;
  for (const one of [s, c]) if (one.status === 'rejected' && one.reason.code !== 'ERR_ALERT_RECEIVED') throw one.reason;
  if (c.status === 'rejected') throw c.reason;
  if (s.status === 'rejected') throw s.reason;
  return { client: c.value, server: s.value };
}

describe('what can be judged is judged when a context is made', () => {
  it.each<[option: string, says: RegExp, options: object]>([
    ['a misspelt option', /servrName|crednetial: there is no such option; write credential/, { crednetial: pem }],
    ['a misspelt option of the context itself', /anchrs: there is no such option; write anchors/, { anchrs: pem }],
    ['an option of another library', /cert: there is no such option; write credential/, { cert: 'x', key: 'y' }],
    [
      'a switch against verification',
      /rejectUnauthorized: .*the peer is always verified/,
      { rejectUnauthorized: false },
    ],
    ['ALPNProtocols', /ALPNProtocols: .*write alpn/, { ALPNProtocols: ['h2'] }],
    ['SNICallback', /SNICallback: .*write selectContext/, { SNICallback: () => {} }],
    ['requestCert', /requestCert: .*write clientAuth/, { requestCert: true }],
    ['ca', /ca: .*write anchors/, { ca: anchors }],
    ['MinVersion, as Go has it', /MinVersion: .*write protocols/, { MinVersion: 0x304 }],
    ['client_cas', /client_cas: .*write anchors.*clientAuth: 'require'/, { client_cas: anchors }],
    ['certFile', /certFile: .*write credential.*what is in the files/, { certFile: 'server.crt' }],
    ['insecure, as curl has it', /insecure: .*always verified/, { insecure: true }],
    ['a text for a flag', /retryCookie: expected true or false, found "yes"/, { retryCookie: 'yes' }],
    ['a text for a list', /alpn: expected a list .*write \['h2'\]/, { alpn: 'h2' }],
    [
      'a misspelt value',
      /clientAuth: expected one of 'none', .*found "required"; write 'require'/,
      { clientAuth: 'required' },
    ],
    ['clientAuth without anchors', /verifier: clientAuth 'require' needs it: give anchors/, { clientAuth: 'require' }],
    ['anchors beside a verifier', /anchors: not together with a verifier/, { anchors, verifier: rootsVerifier }],
    ['a clock of NaN', /clock\.now\(\): expected .*found NaN/, { clock: { now: () => Number.NaN } }],
    ['a clock of Date', /clock\.now\(\): expected .*found an object \(Date\)/, { clock: { now: () => new Date() } }],
    [
      'a deep option',
      /resumption\.ticketCount: expected an integer from 0 to 16, found 17/,
      { resumption: { ticketCount: 17 } },
    ],
    ['a deep name', /resumption\.tickts: there is no such option; write tickets/, { resumption: { tickts: false } }],
    ['early data without a guard', /resumption\.earlyData\.guard: .*give a guard/, { resumption: { earlyData: {} } }],
    [
      'a function for an object',
      /verifier: expected a verifier .*found a function/,
      { clientAuth: 'require', verifier: () => true },
    ],
    [
      'a promise',
      /verifier: expected .*found a promise \(await it first\)/,
      { verifier: Promise.resolve(rootsVerifier) },
    ],
    ['a group that is not there', /groups: expected names out of .*found "X25518"/, { groups: ['X25518'] }],
    ['the name of NIST', /groups: .*found "P-256"; write 'secp256r1'/, { groups: ['P-256'] }],
    ['prime256v1', /groups: .*write 'secp256r1'/, { groups: ['prime256v1'] }],
    [
      "OpenSSL's name of a suite",
      /suites: .*write 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'/,
      { suites: ['ECDHE-RSA-AES128-GCM-SHA256'] },
    ],
    ['a suite that is no list', /suites: .*; write a list/, { suites: 'TLS_AES_128_GCM_SHA256' }],
    [
      'cert and key in a credential',
      /credential\.cert: .*write certificates/,
      { credential: { cert: pem.certificates, key: pem.privateKey } },
    ],
    ['key in a credential', /credential\.key: .*write privateKey/, { credential: { ...pem, key: pem.privateKey } }],
    [
      'certificate and key swapped',
      /certificates: there is a private key in it and no certificate; are .*swapped/,
      { credential: { certificates: pem.privateKey, privateKey: pem.certificates } },
    ],
    [
      'anchors that are a promise',
      /anchors: expected PEM .*found a promise \(await it first\)/,
      { anchors: Promise.resolve(anchors), clientAuth: 'require' },
    ],
    [
      'an authority for anchors',
      /anchors: .*give its member pem/,
      { anchors: { pem: anchors, der: new Uint8Array(1) }, clientAuth: 'require' },
    ],
    ['System for anchors', /anchors: .*write 'system'/, { anchors: 'System', clientAuth: 'require' }],
    [
      'authorities that do not fit',
      /authorities: expected .*found 80004 bytes/,
      { authorities: [new Uint8Array(40_000), new Uint8Array(40_000)] },
    ],
    [
      'a key of another certificate',
      /the private key belongs to none of the certificates/,
      { credential: { ...pem, privateKey: clientEntry().key } },
    ],
    ['a certificate without a key', /no private key/, { credential: { certificates: pem.certificates } }],
    [
      'a key without a certificate',
      /credential\.certificates: .*is needed/,
      { credential: { privateKey: pem.privateKey } },
    ],
    ['no credential', /credential: a server has to show a certificate/, { credential: undefined }],
    ['an empty list', /credential: expected .*found an empty list/, { credential: [] }],
    ['anchors that are no certificates', /anchors/, { anchors: 'rubbish', clientAuth: 'require' }],
  ])('server: %s', (_, says, options) => {
    expect(() => createServerContext({ credential: pem, ...options } as ServerContextOptions)).toThrow(says);
  });

  it.each<[option: string, says: RegExp, options: object]>([
    ['nothing that is trusted', /anchors: give the certificates that are trusted/, {}],
    ['the name of a server', /serverName: .*give it where you connect/, { anchors, serverName }],
    ['servername', /servername: .*write serverName/, { anchors, servername: serverName }],
    ['a credential that is a text', /credential: expected/, { anchors, credential: pem.certificates }],
    [
      'a version for the other role',
      /protocols: expected versions for a client/,
      { anchors, protocols: [{ ...client13, role: 'server' }] },
    ],
    ['not even options', /options: expected an object/, 'anchors' as never],
  ])('client: %s', (_, says, options) => {
    const given = typeof options === 'string' ? (options as never) : options;
    expect(() => createClientContext(given)).toThrow(says);
  });

  it('with one kind of error', () => {
    for (const options of [null, 7, [], { anchors, alpn: {} }, { anchors, suites: [['x', 3]] }])
      expect(() => createClientContext(options as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
  });

  it('and secrets are in no message', () => {
    const secret = new Uint8Array(8).fill(0x5a);
    const options = { anchors, psks: [{ identity: new Uint8Array(1), secret }] };
    expect(() => createClientContext(options)).toThrow(/psks\[0\]\.secret: expected at least 16 bytes .*found 8 bytes/);
  });
});

describe('options of one connection', () => {
  const context = createClientContext({ anchors, crypto: noble });

  it.each<[found: string, says: RegExp]>([
    ['https://server.example/', /serverName: .*write "server\.example"/],
    ['server.example:443', /write "server\.example"/],
    ['[::1]', /write "::1"/],
    ['a..b', /empty label/],
    [`${'x'.repeat(64)}.example`, /at most 63/],
    ['-x.example', /hyphen/],
    ['a b.example', /letters, digits and hyphens/],
    ['1.2.3', /not a number/],
    ['', /found ""/],
    ['x'.repeat(2000), /2000 characters/],
  ])('the name %s', (name, says) => {
    expect(() => context.engine({ serverName: name })).toThrow(says);
  });

  it('names of other scripts, dots at the end and zones are put right', async () => {
    for (const [given, used, sent] of [
      ['bücher.example', 'xn--bcher-kva.example', true],
      ['server.example.', 'server.example', true],
      ['fe80::1%eth0', 'fe80::1', false],
      ['127.0.0.1', '127.0.0.1', false],
    ] as const) {
      const { config } = await context.engine({ serverName: given });
      expect(config).toMatchObject({ role: 'client', serverName: used, sendServerName: sent });
    }
  });

  it('a name is needed where anchors are what is trusted', () => {
    expect(() => context.engine()).toThrow(/serverName: it is needed/);
  });

  it('what belongs to a context is refused beside one', async () => {
    const pipe = new TransformStream<Uint8Array>();
    await expect(connect(pipe, { context, serverName, alpn: ['h2'] })).rejects.toThrow(
      /alpn: it is not for one connection, .*write context: context\.with\(\{ alpn \}\)/,
    );
    const server = createServerContext({ credential: pem });
    await expect(connect(pipe, { context: server as never, serverName })).rejects.toThrow(/use createClientContext/);
  });

  it('undefined is no option', async () => {
    const options = { anchors, alpn: undefined, clock: undefined, resumption: undefined, crypto: undefined };
    expect((await createClientContext(options).engine({ serverName, onTrace: undefined })).config.alpn).toEqual([]);
  });

  it('what is on a prototype is no option', async () => {
    const leaked: unknown[] = [];
    const keyLog = (line: string): number => leaked.push(line);
    const { client, server } = await polluted({ keyLog, alpn: ['evil'] }, () =>
      pair({ anchors, serverName }, { credential: pem }),
    );
    expect(client.info.alpn).toBeUndefined();
    expect(server.info.version).toBe('TLSv1.3');
    expect(leaked).toEqual([]);
  });

  it('what is on a prototype makes no one trusted: not where a context is made, nor where nothing was chosen', async () => {
    const believing = {
      verify: ({ chain }: { chain: readonly Uint8Array[] }) => ({ ok: true, path: chain, publicKey: null }),
    };
    const evil = {
      verifier: believing,
      clientAuth: 'none',
      allowNoServerName: true,
      purposes: 'any',
      check: undefined,
    };
    for (const protocols of [[client13], [client12]]) {
      const options = { anchors, serverName: 'other.example', protocols };
      await polluted(evil, () =>
        expect(pair(options, { credential: pem })).rejects.toMatchObject({ failure: { code: 'CERT_NAME_MISMATCH' } }),
      );
      const required = { credential: pem, anchors, clientAuth: 'require' } as const;
      await polluted(evil, () =>
        expect(pair({ ...options, serverName }, required)).rejects.toMatchObject({
          code: expect.stringMatching(/^ERR_CERTIFICATE_REQUIRED/),
        }),
      );
    }
  });
});

describe('what a context is made of is read once', () => {
  it('files', async () => {
    const signer = vi.spyOn(noble, 'signer');
    const server = createServerContext({ credential: pem, crypto: noble, anchors, clientAuth: 'require' });
    const credential = { certificates: clientEntry().chain.join('\n'), privateKey: clientEntry().key };
    const client = createClientContext({ anchors, crypto: noble, credential, resumption: false });
    for (let i = 0; i < 3; i++) {
      const { server: open } = await pair({ context: client, serverName }, { context: server });
      expect(open.info.peer?.verdict.ok).toBe(true);
    }
    expect(signer).toHaveBeenCalledTimes(2);
    signer.mockRestore();
  });

  it('a file with a password, which takes its time', async () => {
    const credential = { certificates: formatFile('modern.p12'), password: FORMATS_PASSWORD };
    const server = createServerContext({ credential, crypto: noble });
    expect(server.engine()).toBeInstanceOf(Promise);
    const client = createClientContext({ anchors: formatFile('root.pem'), crypto: noble });
    const connections = [1, 2, 3].map(() =>
      pair({ context: client, serverName: 'formats.example' }, { context: server }),
    );
    for (const { client } of await Promise.all(connections)) expect(client.info.version).toBe('TLSv1.3');
    await expect(server.ready).resolves.toBeUndefined();
    expect(server.engine()).not.toBeInstanceOf(Promise);
  });

  it('whose password is wrong: told by `ready` and by each connection, and by nothing else', async () => {
    const credential = { certificates: formatFile('modern.p12'), password: 'wrong' };
    const server = createServerContext({ credential, crypto: noble });
    await new Promise((resolve) => setTimeout(resolve, 50)); // no unhandled rejection
    await expect(server.ready).rejects.toMatchObject({ code: 'ERR_PASSWORD' });
    const pipe = new TransformStream<Uint8Array>();
    await expect(accept(pipe, { context: server })).rejects.toMatchObject({ code: 'ERR_PASSWORD' });
  });

  it('changes afterwards are none of its business', async () => {
    const alpn = ['h2'];
    const context = createServerContext({ credential: pem, alpn });
    alpn.push('evil');
    expect((await context.engine()).config.alpn).toEqual(['h2']);
  });

  it('with() makes another one', async () => {
    const context = createServerContext({ credential: pem, alpn: ['a'] });
    const renewed = context.with({ credential: await serverCredential('rsa-2048'), alpn: ['b'] });
    expect((await context.engine()).config.alpn).toEqual(['a']);
    expect((await renewed.engine()).config.alpn).toEqual(['b']);
    const { client } = await pair({ anchors, serverName, alpn: ['b'] }, { context: renewed });
    expect(client.info.peerSignatureScheme?.name).toMatch(/^rsa/);
    expect(() => context.with({ alpn: 'b' } as never)).toThrow(/alpn/);
  });

  it('anchors in every form', async () => {
    for (const form of [
      anchors,
      new TextEncoder().encode(anchors),
      trustedRoots(),
      [anchors],
      [new TextEncoder().encode(`\ufeff${anchors}`)],
    ])
      expect((await pair({ anchors: form as string, serverName }, { credential: pem })).client.info.version).toBe(
        'TLSv1.3',
      );
  });

  it("'system' is what the machine trusts", async () => {
    const context = createClientContext({ anchors: 'system', crypto: noble });
    await expect(pair({ context, serverName }, { credential: pem })).rejects.toMatchObject({
      code: 'ERR_PEER_REFUSED',
    });
  });
});

describe('what callbacks answer is checked like options', () => {
  const asking = { anchors, serverName, crypto: noble };
  const serving = { credential: pem, anchors, crypto: noble };

  for (const [version, protocols] of [
    ['TLS 1.3', [client13]],
    ['TLS 1.2', [client12]],
  ] as const) {
    it.each<[what: string, answer: object]>([
      ['a misspelt clientAuth', { clientAuth: 'required' }],
      ['a clientAuth of another type', { clientAuth: true }],
      ['a misspelt name', { clientauth: 'require' }],
      ['a verifier that is none', { clientAuth: 'require', verifier: {} }],
      ['a credential that is none', { credential: { chain: [] } }],
      ['alpn that is no list', { alpn: 'h2' }],
      ['a text', 'require' as never],
    ])(`${version}: selectContext with %s refuses the connection`, async (_, answer) => {
      const server = { ...serving, selectContext: () => answer };
      await expect(pair({ ...asking, protocols }, server as never)).rejects.toMatchObject({
        code: 'ERR_CALLBACK_FAILED',
        message: expect.stringContaining('selectContext()'),
      });
    });

    it(`${version}: clientAuth without anything that could judge refuses the connection`, async () => {
      const server = { credential: pem, crypto: noble, selectContext: () => ({ clientAuth: 'require' as const }) };
      await expect(pair({ ...asking, protocols }, server)).rejects.toThrow(/selectContext\(\)\.verifier/);
    });

    it(`${version}: another context may be the answer`, async () => {
      const mutual = createServerContext({ ...serving, clientAuth: 'require' });
      const server = createServerContext({
        credential: await serverCredential('rsa-2048'),
        crypto: noble,
        selectContext: ({ serverName: name }) => (name === serverName ? mutual : undefined),
      });
      await expect(pair({ ...asking, protocols }, { context: server })).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_CERTIFICATE_REQUIRED/),
      });
      const credential = await clientCredential();
      const { server: open } = await pair({ ...asking, protocols, credential }, { context: server });
      expect(open.info.peer?.verdict.ok).toBe(true);
    });
  }

  it.each<[what: string, verdict: unknown]>([
    ['true', true],
    ['nothing', undefined],
    ['ok of 1', { ok: 1, publicKey: new Uint8Array(1), path: [] }],
    ['ok without a key', { ok: true, path: [] }],
  ])('a verifier that answers %s refuses the peer', async (_, verdict) => {
    const client = { serverName, crypto: noble, verifier: { verify: () => verdict as never } };
    await expect(pair(client, serving)).rejects.toMatchObject({ code: 'ERR_VERIFIER_FAILED' });
  });

  it('a provider that answers other than yes or no has no verdict', async () => {
    const odd: CryptoProvider = { ...noble, verifier: { verify: () => 'yes' as never } };
    const client = { serverName, crypto: odd, verifier: rootsVerifier };
    await expect(pair(client, serving)).rejects.toMatchObject({ code: 'ERR_INTERNAL' });
  });
});
