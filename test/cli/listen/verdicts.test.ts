import { createServer, type Server } from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pki, type Running, start, talk, webServer, type WebServer } from './listener.ts';

/** Every client that is not let in, at every listener: the right alert, the right line in the log, the right field for the server. */

let pki: Pki;
let web: WebServer;
let lists: Server;
const running: { [name: string]: Running } = {};

beforeAll(async () => {
  pki = await Pki.make();
  web = await webServer('one');
  lists = createServer((_request, response) => response.end(list));
  let list = Buffer.alloc(0);
  await new Promise<void>((done) => lists.listen(0, '127.0.0.1', done));
  const day = 86_400_000;
  const crls = `http://127.0.0.1:${(lists.address() as AddressInfo).port}/crl`;
  await pki.issue('wrong CA', { issuer: pki.other, names: ['a.example'], purpose: 'client' });
  const past = { notBefore: Date.now() - 2 * day, notAfter: Date.now() - day };
  await pki.issue('expired', { names: ['b.example'], purpose: 'client', ...past });
  const byFile = await pki.issue('revoked by file', { names: ['c.example'], purpose: 'client' });
  const byPoint = await pki.issue('revoked by distribution point', { names: ['d.example'], purpose: 'client', crls });
  await pki.issue('good by distribution point', { subject: 'dora', names: ['e.example'], purpose: 'client', crls });
  await pki.crl('crl.pem', [byFile.certificate.serial]);
  await pki.crl('fetched.pem', [byPoint.certificate.serial]);
  list = Buffer.from(pki.folder.text('fetched.pem').replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const base = [
    ...['--address', '127.0.0.1:0', '--to', `127.0.0.1:${web.port}`, '--anchors', pki.path('root.crt')],
    ...['--certificate', pki.path('server.crt'), '--key', pki.path('server.key')],
  ];
  const file = ['--crl', pki.path('crl.pem')];
  const points = ['--revocation-hosts', '127.0.0.1'];
  for (const [name, args] of [
    ['tcp by file', ['--auth', 'require', ...file]],
    ['http by file', ['--http', '--auth', 'require', ...file]],
    ['told by file', ['--http', '--auth', 'request', ...file]],
    ['tcp by point', ['--auth', 'require', ...points]],
    ['http by point', ['--http', '--auth', 'require', ...points]],
    ['told by point', ['--http', '--auth', 'request', ...points]],
  ] as const)
    running[name] = await start(pki.folder, 'listen', ...base, ...args);
}, 60_000);
afterAll(async () => {
  for (const one of Object.values(running)) await one.stop();
  await web.stop();
  lists.close();
  pki.remove();
});

const CASES = [
  ['none', 'file', undefined, /certificate required/, 'ERR_CERTIFICATE_REQUIRED', 'certificate_required (116)'],
  ['wrong CA', 'file', 'wrong CA', /unknown ca/, 'CERT_MISSING_INTERMEDIATE', 'unknown_ca (48)'],
  ['expired', 'file', 'expired', /certificate expired/, 'CERT_EXPIRED', 'certificate_expired (45)'],
  ['revoked by file', 'file', 'revoked by file', /certificate revoked/, 'CERT_REVOKED', 'certificate_revoked (44)'],
  [
    'revoked by distribution point',
    'point',
    'revoked by distribution point',
    /certificate revoked/,
    'CERT_REVOKED',
    'certificate_revoked (44)',
  ],
] as const;

function status(port: number, client: string | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = https.get({ ...pki.client(client), port, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk))).on('error', reject);
      response.on('end', () => resolve(String(JSON.parse(text).headers['client-cert-status'])));
    });
    request.on('error', reject);
  });
}

describe('a client that is not let in', () => {
  it.each(CASES)('%s', async (_name, how, client, said, code, alert) => {
    const fits = ({ event, failure, code: own }: { [name: string]: unknown }): boolean =>
      event === 'refused' && (failure ?? own) === code;
    for (const kind of ['tcp', 'http']) {
      const listener = running[`${kind} by ${how}`]!;
      const { error, text } = await talk({ ...pki.client(client), port: listener.port }, 'GET / HTTP/1.0\r\n\r\n');
      expect([kind, error, text]).toEqual([kind, expect.stringMatching(said), '']);
      expect(await listener.entry(fits)).toMatchObject({ alert, remedy: expect.stringMatching(/./) });
    }
    const told = await status(running[`told by ${how}`]!.port, client);
    expect(told).toMatch(
      client === undefined ? /^missing$/ : new RegExp(`^invalid;code=${code};reason="certificate 0 `),
    );
  });

  it('and one that is', async () => {
    for (const [how, client] of [
      ['file', 'client'],
      ['point', 'good by distribution point'],
    ] as const) {
      const { text } = await talk(
        { ...pki.client(client), port: running[`tcp by ${how}`]!.port },
        'GET / HTTP/1.0\r\n\r\n',
      );
      expect(text).toMatch(/^HTTP\/1\.1 200/);
      for (const kind of ['http', 'told'])
        expect(await status(running[`${kind} by ${how}`]!.port, client)).toBe('valid');
    }
  });
});
