import { once } from 'node:events';
import { connect as dial, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { accept, connect, createServerContext, type TlsStream } from '../../src/index.ts';
import {
  type DataChannelEvent,
  type DataChannelLike,
  dataChannelPipe,
  iterablePipe,
  memoryPipe,
  messagePortPipe,
  type PipeOptions,
  type StreamPair,
  toDuplex,
  webSocketPipe,
  withLeftover,
} from '../../src/pipes/index.ts';
import { serverEntry, trustedRootsPem } from '../support/pki.ts';

const entry = serverEntry('ecdsa-p256');
const serverContext = createServerContext({
  credential: { certificates: entry.chain.join('\n'), privateKey: entry.key },
});
const CLIENT = { serverName: 'server.example', anchors: trustedRootsPem(), clock: { now: () => Date.UTC(2026, 5, 1) } };
const BYTES = Uint8Array.from({ length: 700_001 }, (_, i) => (i * 31) >> 3);

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** `toEqual` looks at each of the elements by itself, for seconds. */
function isAll(received: Uint8Array): boolean {
  return Buffer.compare(received, BYTES) === 0;
}

/** The whole of a connection over two ends: both handshakes, much data both ways at once, both ends. */
async function exchange(clientEnd: StreamPair, serverEnd: StreamPair): Promise<void> {
  const [client, server] = await Promise.all([
    connect(clientEnd, CLIENT),
    accept(serverEnd, { context: serverContext }),
  ]);
  const [there, back] = await Promise.all([carry(client, server), carry(server, client)]);
  expect(isAll(there)).toBe(true);
  expect(isAll(back)).toBe(true);
  await Promise.all([client.closed, server.closed]);
}

async function carry(from: TlsStream, to: TlsStream): Promise<Uint8Array> {
  const writer = from.writable.getWriter();
  const sent = writer.write(BYTES).then(() => writer.close());
  const [received] = await Promise.all([collect(to.readable), sent]);
  return received;
}

async function collect(readable: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** Both ends of one WebSocket. */
async function sockets(): Promise<[WebSocket, WebSocket]> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  closers.push(() => new Promise((done) => server.close(done)));
  const { port } = server.address() as { port: number };
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const [theirs] = (await once(server, 'connection')) as [WebSocket];
  for (const socket of [client, theirs]) {
    socket.on('error', () => {});
    closers.push(() => socket.terminate());
  }
  return [client, theirs];
}

describe('a WebSocket', () => {
  it('carries a connection, whether it is open already or not', async () => {
    const [client, server] = await sockets();
    await exchange(webSocketPipe(client), webSocketPipe(server));
    expect(client.readyState).toBeGreaterThanOrEqual(WebSocket.CLOSING);
  });

  it('of the runtime carries one through a relay to TCP', async () => {
    const [ours] = await relayTo(async (stream) => {
      const tls = await accept(stream, { context: serverContext });
      await tls.readable.pipeTo(tls.writable);
    });
    const tls = await connect(webSocketPipe(ours), CLIENT);
    const writer = tls.writable.getWriter();
    void writer.write(BYTES).then(() => writer.close());
    expect(isAll(await collect(tls.readable))).toBe(true);
  });

  it('that does not open says so, with the code', async () => {
    const socket = new WebSocket('ws://127.0.0.1:1');
    const error = await connect(webSocketPipe(socket), CLIENT).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_TRANSPORT' });
    expect(`${String(error)} ${String((error as Error).cause)}`).toMatch(
      /did not open: close code 1006: .*ECONNREFUSED/,
    );
  });

  it('that does not open says where to look, where a page is told no reason', async () => {
    const socket = Object.assign(new EventTarget(), {
      readyState: 0,
      bufferedAmount: 0,
      binaryType: '',
      send() {},
      close() {},
    });
    const read = webSocketPipe(socket as never)
      .readable.getReader()
      .read();
    socket.dispatchEvent(new Event('error'));
    socket.dispatchEvent(Object.assign(new Event('close'), { code: 1006, reason: '' }));
    await expect(read).rejects.toThrow(/did not open: close code 1006: nothing answered, or .* its log says why/);
  });

  it('that was closed before fails at once', async () => {
    const [client] = await sockets();
    if (client.readyState === WebSocket.CONNECTING) await once(client, 'open');
    client.terminate();
    await once(client, 'close');
    await expect(webSocketPipe(client).readable.getReader().read()).rejects.toThrow(/had been closed before/);
  });

  it('that delivers text is refused in words', async () => {
    const [client, server] = await sockets();
    const reader = webSocketPipe(client).readable.getReader();
    server.send('hello');
    await expect(reader.read()).rejects.toThrow(/delivered text; the other end has to send binary messages/);
  });

  it('that breaks is an error, one that is closed is an end', async () => {
    for (const [end, expected] of [
      [(socket: WebSocket) => socket.close(1011, 'gone'), /failed: close code 1011, "gone"/],
      [(socket: WebSocket) => socket.terminate(), /failed: close code 1006/],
    ] as const) {
      const [client, server] = await sockets();
      const reader = webSocketPipe(client).readable.getReader();
      end(server);
      await expect(reader.read()).rejects.toThrow(expected);
    }
    const [client, server] = await sockets();
    const reader = webSocketPipe(client).readable.getReader();
    server.close(1000);
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });

  it('is paused while nothing is read', async () => {
    const [client, server] = await sockets();
    const pipe = webSocketPipe(client);
    const writer = webSocketPipe(server).writable.getWriter();
    let written = 0;
    const writing = (async () => {
      for (let i = 0; i < 400; i++) {
        await writer.write(new Uint8Array(65_536));
        written += 65_536;
      }
    })();
    // As long as anything moves.
    for (let before = -1; before !== written; ) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(written).toBeLessThan(400 * 65_536);
    expect(client.isPaused).toBe(true);
    let received = 0;
    const reader = pipe.readable.getReader();
    while (received < 400 * 65_536) received += (await reader.read()).value?.length ?? 0;
    await writing;
  });

  it('that cannot be paused holds no more than maxUnread', async () => {
    const [client, server] = await sockets();
    Object.assign(client, { pause: undefined });
    const pipe = webSocketPipe(client, { maxUnread: 100_000 });
    server.send(new Uint8Array(70_000));
    server.send(new Uint8Array(70_000));
    await once(client, 'close');
    await expect(pipe.readable.getReader().read()).rejects.toThrow(/more than 100000 bytes wait to be read/);
  });

  it('options that cannot be are refused in words', async () => {
    const [client] = await sockets();
    const refusedWith = (options: object) => () => webSocketPipe(client, options as PipeOptions);
    expect(refusedWith({ maxUnread: '1' })).toThrow(/maxUnread: expected a number of bytes, 1 or more, found 1/);
    expect(refusedWith({ unread: 1 })).toThrow(/unread: a pipe knows maxUnread and maxMessage/);
    expect(() => webSocketPipe({} as WebSocket)).toThrow(/expected a WebSocket/);
  });
});

/** What the demo of a relay does: a WebSocket at one end, and a pipe at the other. */
async function relayTo(serve: (pipe: StreamPair) => Promise<void>): Promise<[WebSocket]> {
  const tcp = createServer(() => {});
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  closers.push(() => new Promise((done) => tcp.close(done)));
  const accepted = once(tcp, 'connection') as Promise<[Socket]>;
  const outgoing = dial((tcp.address() as { port: number }).port, '127.0.0.1');
  const [client, theirs] = await sockets();
  const [incoming] = await accepted;
  for (const socket of [outgoing, incoming]) socket.on('error', () => {});
  theirs.on('message', (data) => outgoing.write(data as Buffer));
  outgoing.on('data', (data) => theirs.send(data));
  outgoing.on('end', () => theirs.close(1000));
  theirs.on('close', () => outgoing.destroy());
  const { readable, writable } = Duplex.toWeb(incoming) as unknown as StreamPair;
  void serve({ readable, writable }).catch(() => {});
  return [client];
}

describe('a message port', () => {
  it('carries a connection', async () => {
    const { port1, port2 } = new MessageChannel();
    await exchange(messagePortPipe(port1), messagePortPipe(port2));
  });

  it('carries bytes to another thread and back', async () => {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       parentPort.once('message', async ({ port }) => {
         // An end of the same rules, written by hand: bytes, numbers, null.
         port.on('message', (data) => {
           if (data === null) port.postMessage(null);
           else if (typeof data !== 'number') { port.postMessage(data.byteLength); port.postMessage(data); }
         });
       });`,
      { eval: true },
    );
    closers.push(() => worker.terminate());
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ port: port2 }, [port2 as never]);
    const pipe = messagePortPipe(port1);
    const writer = pipe.writable.getWriter();
    void writer.write(BYTES).then(() => writer.close());
    expect(isAll(await collect(pipe.readable))).toBe(true);
  });

  it('does not run ahead of a reader that waits', async () => {
    const { port1, port2 } = new MessageChannel();
    const [here, there] = [messagePortPipe(port1), messagePortPipe(port2)];
    const writer = here.writable.getWriter();
    let written = 0;
    const writing = (async () => {
      for (let i = 0; i < 100; i++) {
        await writer.write(new Uint8Array(65_536));
        written += 65_536;
      }
      await writer.close();
    })();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(written).toBeLessThan(400_000);
    expect((await collect(there.readable)).length).toBe(6_553_600);
    await writing;
    await there.writable.close();
  });

  it('of a peer that lies about what it has read, or sends something else, fails', async () => {
    for (const [message, expected] of [
      [5, /has read 5 bytes, of 0 that it has not/],
      [Number.NaN, /has read NaN bytes/],
      ['text', /delivered text/],
      [{}, /delivered an object/],
    ] as const) {
      const { port1, port2 } = new MessageChannel();
      const reader = messagePortPipe(port1).readable.getReader();
      port2.postMessage(message);
      await expect(reader.read()).rejects.toThrow(expected);
      port1.close();
    }
  });

  it('that does not hand memory over carries a connection too', async () => {
    const { port1, port2 } = new MessageChannel();
    for (const port of [port1, port2]) {
      const post = port.postMessage.bind(port);
      port.postMessage = (message: unknown, transfer?: unknown) => {
        if (Array.isArray(transfer) && transfer.length > 0) throw new Error('Transfer list is not supported');
        post(message);
      };
    }
    await exchange(messagePortPipe(port1), messagePortPipe(port2));
  });

  it('that refuses to send fails, and the other end hears of it', async () => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage = (message: unknown) => {
      if (message !== null) throw new Error('no more');
      MessagePort.prototype.postMessage.call(port1, message);
    };
    const [here, there] = [messagePortPipe(port1), messagePortPipe(port2)];
    const read = there.readable.getReader().read();
    await expect(here.writable.getWriter().write(Uint8Array.of(1))).rejects.toMatchObject({
      code: 'ERR_TRANSPORT',
      cause: new Error('no more'),
    });
    expect(await read).toMatchObject({ done: true });
  });

  it('that closes without an end is an error', async () => {
    const { port1, port2 } = new MessageChannel();
    const reader = messagePortPipe(port1).readable.getReader();
    port2.close();
    await expect(reader.read()).rejects.toThrow(/closed without an end/);
  });
});

/** Two ends with the interface of an RTCDataChannel, that deliver in turns of the event loop. */
class Channel extends EventTarget implements DataChannelLike {
  binaryType = 'blob';
  readyState = 'connecting';
  bufferedAmount = 0;
  largest = 0;
  other!: Channel;

  override addEventListener(type: string, listener: (event: DataChannelEvent) => void): void {
    super.addEventListener(type, listener as never);
  }

  override removeEventListener(type: string, listener: (event: DataChannelEvent) => void): void {
    super.removeEventListener(type, listener as never);
  }

  send(data: Uint8Array): void {
    if (this.readyState !== 'open') throw new Error('InvalidStateError');
    this.largest = Math.max(this.largest, data.length);
    this.bufferedAmount += data.length;
    setImmediate(() => {
      this.bufferedAmount -= data.length;
      this.other.tell('message', { data: data.slice().buffer });
    });
  }

  close(): void {
    if (this.readyState === 'closing' || this.readyState === 'closed') return;
    this.readyState = 'closing';
    setImmediate(() => {
      for (const end of [this, this.other]) {
        end.readyState = 'closed';
        end.tell('close', {});
      }
    });
  }

  tell(type: string, fields: object): void {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}

function channels(): [Channel, Channel] {
  const [a, b] = [new Channel(), new Channel()];
  a.other = b;
  b.other = a;
  setTimeout(() => {
    for (const end of [a, b]) {
      end.readyState = 'open';
      end.tell('open', {});
    }
  });
  return [a, b];
}

describe('a data channel', () => {
  it('carries a connection in messages that every implementation takes', async () => {
    const [a, b] = channels();
    await exchange(dataChannelPipe(a), dataChannelPipe(b));
    expect(a.largest).toBe(16_384);
  });

  it('that may lose or reorder messages is refused', () => {
    const [a] = channels();
    for (const bad of [{ ordered: false }, { maxRetransmits: 0 }, { maxPacketLifeTime: 10 }])
      expect(() => dataChannelPipe(Object.assign(channels()[0], bad))).toThrow(/may lose or reorder/);
    expect(() => dataChannelPipe(a)).not.toThrow();
  });

  it('that fails says why', async () => {
    const [a] = channels();
    const reader = dataChannelPipe(a).readable.getReader();
    a.tell('error', { error: new Error('sctp failure') });
    const error = await reader.read().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_TRANSPORT', cause: new Error('sctp failure') });
  });
});

describe('an iterable and a function', () => {
  it('carry a connection', async () => {
    const [a, b] = [new TransformStream<Uint8Array, Uint8Array>(), new TransformStream<Uint8Array, Uint8Array>()];
    const [to, back] = [a.writable.getWriter(), b.writable.getWriter()];
    const sink = (writer: typeof to) => ({
      write: (bytes: Uint8Array) => writer.write(bytes),
      end: () => writer.close(),
    });
    await exchange(iterablePipe(b.readable, sink(to)), iterablePipe(a.readable, sink(back)));
  });

  it('is told when reading is given up', async () => {
    let finished = false;
    async function* source() {
      try {
        for (;;) yield new Uint8Array(10);
      } finally {
        finished = true;
      }
    }
    const reader = iterablePipe(source(), () => {}).readable.getReader();
    await reader.read();
    await reader.cancel();
    expect(finished).toBe(true);
  });

  it('that is none is refused', async () => {
    expect(() => iterablePipe(new Uint8Array(3) as never, () => {})).toThrow(/goes into brackets/);
    expect(() => iterablePipe([], undefined as never)).toThrow(/expected a function that takes bytes/);
    await expect(
      iterablePipe(['text'] as never, () => {})
        .readable.getReader()
        .read(),
    ).rejects.toMatchObject({
      code: 'ERR_TRANSPORT',
    });
  });
});

describe('bytes put back', () => {
  it('come first: a server that read the ClientHello with the last line of the plaintext', async () => {
    const [here, there] = memoryPipe();
    const plain = here.writable.getWriter();
    void plain.write(new TextEncoder().encode('STARTTLS\r\n'));
    plain.releaseLock();
    const client = connect(here, CLIENT);
    // Everything at once, as it may come.
    const reader = there.readable.getReader();
    const { value: line } = await reader.read();
    const { value: hello } = await reader.read();
    const together = Buffer.concat([line!, hello!]);
    reader.releaseLock();
    const end = together.indexOf('\r\n') + 2;
    const server = await accept(withLeftover(there, together.subarray(end)), { context: serverContext });
    const tls = await client;
    const [received] = await Promise.all([carry(tls, server), tls.readable.cancel()]);
    expect(isAll(received)).toBe(true);
  });

  it('are bytes', () => {
    expect(() => withLeftover(memoryPipe()[0], 'text' as never)).toThrow(/expected bytes to put back/);
  });
});

describe("a stream of Node's kind", () => {
  it('over a connection carries data both ways, and ends', async () => {
    const [a, b] = memoryPipe();
    const [client, server] = await Promise.all([connect(a, CLIENT), accept(b, { context: serverContext })]);
    const stream = toDuplex(client, Duplex);
    void server.readable.pipeTo(server.writable);
    stream.end(BYTES);
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(isAll(new Uint8Array(Buffer.concat(chunks)))).toBe(true);
    await client.closed;
  });

  it('that is destroyed gives the connection up; a connection that fails destroys the stream', async () => {
    for (const first of ['stream', 'connection']) {
      const [a, b] = memoryPipe();
      const [client, server] = await Promise.all([connect(a, CLIENT), accept(b, { context: serverContext })]);
      const stream = toDuplex(client, Duplex);
      stream.resume();
      if (first === 'stream') {
        stream.destroy();
        await expect(server.closed).rejects.toMatchObject({
          code: expect.stringMatching(/ERR_ALERT_RECEIVED|ERR_TRANSPORT/),
        });
      } else {
        await server.writable.abort();
        const [error] = await once(stream, 'error');
        expect(error).toMatchObject({ name: 'TlsError' });
        expect(stream.destroyed).toBe(true);
      }
    }
  });
});
