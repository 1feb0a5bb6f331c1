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

/** What a ladder shows. */
export interface LadderOptions {
  /** Note when keys change. Default false. */
  readonly keys?: boolean | undefined;
  /** What is said of a certificate (DER): whose it is. Default: its size. */
  readonly certificateText?: ((der: Uint8Array) => string) | undefined;
}

/** What a recorder keeps. */
export interface RecorderOptions extends LadderOptions {
  /** The most rungs kept; what comes after them is dropped. Default 1000. */
  readonly most?: number | undefined;
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
export function recordLadder({ most = 1000, ...options }: RecorderOptions = {}): Recorder {
  const rungs: Rung[] = [];
  let isFull = false;
  const onTrace = ladderOf(options, (rung, replacesLast) => {
    if (replacesLast && !isFull) rungs[rungs.length - 1] = rung;
    if (replacesLast) return;
    isFull = rungs.length >= most;
    if (!isFull) rungs.push(rung);
  });
  return { onTrace, rungs };
}

/** Tells of each rung as it happens; one of application data is told of again, in place of itself, as it grows. */
export function ladderOf(
  { keys = false, certificateText }: LadderOptions,
  tell: (rung: Rung, replacesLast: boolean) => void,
): (event: TraceEvent) => void {
  let setting: Setting = FIRST_SETTING;
  let data: { from: Role; length: number } | undefined;
  return (event) => {
    if (event.type === 'data') {
      const isMore = data?.from === event.from;
      data = { from: event.from, length: event.length + (isMore ? (data?.length ?? 0) : 0) };
      tell(dataRung(data), isMore);
      return;
    }
    if (event.type === 'keys' && !keys) return;
    data = undefined;
    tell(rungOf(event, setting, certificateText), false);
    if (event.type === 'message') setting = settingAfter(event.handshakeType, event.raw.subarray(4), setting);
  };
}

function rungOf(
  event: Exclude<TraceEvent, { readonly type: 'data' }>,
  setting: Setting,
  certificateText: LadderOptions['certificateText'],
): Rung {
  switch (event.type) {
    case 'message': {
      const { name, details } = summarize(event.handshakeType, event.raw.subarray(4), setting, certificateText);
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
