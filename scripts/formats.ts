/**
 * Every form of certificates and keys, and what `warifu ca` makes, with the other programs that are here: who reads what we
 * write, and do we read what they write? `npm run formats` says so, `npm run formats -- --doc` writes it into docs/formats.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Bench, isThere, NotOurs, PASSWORD, type Tool, TOOLS, versionOf } from './formats/bench.ts';
import { ISSUED } from './formats/ca-rows.ts';
import { READ, type Row, WRITTEN } from './formats/rows.ts';

const KEYS = ['P-256', 'RSA-2048'] as const;

/** One cell: undefined: the program has no such form. */
export interface Cell {
  readonly row: string;
  readonly tool: Tool;
  /** By kind of key: undefined: it works; why it does not. */
  readonly failed: { readonly [key: string]: Failed | undefined };
}

export interface Failed {
  readonly why: string;
  /** With files of others it does no better. */
  readonly isTheirs: boolean;
}

export interface Matrix {
  readonly sections: readonly {
    readonly title: string;
    readonly rows: readonly Row[];
    readonly cells: readonly Cell[];
  }[];
  readonly tools: readonly Tool[];
}

/** Runs everything, for these programs and kinds of keys. */
export async function matrix(
  tools: readonly Tool[],
  keys: readonly string[],
  {
    onCell,
    isWanted = () => true,
  }: { readonly onCell?: (...what: readonly string[]) => void; readonly isWanted?: (row: string) => boolean } = {},
): Promise<Matrix> {
  const sections = [
    { title: 'we write it, it reads it', rows: WRITTEN },
    { title: 'it writes it, we read it', rows: READ },
    { title: 'what `warifu ca` makes', rows: ISSUED },
  ];
  const found = new Map<string, Record<string, Failed | undefined>>();
  for (const key of keys) {
    const bench = new Bench();
    try {
      await prepare(bench, key);
      for (const { title, rows } of sections)
        for (const { name, cells } of rows)
          for (const tool of tools) {
            const run = cells[tool];
            if (run === undefined || !isWanted(name)) continue;
            const at = `${title}\n${name}\n${tool}`;
            let failure: Failed | undefined;
            onCell?.(key, title, name, tool);
            try {
              await run(bench, key);
            } catch (error) {
              failure = {
                why: error instanceof Error ? error.message : String(error),
                isTheirs: error instanceof NotOurs,
              };
            }
            found.set(at, { ...found.get(at), [key]: failure });
          }
    } finally {
      bench.remove();
    }
  }
  return {
    tools,
    sections: sections.map(({ title, rows }) => ({
      title,
      rows,
      cells: rows.flatMap(({ name }) =>
        tools.flatMap((tool) => {
          const failed = found.get(`${title}\n${name}\n${tool}`);
          return failed === undefined ? [] : [{ row: name, tool, failed }];
        }),
      ),
    })),
  };
}

async function prepare(bench: Bench, key: string): Promise<void> {
  const kind = ['--key-kind', key];
  await bench.warifu('ca', 'init', '--name', 'Formats', ...kind);
  await bench.warifu('ca', 'server', 'localhost', ...kind);
  await bench.warifu('ca', 'server', 'revoked.example', '--out', 'revoked', ...kind);
  await bench.warifu('ca', 'client', 'alice', '--p12-password-file', 'password', ...kind);
  await bench.warifu('ca', 'revoke', 'ca/revoked.crt');
}

/** What does not work: which cell, which key, and why. */
export function failures({ sections }: Matrix): readonly string[] {
  return sections.flatMap(({ title, cells }) =>
    cells.flatMap(({ row, tool, failed }) =>
      Object.entries(failed).flatMap(([key, failure]) =>
        failure === undefined || failure.isTheirs ? [] : [`${title}: ${row}: ${tool}: ${key}: ${failure.why}`],
      ),
    ),
  );
}

function tableOf({ tools, sections }: Matrix, keys: readonly string[]): string {
  const lines = [
    `| | ${tools.map((tool) => `${tool} ${versionOf(tool)}`).join(' | ')} |`,
    `|---|${tools.map(() => '---|').join('')}`,
  ];
  const notes: string[] = [];
  for (const { title, rows, cells } of sections) {
    lines.push(`| **${title}** |${tools.map(() => ' |').join('')}`);
    for (const { name } of rows) {
      const row = tools.map((tool) => {
        const cell = cells.find((one) => one.row === name && one.tool === tool);
        if (cell === undefined) return '';
        const good = keys.filter((key) => cell.failed[key] === undefined);
        const theirs = Object.values(cell.failed).find((failed) => failed?.isTheirs)?.why;
        if (theirs !== undefined && !notes.includes(theirs)) notes.push(theirs);
        const note = theirs === undefined ? '' : ` <sup>${notes.indexOf(theirs) + 1}</sup>`;
        return `${good.length === keys.length ? '✓' : good.length === 0 ? '✗' : `${good.join(', ')} only`}${note}`;
      });
      lines.push(`| ${name} | ${row.join(' | ')} |`);
    }
  }
  lines.push(
    '',
    `Keys: ${keys.join(', ')}. ${notes.map((note, index) => `<sup>${index + 1}</sup> ${note}.`).join(' ')}`,
  );
  return lines.join('\n');
}

if (process.argv[1]?.endsWith('formats.ts') === true) {
  const { values } = parseArgs({ options: { doc: { type: 'boolean' }, only: { type: 'string', multiple: true } } });
  const tools = TOOLS.filter((tool) => values.only === undefined || values.only.includes(tool)).filter((tool) => {
    if (!isThere(tool)) console.log(`skipped: ${tool} is not installed`);
    return isThere(tool);
  });
  const made = await matrix(tools, KEYS, { onCell: (...what) => process.stderr.write(`${what.join(': ')}\n`) });
  const table = tableOf(made, KEYS);
  console.log(table);
  const wrong = failures(made);
  for (const failure of wrong) console.log(failure.replaceAll(PASSWORD, '…'));
  if (values.doc === true) {
    const page = new URL('../docs/formats.md', import.meta.url);
    const text = readFileSync(page, 'utf8');
    const [begin, end] = ['<!-- begin matrix -->', '<!-- end matrix -->'];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error('docs/formats.md has no place for the matrix');
    writeFileSync(page, `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`);
  }
  if (wrong.length > 0) process.exitCode = 1;
}
