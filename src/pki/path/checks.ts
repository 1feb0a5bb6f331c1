import { schemeById } from '../../crypto/schemes.ts';
import type { PublicKey, SignatureAlgorithm } from '../../crypto/types.ts';
import {
  basicConstraints,
  type Certificate,
  EKU_ANY,
  EKU_CLIENT_AUTH,
  extendedKeyUsage,
  keyUsage,
  OID_NAME_CONSTRAINTS,
  OID_POISON,
  subjectAltNames,
} from '../x509/certificate.ts';
import { OID_INHIBIT_ANY_POLICY, OID_POLICY_CONSTRAINTS } from '../x509/extensions.ts';
import { generalNameText, shown } from '../x509/general-name-text.ts';
import { matchesReference, parseReference } from '../x509/names.ts';
import type { PathParts } from './parts.ts';
import type { PathRules } from './rules.ts';
import { SLIPS } from '../x509/slips.ts';
import { duration, type Finding, orMalformed } from '../x509/verdict.ts';

/** Checks of one certificate, each a function that finds something wrong or nothing. */

/** What limits the certificates below it is never ignored, whether it is critical or not. */
const LIMITS: readonly string[] = [OID_NAME_CONSTRAINTS, OID_POLICY_CONSTRAINTS, OID_INHIBIT_ANY_POLICY];

/** What holds for every certificate of a path: form, time, key, critical extensions. */
export function checkAny(certificate: Certificate, rules: PathRules, parts: PathParts): Finding | undefined {
  return (
    checkForm(certificate, 'below the anchor', rules, parts) ??
    checkTime(certificate, rules.now) ??
    checkKey(certificate.publicKey, rules) ??
    checkCritical(certificate, rules, parts)
  );
}

/** What holds for the certificate at the end of a path. */
export function checkLeaf(certificate: Certificate, rules: PathRules): Finding | undefined {
  const usage = keyUsage(certificate);
  const missing = usage && rules.keyUsages.find((needed) => !usage.has(needed));
  if (usage !== undefined && missing !== undefined) {
    return {
      code: 'CERT_KEY_USAGE',
      what: 'its key may not be used for this',
      expected: missing,
      found: [...usage].join(', '),
      rfc: 'RFC 9846 section 4.5.1.2',
    };
  }
  return (
    (rules.purposes && rules.explicitPurpose !== 'none' ? checkSingleMinded(certificate) : undefined) ??
    checkWildcards(certificate, rules)
  );
}

function checkWildcards(certificate: Certificate, { publicSuffix }: PathRules): Finding | undefined {
  if (publicSuffix === undefined) return undefined;
  for (const name of subjectAltNames(certificate) ?? []) {
    if (name.kind !== 'dns' || !name.text.startsWith('*.') || !publicSuffix(name.text.slice(2))) continue;
    return {
      code: 'CERT_PROFILE',
      what: 'its wildcard stands for the names of everybody below a public suffix',
      found: shown(name.text),
      rfc: 'Baseline Requirements section 3.2.2.6',
    };
  }
  return undefined;
}

/** What holds for an authority, wherever it stands (RFC 5280 section 6.1.4). */
export function checkAuthority(certificate: Certificate): Finding | undefined {
  return checkIsAuthority(certificate) ?? checkSigning(certificate);
}

function checkIsAuthority(certificate: Certificate): Finding | undefined {
  if (certificate.version !== 3 || basicConstraints(certificate)?.ca !== true) {
    return {
      code: 'CERT_NOT_A_CA',
      what: 'it signed another certificate, but is not an authority',
      expected: 'basicConstraints with cA',
      rfc: 'RFC 5280 section 6.1.4(k)',
    };
  }
  return undefined;
}

/** What an authority says of how many may stand beneath it: `below` certificates that count do. */
export function checkPathLength(certificate: Certificate, below: number): Finding | undefined {
  const most = basicConstraints(certificate)?.pathLength;
  if (most === undefined || below <= most) return undefined;
  return {
    code: 'CERT_PATH_LENGTH',
    what: 'there are more authorities beneath it than it allows',
    expected: `at most ${most}`,
    found: `${below}`,
    rfc: 'RFC 5280 section 6.1.4(m)',
  };
}

/** The part of {@link checkAuthority} that also holds for anchors that say nothing of being an authority. */
export function checkSigning(certificate: Certificate): Finding | undefined {
  const usage = keyUsage(certificate);
  if (usage?.has('keyCertSign') === false) {
    return {
      code: 'CERT_KEY_USAGE',
      what: 'its key may not sign certificates',
      expected: 'keyCertSign',
      found: [...usage].join(', '),
      rfc: 'RFC 5280 section 6.1.4(n)',
    };
  }
  // RFC 5280 section 4.1.2.6.
  if (certificate.subject.length === 2)
    return { code: 'CERT_MALFORMED', what: 'an authority without a name', rfc: 'RFC 5280 section 4.1.2.6' };
  return undefined;
}

/** The purposes that are left when this certificate has had its say. */
export function remainingPurposes(
  certificate: Certificate,
  purposes: readonly string[],
  explicit: boolean,
): readonly string[] {
  const own = extendedKeyUsage(certificate);
  if (explicit) return purposes.filter((purpose) => own?.includes(purpose) === true);
  if (own === undefined || own.includes(EKU_ANY)) return purposes;
  return purposes.filter((purpose) => own.includes(purpose));
}

/** In a leaf it is what the key is for; in an authority, what it may let others be for. */
export function wrongPurpose(certificate: Certificate, wanted: readonly string[]): Finding {
  const own = extendedKeyUsage(certificate) ?? [];
  const text = (oid: string): string => PURPOSES[oid] ?? oid;
  return {
    code: 'CERT_EXTENDED_KEY_USAGE',
    what: 'it is not meant for this purpose',
    expected: wanted.map(text).join(' or '),
    found: own.length === 0 ? 'no purpose' : own.slice(0, MAX_NAMED).map(text).join(', '),
    ...(wanted.includes(EKU_CLIENT_AUTH) && {
      advice: 'public authorities no longer issue client certificates: use a private one',
    }),
    rfc: 'RFC 5280 section 4.2.1.12',
  };
}

/** So many of a list are named in a message. */
const MAX_NAMED = 10;

/** Is the certificate for the name or address that was asked for (RFC 9525)? */
export function checkName(certificate: Certificate, serverName: string): Finding | undefined {
  const reference = parseReference(serverName);
  if (reference === undefined) {
    return {
      code: 'CERT_NAME_MISMATCH',
      what: `"${serverName}" is not a name that a certificate could be for`,
      rfc: 'RFC 9525 section 6.3',
    };
  }
  const names = subjectAltNames(certificate) ?? [];
  if (matchesReference(names, reference)) return undefined;
  const has = names
    .filter(({ kind }) => kind === 'dns' || kind === 'ip')
    .slice(0, MAX_NAMED)
    .map((name) => (name.kind === 'dns' ? shown(name.text) : generalNameText(name)));
  return {
    code: has.length === 0 ? 'CERT_NO_NAME' : 'CERT_NAME_MISMATCH',
    what: 'it is not for the name that was asked for',
    expected: serverName,
    found: has.length === 0 ? 'no name in subjectAltName' : has.join(' and '),
    advice:
      has.length === 0
        ? 'the common name does not count: the server needs a certificate with subjectAltName'
        : 'connect by one of the names that the certificate has, or give the server one for this name',
    rfc: 'RFC 9525 section 6.1',
  };
}

/** May this algorithm be trusted, and did we say that we take it? */
export function checkSignatureAlgorithm(
  algorithm: SignatureAlgorithm | undefined,
  rules: Pick<PathRules, 'allowSha1' | 'certificateSchemes'>,
): Finding | undefined {
  if (algorithm === undefined) {
    return {
      code: 'CERT_UNSUPPORTED_ALGORITHM',
      what: 'it is signed with an algorithm that is not known here',
      rfc: 'RFC 5280 section 4.1.1.2',
    };
  }
  if ('hash' in algorithm && algorithm.hash === 'sha1' && !rules.allowSha1) {
    return {
      code: 'CERT_WEAK_ALGORITHM',
      what: 'it is signed with SHA-1, which can be forged',
      advice: 'it has to be issued again, signed with SHA-256 or better',
      rfc: 'RFC 9846 section 4.5.1.4',
    };
  }
  const schemes = rules.certificateSchemes;
  if (schemes.length > 0 && !schemes.some((id) => sameAlgorithm(schemeById(id)?.algorithm, algorithm))) {
    return {
      code: 'CERT_UNSUPPORTED_ALGORITHM',
      what: 'it is signed with an algorithm that we did not offer',
      found: 'hash' in algorithm ? `${algorithm.kind} with ${algorithm.hash}` : algorithm.kind,
      rfc: 'RFC 9846 section 4.5.1.2',
    };
  }
  return undefined;
}

/** Everything known is read, and the little that holds in every profile. */
export function checkForm(
  certificate: Certificate,
  place: 'below the anchor' | 'anchor',
  rules: Pick<PathRules, 'tolerances' | 'anchorTolerances'>,
  parts: PathParts,
): Finding | undefined {
  const rfc = 'RFC 5280 section 4.1';
  if (certificate.issuer.length === 2) return { code: 'CERT_MALFORMED', what: 'it has no issuer', rfc };
  // RFC 5280 section 4.1.1.2: the two have to say the same, parameters included.
  if (certificate.twoAlgorithms)
    return { code: 'CERT_MALFORMED', what: 'it names two signature algorithms', rfc: 'RFC 5280 section 4.1.1.2' };
  return (
    orMalformed((): Finding | undefined => {
      parts.read(certificate);
      return undefined;
    }, 'RFC 5280 section 4.2') ?? checkSlips(certificate, place, rules)
  );
}

function checkSlips(
  certificate: Certificate,
  place: 'below the anchor' | 'anchor',
  { tolerances, anchorTolerances }: Pick<PathRules, 'tolerances' | 'anchorTolerances'>,
): Finding | undefined {
  const taken = place === 'anchor' ? anchorTolerances : tolerances;
  for (const slip of certificate.slips) {
    if (taken.includes(slip)) continue;
    return {
      code: 'CERT_MALFORMED',
      ...SLIPS[slip],
      advice: `it has to be issued again; tolerances with '${slip}' take it as it is`,
    };
  }
  return undefined;
}

export function checkTime(certificate: Certificate, now: number): Finding | undefined {
  // Certificates count in whole seconds, and the last one belongs to the validity.
  // What is no number is before nothing, and so expired.
  if (!(now < certificate.notAfter + 1000)) {
    return {
      code: 'CERT_EXPIRED',
      what: `it expired ${duration(now - certificate.notAfter)} ago`,
      expected: 'a certificate that is valid now',
      found: `valid until ${new Date(certificate.notAfter).toISOString()}`,
      advice: 'its owner has to renew it; if it should be valid, look at the clock of this machine',
      rfc: 'RFC 5280 section 6.1.3(a)(2)',
    };
  }
  if (!(now >= certificate.notBefore)) {
    return {
      code: 'CERT_NOT_YET_VALID',
      what: `it becomes valid in ${duration(certificate.notBefore - now)}`,
      expected: 'a certificate that is valid now',
      found: `valid from ${new Date(certificate.notBefore).toISOString()}`,
      advice: 'look at the clock of this machine',
      rfc: 'RFC 5280 section 6.1.3(a)(2)',
    };
  }
  return undefined;
}

export function checkKey(key: PublicKey | undefined, rules: Pick<PathRules, 'minRsaBits'>): Finding | undefined {
  if (key === undefined) {
    return {
      code: 'CERT_UNSUPPORTED_ALGORITHM',
      what: 'its key is of a kind that is not known here',
      rfc: 'RFC 5280 section 4.1.2.7',
    };
  }
  if (key.kind !== 'rsa') return undefined;
  const bits = key.modulus.length * 8 - Math.clz32(key.modulus[0] ?? 0) + 24;
  if (bits < rules.minRsaBits || bits > 8192) {
    return {
      code: 'CERT_WEAK_KEY',
      what: 'its RSA key has a size that is not taken',
      expected: `${rules.minRsaBits} to 8192 bits`,
      found: `${bits} bits`,
    };
  }
  const { exponent } = key;
  const isEven = ((exponent[exponent.length - 1] ?? 0) & 1) === 0;
  if (isEven || exponent.length > 8 || (exponent.length === 1 && exponent[0]! < 3))
    return { code: 'CERT_WEAK_KEY', what: 'its RSA key has an exponent that is not taken' };
  return undefined;
}

/** An extension that is critical and not looked at refuses the certificate (RFC 5280 section 4.2). */
export function checkCritical(certificate: Certificate, rules: PathRules, parts: PathParts): Finding | undefined {
  for (const { oid, critical } of certificate.extensions.values()) {
    if (parts.processed.includes(oid) || rules.processedExtensions.includes(oid)) continue;
    if (!critical && !LIMITS.includes(oid)) continue;
    if (oid === OID_POISON) {
      return {
        code: 'CERT_REFUSED',
        what: 'it is a precertificate, made for logs and not for use',
        rfc: 'RFC 6962 section 3.1',
      };
    }
    return {
      code: 'CERT_UNKNOWN_CRITICAL_EXTENSION',
      what: `it has an extension that must not be ignored, and that is not known here: ${oid}`,
      rfc: 'RFC 5280 section 4.2',
    };
  }
  return parts.critical(certificate);
}

/** Purposes that have no place beside another where the purpose is taken strictly, and no authority at the end. */
function checkSingleMinded(certificate: Certificate): Finding | undefined {
  const own = extendedKeyUsage(certificate) ?? [];
  const other = own.find((purpose) => APART.includes(purpose));
  if (other !== undefined) {
    return {
      code: 'CERT_EXTENDED_KEY_USAGE',
      what: 'it is meant for a purpose that must stand alone',
      found: PURPOSES[other] ?? other,
      rfc: 'Baseline Requirements section 7.1.2.7.10',
    };
  }
  if (basicConstraints(certificate)?.ca === true) {
    return {
      code: 'CERT_IS_A_CA',
      what: 'it is an authority, which may not be a peer itself',
      rfc: 'Baseline Requirements section 7.1.2.7.8',
    };
  }
  return undefined;
}

/** codeSigning, timeStamping, OCSPSigning. */
const APART: readonly string[] = ['1.3.6.1.5.5.7.3.3', '1.3.6.1.5.5.7.3.8', '1.3.6.1.5.5.7.3.9'];

const PURPOSES: { readonly [oid: string]: string } = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
};

function sameAlgorithm(a: SignatureAlgorithm | undefined, b: SignatureAlgorithm): boolean {
  if (a === undefined || a.kind !== b.kind) return false;
  return !('hash' in a) || !('hash' in b) || a.hash === b.hash;
}
