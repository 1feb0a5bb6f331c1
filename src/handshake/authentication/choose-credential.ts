import type { CommonConfig } from '../config.ts';
import type { Credential, CredentialResolver } from '../peer.ts';
import { resolverOf } from './credential-fit.ts';

/** A function that chooses, as it is; of several credentials the one that the peer can make most of. */
export function credentialResolver(
  credential: Credential | readonly Credential[] | CredentialResolver,
  config: Pick<CommonConfig, 'signingAlgorithms'>,
): CredentialResolver {
  if (typeof credential === 'function') return credential;
  const credentials = credentialsOf(credential);
  return resolverOf(
    () => credentials,
    () => config.signingAlgorithms,
  );
}

export function credentialsOf(credential: Credential | readonly Credential[]): readonly Credential[] {
  return isList(credential) ? credential : [credential];
}

function isList(credential: Credential | readonly Credential[]): credential is readonly Credential[] {
  return Array.isArray(credential);
}
