import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundlePreload } from '../../scripts/bundle-preload.ts';
import { startPostgres, startRedis } from '../../scripts/libraries/servers/data.ts';
import { Host, NotHere, PASSWORD } from '../../scripts/libraries/servers/host.ts';
import { createAuthority, issueCertificate } from '../../src/pki/issue/index.ts';
import { Files } from '../support/child.ts';
import { portOf } from './support.ts';

/** What a library sees when things go wrong: over ours the same as over node:tls, with real servers. */

const run = promisify(execFile);
const files = new Files();
const fakes: Server[] = [];
let host: Host | undefined;
let missing = '';
let program: readonly string[] = [];

beforeAll(async () => {
  const authority = await createAuthority({
    subject: 'Faults Root',
    notBefore: new Date(Date.now() - 10 * 86_400_000),
  });
  const other = await createAuthority({ subject: 'Another Root' });
  const issue = { issuer: authority, purpose: 'server', names: ['localhost'] } as const;
  const server = await issueCertificate(issue);
  const yesterday = new Date(Date.now() - 86_400_000);
  const expired = await issueCertificate({
    ...issue,
    notBefore: new Date(yesterday.getTime() - 86_400_000),
    notAfter: yesterday,
  });
  host = new Host({ cert: server.chainPem, key: server.keyPair?.pem ?? '', ca: authority.pem });
  try {
    const started = { ...(await startRedis(host)), ...(await startPostgres(host)) };
    const old = { cert: expired.chainPem, key: expired.keyPair?.pem };
    const expiredRedis = createTlsServer(old, (socket) => socket.on('error', () => {}));
    // It agrees to TLS by a byte.
    const expiredPostgres = createServer((socket) => {
      socket.once('data', () => {
        socket.write('S');
        new TLSSocket(socket, { isServer: true, ...old }).on('error', () => {});
      });
    });
    fakes.push(expiredRedis, expiredPostgres);
    const ports = {
      ...started,
      expiredRedis: await portOf(expiredRedis),
      expiredPostgres: await portOf(expiredPostgres),
    };
    const given = { ca: authority.pem, otherCa: other.pem, password: PASSWORD, ports };
    program = [join(import.meta.dirname, 'faults/program.mjs'), files.add('given.json', JSON.stringify(given))];
    await bundlePreload('src/https/register.ts', files.path('register.mjs'));
  } catch (error) {
    if (!(error instanceof NotHere)) throw error;
    missing = error.message;
  }
}, 120_000);

afterAll(async () => {
  for (const fake of fakes) fake.close();
  await host?.stop();
  files.remove();
});

/** What the libraries have seen, by scenario. */
async function seenBy(...preload: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = await run(process.execPath, [...preload, ...program], { timeout: 150_000, maxBuffer: 1 << 26 });
  return JSON.parse(/^RESULTS (.*)$/m.exec(stdout)?.[1] ?? '{}') as Record<string, unknown>;
}

/** What pg and ioredis see of a connection that ends, and of one that is reset. */
const ENDED = [
  ['connected', 'end', 'error: Connection terminated unexpectedly', 'rejected: Connection terminated unexpectedly'],
  ['connected', 'rejected: Connection is closed.'],
] as const;
const RESET = [
  ['connected', 'end', 'error: ECONNRESET read -104', 'rejected: ECONNRESET read -104'],
  ['connected', 'error: ECONNRESET read -104', 'rejected: Connection is closed.'],
] as const;
const AGAIN = ['close', 'reconnecting', 20_000_000];

describe('pg and ioredis over ours see what they see over node:tls', () => {
  it('when servers go, certificates are wrong, clients are slow or many, connections come again', async (context) => {
    if (missing !== '') context.skip(`skipped: ${missing}`);
    const theirs = await seenBy();
    const ours = await seenBy('--import', pathToFileURL(files.path('register.mjs')).href);
    // Which of two it is the kernel decides.
    for (const seen of [theirs, ours]) {
      const [byPg, byRedis] = seen['the server is reset in the middle of an answer'] as [string[], string[]];
      expect([ENDED[0], RESET[0]]).toContainEqual(byPg);
      expect([ENDED[1], RESET[1]]).toContainEqual(byRedis);
    }
    const apart = { 'the server is reset in the middle of an answer': undefined };
    expect({ ...ours, ...apart }).toEqual({ ...theirs, ...apart });
    // And it is what it should be.
    expect(ours).toMatchObject({
      'the server ends in the middle of an answer': ENDED,
      'another authority': [
        ['end', 'rejected: SELF_SIGNED_CERT_IN_CHAIN'],
        ['error: SELF_SIGNED_CERT_IN_CHAIN', 'rejected: Connection is closed.'],
      ],
      'an expired certificate': [
        ['end', 'rejected: CERT_HAS_EXPIRED'],
        ['error: CERT_HAS_EXPIRED', 'rejected: Connection is closed.'],
      ],
      'two hundred connections in a pool': [200, 0],
      'a connection that is lost comes again, with its session': ['0', false, ...AGAIN, '1', true, ...AGAIN, '2', true],
    });
  }, 320_000);
});
