/** One signature with its key and its algorithm, as they stand in certificates (BoringSSL's verify_signed_data). */
import { DerCursor, DerError } from '../../src/bytes/der.ts';
import { decodeSignatureAlgorithm, decodeSubjectPublicKeyInfo } from '../../src/crypto/index.ts';
import { nobleVerifierWithMlDsa } from '../../src/crypto/noble/index.ts';
import { decode, failure, type Row, rowsOf, SUCCESS } from './row.ts';

interface SignedDataCase {
  readonly id: string;
  readonly spki: string;
  readonly algorithm: string;
  readonly data: string;
  readonly signature_bit_string: string;
  readonly expected: string;
}

export async function run(contents: string): Promise<readonly Row[]> {
  return rowsOf(
    (JSON.parse(contents) as { readonly tests: readonly SignedDataCase[] }).tests,
    ({ expected }) => expected,
    (test) => {
      const key = decodeSubjectPublicKeyInfo(decode(test.spki));
      if (key === undefined) return failure('the key is of no kind that is known, or malformed');
      const algorithm = decodeSignatureAlgorithm(decode(test.algorithm));
      if (algorithm === undefined) return failure('the algorithm is not known, or malformed');
      const signature = bitString(decode(test.signature_bit_string));
      if (signature === undefined) return failure('the signature is not whole bytes in DER');
      return nobleVerifierWithMlDsa.verify(algorithm, key, decode(test.data), signature)
        ? SUCCESS
        : failure('the signature does not fit');
    },
  );
}

/** Undefined: not a BIT STRING of whole bytes in DER, read as the signature of a certificate is. */
function bitString(der: Uint8Array): Uint8Array | undefined {
  try {
    const cursor = new DerCursor(der);
    const bytes = cursor.bitStringBytes();
    cursor.finish();
    return bytes;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
