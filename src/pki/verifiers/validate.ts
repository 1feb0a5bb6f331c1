import { ownOf } from '../../bytes/shape.ts';
import { isTime } from '../../bytes/time.ts';
import { TlsError } from '../../errors.ts';
import type { Verdict } from '../../handshake/peer.ts';
import { readParts } from '../x509/file-parts.ts';
import { certificateVerifier } from './verifier.ts';
import type { CertificateSource, CertificateVerifierOptions } from './verifier-options.ts';

/** What a chain is held against, outside a handshake. */
export interface ValidateOptions extends Omit<CertificateVerifierOptions, 'allowNoServerName' | 'maxRememberedPaths'> {
  /** The name or address that the leaf has to be for; undefined: names are not looked at. */
  readonly serverName?: string | undefined;
  /** Whose chain it is. Default: 'server'. */
  readonly peer?: 'server' | 'client' | undefined;
  /** A Date or milliseconds since 1970. Default: the clock. */
  readonly at?: Date | number | undefined;
  /** DER OCSPResponse that came with the leaf. */
  readonly ocspResponse?: Uint8Array | undefined;
}

/**
 * Validates a chain of certificates: finds a path from the first one to an anchor and checks everything on it (RFC 5280
 * section 6), and the name (RFC 9525) where one is given. The others may come in any order. What is found is an answer,
 * also where a certificate cannot be read; only options that cannot be are thrown.
 * @param chain the leaf first: PEM, DER, or any number of them.
 * @throws TlsError ERR_OPTION or ERR_KEY for an option, or a chain that is no file of certificates.
 *
 * @example
 * ```ts
 * import { autoProvider } from 'warifu/crypto/auto';
 * import { validateChain } from 'warifu/pki';
 * import { createAuthority, issueCertificate } from 'warifu/pki/issue';
 * const root = await createAuthority({ subject: 'Example Root' });
 * const { chainPem } = await issueCertificate({ issuer: root, names: 'www.example.com' });
 * const options = { anchors: root.pem, signatures: autoProvider().verifier };
 * const verdict = await validateChain(chainPem, { ...options, serverName: 'www.example.com' });
 * verdict.ok; // true
 * const other = await validateChain(chainPem, { ...options, serverName: 'other.example' });
 * other.ok ? '' : other.failure.code; // 'CERT_NAME_MISMATCH'
 * ```
 */
export async function validateChain(chain: CertificateSource, options: ValidateOptions): Promise<Verdict> {
  options = ownOf(options);
  const { serverName, peer = 'server', at = Date.now(), ocspResponse, ...rest } = options;
  if (peer !== 'server' && peer !== 'client')
    throw new TlsError('ERR_OPTION', {
      detail: `peer: 'server' or 'client' belongs here, not ${JSON.stringify(peer)}`,
    });
  if (serverName !== undefined && (typeof serverName !== 'string' || peer === 'client'))
    throw new TlsError('ERR_OPTION', {
      detail: peer === 'client' ? 'serverName: a client has none' : 'serverName: a text belongs here',
    });
  const now = at instanceof Date ? at.getTime() : at;
  if (!isTime(now)) throw new TlsError('ERR_OPTION', { detail: 'at: a Date or milliseconds since 1970 belong here' });
  const verifier = certificateVerifier({ ...rest, allowNoServerName: true, maxRememberedPaths: 0 });
  return await verifier.verify({
    role: peer === 'server' ? 'client' : 'server',
    chain: dersOf(chain),
    serverName,
    ocspResponses: [ocspResponse],
    sctLists: [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now,
  });
}

function dersOf(chain: CertificateSource): readonly Uint8Array[] {
  const items: unknown = typeof chain === 'string' || chain instanceof Uint8Array ? [chain] : chain;
  if (!Array.isArray(items) || items.length === 0)
    throw new TlsError('ERR_OPTION', {
      detail: 'chain: PEM, DER, or a list of these with the leaf first belongs here',
    });
  return items.flatMap((item: unknown, index) => {
    if (typeof item === 'object' && item !== null && 'der' in item && item.der instanceof Uint8Array) return [item.der];
    const file = item as string | Uint8Array;
    // Strict: with a leaf that is left out, the next certificate would be taken for it.
    return readParts(file, { what: `chain[${index}]`, kinds: ['certificate'], strict: true }).map(({ der }) => der);
  });
}
