/** Frames of WebSocket (RFC 6455), as a server reads and writes them. */

/** Bytes of a control frame. */
const MAX_CONTROL = 125;

/** What a frame can be. */
export type Opcode = 0 | 1 | 2 | 8 | 9 | 10;

/** A frame, or a part of one: what is carried on is not kept until the frame is whole. */
export interface Frame {
  readonly opcode: Opcode;
  readonly payload: Uint8Array;
}

/** What breaks the rules: the connection is closed with this code (section 7.4.1). */
export class FrameError extends Error {
  override readonly name: string = 'FrameError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Bytes of the longest head of a frame: its kind, a length of eight bytes, the mask. */
const MAX_HEAD = 14;
const MASK = 4;

/** What is being read. */
interface Reading {
  readonly opcode: Opcode;
  readonly mask: Uint8Array;
  readonly length: number;
  /** Bytes of the payload that have come. */
  done: number;
}

/**
 * Cuts what arrives into frames. Control frames may come between the parts of a message, and come whole. Each byte is looked
 * at once, however small the pieces are in which they come.
 */
export class FrameReader {
  readonly #maxPayload: number;
  readonly #head: Buffer = Buffer.alloc(MAX_HEAD);
  #headLength = 0;
  #frame: Reading | undefined;
  readonly #control: Uint8Array = new Uint8Array(MAX_CONTROL);
  #isInMessage = false;

  /** @param maxPayload bytes of one frame. */
  constructor(maxPayload: number) {
    this.#maxPayload = maxPayload;
  }

  /** @throws FrameError */
  read(chunk: Uint8Array): readonly Frame[] {
    const frames: Frame[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#frame === undefined) {
        this.#head[this.#headLength++] = chunk[at++] ?? 0;
        this.#frame = this.#begin();
      }
      if (this.#frame === undefined) continue;
      const part = this.#part(this.#frame, chunk, at);
      at += part.length;
      this.#take(this.#frame, part, frames);
    }
    return frames;
  }

  /** Without its mask. */
  #part({ mask, length, done }: Reading, chunk: Uint8Array, at: number): Uint8Array {
    const part = new Uint8Array(Math.min(length - done, chunk.length - at));
    for (let i = 0; i < part.length; i++) part[i] = (chunk[at + i] ?? 0) ^ (mask[(done + i) & 3] ?? 0);
    return part;
  }

  #take(frame: Reading, part: Uint8Array, frames: Frame[]): void {
    const { opcode, length } = frame;
    const isControl = opcode >= 8;
    if (isControl) this.#control.set(part, frame.done);
    else if (part.length > 0 || opcode === 1) frames.push({ opcode, payload: part });
    frame.done += part.length;
    if (frame.done < length) return;
    if (isControl) frames.push({ opcode, payload: this.#control.slice(0, length) });
    this.#frame = undefined;
    this.#headLength = 0;
  }

  /** What the head says, when there is enough of it. */
  #begin(): Reading | undefined {
    const bytes = this.#head.subarray(0, this.#headLength);
    if (bytes.length < 2) return undefined;
    const first = bytes[0] ?? 0;
    const second = bytes[1] ?? 0;
    const isFinal = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) throw new FrameError(1002, 'reserved bits, and no extension was agreed on');
    const opcode = opcodeOf(first & 0x0f);
    if ((second & 0x80) === 0) throw new FrameError(1002, 'a frame of a client without a mask');
    let length = second & 0x7f;
    let at = 2;
    if (opcode >= 8 && (length > MAX_CONTROL || !isFinal))
      throw new FrameError(1002, 'a control frame that is too long, or in parts');
    if (length === 126) {
      if (bytes.length < 4) return undefined;
      length = bytes.readUInt16BE(2);
      if (length < 126) throw new FrameError(1002, 'a length that is not the shortest');
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return undefined;
      const long = bytes.readBigUInt64BE(2);
      if (long > BigInt(this.#maxPayload)) throw new FrameError(1009, `a frame of ${long} bytes`);
      length = Number(long);
      if (length < 65_536) throw new FrameError(1002, 'a length that is not the shortest');
      at = 10;
    }
    if (length > this.#maxPayload) throw new FrameError(1009, `a frame of ${length} bytes`);
    if (bytes.length < at + MASK) return undefined;
    this.#checkOrder(opcode, isFinal);
    return { opcode, mask: Uint8Array.from(bytes.subarray(at)), length, done: 0 };
  }

  /** A message begins with its kind and continues with parts of kind 0 (section 5.4). */
  #checkOrder(opcode: Opcode, isFinal: boolean): void {
    if (opcode >= 8) return;
    if ((opcode === 0) !== this.#isInMessage) throw new FrameError(1002, 'parts of messages out of order');
    this.#isInMessage = !isFinal;
  }
}

function opcodeOf(value: number): Opcode {
  switch (value) {
    case 0:
    case 1:
    case 2:
    case 8:
    case 9:
    case 10:
      return value;
    default:
      throw new FrameError(1002, `a frame of kind ${value}`);
  }
}

/** A frame of a server, whole and without a mask. */
export function writeFrame(opcode: Opcode, payload: Uint8Array): readonly Uint8Array[] {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return length === 0 ? [head] : [head, payload];
}

/** The content of a close frame. */
export function closePayload(code: number, reason: string): Uint8Array {
  const text = Buffer.from(reason.replace(/[^ -~]/g, '?').slice(0, 120), 'latin1');
  return Buffer.concat([Uint8Array.of(code >> 8, code & 255), text]);
}
