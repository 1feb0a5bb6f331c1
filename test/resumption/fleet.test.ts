import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientSession, ClientSessionStore } from '../../src/handshake/session.ts';
import { bundled, removeBundle } from '../support/bundled.ts';
import { connect, finish, line, stopAfterEach, toStop } from '../support/session-peers.ts';

stopAfterEach();

let server = '';
beforeAll(async () => {
  server = await bundled('test/resumption/fleet/server.ts', 'fleet');
});
afterAll(() => removeBundle('fleet'));

/** Servers in processes of their own, which share nothing but a secret and about the same time. */

const SECRET = '11'.repeat(32);
const NEWER = '22'.repeat(32);
const TLS_1_2 = { suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] };

describe.each([
  ['1.3', {}],
  ['1.2', TLS_1_2],
])('tickets of TLS %s', (_, options) => {
  it('of one process open in another, and after a restart', async () => {
    const [one, other] = [await start(SECRET), await start(SECRET)];
    const sessions = keeping();
    expect(await resumed(one.port, { ...options, resumption: { store: sessions } })).toBe(false);
    expect(await resumed(other.port, { ...options, resumption: { store: sessions } })).toBe(true);
    await one.stop();
    const again = await start(SECRET);
    expect(await resumed(again.port, { ...options, resumption: { store: sessions } })).toBe(true);
    await other.stop();
    const stranger = await start(NEWER);
    expect(await resumed(stranger.port, { ...options, resumption: { store: sessions } })).toBe(false);
  }, 30_000);

  it('open while their secret is in the list, and no longer', async () => {
    const [old, between, later] = await Promise.all([start(SECRET), start(`${NEWER},${SECRET}`), start(NEWER)]);
    const sessions = keeping();
    await resumed(old.port, { ...options, resumption: { store: sessions } });
    const first = sessions.kept.at(-1)!;
    expect(await resumed(between.port, { ...options, resumption: { store: always(first) } })).toBe(true);
    expect(await resumed(later.port, { ...options, resumption: { store: always(first) } })).toBe(false);
    await resumed(between.port, { ...options, resumption: { store: sessions } });
    expect(await resumed(later.port, { ...options, resumption: { store: sessions } })).toBe(true);
  }, 30_000);

  it('open in a process whose keys are younger, or whose clock is ahead, for as long as they live', async () => {
    const [now, minutes, hours] = await Promise.all([start(SECRET), start(SECRET, 300), start(SECRET, 3 * 3600)]);
    const sessions = keeping();
    await resumed(now.port, { ...options, resumption: { store: sessions } });
    const first = sessions.kept.at(-1)!;
    expect(await resumed(minutes.port, { ...options, resumption: { store: always(first) } })).toBe(true);
    expect(await resumed(hours.port, { ...options, resumption: { store: always(first) } }), 'it lives for two').toBe(
      false,
    );
  }, 30_000);
});

interface Member {
  readonly port: number;
  stop(): Promise<void>;
}

async function start(secrets: string, ahead = 0): Promise<Member> {
  const child = spawn(process.execPath, [server, secrets, String(ahead)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await exited;
  };
  toStop.push(stop);
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    const port = /^port (\d+)$/m.exec(said)?.[1];
    if (port !== undefined) return { port: Number(port), stop };
  }
  throw new Error(`the server ended: ${said}`);
}

async function resumed(port: number, options: Parameters<typeof connect>[1]): Promise<boolean> {
  const socket = await connect({ port }, options);
  socket.write('warifu\n');
  expect(await line(socket)).toBe('warifu');
  await finish(socket);
  return socket.info.resumed ?? false;
}

function keeping(): ClientSessionStore & { readonly kept: ClientSession[] } {
  const kept: ClientSession[] = [];
  return { kept, take: () => kept.pop(), put: (_key, session) => void kept.push(session) };
}

function always(session: ClientSession): ClientSessionStore {
  return { take: () => session, put: () => {} };
}
