import type { Anchor } from './anchor.ts';
import { basicConstraints, type Certificate, extendedKeyUsage, issuerUris } from '../x509/certificate.ts';
import {
  checkAuthority,
  checkCritical,
  checkForm,
  checkPathLength,
  checkSigning,
  checkTime,
  remainingPurposes,
  wrongPurpose,
} from './checks.ts';
import { shortNameText, shown } from '../x509/general-name-text.ts';
import { isSelfIssued } from '../x509/names.ts';
import type { PathParts } from './parts.ts';
import type { UnreadableCertificate } from './question.ts';
import type { PathRules } from './rules.ts';
import type { Finding } from '../x509/verdict.ts';

/** Where a path ends: at an anchor, or nowhere. */

/** What the certificate of an anchor says about what it may vouch for, whatever the path (RFC 5280 section 6.2, RFC 5937). */
export function checkAnchor(anchor: Anchor, rules: PathRules, parts: PathParts): Finding | undefined {
  const { certificate } = anchor;
  if (certificate === undefined) return undefined;
  if (!anchor.ignoreExpiry) {
    const late = checkTime(certificate, rules.now);
    if (late !== undefined) return late;
  }
  if (anchor.ignoreConstraints) return undefined;
  const form = checkForm(certificate, 'anchor', rules, parts) ?? checkCritical(certificate, rules, parts);
  if (form !== undefined) return form;
  const says = certificate.version === 3 && basicConstraints(certificate) !== undefined;
  const authority = says || (certificate.version === 3 && anchor.requireBasicConstraints);
  return (
    (authority ? checkAuthority(certificate) : checkSigning(certificate)) ??
    (rules.judgeAnchors ? parts.profile?.(certificate, 'anchor', rules.profile) : undefined) ??
    rules.check?.(certificate, 'anchor')
  );
}

/** What it says about this path: how many may be `below` it, and for what. */
export function checkBelowAnchor(
  anchor: Anchor,
  below: number,
  purposes: readonly string[] | undefined,
  rules: PathRules,
): Finding | undefined {
  const { certificate } = anchor;
  if (certificate === undefined || anchor.ignoreConstraints) return undefined;
  const tooDeep = checkPathLength(certificate, below);
  if (tooDeep !== undefined) return tooDeep;
  if (purposes === undefined || extendedKeyUsage(certificate) === undefined) return undefined;
  return remainingPurposes(certificate, purposes, rules.explicitPurpose === 'path').length === 0
    ? wrongPurpose(certificate, purposes)
    : undefined;
}

/** No authority vouches for the last certificate of this path: why that may be, and what helps. */
export function noIssuer(
  certificate: Certificate,
  path: readonly Certificate[],
  unreadable: readonly UnreadableCertificate[] = [],
): Finding {
  const issuer = shortNameText(certificate.issuer);
  if (isSelfIssued(certificate)) {
    return {
      code: path.length === 1 ? 'CERT_SELF_SIGNED' : 'CERT_UNTRUSTED',
      what: 'it vouches for itself, and is not among those that are trusted',
      advice: 'if it is the right one, give it as an anchor',
      rfc: 'RFC 5280 section 6.1.1(d)',
    };
  }
  const [lost] = unreadable;
  if (lost !== undefined) {
    return {
      code: 'CERT_MISSING_INTERMEDIATE',
      what: `its issuer, ${issuer}, is not trusted, and is not among what was sent and can be read`,
      advice: `certificate ${lost.position} that was sent cannot be read: ${lost.why}`,
      rfc: 'RFC 5280 section 6.1',
    };
  }
  const [uri] = issuerUris(certificate);
  return {
    code: uri === undefined && path.length > 1 ? 'CERT_UNTRUSTED' : 'CERT_MISSING_INTERMEDIATE',
    what: `its issuer, ${issuer}, is neither trusted nor was it sent`,
    advice:
      uri === undefined
        ? `if ${issuer} is to be trusted, give it as an anchor; if it is an intermediate, the peer has to send it`
        : `the peer has to send the certificate of its issuer, which is at ${shown(uri)}`,
    rfc: 'RFC 5280 section 6.1',
  };
}
