import { toHex } from '../../bytes/bytes.ts';
import { DerError } from '../../bytes/der.ts';
import { ALL_PARTS } from '../../pki/path/all-parts.ts';
import { checkForm, checkKey, checkSignatureAlgorithm } from '../../pki/path/checks.ts';
import { checkProfile } from '../../pki/path/profiles.ts';
import { isPublicSuffix } from '../../pki/path/public-suffix.ts';
import { mustStaple } from '../../pki/revocation/tls-feature.ts';
import {
  authorityInfoAccess,
  basicConstraints,
  type Certificate,
  extendedKeyUsage,
  keyUsage,
  subjectAltNames,
} from '../../pki/x509/certificate.ts';
import { attributeText, nameAttributes } from '../../pki/x509/general-name.ts';
import { nameText } from '../../pki/x509/general-name-text.ts';
import { isSelfIssued, presentedLabels } from '../../pki/x509/names.ts';
import type { Finding } from '../../pki/x509/verdict.ts';
import type { Command, Given } from '../command.ts';
import { EXIT, Failure } from '../failure.ts';
import { coloured, type Terminal } from '../terminal.ts';
import { loadFiles, READ_OPTIONS } from './load.ts';
import { jsonText } from '../json-text.ts';

/** `warifu cert lint` */
export const lintCommand: Command = {
  name: 'cert lint',
  summary: 'hold certificates to the rules for those who issue them',
  operands: 'FILE…',
  help: `
Holds each certificate to RFC 5280, and with --profile webpki to the Baseline Requirements, and says what others will trip
over. Errors are what a verifier refuses; warnings are what it should not be asked to take. The exit code is 1 when there
is an error, with --strict also for a warning.

  warifu cert lint server.crt
  warifu cert lint server.crt --profile webpki --json
`,
  options: {
    ...READ_OPTIONS,
    profile: {
      type: 'string',
      value: 'WORD',
      words: ['rfc5280', 'webpki'],
      help: 'rfc5280 or webpki (default: rfc5280)',
    },
    strict: { type: 'boolean', help: 'a warning is an error' },
  },
  run,
};

/** Something that a rule does not allow. */
interface Remark {
  /** Position of the certificate. */
  readonly index: number;
  readonly subject: string;
  readonly level: 'error' | 'warning';
  readonly text: string;
  readonly rfc: string | undefined;
}

async function run(given: Given, terminal: Terminal): Promise<number> {
  const { certificates } = await loadFiles(given.positionals, given, terminal);
  if (certificates.length === 0) throw new Failure('there is no certificate in it');
  const profile = given.oneOf('profile', ['rfc5280', 'webpki']) ?? 'rfc5280';
  const remarks = certificates.flatMap((certificate, index) => lint(certificate, index, profile));
  if (given.has('json')) terminal.print(jsonText({ profile, certificates: certificates.length, remarks }));
  else {
    for (const { index, subject, level, text, rfc } of remarks) {
      const colour = level === 'error' ? 'red' : 'yellow';
      const source = rfc === undefined ? '' : coloured(terminal, 'dim', ` (${rfc})`);
      terminal.print(`${coloured(terminal, colour, level.padEnd(7))} ${index}. ${subject}: ${text}${source}`);
    }
    if (remarks.length === 0) terminal.print(`nothing to remark in ${certificates.length} certificates`);
  }
  const isBad = remarks.some(({ level }) => level === 'error' || given.has('strict'));
  return isBad ? EXIT.no : EXIT.ok;
}

function lint(certificate: Certificate, index: number, profile: 'rfc5280' | 'webpki'): readonly Remark[] {
  const subject = nameText(certificate.subject);
  const remarks: Remark[] = [];
  const error = (finding: Finding | undefined): void => {
    if (finding === undefined) return;
    const found = finding.found === undefined ? '' : ` (found ${finding.found})`;
    remarks.push({ index, subject, level: 'error', text: `${finding.what}${found}`, rfc: finding.rfc });
  };
  const warn = (isSo: boolean, text: string, rfc?: string): void => {
    if (isSo) remarks.push({ index, subject, level: 'warning', text, rfc });
  };
  const form = checkForm(certificate, 'below the anchor', { tolerances: [], anchorTolerances: [] }, ALL_PARTS);
  error(form);
  error(checkKey(certificate.publicKey, { minRsaBits: 2048 }));
  const isRoot = isSelfIssued(certificate);
  // The signature of a root is not looked at.
  if (!isRoot)
    error(checkSignatureAlgorithm(certificate.signatureAlgorithm, { allowSha1: false, certificateSchemes: [] }));
  if (form !== undefined) return remarks;
  try {
    const isAuthority = basicConstraints(certificate)?.ca === true;
    const place = isRoot && isAuthority ? 'anchor' : isAuthority ? 'authority' : 'leaf';
    error(checkProfile(certificate, place, profile));
    warnings(certificate, isAuthority, warn);
  } catch (problem) {
    if (!(problem instanceof DerError)) throw problem;
    remarks.push({ index, subject, level: 'error', text: problem.message, rfc: 'RFC 5280 section 4.2' });
  }
  return remarks;
}

const DAY = 86_400_000;

function warnings(
  certificate: Certificate,
  isAuthority: boolean,
  warn: (isSo: boolean, text: string, rfc?: string) => void,
): void {
  const { notBefore, notAfter, serial, publicKey } = certificate;
  const days = (notAfter - notBefore) / DAY;
  const now = Date.now();
  warn(now > notAfter, `it expired on ${new Date(notAfter).toISOString().slice(0, 10)}`, 'RFC 5280 section 4.1.2.5');
  warn(now < notBefore, `it is not valid before ${new Date(notBefore).toISOString()}`, 'RFC 5280 section 4.1.2.5');
  warn(
    toHex(serial).replace(/^0+/, '').length < 14,
    'its serial number has less than 56 bits: it may not be random',
    'Baseline Requirements section 7.1',
  );
  if (isAuthority) {
    warn(
      keyUsage(certificate) === undefined,
      'an authority that does not say what its key is for',
      'RFC 5280 section 4.2.1.3',
    );
    return;
  }
  const usage = keyUsage(certificate);
  warn(
    days > 398,
    `it is valid for ${Math.round(days)} days: browsers take servers for 398 at most`,
    'Baseline Requirements section 6.3.2',
  );
  warn(
    extendedKeyUsage(certificate) === undefined,
    'it does not say what it is for (extendedKeyUsage)',
    'RFC 5280 section 4.2.1.12',
  );
  warn(
    usage?.has('keyEncipherment') === true && publicKey?.kind !== 'rsa',
    'keyEncipherment is for RSA keys',
    'RFC 5480 section 3',
  );
  const hasResponder = (authorityInfoAccess(certificate) ?? []).some(({ method }) => method === '1.3.6.1.5.5.7.48.1');
  warn(
    mustStaple(certificate) && !hasResponder,
    'it demands a stapled response, and names no responder',
    'RFC 7633 section 4.3.1',
  );
  nameWarnings(certificate, warn);
}

function nameWarnings(certificate: Certificate, warn: (isSo: boolean, text: string, rfc?: string) => void): void {
  const names = subjectAltNames(certificate) ?? [];
  warn(names.length === 0, 'it has no subjectAltName: the common name does not count', 'RFC 9525 section 2');
  const dns = names.flatMap((name) => (name.kind === 'dns' ? [name.text] : []));
  for (const name of dns) {
    warn(presentedLabels(name) === undefined, `"${name}" is no name of a host`, 'RFC 9525 section 6.3');
    warn(
      name.startsWith('*.') && isPublicSuffix(name.slice(2)),
      `"${name}" stands for everybody below a public suffix`,
      'Baseline Requirements section 3.2.2.6',
    );
    warn(name.includes('_'), `"${name}" has an underscore, which names of hosts do not have`, 'RFC 1123 section 2.1');
  }
  const common = nameAttributes(certificate.subject)
    .flat()
    .find(({ oid }) => oid === '2.5.4.3');
  const text = common && attributeText(common);
  const looksLikeHost = text !== undefined && /^[a-z0-9*-]+(\.[a-z0-9-]+)+$/i.test(text);
  const isListed = text !== undefined && dns.some((name) => name.toLowerCase() === text.toLowerCase());
  warn(
    looksLikeHost && !isListed && names.length > 0 && !/^[\d.]+$/.test(text),
    `its common name "${text}" is not among its names`,
    'Baseline Requirements section 7.1.4.3',
  );
}
