import { expect, it } from 'vitest';
import { webCryptoProvider } from '../../src/crypto/webcrypto/index.ts';
import type { CryptoProvider } from '../../src/crypto/types.ts';
import { accept, connect } from '../../src/index.ts';
import { basicPki, serverEntry } from '../support/pki.ts';

/** Through the streams of a program, with WebCrypto's lane for many records; where it is slower it is not taken. */

interface Calls {
  sealed: number;
  opened: number;
}

/** WebCrypto for batches, always: how quick this machine is decides about nothing here. Sealing takes `delay` milliseconds more. */
function batching(calls: Calls, delay: number): CryptoProvider {
  const subtle = new Proxy(crypto.subtle, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]) => {
        if (name === 'encrypt') calls.sealed++;
        if (name === 'decrypt') calls.opened++;
        if (delay > 0 && name === 'encrypt') await later(delay);
        return Reflect.apply(member, target, given);
      };
    },
  });
  const provider = webCryptoProvider({ subtle });
  return {
    ...provider,
    suites: provider.suites.map((suite) => ({
      ...suite,
      aead: {
        ...suite.aead,
        key: (bytes: Uint8Array) => {
          const key = suite.aead.key(bytes);
          return key.bulk === undefined ? key : { ...key, bulk: { ...key.bulk, worthwhile: 2000 } };
        },
      },
    })),
  };
}

function later(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds));
}

it.each([
  ['as quick as the other', 0],
  ['much slower to send, so that the other has ended long before', 8],
])('carries much both ways at once with WebCrypto, some records at a time, in order: one side %s', async (_, delay) => {
  const calls = { sealed: 0, opened: 0 };
  const { chain, key } = serverEntry();
  const [up, down] = [new TransformStream<Uint8Array, Uint8Array>(), new TransformStream<Uint8Array, Uint8Array>()];
  const here = { readable: down.readable, writable: up.writable };
  const there = { readable: up.readable, writable: down.writable };
  // The direction of the slower one stays open when the quicker one has ended its own.
  const common = { suites: ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384'], allowHalfOpen: true };
  const anchors = basicPki().ca.ecRoot.certificate;
  const [client, server] = await Promise.all([
    connect(here, { ...common, crypto: batching(calls, 0), anchors, serverName: 'server.example' }),
    accept(there, {
      ...common,
      crypto: batching(calls, delay),
      credential: { certificates: chain.join('\n'), privateKey: key },
    }),
  ]);
  const before = { ...calls };
  const much = new Uint8Array(1_500_000).map((_, at) => (at * 7) ^ (at >> 9));
  const write = async ({ writable }: typeof client): Promise<void> => {
    const writer = writable.getWriter();
    for (let at = 0, size = 10; at < much.length; at += size, size = (size * 3 + 1) % 90_001)
      await writer.write(much.subarray(at, at + size));
    await writer.close();
  };
  const read = async ({ readable }: typeof client): Promise<Uint8Array> => {
    const parts: Uint8Array[] = [];
    // One that begins late: what is written meanwhile waits, and nothing stands still for ever.
    await later(20);
    for await (const part of readable) parts.push(part);
    return Buffer.concat(parts);
  };
  const [, , fromServer, fromClient] = await Promise.all([write(client), write(server), read(client), read(server)]);
  expect(Buffer.from(much).equals(fromServer)).toBe(true);
  expect(Buffer.from(much).equals(fromClient)).toBe(true);
  expect(calls.sealed - before.sealed).toBeGreaterThan(100);
  expect(calls.opened - before.opened).toBeGreaterThan(100);
  await Promise.all([client.closed, server.closed]);
});
