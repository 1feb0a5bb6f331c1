import type { Identities, VerdictDetails } from '../../handshake/peer.ts';
import { type Certificate, remember, subjectAltNames } from '../x509/certificate.ts';
import { nameText } from '../x509/general-name-text.ts';

/**
 * What a path tells about its leaf.
 * @param verified whether something vouches for the names in the leaf, or only its key was checked.
 * @throws DerError when its alternative names are malformed.
 */
export function detailsOf(
  path: readonly Certificate[],
  found: { readonly verified: boolean } & Partial<Pick<VerdictDetails, 'policies' | 'revocation'>>,
): VerdictDetails {
  const { verified, policies = [], revocation = [] } = found;
  return {
    identities: { ...identitiesOf(path[0]!), verified },
    expires: Math.min(...path.map(({ notAfter }) => notAfter)),
    policies,
    revocation,
  };
}

/**
 * Whom a certificate names; nothing is said about whether that is true.
 * @throws DerError when its alternative names are malformed.
 */
export function identitiesOf(certificate: Certificate): Identities {
  const { dns, addresses, emails, uris, spiffe, directory, ...rest } = remember(certificate, 'whom it names', () =>
    readIdentities(certificate),
  );
  // Lists of its own for each who asks: they are handed to the program.
  return {
    ...rest,
    dns: [...dns],
    addresses: [...addresses],
    emails: [...emails],
    uris: [...uris],
    spiffe: [...spiffe],
    directory: [...directory],
  };
}

function readIdentities(certificate: Certificate): Identities {
  const names = subjectAltNames(certificate) ?? [];
  const texts = (kind: 'dns' | 'email' | 'uri'): string[] =>
    names.flatMap((name) => (name.kind === kind ? [name.text] : []));
  const uris = texts('uri');
  return {
    verified: false,
    subject: nameText(certificate.subject),
    dns: texts('dns'),
    addresses: names.flatMap((name) => (name.kind === 'ip' ? [name.bytes] : [])),
    emails: texts('email'),
    uris,
    spiffe: uris.filter((uri) => /^spiffe:\/\/[a-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(uri)),
    directory: names.flatMap((name) => (name.kind === 'directory' ? [nameText(name.name)] : [])),
  };
}
