import { equalBytes, toHex } from '../../bytes/bytes.ts';
import type { MaybePromise } from '../types.ts';

/** One thing a provider has to do, and whether it does. */
export interface ConformanceCheck {
  /** What was looked at, from the general to the particular: `X25519: a share of small order`. */
  readonly name: string;
  readonly ok: boolean;
  /** What was found in place of what; for what could not be looked at, why not. */
  readonly why?: string;
  /** It could not be looked at; `ok` is true, and nothing was shown. */
  readonly skipped?: true;
}

/** Collects what was found. */
export class Checks {
  readonly found: ConformanceCheck[] = [];

  /** `run` says what is wrong, or nothing; what it throws is wrong as well. */
  async check(name: string, run: () => MaybePromise<string | undefined>): Promise<void> {
    let why: string | undefined;
    try {
      why = await run();
    } catch (error) {
      why = `threw ${describeError(error)}`;
    }
    this.found.push(why === undefined ? { name, ok: true } : { name, ok: false, why });
  }

  /** Checks that have something to prepare: where that fails, it is a failure by itself, and the others are made. */
  async group(name: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.found.push({ name: `${name}: can be tried at all`, ok: false, why: `threw ${describeError(error)}` });
    }
  }

  skip(name: string, why: string): void {
    this.found.push({ name, ok: true, why, skipped: true });
  }
}

export function same(found: Uint8Array | undefined, expected: Uint8Array): string | undefined {
  if (!(found instanceof Uint8Array)) return `gave ${String(found)}, not bytes`;
  return equalBytes(found, expected) ? undefined : `gave ${short(found)} where ${short(expected)} is right`;
}

export function is(found: unknown, expected: unknown): string | undefined {
  return found === expected ? undefined : `gave ${String(found)} where ${String(expected)} is right`;
}

/** The first of several complaints. */
export function first(...complaints: readonly (string | undefined)[]): string | undefined {
  return complaints.find((complaint) => complaint !== undefined);
}

/** Has to end in a TlsError with this code: thrown or rejected, now or later. */
export async function refuses(code: string, attempt: () => MaybePromise<unknown>): Promise<string | undefined> {
  try {
    const value = await attempt();
    return `gave ${value instanceof Uint8Array ? short(value) : String(value)} where ${code} is right`;
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === code) return undefined;
    return `threw ${describeError(error)} where ${code} is right`;
  }
}

function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function short(bytes: Uint8Array): string {
  return bytes.length <= 40 ? `[${toHex(bytes)}]` : `[${toHex(bytes.subarray(0, 40))}…, ${bytes.length} bytes]`;
}
