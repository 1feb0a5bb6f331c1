import { decode } from '../../wire/codec.ts';
import type { TraceEvent } from '../../handshake/config.ts';
import { certificateAuthorities } from '../../wire/extensions/certificate-authorities.ts';
import { HANDSHAKE_CERTIFICATE_REQUEST, HANDSHAKE_NEW_SESSION_TICKET } from '../../wire/ids.ts';
import { CertificateRequest12 } from '../../wire/messages12.ts';
import { CertificateRequest } from '../../wire/messages13.ts';
import { shortNameText } from '../../pki/x509/general-name-text.ts';
import { TlsError } from '../../errors.ts';

/** What the messages of a handshake tell beyond what the library says of its connection. */
export class Observed {
  /** Tickets that have come. */
  tickets = 0;
  /** Whose certificates the server takes; undefined: it asked for none. */
  authorities: readonly string[] | undefined;

  readonly onTrace = (event: TraceEvent): void => {
    if (event.type !== 'message' || event.from !== 'server') return;
    if (event.handshakeType === HANDSHAKE_NEW_SESSION_TICKET) this.tickets++;
    if (event.handshakeType === HANDSHAKE_CERTIFICATE_REQUEST)
      this.authorities = authoritiesIn(event.raw.subarray(4), event.epoch !== 'plaintext').map(shortNameText);
  };
}

function authoritiesIn(body: Uint8Array, isTls13: boolean): readonly Uint8Array[] {
  try {
    if (!isTls13) return decode(CertificateRequest12, body).authorities;
    const found = decode(CertificateRequest, body).extensions.find(({ type }) => type === certificateAuthorities.id);
    return found === undefined ? [] : decode(certificateAuthorities.in.CertificateRequest, found.data);
  } catch (error) {
    // It cannot be read: the handshake fails over it and says so.
    if (error instanceof TlsError) return [];
    throw error;
  }
}
