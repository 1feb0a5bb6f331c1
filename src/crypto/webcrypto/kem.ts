import type { WebCryptoKey, WebCryptoKeyPair, WebSubtle } from '../web-types.ts';
import type { Encapsulated, Kem, KemPair } from '../hybrid.ts';
import { provesKem } from '../prove.ts';
import { systemRandom } from '../random.ts';
import { source } from './subtle.ts';

/** ML-KEM in WebCrypto (WICG, Modern Algorithms in the Web Cryptography API); the DOM's types do not know it yet. */
interface SubtleWithKem {
  generateKey(algorithm: Named, extractable: boolean, usages: readonly string[]): Promise<WebCryptoKeyPair>;
  exportKey(format: 'raw-public', key: WebCryptoKey): Promise<ArrayBuffer>;
  importKey(
    format: 'raw-public' | 'raw-seed',
    bytes: Uint8Array,
    algorithm: Named,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<WebCryptoKey>;
  getPublicKey(key: WebCryptoKey, usages: readonly string[]): Promise<WebCryptoKey>;
  encapsulateBits(algorithm: Named, key: WebCryptoKey): Promise<{ sharedKey: ArrayBuffer; ciphertext: ArrayBuffer }>;
  decapsulateBits(algorithm: Named, key: WebCryptoKey, ciphertext: Uint8Array): Promise<ArrayBuffer>;
}
interface Named {
  readonly name: string;
}

const PUBLIC_KEY_SIZE = 1184;
const CIPHERTEXT_SIZE = 1088;

/**
 * ML-KEM-768 by WebCrypto where the runtime has it, by noble where it has not; noble's is loaded when it is needed. Which
 * one is found out on first use, by known answers.
 */
export function webMlKem768(subtle: WebSubtle): Kem {
  let chosen: Promise<Kem> | undefined;
  const kem = (): Promise<Kem> => {
    chosen ??= choose(subtle);
    return chosen;
  };
  return {
    publicKeySize: PUBLIC_KEY_SIZE,
    ciphertextSize: CIPHERTEXT_SIZE,
    keygen: async (random) => (await kem()).keygen(random),
    fromSeed: async (seed) => (await kem()).fromSeed(seed),
    encapsulate: async (publicKey, random) => (await kem()).encapsulate(publicKey, random),
  };
}

async function choose(subtle: WebSubtle): Promise<Kem> {
  if (hasKem(subtle)) {
    const own = native(subtle);
    try {
      if (await provesKem(own, systemRandom)) return own;
    } catch {
      // It is not really there.
    }
  }
  return (await import('../noble/kem.ts')).mlKem768;
}

function hasKem(subtle: unknown): subtle is SubtleWithKem {
  return typeof subtle === 'object' && subtle !== null && 'encapsulateBits' in subtle && 'decapsulateBits' in subtle;
}

function native(subtle: SubtleWithKem): Kem {
  const algorithm = { name: 'ML-KEM-768' };
  const pairOf = async (privateKey: WebCryptoKey, publicKey: WebCryptoKey): Promise<KemPair> => ({
    publicKey: new Uint8Array(await subtle.exportKey('raw-public', publicKey)),
    decapsulate: async (ciphertext) =>
      new Uint8Array(await subtle.decapsulateBits(algorithm, privateKey, source(ciphertext))),
    // The private key never left WebCrypto.
    dispose: () => {},
  });
  return {
    publicKeySize: PUBLIC_KEY_SIZE,
    ciphertextSize: CIPHERTEXT_SIZE,
    keygen: async () => {
      const { privateKey, publicKey } = await subtle.generateKey(algorithm, false, [
        'encapsulateBits',
        'decapsulateBits',
      ]);
      return pairOf(privateKey, publicKey);
    },
    fromSeed: async (seed) => {
      const privateKey = await subtle.importKey('raw-seed', source(seed), algorithm, true, ['decapsulateBits']);
      return pairOf(privateKey, await subtle.getPublicKey(privateKey, ['encapsulateBits']));
    },
    encapsulate: async (publicKey): Promise<Encapsulated> => {
      const key = await subtle.importKey('raw-public', source(publicKey), algorithm, false, ['encapsulateBits']);
      const { sharedKey, ciphertext } = await subtle.encapsulateBits(algorithm, key);
      return { ciphertext: new Uint8Array(ciphertext), secret: new Uint8Array(sharedKey) };
    },
  };
}
