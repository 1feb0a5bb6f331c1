import { TlsError } from '../../errors.ts';
import type { Credential, CredentialResolver } from '../../handshake/peer.ts';
import { resolverOf } from '../../handshake/authentication/credential-fit.ts';
import { defaultSchemes, legacySchemes } from '../../crypto/schemes.ts';

/** A credential that can be changed while connections come in. */
export interface CredentialHolder {
  /** Give this as the option `credential`. */
  readonly resolver: CredentialResolver;
  /**
   * Handshakes that begin from now on use these; those that have begun keep what they have. The signers of before
   * are not disposed of: they may be in use.
   */
  update(credentials: Credential | readonly Credential[]): void;
}

/**
 * Holds what a server (or a client) shows, so that a renewed certificate needs no restart. Of several, the one
 * that fits best what the peer asks for.
 * @throws TlsError ERR_OPTION for a credential without a certificate; then nothing is changed.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { credentialHolder, loadCredential } from 'warifu/pki';
 * import { issueCertificate } from 'warifu/pki/issue';
 * const renew = async () => {
 *   const { chain, keyPair } = await issueCertificate({ issuer: 'self', names: 'server.example' });
 *   return await loadCredential({ certificates: chain, privateKey: keyPair?.der ?? '' }, nobleProvider());
 * };
 * const holder = credentialHolder(await renew());
 * const options = { credential: holder.resolver }; // of createServerContext or serverConfig
 * holder.update(await renew()); // from now on new handshakes use this one
 * ```
 */
export function credentialHolder(credentials: Credential | readonly Credential[]): CredentialHolder {
  let held = checked(credentials);
  return {
    // What its signer does not list it cannot make: here everything may be asked for.
    resolver: resolverOf(
      () => held,
      () => [...defaultSchemes(), ...legacySchemes()],
    ),
    update: (next) => {
      held = checked(next);
    },
  };
}

function checked(credentials: Credential | readonly Credential[]): readonly Credential[] {
  const list = 'signer' in credentials ? [credentials] : [...credentials];
  if (list.length === 0 || list.some(({ chain }) => chain.length === 0))
    throw new TlsError('ERR_OPTION', { detail: 'credential: there is none, or one has no certificate' });
  return list;
}
