/**
 * What the RFCs demand of an implementation, and where it is honoured: `npm run docs:requirements [-- --check]`.
 *
 * docs/conformance/requirements/RFC.txt has a line for each MUST and MUST NOT, in short: `section-number | what | …`. The
 * places are in the code and in the tests, where a comment or a title names them: `RFC 9846 §4.2.3-5`. Both together make
 * docs/conformance/RFC.md. What has no place needs a reason.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTree } from './tree.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = 'docs/conformance';

export interface Standard {
  readonly name: string;
  readonly title: string;
  /** How it is cited: the letter in front of the section. */
  readonly mark: string;
}

export const STANDARDS: readonly Standard[] = [
  { name: 'rfc9846', title: 'RFC 9846: TLS 1.3', mark: '§' },
  { name: 'rfc5246', title: 'RFC 5246: TLS 1.2', mark: '¶' },
];

interface Requirement {
  readonly id: string;
  readonly text: string;
  readonly waiver: string | undefined;
  readonly ours: boolean;
}

export interface Report {
  readonly markdown: string;
  /** Citations of what does not exist, and requirements without a place or a reason. */
  readonly faults: readonly string[];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();

function main(): void {
  const check = process.argv.includes('--check');
  let faults: string[] = [];
  for (const standard of STANDARDS) {
    const { markdown, faults: found } = report(standard);
    faults = [...faults, ...found];
    const path = join(ROOT, FOLDER, `${standard.name}.md`);
    if (!check) writeFileSync(path, markdown);
    else if (readFileSync(path, 'utf8') !== markdown) faults.push(`${standard.name}.md is not current`);
  }
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}

export function report({ name, title, mark }: Standard): Report {
  const requirements = readFileSync(join(ROOT, FOLDER, 'requirements', `${name}.txt`), 'utf8')
    .trim()
    .split('\n')
    .map(readRequirement);
  const places = findPlaces(mark);
  const known = new Set(requirements.map(({ id }) => id));
  const faults: string[] = [];
  for (const [id, where] of places) if (!known.has(id)) faults.push(`${where[0]}: ${mark}${id} is not in ${name}.txt`);
  const rows: string[] = [];
  let section = '';
  const counts = { honoured: 0, waived: 0, others: 0 };
  for (const { id, text, waiver, ours } of requirements) {
    const where = places.get(id) ?? [];
    if (!ours) {
      counts.others++;
      continue;
    }
    if (where.length === 0 && waiver === undefined)
      faults.push(`${name} ${mark}${id} has neither a place nor a reason: ${text}`);
    if (where.length > 0 && waiver !== undefined)
      faults.push(`${name} ${mark}${id} has both a place and a reason not to`);
    counts[waiver === undefined ? 'honoured' : 'waived']++;
    const of = id.slice(0, id.lastIndexOf('-'));
    if (of !== section) rows.push('', `## ${of}`, '', '| | what is demanded | where it is honoured |', '|---|---|---|');
    section = of;
    rows.push(`| ${mark}${id} | ${text} | ${waiver === undefined ? where.join('<br>') : `*not done:* ${waiver}`} |`);
  }
  const head = [
    `# ${title}`,
    '',
    'Made by `npm run docs:requirements` from the list in `requirements/` and from the citations in code and tests; a test',
    'holds it against both. In our own words: the RFC has the wording.',
    '',
    `${counts.honoured} honoured, ${counts.waived} not done, with a reason; ${counts.others} more are not about an implementation.`,
  ];
  return { markdown: `${[...head, ...rows].join('\n')}\n`, faults };
}

function readRequirement(line: string): Requirement {
  const [id, text, note] = line.split(' | ');
  return {
    id: id!,
    text: text!,
    waiver: note?.startsWith('waived: ') ? note.slice('waived: '.length) : undefined,
    ours: note !== 'not ours',
  };
}

/** Every citation, with a link to its file and the name of what it stands at. */
function findPlaces(mark: string): Map<string, string[]> {
  const places = new Map<string, string[]>();
  const pattern = new RegExp(`${mark}([0-9A-F](?:\\.?[0-9]+)*(?:\\.[0-9]+)*-\\d+)`, 'g');
  for (const folder of ['src', 'test']) {
    const files = readTree(join(ROOT, folder));
    for (const entry of [...files.keys()].sort()) {
      const file = `${folder}/${entry}`;
      const lines = files.get(entry)!.split('\n');
      for (const [index, line] of lines.entries()) {
        for (const [, id] of line.matchAll(pattern)) {
          const place = `[${entry}](../../${file}): ${nameAt(lines, index, folder)}`;
          const list = places.get(id!) ?? [];
          if (!list.includes(place)) places.set(id!, [...list, place]);
        }
      }
    }
  }
  return places;
}

/** The title of the test, or the name of the function, that the line belongs to. */
function nameAt(lines: readonly string[], index: number, folder: string): string {
  if (folder === 'test') {
    const title = /rule: '(?:[§¶][^ ]+ ?)*(?:: )?([^']*)'/.exec(lines[index]!)?.[1];
    if (title !== undefined) return title.replaceAll('|', '\\|');
    for (const line of lines.slice(index, index + 12)) {
      const found =
        /^\s*(?:it|describe)(?:\..*)?\((?:\[.*\]\)\()?['`](.+?)['`],/.exec(line)?.[1] ??
        /^\s*[\]}]?\)\(?['`](.+?)['`],/.exec(line)?.[1];
      if (found !== undefined) return found.replaceAll('|', '\\|');
    }
    return 'its tests';
  }
  const declared = (line: string): string | undefined =>
    /^\s*(?:export )?(?:static )?(?:async )?(?:function\*?|class|const|interface|type) (\w+)/.exec(line)?.[1] ??
    /^ {2}(?:static )?\*?#?(\w+)\(.*\{$/.exec(line)?.[1];
  // What the comment stands above, if that is a declaration; otherwise what it stands in.
  const below = lines.slice(index).find((line) => !/^\s*(\/\/|\/\*|\*)/.test(line));
  const named = below === undefined ? undefined : declared(below);
  if (named !== undefined) return `\`${named}\``;
  for (let at = index; at >= 0; at--) {
    const line = lines[at]!;
    const name = /^(?:export | {2}(?=[a-z#*]))/.test(line)
      ? declared(line)
      : /^\w/.test(line)
        ? declared(line)
        : undefined;
    if (name !== undefined) return `\`${name}\``;
  }
  return 'the file';
}
