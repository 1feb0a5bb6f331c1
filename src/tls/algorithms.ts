import { autoProvider } from '../crypto/auto.ts';
import type { ConnectionInfo } from '../handshake/context.ts';
import { coded, invalidValue } from './arguments.ts';

/** Curves and signature algorithms by the names that OpenSSL and Node have for them. */

/** OpenSSL's names of the groups, beside those of the RFCs. */
const GROUPS: { readonly [name: string]: readonly string[] } = {
  secp256r1: ['P-256', 'prime256v1'],
  secp384r1: ['P-384'],
  secp521r1: ['P-521'],
  x25519: ['X25519'],
  x448: ['X448'],
};

/**
 * `ecdhCurve`: names of groups with colons between them, best first; `auto`: our own list.
 * @throws Error ERR_CRYPTO_OPERATION_FAILED for a name that is not known here.
 */
export function readCurves(text: string): readonly string[] | undefined {
  if (text === 'auto') return undefined;
  const known = autoProvider().groups.map(({ name }) => name);
  return text.split(':').map((given) => {
    const wanted = given.toLowerCase();
    const canonical = Object.entries(GROUPS).find(([rfc, others]) =>
      [rfc, ...others].some((name) => name.toLowerCase() === wanted),
    )?.[0];
    const found = known.find((name) => [wanted, canonical].includes(name.toLowerCase()));
    if (found === undefined)
      throw coded(
        new Error(`Failed to set ECDH curve: ${given} is not known here; there are ${known.join(', ')}`),
        'ERR_CRYPTO_OPERATION_FAILED',
      );
    return found;
  });
}

/**
 * `sigalgs`: names of signature schemes with colons between them, or algorithm and hash with a plus, best first.
 * @throws Error ERR_CRYPTO_OPERATION_FAILED when nothing of it is known here.
 */
export function readSignatureAlgorithms(text: string, name: string): readonly string[] {
  if (text === '') throw invalidValue(name, text);
  const known = autoProvider().signatures;
  const chosen: string[] = [];
  for (const given of text.split(':')) {
    const [algorithm = '', hash] = given.split('+');
    const found = known.filter((scheme) =>
      hash === undefined ? scheme.name === given.toLowerCase() : fits(scheme.name, algorithm, hash.toLowerCase()),
    );
    if (found.length === 0)
      throw coded(
        new Error(`Failed to set signature algorithms: ${given} is not known here`),
        'ERR_CRYPTO_OPERATION_FAILED',
      );
    for (const one of found) if (!chosen.includes(one.name)) chosen.push(one.name);
  }
  return chosen;
}

/** As `getSharedSigalgs` names them: algorithm and hash. */
export function signatureName(scheme: string): string {
  const [, pss, hash] = /^rsa_(pss)_\w+?_(sha\d+)$/.exec(scheme) ?? [];
  if (pss !== undefined) return `RSA-PSS+${hash?.toUpperCase()}`;
  const [, kind, digest] = /^(rsa|ecdsa)\w*_(sha\d+)$/.exec(scheme) ?? [];
  if (kind !== undefined) return `${kind.toUpperCase()}+${digest?.toUpperCase()}`;
  return scheme === 'ed25519' ? 'Ed25519+UNDEF' : scheme === 'ed448' ? 'Ed448+UNDEF' : scheme;
}

/** What `getEphemeralKeyInfo` says of a group. */
export interface EphemeralKey {
  readonly type?: 'ECDH' | 'DH';
  readonly name?: string;
  readonly size?: number;
}

/** The key exchange as `getEphemeralKeyInfo` has it; empty where OpenSSL has no name for its kind. */
export function ephemeralKey(group: ConnectionInfo['group'] | undefined): EphemeralKey {
  if (group === undefined) return {};
  const name = group.name.toLowerCase();
  const known: { readonly [name: string]: EphemeralKey } = {
    secp256r1: { type: 'ECDH', name: 'prime256v1', size: 256 },
    secp384r1: { type: 'ECDH', name: 'secp384r1', size: 384 },
    secp521r1: { type: 'ECDH', name: 'secp521r1', size: 521 },
    x25519: { type: 'ECDH', name: 'X25519', size: 253 },
    x448: { type: 'ECDH', name: 'X448', size: 448 },
  };
  const [, bits] = /^ffdhe(\d+)$/.exec(name) ?? [];
  return bits === undefined ? (known[name] ?? {}) : { type: 'DH', size: Number(bits) };
}

function fits(scheme: string, algorithm: string, hash: string): boolean {
  if (algorithm === 'RSA') return scheme === `rsa_pkcs1_${hash}`;
  if (algorithm === 'RSA-PSS' || algorithm === 'PSS') return /^rsa_pss_/.test(scheme) && scheme.endsWith(`_${hash}`);
  return algorithm === 'ECDSA' && scheme.startsWith('ecdsa_') && scheme.endsWith(`_${hash}`);
}
