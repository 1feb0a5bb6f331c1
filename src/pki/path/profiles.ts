import { equalBytes } from '../../bytes/bytes.ts';
import { bigFromBytes, bitLength } from '../../bytes/bigint.ts';
import {
  authorityKeyId,
  basicConstraints,
  type Certificate,
  EKU_ANY,
  extendedKeyUsage,
  keyUsage,
  OID_AUTHORITY_INFO_ACCESS,
  OID_AUTHORITY_KEY_ID,
  OID_BASIC_CONSTRAINTS,
  OID_EXTENDED_KEY_USAGE,
  OID_NAME_CONSTRAINTS,
  OID_SUBJECT_ALT_NAME,
  OID_SUBJECT_KEY_ID,
  subjectAltNames,
  subjectKeyId,
} from '../x509/certificate.ts';
import { nameConstraints, OID_INHIBIT_ANY_POLICY, OID_POLICY_CONSTRAINTS } from '../x509/extensions.ts';
import { attributeText, type GeneralName, nameAttributes } from '../x509/general-name.ts';
import { shown } from '../x509/general-name-text.ts';
import { lowerAscii } from '../x509/idna.ts';
import { ipText } from '../x509/ip.ts';
import { isHostName, isSelfIssued, presentedLabels } from '../x509/names.ts';
import type { Place, Profile } from './rules.ts';
import type { Finding } from '../x509/verdict.ts';

/** What a profile demands beyond what every path has to meet: rules for those who issue, held to by those who verify. */
export function checkProfile(certificate: Certificate, place: Place, profile: Profile): Finding | undefined {
  if (profile === 'default') return undefined;
  return (
    checkRfc5280(certificate, place) ??
    (profile === 'webpki' ? checkWebPki(certificate, place) : checkRfc5280Alone(certificate))
  );
}

/** MUSTs of RFC 5280 that the Baseline Requirements repeat. */
function checkRfc5280(certificate: Certificate, place: Place): Finding | undefined {
  const { extensions } = certificate;
  const isCritical = (oid: string): boolean | undefined => extensions.get(oid)?.critical;
  const constraints = basicConstraints(certificate);
  const authority = constraints?.ca === true;
  if (certificate.version !== 3) return broken('it is not of version 3', '4.1.2.1');
  if (certificate.serial.every((byte) => byte === 0)) return broken('its serial number is zero', '4.1.2.2');
  if (certificate.oddTimes) return broken('a date before 2050 is not in UTCTime', '4.1.2.5');
  if (certificate.uniqueIds) return broken('it has unique identifiers', '4.1.2.8');
  const selfIssued = isSelfIssued(certificate);
  const keyId = authorityKeyId(certificate)?.keyId;
  if (keyId === undefined && !selfIssued) return broken('it does not say which key signed it', '4.2.1.1');
  if (isCritical(OID_AUTHORITY_KEY_ID) === true) return broken('authorityKeyIdentifier is critical', '4.2.1.1');
  if (isCritical(OID_SUBJECT_KEY_ID) === true) return broken('subjectKeyIdentifier is critical', '4.2.1.2');
  if (isCritical(OID_AUTHORITY_INFO_ACCESS) === true) return broken('authorityInfoAccess is critical', '4.2.2.1');
  if ((authority || place !== 'leaf') && subjectKeyId(certificate) === undefined)
    return broken('an authority without subjectKeyIdentifier', '4.2.1.2');
  if (place !== 'leaf' && !authority) return broken('an authority without basicConstraints', '4.2.1.9');
  if (authority && isCritical(OID_BASIC_CONSTRAINTS) === false)
    return broken('basicConstraints of an authority is not critical', '4.2.1.9');
  const signs = keyUsage(certificate)?.has('keyCertSign');
  if (signs === true && !authority) return broken('its key may sign certificates, but it is no authority', '4.2.1.3');
  if (authority && signs === false) return broken('an authority whose key may not sign certificates', '4.2.1.9');
  if (constraints?.pathLength !== undefined && !authority) return broken('a path length without cA', '4.2.1.9');
  if (!authority && extensions.has(OID_NAME_CONSTRAINTS))
    return broken('name constraints in a certificate that is no authority', '4.2.1.10');
  if (isCritical(OID_POLICY_CONSTRAINTS) === false) return broken('policyConstraints is not critical', '4.2.1.11');
  if (isCritical(OID_INHIBIT_ANY_POLICY) === false) return broken('inhibitAnyPolicy is not critical', '4.2.1.14');
  if (place !== 'leaf' && keyUsage(certificate) === undefined)
    return broken('an authority without keyUsage', '4.2.1.3');
  return checkSpelling(certificate);
}

/** Names that are none. */
function checkSpelling(certificate: Certificate): Finding | undefined {
  for (const name of subjectAltNames(certificate) ?? []) {
    if (name.kind === 'dns' && presentedLabels(name.text) === undefined)
      return broken(`${JSON.stringify(shown(name.text))} is not the name of a host`, '4.2.1.6');
    if (name.kind === 'other' && !OTHER_FORMS.includes(name.tag))
      return broken('it has a name of no known form', '4.2.1.6');
  }
  const limits = nameConstraints(certificate);
  for (const base of limits === undefined ? [] : [...limits.permitted, ...limits.excluded]) {
    // The dot in front is for hosts of mailboxes and URIs; below a dNSName lies everything that ends with it.
    if (base.kind === 'dns' && base.text !== '' && !isHostName(lowerAscii(base.text).split('.')))
      return broken(`a constraint on ${JSON.stringify(shown(base.text))}, which is not the name of a host`, '4.2.1.10');
    if (base.kind === 'other' && !OTHER_FORMS.includes(base.tag))
      return broken('a constraint on names of no known form', '4.2.1.10');
  }
  return undefined;
}

/** otherName, x400Address, ediPartyName. */
const OTHER_FORMS: readonly number[] = [0xa0, 0xa3, 0xa5];

/** The Baseline Requirements differ here (section 7.1.2.10.8 of version 2.0). */
function checkRfc5280Alone(certificate: Certificate): Finding | undefined {
  return certificate.extensions.get(OID_NAME_CONSTRAINTS)?.critical === false
    ? broken('nameConstraints is not critical', '4.2.1.10')
    : undefined;
}

/** Baseline Requirements, section 7.1. */
function checkWebPki(certificate: Certificate, place: Place): Finding | undefined {
  const key = certificate.publicKey;
  if (key?.kind === 'rsa' && bitLength(bigFromBytes(key.modulus)) % 8 !== 0)
    return outside('the size of its RSA key is not a multiple of 8', '6.1.5');
  const aki = authorityKeyId(certificate);
  if (aki !== undefined && (aki.keyId === undefined || aki.issuer !== undefined || aki.serial !== undefined))
    return outside('authorityKeyIdentifier is not the identifier of a key alone', '7.1.2.11.1');
  if (place === 'leaf') return checkSubscriber(certificate);
  if (place === 'authority') return undefined;
  if (certificate.signatureAlgorithm === undefined) return outside('it is signed with another algorithm', '7.1.3.2');
  const selfIssued = isSelfIssued(certificate);
  if (selfIssued && aki?.keyId !== undefined && !equalBytes(aki.keyId, subjectKeyId(certificate) ?? new Uint8Array(0)))
    return outside('a root that names another key than its own', '7.1.2.1.3');
  if (selfIssued && extendedKeyUsage(certificate) !== undefined)
    return outside('a root that is limited to a purpose', '7.1.2.1.2');
  return undefined;
}

function checkSubscriber(certificate: Certificate): Finding | undefined {
  if (basicConstraints(certificate)?.ca === true) {
    return {
      code: 'CERT_IS_A_CA',
      what: 'it is an authority, which may not be a peer itself',
      rfc: 'Baseline Requirements section 7.1.2.7.8',
    };
  }
  const purposes = extendedKeyUsage(certificate);
  if (purposes === undefined) return outside('it does not say what it is for', '7.1.2.7.10');
  if (purposes.includes(EKU_ANY)) return outside('it is for any purpose', '7.1.2.7.10');
  if (certificate.extensions.get(OID_EXTENDED_KEY_USAGE)?.critical === true)
    return outside('extendedKeyUsage is critical', '7.1.2.7.6');
  const names = subjectAltNames(certificate);
  if (names === undefined) return outside('it has no subjectAltName', '7.1.2.7.12');
  if (certificate.subject.length > 2 && certificate.extensions.get(OID_SUBJECT_ALT_NAME)?.critical === true)
    return outside('subjectAltName is critical although there is a subject', '7.1.2.7.12');
  return checkCommonName(certificate, names);
}

/**
 * The common name is one of the alternative names, spelled alike. It is held against those of its own sort: beside none
 * of that sort it is a label for people, and no claim to be another.
 */
function checkCommonName(certificate: Certificate, names: readonly GeneralName[]): Finding | undefined {
  const spelled = new Map<string, Set<string>>();
  for (const name of names) {
    const text = name.kind === 'dns' ? name.text : name.kind === 'ip' ? ipText(name.bytes) : undefined;
    if (text === undefined) continue;
    const sort = sortOf(text);
    spelled.set(sort, (spelled.get(sort) ?? new Set()).add(text));
  }
  for (const attribute of nameAttributes(certificate.subject).flat()) {
    if (attribute.oid !== OID_COMMON_NAME) continue;
    const text = attributeText(attribute) ?? '';
    if (spelled.get(sortOf(text))?.has(text) === false)
      return outside('its common name is none of its alternative names, spelled alike', '7.1.4.3');
  }
  return undefined;
}

const OID_COMMON_NAME = '2.5.4.3';

/** What the Baseline Requirements tell apart (section 1.6.1), by what a text looks like, well written or not. */
function sortOf(text: string): 'address' | 'wildcard' | 'domain' | 'internal' {
  const labels = text.split('.');
  if (text.includes(':') || /^(?:\d+|0x[0-9a-f]*)$/i.test(labels[labels.length - 1]!)) return 'address';
  if (labels[0] === '*') return 'wildcard';
  return labels.length > 1 ? 'domain' : 'internal';
}

function broken(what: string, section: string): Finding {
  return { code: 'CERT_PROFILE', what, rfc: `RFC 5280 section ${section}` };
}

function outside(what: string, section: string): Finding {
  return { code: 'CERT_PROFILE', what, rfc: `Baseline Requirements section ${section}` };
}
