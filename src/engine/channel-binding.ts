import { DerError, readDer, TAG_SEQUENCE } from '../bytes/der.ts';
import { decodeSignatureAlgorithm } from '../crypto/spki.ts';
import type { CryptoProvider, HashName } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import type { HandshakeInfo } from '../handshake/context.ts';

/**
 * What ties a protocol above to this very connection (RFC 5056), so that what is proved there cannot be proved through
 * an attacker in between:
 * - `tls-exporter`: 32 bytes that the two ends alone have (RFC 9266);
 * - `tls-server-end-point`: a hash of the server's certificate (RFC 5929 section 4.1), the same for all connections
 *   under it.
 */
export type ChannelBinding = 'tls-exporter' | 'tls-server-end-point';

export const CHANNEL_BINDINGS = 'tls-exporter, tls-server-end-point';

/** RFC 9266 section 2. */
export const EXPORTER_LABEL = 'EXPORTER-Channel-Binding';
export const EXPORTER_LENGTH = 32;

/**
 * RFC 7627 section 5.4: two connections of TLS 1.2 without extended_master_secret can have the same secret, and be with
 * different peers. What is made from it proves nothing.
 * @throws TlsError ERR_STATE for such a connection.
 */
export function demandUnique({ version, extendedMasterSecret }: Readonly<HandshakeInfo>, what: string): void {
  if (version === 'TLSv1.2' && extendedMasterSecret !== true)
    throw new TlsError('ERR_STATE', {
      detail: `${what}: the peer has no extended_master_secret, so it could be mixed up with another connection's`,
      rfc: 'RFC 7627 section 5.4',
    });
}

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
