import { describe, expect, it } from 'vitest';
import { checkSecondHello, type ReadHello, readClientHello } from '../../src/handshake/tls13/server/choose.ts';
import { decode, encode } from '../../src/wire/codec.ts';
import type { RawExtension } from '../../src/wire/extension.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import { ClientHello } from '../../src/wire/hello.ts';
import { drain, makeClient, written } from '../support/pair.ts';

/** What a client may do to its PSKs when it is asked for another ClientHello (RFC 9846 section 4.2.2). */

const PRE_SHARED_KEY = 41;
const key = (name: number) => ({ identity: Uint8Array.of(name), secret: new Uint8Array(32).fill(name) });

function helloWith(...names: number[]): ClientHello {
  const client = makeClient({ psks: [key(0), ...names.map(key)].slice(names.length > 0 ? 1 : 0), grease: false });
  client.start();
  const hello = decode(ClientHello, written(drain(client))[0]!.slice(9));
  if (names.length > 0) return hello;
  return { ...hello, extensions: hello.extensions.filter(({ type }) => type !== PRE_SHARED_KEY) };
}

const base = helloWith(1);

/** The same ClientHello but for its PSKs. */
function read(...names: number[]): ReadHello {
  const psk = helloWith(...names).extensions.filter(({ type }) => type === PRE_SHARED_KEY);
  const extensions = [...base.extensions.filter(({ type }) => type !== PRE_SHARED_KEY), ...psk];
  const hello = { ...base, extensions };
  const raw = encodeHandshake(1, encode(ClientHello, hello));
  return readClientHello({ type: 1, raw, body: raw.slice(4), hello });
}

const check = (first: ReadHello, second: ReadHello): void => checkSecondHello(first, second, undefined);

describe('the PSKs of a second ClientHello', () => {
  it.each([
    [
      [1, 2, 3],
      [1, 2, 3],
    ],
    [
      [1, 2, 3],
      [1, 3],
    ],
    [[1, 2, 3], [3]],
    [[1, 2], []],
    [[], []],
  ])('%j may become %j', (before, after) => {
    expect(() => check(read(...before), read(...after))).not.toThrow();
  });

  it.each([
    [
      [1, 2],
      [2, 1],
    ],
    [
      [1, 2],
      [1, 2, 3],
    ],
    [[1, 2], [4]],
    [[1], [1, 1]],
    [[], [1]],
  ])('%j may not become %j', (before, after) => {
    expect(() => check(read(...before), read(...after))).toThrow(/ERR_RETRY_CHANGED.*PSK/);
  });
});

describe('the other extensions of a second ClientHello', () => {
  /** The same ClientHello, its extensions changed. */
  function changed(change: (extensions: readonly RawExtension[]) => readonly RawExtension[]): ReadHello {
    const [psk, rest] = [true, false].map((is) =>
      base.extensions.filter(({ type }) => (type === PRE_SHARED_KEY) === is),
    );
    const hello = { ...base, extensions: [...change(rest!), ...psk!] };
    const raw = encodeHandshake(1, encode(ClientHello, hello));
    return readClientHello({ type: 1, raw, body: raw.slice(4), hello });
  }
  const same = changed((extensions) => extensions);
  const ech = (...data: number[]): RawExtension => ({ type: 0xfe0d, data: Uint8Array.from(data) });

  it.each<[string, (extensions: readonly RawExtension[]) => readonly RawExtension[]]>([
    ['in another order', (extensions) => extensions.toReversed()],
    ['rotated', (extensions) => [...extensions.slice(3), ...extensions.slice(0, 3)]],
  ])('may come %s', (_, change) => {
    expect(() => check(same, changed(change))).not.toThrow();
    expect(() => check(changed(change), same)).not.toThrow();
  });

  it('may have another encrypted_client_hello, for what we cannot read says nothing', () => {
    const [one, other] = [ech(0, 1, 2), ech(0, 3, 4, 5)].map((more) => changed((extensions) => [more, ...extensions]));
    expect(() => check(one!, other!)).not.toThrow();
    expect(() => check(one!, same)).not.toThrow();
    expect(() => check(same, other!)).not.toThrow();
  });

  it.each(base.extensions.filter(({ type }) => ![PRE_SHARED_KEY, 51].includes(type)).map(({ type }) => type))(
    'may not have another %i, nor none, nor a new one',
    (type) => {
      const other = (extensions: readonly RawExtension[]): RawExtension[] =>
        extensions.map((one) => (one.type === type ? { type: 0x4321, data: one.data } : one));
      const named = new RegExp(`ERR_RETRY_CHANGED.*(0x${type.toString(16).padStart(4, '0')}|0x4321)`);
      // Some are so necessary that nothing is read without them.
      if (![10, 13, 43, 45].includes(type)) {
        expect(() => check(same, changed(other))).toThrow(named);
        expect(() => check(changed(other), same)).toThrow(named);
      }
      const longer = (extensions: readonly RawExtension[]): RawExtension[] =>
        extensions.map((one) => (one.type === type ? { type, data: Uint8Array.from([...one.data, 0]) } : one));
      let read: ReadHello;
      try {
        read = changed(longer);
      } catch {
        // Most say how long they are.
        return;
      }
      expect(() => check(same, read)).toThrow(named);
    },
  );
});
