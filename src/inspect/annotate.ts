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
  /** `ClientHello.extensions[9].key_share[0].group`. */
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
 *
 * @example
 * ```ts
 * import { annotate } from 'warifu/inspect';
 * const keyUpdate = Uint8Array.of(24, 0, 0, 1, 1);
 * const last = annotate(keyUpdate).at(-1);
 * last?.path; // 'KeyUpdate.requestUpdate'
 * last?.value; // 'update_requested (1)'
 * ```
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
    for (const annotation of annotateMessage(type, length, body, at, reading)) out.push(annotation);
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
  for (const event of tracer.events) events.push(event);
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
    if (inExtension && /extensions\[\d+\]\.type$/.test(path) && typeof value === 'number') {
      this.#type = value;
      this.events.push({ ...event, text: numbered(extensionName(this.#type), this.#type) });
    } else if (inExtension && /extensions\[\d+\]\.data$/.test(path) && value instanceof Uint8Array) {
      this.#readExtension(event, value);
    } else if (inExtension && /extensions\[\d+\]$/.test(path)) {
      this.events.push({ ...event, text: extensionName(this.#type) });
    } else {
      this.events.push(event);
    }
  }

  /** In place of the data as bytes stands what they say, under the extension's own name. */
  #readExtension(event: Event, data: Uint8Array): void {
    const id = this.#type;
    const codec = extensionFor(id)?.in[this.#carrier!];
    if (codec === undefined || data.length === 0) {
      this.events.push({ ...event, extension: id });
      return;
    }
    const base = event.end - data.length;
    const path = event.path.replace(/data$/, extensionName(id));
    const tracer = new Tracer(base, this.#carrier, id);
    let last: Event;
    try {
      const value: unknown = decode(codec, data, tracer, path);
      last = { path, start: base, end: event.end, value, extension: id };
    } catch (error) {
      const text = error instanceof TlsError ? error.message : String(error);
      last = {
        path: `${path}!`,
        start: furthest(tracer.events, base),
        end: event.end,
        value: data,
        text,
        kind: 'fault',
      };
    }
    for (const inner of tracer.events) this.events.push(inner);
    this.events.push(last);
  }
}

/** The number goes along where the name does not hold it already. */
function numbered(name: string, id: number): string {
  return /[0-9]{2}|^[0-9]$|0x/.test(name) ? name : `${name} (${id})`;
}

/** What a failed reading did not get to, and why it failed. */
function leftOver(name: string, events: readonly Event[], end: number, problem: string): Event[] {
  return [
    {
      path: `${name}!`,
      start: Math.min(furthest(events, 0), end),
      end,
      value: undefined,
      text: problem,
      kind: 'fault',
    },
  ];
}

function furthest(events: readonly Event[], from: number): number {
  return events.reduce((most, event) => Math.max(most, event.end), from);
}

interface Node {
  readonly event: Event;
  readonly parts: Node[];
}

/** Puts parts behind the whole that holds them, so that the bytes of all but groups follow one another without a gap. */
function arrange(events: readonly Event[]): Annotation[] {
  // A fault without bytes stands where reading ended, before whatever begins there.
  const sorted = [...events].sort(
    (a, b) =>
      a.start - b.start ||
      Number(a.end > a.start) - Number(b.end > b.start) ||
      b.end - a.end ||
      a.path.length - b.path.length,
  );
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
