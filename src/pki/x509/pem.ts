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
 * Every block of a text, in order. Blank lines, Windows line ends and anything between the blocks are passed over.
 * @throws TlsError ERR_KEY, with the line, when a block is broken.
 */
export function readPem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly line: number; readonly headers: string[]; base64: string } | undefined;
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = raw.trim();
    const at = `line ${index + 1}`;
    const begin = /^-----BEGIN ([A-Z0-9 ]+)-----$/.exec(line);
    const end = /^-----END ([A-Z0-9 ]+)-----$/.exec(line);
    if (begin !== null) {
      if (open !== undefined) throw broken(`${at}: a block begins inside the one of line ${open.line}`);
      open = { label: begin[1]!, line: index + 1, headers: [], base64: '' };
    } else if (end !== null) {
      if (open === undefined) throw broken(`${at}: a block ends that has not begun`);
      if (end[1] !== open.label) throw broken(`${at}: "${open.label}" ends as "${end[1]}"`);
      blocks.push({
        label: open.label,
        der: decodeBase64(open.base64, `the block of line ${open.line}`),
        headers: open.headers,
      });
      open = undefined;
    } else if (open !== undefined) {
      if (line.includes(':') && open.base64 === '') open.headers.push(line);
      else open.base64 += line;
      if (open.base64.length > MAX_CHARACTERS)
        throw broken(`the block of line ${open.line} is larger than any that is read`);
    }
  }
  if (open !== undefined) throw broken(`the block of line ${open.line} has no end`);
  return blocks;
}

/** One block, lines of 64 characters. */
export function writePem(label: string, der: Uint8Array): string {
  const lines = encodeBase64(der).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** @throws TlsError ERR_KEY for anything but padded base64. */
export function decodeBase64(text: string, what: string): Uint8Array {
  if (text.length === 0 || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw broken(`${what} is not base64`);
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const last = ALPHABET.indexOf(text[text.length - padding - 1]!);
  // RFC 4648 section 3.5: bits that no byte uses are zero, or two texts would stand for the same bytes.
  if (padding > 0 && (last & (padding === 1 ? 3 : 15)) !== 0) throw broken(`${what} is not base64`);
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
