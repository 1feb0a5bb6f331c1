/**
 * What a provider has to do, as a list that can be run against any: your own, one for a HSM, a runtime that was not tried
 * yet. No test framework, nothing of Node.
 * @module
 */
import type { CryptoProvider } from '../types.ts';
import { Checks, type ConformanceCheck, first, is } from './checks.ts';
import { checkCiphers } from './ciphers.ts';
import { checkGroups } from './groups.ts';
import { checkHashes } from './hashes.ts';
import { checkSigners, checkVerifier } from './signatures.ts';

export type { ConformanceCheck } from './checks.ts';

/**
 * Runs every check against a provider: known answers, what is malformed in one thing each, keys and shares that must be
 * refused, arrays that must be copied. Several hundred checks; a second or two with noble, less with native providers.
 * Never rejects: a provider that throws where it must not has failed a check.
 *
 * @example
 * ```ts
 * import { checkProvider } from 'warifu/crypto/conformance';
 * import { nobleProvider } from 'warifu/crypto/noble';
 * const checks = await checkProvider(nobleProvider());
 * checks.filter(({ ok }) => !ok); // []: each would say in `why` what is wrong
 * ```
 */
export async function checkProvider(provider: CryptoProvider): Promise<readonly ConformanceCheck[]> {
  const checks = new Checks();
  await checks.check('it has a name', () => is(typeof provider.name === 'string' && provider.name !== '', true));
  await checks.group('random', () => checkRandom(provider, checks));
  await checks.group('hashes', () => checkHashes(provider, checks));
  await checks.group('ciphers', () => checkCiphers(provider, checks));
  await checks.group('groups', () => checkGroups(provider, checks));
  await checks.group('signatures', () => checkVerifier(provider, checks));
  await checks.group('signers', () => checkSigners(provider, checks));
  return checks.found;
}

async function checkRandom({ random }: CryptoProvider, checks: Checks): Promise<void> {
  await checks.check('random: fills all of it, and never alike', () => {
    // More than one call of getRandomValues gives.
    const [a, b] = [new Uint8Array(70_000), new Uint8Array(70_000)];
    random.fill(a);
    random.fill(b);
    const last = (bytes: Uint8Array): boolean => bytes.subarray(-32).some((byte) => byte !== 0);
    return first(
      is(
        a.every((byte, i) => byte === b[i]),
        false,
      ),
      is(last(a), true),
      is(last(b), true),
    );
  });
  await checks.check('random: fills nothing beside it', () => {
    const buffer = new Uint8Array(64);
    random.fill(buffer.subarray(16, 48));
    return first(
      is(
        buffer.subarray(0, 16).every((byte) => byte === 0),
        true,
      ),
      is(
        buffer.subarray(48).every((byte) => byte === 0),
        true,
      ),
    );
  });
  await checks.check('random: fills nothing at all', () => {
    random.fill(new Uint8Array(0));
    return undefined;
  });
}
