import { type Annotation, annotate } from './annotate.ts';
import { byteCount } from './describe.ts';
import type { Setting } from './codecs.ts';

/** How a dump is laid out. */
export interface DumpOptions extends Partial<Setting> {
  /** Bytes on a line. Default 16. */
  readonly width?: number | undefined;
  /** Lines of bytes shown of one field, at least 1. Default 2. */
  readonly lines?: number | undefined;
  /** Offset of the first byte, for the left column. Default 0. */
  readonly base?: number | undefined;
}

/**
 * A dump of handshake messages: offset, bytes, field, and what the field says.
 *
 * @example
 * ```text
 * 0000                                                   ClientHello: 197 bytes, RFC 9846 section 4.2.2
 * 0000  01                                                 type: client_hello (1)
 * 0001  00 00 c5                                           length: 197
 * ```
 */
export function dump(bytes: Uint8Array, options: DumpOptions = {}): string {
  return formatAnnotations(bytes, annotate(bytes, settingIn(options)), options);
}

/**
 * The same for annotations made before.
 * @example
 * ```ts
 * import { annotate, formatAnnotations } from 'warifu/inspect';
 * const keyUpdate = Uint8Array.of(24, 0, 0, 1, 1);
 * const text = formatAnnotations(keyUpdate, annotate(keyUpdate).slice(-1));
 * text.startsWith('0004  01 '); // true: offset and byte of the last field
 * text.trimEnd().endsWith('requestUpdate: update_requested (1)'); // true
 * ```
 */
export function formatAnnotations(
  bytes: Uint8Array,
  annotations: readonly Annotation[],
  options: DumpOptions = {},
): string {
  const { width = 16, lines = 2, base = 0 } = options;
  const digits = Math.max(4, (base + bytes.length).toString(16).length);
  const out: string[] = [];
  for (const annotation of annotations) {
    const { kind, start, end, depth, value } = annotation;
    const own = kind === 'message' || kind === 'group' ? 0 : end - start;
    const rows = Math.max(1, Math.ceil(own / width));
    const shown = Math.min(rows, lines);
    for (let row = 0; row < shown; row++) {
      const from = start + row * width;
      const cut = rows > shown && row === shown - 1;
      const hex = hexOf(bytes.subarray(from, own === 0 ? from : Math.min(from + width, end)));
      const label = row === 0 ? `${'  '.repeat(depth)}${marked(annotation)}${value === '' ? '' : `: ${value}`}` : '';
      const more = cut ? `${'  '.repeat(depth)}… ${byteCount(end - from - width)} more` : '';
      const offset = (base + from).toString(16).padStart(digits, '0');
      out.push(`${offset}  ${hex.padEnd(3 * width)} ${label || more}`.trimEnd());
    }
    // A field of one shown line has no second line to say that there is more.
    if (rows > shown && shown === 1)
      out.push(`${' '.repeat(digits + 2 + 3 * width)} ${'  '.repeat(depth)}… ${byteCount(own - width)} more`);
  }
  return `${out.join('\n')}\n`;
}

function marked({ kind, name }: Annotation): string {
  return kind === 'fault' ? `!! ${name}` : name;
}

function settingIn({ version, exchange }: DumpOptions): Partial<Setting> {
  return { ...(version !== undefined && { version }), ...(exchange !== undefined && { exchange }) };
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
