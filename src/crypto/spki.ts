import { type DerCursor, DerError, readDer, TAG_NULL, TAG_SEQUENCE } from '../bytes/der.ts';
import { derBitString, derElement, derInteger, derNull, derOid, derSequence } from '../bytes/der-writer.ts';
import type { HashName, NamedCurve, PublicKey, SignatureAlgorithm } from './types.ts';

/**
 * SubjectPublicKeyInfo and AlgorithmIdentifier (RFC 5280 section 4.1.2.7, RFC 3279, 4055, 5480, 8410, 9881): only the
 * forms that these RFCs give, nothing that merely looks alike.
 */

/** Size of a field element, in bytes. */
export const FIELD_SIZE: { readonly [C in NamedCurve]: number } = { 'P-256': 32, 'P-384': 48, 'P-521': 66 };

const OID_RSA = '1.2.840.113549.1.1.1';
const OID_PSS = '1.2.840.113549.1.1.10';
const OID_MGF1 = '1.2.840.113549.1.1.8';
const OID_EC = '1.2.840.10045.2.1';

const CURVES: { readonly [oid: string]: NamedCurve } = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};

/** Keys that are only bytes: no parameters, a fixed size. */
const PLAIN_KEYS: { readonly [oid: string]: { readonly kind: 'ed25519' | 'ed448' | MlDsa; readonly size: number } } = {
  '1.3.101.112': { kind: 'ed25519', size: 32 },
  '1.3.101.113': { kind: 'ed448', size: 57 },
  '2.16.840.1.101.3.4.3.17': { kind: 'ml-dsa-44', size: 1312 },
  '2.16.840.1.101.3.4.3.18': { kind: 'ml-dsa-65', size: 1952 },
  '2.16.840.1.101.3.4.3.19': { kind: 'ml-dsa-87', size: 2592 },
};
type MlDsa = 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87';

const HASHES: { readonly [oid: string]: HashName } = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Of RSASSA-PSS, in bytes: as much as a modulus of 8,192 bits has room for. */
const MAX_SALT = 1_002;

/** Signature algorithms that are named by their OID alone. */
const SIGNATURES: {
  readonly [oid: string]: { readonly algorithm: SignatureAlgorithm; readonly parameters: 'null' | 'absent' };
} = {
  '1.2.840.113549.1.1.5': { algorithm: { kind: 'rsa-pkcs1', hash: 'sha1' }, parameters: 'null' },
  '1.2.840.113549.1.1.11': { algorithm: { kind: 'rsa-pkcs1', hash: 'sha256' }, parameters: 'null' },
  '1.2.840.113549.1.1.12': { algorithm: { kind: 'rsa-pkcs1', hash: 'sha384' }, parameters: 'null' },
  '1.2.840.113549.1.1.13': { algorithm: { kind: 'rsa-pkcs1', hash: 'sha512' }, parameters: 'null' },
  '1.2.840.10045.4.1': { algorithm: { kind: 'ecdsa', hash: 'sha1' }, parameters: 'absent' },
  '1.2.840.10045.4.3.2': { algorithm: { kind: 'ecdsa', hash: 'sha256' }, parameters: 'absent' },
  '1.2.840.10045.4.3.3': { algorithm: { kind: 'ecdsa', hash: 'sha384' }, parameters: 'absent' },
  '1.2.840.10045.4.3.4': { algorithm: { kind: 'ecdsa', hash: 'sha512' }, parameters: 'absent' },
  '1.3.101.112': { algorithm: { kind: 'ed25519' }, parameters: 'absent' },
  '1.3.101.113': { algorithm: { kind: 'ed448' }, parameters: 'absent' },
  '2.16.840.1.101.3.4.3.17': { algorithm: { kind: 'ml-dsa-44' }, parameters: 'absent' },
  '2.16.840.1.101.3.4.3.18': { algorithm: { kind: 'ml-dsa-65' }, parameters: 'absent' },
  '2.16.840.1.101.3.4.3.19': { algorithm: { kind: 'ml-dsa-87' }, parameters: 'absent' },
};

/**
 * The key in a DER SubjectPublicKeyInfo; undefined: malformed, or of a kind we do not know.
 * @example
 * ```ts
 * import { decodeSubjectPublicKeyInfo, encodeSubjectPublicKeyInfo } from 'warifu/crypto';
 * const spki = encodeSubjectPublicKeyInfo({ kind: 'ed25519', key: new Uint8Array(32) });
 * decodeSubjectPublicKeyInfo(spki)?.kind; // 'ed25519'
 * decodeSubjectPublicKeyInfo(spki.subarray(1)); // undefined
 * ```
 */
export function decodeSubjectPublicKeyInfo(spki: Uint8Array): PublicKey | undefined {
  return orUndefined(() =>
    readDer(spki, TAG_SEQUENCE, (content) => {
      const read = content.sequence(keyAlgorithm);
      return read?.(content.bitStringBytes());
    }),
  );
}

/**
 * DER SubjectPublicKeyInfo of a key.
 * @example
 * ```ts
 * import { encodeSubjectPublicKeyInfo } from 'warifu/crypto';
 * encodeSubjectPublicKeyInfo({ kind: 'ed25519', key: new Uint8Array(32) }).length; // 44
 * ```
 */
export function encodeSubjectPublicKeyInfo(key: PublicKey): Uint8Array {
  switch (key.kind) {
    case 'ec': {
      const curve = Object.keys(CURVES).find((oid) => CURVES[oid] === key.curve)!;
      return derSequence(derSequence(derOid(OID_EC), derOid(curve)), derBitString(key.point));
    }
    case 'rsa': {
      const numbers = derSequence(derInteger(key.modulus), derInteger(key.exponent));
      const algorithm =
        key.pss === undefined ? derSequence(derOid(OID_RSA), derNull()) : pssKeyAlgorithm(key.pss.parameters);
      return derSequence(algorithm, derBitString(numbers));
    }
    default: {
      const oid = Object.keys(PLAIN_KEYS).find((candidate) => PLAIN_KEYS[candidate]!.kind === key.kind)!;
      return derSequence(derSequence(derOid(oid)), derBitString(key.key));
    }
  }
}

/**
 * What a DER AlgorithmIdentifier of a signature names; undefined: malformed, or nothing we know.
 * @example
 * ```ts
 * import { decodeSignatureAlgorithm } from 'warifu/crypto';
 * // SEQUENCE { OID 1.3.101.112 }
 * decodeSignatureAlgorithm(Uint8Array.of(0x30, 5, 6, 3, 0x2b, 0x65, 0x70)); // { kind: 'ed25519' }
 * ```
 */
export function decodeSignatureAlgorithm(algorithm: Uint8Array): SignatureAlgorithm | undefined {
  return orUndefined(() =>
    readDer(algorithm, TAG_SEQUENCE, (content) => {
      const oid = content.oid();
      if (oid === OID_PSS) {
        const { hash, saltLength } = pssParameters(content);
        return { kind: 'rsa-pss', hash, saltLength } as const;
      }
      const known = SIGNATURES[oid];
      // RFC 4055 section 5: NULL has to be there; RFC 5758, 8410: nothing may be.
      if (known?.parameters === 'null') content.null();
      if (known === undefined) while (!content.done) content.element();
      return known?.algorithm;
    }),
  );
}

/** Reads the AlgorithmIdentifier of a key; gives back what reads the key itself. */
function keyAlgorithm(content: DerCursor): ((bits: Uint8Array) => PublicKey | undefined) | undefined {
  const oid = content.oid();
  if (oid === OID_RSA) {
    content.null();
    return (bits) => rsaKey(bits);
  }
  if (oid === OID_PSS) {
    const pss = content.done ? {} : { parameters: pssParameters(content) };
    return (bits) => ({ ...rsaKey(bits), pss });
  }
  if (oid === OID_EC) {
    const curve = CURVES[content.oid()];
    return (bits) => (curve === undefined ? undefined : ecKey(curve, bits));
  }
  const plain = PLAIN_KEYS[oid];
  if (plain === undefined) {
    while (!content.done) content.element();
    return undefined;
  }
  return (bits) => (bits.length === plain.size ? ({ kind: plain.kind, key: bits } as PublicKey) : undefined);
}

function rsaKey(bits: Uint8Array): PublicKey & { kind: 'rsa' } {
  return readDer(bits, TAG_SEQUENCE, (numbers) => ({
    kind: 'rsa',
    modulus: numbers.unsigned(),
    exponent: numbers.unsigned(),
  }));
}

/** RFC 5480 section 2.2: the uncompressed form is the one that has to be known, and the only one TLS knows. */
function ecKey(curve: NamedCurve, point: Uint8Array): PublicKey | undefined {
  return point.length === 2 * FIELD_SIZE[curve] + 1 && point[0] === 4 ? { kind: 'ec', curve, point } : undefined;
}

/** RFC 4055 section 3.1: MGF1 with the same hash, the common trailer; SHA-1 and 20 by default. */
function pssParameters(content: DerCursor): { readonly hash: HashName; readonly saltLength: number } {
  return content.sequence((fields) => {
    const start = fields.offset;
    const hash = fields.explicit(0, hashAlgorithm) ?? 'sha1';
    const mgfHash =
      fields.explicit(1, (mgf) =>
        mgf.sequence((parts) => {
          const at = parts.offset;
          if (parts.oid() !== OID_MGF1) throw new DerError('a mask generation function other than MGF1', at);
          return hashAlgorithm(parts);
        }),
      ) ?? 'sha1';
    const saltLength = fields.explicit(2, (salt) => salt.small()) ?? 20;
    const trailer = fields.explicit(3, (field) => field.small()) ?? 1;
    if (mgfHash !== hash) throw new DerError('two hashes in one RSASSA-PSS', start);
    if (trailer !== 1) throw new DerError('an unknown trailer', start);
    // OpenSSL 3.0 fills the modulus with salt; no key is longer than this.
    if (saltLength > MAX_SALT) throw new DerError('a salt that is too long', start);
    return { hash, saltLength };
  });
}

/** RFC 4055 section 2.1: NULL or nothing behind the hash's OID. */
function hashAlgorithm(content: DerCursor): HashName {
  return content.sequence((fields) => {
    const start = fields.offset;
    const hash = HASHES[fields.oid()];
    if (hash === undefined) throw new DerError('an unknown hash', start);
    fields.optional(TAG_NULL, (cursor) => cursor.null());
    return hash;
  });
}

function pssKeyAlgorithm(parameters: { readonly hash: HashName; readonly saltLength: number } | undefined): Uint8Array {
  if (parameters === undefined) return derSequence(derOid(OID_PSS));
  const hashOid = Object.keys(HASHES).find((oid) => HASHES[oid] === parameters.hash)!;
  const hash = derSequence(derOid(hashOid), derNull());
  return derSequence(
    derOid(OID_PSS),
    derSequence(
      derElement(0xa0, hash),
      derElement(0xa1, derSequence(derOid(OID_MGF1), hash)),
      derElement(0xa2, derInteger(parameters.saltLength)),
    ),
  );
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
