import type { TraceEvent } from '../handshake/config.ts';
import type { Epoch } from '../handshake/context.ts';
import type { Role } from '../handshake/peer.ts';
import { FIRST_SETTING, type Setting, settingAfter } from './codecs.ts';
import { byteCount } from './describe.ts';
import { alertDescriptionName, alertLevelName } from './names.ts';
import { summarize } from './summary.ts';

/** One rung: a message from one side to the other, or something that one side found out. */
export type Rung =
  | {
      readonly type: 'message';
      readonly from: Role;
      /** `ClientHello`, `Alert`, `Application Data`. */
      readonly name: string;
      /** Which keys protect it. */
      readonly epoch: Epoch;
      /** What it says, a line each. */
      readonly details: readonly string[];
    }
  | { readonly type: 'note'; readonly by: Role; readonly text: string };

/** Records what two sides say, for a ladder. */
export interface Recorder {
  /** Give it to the option `onTrace` of one side; of the other side pass on no more than the notes. */
  readonly onTrace: (event: TraceEvent) => void;
  /** What has happened so far, in order. */
  readonly rungs: readonly Rung[];
}

/** What a recorder keeps. */
export interface RecorderOptions {
  /** Note when keys change. Default false. */
  readonly keys?: boolean;
  /** The most rungs kept; what comes after them is dropped. Default 1000. */
  readonly most?: number;
}

/**
 * Makes a ladder from what a connection tells of itself. Application data is one rung for as long as it flows one way.
 *
 * @example
 * ```ts
 * import { drawText, recordLadder } from 'warifu/inspect';
 * const recorder = recordLadder();
 * // connect({ …, onTrace: recorder.onTrace })
 * drawText(recorder.rungs);
 * ```
 */
export function recordLadder({ keys = false, most = 1000 }: RecorderOptions = {}): Recorder {
  const rungs: Rung[] = [];
  let setting: Setting = FIRST_SETTING;
  let data: { from: Role; length: number } | undefined;

  const onTrace = (event: TraceEvent): void => {
    if (event.type === 'data' && data?.from === event.from && rungs.length > 0) {
      data.length += event.length;
      rungs[rungs.length - 1] = dataRung(data);
      return;
    }
    if (event.type === 'keys' && !keys) return;
    data = undefined;
    if (rungs.length >= most) return;
    data = event.type === 'data' ? { from: event.from, length: event.length } : undefined;
    rungs.push(event.type === 'data' ? dataRung(data!) : rungOf(event, setting));
    if (event.type === 'message') setting = settingAfter(event.handshakeType, event.raw.subarray(4), setting);
  };
  return { onTrace, rungs };
}

function rungOf(event: Exclude<TraceEvent, { readonly type: 'data' }>, setting: Setting): Rung {
  switch (event.type) {
    case 'message': {
      const { name, details } = summarize(event.handshakeType, event.raw.subarray(4), setting);
      const more = event.wire === undefined ? details : ['in the form of SSL 2', ...details];
      return { type: 'message', from: event.from, name, epoch: event.epoch, details: more };
    }
    case 'alert': {
      const text = `${alertLevelName(event.level)}: ${alertDescriptionName(event.description)}`;
      return { type: 'message', from: event.from, name: 'Alert', epoch: event.epoch, details: [text] };
    }
    case 'change-cipher-spec':
      return { type: 'message', from: event.from, name: 'ChangeCipherSpec', epoch: 'plaintext', details: [] };
    case 'keys': {
      const text = `${event.direction === 'read' ? 'reads' : 'writes'} under ${event.epoch} keys from here`;
      return { type: 'note', by: event.by, text };
    }
    case 'note':
      return { type: 'note', by: event.by, text: event.text };
  }
}

function dataRung({ from, length }: { readonly from: Role; readonly length: number }): Rung {
  return { type: 'message', from, name: 'Application Data', epoch: 'application', details: [byteCount(length)] };
}

/**
 * The RFC's marks: `(…)` early, `{…}` handshake, `[…]` application keys, none for plaintext (RFC 9846 section 2).
 * @example
 * ```ts
 * import { markedName } from 'warifu/inspect';
 * markedName({ name: 'Finished', epoch: 'handshake' }); // '{Finished}'
 * markedName({ name: 'ClientHello', epoch: 'plaintext' }); // 'ClientHello'
 * ```
 */
export function markedName({ name, epoch }: { readonly name: string; readonly epoch: Epoch }): string {
  switch (epoch) {
    case 'plaintext':
      return name;
    case 'early':
      return `(${name})`;
    case 'handshake':
      return `{${name}}`;
    case 'application':
      return `[${name}]`;
  }
}
