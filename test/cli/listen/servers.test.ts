import * as https from 'node:https';
import * as tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Pki, type Running, start, talk, tcpServer, type TcpServer, webServer } from './listener.ts';

/** Three servers behind a listener, from end to end: weights, least connections, source hash, draining, death, persistent connections. */

let pki: Pki;
beforeAll(async () => {
  pki = await Pki.make();
});
afterAll(() => pki.remove());

const toStop: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

let made = 0;
/** A listener by a config file, which can be written anew. */
async function listen(
  options: object,
): Promise<{ readonly running: Running; rewrite(options: object): Promise<void> }> {
  const name = `servers-${made++}.json`;
  const write = (more: object): string =>
    pki.folder.write(
      name,
      JSON.stringify({
        address: '127.0.0.1:0',
        certificate: pki.path('server.crt'),
        key: pki.path('server.key'),
        'health-interval': '100ms',
        'health-rise': 1,
        'health-fall': 1,
        'reload-interval': '50ms',
        ...more,
      }),
    );
  const running = await start(pki.folder, 'listen', '--config', write(options));
  toStop.push(() => running.stop());
  return {
    running,
    rewrite: async (more) => {
      const before = running.notes.length;
      write(more);
      for (let i = 0; i < 400 && !running.notes.slice(before).some((note) => /reloaded/.test(note)); i++)
        await pause(10);
    },
  };
}

async function three(): Promise<readonly TcpServer[]> {
  const servers = await Promise.all(['a', 'b', 'c'].map((name) => tcpServer(name)));
  for (const server of servers) toStop.push(() => server.stop());
  return servers;
}

const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
const places = (servers: readonly { readonly port: number }[], weights: readonly number[] = []): string[] =>
  servers.map(({ port }, index) => `127.0.0.1:${port}@${weights[index] ?? 1}`);

/** Who answers one client after the other. */
async function answers({ port }: Running, count: number): Promise<string> {
  let names = '';
  for (let i = 0; i < count; i++) names += (await talk({ ...pki.client(), port }, '')).text.trim();
  return names;
}

/** A client that stays, and which server it has. */
async function stay({ port }: Running): Promise<{ readonly socket: tls.TLSSocket; readonly name: string }> {
  const socket = tls.connect({ ...pki.client(), port });
  toStop.push(() => socket.destroy());
  const name = await new Promise<string>((done, failed) => {
    socket.once('data', (chunk) => done(String(chunk).trim())).once('error', failed);
  });
  return { socket, name };
}

describe('three servers', () => {
  it('by weighted round robin: 3, 1, 1', async () => {
    const { running } = await listen({ to: places(await three(), [3, 1, 1]) });
    const names = await answers(running, 10);
    expect(names.slice(5)).toBe(names.slice(0, 5));
    expect([...names.slice(0, 5)].sort().join('')).toBe('aaabc');
    // Smooth: the heavy one does not get all of its clients at once.
    expect(names).not.toContain('aaaa');
  });

  it('by least connections for the weight', async () => {
    const { running } = await listen({ to: places(await three(), [2, 1, 1]), balance: 'least-connections' });
    const open = [];
    for (let i = 0; i < 8; i++) open.push(await stay(running));
    expect(
      open
        .map(({ name }) => name)
        .sort()
        .join(''),
    ).toBe('aaaabbcc');
    // Two clients of b go: the next two are its.
    for (const { socket } of open.filter(({ name }) => name === 'b')) socket.destroy();
    await pause(200);
    expect([(await stay(running)).name, (await stay(running)).name]).toEqual(['b', 'b']);
  });

  it('by the address of the client: the same one, and the next when it is gone', async () => {
    const servers = await three();
    const { running } = await listen({ to: places(servers), balance: 'hash' });
    const names = await answers(running, 5);
    const [first = ''] = names;
    expect(names).toBe(first.repeat(5));
    await servers.find(({ name }) => name === first)?.stop();
    const others = await answers(running, 5);
    expect(others).toBe(others.slice(0, 1).repeat(5));
    expect(others).not.toContain(first);
  });

  it('one is drained: its clients stay, and it gets no new ones', async () => {
    const servers = await three();
    const { running, rewrite } = await listen({ to: places(servers) });
    const open = await Promise.all([1, 2, 3].map(() => stay(running)));
    const ofB = open.find(({ name }) => name === 'b');
    await rewrite({ to: places(servers, [1, 0, 1]) });
    expect([...new Set(await answers(running, 6))].sort()).toEqual(['a', 'c']);
    const echoed = new Promise((done) => ofB?.socket.once('data', (chunk) => done(String(chunk))));
    ofB?.socket.write('still there');
    expect(await echoed).toBe('still there');
    await rewrite({ to: places(servers) });
    expect([...new Set(await answers(running, 6))].sort()).toEqual(['a', 'b', 'c']);
  });

  it('one dies and returns: no request of HTTP fails, on connections that are kept', async () => {
    const names = ['a', 'b', 'c'];
    const web = (name: string, port?: number) =>
      webServer(name, port, (request, response) => {
        ports.add(request.socket.remotePort ?? 0);
        response.end(name);
      });
    const ports = new Set<number>();
    const servers = await Promise.all(names.map((name) => web(name)));
    for (const server of servers) toStop.push(() => server.stop());
    const { running } = await listen({ http: true, to: places(servers) });
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    toStop.push(() => agent.destroy());
    const get = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const options = { ...pki.client(), port: running.port, agent };
        https
          .get(options, (response) => {
            let text = '';
            response.on('data', (chunk) => (text += String(chunk))).on('error', reject);
            response.on('end', () => resolve(response.statusCode === 200 ? text : `${response.statusCode}`));
          })
          .on('error', reject);
      });
    const several = async (count: number): Promise<string> => {
      let all = '';
      for (let i = 0; i < count; i++) all += await get();
      return all;
    };
    expect([...new Set(await several(30))].sort()).toEqual(names);
    // Connections to the servers are kept too: one each, not one for each request.
    expect(ports.size).toBeLessThanOrEqual(6);
    await servers[1]?.stop();
    expect([...new Set(await several(30))].sort()).toEqual(['a', 'c']);
    const back = await web('b', servers[1]?.port);
    toStop.push(() => back.stop());
    let seen = '';
    for (let i = 0; i < 100 && !seen.includes('b'); i++) {
      seen += await get();
      await pause(20);
    }
    expect([...new Set(seen)].filter((name) => !names.includes(name))).toEqual([]);
    expect(seen).toContain('b');
  });
});
