import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contended, HandshakeResults, Results } from './results.ts';

const DOCS = join(import.meta.dirname, '../docs');

/** Writes docs/benchmarks.md and its picture from what the last runs have left. */
export function writePage(folder: string): void {
  const read = <T>(prefix: string): T[] =>
    readdirSync(folder)
      .filter((name) => name.startsWith(prefix) && name.endsWith('.json'))
      .sort()
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T);
  const all = read<Results>('node-');
  writeFileSync(join(DOCS, 'benchmarks.md'), page(all, read<HandshakeResults>('handshakes-')));
  const last = all.at(-1);
  if (last !== undefined) writeFileSync(join(DOCS, 'benchmarks.svg'), picture(last));
}

function page(all: readonly Results[], handshakes: readonly HandshakeResults[]): string {
  return `# Benchmarks

<!-- Made by \`npm run bench -- --doc\`, but for NOTES. -->

![CPU of a handshake and of a megabyte, node:tls = 1](benchmarks.svg)

Each contender runs in one process and one role; the other side is node:tls in another. Certificates are the same (P-256, leaf
and intermediate sent, chains judged), rounds are interleaved, and CPU is that of the contender's process alone. Ratios are
medians of the ratios to node:tls within a round: they bear a busy machine, the absolutes do not. The figures are in
\`benchmarks/results/\`.

${notes()}

${handshakes.length === 0 ? '' : `${handshakeTable(handshakes)}\n`}${all.map(section).join('\n')}`;
}

/** What `npm run bench:handshakes` found, with each Node. */
function handshakeTable(all: readonly HandshakeResults[]): string {
  const columns = all.flatMap(({ node, rows }) =>
    (rows[0]?.costs ?? []).map(({ after }, at) => ({ title: `Node ${node.slice(1)}, after ${after}`, rows, at })),
  );
  const names = [...new Set(all.flatMap(({ rows }) => rows.map(({ what }) => what)))];
  const cell = (what: string, { rows, at }: (typeof columns)[number]): string => {
    const cost = rows.find((row) => row.what === what)?.costs[at];
    return cost === undefined ? '–' : `${cost.theirs.toFixed(2)} / ${cost.ours.toFixed(2)} (${cost.ratio.toFixed(2)})`;
  };
  return [
    '## Handshakes, once the code is warm',
    '',
    `Made by \`npm run bench:handshakes\`, of the bundle that is shipped: CPU milliseconds of node:tls and of warifu, and in brackets the ratio, after 50 and after 1,500 handshakes of a process. ${all.map(({ node, rounds, load }) => `Node ${node.slice(1)}: ${rounds} rounds, load of the machine ${load.toFixed(0)}.`).join(' ')}`,
    '',
    `| | ${columns.map(({ title }) => title).join(' | ')} |`,
    `| --- | ${columns.map(() => '---').join(' | ')} |`,
    ...names.map((what) => `| ${what} | ${columns.map((column) => cell(what, column)).join(' | ')} |`),
    '',
  ].join('\n');
}

/** What a person has to say to the figures. */
function notes(): string {
  return readFileSync(join(import.meta.dirname, 'NOTES.md'), 'utf8').trim();
}

function section(results: Results): string {
  const names = [...new Set(results.rows.flatMap(({ contended }) => contended.map(({ name }) => name)))];
  const cell = (contended: readonly Contended[], name: string): string => {
    const found = contended.find((one) => one.name === name);
    return found === undefined || !Number.isFinite(found.cpuRatio)
      ? '–'
      : `${found.cpu.toFixed(2)} (${found.cpuRatio.toFixed(2)})`;
  };
  const lines = [
    `## Node ${results.node.slice(1)}`,
    '',
    `${results.cpu}; load of the machine ${results.load.toFixed(0)}; ${results.rounds} rounds of ${results.handshakes} handshakes or ${results.megabytes} MiB.`,
    'CPU milliseconds a handshake or a megabyte, and in brackets the ratio to node:tls.',
    '',
    `| | ${names.join(' | ')} |`,
    `| --- | ${names.map(() => '---').join(' | ')} |`,
    ...results.rows.map(
      ({ what, contended }) => `| ${what} | ${names.map((name) => cell(contended, name)).join(' | ')} |`,
    ),
    '',
  ];
  for (const { what, cpu } of results.imports ?? []) lines.push(`- Import of ${what}: ${cpu.toFixed(0)} CPU ms.`);
  for (const { name, count, total, stop, stopCpu } of results.bursts ?? [])
    lines.push(
      `- ${count} handshakes at once, server ${name}: ${total.toFixed(0)} ms in all, longest stop of the event loop ${stop.toFixed(0)} ms${stopCpu === undefined ? '' : `, ${stopCpu.toFixed(0)} ms of CPU`}.`,
    );
  for (const { what, heap } of results.memory ?? [])
    lines.push(`- Idle connection of a server, ${what}: ${heap.toFixed(1)} KiB of heap.`);
  const { browser } = results;
  // A run of before these figures were taken apart has none of them.
  if (browser?.rate !== undefined) {
    const ratios = (ours: readonly number[], raw: readonly number[]): string =>
      middle(ours.map((one, round) => one / raw[round]!)).toFixed(2);
    lines.push(
      `- ${browser.browser}, AES-128-GCM with WebCrypto through Web Streams, to raw WebCrypto with the same batches in the same page: ` +
        `sent ${middle(browser.rate.sent).toFixed(0)} MB/s (${ratios(browser.rate.sent, browser.rate.rawSealed)}), ` +
        `received ${middle(browser.rate.received).toFixed(0)} MB/s (${ratios(browser.rate.received, browser.rate.rawOpened)}); ` +
        `by CPU ${ratios(browser.cpu.rawSealed, browser.cpu.sent)} and ${ratios(browser.cpu.rawOpened, browser.cpu.received)}; ` +
        `a handshake of the client alone: ${middle(browser.handshake).toFixed(1)} ms.`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const COLOURS = ['#8a8f98', '#2f6fde', '#7fb2f0', '#e0a526', '#b5651d'];

/** Bars of the ratios to node:tls, a group for each row. */
function picture({ rows, node, cpu }: Results): string {
  const names = [...new Set(rows.flatMap(({ contended }) => contended.map(({ name }) => name)))];
  const [left, bar, gap, width] = [230, 9, 10, 860];
  const most = 10;
  const scale = (width - left - 60) / most;
  let y = 60;
  const parts: string[] = [];
  for (const { what, contended } of rows) {
    parts.push(`<text x="${left - 8}" y="${y + (bar * contended.length) / 2 + 4}" text-anchor="end">${what}</text>`);
    for (const { name, cpuRatio } of contended) {
      if (!Number.isFinite(cpuRatio)) continue;
      const length = Math.min(cpuRatio, most) * scale;
      parts.push(
        `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${bar - 1}" fill="${COLOURS[names.indexOf(name) % COLOURS.length]}"/>` +
          `<text x="${(left + length + 4).toFixed(1)}" y="${y + bar - 1}" class="n">${cpuRatio.toFixed(2)}</text>`,
      );
      y += bar;
    }
    y += gap;
  }
  const key = names
    .map(
      (name, index) =>
        `<rect x="${left + index * 150}" y="34" width="10" height="10" fill="${COLOURS[index % COLOURS.length]}"/><text x="${left + index * 150 + 14}" y="43">${name}</text>`,
    )
    .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 10}" font-family="sans-serif" font-size="11">
<style>text{fill:#333}.n{font-size:8px}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>
<text x="10" y="20" font-size="14">CPU beside node:tls (1.00), Node ${node.slice(1)}, ${cpu.replace(/[<>&]/g, '')}</text>
${key}
${parts.join('\n')}
</svg>
`;
}
