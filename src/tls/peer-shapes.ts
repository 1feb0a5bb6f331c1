import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import { isObject } from '../bytes/shape.ts';
import { peerCertificate } from '../node/node-shapes.ts';
import type { PeerInfo } from '../handshake/context.ts';
import { readCertificate } from '../pki/x509/certificate.ts';

/** Certificates in the shapes that node:tls gives them. */

/**
 * The leaf as a plain object, with those of its issuers behind it; empty where there is none.
 * @param path leaf first, as far as it is known; empty: only what was sent.
 */
export function legacyCertificate(
  chain: readonly Uint8Array[],
  path: readonly Uint8Array[],
  detailed: boolean,
): PeerCertificate | DetailedPeerCertificate {
  const info: PeerInfo = {
    chain,
    verdict: { ok: true, publicKey: new Uint8Array(0), path: path.length > 0 ? path : chain },
    identities: undefined,
    ocspResponse: undefined,
    sctList: undefined,
  };
  const leaf = peerCertificate(info, detailed);
  for (let at: unknown = leaf, seen = new Set<unknown>(); isObject(at) && !seen.has(at); ) {
    seen.add(at);
    tidy(at);
    at = Reflect.get(at, 'issuerCertificate');
  }
  return leaf;
}

/** The first certificate for node:crypto, with those behind it as its issuers. */
export function x509([leaf, ...issuers]: readonly Uint8Array[]): X509Certificate | undefined {
  if (leaf === undefined) return undefined;
  const certificate = new X509Certificate(leaf);
  const issuer = x509(issuers);
  if (issuer !== undefined) Object.defineProperty(certificate, 'issuerCertificate', { value: issuer });
  return certificate;
}

/** The key of a certificate that nothing vouches for; undefined: it cannot be read. */
export function spkiOf(der: Uint8Array | undefined): Uint8Array | undefined {
  if (der === undefined) return undefined;
  try {
    return readCertificate(der).spki;
  } catch {
    return undefined;
  }
}

/** Where infoAccess is text, it becomes what node:tls makes of it: lists by the method. */
function tidy(certificate: object): void {
  const text: unknown = Reflect.get(certificate, 'infoAccess');
  if (typeof text !== 'string') return;
  const lists: Record<string, string[]> = Object.create(null);
  for (const [, key, value] of text.matchAll(/([^\n:]*):([^\n]*)(?:\n|$)/g)) {
    if (key === undefined || value === undefined) continue;
    const plain: unknown = value.startsWith('"') ? JSON.parse(value) : value;
    lists[key] = [...(lists[key] ?? []), String(plain)];
  }
  Reflect.set(certificate, 'infoAccess', lists);
}
