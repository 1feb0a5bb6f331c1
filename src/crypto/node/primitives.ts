import type { Buffer } from 'node:buffer';
import type { CipherGCMTypes, KeyObject, Hash as NodeHash } from 'node:crypto';
import { chacha20Poly1305 as nobleChacha20Poly1305, aes128gcm, aes256gcm } from '../noble/aead.ts';
import type { Aead, AeadKey, Hash, HashName, HashState } from '../types.ts';
import type { NodeCryptoModule } from './builtin.ts';

/** A hash of node:crypto. */
export function nodeHash(node: NodeCryptoModule, name: HashName, size: number): Hash {
  return {
    name,
    size,
    start: () => state(node.createHash(name)),
    digest: (...parts) => {
      const hash = node.createHash(name);
      for (const part of parts) hash.update(part);
      return plain(hash.digest());
    },
    hmac: (key, ...parts) => hmac(node, name, key, parts),
  };
}

/**
 * RFC 2104, over the runtime's hash: createHmac costs as much or more in every Node, and six times as much in Node 24,
 * which makes a key object of the bytes in a slow way.
 */
function hmac(node: NodeCryptoModule, name: HashName, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const size = name === 'sha384' || name === 'sha512' ? 128 : 64;
  const pad = new Uint8Array(size);
  pad.set(key.length > size ? node.createHash(name).update(key).digest() : key);
  for (let i = 0; i < size; i++) pad[i]! ^= 0x36;
  const inner = node.createHash(name).update(pad);
  for (const part of parts) inner.update(part);
  for (let i = 0; i < size; i++) pad[i]! ^= 0x36 ^ 0x5c;
  const mac = node.createHash(name).update(pad).update(inner.digest()).digest();
  pad.fill(0);
  return plain(mac);
}

/** The AEADs of node:crypto; one that this runtime lacks is noble's. */
export function nodeAeads(node: NodeCryptoModule): {
  readonly aes128gcm: Aead;
  readonly aes256gcm: Aead;
  readonly chacha20Poly1305: Aead;
} {
  const has = new Set(node.getCiphers());
  return {
    aes128gcm: aead(node, aes128gcm, 'aes-128-gcm'),
    aes256gcm: aead(node, aes256gcm, 'aes-256-gcm'),
    chacha20Poly1305: has.has('chacha20-poly1305')
      ? aead(node, nobleChacha20Poly1305, 'chacha20-poly1305' as CipherGCMTypes)
      : nobleChacha20Poly1305,
  };
}

function aead(node: NodeCryptoModule, like: Aead, cipher: CipherGCMTypes): Aead {
  return { ...like, key: (bytes) => keyed(node, cipher, bytes) };
}

const TAG = { authTagLength: 16 } as const;

/** As a key object: with bytes, Node 24 makes one anew for each record, which costs more than the record. */
function keyed(node: NodeCryptoModule, cipher: CipherGCMTypes, bytes: Uint8Array): AeadKey {
  let secret: KeyObject | undefined = node.createSecretKey(bytes);
  const key = (): KeyObject => {
    if (secret === undefined) throw new Error('the key has been disposed of');
    return secret;
  };
  const sealInto: NonNullable<AeadKey['sealInto']> = (nonce, additionalData, parts, out, at) => {
    const sealing = node.createCipheriv(cipher, key(), nonce, TAG);
    sealing.setAAD(additionalData, { plaintextLength: parts.reduce((sum, part) => sum + part.length, 0) });
    for (const part of parts) {
      out.set(sealing.update(part), at);
      at += part.length;
    }
    sealing.final();
    out.set(sealing.getAuthTag(), at);
  };
  return {
    seal: (nonce, additionalData, plaintext) => {
      const out = new Uint8Array(plaintext.length + 16);
      sealInto(nonce, additionalData, [plaintext], out, 0);
      return out;
    },
    sealInto,
    open: (nonce, additionalData, sealed) => {
      const length = sealed.length - 16;
      if (length < 0) return undefined;
      const opening = node.createDecipheriv(cipher, key(), nonce, TAG);
      opening.setAuthTag(sealed.subarray(length));
      opening.setAAD(additionalData, { plaintextLength: length });
      const out = opening.update(sealed.subarray(0, length));
      try {
        opening.final();
      } catch {
        // The tag is wrong, and what did not authenticate is shown to none.
        out.fill(0);
        return undefined;
      }
      return plain(out);
    },
    // The runtime overwrites it when it collects it; from here that cannot be done.
    dispose: () => {
      secret = undefined;
    },
  };
}

function state(hash: NodeHash): HashState {
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    fork: () => state(hash.copy()),
    digest: () => plain(hash.digest()),
    dispose: () => {},
  };
}

/** A Buffer is a Uint8Array, but not one that prints, compares and slices like others. */
export function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
