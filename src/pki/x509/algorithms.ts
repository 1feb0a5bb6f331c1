import { derNull, derSequence } from '../../bytes/der-writer.ts';
import { DerCursor, DerError, readDer, TAG_SEQUENCE } from '../../bytes/der.ts';
import { decodeSignatureAlgorithm, decodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import type { HashName, PublicKey, SignatureAlgorithm } from '../../crypto/types.ts';
import type { SlipNotes } from './slips.ts';

/** Algorithms as certificates name them: with RSA, NULL has to be written, and its absence taken (RFC 4055 section 5). */

const OID_RSA_KEY = '1.2.840.113549.1.1.1';

/** Undefined: malformed, or not known here. */
export function readSignatureAlgorithm(der: Uint8Array, slips: SlipNotes): SignatureAlgorithm | undefined {
  const algorithm = decodeSignatureAlgorithm(der);
  if (algorithm?.kind === 'rsa-pss' && algorithm.saltLength > 4 * SIZES[algorithm.hash]) slips.add('long-pss-salt');
  if (algorithm !== undefined) return algorithm;
  if (parametersOf(der) !== 'absent') return undefined;
  const completed = decodeSignatureAlgorithm(withNull(der));
  if (completed !== undefined) slips.add('absent-null');
  return completed;
}

const SIZES: { readonly [H in HashName]: number } = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

/** Undefined: malformed, or of a kind that is not known here. */
export function readPublicKey(spki: Uint8Array, slips: SlipNotes): PublicKey | undefined {
  const key = decodeSubjectPublicKeyInfo(spki);
  if (key !== undefined) return key;
  const completed = withAlgorithmNull(spki);
  const found = completed && decodeSubjectPublicKeyInfo(completed);
  if (found !== undefined) slips.add('absent-null');
  return found;
}

/** The same SubjectPublicKeyInfo with NULL behind rsaEncryption; undefined: that is not what it lacks. */
function withAlgorithmNull(spki: Uint8Array): Uint8Array | undefined {
  try {
    return readDer(spki, TAG_SEQUENCE, (fields) => {
      const algorithm = fields.raw(TAG_SEQUENCE);
      const bits = fields.raw();
      const isRsa = readDer(algorithm, TAG_SEQUENCE, (content) => content.oid() === OID_RSA_KEY && content.done);
      return isRsa ? derSequence(withNull(algorithm), bits) : undefined;
    });
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function parametersOf(algorithm: Uint8Array): 'absent' | 'present' | undefined {
  try {
    const cursor = new DerCursor(algorithm);
    return cursor.sequence((content) => {
      content.oid();
      const parameters = content.done ? 'absent' : 'present';
      while (!content.done) content.element();
      return parameters;
    });
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function withNull(algorithm: Uint8Array): Uint8Array {
  const { contentStart, end } = new DerCursor(algorithm).element(TAG_SEQUENCE);
  return derSequence(algorithm.subarray(contentStart, end), derNull());
}
