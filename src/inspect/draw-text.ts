import { printable } from '../bytes/text.ts';
import { textWidth, wrapColumns } from '../bytes/width.ts';
import type { TraceEvent } from '../handshake/config.ts';
import type { Epoch } from '../handshake/context.ts';
import { type LadderOptions, ladderOf, markedName, type Rung } from './ladder.ts';

/** How a ladder is drawn as text. */
export interface DrawTextOptions {
  /** Columns in all, at least 40. Default 78. */
  readonly width?: number | undefined;
  /** With the colours of a terminal (ECMA-48). Default false. */
  readonly colours?: boolean | undefined;
}

/** How a ladder is drawn while it happens. */
export interface LiveTextOptions extends DrawTextOptions, LadderOptions {
  /** Takes each piece: whole lines, each with its newline. */
  readonly write: (text: string) => void;
  /** Milliseconds, of any beginning; with it each message says how much has passed since the first. Default: none. */
  readonly now?: (() => number) | undefined;
}

/** A ladder that is drawn while it happens. */
export interface LiveText {
  /** Give it to the option `onTrace`. */
  readonly onTrace: (event: TraceEvent) => void;
  /** Draws what is still open, and the legend; nothing is drawn after it. */
  end(): void;
}

export const LEGEND = '(…) early, {…} handshake, […] application keys; the rest in plaintext';

/**
 * A sequence diagram for the terminal. Lines end in a newline. Names in any script keep the lines straight: wide characters
 * take two columns.
 * @example
 * ```ts
 * import { drawText } from 'warifu/inspect';
 * const text = drawText([{ type: 'message', from: 'client', name: 'Finished', epoch: 'handshake', details: [] }]);
 * text.includes('{Finished}'); // true
 * ```
 */
export function drawText(rungs: readonly Rung[], options: DrawTextOptions = {}): string {
  const sheet = new Sheet(options);
  return [...sheet.head(), ...rungs.flatMap((rung) => sheet.rung(rung, '')), ...sheet.foot()]
    .map((line) => `${line}\n`)
    .join('');
}

/**
 * The same, drawn while it happens: each message as soon as it is sent or has been read. Application data is drawn when
 * it has stopped flowing one way.
 * @example
 * ```ts
 * import { liveText } from 'warifu/inspect';
 * let drawn = '';
 * const live = liveText({ write: (text) => (drawn += text) });
 * live.onTrace({ type: 'alert', from: 'client', level: 1, description: 0, epoch: 'application' });
 * drawn.includes('[Alert]'); // true
 * live.end();
 * ```
 */
export function liveText({ write, now, ...options }: LiveTextOptions): LiveText {
  const sheet = new Sheet(options);
  let begin: number | undefined;
  let waiting: { readonly rung: Rung; readonly stamp: string } | undefined;
  let isOver = false;
  const put = (lines: readonly string[]): void => {
    if (lines.length > 0) write(lines.map((line) => `${line}\n`).join(''));
  };
  const flush = (): void => {
    if (waiting !== undefined) put(sheet.rung(waiting.rung, waiting.stamp));
    waiting = undefined;
  };
  const onTrace = ladderOf(options, (rung, replacesLast) => {
    if (isOver) return;
    const moment = now?.();
    if (begin === undefined) put(sheet.head());
    begin ??= moment ?? 0;
    const stamp = moment === undefined ? '' : `${(moment - begin).toFixed(1)} ms`;
    if (!replacesLast) flush();
    const isData = rung.type === 'message' && rung.name === 'Application Data';
    if (isData) waiting = { rung, stamp: waiting?.stamp ?? stamp };
    else put(sheet.rung(rung, stamp));
  });
  return {
    onTrace,
    end: () => {
      flush();
      if (!isOver && begin !== undefined) put(sheet.foot());
      isOver = true;
    },
  };
}

/** ECMA-48: select graphic rendition. */
const STYLES = { bold: '1', dim: '2', plaintext: '31', early: '33', handshake: '32', application: '36' } as const;
type Style = keyof typeof STYLES;

/** What is drawn on: a width, and colours or none. */
class Sheet {
  readonly #inner: number;
  readonly #colours: boolean;

  constructor({ width = 78, colours = false }: DrawTextOptions) {
    this.#inner = Math.max(40, Math.floor(width)) - 6;
    this.#colours = colours;
  }

  head(): string[] {
    return [
      `${this.#paint('client', 'bold')}${' '.repeat(this.#inner - 6)}${this.#paint('server', 'bold')}`,
      this.#line('', ''),
    ];
  }

  foot(): string[] {
    const legend = wrapColumns(LEGEND, this.#inner + 2).map((text) => `  ${this.#paint(text, 'dim')}`);
    return [this.#line('', ''), '', ...legend];
  }

  rung(rung: Rung, stamp: string): string[] {
    return rung.type === 'note' ? this.#note(rung) : this.#message(rung, stamp);
  }

  #note({ by, text }: Rung & { readonly type: 'note' }): string[] {
    const inner = this.#inner;
    return wrapColumns(printable(text), inner - 4).map((line, index) => {
      const mark = index === 0 ? this.#paint('●', 'handshake') : undefined;
      if (by === 'client') return this.#line('', ` ${line}`, mark);
      return this.#line('', `${' '.repeat(inner - textWidth(line) - 1)}${line} `, undefined, mark);
    });
  }

  #message(rung: Rung & { readonly type: 'message' }, stamp: string): string[] {
    const inner = this.#inner;
    const indent = rung.from === 'client' ? 1 : Math.floor(inner / 3);
    const name = markedName(rung);
    const isAlert = rung.name === 'Alert';
    const gap = inner - indent - textWidth(name) - textWidth(stamp) - 1;
    const title = `${' '.repeat(indent)}${this.#paint(name, 'bold', isAlert ? 'plaintext' : rung.epoch)}`;
    const time = gap > 0 ? `${' '.repeat(gap)}${this.#paint(stamp, 'dim')} ` : ' '.repeat(gap + textWidth(stamp) + 1);
    const details = rung.details
      .flatMap((detail) => wrapColumns(printable(detail), inner - indent - 3))
      .map((text) => this.#line(' '.repeat(indent + 2), text, undefined, undefined, 'dim'));
    const shaft = '─'.repeat(inner - 1);
    const arrow = this.#paint(rung.from === 'client' ? `${shaft}▶` : `◀${shaft}`, rung.epoch);
    return [this.#framed(title + time), ...details, this.#framed(arrow)];
  }

  /** A line of plain text, padded to the other side. */
  #line(indent: string, text: string, left?: string, right?: string, style?: Style): string {
    const padding = ' '.repeat(Math.max(0, this.#inner - textWidth(indent) - textWidth(text)));
    return this.#framed(`${indent}${style === undefined ? text : this.#paint(text, style)}${padding}`, left, right);
  }

  /** Between the two lines of life. `content` is as wide as there is room for. */
  #framed(content: string, left: string = this.#paint('│', 'dim'), right: string = this.#paint('│', 'dim')): string {
    return `  ${left}${content}${right}`;
  }

  #paint(text: string, ...styles: readonly (Style | Epoch)[]): string {
    if (!this.#colours || text === '') return text;
    return `\u001b[${styles.map((style) => STYLES[style]).join(';')}m${text}\u001b[0m`;
  }
}
