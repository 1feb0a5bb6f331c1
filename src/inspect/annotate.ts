import { TlsError } from '../errors.ts';
import { decode } from '../wire/codec.ts';
import type { Carrier } from '../wire/extension.ts';
import { extensionFor, FIRST_SETTING, type Reading, readingOf, type Setting, settingAfter } from './codecs.ts';
import { byteCount, describeValue } from './describe.ts';
import { extensionName, handshakeTypeName } from './names.ts';

/**
 * What each byte of a handshake message is. The same description that reads and writes a message tells of its fields
 * here, so the dump cannot say anything else than what the library understood.
 */

/** A stretch of bytes and what it means. A `group` holds the annotations that follow it and lie inside it. */
export interface Annotation {
  readonly kind: 'message' | 'group' | 'length' | 'field' | 'fault';
  /** `ClientHello.extensions[2].data[0].group`. */
  readonly path: string;
  /** Its last part: `group`. */
  readonly name: string;
  /** Offset of its first byte, and of the byte behind its last one, in what was given. */
  readonly start: number;
  readonly end: number;
  /** 0 for a message; one more for each group around it. */
  readonly depth: number;
  /** For people: `x25519`, `"example.com"`, `32 bytes`. */
  readonly value: string;
}

/**
 * Annotates handshake messages one after the other, each with its header of four bytes. Never throws for what it is
 * given: where reading fails, a `fault` says why and the rest of that message is a single field.
 *
 * @param setting version and, for TLS 1.2, kind of key exchange. Taken from a ServerHello when there is one; otherwise
 * TLS 1.3.
 */
export function annotate(bytes: Uint8Array, setting: Partial<Setting> = {}): Annotation[] {
  let current: Setting = { ...FIRST_SETTING, ...setting };
  const out: Annotation[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 4) {
      out.push(fault('handshake header', at, bytes.length, 0, `4 bytes needed, ${bytes.length - at} left`));
      break;
    }
    const type = bytes[at]!;
    const length = bytes[at + 1]! * 0x10000 + bytes[at + 2]! * 0x100 + bytes[at + 3]!;
    const end = Math.min(at + 4 + length, bytes.length);
    const body = bytes.subarray(at + 4, end);
    const reading = readingOf(type, body, current);
    out.push(...annotateMessage(type, length, body, at, reading));
    current = settingAfter(type, body, current);
    at = end;
  }
  return out;
}

interface Event {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly value: unknown;
  /** Says it outright, instead of the value. */
  readonly text?: string;
  readonly kind?: 'field' | 'fault';
  /** Id of the extension it lies in. */
  readonly extension?: number;
}

function annotateMessage(type: number, length: number, body: Uint8Array, at: number, reading: Reading): Annotation[] {
  const { name, rfc, codec, carrier } = reading;
  const end = at + 4 + body.length;
  const events: Event[] = [
    { path: `${name}.type`, start: at, end: at + 1, value: type, text: numbered(handshakeTypeName(type), type) },
    { path: `${name}.length`, start: at + 1, end: at + 4, value: length },
  ];
  const tracer = new Tracer(at + 4, carrier);
  let problem = body.length < length ? `${byteCount(length)} announced, ${body.length} there` : undefined;
  try {
    decode(codec, body, tracer, name);
  } catch (error) {
    problem ??= error instanceof TlsError ? error.message : String(error);
  }
  events.push(...tracer.events);
  if (problem !== undefined) events.push(...leftOver(name, events, end, problem));
  return [
    { kind: 'message', path: name, name, start: at, end, depth: 0, value: `${byteCount(body.length)}, ${rfc}` },
    ...arrange(events),
  ];
}

/** Collects what a codec tells of its fields, and reads extensions further by their own codecs. */
class Tracer {
  readonly events: Event[] = [];
  readonly #base: number;
  readonly #carrier: Carrier | undefined;
  readonly #extension: number | undefined;
  #type = -1;

  constructor(base: number, carrier: Carrier | undefined, extension?: number) {
    this.#base = base;
    this.#carrier = carrier;
    this.#extension = extension;
  }

  field(path: string, start: number, end: number, _depth: number, value: unknown): void {
    const inside = this.#extension === undefined ? {} : { extension: this.#extension };
    const event: Event = { path, start: start + this.#base, end: end + this.#base, value, ...inside };
    const inExtension = this.#carrier !== undefined && this.#extension === undefined;
    if (inExtension && /extensions\[\d+\]\.type$/.test(path)) {
      this.#type = value as number;
      this.events.push({ ...event, text: numbered(extensionName(this.#type), this.#type) });
    } else if (inExtension && /extensions\[\d+\]\.data$/.test(path) && value instanceof Uint8Array) {
      this.#readExtension(event, value);
    } else if (inExtension && /extensions\[\d+\]$/.test(path)) {
      this.events.push({ ...event, text: extensionName(this.#type) });
    } else {
      this.events.push(event);
    }
  }

  #readExtension(event: Event, data: Uint8Array): void {
    const codec = extensionFor(this.#type)?.in[this.#carrier!];
    if (codec === undefined || data.length === 0) {
      this.events.push({ ...event, extension: this.#type });
      return;
    }
    const base = event.end - data.length;
    const path = `${event.path}.${extensionName(this.#type)}`;
    const tracer = new Tracer(base, this.#carrier, this.#type);
    let text: string | undefined;
    let problem: Event | undefined;
    try {
      const value: unknown = decode(codec, data, tracer, path);
      text = describeValue({ path, value, extension: this.#type });
    } catch (error) {
      const why = error instanceof TlsError ? error.message : String(error);
      const start = Math.max(base, ...tracer.events.map(({ end }) => end));
      problem = { path: `${event.path}!`, start, end: event.end, value: data, text: why, kind: 'fault' };
    }
    this.events.push(...tracer.events, { ...event, extension: this.#type, ...(text !== undefined && { text }) });
    if (problem !== undefined) this.events.push(problem);
  }
}

/** The number goes along where the name does not hold it already. */
function numbered(name: string, id: number): string {
  return /[0-9]{2}|^[0-9]$|0x/.test(name) ? name : `${name} (${id})`;
}

/** What a failed reading did not get to, and why it failed. */
function leftOver(name: string, events: readonly Event[], end: number, problem: string): Event[] {
  const reached = Math.max(...events.map((event) => event.end));
  return [{ path: `${name}!`, start: Math.min(reached, end), end, value: undefined, text: problem, kind: 'fault' }];
}

interface Node {
  readonly event: Event;
  readonly parts: Node[];
}

/** Puts parts behind the whole that holds them, so that the bytes of all but groups follow one another without a gap. */
function arrange(events: readonly Event[]): Annotation[] {
  const sorted = [...events].sort((a, b) => a.start - b.start || b.end - a.end || a.path.length - b.path.length);
  const roots: Node[] = [];
  const open: Node[] = [];
  for (const event of sorted) {
    while (open.length > 0 && !holds(open.at(-1)!.event, event)) open.pop();
    const node: Node = { event, parts: [] };
    (open.at(-1)?.parts ?? roots).push(node);
    open.push(node);
  }
  return roots.flatMap((node) => flatten(node, 1));
}

function flatten({ event, parts }: Node, depth: number): Annotation[] {
  const [length] = parts;
  if (length === undefined) return [annotation(event, event.kind ?? 'field', depth)];
  if (parts.length > 1 || !isLength(length.event)) {
    return [annotation(event, 'group', depth), ...parts.flatMap((part) => flatten(part, depth + 1))];
  }
  // A vector of bytes: its length, then its content; an empty one is a single line.
  if (event.end === length.event.end) return [annotation(event, 'field', depth)];
  return [annotation(length.event, 'length', depth), annotation({ ...event, start: length.event.end }, 'field', depth)];
}

function annotation(event: Event, kind: Annotation['kind'], depth: number): Annotation {
  const path = event.path.replace(/(#length|!)$/, '');
  const last = path.slice(path.lastIndexOf('.') + 1);
  const name = isLength(event) ? `${last} length` : last;
  return { kind, path, name, start: event.start, end: event.end, depth, value: event.text ?? describeValue(event) };
}

function isLength(event: Event): boolean {
  return event.path.endsWith('#length');
}

function holds(outer: Event, inner: Event): boolean {
  if (inner.start < outer.start || inner.end > outer.end || inner.path === outer.path) return false;
  return inner.path.startsWith(outer.path) && /^[.[#!]/.test(inner.path.slice(outer.path.length));
}

function fault(path: string, start: number, end: number, depth: number, value: string): Annotation {
  return { kind: 'fault', path, name: path, start, end, depth, value };
}
