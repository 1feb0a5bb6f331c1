import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256, sha384 } from '../../src/crypto/noble/hash.ts';
import { expandLabel, hkdfExpand } from '../../src/keys/expand.ts';
import { startSchedule } from '../../src/keys/schedule13.ts';
import { Transcript } from '../../src/keys/transcript.ts';

const digest = new Uint8Array(32).fill(1);

describe('stages of the key schedule', () => {
  it('are spent when they are moved on', () => {
    for (const psk of [undefined, new Uint8Array(32).fill(2)]) {
      const early = startSchedule(sha256, psk);
      early.intoHandshake(new Uint8Array(32), digest).dispose();
      expect(() => early.intoHandshake(new Uint8Array(32), digest)).toThrow(/after it was spent/);
      expect(() => early.clientEarlyTraffic(digest)).toThrow(/after it was spent/);
    }
    const handshake = startSchedule(sha256).intoHandshake(new Uint8Array(32), digest);
    const main = handshake.intoMain(digest);
    expect(() => handshake.intoMain(digest)).toThrow(/after it was spent/);
    main.deriveResumption(digest);
    expect(() => main.deriveResumption(digest)).toThrow(/after it was spent/);
  });

  it('are wiped when they are disposed of', () => {
    const handshake = startSchedule(sha256).intoHandshake(new Uint8Array(32), digest);
    const main = handshake.intoMain(digest);
    const secrets = [
      handshake.clientTraffic,
      handshake.serverTraffic,
      main.clientTraffic,
      main.serverTraffic,
      main.exporterSecret,
    ];
    for (const secret of secrets) expect(secret.some((byte) => byte !== 0)).toBe(true);
    handshake.dispose();
    main.dispose();
    for (const secret of secrets) expect(secret).toEqual(new Uint8Array(32));
  });

  it('give another secret with each update, and wipe the one before', () => {
    const main = startSchedule(sha256).intoHandshake(new Uint8Array(32), digest).intoMain(digest);
    const first = main.clientTraffic;
    const copy = first.slice();
    expect(main.update('client')).not.toEqual(copy);
    expect(first).toEqual(new Uint8Array(32));
    expect(main.clientTraffic).not.toEqual(main.serverTraffic);
  });
});

describe('HKDF', () => {
  it('is a stream: a shorter output is the beginning of a longer one, up to 255 digests', () => {
    for (const hash of [sha256, sha384]) {
      const long = hkdfExpand(hash, digest, digest, 255 * hash.size);
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 1000 }), (length) => {
          expect(hkdfExpand(hash, digest, digest, length)).toEqual(long.subarray(0, length));
        }),
        { numRuns: 20 },
      );
      expect(() => hkdfExpand(hash, digest, digest, 255 * hash.size + 1)).toThrow(/ERR_LIMIT/);
    }
  });

  it('takes labels of 1 to 249 characters', () => {
    const expand = (length: number) => expandLabel(sha256, digest, 'x'.repeat(length), digest, 16);
    expect(expand(249).length).toBe(16);
    expect(() => expand(250)).toThrow(/ERR_LIMIT/);
    expect(() => expand(0)).toThrow(/ERR_LIMIT/);
  });
});

describe('a transcript', () => {
  it('hashes what came before the hash was known too', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 })),
        fc.array(fc.uint8Array({ maxLength: 50 })),
        (before, after) => {
          const transcript = new Transcript();
          for (const message of before) transcript.add(message);
          transcript.settle(sha256);
          for (const message of after) transcript.add(message);
          expect(transcript.digest()).toEqual(sha256.digest(...before, ...after));
        },
      ),
    );
  });

  it('goes its own way after a fork', () => {
    const transcript = new Transcript();
    transcript.add(Uint8Array.of(1));
    transcript.settle(sha256);
    const fork = transcript.fork();
    fork.add(Uint8Array.of(2));
    expect(transcript.digest()).toEqual(sha256.digest(Uint8Array.of(1)));
    expect(fork.digest()).toEqual(sha256.digest(Uint8Array.of(1, 2)));
    expect(transcript.digestWith(Uint8Array.of(3))).toEqual(sha256.digest(Uint8Array.of(1, 3)));
  });

  it('has no digest before its hash is known, and gets one hash only', () => {
    const transcript = new Transcript();
    expect(() => transcript.digest()).toThrow(/ERR_INTERNAL/);
    transcript.settle(sha256);
    expect(() => transcript.settle(sha384)).toThrow(/ERR_INTERNAL/);
  });
});
