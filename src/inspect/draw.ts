import { printable } from '../bytes/text.ts';
import type { Epoch } from '../handshake/context.ts';
import { wrapColumns } from '../bytes/width.ts';
import { LEGEND } from './draw-text.ts';
import { markedName, type Rung } from './ladder.ts';

/**
 * A sequence diagram in Mermaid's language.
 * @example
 * ```ts
 * import { drawMermaid } from 'warifu/inspect';
 * const text = drawMermaid([{ type: 'message', from: 'client', name: 'Finished', epoch: 'handshake', details: [] }]);
 * text.includes('client->>server: {Finished}'); // true
 * ```
 */
export function drawMermaid(rungs: readonly Rung[]): string {
  const out = ['sequenceDiagram', '  participant client', '  participant server'];
  for (const rung of rungs) {
    if (rung.type === 'note') {
      out.push(`  Note over ${rung.by}: ${mermaidText(rung.text)}`);
      continue;
    }
    const to = rung.from === 'client' ? 'server' : 'client';
    const text = [markedName(rung), ...rung.details].map(mermaidText).join('<br/>');
    out.push(`  ${rung.from}->>${to}: ${text}`);
  }
  return `${out.join('\n')}\n`;
}

/** How a ladder is drawn as SVG. */
export interface DrawSvgOptions {
  /** Pixels, at least 400. Default 760. */
  readonly width?: number | undefined;
  /** For those who cannot see it. Default "TLS handshake". */
  readonly title?: string | undefined;
}

/**
 * A sequence diagram as an SVG of its own. It brings no style sheet, no script and no ids, so a page can hold several.
 * @example
 * ```ts
 * import { drawSvg } from 'warifu/inspect';
 * const svg = drawSvg([{ type: 'message', from: 'client', name: 'Finished', epoch: 'handshake', details: [] }]);
 * svg.startsWith('<svg '); // true
 * ```
 */
export function drawSvg(
  rungs: readonly Rung[],
  { width: wanted = 760, title = 'TLS handshake' }: DrawSvgOptions = {},
): string {
  const width = Math.max(400, Math.floor(wanted));
  const left = 48;
  const right = width - 48;
  const columns = Math.floor((right - left - 24) / 7.3);
  const parts: string[] = [];
  let y = 56;
  for (const rung of rungs) {
    if (rung.type === 'note') {
      const client = rung.by === 'client';
      const at = client ? left : right;
      parts.push(`<circle cx="${at}" cy="${y - 4}" r="4" fill="currentColor"/>`);
      for (const text of wrapColumns(printable(rung.text), columns)) {
        parts.push(svgText(client ? left + 12 : right - 12, y, text, client ? 'start' : 'end', 'font-style="italic"'));
        y += 18;
      }
      y += 8;
      continue;
    }
    const client = rung.from === 'client';
    const x = client ? left + 12 : left + Math.floor((right - left) / 3);
    const room = Math.floor((right - x - 12) / 7.3);
    parts.push(svgText(x, y, markedName(rung), 'start', 'font-weight="bold"'));
    for (const text of rung.details.flatMap((detail) => wrapColumns(printable(detail), room - 2))) {
      y += 17;
      parts.push(svgText(x + 14, y, text, 'start', 'opacity="0.8"'));
    }
    y += 10;
    parts.push(svgArrow(client ? left : right, client ? right : left, y, COLOURS[rung.epoch]));
    y += 24;
  }
  const legend = wrapColumns(LEGEND, columns);
  const height = y + 14 + 16 * legend.length;
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12" fill="currentColor">
<title>${xml(title)}</title>
${svgText(left, 22, 'client', 'middle', 'font-weight="bold"')}
${svgText(right, 22, 'server', 'middle', 'font-weight="bold"')}
<path d="M${left} 32V${y}M${right} 32V${y}" stroke="currentColor" stroke-opacity="0.4" fill="none"/>
${parts.join('\n')}
${legend.map((text, index) => svgText(left, y + 18 + 16 * index, text, 'start', 'opacity="0.6"')).join('\n')}
</svg>
`;
}

const COLOURS: { readonly [E in Epoch]: string } = {
  plaintext: '#c92a2a',
  early: '#e67700',
  handshake: '#2b8a3e',
  application: '#1971c2',
};

/** Mermaid writes what it would take for its own as `#` and a number. */
function mermaidText(text: string): string {
  return leftToRight(printable(text)).replace(/[#;<>&"\u200e]/g, (character) => `#${character.charCodeAt(0)};`);
}

function svgText(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end', more: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" ${more} xml:space="preserve">${xml(leftToRight(text))}</text>`;
}

const RIGHT_TO_LEFT = '\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufefc\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}';

/**
 * A name that is written from right to left stays where it is, and what stands behind it too: a mark behind it (U+200E) ends
 * its direction, which quotes and digits would follow otherwise (Unicode Standard Annex 9).
 */
function leftToRight(text: string): string {
  const run = new RegExp(`[${RIGHT_TO_LEFT}](?:[^\\p{L}\\p{N}]*[${RIGHT_TO_LEFT}])*`, 'gu');
  return text.replace(run, '$&\u200e');
}

function svgArrow(from: number, to: number, y: number, colour: string): string {
  const back = from < to ? -8 : 8;
  return (
    `<path d="M${from} ${y}H${to}" stroke="${colour}" stroke-width="1.5"/>` +
    `<path d="M${to} ${y}l${back} -4v8z" fill="${colour}"/>`
  );
}

function xml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
