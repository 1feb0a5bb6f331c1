import { fromRuntime } from '../../bytes/shape.ts';
import type { WebSubtle } from '../web-types.ts';

/** WebCrypto where the runtime has it: browsers have it in secure contexts only. */
export function runtimeSubtle(): WebSubtle | undefined {
  const subtle = fromRuntime<{ readonly subtle?: WebSubtle }>('crypto')?.subtle;
  return typeof subtle?.importKey === 'function' ? subtle : undefined;
}

/** Bytes as WebCrypto takes them: memory that is shared with other threads it refuses. */
export function source(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return isOwn(bytes) ? bytes : bytes.slice();
}

function isOwn(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}

/** What WebCrypto calls a hash. */
export function webHash(name: 'sha1' | 'sha256' | 'sha384' | 'sha512'): string {
  return `SHA-${name.slice(3)}`;
}
