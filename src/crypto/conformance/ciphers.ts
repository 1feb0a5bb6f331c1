import { concat, equalBytes, fromAscii, fromHex } from '../../bytes/bytes.ts';
import { CIPHERS, HEAD, PLAINTEXT } from '../known-answers.ts';
import type { Aead, AeadJob, CryptoProvider } from '../types.ts';
import { type Checks, first, is, same } from './checks.ts';

/** Lengths around the blocks of both ciphers, and the longest record of TLS 1.3 with its type. */
const LENGTHS: readonly number[] = [0, 1, 15, 16, 17, 63, 64, 65, 1000, 16_385];

/** Suites, and the ciphers in them: what is sealed is opened, what was changed is not, and nothing is thrown for it. */
export async function checkCiphers({ suites }: CryptoProvider, checks: Checks): Promise<void> {
  await checks.check('suites: there is one, and none twice', () =>
    first(is(suites.length > 0, true), is(new Set(suites.map(({ id }) => id)).size, suites.length)),
  );
  for (const suite of suites) {
    await checks.check(`${suite.name}: its parts go together`, () =>
      suite.version === 0x0304
        ? is(suite.id >> 8, 0x13)
        : first(
            is(suite.protection, 'aead'),
            is(suite.fixedIvLength + suite.recordIvLength, 12),
            is(['ecdhe', 'dhe', 'rsa'].includes(suite.exchange), true),
          ),
    );
  }
  const aeads = new Map(suites.map(({ aead }) => [aead.name, aead]));
  for (const [name, aead] of aeads) await checks.group(name, () => checkAead(name, aead, checks));
}

async function checkAead(name: string, aead: Aead, checks: Checks): Promise<void> {
  await checks.check(`${name}: sizes and limits are numbers that can be`, () =>
    first(
      is([16, 32].includes(aead.keyLength), true),
      is([8, 16].includes(aead.tagLength), true),
      is(Number.isSafeInteger(aead.sealLimit) && aead.sealLimit > 1024, true),
    ),
  );
  const known = CIPHERS[name];
  if (known === undefined) checks.skip(`${name}: a known answer`, 'there is none here');
  else
    await checks.check(`${name}: a known answer`, () => {
      const key = aead.key(fromHex(known.key));
      const sealed = key.seal(fromHex(known.nonce), fromAscii(HEAD), fromAscii(PLAINTEXT));
      const opened = key.open(fromHex(known.nonce), fromAscii(HEAD), fromHex(known.sealed));
      return first(same(sealed, fromHex(known.sealed)), same(opened, fromAscii(PLAINTEXT)));
    });
  const bytes = Uint8Array.from({ length: aead.keyLength }, (_, i) => i + 1);
  const key = aead.key(bytes);
  const nonce = Uint8Array.from({ length: 12 }, (_, i) => 0xf0 + i);
  const head = Uint8Array.of(23, 3, 3, 1, 2);
  const plain = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) & 255);

  await checks.check(`${name}: what is sealed is opened, at every length`, () => {
    for (const length of LENGTHS) {
      const sealed = key.seal(nonce, head, plain(length));
      const wrong = first(
        is(sealed.length, length + aead.tagLength),
        same(key.open(nonce, head, sealed), plain(length)),
      );
      if (wrong !== undefined) return `${length} bytes: ${wrong}`;
    }
    return undefined;
  });
  await checks.check(`${name}: bytes from the middle of a buffer`, () => {
    const buffer = new Uint8Array(200);
    const inside = buffer.subarray(3, 103);
    inside.set(plain(100));
    const sealed = key.seal(nonce, head, inside);
    const shifted = new Uint8Array(sealed.length + 1);
    shifted.set(sealed, 1);
    return first(
      same(sealed, key.seal(nonce, head, plain(100))),
      same(key.open(nonce, head, shifted.subarray(1)), inside),
    );
  });
  await checks.check(`${name}: what is given stays as it was`, () => {
    const [ownNonce, ownHead, text] = [nonce.slice(), head.slice(), plain(50)];
    const sealed = key.seal(ownNonce, ownHead, text);
    const kept = sealed.slice();
    key.open(ownNonce, ownHead, sealed);
    return first(same(ownNonce, nonce), same(ownHead, head), same(text, plain(50)), same(sealed, kept));
  });
  await checks.check(`${name}: what is opened has memory of its own`, () => {
    const sealed = key.seal(nonce, head, plain(50));
    const opened = key.open(nonce, head, sealed);
    sealed.fill(0);
    return same(opened, plain(50));
  });
  await checks.check(`${name}: the key is copied`, () => {
    const own = bytes.slice();
    const copied = aead.key(own);
    own.fill(0);
    return same(copied.seal(nonce, head, plain(5)), key.seal(nonce, head, plain(5)));
  });
  await checks.check(`${name}: whatever is changed is not opened`, () => {
    const sealed = key.seal(nonce, head, plain(40));
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice();
      changed[i]! ^= 0x80;
      if (key.open(nonce, head, changed) !== undefined) return `opened with byte ${i} changed`;
    }
    for (let i = 0; i < nonce.length; i++) {
      const changed = nonce.slice();
      changed[i]! ^= 1;
      if (key.open(changed, head, sealed) !== undefined) return `opened with byte ${i} of the nonce changed`;
    }
    if (key.open(nonce, head.subarray(1), sealed) !== undefined) return 'opened with less beside it';
    if (key.open(nonce, concat(head, head), sealed) !== undefined) return 'opened with more beside it';
    return undefined;
  });
  await checks.check(`${name}: what is too short or too long is not opened`, () => {
    const sealed = key.seal(nonce, head, plain(40));
    for (let length = 0; length < sealed.length; length++)
      if (key.open(nonce, head, sealed.subarray(0, length)) !== undefined) return `opened ${length} bytes of it`;
    return is(key.open(nonce, head, concat(sealed, new Uint8Array(1))), undefined);
  });
  const { sealApart } = key;
  if (sealApart === undefined) checks.skip(`${name}: sealing apart`, 'it does not do that');
  else
    await checks.check(`${name}: sealing apart gives the same`, () => {
      for (const length of LENGTHS) {
        const expected = key.seal(nonce, head, plain(length));
        const tag = new Uint8Array(aead.tagLength);
        const cut = length >> 1;
        const parts = [plain(length).subarray(0, cut), plain(length).subarray(cut)];
        const wrong = same(concat(sealApart.call(key, nonce, head, parts, tag), tag), expected);
        if (wrong !== undefined) return `${length} bytes: ${wrong}`;
      }
      return undefined;
    });
  const { sealInto } = key;
  if (sealInto === undefined) checks.skip(`${name}: sealing in place`, 'the provider has no sealInto');
  else
    await checks.check(`${name}: sealing in place`, () => {
      for (const length of LENGTHS) {
        for (const cut of [0, 1, 16, length]) {
          const text = plain(length);
          const out = new Uint8Array(length + aead.tagLength + 12).fill(0xaa);
          sealInto.call(key, nonce, head, [text.subarray(0, cut), text.subarray(cut), new Uint8Array(0)], out, 5);
          const wrong = first(
            same(out.subarray(5, 5 + length + aead.tagLength), key.seal(nonce, head, text)),
            same(out.subarray(0, 5), new Uint8Array(5).fill(0xaa)),
            same(out.subarray(5 + length + aead.tagLength), new Uint8Array(7).fill(0xaa)),
          );
          if (wrong !== undefined) return `${length} bytes, cut at ${cut}: ${wrong}`;
        }
      }
      return undefined;
    });
  await checkBulk(name, aead, checks);
}

/** The lane for many records gives what the other one gives, in order, and one bad record does not spoil its neighbours. */
async function checkBulk(name: string, aead: Aead, checks: Checks): Promise<void> {
  const key = aead.key(new Uint8Array(aead.keyLength).fill(9));
  const { bulk } = key;
  if (bulk === undefined) {
    checks.skip(`${name}: many records at once`, 'the provider has no bulk lane');
    return;
  }
  const jobs: readonly AeadJob[] = [1, 0, 16_385, 100, 17].map((length, i) => ({
    nonce: new Uint8Array(12).fill(i),
    additionalData: Uint8Array.of(i),
    data: Uint8Array.from({ length }, (_, k) => (k * i) & 255),
  }));
  await checks.check(`${name}: many records at once, sealed`, async () => {
    // Some plaintexts are in two parts, one of them empty.
    const asked = jobs.map((job, i) => (i % 2 === 0 ? job : { ...job, tail: new Uint8Array((i * 7) % 21).fill(i) }));
    const sealed = await bulk.seal(asked);
    return first(
      is(sealed.length, asked.length),
      ...asked.map(({ nonce, additionalData, data, tail = new Uint8Array(0) }, i) =>
        same(sealed[i], key.seal(nonce, additionalData, concat(data, tail))),
      ),
    );
  });
  await checks.check(`${name}: many records at once, opened`, async () => {
    const sealed = jobs.map((job) => ({ ...job, data: key.seal(job.nonce, job.additionalData, job.data) }));
    sealed[2] = { ...sealed[2]!, data: Uint8Array.from(sealed[2]!.data, (byte, i) => (i === 7 ? byte ^ 1 : byte)) };
    sealed[3] = { ...sealed[3]!, data: sealed[3]!.data.subarray(0, 5) };
    const opened = await bulk.open(sealed);
    const right = jobs.map(({ data }, i) => (i === 2 || i === 3 ? undefined : data));
    for (const [i, expected] of right.entries()) {
      const found = opened[i];
      if (expected === undefined ? found !== undefined : found === undefined || !equalBytes(found, expected))
        return `job ${i} of ${jobs.length} is wrong`;
    }
    return undefined;
  });
  await checks.check(`${name}: no records at once`, async () =>
    first(is((await bulk.seal([])).length, 0), is((await bulk.open([])).length, 0)),
  );
  await checks.check(`${name}: says from when on it is worth while`, () =>
    is(typeof bulk.worthwhile === 'number' && bulk.worthwhile > 0, true),
  );
}
