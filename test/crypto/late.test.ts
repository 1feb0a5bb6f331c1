import { expect, it } from 'vitest';
import { isPromise } from '../../src/bytes/promise.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { lateNobleProvider } from '../../src/crypto/noble/late.ts';
import type { PrivateKey } from '../../src/crypto/types.ts';

/** noble with its curves loaded when they are needed is noble; that it is right is in the conformance suite. */

const noble = nobleProvider();

it('has the suites, groups and schemes of noble, in its order', () => {
  const late = lateNobleProvider();
  for (const list of ['suites', 'groups', 'signatures'] as const)
    expect(late[list].map(({ id, name }) => [id, name])).toEqual(noble[list].map(({ id, name }) => [id, name]));
  for (const [index, group] of late.groups.entries()) {
    expect(group.kind).toBe(noble.groups[index]!.kind);
    expect(group.classical?.id).toBe(noble.groups[index]!.classical?.id);
  }
});

it('answers later until the curves are there, and at once from then on', async () => {
  const late = lateNobleProvider();
  const [group] = late.groups;
  const [offer, other] = [group!.offer(late.random), group!.offer(late.random)];
  expect(isPromise(offer)).toBe(true);
  expect((await offer).group).toBe(group);
  expect((await other).share).not.toEqual((await offer).share);
  expect(isPromise(group!.offer(late.random))).toBe(false);
  expect(late.verifier.verify({ kind: 'ed25519' }, { kind: 'ed25519', key: new Uint8Array(32) }, noKey, noKey)).toBe(
    false,
  );
});

it('has copied a key that is overwritten while it loads', async () => {
  const key: PrivateKey = { kind: 'ed25519', seed: new Uint8Array(32).fill(7) };
  const expected = await noble.signer(key);
  const signer = lateNobleProvider().signer(key);
  key.seed.fill(0);
  expect((await signer).publicKey).toEqual(expected.publicKey);
  expect(await (await signer).sign(0x0807, noKey)).toEqual(await expected.sign(0x0807, noKey));
});

const noKey = new Uint8Array(0);
