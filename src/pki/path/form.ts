import { ownOf } from '../../bytes/shape.ts';
import { DerError } from '../../bytes/der.ts';
import { TlsError } from '../../errors.ts';
import { type Certificate, readCertificate } from '../x509/certificate.ts';
import { SLIPS } from '../x509/slips.ts';
import { ALL_PARTS } from './all-parts.ts';

/**
 * Reads a DER certificate with all extensions that are known here. Nothing is said of whether it can be trusted.
 * @param options.strict refuse what is only odd (`slips`), too. Default: false.
 * @throws TlsError ERR_CERTIFICATE_UNREADABLE when it, or one of those extensions, is malformed.
 *
 * @example
 * ```ts
 * import { nameText, parseCertificate } from 'warifu/pki';
 * import { createAuthority } from 'warifu/pki/issue';
 * const { der } = await createAuthority({ subject: 'Example Root' });
 * nameText(parseCertificate(der).subject); // 'CN=Example Root'
 * ```
 */
export function parseCertificate(der: Uint8Array, options: { readonly strict?: boolean } = {}): Certificate {
  options = ownOf(options);
  try {
    const certificate = readCertificate(der);
    ALL_PARTS.read(certificate);
    // A negative number is right in DER: whether it may be a serial number is for the rules of a path to say.
    const slip = [...certificate.slips].find((name) => name !== 'negative-serial');
    if (options.strict === true && slip !== undefined)
      throw new TlsError('ERR_CERTIFICATE_UNREADABLE', { detail: SLIPS[slip].what, rfc: SLIPS[slip].rfc });
    return certificate;
  } catch (error) {
    if (error instanceof DerError)
      throw new TlsError('ERR_CERTIFICATE_UNREADABLE', { detail: error.message, cause: error });
    throw error;
  }
}
