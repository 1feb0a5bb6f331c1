import type { ServerOptions } from '../../src/engine/config/index.ts';
import type { KeyKind } from '../support/pki.ts';

/** A way to run the server; each listens on a port of its own. */
export interface Profile {
  /** Whose certificates are shown; of several, the first that the client can verify. */
  readonly keys: readonly KeyKind[];
  /** `1.2 legacy`: with everything in `warifu/legacy`: its suites and signatures behind the current ones, the hello of SSL 2. */
  readonly protocols: readonly ('1.3' | '1.2' | '1.2 legacy')[];
  readonly clientAuth?: NonNullable<ServerOptions['clientAuth']>;
  /**
   * - `http` (default): answers a request, and waits for the next one;
   * - `echo`: sends back what it gets;
   * - `http, certificate on request`: asks for a certificate when `/secret` is wanted, and answers then;
   * - `http, certificate at once`: asks as soon as the handshake is done;
   * - `http, new keys on request`: changes its keys before it answers a request for `/keyupdate`.
   */
  readonly application?: Application;
  /** External PSKs: the identity is `test`, the key as scripts have it by default. */
  readonly psk?: 'sha256' | 'sha384';
  readonly earlyData?: boolean;
  /** What is opt-in: groups, or the suites with CCM. */
  readonly extra?: 'groups' | 'ccm';
  readonly more?: Partial<ServerOptions>;
}

export type Application =
  | 'http'
  | 'echo'
  | 'http, certificate on request'
  | 'http, certificate at once'
  | 'http, new keys on request';

export type ProfileName = keyof typeof PROFILES;

const BOTH = ['1.3', '1.2'] as const;
const LEGACY = ['1.3', '1.2 legacy'] as const;

export const PROFILES = {
  rsa: { keys: ['rsa-2048'], protocols: BOTH },
  ecdsa: { keys: ['ecdsa-p256'], protocols: BOTH },
  'ecdsa-all': { keys: ['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521'], protocols: BOTH },
  ed25519: { keys: ['ed25519'], protocols: BOTH },
  ed448: { keys: ['ed448'], protocols: BOTH },
  'rsa-pss': { keys: ['rsa-pss'], protocols: BOTH },
  'rsa-both': { keys: ['rsa-2048', 'rsa-pss'], protocols: BOTH },
  'rsa-12': { keys: ['rsa-2048'], protocols: ['1.2'] },
  'rsa-13': { keys: ['rsa-2048'], protocols: ['1.3'] },
  'ecdsa-12': { keys: ['ecdsa-p256'], protocols: ['1.2'] },
  'ecdsa-13': { keys: ['ecdsa-p256'], protocols: ['1.3'] },
  'rsa-request': { keys: ['rsa-2048'], protocols: BOTH, clientAuth: 'optional' },
  'rsa-require': { keys: ['rsa-2048'], protocols: BOTH, clientAuth: 'require' },
  'ecdsa-request': { keys: ['ecdsa-p256'], protocols: BOTH, clientAuth: 'optional' },
  legacy: { keys: ['rsa-2048'], protocols: LEGACY },
  'legacy-ecdsa': { keys: ['ecdsa-p256'], protocols: LEGACY },
  'legacy-request': { keys: ['rsa-2048'], protocols: LEGACY, clientAuth: 'optional' },
  'legacy-12': { keys: ['rsa-2048'], protocols: ['1.2 legacy'] },
  alpn: { keys: ['rsa-2048'], protocols: LEGACY, more: { alpn: ['http/1.1', 'h2'] } },
  psk: { keys: ['rsa-2048'], protocols: BOTH, psk: 'sha256', more: { resumption: { pskOnly: true } } },
  'psk-sha384': { keys: ['rsa-2048'], protocols: BOTH, psk: 'sha384', more: { resumption: { pskOnly: true } } },
  echo: { keys: ['rsa-2048'], protocols: LEGACY, application: 'echo' },
  'certificate-later': { keys: ['rsa-2048'], protocols: BOTH, application: 'http, certificate on request' },
  'certificate-at-once': { keys: ['rsa-2048'], protocols: BOTH, application: 'http, certificate at once' },
  'new-keys': { keys: ['rsa-2048'], protocols: BOTH, application: 'http, new keys on request' },
  cookie: { keys: ['rsa-2048'], protocols: BOTH, more: { retryCookie: true } },
  'all-groups': { keys: ['rsa-2048'], protocols: BOTH, extra: 'groups' },
  ccm: { keys: ['rsa-2048'], protocols: BOTH, extra: 'ccm' },
  'early-data': { keys: ['rsa-2048'], protocols: BOTH, earlyData: true },
  'record-limit': { keys: ['rsa-2048'], protocols: LEGACY, more: { recordSizeLimit: 16_384 } },
} as const satisfies { readonly [name: string]: Profile };
