import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { memoryServerSessions, memorySessions } from '../../src/resumption/stores.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import { Files, freePort, isInstalled, startChild } from '../support/child.ts';
import { noble } from '../support/credentials.ts';
import { serverEntry } from '../support/pki.ts';
import { connect, credential, finish, line, listen, stopAfterEach, toStop } from '../support/session-peers.ts';

stopAfterEach();

/** Sessions with NSS: `selfserv` for a server, and `strsclnt`, which connects again and again, for a client. */

const present = ['selfserv', 'strsclnt', 'certutil', 'pk12util', 'openssl'].every((program) => isInstalled(program));

/** Range of versions, as NSS writes it; options that ask for tickets and for extended master secret. */
const WAYS = [
  { what: 'TLS 1.3', range: 'tls1.3:tls1.3', extra: ['-u'], client: {} },
  { what: 'TLS 1.2 by ticket', range: 'tls1.2:tls1.2', extra: ['-u'], client: {} },
  { what: 'TLS 1.2 by id', range: 'tls1.2:tls1.2', extra: [], client: { sessionIds: true } },
];

describe.skipIf(!present)('selfserv', () => {
  it.each(WAYS)('our client resumes, $what', async ({ range, extra }) => {
    const port = await freePort();
    const files = database();
    const args = [
      '-d',
      files.directory,
      '-w',
      '',
      '-e',
      'server',
      '-p',
      String(port),
      '-V',
      range,
      '-v',
      '-G',
      ...extra,
    ];
    const peer = startChild('selfserv', args, { files });
    toStop.push(() => peer.stop());
    await peer.waitFor(/About to call accept/);
    const options = { resumption: { store: memorySessions() } };
    for (const expected of [false, true, true]) {
      const socket = await connect({ port }, options);
      socket.write('GET / HTTP/1.0\r\n\r\n');
      expect(await line(socket)).toMatch(/^HTTP\/1\.0 200/);
      expect(socket.info.resumed).toBe(expected);
      await finish(socket);
    }
  });
});

describe.skipIf(!present)('strsclnt', () => {
  it.each(WAYS)('resumes with our server, $what', async ({ range, extra, client }) => {
    const { port, next } = await listen(
      'sessionIds' in client
        ? { resumption: { tickets: false as const, sessionIds: memoryServerSessions() } }
        : { resumption: { tickets: ticketSealer({ crypto: noble }) } },
    );
    const files = database();
    const args = ['-d', files.directory, '-o', '-o', '-q', '-4', '-t', '1', '-c', '4', '-V', range];
    const peer = startChild('strsclnt', [...args, ...extra, '-p', String(port), 'localhost'], { files });
    toStop.push(() => peer.stop());
    let resumed = 0;
    for (let connection = 0; connection < 4; connection++) {
      const socket = await next();
      if (socket.info.resumed === true) resumed++;
      expect(socket.info.extendedMasterSecret).toBe(true);
      socket.on('data', () => void socket.end('HTTP/1.0 200 OK\r\n\r\nwarifu\n'));
    }
    expect(resumed).toBeGreaterThanOrEqual(2);
  });
});

/** A database of certificates, as NSS keeps them, with our server's in it. */
function database(): Files {
  const files = new Files();
  const [leaf, ...rest] = serverEntry().chain;
  const chain = files.add('chain.pem', rest.join('\n'));
  const p12 = files.path('server.p12');
  const own = ['-in', files.add('leaf.pem', leaf!), '-inkey', files.add('leaf.key', credential.key)];
  const quiet = { stdio: 'ignore' } as const;
  execFileSync(
    'openssl',
    ['pkcs12', '-export', ...own, '-certfile', chain, '-name', 'server', '-passout', 'pass:x', '-out', p12],
    quiet,
  );
  execFileSync('certutil', ['-N', '-d', files.directory, '--empty-password'], quiet);
  execFileSync('pk12util', ['-i', p12, '-d', files.directory, '-K', '', '-W', 'x'], quiet);
  return files;
}
