import type { Buffer } from 'node:buffer';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { fromBase64Url, toBase64Url } from '../../bytes/bytes.ts';
import type { Kem } from '../hybrid.ts';
import { type SynchronousKem, mlKem768 } from '../noble/kem.ts';
import { provesKem } from '../prove.ts';
import { systemRandom } from '../random.ts';
import type { NewerCrypto, NodeCryptoModule } from './builtin.ts';
import { plain } from './primitives.ts';

/**
 * ML-KEM-768 by the runtime where it has it (ten times quicker), by noble where it has not. Which one is found out on
 * first use, by known answers.
 */
export function nodeMlKem768(node: NodeCryptoModule): Kem {
  let chosen: Kem | undefined;
  const kem = (): Kem => {
    chosen ??= choose(node);
    return chosen;
  };
  return {
    publicKeySize: mlKem768.publicKeySize,
    ciphertextSize: mlKem768.ciphertextSize,
    keygen: (random) => kem().keygen(random),
    fromSeed: (seed) => kem().fromSeed(seed),
    encapsulate: (publicKey, random) => kem().encapsulate(publicKey, random),
  };
}

function choose(node: NodeCryptoModule): Kem {
  const { encapsulate, decapsulate } = node;
  if (encapsulate === undefined || decapsulate === undefined) return mlKem768;
  const own = native(node, { encapsulate, decapsulate });
  try {
    return provesKem(own, systemRandom) === true ? own : mlKem768;
  } catch {
    return mlKem768;
  }
}

/** What a JWK of ML-KEM is (draft-ietf-jose-pqc-kem); @types/node does not know it yet. */
interface KemJwk {
  readonly kty: 'AKP';
  readonly alg: 'ML-KEM-768';
  readonly pub: string;
}

/** PKCS#8 of an ML-KEM-768 seed (RFC 9935 section 6), without the seed. */
const SEED_PREFIX = /* @__PURE__ */ Uint8Array.of(
  ...[0x30, 0x54, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x04, 0x02],
  ...[0x04, 0x42, 0x80, 0x40],
);

function native(node: NodeCryptoModule, { encapsulate, decapsulate }: NewerCrypto): SynchronousKem {
  const pairOf = (privateKey: KeyObject, publicKey: KeyObject): ReturnType<SynchronousKem['keygen']> => ({
    publicKey: fromBase64Url((publicKey.export({ format: 'jwk' }) as unknown as KemJwk).pub),
    decapsulate: (ciphertext) => plain(decapsulate(privateKey, ciphertext) as Buffer),
    // The private key is the runtime's: it is let go of, and cannot be overwritten from here.
    dispose: () => {},
  });
  return {
    publicKeySize: mlKem768.publicKeySize,
    ciphertextSize: mlKem768.ciphertextSize,
    keygen: () => {
      const { privateKey, publicKey } = node.generateKeyPairSync('ml-kem-768' as 'x25519');
      return pairOf(privateKey, publicKey);
    },
    fromSeed: (seed) => {
      const der = new Uint8Array([...SEED_PREFIX, ...seed]);
      const privateKey = node.createPrivateKey({ key: der as Buffer, format: 'der', type: 'pkcs8' });
      return pairOf(privateKey, node.createPublicKey(privateKey));
    },
    encapsulate: (publicKey) => {
      const jwk: KemJwk = { kty: 'AKP', alg: 'ML-KEM-768', pub: toBase64Url(publicKey) };
      const key = node.createPublicKey({ key: jwk as unknown as JsonWebKey, format: 'jwk' });
      const { sharedKey, ciphertext } = encapsulate(key);
      return { ciphertext: plain(ciphertext as Buffer), secret: plain(sharedKey as Buffer) };
    },
  };
}
