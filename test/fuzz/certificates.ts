import { concat } from '../../src/bytes/bytes.ts';
import { TlsError } from '../../src/errors.ts';
import { parseCertificate, readCrl } from '../../src/pki/index.ts';
import { revocationChecker } from '../../src/pki/revocation.ts';
import { certificateVerifier } from '../../src/pki/verifier.ts';
import type { PeerVerifier } from '../../src/handshake/peer.ts';
import { generator } from '../engine/mutate.ts';
import { noble } from '../support/credentials.ts';
import { serverEntry, trustedRoots } from '../support/pki.ts';

/** Certificates and lists whose DER was changed, shown to the verifier: a verdict, or a TlsError. */

interface Node {
  readonly tag: number;
  readonly content: Uint8Array | Node[];
}

let verifier: PeerVerifier | undefined;

/** @throws Error, with the seed, for anything else. */
export function judgeChanged(seed: number): string {
  const random = generator(seed);
  const chain = serverEntry(['ecdsa-p256', 'rsa-2048', 'ed25519'][random.next(3)] as 'ecdsa-p256').chain.map(derOf);
  verifier ??= certificateVerifier({
    anchors: trustedRoots(),
    signatures: { verify: () => true },
    revocation: revocationChecker({ hash: noble.hash, whenMissing: 'accept' }),
  });
  const at = random.next(chain.length);
  let tree = parse(chain[at]!);
  for (let edits = 1 + random.next(4); edits > 0; edits--) tree = edit(tree, random.next, 0);
  const changed = encodeAll(tree);
  const began = performance.now();
  try {
    const shown = chain.map((der, index) => (index === at ? changed : der));
    const nothing = shown.map(() => undefined);
    const verdict = verifier.verify({
      role: 'client',
      chain: shown,
      serverName: 'server.example',
      ocspResponses: shown.map((_, index) => (index === 0 && random.next(2) === 0 ? changed : undefined)),
      sctLists: nothing,
      certificateSchemes: noble.signatures.map(({ id }) => id),
      keyUse: 'digitalSignature',
      now: Date.UTC(2026, 11, 1),
    });
    let code = verdict instanceof Promise ? 'later' : verdict.ok ? 'ok' : verdict.failure.code;
    for (const read of [readCrl, parseCertificate]) {
      try {
        read(changed);
      } catch (error) {
        if (!(error instanceof TlsError)) throw error;
        code += `, ${error.code}`;
      }
    }
    if (performance.now() - began > 1000) throw new Error('it takes too long');
    return code;
  } catch (error) {
    if (error instanceof TlsError && error.code !== 'ERR_INTERNAL') return error.code;
    throw new Error(`certificate ${seed}: ${String(error)}`, { cause: error });
  }
}

function derOf(pem: string): Uint8Array {
  return new Uint8Array(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
}

/** Whatever looks like DER inside of strings is taken apart too. */
function parse(bytes: Uint8Array): Node[] {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    let length = bytes[at + 1] ?? -1;
    let start = at + 2;
    if (length > 0x80 && length <= 0x84) {
      const width = length - 0x80;
      length = 0;
      for (let i = 0; i < width; i++) length = length * 256 + (bytes[start + i] ?? 0);
      start += width;
    }
    if (length < 0 || length === 0x80 || start + length > bytes.length) return [];
    const inner = bytes.subarray(start, start + length);
    const deeper = (tag & 0x20) !== 0 || tag === 4 ? parse(inner) : [];
    nodes.push({ tag, content: deeper.length > 0 ? deeper : inner });
    at = start + length;
  }
  return nodes;
}

function edit(nodes: readonly Node[], next: (below: number) => number, depth: number): Node[] {
  const out = [...nodes];
  if (out.length === 0) return out;
  const at = next(out.length);
  const node = out[at]!;
  if (Array.isArray(node.content) && (next(4) > 0 || depth < 2)) {
    out[at] = { tag: node.tag, content: edit(node.content, next, depth + 1) };
    return out;
  }
  switch (next(8)) {
    case 0:
      out[at] = {
        tag: [2, 3, 4, 5, 6, 12, 22, 24, 48, 49, 0x80, 0x82, 0xa0, 0xa3, node.tag ^ 0x20][next(15)]!,
        content: node.content,
      };
      break;
    case 1:
      out.splice(at, 1);
      break;
    case 2:
      out.splice(at, 0, node);
      break;
    case 3: {
      const other = next(out.length);
      [out[at], out[other]] = [out[other]!, node];
      break;
    }
    case 4:
      out[at] = { tag: node.tag, content: new Uint8Array(next(3)) };
      break;
    case 5:
      out[at] = { tag: node.tag, content: new Uint8Array([1, 20, 128, 300, 5000][next(5)]!).fill(next(256)) };
      break;
    default: {
      const bytes = (Array.isArray(node.content) ? encodeAll(node.content) : node.content).slice();
      if (bytes.length > 0) bytes[next(bytes.length)] = next(256);
      out[at] = { tag: node.tag, content: bytes };
    }
  }
  return out;
}

function encodeAll(nodes: readonly Node[]): Uint8Array {
  return concat(
    ...nodes.map(({ tag, content }) => {
      const bytes = Array.isArray(content) ? encodeAll(content) : content;
      const { length } = bytes;
      const head =
        length < 0x80
          ? [tag, length]
          : length < 0x100
            ? [tag, 0x81, length]
            : length < 0x10000
              ? [tag, 0x82, length >> 8, length & 255]
              : [tag, 0x83, length >> 16, (length >> 8) & 255, length & 255];
      return concat(Uint8Array.from(head), bytes);
    }),
  );
}
