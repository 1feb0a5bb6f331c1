import type { AddressInfo } from 'node:net';
import * as tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer } from '../../src/node/index.ts';
import { CLIENT_FAULTS, runBadClient, startBadServer, type BadServer } from '../../src/testkit/index.ts';
import { runCli } from '../cli/in-process.ts';
import { loadCredential } from '../../src/pki/index.ts';
import { autoProvider } from '../../src/crypto/auto.ts';
import { serverEntry } from '../support/pki.ts';

/** The bad client against servers: ours is right about every fault. */

const listen = async (server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
}) => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
};

const entry = serverEntry();
const ours = { certificates: entry.chain, privateKey: entry.key };

let kit: BadServer;
beforeAll(async () => {
  kit = await startBadServer();
});
afterAll(() => kit.close());

describe('our own server', () => {
  it.each([false, true])(
    'is right about every fault (mutual: %s)',
    async (isMutual) => {
      const server = createServer(
        { credential: ours, ...(isMutual && { clientAuth: 'require', anchors: kit.root }) },
        (socket) => {
          socket.on('error', () => {});
          socket.on('data', () => socket.end('hello'));
        },
      );
      server.on('tlsClientError', () => {});
      const port = await listen(server);
      const credential = await loadCredential(
        { certificates: kit.client.certificate, privateKey: kit.client.key },
        autoProvider(),
      );
      for (const fault of CLIENT_FAULTS) {
        const result = await runBadClient(fault.name, {
          host: '127.0.0.1',
          port,
          serverName: 'localhost',
          limit: 3000,
          credential,
        });
        const expected = fault.certificate !== undefined && !isMutual ? 'unseen' : 'right';
        expect([fault.name, result.alert, result.judgement]).toEqual([
          fault.name,
          expected === 'unseen' ? undefined : (fault.alerts[0] ?? result.alert),
          expected,
        ]);
      }
      server.close();
    },
    60_000,
  );
});

describe('the commands', () => {
  it('warifu badclient says what a server of node:tls does', async () => {
    const server = tls.createServer({ cert: entry.chain.join(''), key: entry.key }, (socket) => {
      socket.on('error', () => {});
      socket.end('hello');
    });
    server.on('tlsClientError', () => {});
    const port = await listen(server);
    const { status, out } = await runCli(['badclient', `localhost:${port}`, '--json', '--timeout', '3']);
    const results: readonly { fault: string; judgement: string }[] = JSON.parse(out);
    expect(results).toHaveLength(CLIENT_FAULTS.length);
    expect(results.filter(({ judgement }) => judgement === 'wrong')).toEqual([]);
    expect(status).toBe(0);
    server.close();
    expect(await runCli(['badclient', 'localhost:1'])).toMatchObject({ status: 3 });
    expect(await runCli(['badclient', 'x', '--only', 'nonsense'])).toMatchObject({ status: 2 });
    expect((await runCli(['badclient', '--list'])).out).toMatch(/wrong-finished +refuse \(decrypt_error\)/);
  }, 60_000);

  it('warifu badserver says what a client does, and writes what it needs', async () => {
    let stop: () => void = () => {};
    let port = 0;
    let heard: () => void = () => {};
    const seen = new Promise<void>((done) => (heard = done));
    const stopped = new Promise<void>((done) => (stop = done));
    // A port that is free now.
    const probe = tls.createServer();
    port = await listen(probe);
    await new Promise((done) => probe.close(done));
    const running = runCli(['badserver', '--port', String(port)], { stop: stopped, onPrint: () => heard() });
    for (let round = 0; round < 100; round++) {
      const { status } = await runCli(['connect', `127.0.0.1:${port}`, '--sni', 'expired.localhost', '-q']);
      if (status === 1) break;
      await new Promise((done) => setTimeout(done, 50));
    }
    await seen;
    stop();
    const { status, out, err } = await running;
    expect(status).toBe(0);
    expect(out).toMatch(/^expired +(right|refused, in other words): it said/);
    expect(err).toMatch(/faults on 127\.0\.0\.1:\d+[\s\S]*BEGIN CERTIFICATE/);
    expect((await runCli(['badserver', '--list'])).out).toMatch(/expired +refuse \(certificate_expired\)/);
    expect(await runCli(['badserver', '--only', 'nonsense'])).toMatchObject({ status: 2 });
  }, 60_000);
});
