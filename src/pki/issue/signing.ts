import { derElement, derInteger, derNull, derOid, derSequence } from '../../bytes/der-writer.ts';
import { schemeById } from '../../crypto/schemes.ts';
import type { CryptoProvider, HashName, SignatureAlgorithm, Signer } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import { wrongOption } from './options.ts';

/** A way to sign that a key has, and how X.509 names it. */
export interface Signature {
  /** SignatureScheme of TLS: how a {@link Signer} is asked for it. */
  readonly scheme: number;
  readonly algorithm: SignatureAlgorithm;
  /** DER AlgorithmIdentifier. */
  readonly identifier: Uint8Array;
}

/**
 * The signature a key makes on certificates: the one that was asked for by its name in TLS (`rsa_pss_rsae_sha256`), or the
 * signer's first. Of an RSA key without a preference it is PKCS#1 v1.5, which everything that reads certificates knows.
 * @throws TlsError ERR_OPTION when the key does not make it.
 */
export function chooseSignature(signer: Signer, wanted?: string): Signature {
  const able = signer.schemes.flatMap((scheme): (Signature & { readonly name: string })[] => {
    const known = schemeById(scheme) ?? ML_DSA.find(({ id }) => id === scheme);
    const identifier = known && identifierOf(known.algorithm);
    return known === undefined || identifier === undefined
      ? []
      : [{ scheme, name: known.name, algorithm: known.algorithm, identifier }];
  });
  const found =
    wanted === undefined
      ? (able.find(({ algorithm }) => algorithm.kind === 'rsa-pkcs1') ?? able[0])
      : able.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = able.map(({ name }) => name).join(', ');
  if (wanted === undefined) throw wrongOption('key', 'the signer makes no signature that certificates can have');
  throw wrongOption('signature', `the key does not make ${JSON.stringify(wanted)}; it makes ${names}`);
}

/**
 * Signs, and checks what came back where the provider can: a fault in a device would show the key, and a wrong key would
 * be noticed by others only.
 * @throws TlsError ERR_SIGNER_FAILED
 */
export async function signWith(
  signer: Signer,
  { scheme, algorithm }: Signature,
  message: Uint8Array,
  crypto: CryptoProvider,
): Promise<Uint8Array> {
  let signature: Uint8Array;
  try {
    signature = await signer.sign(scheme, message);
  } catch (cause) {
    if (cause instanceof TlsError) throw cause;
    throw new TlsError('ERR_SIGNER_FAILED', { detail: 'the signer failed', cause });
  }
  if (!(signature instanceof Uint8Array))
    throw new TlsError('ERR_SIGNER_FAILED', { detail: 'the signer gave no bytes' });
  const canCheck = crypto.signatures.some((known) => known.algorithm.kind === algorithm.kind);
  if (canCheck && !(await crypto.verifier.verify(algorithm, signer.publicKey, message, signature)))
    throw new TlsError('ERR_SIGNER_FAILED', { detail: 'what the signer made is no signature of its key' });
  return signature;
}

/** Certificates can have them (RFC 9881) before any provider signs a handshake with them: what signs is the program's own. */
const ML_DSA: readonly { readonly id: number; readonly name: string; readonly algorithm: SignatureAlgorithm }[] = [
  { id: 0x0904, name: 'mldsa44', algorithm: { kind: 'ml-dsa-44' } },
  { id: 0x0905, name: 'mldsa65', algorithm: { kind: 'ml-dsa-65' } },
  { id: 0x0906, name: 'mldsa87', algorithm: { kind: 'ml-dsa-87' } },
];

const HASH_ARCS: { readonly [H in HashName]: number } = { sha1: 0, sha256: 2, sha384: 3, sha512: 4 };

const PLAIN_OIDS = {
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
  'ml-dsa-44': '2.16.840.1.101.3.4.3.17',
  'ml-dsa-65': '2.16.840.1.101.3.4.3.18',
  'ml-dsa-87': '2.16.840.1.101.3.4.3.19',
} as const;

/** DER AlgorithmIdentifier (RFC 4055, 5758, 8410, 9881); undefined: SHA-1, which nothing new is signed with. */
function identifierOf(algorithm: SignatureAlgorithm): Uint8Array | undefined {
  if ('hash' in algorithm && algorithm.hash === 'sha1') return undefined;
  switch (algorithm.kind) {
    case 'ecdsa':
      return derSequence(derOid(`1.2.840.10045.4.3.${HASH_ARCS[algorithm.hash]}`));
    case 'rsa-pkcs1':
      return derSequence(derOid(`1.2.840.113549.1.1.${HASH_ARCS[algorithm.hash] + 9}`), derNull());
    case 'rsa-pss': {
      const hash = derSequence(derOid(`2.16.840.1.101.3.4.2.${HASH_ARCS[algorithm.hash] - 1}`), derNull());
      const mgf = derSequence(derOid('1.2.840.113549.1.1.8'), hash);
      const salt = derInteger(algorithm.saltLength);
      return derSequence(
        derOid('1.2.840.113549.1.1.10'),
        derSequence(derElement(0xa0, hash), derElement(0xa1, mgf), derElement(0xa2, salt)),
      );
    }
    default:
      return derSequence(derOid(PLAIN_OIDS[algorithm.kind]));
  }
}
