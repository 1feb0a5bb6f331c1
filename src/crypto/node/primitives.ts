import type { Buffer } from 'node:buffer';
import type { CipherGCMTypes, KeyObject, Hash as NodeHash } from 'node:crypto';
import { chacha20Poly1305 as nobleChacha20Poly1305, aes128gcm, aes256gcm } from '../noble/aead.ts';
import type { Aead, AeadKey, Hash, HashName, HashState } from '../types.ts';
import { Joint } from '../joint.ts';
import type { NodeCryptoModule } from './builtin.ts';

/** A hash of node:crypto. */
export function nodeHash(node: NodeCryptoModule, name: HashName, size: number): Hash {
  const oneShot = oneShotOf(node, name);
  return {
    name,
    size,
    start: () => state(node.createHash(name)),
    digest: (...parts) => {
      if (parts.length === 1) return plain(oneShot(parts[0]!));
      const hash = node.createHash(name);
      for (const part of parts) hash.update(part);
      return plain(hash.digest());
    },
    hmac: hmacOf(oneShot, size > 32 ? 128 : 64, size),
  };
}

/** Without an object for each hash, where the runtime has that: a third of the cost. */
function oneShotOf(node: NodeCryptoModule, name: HashName): (bytes: Uint8Array) => Buffer {
  const { hash } = node;
  if (typeof hash !== 'function') return (bytes) => node.createHash(name).update(bytes).digest();
  return (bytes) => hash(name, bytes, 'buffer');
}

/** Bytes of a message that are hashed behind the key, in an array that is kept for that. */
const MOST_KEPT = 512;

/**
 * RFC 2104, over the runtime's hash: createHmac costs more in every Node, and six times as much in Node 24, which makes a key
 * object of the bytes in a slow way. What lies in the kept arrays is overwritten before the result is given.
 */
function hmacOf(oneShot: (bytes: Uint8Array) => Buffer, block: number, size: number): Hash['hmac'] {
  const keptInner = new Uint8Array(block + MOST_KEPT);
  const outer = new Uint8Array(block + size);
  return (key, ...parts) => {
    let length = block;
    for (const part of parts) length += part.length;
    const inner = length <= keptInner.length ? keptInner : new Uint8Array(length);
    const short = key.length > block ? oneShot(key) : key;
    for (let i = 0; i < block; i++) {
      const byte = i < short.length ? short[i]! : 0;
      inner[i] = byte ^ 0x36;
      outer[i] = byte ^ 0x5c;
    }
    let at = block;
    for (const part of parts) {
      inner.set(part, at);
      at += part.length;
    }
    outer.set(oneShot(inner.subarray(0, length)), block);
    const mac = oneShot(outer);
    inner.fill(0, 0, length);
    outer.fill(0);
    return plain(mac);
  };
}

/** The AEADs of node:crypto; one that this runtime lacks is noble's. */
export function nodeAeads(node: NodeCryptoModule): {
  readonly aes128gcm: Aead;
  readonly aes256gcm: Aead;
  readonly chacha20Poly1305: Aead;
} {
  const has = new Set(node.getCiphers());
  const joint = new Joint();
  const aead = (like: Aead, cipher: CipherGCMTypes): Aead => ({
    ...like,
    key: (bytes) => keyed(node, cipher, bytes, joint),
  });
  return {
    aes128gcm: aead(aes128gcm, 'aes-128-gcm'),
    aes256gcm: aead(aes256gcm, 'aes-256-gcm'),
    chacha20Poly1305: has.has('chacha20-poly1305')
      ? aead(nobleChacha20Poly1305, 'chacha20-poly1305' as CipherGCMTypes)
      : nobleChacha20Poly1305,
  };
}

const TAG = { authTagLength: 16 } as const;

/** As a key object: with bytes, Node 24 makes one anew for each record, which costs more than the record. */
function keyed(node: NodeCryptoModule, cipher: CipherGCMTypes, bytes: Uint8Array, joint: Joint): AeadKey {
  let secret: KeyObject | undefined = node.createSecretKey(bytes);
  const key = (): KeyObject => {
    if (secret === undefined) throw new Error('the key has been disposed of');
    return secret;
  };
  const sealApart: NonNullable<AeadKey['sealApart']> = (nonce, additionalData, parts, tag) => {
    const sealing = node.createCipheriv(cipher, key(), nonce, TAG);
    sealing.setAAD(additionalData);
    const sealed = joint.with(parts, (whole) => sealing.update(whole));
    sealing.final();
    tag.set(sealing.getAuthTag());
    return plain(sealed);
  };
  const sealInto: NonNullable<AeadKey['sealInto']> = (nonce, additionalData, parts, out, at) => {
    const end = parts.reduce((sum, part) => sum + part.length, at);
    out.set(sealApart(nonce, additionalData, parts, out.subarray(end)), at);
  };
  return {
    seal: (nonce, additionalData, plaintext) => {
      const out = new Uint8Array(plaintext.length + 16);
      sealInto(nonce, additionalData, [plaintext], out, 0);
      return out;
    },
    sealInto,
    sealApart,
    open: (nonce, additionalData, sealed) => {
      const length = sealed.length - 16;
      if (length < 0) return undefined;
      const opening = node.createDecipheriv(cipher, key(), nonce, TAG);
      opening.setAuthTag(sealed.subarray(length));
      opening.setAAD(additionalData);
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
