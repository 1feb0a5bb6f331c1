/**
 * Writes the parts of the documentation that are made from code: the state diagrams in docs/architecture.md, and the page
 * of errors. `npm run docs:generate`; with --check it only says whether they are current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { client12, server12 } from '../src/engine/protocols12.ts';
import { client13 } from '../src/handshake/tls13/client/client.ts';
import { server13 } from '../src/handshake/tls13/server/server.ts';
import { drawStates } from '../src/inspect/mermaid.ts';
import { errorsPage } from './errors/codes-page.ts';
import { withListenerOptions } from './listener-page.ts';
import { optionsPage } from './options-page.ts';
import { testkitPage } from './testkit-page.ts';

const root = new URL('../', import.meta.url);

/** What each file should hold. */
export function generated(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/architecture.md', withDiagrams(read('docs/architecture.md'))],
    ['docs/errors.md', errorsPage()],
    ['docs/options.md', optionsPage()],
    ['docs/listener.md', withListenerOptions(read('docs/listener.md'))],
    ['docs/testkit.md', testkitPage()],
  ]);
}

/** The files that do not hold what they should. */
export function stale(): readonly string[] {
  return [...generated()].filter(([path, content]) => read(path) !== content).map(([path]) => path);
}

function withDiagrams(text: string): string {
  let out = text;
  for (const [name, protocol] of [
    ['client13', client13],
    ['server13', server13],
    ['client12', client12],
    ['server12', server12],
  ] as const) {
    const begin = `<!-- begin ${name} -->`;
    const end = `<!-- end ${name} -->`;
    const from = out.indexOf(begin);
    const to = out.indexOf(end);
    if (from < 0 || to < from) throw new Error(`docs/architecture.md has no place for ${name}`);
    out = `${out.slice(0, from + begin.length)}\n\`\`\`mermaid\n${drawStates(protocol.table)}\`\`\`\n${out.slice(to)}`;
  }
  return out;
}

function read(path: string): string {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch {
    return '';
  }
}

if (process.argv[1]?.endsWith('generate-docs.ts') === true) {
  if (process.argv.includes('--check')) {
    const old = stale();
    if (old.length > 0) {
      console.error(`not current: ${old.join(', ')}; run npm run docs:generate`);
      process.exitCode = 1;
    }
  } else {
    for (const [path, content] of generated()) writeFileSync(new URL(path, root), content);
  }
}
