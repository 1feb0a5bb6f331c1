import { equalBytes } from '../../bytes/bytes.ts';
import { DerError } from '../../bytes/der.ts';
import type { Verdict } from '../../handshake/peer.ts';
import { checkKey, checkSignatureAlgorithm, checkTime } from '../../pki/path/checks.ts';
import { type Certificate, readCertificate } from '../../pki/x509/certificate.ts';
import { isSelfIssued, sameName } from '../../pki/x509/names.ts';
import { type CertificateFacts, certificateFacts } from '../cert/facts.ts';

/** What is thought of one certificate of a chain. */
export interface CertificateVerdict {
  /** `yes`: it is on the path to what is trusted, and good. `no`: for what is wrong with it the server is refused. */
  readonly verdict: 'yes' | 'no' | 'unknown' | 'unused';
  /** Why, for people. */
  readonly why: string;
}

/** One certificate: where it stands, what it says, what is thought of it. */
export interface ChainEntry extends CertificateVerdict {
  /** Position as it was sent; undefined: the root, which was not sent but is ours. */
  readonly position: number | undefined;
  readonly certificate: CertificateFacts | undefined;
}

/** A verdict for each certificate that was sent, and for the root where it was not. */
export function judgeChain(
  ders: readonly Uint8Array[],
  verdict: Verdict | undefined,
  now: number,
): readonly ChainEntry[] {
  const certificates = ders.map(readable);
  const entries = certificates.map((certificate, position): ChainEntry => {
    const facts = certificate instanceof DerError ? undefined : certificateFacts(certificate, now);
    return { position, certificate: facts, ...judgeOne(certificates, position, verdict, now) };
  });
  if (verdict?.ok !== true) return entries;
  const root = verdict.path.at(-1);
  if (root === undefined || ders.some((der) => equalBytes(der, root))) return entries;
  const certificate = readable(root);
  const facts = certificate instanceof DerError ? undefined : certificateFacts(certificate, now);
  return [
    ...entries,
    { position: undefined, certificate: facts, verdict: 'yes', why: 'trusted here; it was not sent, and need not be' },
  ];
}

function judgeOne(
  all: readonly (Certificate | DerError)[],
  position: number,
  verdict: Verdict | undefined,
  now: number,
): CertificateVerdict {
  const certificate = all[position]!;
  if (certificate instanceof DerError) return { verdict: 'no', why: `it cannot be read: ${certificate.message}` };
  if (verdict === undefined) return { verdict: 'unknown', why: 'it was not judged: the handshake ended before' };
  if (verdict.ok) {
    const place = verdict.path.findIndex((der) => equalBytes(der, certificate.der));
    if (all.slice(0, position).some((one) => !(one instanceof DerError) && equalBytes(one.der, certificate.der)))
      return { verdict: 'unused', why: 'it was sent before' };
    if (place < 0) return { verdict: 'unused', why: 'it is no part of the path: it need not be sent' };
    if (place < verdict.path.length - 1)
      return { verdict: 'yes', why: place === 0 ? 'good' : 'good: it issued the one before it' };
    return { verdict: 'yes', why: position === 0 ? 'trusted here by itself' : 'trusted here; it need not be sent' };
  }
  const { failure } = verdict;
  if (failure.certificate?.position === position) {
    const why = failure.message.replace(/^certificate \d+ \((?:[^()]|\([^()]*\))*\): /, '');
    return { verdict: 'no', why };
  }
  const own =
    checkTime(certificate, now) ??
    checkKey(certificate.publicKey, { minRsaBits: 2048 }) ??
    (isSelfIssued(certificate)
      ? undefined
      : checkSignatureAlgorithm(certificate.signatureAlgorithm, { allowSha1: false, certificateSchemes: [] }));
  if (own !== undefined)
    return { verdict: 'no', why: own.found === undefined ? own.what : `${own.what} (found ${own.found})` };
  const isIssuer = all.some(
    (one, index) => index < position && !(one instanceof DerError) && sameName(one.issuer, certificate.subject),
  );
  return {
    verdict: 'unknown',
    why: `nothing is wrong with it by itself${position > 0 && !isIssuer ? ', but it issued none of the others' : ''}`,
  };
}

function readable(der: Uint8Array): Certificate | DerError {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof DerError) return error;
    throw error;
  }
}
