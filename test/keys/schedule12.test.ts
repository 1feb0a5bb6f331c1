import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/bytes.ts';
import { sha256, sha384 } from '../../src/crypto/noble/hash.ts';
import { MainSecret12, prf } from '../../src/keys/schedule12.ts';

const randoms = { client: new Uint8Array(32).fill(1), server: new Uint8Array(32).fill(2) };

describe('the PRF of TLS 1.2', () => {
  // RFC 5246 ¶7.4.9-2
  it('gives the test vector that is known for SHA-256', () => {
    const out = prf(
      sha256,
      fromHex('9bbe436ba940f017b17652849a71db35'),
      'test label',
      [fromHex('a0ba9f936cda311827a6f796ffd5198c')],
      100,
    );
    expect(toHex(out)).toBe(
      'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17' +
        'abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66',
    );
  });

  it('is a stream: a shorter output is the beginning of a longer one', () => {
    for (const hash of [sha256, sha384]) {
      const long = prf(hash, randoms.client, 'x', [randoms.server], 300);
      for (const length of [0, 1, 31, 32, 33, 48, 64, 299])
        expect(prf(hash, randoms.client, 'x', [randoms.server], length)).toEqual(long.subarray(0, length));
    }
  });
});

describe('the main secret', () => {
  it('wipes what it was made from', () => {
    const preMain = new Uint8Array(32).fill(9);
    MainSecret12.derive(sha256, preMain, randoms, undefined);
    expect(preMain).toEqual(new Uint8Array(32));
  });

  it('depends on the session hash where there is one, and on the randoms where there is none', () => {
    const made = (session: Uint8Array | undefined): string =>
      toHex(MainSecret12.derive(sha256, new Uint8Array(32).fill(9), randoms, session).bytes);
    expect(made(undefined)).not.toBe(made(new Uint8Array(32)));
    expect(made(new Uint8Array(32))).not.toBe(made(new Uint8Array(32).fill(1)));
  });

  it('cuts the key block in the order of RFC 5246 section 6.3', () => {
    const main = new MainSecret12(sha256, new Uint8Array(48).fill(3), randoms);
    const whole = prf(sha256, main.bytes, 'key expansion', [randoms.server, randoms.client], 2 * (20 + 16 + 4));
    const { client, server } = main.keyBlock({ macKey: 20, key: 16, iv: 4 });
    expect(Uint8Array.from([client, server].flatMap(({ macKey }) => [...macKey]))).toEqual(whole.slice(0, 40));
    expect(Uint8Array.from([client, server].flatMap(({ key }) => [...key]))).toEqual(whole.slice(40, 72));
    expect(Uint8Array.from([client, server].flatMap(({ iv }) => [...iv]))).toEqual(whole.slice(72));
  });

  it('exports nothing under the labels that TLS uses itself', () => {
    const main = new MainSecret12(sha256, new Uint8Array(48).fill(3), randoms);
    expect(() => main.exportKey('key expansion', undefined, 16)).toThrow(/ERR_LIMIT/);
    expect(main.exportKey('EXPORTER-a', undefined, 16)).not.toEqual(
      main.exportKey('EXPORTER-a', new Uint8Array(0), 16),
    );
  });

  it('is gone when it has been disposed of', () => {
    const bytes = new Uint8Array(48).fill(3);
    const main = new MainSecret12(sha256, bytes, randoms);
    main.dispose();
    expect(bytes).toEqual(new Uint8Array(48));
    expect(() => main.finished('client', new Uint8Array(32))).toThrow(/ERR_INTERNAL/);
  });
});
