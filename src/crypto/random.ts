import { fromRuntime } from '../bytes/shape.ts';
import { TlsError } from '../errors.ts';
import type { Random } from './types.ts';

interface Source {
  getRandomValues<T extends Uint8Array>(bytes: T): T;
}

/**
 * For names that have to be unique and no more: the runtime's own source where there is one, so that a provider with a
 * source of its own, for tests that are the same twice, is not asked for more than the protocol needs.
 */
export function uniqueBytes(length: number, otherwise: Random): Uint8Array {
  const bytes = new Uint8Array(length);
  (fromRuntime<Source>('crypto') === undefined ? otherwise : systemRandom).fill(bytes);
  return bytes;
}

/** The runtime's own source of randomness. It is looked up when it is used: some runtimes bar it while modules load. */
export const systemRandom: Random = {
  fill(bytes) {
    const source = fromRuntime<Source>('crypto');
    if (source === undefined)
      throw new TlsError('ERR_OPTION', { detail: 'crypto: this runtime has no getRandomValues' });
    // 65,536 bytes is the most that one call gives.
    for (let at = 0; at < bytes.length; at += 65_536) source.getRandomValues(bytes.subarray(at, at + 65_536));
  },
};
