import { describe, expect, it } from 'vitest';
import { checkSecondHello, type ReadHello, readClientHello } from '../../src/handshake/tls13/server/choose.ts';
import { decode, encode } from '../../src/wire/codec.ts';
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
