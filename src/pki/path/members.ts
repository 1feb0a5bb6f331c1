import type { Certificate } from '../x509/certificate.ts';
import type { NameConstraints } from '../x509/extensions.ts';
import { shortNameText } from '../x509/general-name-text.ts';
import { isSelfIssued } from '../x509/names.ts';
import type { Authority } from '../revocation/status.ts';
import type { Finding } from '../x509/verdict.ts';
import type { Anchor } from './anchor.ts';
import type { ConstraintsPart } from './parts.ts';

/** What a search asks of the certificates on its way. */

/** Certificates above the leaf that are not self-issued: those that path lengths speak of. */
export function counted(path: readonly Certificate[]): number {
  return path.filter((certificate, index) => index > 0 && !isSelfIssued(certificate)).length;
}

export function notSignedBy(issuer: Authority): Finding {
  return {
    code: 'CERT_BAD_SIGNATURE',
    what: `its signature is not by ${shortNameText(issuer.name)}`,
    advice: 'its issuer may have changed its key: then the certificate of the new key is missing',
    rfc: 'RFC 5280 section 6.1.3(a)(1)',
  };
}

/** Whom which name constraints bind: those of the anchor and of its own certificate all of the path, others what is below them. */
export function* constraintsOver(
  path: readonly Certificate[],
  anchor: Anchor,
  own: Certificate | undefined,
  part: ConstraintsPart,
): Generator<{ readonly below: readonly Certificate[]; readonly constraints: NameConstraints }> {
  const ofAnchor = [own && part.of(own), anchor.nameConstraints];
  for (const constraints of ofAnchor) if (constraints !== undefined) yield { below: path, constraints };
  for (let index = path.length - 1; index > 0; index--) {
    const constraints = part.of(path[index]!);
    if (constraints !== undefined) yield { below: path.slice(0, index), constraints };
  }
}
