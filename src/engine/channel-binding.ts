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
