import { equalBytes, toBase64Url } from '../../bytes/bytes.ts';
import { systemRandom, uniqueBytes } from '../../crypto/random.ts';
import type { PresentedPeer, Verdict } from '../../handshake/peer.ts';
import type { Anchor } from './anchors.ts';
import { readCertificate } from '../x509/certificate.ts';
import { checkTime } from './checks.ts';
import { failureOf, type Finding } from '../x509/verdict.ts';

/**
 * Is a path that was found good still in force? Only time has passed: rules that changed have another name, and sessions
 * of before are not resumed under them.
 */
export function recheckPath(
  peer: PresentedPeer,
  before: Verdict & { readonly ok: true },
  anchors: readonly Anchor[],
  checkLeafName: (der: Uint8Array) => Finding | undefined,
): Verdict {
  const refuse = (finding: Finding, der: Uint8Array, position: number): Verdict => ({
    ok: false,
    failure: failureOf(finding, readCertificate(der), position),
    publicKey: before.publicKey,
  });
  for (const [position, der] of before.path.entries()) {
    const timeless = anchors.some(
      ({ certificate, ignoreExpiry }) => ignoreExpiry && certificate !== undefined && equalBytes(certificate.der, der),
    );
    const finding = timeless ? undefined : checkTime(readCertificate(der), peer.now);
    if (finding !== undefined) return refuse(finding, der, position);
  }
  const [leaf] = before.path;
  const finding = leaf === undefined ? undefined : checkLeafName(leaf);
  if (finding !== undefined) return refuse(finding, leaf!, 0);
  return { ...before, checks: ['certificate trusted since the session began, and still in force'] };
}

/** A name that no other verifier has, in this process or another, nor in a copy of this one that a snapshot made. */
export function freshPolicy(): string {
  return toBase64Url(uniqueBytes(16, systemRandom));
}
