import { TlsError } from '../errors.ts';
import type { Random } from './types.ts';

interface WithCrypto {
  readonly crypto?: { getRandomValues<T extends Uint8Array>(bytes: T): T };
}

/** The runtime's own source of randomness. It is looked up when it is used: some runtimes bar it while modules load. */
export const systemRandom: Random = {
  fill(bytes) {
    const source = (globalThis as WithCrypto).crypto;
    if (source === undefined)
      throw new TlsError('ERR_OPTION', { detail: 'crypto: this runtime has no getRandomValues' });
    // 65,536 bytes is the most that one call gives.
    for (let at = 0; at < bytes.length; at += 65_536) source.getRandomValues(bytes.subarray(at, at + 65_536));
  },
};
