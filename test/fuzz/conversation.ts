import { equalBytes } from '../../src/bytes/bytes.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { EngineEvent } from '../../src/engine/event.ts';
import { TlsError } from '../../src/errors.ts';
import { misbehaving } from '../../src/testkit/misbehaving.ts';
import { makeClient, makeServer } from '../support/pair.ts';
import { timeLimit } from './answered.ts';
import { applyEdit, type Edit } from './edits.ts';
import { forged } from './records.ts';
import { sidesOf, type TargetName } from './targets.ts';

/** One conversation of an honest engine with one that misbehaves: what was changed, and how it ended. */

export interface Input {
  readonly target: TargetName;
  readonly edits: readonly Edit[];
}

export interface Outcome {
  /** Code of the failure; `open`, `waiting` or `closed` where there was none. */
  readonly ended: string;
  /** Messages that the misbehaving peer has sent. */
  readonly messages: number;
}

/** More than any good conversation needs; who takes more is in a loop. */
const MAX_TURNS = 60;
const MAX_STEPS = 5_000;
/** In milliseconds of this process: what others do does not count. */
const MAX_TIME = 2_000;

/** @throws Error, with the input in it, for anything but a TlsError that is the peer's fault, or a good end. */
export function converse(input: Input): Outcome {
  try {
    return tell(input);
  } catch (error) {
    throw new Error(`${String(error)}\n${JSON.stringify(input)}`, { cause: error });
  }
}

function tell({ target, edits }: Input): Outcome {
  const { role, client, server } = sidesOf(target);
  const honest = role === 'client' ? makeClient(client) : makeServer(server);
  const misbehavingEngine = role === 'client' ? makeServer(server) : makeClient(client);
  const mouth = misbehaving(
    (message, number) => {
      let out = message;
      for (const edit of edits) if (edit.at === number && out.length > 4) out = applyEdit(out, edit);
      return out;
    },
    (record, number) => {
      let out = [record];
      for (const edit of edits) if (edit.op === 'record' && edit.at === number) out = forged(out, edit);
      return out;
    },
  );
  const inTime = timeLimit(MAX_TIME);
  const wire = edits.filter(({ op }) => op === 'wire');
  const said: EngineEvent[] = [];
  let pieces = 0;
  const toHonest = (bytes: Uint8Array): void => {
    for (const piece of bent(bytes, wire, pieces++, recordsFor(target))) honest.receive(piece);
  };
  honest.start();
  mouth.turn(() => misbehavingEngine.start());
  let open = false;
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const mine = turnOf(honest);
    said.push(...mine);
    for (const step of mine) if (step.type === 'write') misbehavingEngine.receive(step.bytes);
    const theirs = mouth.turn(() => turnOf(misbehavingEngine));
    for (const step of theirs) if (step.type === 'write') toHonest(step.bytes);
    if (said.length > MAX_STEPS) throw new Error('it does not stop to say things');
    inTime();
    if (mine.length + theirs.length > 0) continue;
    if (open || misbehavingEngine.status !== 'open') break;
    open = true;
    mouth.turn(() => afterwards(misbehavingEngine));
    if (honest.status === 'open') honest.send(new Uint8Array(50));
  }
  honest.receiveEnd();
  said.push(...turnOf(honest));
  judge(honest, misbehavingEngine, said, edits);
  const failed = said.find((step) => step.type === 'failed');
  return { ended: failed?.error.code ?? honest.status, messages: mouth.said };
}

/** What happens on an open connection. */
function afterwards(engine: Engine): void {
  engine.send(new Uint8Array(100));
  if (engine.info.version === 'TLSv1.3') {
    engine.updateKeys(true);
    if (engine.role === 'server' && engine.config.role === 'server' && engine.config.clientAuth !== 'none')
      engine.requestCertificate();
  }
  engine.send(new Uint8Array(20));
  engine.close();
}

function judge(honest: Engine, misbehavingEngine: Engine, said: readonly EngineEvent[], edits: readonly Edit[]): void {
  for (const step of said) {
    if (step.type !== 'failed') continue;
    if (!(step.error instanceof TlsError) || step.error.code === 'ERR_INTERNAL') throw step.error;
    if (step.error.alert !== undefined && !said.some(({ type }) => type === 'write'))
      throw new Error(`no alert was written for ${step.error.code}`);
  }
  if (
    !said.some(({ type }) => type === 'established') ||
    misbehavingEngine.status !== 'open' ||
    honest.status !== 'open'
  )
    return;
  const [a, b] = [honest, misbehavingEngine].map((engine) => engine.exportKey('EXPORTER-fuzz', undefined, 32));
  if (!equalBytes(a!, b!)) throw new Error('both sides have finished, and have different keys');
  // An attacker in between, who has no keys, achieves nothing; what a misbehaving peer says of itself is another matter.
  if (!edits.every(({ op }) => op === 'wire')) return;
  for (const fact of ['version', 'suite', 'group', 'alpn', 'resumed'] as const)
    if (JSON.stringify(honest.info[fact]) !== JSON.stringify(misbehavingEngine.info[fact]))
      throw new Error(`they disagree on ${fact}`);
}

/** Everything an engine has to do now; the answers are not promises here. */
function turnOf(engine: Engine): EngineEvent[] {
  const steps: EngineEvent[] = [];
  for (;;) {
    const step = engine.next();
    if (step.type === 'wait') return steps;
    if (step.type === 'request') {
      if (engine.answer(step.request) !== undefined) throw new Error('an answer that comes later');
      continue;
    }
    steps.push(step);
    if (steps.length > MAX_STEPS) throw new Error('it does not stop');
  }
}

/** What an attacker on the way can do without keys: bits, cuts, copies, other sizes of pieces, records of its own. */
function bent(bytes: Uint8Array, edits: readonly Edit[], number: number, records: readonly Uint8Array[]): Uint8Array[] {
  let pieces = [bytes];
  for (const { at, where, value } of edits) {
    if (at !== number) continue;
    const whole = pieces.shift() ?? new Uint8Array(0);
    if (whole.length === 0) continue;
    const cut = where % whole.length;
    switch (value % 8) {
      case 0:
        pieces = [whole.map((byte, index) => (index === cut ? byte ^ (1 << ((value >> 3) % 8)) : byte)), ...pieces];
        break;
      case 1:
        pieces = [whole.slice(0, cut), whole.slice(cut), ...pieces];
        break;
      case 2:
        pieces = [...Array.from(whole, (byte) => Uint8Array.of(byte)), ...pieces];
        break;
      case 3:
        pieces = [whole.slice(0, cut), ...pieces];
        break;
      case 4:
        pieces = [whole, whole, ...pieces];
        break;
      case 5:
        pieces = [records[(value >> 3) % records.length]!, whole, ...pieces];
        break;
      case 6:
        pieces = [whole, records[(value >> 3) % records.length]!, ...pieces];
        break;
      default:
        pieces = [whole.slice(cut), ...pieces];
    }
  }
  return pieces;
}

const RECORDS: readonly Uint8Array[] = [
  [20, 3, 3, 0, 1, 1],
  [20, 3, 3, 0, 1, 2],
  [20, 3, 3, 0, 2, 1, 1],
  [21, 3, 3, 0, 2, 1, 0],
  [21, 3, 3, 0, 2, 2, 40],
  [21, 3, 3, 0, 2, 1, 90],
  [21, 3, 3, 0, 0],
  [22, 3, 3, 0, 0],
  [22, 3, 3, 0, 4, 0, 0, 0, 0],
  [22, 3, 3, 0, 2, 1, 0],
  [23, 3, 3, 0, 0],
  [23, 3, 3, 0, 1, 0],
  [24, 3, 3, 0, 3, 1, 0, 0],
  [22, 2, 0, 0, 1, 0],
  [22, 3, 3, 0x41, 0x01],
  [0x80, 46, 1, 3, 3],
  [71, 69, 84, 32, 47],
].map((bytes) => Uint8Array.from(bytes));

/** Hellos of SSL 2, whole and cut off, for the one who takes them. */
const SSL2: readonly Uint8Array[] = [
  [0x80, 28, 1, 3, 3, 0, 3, 0, 0, 0, 16, 0, 0, 0x3c, ...new Array<number>(16).fill(7)],
  [0x80, 34, 1, 3, 3, 0, 9, 0, 0, 0, 16, 1, 0, 0x80, 0, 0, 0x3c, 0, 0, 0xff, ...new Array<number>(16).fill(7)],
  [0x80, 28, 1, 3, 3, 0, 3],
  [0x8f, 255, 1, 3, 0xff],
].map((bytes) => Uint8Array.from(bytes));

function recordsFor(target: TargetName): readonly Uint8Array[] {
  return target === 'server classic 1.2' ? [...RECORDS, ...SSL2] : RECORDS;
}
