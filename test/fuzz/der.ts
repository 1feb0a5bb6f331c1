import { concat } from '../../src/bytes/bytes.ts';
import { derElement } from '../../src/bytes/der-writer.ts';
import type { Generator } from '../engine/mutate.ts';

/** Changes to DER, by node: lengths around a change are right again. */

interface Node {
  readonly tag: number;
  readonly content: Uint8Array | Node[];
}

/** One to four changes. Nothing is left of what is no DER. */
export function changedDer(bytes: Uint8Array, random: Generator): Uint8Array {
  let tree = parse(bytes);
  for (let edits = 1 + random.next(4); edits > 0; edits--) tree = edit(tree, random.next, 0);
  return encodeAll(tree);
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
    ...nodes.map(({ tag, content }) => derElement(tag, Array.isArray(content) ? encodeAll(content) : content)),
  );
}
