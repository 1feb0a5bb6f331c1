import { describe, expect, it } from 'vitest';
import { accept, createServerContext } from '../../src/index.ts';
import { memoryPipe, type StreamPair, withLeftover } from '../../src/pipes/index.ts';
import { type Connect, type Dial, type Socket, SocketError, socketConnect } from '../../src/sockets/index.ts';
import { serverEntry, trustedRootsPem } from '../support/pki.ts';

const entry = serverEntry('ecdsa-p256');
const serverContext = createServerContext({
  credential: { certificates: entry.chain.join('\n'), privateKey: entry.key },
  alpn: ['echo'],
});
const TRUST = { anchors: trustedRootsPem(), clock: { now: () => Date.UTC(2026, 5, 1) } };
const encode = (text: string) => new TextEncoder().encode(text);

/** A `connect` whose other end is given to `serve`. */
function served(serve: (pipe: StreamPair) => Promise<void>): Connect {
  const dial: Dial = async ({ hostname, port }) => {
    const [here, there] = memoryPipe();
    void serve(there).catch(() => {});
    return { ...here, remoteAddress: `${hostname}:${port}` };
  };
  return socketConnect(dial, TRUST);
}

async function echoTls(pipe: Parameters<typeof accept>[0]): Promise<void> {
  const tls = await accept(pipe, { context: serverContext });
  await tls.readable.pipeTo(tls.writable);
}

async function say(socket: Socket, text: string): Promise<void> {
  const writer = socket.writable.getWriter();
  await writer.write(encode(text));
  writer.releaseLock();
}

async function hear(socket: Socket): Promise<string | undefined> {
  const reader = socket.readable.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return value === undefined ? undefined : new TextDecoder().decode(value);
}

describe('connect', () => {
  it('without TLS carries what there is, and ends when the peer does', async () => {
    const socket = served(({ readable, writable }) => readable.pipeTo(writable))('server.example:7');
    expect(await socket.opened).toEqual({
      remoteAddress: 'server.example:7',
      localAddress: undefined,
      alpn: undefined,
    });
    await say(socket, 'hello');
    expect(await hear(socket)).toBe('hello');
    await socket.writable.close();
    expect(await hear(socket)).toBeUndefined();
    await socket.closed;
  });

  it('with TLS verifies the host of the address, and says what was agreed on', async () => {
    const socket = served(echoTls)('server.example:443', { secureTransport: 'on', alpn: ['echo'] });
    // It may be used at once.
    const said = say(socket, 'hello');
    expect(await hear(socket)).toBe('hello');
    await said;
    expect(await socket.opened).toMatchObject({ remoteAddress: 'server.example:443', alpn: 'echo' });
    expect((await socket.tls)?.info.serverName).toBe('server.example');
    expect([socket.secureTransport, socket.upgraded]).toEqual(['on', false]);
    await socket.close();
    await socket.closed;
  });

  it('refuses a server of another name, for every promise and stream, as a SocketError', async () => {
    const socket = served(echoTls)('other.example:443', { secureTransport: 'on' });
    for (const attempt of [socket.opened, socket.closed, hear(socket), say(socket, 'x')]) {
      const error: unknown = await attempt.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SocketError);
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'ERR_PEER_REFUSED', cause: { name: 'TlsError' } });
    }
    const named = served(echoTls)('10.0.0.1:443', { secureTransport: 'on', expectedServerHostname: 'server.example' });
    await named.opened;
    await named.close();
  });

  it('says that dialling failed', async () => {
    const connect = socketConnect(async () => {
      throw new Error('no route');
    }, TRUST);
    for (const secureTransport of ['off', 'on', 'starttls'] as const) {
      const socket = connect('server.example:1', { secureTransport });
      await expect(socket.opened).rejects.toThrow('SocketError: no route');
      await expect(socket.closed).rejects.toThrow('SocketError: no route');
      await expect(hear(socket)).rejects.toThrow('no route');
    }
  });

  it('gives dialling up when it is closed', async () => {
    let signal: AbortSignal | undefined;
    const connect = socketConnect((_, given) => {
      signal = given;
      return new Promise((_resolve, reject) => given.addEventListener('abort', () => reject(given.reason)));
    }, TRUST);
    const socket = connect({ hostname: 'server.example', port: 443 }, { secureTransport: 'on' });
    await socket.close();
    expect(signal?.aborted).toBe(true);
    await expect(socket.opened).rejects.toBeInstanceOf(SocketError);
  });

  it('reads addresses, and refuses what is none', () => {
    const dialled: unknown[] = [];
    const connect = socketConnect((address) => {
      dialled.push(address);
      return memoryPipe()[0];
    }, TRUST);
    connect('[2001:db8::1]:443');
    connect('localhost:1');
    connect({ hostname: 'a', port: 65_535 });
    expect(dialled).toEqual([
      { hostname: '2001:db8::1', port: 443 },
      { hostname: 'localhost', port: 1 },
      { hostname: 'a', port: 65_535 },
    ]);
    for (const bad of [
      'host',
      'host:',
      ':1',
      'host:0',
      'host:65536',
      'a:b:1',
      'https://a:1',
      {},
      7,
      null,
      { hostname: 'a' },
    ])
      expect(() => connect(bad as string)).toThrow(/^SocketError: the address: expected 'host:port'/);
    expect(() => connect('a:1', { secure: true } as never)).toThrow(/secure: there is no such option/);
    expect(() => connect('a:1', { secureTransport: 'yes' } as never)).toThrow(/expected 'on', 'off' or 'starttls'/);
    expect(() => socketConnect(undefined as never, TRUST)).toThrow(/expected a function that dials/);
  });
});

describe('startTls', () => {
  const smtp = async (pipe: StreamPair): Promise<void> => {
    const writer = pipe.writable.getWriter();
    const reader = pipe.readable.getReader();
    await writer.write(encode('220 ready\r\n'));
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toBe('STARTTLS\r\n');
    await writer.write(encode('220 go\r\n'));
    writer.releaseLock();
    reader.releaseLock();
    await echoTls(pipe);
  };

  it('takes the connection over, and a read that was under way with it', async () => {
    const plain = served(smtp)('server.example:25', { secureTransport: 'starttls' });
    expect(await hear(plain)).toBe('220 ready\r\n');
    await say(plain, 'STARTTLS\r\n');
    expect(await hear(plain)).toBe('220 go\r\n');
    // A program that reads all the time, as most do.
    const reader = plain.readable.getReader();
    const late = reader.read();
    const tls = plain.startTls();
    expect(await late).toEqual({ done: true, value: undefined });
    await plain.closed;
    expect([tls.upgraded, tls.secureTransport]).toEqual([true, 'on']);
    await say(tls, 'EHLO');
    expect(await hear(tls)).toBe('EHLO');
    expect(() => plain.startTls()).toThrow(/TLS was started already/);
    expect(() => tls.startTls()).toThrow(/this is TLS already/);
    await expect(plain.close()).rejects.toThrow(/use the socket that startTls answered/);
    await expect(say(plain, 'x')).rejects.toBeInstanceOf(SocketError);
    await tls.close();
  });

  it('needs the socket to be made for it', async () => {
    const socket = served(smtp)('server.example:25');
    expect(() => socket.startTls()).toThrow(/has to be made with/);
    await socket.close();
    await socket.closed;
  });

  it('refuses plaintext that an attacker put behind the answer', async () => {
    const plain = served(async (pipe) => {
      const writer = pipe.writable.getWriter();
      await writer.write(encode('220 go\r\n'));
      await writer.write(encode('250 injected\r\n'));
      writer.releaseLock();
      await echoTls(withLeftover(pipe, new Uint8Array()));
    })('server.example:25', { secureTransport: 'starttls' });
    expect(await hear(plain)).toBe('220 go\r\n');
    await expect(plain.startTls().opened).rejects.toMatchObject({ code: 'ERR_NOT_TLS' });
  });
});
