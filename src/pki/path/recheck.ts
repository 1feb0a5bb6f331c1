import { equalBytes, toBase64Url } from '../../bytes/bytes.ts';
import { systemRandom, uniqueBytes } from '../../crypto/random.ts';
import type { PresentedPeer, Verdict } from '../../handshake/peer.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { failureOf, type Finding, isFinding } from '../x509/verdict.ts';
import type { Anchor } from './anchor.ts';
import { checkTime } from './checks.ts';
import { detailsOf } from './details.ts';
import type { PoliciesPart } from './parts.ts';
import type { PolicyInputs } from './policies.ts';

/**
 * Is a path that was found good still valid? Only time has passed: rules that changed have another name, and sessions of
 * before are not resumed under them. Who the peer is, and what the path is valid for, is read anew from the certificates.
 */
export function recheckPath(
  peer: PresentedPeer,
  before: Verdict & { readonly ok: true },
  anchors: readonly Anchor[],
  policies: { readonly inputs: PolicyInputs; readonly part: PoliciesPart | undefined },
  checkLeafName: (leaf: Certificate) => Finding | undefined,
): Verdict {
  const refuse = (finding: Finding, certificate: Certificate | undefined, position: number): Verdict => ({
    ok: false,
    failure: failureOf(finding, certificate, position),
    publicKey: before.publicKey,
  });
  const path = before.path.map((der) => readCertificate(der));
  for (const [position, certificate] of path.entries()) {
    const timeless = anchors.some((anchor) => anchor.ignoreExpiry && isAnchor(anchor, certificate));
    const finding = timeless ? undefined : checkTime(certificate, peer.now);
    if (finding !== undefined) return refuse(finding, certificate, position);
  }
  const [leaf] = path;
  if (leaf === undefined) return refuse({ code: 'CERT_MALFORMED', what: 'there is no certificate' }, undefined, 0);
  const finding = checkLeafName(leaf);
  if (finding !== undefined) return refuse(finding, leaf, 0);
  const last = path.at(-1)!;
  // The verdict of before ended in the anchor, where that is a certificate; a leaf may be trusted by itself.
  const ended = anchors.some((anchor) => isAnchor(anchor, last));
  const below = ended && path.length > 1 ? path.slice(0, -1) : path;
  const outcome =
    (ended && path.length === 1) || policies.part === undefined
      ? { policies: [] }
      : policies.part(below, ended ? last : undefined, policies.inputs).outcome;
  if (isFinding(outcome)) return refuse(outcome, leaf, 0);
  return stillGood(before, below, outcome.policies);
}

/** @param path below the anchor. */
export function stillGood(
  before: Verdict & { readonly ok: true },
  path: readonly Certificate[],
  policies: readonly string[],
): Verdict {
  return {
    ...before,
    checks: ['certificate trusted since the session began, and still valid'],
    details: detailsOf(path, { verified: true, policies }),
  };
}

function isAnchor({ certificate }: Anchor, other: Certificate): boolean {
  return certificate !== undefined && equalBytes(certificate.der, other.der);
}

/** A name that no other verifier has, in this process or another, nor in a copy of this one that a snapshot made. */
export function freshPolicy(): string {
  return toBase64Url(uniqueBytes(16, systemRandom));
}
