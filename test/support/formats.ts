import { readFileSync } from 'node:fs';

/** Files of vectors/formats, made by OpenSSL. */

export const FORMATS_PASSWORD = 'correct horse';

export function formatFile(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../vectors/formats/${name}`, import.meta.url)));
}

export function formatText(name: string): string {
  return readFileSync(new URL(`../../vectors/formats/${name}`, import.meta.url), 'utf8');
}
