import { concat } from '../../src/bytes/bytes.ts';
import { recordOf, type Sealable } from '../../src/testkit/misbehaving.ts';
import type { Edit } from './edits.ts';

/** Changes to records by a peer that has the keys: their types, their padding, where they begin and end. */

export function forged(records: readonly Sealable[], { where, value }: Edit): Sealable[] {
  const [record, ...others] = records;
  if (record === undefined) return [];
  const { type, content, padding } = record;
  const cut = where % (content.length + 1);
  const pick = <T>(list: readonly T[]): T => list[(value >> 4) % list.length]!;
  const extra = (more: Uint8Array, kind: number = type): Sealable => recordOf(kind, more);
  const changed = ((): Sealable[] => {
    switch (value % 14) {
      case 0:
        return [{ type: pick(TYPES), content, padding }];
      case 1:
        return [extra(content.slice(0, cut)), extra(content.slice(cut))];
      case 2:
        return [record, extra(NOTHING, pick(TYPES))];
      case 3:
        return [extra(NOTHING, pick(TYPES)), record];
      case 4:
        return [{ type, content, padding: pick([1, 255, 256, MOST - content.length - 1, MOST - content.length]) }];
      case 5:
        return [extra(new Uint8Array(pick([0, 1, 100, MOST])), 0)];
      case 6:
        return [extra(pick(ALERTS), 21), record];
      case 7:
        return [...Array.from({ length: pick([2, 17, 33, 100]) }, () => extra(NOTHING, 23)), record];
      case 8:
        return [extra(concat(content, new Uint8Array(Math.max(0, pick([1, MOST, MOST + 1]) - content.length))))];
      case 9:
        return [record, record];
      case 10:
        return [];
      case 11:
        return [extra(Uint8Array.of(pick([1, 0, 2])), 20), record];
      case 12:
        return [extra(content.slice(0, cut)), extra(Uint8Array.of(1, 2, 3), 23), extra(content.slice(cut))];
      default:
        return [extra(content.map((byte, index) => (index === cut ? byte ^ (1 << ((value >> 4) % 8)) : byte)))];
    }
  })();
  return [...changed.map((one) => ({ ...one, padding: Math.max(0, one.padding) })), ...others];
}

/** Most bytes of content in a record (RFC 9846 section 5.1). */
const MOST = 16_384;
const NOTHING = new Uint8Array(0);
const TYPES: readonly number[] = [0, 20, 21, 22, 23, 24, 26, 255];
const ALERTS: readonly Uint8Array[] = [[1, 0], [1, 90], [1, 100], [2, 40], [2, 0], [1], [1, 0, 1], [0, 0], [1, 41]].map(
  (bytes) => Uint8Array.from(bytes),
);
