import { bytesOf } from '../bytes/bytes.ts';
import { describe } from '../engine/config/rules.ts';

/** A chunk of the program's as bytes. @throws TypeError for anything that has none, which is the mistake of one call. */
export function chunkOf(chunk: unknown): Uint8Array {
  const bytes = bytesOf(chunk);
  if (bytes !== undefined) return bytes;
  const advice = typeof chunk === 'string' ? 'new TextEncoder().encode(text)' : 'a Uint8Array';
  throw new TypeError(`writable: expected an ArrayBuffer or a view of one, found ${kindOf(chunk)}; write ${advice}`);
}

/** What a wrong chunk is. Never what is in it: it can be a secret. */
export function kindOf(chunk: unknown): string {
  return typeof chunk === 'string' ? 'a string' : describe(chunk);
}
