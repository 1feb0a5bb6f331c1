import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import { tlsAes128GcmSha256, tlsAes256GcmSha384, tlsChacha20Poly1305Sha256 } from '../../src/crypto/noble/suites.ts';
import { Budgets } from '../../src/record/budgets.ts';
import { Deframer, MAX_PLAINTEXT } from '../../src/record/deframer.ts';
import { fragment, Joiner } from '../../src/record/joiner.ts';
import { Protector13 } from '../../src/record/protect13.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';

const record = (type: number, payload: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(type, 3, 3, payload.length >> 8, payload.length & 255), payload);

/** Cuts bytes where the numbers say. */
function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index]!, end));
}

describe('records', () => {
  const some = fc.array(fc.tuple(fc.constantFrom(20, 21, 22, 23), fc.uint8Array({ minLength: 1, maxLength: 80 })), {
    maxLength: 6,
  });

  it('are the same however the bytes come', () => {
    fc.assert(
      fc.property(some, fc.array(fc.nat(600)), (records, cuts) => {
        const deframer = new Deframer();
        const found: (readonly [number, Uint8Array])[] = [];
        for (const piece of cut(concat(...records.map(([type, payload]) => record(type, payload))), cuts)) {
          deframer.push(piece);
          for (let next = deframer.next(0); next !== undefined; next = deframer.next(0))
            found.push([next.type, Uint8Array.from(next.payload)]);
        }
        expect(found).toEqual(records);
        expect(deframer.buffered).toBe(0);
      }),
    );
  });

  it('that are needed briefly and came in parts are put together in one place, but for small ones', () => {
    const deframer = new Deframer();
    const longest = record(23, new Uint8Array(MAX_PLAINTEXT + 256).fill(1));
    const whole = record(23, new Uint8Array(5_000).fill(2));
    const small = record(23, new Uint8Array(100).fill(3));
    const other = record(23, new Uint8Array(9_000).fill(4));
    const places: ArrayBufferLike[] = [];
    const sums: number[] = [];
    for (const piece of cut(concat(longest, whole, small, other), [7_000, 16_645 + 5_005 + 50, 25_000])) {
      deframer.push(piece);
      for (let next = deframer.next(256, true); next !== undefined; next = deframer.next(256, true)) {
        places.push(next.payload.buffer);
        sums.push(next.payload.reduce((sum, byte) => sum + byte, 0));
      }
    }
    expect(sums).toEqual([MAX_PLAINTEXT + 256, 10_000, 300, 36_000]);
    expect(new Set(places).size).toBe(3);
    expect(places[3]).toBe(places[0]);
  });

  // RFC 5246 ¶6-1
  it.each([0, 16, 256])('are refused by their header when they are too long (overhead %i)', (overhead) => {
    const header = (length: number): Uint8Array => Uint8Array.of(23, 3, 3, length >> 8, length & 255);
    const deframer = new Deframer();
    deframer.push(header(MAX_PLAINTEXT + overhead));
    expect(deframer.next(overhead)).toBeUndefined();
    const other = new Deframer();
    other.push(header(MAX_PLAINTEXT + overhead + 1));
    expect(() => other.next(overhead)).toThrow(/ERR_RECORD_OVERFLOW/);
  });

  it.each([
    [Uint8Array.of(0x47, 0x45, 0x54, 0x20, 0x2f), /ERR_NOT_TLS.*GET/],
    [Uint8Array.of(22, 2), /ERR_RECORD_VERSION/],
    [Uint8Array.of(22, 3, 3, 0, 0), /ERR_EMPTY_RECORD/],
    [Uint8Array.of(19), /ERR_NOT_TLS/],
    [Uint8Array.of(24), /ERR_NOT_TLS/],
  ])('that cannot be are refused at once', (bytes, expected) => {
    const deframer = new Deframer();
    deframer.push(bytes);
    expect(() => deframer.next(0)).toThrow(expected);
  });
});

describe('handshake messages', () => {
  it('are the same however they are spread over records', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(1, 2, 8, 11), fc.uint8Array({ maxLength: 300 })), { maxLength: 5 }),
        fc.integer({ min: 1, max: 64 }),
        (messages, limit) => {
          const joiner = new Joiner();
          const found: (readonly [number, Uint8Array])[] = [];
          for (const piece of fragment(
            messages.map(([type, body]) => encodeHandshake(type, body)),
            limit,
          )) {
            expect(piece.length).toBeLessThanOrEqual(limit);
            joiner.push(piece);
            for (let next = joiner.next(); next !== undefined; next = joiner.next())
              found.push([next.type, Uint8Array.from(next.body)]);
          }
          expect(found).toEqual(messages);
          expect(joiner.leftover).toBe(0);
        },
      ),
    );
  });

  it.each([
    [11, 262_144],
    [1, 65_536],
    [20, 1024],
    [24, 1024],
  ])('of type %i are at most %i bytes long, and more is refused by the header', (type, most) => {
    const header = (length: number): Uint8Array => Uint8Array.of(type, length >> 16, (length >> 8) & 255, length & 255);
    const joiner = new Joiner();
    joiner.push(header(most));
    expect(joiner.next()).toBeUndefined();
    expect(joiner.leftover).toBe(4);
    const other = new Joiner();
    other.push(header(most + 1));
    expect(() => other.next()).toThrow(/ERR_MESSAGE_TOO_LARGE/);
  });
});

describe.each([tlsAes128GcmSha256, tlsAes256GcmSha384, tlsChacha20Poly1305Sha256])('protection with $name', (suite) => {
  const secret = new Uint8Array(suite.hash.size).fill(5);
  const make = (): Protector13 => new Protector13(suite, secret);
  const parts = (sealed: Uint8Array): [Uint8Array, Uint8Array] => [sealed.subarray(0, 5), sealed.subarray(5)];

  // RFC 9846 §5.4-1
  it('gives back type and content, whatever the padding', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(21, 22, 23), fc.uint8Array({ maxLength: 200 }), fc.nat(100)), {
          minLength: 1,
          maxLength: 4,
        }),
        (contents) => {
          const [seal, open] = [make(), make()];
          for (const [type, content, padding] of contents) {
            const opened = open.open(...parts(seal.seal(type, content, padding)), MAX_PLAINTEXT);
            expect([opened.type, Uint8Array.from(opened.content)]).toEqual([type, content]);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('hides the type, and writes the version that middleboxes know', () => {
    expect([...make().seal(22, Uint8Array.of(1), 0).subarray(0, 3)]).toEqual([23, 3, 3]);
  });

  it('refuses any changed byte, a record out of order, and a record twice', () => {
    const sealed = make().seal(23, Uint8Array.of(1, 2, 3), 4);
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice();
      changed[at]! ^= 1;
      expect(() => make().open(...parts(changed), MAX_PLAINTEXT), `byte ${at}`).toThrow(/ERR_BAD_RECORD_MAC/);
    }
    const seal = make();
    const [first, second] = [seal.seal(23, Uint8Array.of(1), 0), seal.seal(23, Uint8Array.of(2), 0)];
    expect(() => make().open(...parts(second), MAX_PLAINTEXT)).toThrow(/ERR_BAD_RECORD_MAC/);
    const open = make();
    open.open(...parts(first), MAX_PLAINTEXT);
    expect(() => open.open(...parts(first), MAX_PLAINTEXT)).toThrow(/ERR_BAD_RECORD_MAC/);
  });

  // RFC 9846 §5.4-5
  it('counts content, type and padding against the limit, which record_size_limit may lower', () => {
    expect(make().open(...parts(make().seal(23, new Uint8Array(100), 0)), 100).content.length).toBe(100);
    expect(() => make().open(...parts(make().seal(23, new Uint8Array(100), 1)), 100)).toThrow(/ERR_RECORD_OVERFLOW/);
    expect(() => make().open(...parts(make().seal(23, new Uint8Array(101), 0)), 100)).toThrow(/ERR_RECORD_OVERFLOW/);
    const full = make().seal(23, new Uint8Array(MAX_PLAINTEXT), 0);
    expect(make().open(...parts(full), MAX_PLAINTEXT).content.length).toBe(MAX_PLAINTEXT);
  });

  // RFC 9846 §5.4-4
  it('refuses a record of padding only', () => {
    const sealed = make().seal(0, new Uint8Array(0), 20);
    expect(() => make().open(...parts(sealed), MAX_PLAINTEXT)).toThrow(/ERR_NO_CONTENT_TYPE/);
  });

  // RFC 9846 §5.3-2
  it('seals no more than the cipher bears', () => {
    const tight = { ...suite, aead: { ...suite.aead, sealLimit: 2 } };
    const protector = new Protector13(tight, secret);
    protector.seal(23, Uint8Array.of(1), 0);
    expect(protector.remaining).toBe(1);
    protector.seal(23, Uint8Array.of(1), 0);
    expect(() => protector.seal(23, Uint8Array.of(1), 0)).toThrow(/ERR_SEAL_LIMIT/);
  });
});

describe('budgets', () => {
  it.each([
    ['emptyRecords', 32, 'ERR_TOO_MANY_EMPTY_RECORDS', true],
    ['changeCipherSpecs', 4, 'ERR_TOO_MANY_CCS', false],
    ['warnings', 4, 'ERR_TOO_MANY_WARNINGS', true],
    ['keyUpdates', 32, 'ERR_TOO_MANY_KEY_UPDATES', true],
    ['certificateRequests', 32, 'ERR_TOO_MANY_CERTIFICATE_REQUESTS', false],
    ['tickets', 32, 'ERR_TOO_MANY_TICKETS', true],
    ['helloRequests', 4, 'ERR_RENEGOTIATION', true],
  ] as const)('%s: %i, then %s', (name, most, code, refills) => {
    const budgets = new Budgets();
    for (let i = 0; i < most; i++) budgets.spend(name);
    expect(() => budgets.spend(name)).toThrow(code);
    const others = new Budgets();
    for (let i = 0; i < most; i++) others.spend(name);
    others.progress();
    if (refills) others.spend(name);
    else expect(() => others.spend(name)).toThrow(code);
  });
});
