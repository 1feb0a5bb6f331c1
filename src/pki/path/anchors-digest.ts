import { concat, fromAscii, toBase64Url } from '../../bytes/bytes.ts';
import type { Hash } from '../../crypto/types.ts';
import { type Anchor, type AnchorSource, readAnchors } from './anchors.ts';

/**
 * A name for a list of anchors: the same for the same anchors, in whatever order, form and process. Sessions that began
 * under a verifier with this name are resumed under another one with it.
 * @throws TlsError ERR_KEY or ERR_OPTION when one cannot be read.
 */
export function anchorsDigest(source: AnchorSource, hash: Hash): string {
  const digests = readAnchors(source).map((anchor) => toBase64Url(hash.digest(...partsOf(anchor))));
  return toBase64Url(hash.digest(fromAscii([...new Set(digests)].sort().join(' '))));
}

function partsOf(anchor: Anchor): Uint8Array[] {
  const { name, spki, certificate, publicKey: _, nameConstraints, ...settings } = anchor;
  const rules = JSON.stringify([settings, nameConstraints ?? null], (_key, value: unknown) =>
    value instanceof Uint8Array ? toBase64Url(value) : value,
  );
  const parts = [certificate?.der ?? concat(name, spki), new TextEncoder().encode(rules)];
  return parts.flatMap((part) => [lengthOf(part), part]);
}

/** So that no two lists of parts are the same bytes. */
function lengthOf({ length }: Uint8Array): Uint8Array {
  return Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length);
}
