import {
  nobleProvider,
  pureMlKem768,
  pureMlKem1024,
  secp256r1MlKem768,
  secp384r1MlKem1024,
} from '../../src/crypto/noble/index.ts';
import type { CryptoProvider } from '../../src/crypto/types.ts';
import type { Credential, PeerVerifier } from '../../src/handshake/peer.ts';
import { loadCredential } from '../../src/pki/credentials/credential.ts';
import { certificateVerifier } from '../../src/pki/verifiers/verifier.ts';
import { clientEntry, type Entry, type KeyKind, serverEntry, trustedRoots } from './pki.ts';

/** Credentials and verifiers over the test infrastructure. */

export const noble: CryptoProvider = nobleProvider();
/** With every group that is there to be asked for. */
export const manyKems: CryptoProvider = {
  ...noble,
  groups: [...noble.groups, secp256r1MlKem768, secp384r1MlKem1024, pureMlKem768, pureMlKem1024],
};

const loaded = new Map<Entry, Promise<Credential>>();

/** Each is loaded once: reading keys is not what these tests are about. */
export function credentialOf(entry: Entry): Promise<Credential> {
  let credential = loaded.get(entry);
  if (credential === undefined) {
    credential = loadCredential({ certificates: entry.chain.join('\n'), privateKey: entry.key }, noble);
    loaded.set(entry, credential);
  }
  return credential;
}

export const serverCredential = (kind: KeyKind = 'ecdsa-p256'): Promise<Credential> => credentialOf(serverEntry(kind));
export const clientCredential = (kind: KeyKind = 'ecdsa-p256'): Promise<Credential> => credentialOf(clientEntry(kind));

export const rootsVerifier: PeerVerifier = certificateVerifier({ anchors: trustedRoots(), signatures: noble.verifier });
