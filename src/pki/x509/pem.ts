import { TlsError } from '../../errors.ts';

/** Of base64, in one block: 12 MB of DER. */
const MAX_CHARACTERS = 16_777_216;

/** One block of a PEM text (RFC 7468). */
export interface PemBlock {
  /** "CERTIFICATE", "PRIVATE KEY", … */
  readonly label: string;
  readonly der: Uint8Array;
  /** Lines such as "Proc-Type: 4,ENCRYPTED" of old private keys. */
  readonly headers: readonly string[];
}

/**
 * Every block of a text, in order. Blank lines, Windows line ends and anything between the blocks are ignored.
 * @throws TlsError ERR_KEY, with the line, when a block is broken.
 *
 * @example
 * ```ts
 * import { readPem } from 'warifu/pki';
 * const [block] = readPem('-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----');
 * block?.der; // Uint8Array [0x30, 0]
 * ```
 */
export function readPem(text: string): readonly PemBlock[] {
  const { blocks, problems, misshapen } = scanPem(text);
  const problem = misshapen ?? problems[0];
  if (problem !== undefined) throw broken(problem);
  return blocks.map(({ line: _, ...block }) => block);
}

/** What is in a text, and what is wrong with it. */
export interface PemScan {
  /** `line`: where it begins, from 1. */
  readonly blocks: readonly (PemBlock & { readonly line: number })[];
  /** Blocks that cannot be read, each in a sentence. */
  readonly problems: readonly string[];
  /** The lines of the text are not what they should be, so that blocks may have been missed. */
  readonly misshapen: string | undefined;
}

/** Every block that can be read, and what cannot. Never throws for what is in the text. */
export function scanPem(text: string): PemScan {
  const blocks: (PemBlock & { readonly line: number })[] = [];
  const problems: string[] = [];
  let misshapen: string | undefined;
  let open:
    | { readonly label: string; readonly line: number; readonly headers: string[]; base64: string[]; size: number }
    | undefined;
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = raw.trim();
    const at = `line ${index + 1}`;
    const begin = /^-----BEGIN ([A-Z0-9 #]+)-----$/.exec(line);
    const end = /^-----END ([A-Z0-9 #]+)-----$/.exec(line);
    if (begin !== null) {
      if (open !== undefined) problems.push(`${at}: a block begins inside the one of line ${open.line}`);
      open = { label: begin[1]!, line: index + 1, headers: [], base64: [], size: 0 };
    } else if (end !== null) {
      if (open === undefined) problems.push(`${at}: a block ends that has not begun`);
      else if (end[1] !== open.label) problems.push(`${at}: "${open.label}" ends as "${end[1]}"`);
      else close(open, blocks, problems);
      open = undefined;
    } else if (open !== undefined && line.startsWith('-----END ') && line.includes('-----BEGIN ')) {
      misshapen ??= `${at}: END and BEGIN are on one line: put a line break between them`;
    } else if (/^-----BEGIN [A-Z0-9 #]+-----./.test(line)) {
      misshapen ??= line.includes('\\n')
        ? `${at}: the line breaks are spelled out as \\n, as variables of the environment often have them: replace them first, text.replaceAll("\\\\n", "\\n")`
        : `${at}: something stands behind BEGIN on its line: put a line break there`;
    } else if (open !== undefined && open.size <= MAX_CHARACTERS) {
      if (line.includes(':') && open.size === 0) open.headers.push(line);
      else {
        open.base64.push(line);
        open.size += line.length;
      }
    }
  }
  if (open !== undefined) problems.push(`the block of line ${open.line} has no end`);
  return { blocks, problems, misshapen };
}

function close(
  {
    label,
    line,
    headers,
    base64,
    size,
  }: {
    readonly label: string;
    readonly line: number;
    readonly headers: readonly string[];
    readonly base64: readonly string[];
    readonly size: number;
  },
  blocks: (PemBlock & { readonly line: number })[],
  problems: string[],
): void {
  if (size > MAX_CHARACTERS) {
    problems.push(`the block of line ${line} is larger than any that is read`);
    return;
  }
  const der = fromBase64(base64.join(''));
  if (der === undefined) problems.push(`the block of line ${line} is not base64`);
  else blocks.push({ label, der, headers, line });
}

/**
 * One block, lines of 64 characters.
 * @example
 * ```ts
 * import { writePem } from 'warifu/pki';
 * writePem('CERTIFICATE', Uint8Array.of(0x30, 0)); // '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n'
 * ```
 */
export function writePem(label: string, der: Uint8Array): string {
  const lines = encodeBase64(der).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** @throws TlsError ERR_KEY for anything but padded base64. */
export function decodeBase64(text: string, what: string): Uint8Array {
  const bytes = fromBase64(text);
  if (bytes === undefined) throw broken(`${what} is not base64`);
  return bytes;
}

/** Undefined for anything but padded base64. */
function fromBase64(text: string): Uint8Array | undefined {
  if (text.length === 0 || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const last = ALPHABET.indexOf(text[text.length - padding - 1]!);
  // RFC 4648 section 3.5: bits that no byte uses are zero, or two texts would stand for the same bytes.
  if (padding > 0 && (last & (padding === 1 ? 3 : 15)) !== 0) return undefined;
  const out = new Uint8Array((text.length / 4) * 3 - padding);
  for (let i = 0, at = 0; i < text.length; i += 4) {
    let bits = 0;
    for (let k = 0; k < 4; k++) bits = (bits << 6) | Math.max(0, ALPHABET.indexOf(text[i + k]!));
    for (let k = 0; k < 3 && at < out.length; k++) out[at++] = (bits >> (16 - 8 * k)) & 255;
  }
  return out;
}

export function encodeBase64(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const bits = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const have = Math.min(3, bytes.length - i);
    for (let k = 0; k < 4; k++) out += k <= have ? ALPHABET[(bits >> (18 - 6 * k)) & 63] : '=';
  }
  return out;
}

function broken(detail: string): TlsError {
  return new TlsError('ERR_KEY', { detail: `PEM: ${detail}`, rfc: 'RFC 7468' });
}
