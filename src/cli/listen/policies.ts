import type { ListenSettings } from './options.ts';

/** What is offered under a name. What is written here never changes: a new set gets a new name. */
export interface Policy {
  readonly versions: readonly ('1.2' | '1.3')[];
  /** Undefined: all that the library has. */
  readonly suites: readonly string[] | undefined;
  readonly groups: readonly string[] | undefined;
}

const SUITES_13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/** Only `default` follows the library from version to version. */
export const POLICIES: { readonly [K in ListenSettings['policy']]: Policy } = {
  default: { versions: ['1.2', '1.3'], suites: undefined, groups: undefined },
  strict2026: { versions: ['1.3'], suites: SUITES_13, groups: ['X25519MLKEM768', 'X25519', 'secp256r1', 'secp384r1'] },
  compat2026: {
    versions: ['1.2', '1.3'],
    suites: [
      ...SUITES_13,
      'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
      'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
      'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
      'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
    ],
    groups: ['X25519MLKEM768', 'X25519', 'secp256r1', 'secp384r1', 'secp521r1'],
  },
};
