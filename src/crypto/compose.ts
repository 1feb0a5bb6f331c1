import { TlsError } from '../errors.ts';
import { systemRandom } from './random.ts';
import type {
  CipherSuite,
  CryptoProvider,
  Hash,
  KeyExchange,
  Random,
  SignatureScheme,
  SignatureVerifier,
} from './types.ts';

/** What a provider is put together of: each a value of `warifu/crypto/noble` or `warifu/crypto/webcrypto`, or of your own. */
export interface ProviderParts {
  readonly name: string;
  /** Best first. */
  readonly suites: readonly CipherSuite[];
  /** Best first. */
  readonly groups: readonly KeyExchange[];
  /** Best first; those that `verifier` can check. */
  readonly signatures: readonly SignatureScheme[];
  readonly verifier: SignatureVerifier;
  /** Those of the suites and of `signatures`. */
  readonly hashes: readonly Hash[];
  /** Default: the runtime's own. */
  readonly random?: Random | undefined;
  /** Makes signers of private keys. Default: none, for clients that show no certificate. */
  readonly signer?: CryptoProvider['signer'] | undefined;
}

/**
 * A provider of parts that a program names, so that its bundle carries no others.
 * @throws TlsError ERR_OPTION where a suite has a hash that is not among `hashes`; ERR_KEY from its `signer` where there is
 * none.
 *
 * @example
 * ```ts
 * import { composeProvider, schemeById } from 'warifu/crypto';
 * import { ecdsaP256, sha256, tlsChacha20Poly1305Sha256, verifierOf, x25519 } from 'warifu/crypto/noble';
 * const crypto = composeProvider({
 *   name: 'small',
 *   suites: [tlsChacha20Poly1305Sha256],
 *   groups: [x25519],
 *   signatures: [schemeById(0x0403)!], // ecdsa_secp256r1_sha256
 *   verifier: verifierOf([ecdsaP256], [sha256]),
 *   hashes: [sha256],
 * });
 * crypto.groups.length; // 1
 * ```
 */
export function composeProvider(parts: ProviderParts): CryptoProvider {
  const { name, suites, groups, signatures, verifier, hashes, random = systemRandom } = parts;
  for (const suite of suites)
    if (!hashes.some((hash) => hash.name === suite.hash.name))
      throw new TlsError('ERR_OPTION', { detail: `hashes: ${suite.name} needs ${suite.hash.name}` });
  return {
    name,
    random,
    suites,
    groups,
    signatures,
    verifier,
    hash: (wanted) => {
      const found = hashes.find((hash) => hash.name === wanted);
      if (found === undefined) throw new TlsError('ERR_INTERNAL', { detail: `the provider ${name} has no ${wanted}` });
      return found;
    },
    signer:
      parts.signer ??
      (() => {
        throw new TlsError('ERR_KEY', { detail: `the provider ${name} was put together without a signer` });
      }),
  };
}
