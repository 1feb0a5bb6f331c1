import { bigFromBytes, bitLength } from '../bytes/bigint.ts';
import { schemeById } from '../crypto/schemes.ts';
import type { PublicKey, SignatureAlgorithm } from '../crypto/types.ts';
import {
  authorityKeyId,
  basicConstraints,
  type Certificate,
  EKU_ANY,
  EKU_CLIENT_AUTH,
  extendedKeyUsage,
  type KeyUsage,
  keyUsage,
  OID_AUTHORITY_INFO_ACCESS,
  OID_AUTHORITY_KEY_ID,
  OID_BASIC_CONSTRAINTS,
  OID_EXTENDED_KEY_USAGE,
  OID_KEY_USAGE,
  OID_SUBJECT_ALT_NAME,
  OID_SUBJECT_KEY_ID,
  subjectAltNames,
  subjectKeyId,
} from './certificate.ts';
import { nameText } from './general-name.ts';
import { ipText, matchesReference, parseReference } from './names.ts';
import { duration, type Finding, orMalformed } from './verdict.ts';

/** Checks of one certificate, each a function that finds something wrong or nothing. */

/** What these checks need to know of the world. */
export interface CheckOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** OID the leaf has to be allowed for, and every authority that says anything about purposes. */
  readonly purpose: string;
  readonly keyUse: KeyUsage;
  /** Bits; default of the verifier: 2048. */
  readonly leastRsaBits: number;
  /** SignatureScheme ids that we told the peer certificates may be signed with. */
  readonly certificateSchemes: readonly number[];
}

/** Extensions that are processed here; another that is critical refuses the certificate (RFC 5280 section 4.2). */
const PROCESSED = new Set([
  OID_KEY_USAGE,
  OID_BASIC_CONSTRAINTS,
  OID_EXTENDED_KEY_USAGE,
  OID_SUBJECT_ALT_NAME,
  OID_SUBJECT_KEY_ID,
  OID_AUTHORITY_KEY_ID,
  OID_AUTHORITY_INFO_ACCESS,
]);

/** What holds for every certificate of a path: form, time, algorithms, critical extensions. */
export function checkAny(certificate: Certificate, options: CheckOptions): Finding | undefined {
  return (
    checkForm(certificate) ??
    checkTime(certificate, options.now) ??
    checkKey(certificate, options) ??
    checkCritical(certificate)
  );
}

/** What holds for the certificate of the peer itself. */
export function checkLeaf(certificate: Certificate, options: CheckOptions): Finding | undefined {
  const usage = keyUsage(certificate);
  if (usage?.has(options.keyUse) === false) {
    return {
      code: 'CERT_KEY_USAGE',
      what: 'its key may not be used for this',
      expected: options.keyUse,
      found: [...usage].join(', '),
      rfc: 'RFC 9846 section 4.5.1.2',
    };
  }
  return checkPurpose(certificate, options.purpose);
}

/** What holds for an authority with `below` intermediates beneath it that are not self-issued (RFC 5280 section 6.1.4). */
export function checkAuthority(certificate: Certificate, below: number, options: CheckOptions): Finding | undefined {
  const constraints = basicConstraints(certificate);
  if (certificate.version !== 3 || constraints?.ca !== true) {
    return {
      code: 'CERT_NOT_A_CA',
      what: 'it signed another certificate, but is not an authority',
      expected: 'basicConstraints with cA',
      rfc: 'RFC 5280 section 6.1.4(k)',
    };
  }
  if (constraints.pathLength !== undefined && below > constraints.pathLength) {
    return {
      code: 'CERT_PATH_LENGTH',
      what: 'there are more authorities beneath it than it allows',
      expected: `at most ${constraints.pathLength}`,
      found: `${below}`,
      rfc: 'RFC 5280 section 6.1.4(m)',
    };
  }
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
  return checkPurpose(certificate, options.purpose);
}

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
  const has = names.flatMap((name) =>
    name.kind === 'dns' ? [name.text] : name.kind === 'ip' ? [ipText(name.bytes)] : [],
  );
  return {
    code: has.length === 0 ? 'CERT_NO_NAME' : 'CERT_NAME_MISMATCH',
    what: 'it is not for the name that was asked for',
    expected: serverName,
    found: has.length === 0 ? 'no name in subjectAltName' : has.slice(0, 10).join(' and '),
    advice:
      has.length === 0
        ? 'the common name does not count: the server needs a certificate with subjectAltName'
        : 'connect by one of the names that the certificate has, or give the server one for this name',
    rfc: 'RFC 9525 section 6.1',
  };
}

/** May this algorithm be trusted, and did we say that we take it? */
export function checkSignatureAlgorithm(certificate: Certificate, options: CheckOptions): Finding | undefined {
  const algorithm = certificate.signatureAlgorithm;
  if (algorithm === undefined) {
    return {
      code: 'CERT_UNSUPPORTED_ALGORITHM',
      what: 'it is signed with an algorithm that is not known here',
      rfc: 'RFC 5280 section 4.1.1.2',
    };
  }
  if ('hash' in algorithm && algorithm.hash === 'sha1') {
    return {
      code: 'CERT_WEAK_ALGORITHM',
      what: 'it is signed with SHA-1, which can be forged',
      rfc: 'RFC 9846 section 4.5.1.4',
    };
  }
  const offered = options.certificateSchemes.some((id) => sameAlgorithm(schemeById(id)?.algorithm, algorithm));
  if (options.certificateSchemes.length > 0 && !offered) {
    return {
      code: 'CERT_UNSUPPORTED_ALGORITHM',
      what: 'it is signed with an algorithm that we did not offer',
      found: JSON.stringify(algorithm),
      rfc: 'RFC 9846 section 4.5.1.2',
    };
  }
  return undefined;
}

/** Every extension that is read later, read now: so nothing malformed hides behind what comes first. */
function checkForm(certificate: Certificate): Finding | undefined {
  const read = orMalformed(() => {
    for (const reader of [basicConstraints, keyUsage, extendedKeyUsage, subjectAltNames, subjectKeyId, authorityKeyId])
      reader(certificate);
    nameText(certificate.subject);
    return undefined;
  }, 'RFC 5280 section 4.2');
  return read;
}

function checkTime(certificate: Certificate, now: number): Finding | undefined {
  if (now > certificate.notAfter) {
    return {
      code: 'CERT_EXPIRED',
      what: `it expired ${duration(now - certificate.notAfter)} ago`,
      expected: 'a certificate that is valid now',
      found: `valid until ${new Date(certificate.notAfter).toISOString()}`,
      advice: 'its owner has to renew it; if it should be valid, look at the clock of this machine',
      rfc: 'RFC 5280 section 6.1.3(a)(2)',
    };
  }
  if (now < certificate.notBefore) {
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

function checkKey(certificate: Certificate, options: CheckOptions): Finding | undefined {
  const key: PublicKey | undefined = certificate.publicKey;
  if (key === undefined)
    return {
      code: 'CERT_UNSUPPORTED_ALGORITHM',
      what: 'its key is of a kind that is not known here',
      rfc: 'RFC 5280 section 4.1.2.7',
    };
  if (key.kind !== 'rsa') return undefined;
  const bits = bitLength(bigFromBytes(key.modulus));
  if (bits < options.leastRsaBits || bits > 8192) {
    return {
      code: 'CERT_WEAK_KEY',
      what: 'its RSA key has a size that is not taken',
      expected: `${options.leastRsaBits} to 8192 bits`,
      found: `${bits} bits`,
    };
  }
  const exponent = bigFromBytes(key.exponent);
  if (exponent < 3n || exponent % 2n === 0n)
    return { code: 'CERT_WEAK_KEY', what: 'its RSA key has an exponent that cannot be', found: `${exponent}` };
  return undefined;
}

function checkCritical(certificate: Certificate): Finding | undefined {
  for (const { oid, critical } of certificate.extensions.values()) {
    if (critical && !PROCESSED.has(oid)) {
      return {
        code: 'CERT_UNKNOWN_CRITICAL_EXTENSION',
        what: `it has an extension that must not be passed over, and that is not known here: ${oid}`,
        rfc: 'RFC 5280 section 4.2',
      };
    }
  }
  return undefined;
}

/** In a leaf it is what the key is for; in an authority, what it may let others be for. */
function checkPurpose(certificate: Certificate, purpose: string): Finding | undefined {
  const purposes = extendedKeyUsage(certificate);
  if (purposes === undefined || purposes.includes(purpose) || purposes.includes(EKU_ANY)) return undefined;
  return {
    code: 'CERT_EXTENDED_KEY_USAGE',
    what: 'it is not meant for this purpose',
    expected: PURPOSES[purpose] ?? purpose,
    found: purposes.map((oid) => PURPOSES[oid] ?? oid).join(', '),
    ...(purpose === EKU_CLIENT_AUTH && {
      advice: 'public authorities no longer issue client certificates: use a private one',
    }),
    rfc: 'RFC 5280 section 4.2.1.12',
  };
}

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
