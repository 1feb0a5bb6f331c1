import { ownOf } from '../../../bytes/shape.ts';
import { concat, fromHex } from '../../../bytes/bytes.ts';
import { aesCbcDecrypt, md5 } from '../../../crypto/noble/password.ts';
import { TlsError } from '../../../errors.ts';
import type { PemBlock } from '../../x509/pem.ts';
import { unusable } from './guard.ts';
import { tripleDesCbcDecrypt } from './legacy-ciphers.ts';
import type { PasswordOptions } from './password-based.ts';

const CIPHERS: { readonly [name: string]: { readonly key: number; readonly iv: number } } = {
  'AES-128-CBC': { key: 16, iv: 16 },
  'AES-192-CBC': { key: 24, iv: 16 },
  'AES-256-CBC': { key: 32, iv: 16 },
  'DES-EDE3-CBC': { key: 24, iv: 8 },
};

/**
 * Opens a PEM block with "Proc-Type: 4,ENCRYPTED", as tools wrote PKCS#1 and SEC1 keys before PKCS#8. The key comes from
 * the password by MD5, once: no protection, whatever the cipher.
 * @throws TlsError ERR_PASSWORD when the password is wrong, ERR_KEY without `allowLegacy` or for an unknown cipher.
 */
export function decryptLegacyPem(block: PemBlock, options: PasswordOptions): Uint8Array {
  options = ownOf(options);
  if (options.allowLegacy !== true)
    throw unusable('the encryption of this PEM block (Proc-Type) is no protection; allowLegacy opens it nevertheless');
  const header =
    block.headers
      .find((line) => line.startsWith('DEK-Info:'))
      ?.slice(9)
      .trim() ?? '';
  const [name = '', ivHex = ''] = header.split(',');
  const cipher = CIPHERS[name];
  if (cipher === undefined) throw unusable(`the PEM block is encrypted with "${name}", which is not known here`);
  if (!/^[0-9a-fA-F]+$/.test(ivHex) || ivHex.length !== 2 * cipher.iv)
    throw unusable('the DEK-Info of the PEM block has no proper IV');
  const iv = fromHex(ivHex);
  const key = keyFrom(new TextEncoder().encode(options.password), iv.subarray(0, 8), cipher.key);
  const plain = name === 'DES-EDE3-CBC' ? tripleDesCbcDecrypt(key, iv, block.der) : aesCbcDecrypt(key, iv, block.der);
  if (plain?.[0] !== 0x30) throw new TlsError('ERR_PASSWORD', { detail: 'the private key did not decrypt to a key' });
  return plain;
}

function keyFrom(password: Uint8Array, salt: Uint8Array, length: number): Uint8Array {
  let out: Uint8Array = new Uint8Array(0);
  let digest: Uint8Array = new Uint8Array(0);
  while (out.length < length) {
    digest = md5(concat(digest, password, salt));
    out = concat(out, digest);
  }
  return out.subarray(0, length);
}
