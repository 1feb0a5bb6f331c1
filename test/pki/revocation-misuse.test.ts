import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import type { TlsError } from '../../src/errors.ts';
import {
  CrlStore,
  revocationChecker,
  type RevocationOptions,
  type WebFetcherOptions,
  webFetcher,
} from '../../src/pki/index.ts';
import type { RevocationAnswer, RevocationQuestion } from '../../src/pki/revocation/types.ts';
import * as b from '../../vectors/pki/builder.ts';
import {
  caExtensions,
  crldp,
  crlEntry,
  DAY,
  make,
  makeCrl,
  NOW,
  provider,
  question,
  reason,
  uriPoint,
} from './revocation-maker.ts';

/** What is given wrongly, what must never be made softer by mistake, and lists by their distribution points. */

const root = make('Root');
const leaf = make('Leaf', { issuer: root, serial: 77 }).certificate;
const SOFT = { whenMissing: 'accept', whenUnusable: 'accept', whenBadStaple: 'ignore' } as const;

async function ask(
  options: Partial<RevocationOptions>,
  about: RevocationQuestion = question(leaf, [root]),
): Promise<RevocationAnswer> {
  return await revocationChecker({ hash: provider.hash, ...options }).check(about);
}

describe('a source of lists', () => {
  const wrong: readonly unknown[] = [
    '/etc/ssl/crl.pem',
    '<html>404</html>',
    '',
    '   ',
    b.pem('CERTIFICATE', root.certificate.der),
    root.certificate.der,
    new Uint8Array(0),
    [''],
    undefined,
    null,
    42,
    {},
    b.pem('X509 CRL', makeCrl(root)) + b.pem('X509 CRL', Uint8Array.of(0x30, 0)),
  ];

  it('that holds none is refused at once, wherever it is given', () => {
    for (const source of wrong) {
      const store = new CrlStore(makeCrl(root));
      const message = JSON.stringify(source)?.slice(0, 40);
      expect(() => store.replace(source as never), message).toThrow(/crls/);
      expect(store.lists.length, message).toBe(1);
      if (source === undefined) continue;
      expect(() => revocationChecker({ hash: provider.hash, crls: source as never }), message).toThrow(/crls/);
    }
  });

  it('may be an empty array, which is replaced later', () => {
    const store = new CrlStore([]);
    store.replace([makeCrl(root)]);
    store.replace([]);
    expect(store.lists.length).toBe(0);
  });

  it('may hold a list that names no certificate, in either form', async () => {
    const { status } = await ask({ crls: makeCrl(root, { entries: [] }) });
    expect(status.status).toBe('good');
    const strict = await ask({ crls: makeCrl(root, { entries: [] }), strictCrls: true });
    expect(strict.refusal?.code).toBe('CERT_REVOCATION_UNKNOWN');
  });
});

describe('a list that names the certificate', () => {
  const entries = [crlEntry(77, reason(1))];
  const old = makeCrl(root, { entries, thisUpdate: NOW - 9 * DAY, nextUpdate: NOW - 2 * DAY });
  const unnumbered = makeCrl(root, { entries, number: null });

  it('means revoked although it is too old or has no number, under every policy', async () => {
    for (const crls of [old, unnumbered]) {
      for (const policy of [{}, SOFT]) {
        const { status, refusal } = await ask({ crls, ...policy });
        expect(status.status).toBe('revoked');
        expect(refusal?.code).toBe('CERT_REVOKED');
      }
    }
    const { status } = await ask({
      crls: makeCrl(root, { entries, thisUpdate: NOW - 2 * DAY }),
      maxCrlAge: DAY,
      ...SOFT,
    });
    expect(status.status).toBe('revoked');
  });

  it('means nothing when it is signed by another', async () => {
    const stranger = make('Root', { serial: 5 });
    const forged = makeCrl(stranger, { entries, thisUpdate: NOW - 9 * DAY, nextUpdate: NOW - 2 * DAY });
    const { status, refusal } = await ask({ crls: forged, ...SOFT });
    expect(status.status).toBe('unknown');
    expect(refusal).toBeUndefined();
  });

  it('that is too old says nothing good of others', async () => {
    const other = makeCrl(root, { entries: [crlEntry(78)], thisUpdate: NOW - 9 * DAY, nextUpdate: NOW - 2 * DAY });
    expect((await ask({ crls: other })).refusal?.code).toBe('CERT_REVOCATION_UNKNOWN');
  });
});

describe('advice', () => {
  it('never leads to less', async () => {
    const lists = [
      undefined,
      makeCrl(root, { thisUpdate: NOW - 9 * DAY, nextUpdate: NOW - 2 * DAY }),
      makeCrl(root, { number: null }),
      makeCrl(make('Root', { serial: 5 })),
    ];
    for (const crls of lists) {
      const { refusal } = await ask(crls === undefined ? {} : { crls });
      expect(refusal?.advice).not.toMatch(/accept|ignore|whenMissing|whenUnusable/);
      expect(refusal?.advice).not.toBe('');
    }
    expect((await ask({ crls: lists[2]! })).refusal?.advice).toContain('requireCrlNumber');
  });
});

describe('certificates that live for a week at most', () => {
  const of = (days: number, seconds: number, extensions: readonly Uint8Array[] = []) =>
    make('Leaf', {
      issuer: root,
      serial: 77,
      notBefore: NOW - DAY,
      notAfter: NOW - DAY + days * DAY - 1000 * seconds,
      extensions,
    }).certificate;
  const about = (certificate: typeof leaf) => question(certificate, [root]);

  it('are let be by a policy of that name, and only by it', async () => {
    expect((await ask({}, about(of(7, 1)))).refusal?.code).toBe('CERT_REVOCATION_UNKNOWN');
    expect((await ask({ whenShortLived: 'accept' }, about(of(7, 1)))).refusal).toBeUndefined();
    expect((await ask({ whenShortLived: 'accept' }, about(of(7, 0)))).refusal?.code).toBe('CERT_REVOCATION_UNKNOWN');
  });

  it('not so authorities, nor what is known to be revoked', async () => {
    const authority = of(3, 0, caExtensions());
    expect((await ask({ whenShortLived: 'accept' }, about(authority))).refusal?.code).toBe('CERT_REVOCATION_UNKNOWN');
    const crls = makeCrl(root, { entries: [crlEntry(77)] });
    expect((await ask({ whenShortLived: 'accept', crls }, about(of(3, 0)))).refusal?.code).toBe('CERT_REVOKED');
  });

  it('nothing is fetched for them', async () => {
    let asked = 0;
    const certificate = of(3, 0, [crldp([uriPoint('http://crl.example/a')])]);
    const fetch = async () => {
      asked++;
      return undefined;
    };
    await ask({ whenShortLived: 'accept', fetch }, about(certificate));
    expect(asked).toBe(0);
    await ask({ fetch }, about(certificate));
    expect(asked).toBe(1);
  });
});

describe('lists by their distribution points', () => {
  const seen: string[] = [];
  const answers = new Map<string, () => Uint8Array>();
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.url === '/redirect') return response.writeHead(302, { location: '/list' }).end();
    if (request.url === '/slow') return undefined;
    const body = answers.get(request.url ?? '');
    if (body === undefined) return response.writeHead(404).end('<html>404</html>');
    return response.end(body());
  });
  const listening = new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const fetch = webFetcher({ fetch: globalThis.fetch, hosts: ['127.0.0.1'] });
  const pointing = async (...paths: readonly string[]) => {
    const port = await listening;
    const points = paths.map((path) => [uriPoint(`http://127.0.0.1:${port}${path}`)]);
    return question(make('Leaf', { issuer: root, serial: 77, extensions: [crldp(...points)] }).certificate, [root]);
  };

  it('are fetched once, and kept', async () => {
    answers.set('/list', () => makeCrl(root, { entries: [crlEntry(77)] }));
    const about = await pointing('/list');
    const checker = revocationChecker({ hash: provider.hash, fetch });
    seen.length = 0;
    for (let i = 0; i < 3; i++) expect((await checker.check(about)).refusal?.code).toBe('CERT_REVOKED');
    expect(seen).toEqual(['GET /list']);
  });

  it('are fetched again when they have been kept long enough, however late their nextUpdate is', async () => {
    answers.set('/long', () => makeCrl(root, { nextUpdate: NOW + 100 * DAY }));
    const about = await pointing('/long');
    const checker = revocationChecker({ hash: provider.hash, fetch });
    seen.length = 0;
    await checker.check(about);
    await checker.check({ ...about, now: NOW + DAY - 1 });
    expect(seen.length).toBe(1);
    await checker.check({ ...about, now: NOW + DAY });
    expect(seen.length).toBe(2);
  });

  it('must not be larger, elsewhere, later or from others than is allowed', async () => {
    answers.set('/list', () => makeCrl(root));
    const unknown = async (options: Partial<RevocationOptions>, ...paths: readonly string[]) =>
      (await ask({ fetch, ...options }, await pointing(...paths))).refusal?.code;
    expect(await unknown({}, '/list')).toBeUndefined();
    expect(await unknown({ fetchLimits: { maxCrlBytes: 10 } }, '/list')).toBe('CERT_REVOCATION_UNKNOWN');
    expect(await unknown({}, '/redirect')).toBe('CERT_REVOCATION_UNKNOWN');
    expect(await unknown({}, '/missing')).toBe('CERT_REVOCATION_UNKNOWN');
    const elsewhere = webFetcher({ fetch: globalThis.fetch, hosts: ['crl.example', '.0.0.1.example'] });
    seen.length = 0;
    expect(await unknown({ fetch: elsewhere }, '/list')).toBe('CERT_REVOCATION_UNKNOWN');
    expect(seen).toEqual([]);
  });

  it('share the time that there is for a certificate', async () => {
    let asked = 0;
    const never = () => {
      asked++;
      return new Promise<undefined>(() => undefined);
    };
    const about = await pointing('/slow', '/slow2', '/slow3');
    const limits = { timeout: 40, totalTimeout: 60, maxAddresses: 3 };
    expect((await ask({ fetch: never, fetchLimits: limits }, about)).refusal?.code).toBe('CERT_REVOCATION_UNKNOWN');
    expect(asked).toBeLessThan(3);
  });

  it('want hosts that are named, and limits that are known', () => {
    const make = (options: unknown) => () => webFetcher(options as WebFetcherOptions);
    const code = (run: () => unknown): string | undefined => {
      try {
        run();
        return undefined;
      } catch (error) {
        return (error as TlsError).code;
      }
    };
    const { fetch: runtime } = globalThis;
    for (const hosts of [undefined, 'crl.example', ['https://crl.example/'], ['crl.example:80'], [''], [1]])
      expect(code(make({ fetch: runtime, hosts })), String(hosts)).toBe('ERR_OPTION');
    expect(code(make({ hosts: 'any' }))).toBe('ERR_OPTION');
    expect(code(make({ fetch: runtime, hosts: 'any', host: 1 }))).toBe('ERR_OPTION');
    expect(code(make({ fetch: runtime, hosts: 'any' }))).toBeUndefined();
    const limits = (fetchLimits: object) => () =>
      revocationChecker({ hash: provider.hash, fetch, fetchLimits } as RevocationOptions);
    for (const bad of [{ maxBytes: 1 }, { timeout: 0 }, { totalTimeout: '1' }, { maxKept: Number.NaN }])
      expect(code(limits(bad)), JSON.stringify(bad)).toBe('ERR_OPTION');
    expect(code(limits({ maxKept: 1_000 }))).toBeUndefined();
  });
});
