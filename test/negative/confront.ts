import { concat } from '../../src/bytes/bytes.ts';
import { encodeSubjectPublicKeyInfo } from '../../src/crypto/spki.ts';
import type { PublicKey } from '../../src/crypto/types.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { EngineEvent } from '../../src/engine/event.ts';
import type { PeerVerifier } from '../../src/handshake/peer.ts';
import { type Codec, decode, encode } from '../../src/wire/codec.ts';
import type { RawExtension } from '../../src/wire/extension.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import { type Forgery, type Change, misbehaving, recordOf, type Sealable } from '../../src/testkit/misbehaving.ts';
import { type ClientParts, makeClient, makeServer, type ServerParts } from '../support/pair.ts';

/** An honest engine, and one that breaks a single rule: under the right keys, and consistently. */

export interface Row {
  /** The rule, and where it stands. */
  readonly rule: string;
  readonly client?: ClientParts;
  readonly server?: ServerParts;
  /** How it is broken in messages. */
  readonly change?: Change;
  /** How it is broken in records: what becomes of each piece that the misbehaving peer writes. */
  readonly wire?: (bytes: Uint8Array, number: number) => readonly Uint8Array[];
  /** How it is broken in records that are sealed after that, with the right keys. */
  readonly forge?: Forgery;
  /** What the misbehaving peer does when its connection is open, or as soon as it can. */
  readonly later?: (peer: Engine) => void;
  /** What the honest side makes of it; without a code it continues, and has to. */
  readonly code?: string;
  readonly alert?: number;
}

export interface Outcome {
  readonly status: string;
  readonly code: string | undefined;
  readonly alert: number | undefined;
  readonly told: boolean;
}

/** Lets the two talk until both are silent. */
export function confront(honestRole: 'client' | 'server', row: Row): Outcome {
  const { change = (message: Uint8Array): Uint8Array => message, wire = (bytes: Uint8Array) => [bytes], later } = row;
  let broken = row.wire !== undefined || later !== undefined;
  const mouth = misbehaving(
    (message, number) => {
      const said = change(message, number);
      if (said !== message) broken = true;
      return said;
    },
    (record, number) => {
      const records = row.forge?.(record, number) ?? [record];
      if (records.length !== 1 || records[0] !== record) broken = true;
      return records;
    },
  );
  const client = (): Engine => makeClient(row.client);
  const server = (): Engine => makeServer(row.server);
  const honest = honestRole === 'client' ? client() : server();
  const misbehavingEngine = honestRole === 'client' ? server() : client();
  honest.start();
  mouth.turn(() => misbehavingEngine.start());
  const said: EngineEvent[] = [];
  let pieces = 0;
  let acted = false;
  for (let turn = 0; turn < 40; turn++) {
    const mine = turnOf(honest);
    said.push(...mine);
    for (const step of mine) if (step.type === 'write') misbehavingEngine.receive(step.bytes);
    const theirs = mouth.turn(() => turnOf(misbehavingEngine));
    for (const step of theirs)
      if (step.type === 'write') for (const piece of wire(step.bytes, pieces++)) honest.receive(piece);
    if (mine.length + theirs.length > 0) continue;
    if (acted || misbehavingEngine.status !== 'open') break;
    acted = true;
    mouth.turn(() => {
      later?.(misbehavingEngine);
      misbehavingEngine.send(new Uint8Array(10));
    });
  }
  if (!broken) throw new Error('nothing was broken: the row shows nothing');
  const failed = said.find((step) => step.type === 'failed')?.error;
  return {
    status: honest.status,
    code: failed?.code,
    alert: failed?.alert,
    told: said.some((step) => step.type === 'data'),
  };
}

function turnOf(engine: Engine): EngineEvent[] {
  const steps: EngineEvent[] = [];
  for (let step = engine.next(); step.type !== 'wait'; step = engine.next()) {
    if (step.type === 'request') engine.answer(step.request);
    else steps.push(step);
  }
  return steps;
}

/** Takes any certificate, and reads this key out of it. */
export function keyIs(key: PublicKey): PeerVerifier {
  return { verify: ({ chain }) => ({ ok: true, publicKey: encodeSubjectPublicKeyInfo(key), path: chain }) };
}

/** Changes the body of a message of this type: the first, or the one with this number among them. */
export function body(type: number, change: (body: Uint8Array) => Uint8Array, nth = 0): Change {
  return message(type, (raw) => encodeHandshake(type, change(raw.subarray(4))), nth);
}

/** Puts something else in place of a message of this type. */
export function message(type: number, change: (raw: Uint8Array) => Uint8Array, nth = 0): Change {
  let count = 0;
  return (raw) => (raw[0] === type && count++ === nth ? change(raw) : raw);
}

/** Changes a message as what it is. */
export function as<T>(type: number, codec: Codec<T>, change: (value: T) => T, nth = 0): Change {
  return body(type, (bytes) => encode(codec, change(decode(codec, bytes))), nth);
}

export const dropped = (type: number): Change => message(type, () => new Uint8Array(0));
export const twice = (type: number): Change => message(type, (raw) => concat(raw, raw));
export const after = (type: number, ...extra: number[]): Change =>
  message(type, (raw) => concat(raw, Uint8Array.from(extra)));
export const before = (type: number, ...extra: number[]): Change =>
  message(type, (raw) => concat(Uint8Array.from(extra), raw));
/** The last byte of the message is another. */
export const lastByte = (type: number, nth = 0): Change =>
  body(type, (bytes) => bytes.with(bytes.length - 1, bytes[bytes.length - 1]! ^ 1), nth);

export const sealed = (type: number, ...content: number[]): Sealable => recordOf(type, Uint8Array.from(content));
/** In place of the first record that is sealed: it has a message of the handshake, or early data. */
export const firstSealed =
  (change: (record: Sealable) => readonly Sealable[]): Forgery =>
  (record, number) =>
    number === 0 ? change(record) : [record];

interface Extended {
  readonly extensions: RawExtension[];
}

/** An extension in place of that of its type, or behind all others. */
export function put<T extends Extended>(type: number, ...data: number[]): (value: T) => T {
  return (value) => {
    const extension = { type, data: Uint8Array.from(data) };
    const there = value.extensions.some((one) => one.type === type);
    const extensions = there
      ? value.extensions.map((one) => (one.type === type ? extension : one))
      : [extension, ...value.extensions];
    return { ...value, extensions };
  };
}

export function without<T extends Extended>(type: number): (value: T) => T {
  return (value) => ({ ...value, extensions: value.extensions.filter((one) => one.type !== type) });
}

export function doubled<T extends Extended>(type: number): (value: T) => T {
  return (value) => ({
    ...value,
    extensions: value.extensions.flatMap((one) => (one.type === type ? [one, one] : [one])),
  });
}
