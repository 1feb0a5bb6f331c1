import { equalBytes } from '../../bytes/bytes.ts';
import type { SignatureVerifier } from '../../crypto/types.ts';
import { basicConstraints, type Certificate, subjectAltNames } from '../x509/certificate.ts';
import { nameText } from '../x509/general-name-text.ts';
import { isSelfIssued, sameName } from '../x509/names.ts';
import { type Steps, wait } from '../x509/steps.ts';

/** What is odd about a bundle without making it useless. */
export interface BundleProblem {
  /** Stable, for programs. */
  readonly code: BundleProblemCode;
  /** A whole sentence for people. */
  readonly message: string;
}

/** What can be wrong with a bundle of certificates and keys. */
export type BundleProblemCode =
  | 'UNREADABLE'
  | 'BAD_BLOCK'
  | 'NO_MAC'
  | 'TRUST_SETTINGS'
  | 'NO_CERTIFICATE'
  | 'NO_KEY'
  | 'KEY_MISMATCH'
  | 'WRONG_ORDER'
  | 'ANCHOR_INCLUDED'
  | 'DUPLICATE'
  | 'UNRELATED'
  | 'MISSING_INTERMEDIATE'
  | 'BAD_SIGNATURE'
  | 'SELF_SIGNED'
  | 'IS_A_CA'
  | 'NO_NAME'
  | 'EXPIRED'
  | 'NOT_YET_VALID';

/** A chain in order. */
export interface Arranged {
  /** Leaf first, each followed by its issuer; anchors left out. */
  readonly chain: readonly Certificate[];
  /** The self-signed certificate above the chain, if it was there. */
  readonly anchor: Certificate | undefined;
  /** Certificates of the chain whose signature is not that of the issuer of that name. */
  readonly badlySigned: readonly Certificate[];
}

/** Leaf first, each followed by its issuer; a self-signed certificate behind the leaf is an anchor and stays at home. */
export function* arrange(
  certificates: readonly Certificate[],
  leaf: Certificate,
  verifier: SignatureVerifier,
): Steps<Arranged> {
  const chain = [leaf];
  const badlySigned: Certificate[] = [];
  const rest = certificates.filter((certificate) => certificate !== leaf && !equalBytes(certificate.der, leaf.der));
  for (;;) {
    const last = chain[chain.length - 1]!;
    if (isSelfIssued(last)) return { chain, anchor: undefined, badlySigned };
    const candidates = rest.filter((certificate) => sameName(certificate.subject, last.issuer));
    let issuer: Certificate | undefined;
    for (const candidate of candidates)
      if (issuer === undefined && (yield* signedBy(last, candidate, verifier))) issuer = candidate;
    // A peer gets to see what there is, even if it is wrong; the program that loads the bundle is told.
    if (issuer === undefined && candidates.length > 0) badlySigned.push(last);
    issuer ??= candidates[0];
    if (issuer === undefined) return { chain, anchor: undefined, badlySigned };
    if (isSelfIssued(issuer)) return { chain, anchor: issuer, badlySigned };
    chain.push(issuer);
    for (let i = rest.length - 1; i >= 0; i--) if (equalBytes(rest[i]!.der, issuer.der)) rest.splice(i, 1);
  }
}

/** Everything odd about a bundle whose key fits. @param now milliseconds since 1970. */
export function problemsOf(
  certificates: readonly Certificate[],
  { chain, anchor, badlySigned }: Arranged,
  now: number,
): BundleProblem[] {
  const problems: BundleProblem[] = [];
  const add = (code: BundleProblemCode, message: string): void => {
    problems.push({ code, message });
  };
  const name = ({ subject }: Certificate): string => nameText(subject);
  const found = certificates.map((certificate) =>
    certificates.findIndex((other) => equalBytes(other.der, certificate.der)),
  );
  for (const [index, first] of found.entries())
    if (first !== index) add('DUPLICATE', `certificate ${index} is the same as certificate ${first}; it is sent once`);
  const positions = chain.map((certificate) => found[certificates.indexOf(certificate)]!);
  if (positions.some((position, i) => i > 0 && position < positions[i - 1]!)) {
    add('WRONG_ORDER', `the certificates were not leaf first; they are sent in the order ${positions.join(', ')}`);
  }
  const related = new Set([...chain, anchor]);
  for (const [index, certificate] of certificates.entries()) {
    if (related.has(certificate) || found[index] !== index) continue;
    if (isSelfIssued(certificate))
      add(
        'ANCHOR_INCLUDED',
        `certificate ${index} (${name(certificate)}) is self-signed and not above the leaf; it is not sent`,
      );
    else add('UNRELATED', `certificate ${index} (${name(certificate)}) is on no way up from the leaf; it is not sent`);
  }
  if (anchor !== undefined)
    add(
      'ANCHOR_INCLUDED',
      `the root (${name(anchor)}) was with the certificates; it is not sent: who trusts it has it`,
    );
  const [leaf] = chain;
  if (leaf !== undefined) leafProblems(leaf, chain.length === 1 && anchor === undefined, add);
  for (const certificate of badlySigned)
    add('BAD_SIGNATURE', `${name(certificate)} was not signed by the certificate of its issuer that is here`);
  for (const certificate of [...chain, ...(anchor === undefined ? [] : [anchor])]) {
    const date = (time: number): string => new Date(time).toISOString();
    if (now > certificate.notAfter) add('EXPIRED', `${name(certificate)} expired on ${date(certificate.notAfter)}`);
    if (now < certificate.notBefore)
      add('NOT_YET_VALID', `${name(certificate)} is valid from ${date(certificate.notBefore)} on`);
  }
  return problems;
}

function leafProblems(
  leaf: Certificate,
  isAlone: boolean,
  add: (code: BundleProblemCode, message: string) => void,
): void {
  if (isSelfIssued(leaf))
    add(
      'SELF_SIGNED',
      `${nameText(leaf.subject)} is self-signed: only who trusts this very certificate will accept it`,
    );
  else if (isAlone) {
    add(
      'MISSING_INTERMEDIATE',
      `the certificate of the issuer, ${nameText(leaf.issuer)}, is not there: right only if that is a root which peers have`,
    );
  }
  try {
    if (basicConstraints(leaf)?.ca === true)
      add('IS_A_CA', `${nameText(leaf.subject)} is the certificate of an authority, not of a server or client`);
    if (subjectAltNames(leaf) === undefined)
      add('NO_NAME', `${nameText(leaf.subject)} has no subjectAltName: as a server's it will be refused (RFC 9525)`);
  } catch {
    add('UNREADABLE', `an extension of ${nameText(leaf.subject)} is malformed`);
  }
}

function* signedBy(certificate: Certificate, issuer: Certificate, verifier: SignatureVerifier): Steps<boolean> {
  const { signatureAlgorithm, tbs, signature } = certificate;
  if (signatureAlgorithm === undefined || issuer.publicKey === undefined) return false;
  return (yield* wait(verifier.verify(signatureAlgorithm, issuer.publicKey, tbs, signature))) === true;
}
