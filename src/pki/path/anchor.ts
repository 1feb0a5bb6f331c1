import { ownOf } from '../../bytes/shape.ts';
import type { Authority } from '../revocation/status.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { NameConstraints } from '../x509/extensions.ts';

/** An anchor, read. */
export interface Anchor extends Authority, AnchorSettings {}

/** What an anchor was given beside its name and key. */
export interface AnchorSettings {
  readonly nameConstraints: NameConstraints | undefined;
  readonly ignoreExpiry: boolean;
  readonly ignoreConstraints: boolean;
  readonly requireBasicConstraints: boolean;
  readonly use: 'authority' | 'leaf' | 'both';
  readonly requireSelfSigned: boolean;
}

/** A certificate as an anchor. */
export function anchorOf(certificate: Certificate, given: Partial<AnchorSettings> = {}): Anchor {
  return {
    name: certificate.subject,
    spki: certificate.spki,
    publicKey: certificate.publicKey,
    certificate,
    ...anchorSettings(given),
  };
}

export function anchorSettings(
  given: { readonly [S in keyof AnchorSettings]?: AnchorSettings[S] | undefined },
): AnchorSettings {
  given = ownOf(given);
  return {
    nameConstraints: given.nameConstraints,
    ignoreExpiry: given.ignoreExpiry ?? false,
    ignoreConstraints: given.ignoreConstraints ?? false,
    requireBasicConstraints: given.requireBasicConstraints ?? true,
    use: given.use ?? 'both',
    requireSelfSigned: given.requireSelfSigned ?? false,
  };
}

/** The names of those that may vouch for others. */
export function authoritiesOf(anchors: readonly Anchor[]): readonly Uint8Array[] {
  return anchors.filter(({ use }) => use !== 'leaf').map(({ name }) => name);
}
