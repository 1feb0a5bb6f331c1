import type { TraceEvent } from '../handshake/config.ts';
import type { Role } from '../handshake/peer.ts';
import { drawText } from '../inspect/draw-text.ts';
import { type Recorder, recordLadder } from '../inspect/ladder.ts';

const CLIENT_HELLO = 1;
const FINISHED = 20;
const HEADER = 4;
/** Extensions of a ClientHello. */
const STATUS_REQUEST = 5;
const SIGNATURE_ALGORITHMS = 13;

/** What node:tls lets programs ask of a handshake afterwards. */
export class HandshakeRecord {
  readonly #finished: Map<Role, Uint8Array> = new Map();
  #hello: Uint8Array | undefined;
  #ladder: Recorder | undefined;

  /** For the engine. */
  readonly onTrace = (event: TraceEvent): void => {
    this.#ladder?.onTrace(event);
    if (event.type !== 'message') return;
    if (event.handshakeType === CLIENT_HELLO) this.#hello = event.raw;
    if (event.handshakeType === FINISHED) this.#finished.set(event.from, event.raw.subarray(HEADER));
  };

  /** From now on the handshake is kept, to be drawn. */
  draw(): void {
    this.#ladder ??= recordLadder();
  }

  /** The handshake as a ladder; undefined: it was not asked for, or has been given out. */
  takeDrawing(): string | undefined {
    const ladder = this.#ladder;
    this.#ladder = undefined;
    return ladder === undefined || ladder.rungs.length === 0 ? undefined : drawText(ladder.rungs);
  }

  /** verify_data of one side. */
  finished(role: Role): Uint8Array | undefined {
    return this.#finished.get(role);
  }

  /** SignatureScheme ids that the client named, in its order. */
  get clientSchemes(): readonly number[] {
    return this.#hello === undefined ? [] : schemesIn(this.#hello);
  }
}

/** Does the client ask for a stapled OCSP response? */
export function asksForOcsp(hello: Uint8Array): boolean {
  return extensionOf(hello, STATUS_REQUEST) !== undefined;
}

function schemesIn(hello: Uint8Array): readonly number[] {
  const list = extensionOf(hello, SIGNATURE_ALGORITHMS);
  if (list === undefined) return [];
  return Array.from(
    { length: (list.length - 2) >> 1 },
    (_, index) => (list[2 * index + 2]! << 8) | list[2 * index + 3]!,
  );
}

/** The content of an extension. The message has been read already: what cannot be found is not there. */
function extensionOf(hello: Uint8Array, wanted: number): Uint8Array | undefined {
  const at = (offset: number): number => hello[offset] ?? 0;
  const two = (offset: number): number => (at(offset) << 8) | at(offset + 1);
  let offset = HEADER + 34;
  offset += 1 + at(offset);
  offset += 2 + two(offset);
  offset += 1 + at(offset) + 2;
  while (offset + 4 <= hello.length) {
    const length = two(offset + 2);
    if (two(offset) === wanted) return hello.subarray(offset + 4, offset + 4 + length);
    offset += 4 + length;
  }
  return undefined;
}
