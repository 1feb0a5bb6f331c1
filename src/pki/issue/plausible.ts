import type { CryptoProvider } from '../../crypto/types.ts';
import { basicConstraints, type Certificate, keyUsage } from '../x509/certificate.ts';
import { checkNameConstraints } from '../path/constraints.ts';
import { nameConstraints } from '../x509/extensions.ts';
import { nameText } from '../x509/general-name-text.ts';
import { isSelfIssued } from '../x509/names.ts';

import { randomBytes } from './keys.ts';
import { describe, moment, wrongOption } from './options.ts';
import type { Authority, IssueOptions, Plan } from './types.ts';

/** What every verifier would refuse is refused where it is asked for. */

const DAY = 86_400_000;
/** Clocks differ: RFC 5280 says nothing, and every authority does it. */
const BACKDATED = 300_000;

/** May this authority issue that? @throws TlsError ERR_OPTION */
export function checkIssuer(certificate: Certificate, plan: Plan): void {
  const name = nameText(certificate.subject);
  const constraints = basicConstraints(certificate);
  if (constraints?.ca !== true) throw wrongOption('issuer', `${name} is no authority: its certificate does not say so`);
  if (keyUsage(certificate)?.has('keyCertSign') === false)
    throw wrongOption('issuer', `the key of ${name} may not sign certificates (keyUsage)`);
  if (!plan.authority || constraints.pathLength === undefined) return;
  if (constraints.pathLength === 0)
    throw wrongOption('issuer', `${name} may have no authority below it (pathLength 0)`);
  if (plan.pathLength !== undefined && plan.pathLength >= constraints.pathLength)
    throw wrongOption('pathLength', `${name} allows ${constraints.pathLength - 1} here at most`);
}

/** Are all names within the constraints of all authorities above? @throws TlsError ERR_OPTION */
export function checkNames(certificate: Certificate, above: Authority): void {
  for (const authority of above.certificates) {
    const constraints = nameConstraints(authority);
    // RFC 5280 section 6.1.3(b): only self-issued intermediates are free of them.
    if (constraints === undefined || isSelfIssued(certificate)) continue;
    const found = checkNameConstraints(certificate, constraints);
    if (found !== undefined)
      throw wrongOption(
        'names',
        `${nameText(authority.subject)} may not vouch for ${found.found ?? 'one of them'}: ${found.what}`,
      );
  }
}

/** @throws TlsError ERR_OPTION for what ends before it begins, or outlives its issuer. */
export function validityOf(
  options: IssueOptions,
  defaultDays: number,
  issuer: Certificate | undefined,
): { readonly notBefore: number; readonly notAfter: number } {
  const isInvalidAllowed = options.allowInvalid === true;
  const now = Date.now();
  const earliest = issuer === undefined || isInvalidAllowed ? -Infinity : issuer.notBefore;
  const latest = issuer === undefined || isInvalidAllowed ? Infinity : issuer.notAfter;
  const notBefore =
    options.notBefore === undefined
      ? moment('notBefore', Math.max(now - BACKDATED, earliest))
      : moment('notBefore', options.notBefore);
  if (options.days !== undefined && options.notAfter !== undefined)
    throw wrongOption('notAfter', 'either days or notAfter, not both');
  const { days } = options;
  if (days !== undefined && !(typeof days === 'number' && days > 0 && days <= 1_000_000))
    throw wrongOption('days', `a positive number is wanted, not ${describe(days)}`);
  const notAfter =
    options.notAfter !== undefined
      ? moment('notAfter', options.notAfter)
      : days !== undefined
        ? moment('days', Math.max(notBefore, now) + days * DAY)
        : moment('days', Math.min(Math.max(notBefore, now) + defaultDays * DAY, latest));
  if (notAfter < notBefore) throw wrongOption('notAfter', 'it would end before it begins');
  if (notBefore < earliest || notAfter > latest) {
    const [from, to] = [earliest, latest].map((time) => new Date(time).toISOString().slice(0, 10));
    throw wrongOption(
      options.days !== undefined ? 'days' : notAfter > latest ? 'notAfter' : 'notBefore',
      `the issuer is valid from ${from} to ${to}, and what it signs has to lie within that`,
    );
  }
  return { notBefore, notAfter };
}

/** The content of the INTEGER: positive, 20 bytes at most (RFC 5280 section 4.1.2.2). */
export function serialOf(serial: Uint8Array | undefined, crypto: CryptoProvider): Uint8Array {
  if (serial === undefined) {
    const bytes = randomBytes(16, crypto);
    // Positive, and never with a zero byte in front.
    bytes[0] = (bytes[0]! & 0x3f) | 0x40;
    return bytes;
  }
  if (!(serial instanceof Uint8Array)) throw wrongOption('serial', `bytes are wanted, not ${describe(serial)}`);
  const first = serial.findIndex((byte) => byte !== 0);
  const magnitude = first < 0 ? new Uint8Array(0) : serial.subarray(first);
  const content = magnitude[0]! >= 0x80 ? Uint8Array.of(0, ...magnitude) : magnitude.slice();
  if (magnitude.length === 0 || content.length > 20)
    throw wrongOption('serial', 'a positive number of at most 20 bytes is wanted (its first bit is the sign)');
  return content;
}

export function keyIdOf(what: string, id: Uint8Array | false): Uint8Array | undefined {
  if (id === false) return undefined;
  if (id instanceof Uint8Array && id.length > 0 && id.length <= 64) return id;
  throw wrongOption(what, `1 to 64 bytes or false are wanted, not ${describe(id)}`);
}
