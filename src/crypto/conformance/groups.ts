import { bigFromBytes, bigToBytes } from '../../bytes/bigint.ts';
import { concat, fromHex } from '../../bytes/bytes.ts';
import { AGREEMENTS, ML_KEM_768 } from '../known-answers.ts';
import type { CryptoProvider, KeyExchange, Random } from '../types.ts';
import { type Checks, first, is, refuses, same } from './checks.ts';

/** Shares, in bytes: of the one who offers, of the one who accepts, and the secret. */
const SIZES: { readonly [id: number]: readonly [offered: number, accepted: number, secret: number] } = {
  23: [65, 65, 32],
  24: [97, 97, 48],
  25: [133, 133, 66],
  29: [32, 32, 32],
  30: [56, 56, 56],
  4587: [1249, 1153, 64],
  4588: [1216, 1120, 64],
  4589: [1665, 1665, 80],
};

/** Key exchange: both ends have the same secret, and a share that is not a good one is refused as such. */
export async function checkGroups({ groups, random }: CryptoProvider, checks: Checks): Promise<void> {
  await checks.check('groups: there is one, and none twice', () =>
    first(is(groups.length > 0, true), is(new Set(groups.map(({ id }) => id)).size, groups.length)),
  );
  for (const group of groups) {
    await checkExchange(group, random, checks);
    await checkKnownAnswer(group, checks);
    await checks.group(group.name, () => checkBadShares(group, random, checks));
  }
}

async function checkExchange(group: KeyExchange, random: Random, checks: Checks): Promise<void> {
  const { name } = group;
  await checks.check(`${name}: both have the same secret`, async () => {
    const offer = await group.offer(random);
    const { share, secret } = await group.accept(offer.share, random);
    const own = await offer.agree(share);
    const sizes = SIZES[group.id] ?? [offer.share.length, share.length, secret.length];
    return first(
      is(offer.group.id, group.id),
      is(offer.share.length, sizes[0]),
      is(share.length, sizes[1]),
      is(secret.length, sizes[2]),
      same(own, secret),
    );
  });
  await checks.check(`${name}: no two keys are alike`, async () => {
    const [a, b] = [await group.offer(random), await group.offer(random)];
    return first(
      is(
        a.share.every((byte, i) => byte === b.share[i]),
        false,
      ),
      is(
        (await group.accept(a.share, random)).share.every((byte, i) => byte === a.share[i]),
        false,
      ),
    );
  });
  await checks.check(`${name}: two offers at once do not mix`, async () => {
    const offers = await Promise.all([group.offer(random), group.offer(random)]);
    const accepted = await Promise.all(offers.map(({ share }) => group.accept(share, random)));
    const secrets = await Promise.all(offers.map((offer, i) => offer.agree(accepted[i]!.share)));
    return first(same(secrets[0], accepted[0]!.secret), same(secrets[1], accepted[1]!.secret));
  });
  await checks.check(`${name}: the half that stands alone does`, async () => {
    const { part } = await group.offer(random);
    if (part === undefined) return undefined;
    const { share, secret } = await part.group.accept(part.share, random);
    return same(await part.agree(share), secret);
  });
}

async function checkKnownAnswer(group: KeyExchange, checks: Checks): Promise<void> {
  const known = knownAnswer(group);
  const { agreeAs } = group;
  if (known === undefined || agreeAs === undefined) {
    checks.skip(`${group.name}: a known answer`, known === undefined ? 'there is none here' : 'there is no agreeAs');
    return;
  }
  await checks.check(`${group.name}: a known answer`, async () =>
    same(await agreeAs.call(group, known.privateKey, known.peerShare), known.secret),
  );
}

interface Answer {
  readonly privateKey: Uint8Array;
  readonly peerShare: Uint8Array;
  readonly secret: Uint8Array;
}

function knownAnswer({ name }: KeyExchange): Answer | undefined {
  const hybrid = name === 'X25519MLKEM768';
  const known = AGREEMENTS[hybrid ? 'X25519' : name];
  if (known === undefined) return undefined;
  const [privateKey, peerShare, secret] = [known.privateKey, known.peerShare, known.secret].map(fromHex);
  const front = hybrid ? [ML_KEM_768.seed, '00'.repeat(1088), ML_KEM_768.secretOfZeros] : ['', '', ''];
  return {
    privateKey: concat(fromHex(front[0]!), privateKey!),
    peerShare: concat(fromHex(front[1]!), peerShare!),
    secret: concat(fromHex(front[2]!), secret!),
  };
}

async function checkBadShares(group: KeyExchange, random: Random, checks: Checks): Promise<void> {
  const { name } = group;
  const offer = await group.offer(random);
  const good = await group.accept(offer.share, random);
  for (const [what, toAccept, toAgree] of badShares(group, offer.share, good.share)) {
    if (toAccept !== undefined)
      await checks.check(`${name}: ${what} is not accepted`, () =>
        refuses('ERR_BAD_KEY_SHARE', () => group.accept(toAccept, random)),
      );
    if (toAgree !== undefined)
      await checks.check(`${name}: ${what} is not agreed with`, () =>
        refuses('ERR_BAD_KEY_SHARE', () => offer.agree(toAgree)),
      );
  }
  await checks.check(`${name}: works as before after all that`, async () =>
    same(await offer.agree(good.share), good.secret),
  );
}

type BadShare = readonly [what: string, toAccept: Uint8Array | undefined, toAgree: Uint8Array | undefined];

/** Shares that are wrong in one thing each; made out of good ones. */
function badShares(group: KeyExchange, offered: Uint8Array, accepted: Uint8Array): BadShare[] {
  const both = (what: string, change: (share: Uint8Array) => Uint8Array): BadShare => [
    what,
    change(offered),
    change(accepted),
  ];
  const bad: BadShare[] = [
    both('nothing', () => new Uint8Array(0)),
    both('a share without its last byte', (share) => share.slice(0, -1)),
    both('a share with a byte too many', (share) => concat(share, new Uint8Array(1))),
  ];
  if (group.name.startsWith('secp')) {
    const size = (offered.length - 1) / 2;
    bad.push(
      both('a point beside the curve', (share) => changed(share, share.length - 1, 1)),
      both('a compressed point', (share) =>
        concat(Uint8Array.of(2 + (share[2 * size]! & 1)), share.slice(1, 1 + size)),
      ),
      both('a point in the hybrid form', (share) => changed(share, 0, 4 ^ (6 + (share[2 * size]! & 1)))),
      both('the point at infinity', () => Uint8Array.of(0)),
      both('zeros', (share) => new Uint8Array(share.length)),
      both('the origin', (share) => changed(new Uint8Array(share.length), 0, 4)),
      both('all ones', () => concat(Uint8Array.of(4), new Uint8Array(2 * size).fill(255))),
    );
  }
  const montgomery = group.name === 'X25519' || group.name === 'X25519MLKEM768';
  if (montgomery)
    for (const [what, u] of smallOrder())
      for (const high of [0, 0x80]) {
        // RFC 7748 section 5: the highest bit of u is ignored.
        const put = (share: Uint8Array): Uint8Array => concat(share.slice(0, -32), changed(u, 31, high));
        bad.push(both(`u = ${what}${high === 0 ? '' : ' with the highest bit set'}`, put));
      }
  if (group.name === 'X25519MLKEM768')
    for (const at of [0, 3, 1149]) {
      // FIPS 203 section 7.2: two coefficients in three bytes, and 4095 is no coefficient.
      const wrong = offered.slice();
      wrong.set([255, wrong[at + 1]! | 15], at);
      bad.push([`a coefficient at byte ${at} that is not reduced`, wrong, undefined]);
    }
  return bad;
}

function smallOrder(): readonly (readonly [string, Uint8Array])[] {
  const p = 2n ** 255n - 19n;
  const of = (u: bigint): Uint8Array => bigToBytes(u, 32).reverse();
  const orderEight = fromHex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800');
  const other = fromHex('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157');
  return [
    ['0', of(0n)],
    ['1', of(1n)],
    ['p - 1', of(p - 1n)],
    ['p', of(p)],
    ['p + 1', of(p + 1n)],
    [`${bigFromBytes(orderEight.slice().reverse())}`, orderEight],
    [`${bigFromBytes(other.slice().reverse())}`, other],
  ];
}

function changed(bytes: Uint8Array, at: number, difference: number): Uint8Array {
  const out = bytes.slice();
  out[at]! ^= difference;
  return out;
}
