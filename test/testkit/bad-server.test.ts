import * as tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { autoProvider } from '../../src/crypto/auto.ts';
import { createClientContext } from '../../src/index.ts';
import type { TlsError } from '../../src/errors.ts';
import { connect } from '../../src/node/index.ts';
import { revocationChecker } from '../../src/pki/revocation/revocation.ts';
import { certificateVerifier } from '../../src/pki/verifiers/verifier.ts';
import { type BadServer, SERVER_FAULTS, startBadServer } from '../../src/testkit/index.ts';
import { isInstalled } from '../support/child.ts';
import { runProgramLater } from './later.ts';

/** The bad server against clients: ours is right about every fault, and what others are is known. */

let server: BadServer;
beforeAll(async () => {
  server = await startBadServer({ limit: 4000 });
});
afterAll(() => server.close());

interface Seen {
  readonly error: TlsError | undefined;
  readonly text: string;
}

/** Our client, as strict as it can be: it looks into revocation. */
async function ours(fault: string, credential?: { certificates: string; privateKey: string }): Promise<Seen> {
  const crypto = autoProvider();
  const revocation = revocationChecker({ hash: crypto.hash, crls: server.crl, whenMissing: 'accept' });
  const context = createClientContext({
    crypto,
    verifier: certificateVerifier({ anchors: server.root, signatures: crypto.verifier, revocation }),
    alpn: ['http/1.1'],
    ...(credential !== undefined && { credential }),
  });
  const socket = connect(server, {
    context,
    serverName: server.nameOf(fault),
    handshakeTimeout: /^stalls/.test(fault) ? 1000 : 8000,
  });
  let text = '';
  const over = new Promise<TlsError | undefined>((done) => {
    socket.on('error', (error) => done(error as TlsError));
    socket.on('close', () => done(undefined));
  });
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.secured().then(
    () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    () => {},
  );
  const error = await over;
  socket.destroy();
  return { error, text };
}

describe('our own client', () => {
  it.each(SERVER_FAULTS.map((fault) => [fault.name, fault] as const))('is right about %s', async (name, fault) => {
    const next = server.next(name);
    const { error, text } = await ours(name, name === 'wants-certificate' ? clientOf(server) : undefined);
    const seen = await next;
    const code = error?.code === 'ERR_PEER_REFUSED' ? error.failure?.code : error?.code;
    if (fault.right === 'connect') {
      expect([code, text.slice(0, 15)]).toEqual([undefined, 'HTTP/1.1 200 OK']);
    } else {
      expect(code).toBe(fault.code);
    }
    expect(seen.judgement).toBe(fault.right === 'notice' && fault.alerts.length === 0 ? 'unseen' : 'right');
    if (fault.alerts.length > 0) expect(seen.alert).toBe(fault.alerts[0]);
  });

  it('hears that a certificate of its own is wanted', async () => {
    const { error } = await ours('wants-certificate');
    expect(error).toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 116 });
  });
});

function clientOf({ client }: BadServer): { certificates: string; privateKey: string } {
  return { certificates: client.certificate, privateKey: client.key };
}

describe('other clients', () => {
  /** What is known of them, and theirs to know: everything else is right, or refused in other words. */
  const WRONG: { readonly [client: string]: readonly string[] } = {
    // Node and curl do not look into revocation unless they are told to, and honour no must-staple. OpenSSL ignores
    // extensions that it does not know, wherever they are.
    'node:tls': ['revoked', 'no-staple', 'common-name-only', 'weak-key', 'unsolicited-extension'],
    curl: ['revoked', 'no-staple', 'common-name-only', 'weak-key', 'unsolicited-extension'],
  };

  const faults = SERVER_FAULTS.filter(({ right, name }) => right === 'refuse' && name !== 'stalls');

  it('node:tls', async () => {
    const wrong: string[] = [];
    for (const { name } of faults) {
      const next = server.next(name);
      const socket = tls.connect({
        port: server.port,
        host: server.host,
        ca: server.root,
        servername: server.nameOf(name),
        ALPNProtocols: ['http/1.1'],
      });
      socket.on('error', () => {});
      socket.on('secureConnect', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
      socket.resume();
      if ((await next).judgement === 'wrong') wrong.push(name);
      socket.destroy();
    }
    expect(wrong.filter((name) => !WRONG['node:tls']?.includes(name))).toEqual([]);
    expect(wrong).toContain('revoked');
  });

  it('curl', async () => {
    if (!isInstalled('curl')) {
      console.log('skipped: curl is not there');
      return;
    }
    const wrong: string[] = [];
    for (const { name } of faults) {
      const next = server.next(name);
      const host = server.nameOf(name);
      const args = [
        '--silent',
        '--max-time',
        '3',
        '--cacert',
        '-',
        '--resolve',
        `${host}:${server.port}:${server.host}`,
      ];
      await runProgramLater('curl', [...args, `https://${host}:${server.port}/`], server.root);
      if ((await next).judgement === 'wrong') wrong.push(name);
    }
    expect(wrong.filter((name) => !WRONG.curl?.includes(name))).toEqual([]);
  }, 60_000);
});

describe('a bad server', () => {
  it('has one fault for everybody when it is told so, and knows its own names', async () => {
    const one = await startBadServer({ only: 'expired', domain: 'bad.example' });
    const socket = connect(one, { anchors: one.root, serverName: 'whatever.example' });
    const next = one.next('expired');
    await expect(socket.secured()).rejects.toMatchObject({ code: 'ERR_PEER_REFUSED' });
    expect((await next).judgement).toBe('right');
    expect(one.nameOf('expired')).toBe('expired.bad.example');
    expect(() => one.nameOf('nonsense')).toThrow(/there is no fault "nonsense"; there are good/);
    await expect(startBadServer({ only: 'nonsense' })).rejects.toThrow(RangeError);
    await one.close();
  });

  it('says of a client that takes everything that it is wrong', async () => {
    const naive = (name: string) => {
      const next = server.next(name);
      const socket = tls.connect({
        port: server.port,
        host: server.host,
        servername: server.nameOf(name),
        rejectUnauthorized: false,
      });
      socket.on('error', () => {});
      socket.on('secureConnect', () => socket.write('x'));
      socket.resume();
      return next;
    };
    expect((await naive('expired')).judgement).toBe('wrong');
    expect((await naive('wrong-name')).judgement).toBe('wrong');
    expect((await naive('wrong-finished')).judgement).toBe('right');
  });
});
