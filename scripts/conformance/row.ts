/** What every suite has in common: a case has an answer that is expected, and one that was found. */
import type { MaybePromise } from '../../src/crypto/types.ts';
import { TlsError } from '../../src/errors.ts';
import { type Certificate, readCertificates } from '../../src/pki/index.ts';

/** One case: what was expected, what came, and why. */
export interface Row {
  readonly id: string;
  readonly expected: string;
  readonly found: string;
  readonly note?: string;
  readonly seconds?: number;
}

export interface Answer {
  readonly found: string;
  readonly note?: string;
}

/** Found when a case threw something: neither yes nor no. */
export const FAILED = 'ERROR';
/** Found when nothing here can answer a case. */
export const SKIPPED = 'SKIPPED';

/** Asks case after case; one that throws is a row like the others. */
export async function rowsOf<T extends { readonly id: string }>(
  tests: readonly T[],
  expectedOf: (test: T) => string,
  judge: (test: T) => MaybePromise<Answer>,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const test of tests) {
    const start = performance.now();
    let answer: Answer;
    try {
      answer = await judge(test);
    } catch (error) {
      answer = { found: FAILED, note: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    rows.push({ id: test.id, expected: expectedOf(test), ...answer, seconds: (performance.now() - start) / 1000 });
  }
  return rows;
}

export const SUCCESS: Answer = { found: 'SUCCESS' };

export function failure(note: string): Answer {
  return { found: 'FAILURE', note };
}

export function decode(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

/** What can be read of these; what cannot is of no use to a path, and no error of its own. */
export function readable(sources: readonly (string | Uint8Array)[]): readonly Certificate[] {
  return sources.flatMap((source) => orUnreadable(() => readCertificates([source])) ?? []);
}

/** Undefined: the library refuses to read it, as it should refuse what is malformed. */
export function orUnreadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof TlsError && REFUSALS.includes(error.code)) return undefined;
    throw error;
  }
}

const REFUSALS: readonly string[] = ['ERR_KEY', 'ERR_CERTIFICATE_UNREADABLE'];

/** Extended key usages by the names that suites have for them (RFC 5280 section 4.2.1.12); an OID stands for itself. */
export function purposeOid(name: string): string {
  const oid = /^\d+(\.\d+)+$/.test(name) ? name : PURPOSES[name];
  if (oid === undefined) throw new Error(`an extended key usage that is not known: ${name}`);
  return oid;
}

const PURPOSES: { readonly [name: string]: string } = {
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  ipsecEndSystem: '1.3.6.1.5.5.7.3.5',
  ipsecTunnel: '1.3.6.1.5.5.7.3.6',
  ipsecUser: '1.3.6.1.5.5.7.3.7',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
  microsoftServerGatedCrypto: '1.3.6.1.4.1.311.10.3.3',
  netscapeServerGatedCrypto: '2.16.840.1.113730.4.1',
};
