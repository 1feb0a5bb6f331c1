import { toHex } from '../../bytes/bytes.ts';
import type { CryptoProvider } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import { type Bundle, type BundleOptions, readBundle } from '../formats/bundle.ts';
import { arrange, type Arranged, type BundleProblem, problemsOf } from './bundle-order.ts';
import type { Certificate } from '../x509/certificate.ts';
import { matchKey } from './credential.ts';
import { runSteps } from '../x509/steps.ts';
import { nameText } from '../x509/general-name-text.ts';

/** How a bundle is described. */
export interface DescribeOptions extends BundleOptions {
  /** Milliseconds since 1970. Default: now. */
  readonly now?: number | undefined;
}

/** What files of keys and certificates hold, and what is wrong with them. */
export interface BundleReport {
  /** For people, several lines. */
  readonly text: string;
  readonly problems: readonly BundleProblem[];
  readonly certificates: readonly CertificateSummary[];
  /** Positions in `certificates` of what would be sent, leaf first; empty when no key fits. */
  readonly chain: readonly number[];
}

/** What a report says of one certificate. */
export interface CertificateSummary {
  readonly der: Uint8Array;
  /** RFC 4514. */
  readonly subject: string;
  readonly issuer: string;
  /** Hexadecimal. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** "P-256", "RSA, 2048 bits", "Ed25519". */
  readonly key: string;
}

/**
 * Looks at files as {@link loadCredential} would, and reports instead of refusing. Never rejects because of what is in them.
 *
 * @example
 * ```ts
 * import { describeBundle } from 'warifu/pki';
 * import { nobleProvider } from 'warifu/crypto/noble';
 * const report = await describeBundle(['-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----'], nobleProvider());
 * report.problems[0]?.code; // 'UNREADABLE'
 * ```
 */
export async function describeBundle(
  files: string | Uint8Array | readonly (string | Uint8Array)[],
  crypto: CryptoProvider,
  options: DescribeOptions = {},
): Promise<BundleReport> {
  let problems: BundleProblem[] = [];
  const list = typeof files === 'string' || files instanceof Uint8Array ? [files] : files;
  let bundle: { certificates: Certificate[]; keys: Bundle['keys'][number][] } = { certificates: [], keys: [] };
  for (const file of list) {
    try {
      const { certificates, keys, problems: found } = await readBundle(file, options);
      problems = problems.concat(found);
      bundle = { certificates: bundle.certificates.concat(certificates), keys: bundle.keys.concat(keys) };
    } catch (error) {
      problems.push(unreadable(error));
    }
  }
  const arranged = await arrangeByKey(bundle, crypto, problems);
  if (arranged !== undefined)
    problems = problems.concat(problemsOf(bundle.certificates, arranged, options.now ?? Date.now()));
  const certificates = bundle.certificates.map(summary);
  const chain = (arranged?.chain ?? []).map((certificate) => bundle.certificates.indexOf(certificate));
  return { text: write(certificates, bundle.keys.length, chain, problems), problems, certificates, chain };
}

async function arrangeByKey(
  bundle: Pick<Bundle, 'certificates' | 'keys'>,
  crypto: CryptoProvider,
  problems: BundleProblem[],
): Promise<Arranged | undefined> {
  const { certificates, keys } = bundle;
  if (certificates.length === 0) problems.push({ code: 'NO_CERTIFICATE', message: 'there is no certificate' });
  if (keys.length === 0) problems.push({ code: 'NO_KEY', message: 'there is no private key' });
  if (certificates.length === 0 || keys.length === 0) return undefined;
  for (const key of keys) {
    try {
      const match = await runSteps(matchKey(key, certificates, crypto));
      match?.signer.dispose?.();
      if (match !== undefined) return await runSteps(arrange(certificates, match.leaf, crypto.verifier));
    } catch (error) {
      problems.push(unreadable(error));
    }
  }
  problems.push({ code: 'KEY_MISMATCH', message: 'the private key belongs to none of the certificates' });
  return undefined;
}

function unreadable(error: unknown): BundleProblem {
  if (!(error instanceof TlsError)) throw error;
  return { code: 'UNREADABLE', message: error.message };
}

function summary(certificate: Certificate): CertificateSummary {
  return {
    der: certificate.der,
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    serial: toHex(certificate.serial),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    key: keyText(certificate),
  };
}

function keyText({ publicKey }: Certificate): string {
  if (publicKey === undefined) return 'a key of a kind that is not known here';
  switch (publicKey.kind) {
    case 'ec':
      return publicKey.curve;
    case 'rsa':
      return `RSA${publicKey.pss === undefined ? '' : ' for PSS alone'}, ${8 * publicKey.modulus.length} bits`;
    case 'ed25519':
      return 'Ed25519';
    case 'ed448':
      return 'Ed448';
    default:
      return publicKey.kind.toUpperCase();
  }
}

function write(
  certificates: readonly CertificateSummary[],
  keys: number,
  chain: readonly number[],
  problems: readonly BundleProblem[],
): string {
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
  const role = (index: number): string => {
    const position = chain.indexOf(index);
    return position === 0
      ? 'sent first: the private key is its own'
      : position > 0
        ? `sent at position ${position}`
        : 'not sent';
  };
  const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
  return [
    `${plural(certificates.length, 'certificate')}, ${plural(keys, 'private key')}`,
    ...certificates.flatMap(({ subject, issuer, notBefore, notAfter, key }, index) => [
      `${index}. ${subject}`,
      `   issued by ${issuer}; ${key}; valid from ${day(notBefore)} to ${day(notAfter)}; ${role(index)}`,
    ]),
    problems.length === 0 ? 'nothing is wrong' : `${plural(problems.length, 'remark')}:`,
    ...problems.map(({ code, message }) => `- ${code}: ${message}`),
  ].join('\n');
}
