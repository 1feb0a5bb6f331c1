import { concat, fromAscii, fromHex } from '../../bytes/bytes.ts';
import { HASHES, HMAC_DATA, HMAC_KEY } from '../known-answers.ts';
import type { CryptoProvider, HashName } from '../types.ts';
import { type Checks, first, is, same } from './checks.ts';

const NAMES: readonly HashName[] = ['sha1', 'sha256', 'sha384', 'sha512'];
const SIZES: { readonly [H in HashName]: number } = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

/** Hashes answer at once, may be forked, and take what they are given in any pieces. */
export async function checkHashes({ hash }: CryptoProvider, checks: Checks): Promise<void> {
  for (const name of NAMES) {
    const known = HASHES[name];
    await checks.check(`${name}: name and size`, () =>
      first(is(hash(name).name, name), is(hash(name).size, SIZES[name])),
    );
    await checks.check(`${name}: a known digest`, () =>
      first(
        same(hash(name).digest(fromAscii('abc')), fromHex(known.digest)),
        same(hash(name).digest(fromAscii('a'), new Uint8Array(0), fromAscii('bc')), fromHex(known.digest)),
      ),
    );
    await checks.check(`${name}: a known HMAC`, () =>
      first(
        same(hash(name).hmac(fromAscii(HMAC_KEY), fromAscii(HMAC_DATA)), fromHex(known.hmac)),
        same(
          hash(name).hmac(fromAscii(HMAC_KEY), fromAscii(HMAC_DATA.slice(0, 5)), fromAscii(HMAC_DATA.slice(5))),
          fromHex(known.hmac),
        ),
      ),
    );
    await checks.check(`${name}: a key of HMAC longer than a block is its digest`, () => {
      const key = new Uint8Array(200).fill(7);
      return same(hash(name).hmac(key, fromAscii('x')), hash(name).hmac(hash(name).digest(key), fromAscii('x')));
    });
    await checks.check(`${name}: pieces of every length`, () => {
      const bytes = Uint8Array.from({ length: 300 }, (_, i) => i & 255);
      for (let cut = 0; cut <= bytes.length; cut += 13) {
        const state = hash(name).start();
        state.update(bytes.subarray(0, cut));
        state.update(bytes.subarray(cut));
        const wrong = same(state.digest(), hash(name).digest(bytes));
        if (wrong !== undefined) return `cut at ${cut}: ${wrong}`;
      }
      return undefined;
    });
    await checks.check(`${name}: a fork goes its own way`, () => {
      const state = hash(name).start();
      state.update(fromAscii('one'));
      const fork = state.fork();
      fork.update(fromAscii('two'));
      state.update(fromAscii('three'));
      const again = fork.fork();
      fork.dispose();
      return first(
        same(again.digest(), hash(name).digest(fromAscii('onetwo'))),
        same(state.digest(), hash(name).digest(fromAscii('onethree'))),
      );
    });
    await checks.check(`${name}: the results are arrays of their own`, () => {
      const digest = hash(name).digest(fromAscii('abc'));
      const kept = digest.slice();
      const other = hash(name).digest(fromAscii('abd'));
      other.fill(0);
      return first(same(digest, kept), is(digest.constructor, Uint8Array), same(concat(digest), kept));
    });
  }
}
