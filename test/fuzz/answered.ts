import { TlsError } from '../../src/errors.ts';

/** What has to come of anything that was changed: an answer or a TlsError, and soon. */

/**
 * @param limit in milliseconds of this process.
 * @throws Error, with the seed, for anything but an answer or a TlsError.
 */
export async function answered(
  what: string,
  seed: number,
  limit: number,
  ask: () => string | Promise<string>,
): Promise<string> {
  const inTime = timeLimit(limit);
  try {
    const answer = await ask();
    inTime();
    return `${what}: ${answer}`;
  } catch (error) {
    if (error instanceof TlsError && error.code !== 'ERR_INTERNAL') return `${what}: ${error.code}`;
    throw new Error(`${what}, seed ${seed}: ${String(error)}`, { cause: error });
  }
}

/** In milliseconds of this process: what others do does not count. @returns what throws when they have gone by. */
export function timeLimit(milliseconds: number): () => void {
  const began = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(began);
    if ((user + system) / 1000 > milliseconds) throw new Error('it takes too long');
  };
}
