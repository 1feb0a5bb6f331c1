import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import type { HandshakeInfo, PeerInfo } from '../handshake/context.ts';

/** A cipher suite by its names. */
export interface CipherName {
  /** As OpenSSL and node:tls call it. */
  readonly name: string;
  /** As the RFCs call it. */
  readonly standardName: string;
  readonly version: string;
}

/** The cipher suite as `tls.TLSSocket` names it; empty names before it is agreed on. */
export function cipherName({ suite, version }: Readonly<HandshakeInfo>): CipherName {
  if (suite === undefined) return { name: '', standardName: '', version: '' };
  return {
    name: opensslName(suite.name),
    standardName: suite.name,
    version: version ?? '',
  };
}

/** The peer's certificate in the shape of node:tls, which is read for us by node:crypto. */
export function peerCertificate(
  peer: PeerInfo | undefined,
  detailed: boolean,
): PeerCertificate | DetailedPeerCertificate {
  const chain = peer === undefined ? [] : peer.verdict.ok ? peer.verdict.path : peer.chain;
  const shown = (
    detailed ? [...(chain.length > 0 ? chain : (peer?.chain ?? []))] : (peer?.chain.slice(0, 1) ?? [])
  ).map(legacy);
  const [leaf] = shown;
  // As in node:tls: nothing shown is an empty object.
  if (leaf === undefined) return {} as PeerCertificate;
  if (!detailed) return leaf;
  for (const [index, certificate] of shown.entries()) {
    const issuer = shown[index + 1];
    if (issuer !== undefined) Object.assign(certificate, { issuerCertificate: issuer });
    else if (isSelfSigned(certificate)) Object.assign(certificate, { issuerCertificate: certificate });
  }
  return leaf;
}

function legacy(der: Uint8Array): PeerCertificate {
  // Before Node 23 the types do not say that it is the shape of node:tls; it always was.
  return new X509Certificate(der).toLegacyObject() as unknown as PeerCertificate;
}

function isSelfSigned({ subject, issuer }: PeerCertificate): boolean {
  return JSON.stringify(subject) === JSON.stringify(issuer);
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256`; those of TLS 1.3 keep their names. */
export function opensslName(name: string): string {
  const [, exchange, cipher] = /^TLS_(.+)_WITH_(.+)$/.exec(name) ?? [];
  if (exchange === undefined || cipher === undefined) return name;
  const short = cipher
    .replace(/^AES_(\d+)_CBC_/, 'AES$1-')
    .replace(/^AES_(\d+)_/, 'AES$1-')
    .replace(/^CHACHA20_POLY1305_SHA256$/, 'CHACHA20-POLY1305')
    .replace(/^3DES_EDE_CBC_/, 'DES-CBC3-')
    .replaceAll('_', '-')
    .replace(/-CCM-8$/, '-CCM8');
  return exchange === 'RSA' ? short : `${exchange.replaceAll('_', '-')}-${short}`;
}
