import type { WebSubtle } from '../../../crypto/web-types.ts';
import { fromRuntime } from '../../../bytes/shape.ts';
import { pbkdf2 } from '../../../crypto/noble/password.ts';
import type { HashName } from '../../../crypto/types.ts';

const WEB_NAMES: { readonly [H in HashName]: string } = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

/**
 * PBKDF2 by the runtime where it can: hundreds of thousands of rounds take it a moment, and JavaScript many seconds.
 * Some runtimes have no WebCrypto, refuse an empty password, or allow only so many rounds: there JavaScript does it.
 */
export async function fastPbkdf2(
  hash: HashName,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  length: number,
): Promise<Uint8Array> {
  const subtle = fromRuntime<{ readonly subtle?: WebSubtle }>('crypto')?.subtle;
  if (subtle !== undefined) {
    try {
      const key = await subtle.importKey('raw', password as Uint8Array<ArrayBuffer>, 'PBKDF2', false, ['deriveBits']);
      const parameters = { name: 'PBKDF2', hash: WEB_NAMES[hash], salt: salt as Uint8Array<ArrayBuffer>, iterations };
      return new Uint8Array(await subtle.deriveBits(parameters, key, 8 * length));
    } catch {
      // What it does not do, we do.
    }
  }
  return pbkdf2(hash, password, salt, iterations, length);
}
