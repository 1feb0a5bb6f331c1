import { wipe } from '../bytes/bytes.ts';
import type { Secret } from '../handshake/requests.ts';

/**
 * What the step that runs now holds and has not handed on. A step that waits can be given up at any request, and may
 * throw at any line: what it had made by then is overwritten here, so that no step has to say so for itself.
 */
export class Owned {
  /** Only while a step runs or waits. */
  #secrets: Set<Secret> | undefined;

  own<T extends Secret>(secret: T): T {
    this.#secrets ??= new Set();
    this.#secrets.add(secret);
    return secret;
  }

  /** The step has ended: what is still of use is in the data of the state. */
  release(): void {
    this.#secrets = undefined;
  }

  dispose(): void {
    for (const secret of this.#secrets ?? []) overwrite(secret);
    this.#secrets = undefined;
  }
}

export function overwrite(secret: Secret): void {
  if (secret instanceof Uint8Array) wipe(secret);
  else secret.dispose();
}
