/** Frames of WebSocket (RFC 6455), as a server reads and writes them. */

/** What a frame can be. */
export type Opcode = 0 | 1 | 2 | 8 | 9 | 10;

export interface Frame {
  readonly opcode: Opcode;
  readonly isFinal: boolean;
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

/** Cuts what arrives into frames. Control frames may come between the parts of a message. */
export class FrameReader {
  readonly #maxPayload: number;
  #pending: Buffer = Buffer.alloc(0);
  #isInMessage = false;

  /** @param maxPayload bytes of one frame. */
  constructor(maxPayload: number) {
    this.#maxPayload = maxPayload;
  }

  /** @throws FrameError */
  read(chunk: Uint8Array): readonly Frame[] {
    this.#pending = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      const frame = this.#next();
      if (frame === undefined) return frames;
      frames.push(frame);
    }
  }

  #next(): Frame | undefined {
    const bytes = this.#pending;
    if (bytes.length < 2) return undefined;
    const first = bytes[0] ?? 0;
    const second = bytes[1] ?? 0;
    const isFinal = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) throw new FrameError(1002, 'reserved bits, and no extension was agreed on');
    const opcode = opcodeOf(first & 0x0f);
    if ((second & 0x80) === 0) throw new FrameError(1002, 'a frame of a client without a mask');
    const isControl = opcode >= 8;
    let length = second & 0x7f;
    let at = 2;
    if (isControl && (length > 125 || !isFinal))
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
    if (bytes.length < at + 4 + length) return undefined;
    this.#checkOrder(opcode, isFinal);
    const mask = bytes.subarray(at, at + 4);
    const payload = new Uint8Array(length);
    for (let i = 0; i < length; i++) payload[i] = (bytes[at + 4 + i] ?? 0) ^ (mask[i & 3] ?? 0);
    this.#pending = bytes.subarray(at + 4 + length);
    return { opcode, isFinal, payload };
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
