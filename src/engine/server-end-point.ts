import { DerError, readDer, TAG_SEQUENCE } from '../bytes/der.ts';
import { decodeSignatureAlgorithm } from '../crypto/spki.ts';
import type { CryptoProvider, HashName } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';

/** @throws TlsError ERR_STATE where there is no such certificate, or RFC 5929 does not say which hash to use. */
export function serverEndPoint(certificate: Uint8Array | undefined, crypto: CryptoProvider): Uint8Array {
  if (certificate === undefined) throw impossible('the server showed no certificate that is known here');
  const hash = hashOfSignature(certificate);
  if (hash === undefined) throw impossible('RFC 5929 names no hash for the signature of the certificate');
  return crypto.hash(hash).digest(certificate);
}

/** The hash that the certificate was signed with; SHA-256 in place of an older one. Undefined: not one, or unknown. */
function hashOfSignature(certificate: Uint8Array): HashName | undefined {
  try {
    const algorithm = readDer(certificate, TAG_SEQUENCE, (fields) => {
      fields.raw(TAG_SEQUENCE);
      const found = fields.raw(TAG_SEQUENCE);
      fields.bitString();
      return decodeSignatureAlgorithm(found);
    });
    if (algorithm === undefined || !('hash' in algorithm)) return undefined;
    return algorithm.hash === 'sha1' ? 'sha256' : algorithm.hash;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function impossible(detail: string): TlsError {
  return new TlsError('ERR_STATE', { detail: `tls-server-end-point: ${detail}`, rfc: 'RFC 5929 section 4.1' });
}
