/**
 * Runs tlsfuzzer against our server: `npm run tlsfuzzer -- CHECKOUT [--python FILE] [--only WORD] [--doc]`, where CHECKOUT
 * is a checkout of tlsfuzzer, and FILE a Python that has what it needs (tlslite-ng). Two scripts at a time. Ends with 1 if a
 * conversation went otherwise than the script wants and no reason is given why that is right (plan.ts).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { clientEntry, type KeyKind } from '../support/pki.ts';
import { LEFT_OUT, type Run, reasonFor, runsOf } from './plan.ts';
import { PROFILES, type ProfileName } from './profiles.ts';
import { runScript } from './script.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { python: { type: 'string' }, only: { type: 'string' }, doc: { type: 'boolean', default: false } },
});
const [checkout] = positionals;
if (checkout === undefined) {
  process.stderr.write('usage: npm run tlsfuzzer -- CHECKOUT [--python FILE] [--only WORD] [--doc]\n');
  process.exit(2);
}
/** In seconds, for one script. */
const TIMEOUT = 300;

interface Result {
  readonly script: string;
  readonly run: Run;
  readonly conversations: number;
  readonly explained: ReadonlyMap<string, number>;
  readonly unexplained: readonly string[];
  readonly broken: string | undefined;
}

const folder = mkdtempSync(join(tmpdir(), 'warifu-tlsfuzzer-'));
const server = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('server.ts', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
const ports = JSON.parse(line) as { readonly [name in ProfileName]: number };
const scripts = readdirSync(join(checkout, 'scripts'))
  .flatMap((file) => /^test-(.+)\.py$/.exec(file)?.[1] ?? [])
  .filter((script) => options.only === undefined || script.includes(options.only))
  .sort();
const jobs = scripts.flatMap((script) => (script in LEFT_OUT ? [] : runsOf(script).map((run) => ({ script, run }))));
const results: Result[] = [];
let next = 0;
await Promise.all([0, 1].map(work));
server.stdin.end();
rmSync(folder, { recursive: true });

results.sort((a, b) => (a.script < b.script ? -1 : 1));
const total = results.reduce((sum, { conversations }) => sum + conversations, 0);
const explained = results.reduce((sum, result) => sum + [...result.explained.values()].reduce((a, b) => a + b, 0), 0);
const unexplained = results.reduce((sum, result) => sum + result.unexplained.length, 0);
const broken = results.filter((result) => result.broken !== undefined);
console.log(
  `${results.length} runs of ${new Set(results.map(({ script }) => script)).size} scripts, ${total} conversations:`,
);
console.log(
  `${total - explained - unexplained} as expected, ${explained} otherwise with a reason, ${unexplained} without; ${broken.length} scripts were aborted`,
);
if (options.doc) writeFileSync(fileURLToPath(new URL('../../docs/conformance/tlsfuzzer.md', import.meta.url)), page());
process.exitCode = unexplained + broken.length > 0 ? 1 : 0;

async function work(): Promise<void> {
  while (next < jobs.length) {
    const { script, run } = jobs[next++]!;
    const args = [
      '-h',
      '127.0.0.1',
      '-p',
      String(ports[run.profile]),
      ...knownOptions(script, run),
      ...(run.args ?? []),
    ];
    if (run.client !== undefined) args.push(...credentialFor(run.client));
    const python = options.python ?? 'python3';
    const { conversations, broken, seconds } = await runScript(`test-${script}`, args, {
      checkout: checkout!,
      python,
      timeout: TIMEOUT,
    });
    const explained = new Map<string, number>();
    const unexplained: string[] = [];
    for (const { name, failure } of conversations) {
      if (failure === undefined) continue;
      const reason = reasonFor(script, name, failure);
      if (reason === undefined) unexplained.push(`${name}: ${failure}`);
      else explained.set(reason, (explained.get(reason) ?? 0) + 1);
    }
    results.push({ script, run, conversations: conversations.length, explained, unexplained, broken });
    const other = [...explained.values()].reduce((a, b) => a + b, 0);
    console.log(
      `[${results.length}/${jobs.length}] ${script} (${run.profile}): ${conversations.length}, ${other} explained, ` +
        `${unexplained.length} not, ${seconds.toFixed(1)} s${broken === undefined ? '' : `; aborted: ${broken}`}`,
    );
    for (const text of unexplained.slice(0, 5)) console.log(`    ${text.slice(0, 200)}`);
  }
}

/** Key exchange with a signature and extended master secret, where a script of TLS 1.2 can be told so. */
function knownOptions(script: string, { profile }: Run): string[] {
  const own = join(checkout!, 'tlsfuzzer', '_apps', `test_${script.replaceAll('-', '_')}.py`);
  const text = readFileSync(existsSync(own) ? own : join(checkout!, 'scripts', `test-${script}.py`), 'utf8');
  const known: string[] = [];
  // These have the options and mean something else by them, or cannot be run with them.
  if (['ecdsa-sig-flexibility', 'extended-master-secret-extension'].includes(script)) return known;
  if (/print\(" -d {2}/.test(text) && profile !== 'legacy-12') known.push('-d');
  if (/\| --ems/.test(text)) known.push('-M');
  return known;
}

function credentialFor(kind: KeyKind): string[] {
  const { chain, key } = clientEntry(kind);
  const [certificateFile, keyFile] = [join(folder, `${kind}.crt`), join(folder, `${kind}.key`)];
  writeFileSync(certificateFile, chain[0]!);
  writeFileSync(keyFile, key);
  return ['-k', keyFile, '-c', certificateFile];
}

function page(): string {
  const by = (keys: readonly string[]): Result[] => results.filter(({ run }) => keys.includes(group(run)));
  const lines = [
    '# tlsfuzzer',
    '',
    '<!-- Made by `npm run tlsfuzzer -- CHECKOUT --doc`. -->',
    '',
    'tlsfuzzer holds conversations with a server, each with one thing wrong in it, or unusual, and looks at what comes back.',
    'Here it talks to `test/tlsfuzzer/server.ts`, with every script that applies; nothing of it is in this repository.',
    '',
    `${results.length} runs of ${new Set(results.map(({ script }) => script)).size} scripts, ${total} conversations: ` +
      `${total - explained - unexplained} as expected, ${explained} otherwise, with a reason, ${unexplained} without one.`,
    '',
    '| server | runs | conversations | otherwise, with a reason | without |',
    '|---|--:|--:|--:|--:|',
  ];
  for (const key of [...new Set(results.map(({ run }) => group(run)))].sort()) {
    const some = by([key]);
    const sum = (of: (result: Result) => number): number => some.reduce((total, result) => total + of(result), 0);
    const why = sum((result) => [...result.explained.values()].reduce((a, b) => a + b, 0));
    lines.push(
      `| ${key} | ${some.length} | ${sum(({ conversations }) => conversations)} | ${why} | ${sum((result) => result.unexplained.length)} |`,
    );
  }
  lines.push('', '## Otherwise than the script wants', '', '| conversations | reason | scripts |', '|--:|---|---|');
  const reasons = new Map<string, { count: number; scripts: Set<string> }>();
  for (const { script, explained } of results)
    for (const [reason, count] of explained) {
      const entry = reasons.get(reason) ?? { count: 0, scripts: new Set() };
      entry.count += count;
      entry.scripts.add(script);
      reasons.set(reason, entry);
    }
  for (const [reason, { count, scripts }] of [...reasons].sort((a, b) => b[1].count - a[1].count))
    lines.push(`| ${count} | ${reason.replaceAll('|', '\\|')} | ${[...scripts].join(', ')} |`);
  const open = results.filter((result) => result.unexplained.length > 0 || result.broken !== undefined);
  if (open.length > 0) lines.push('', '## Not explained', '');
  for (const { script, run, unexplained, broken } of open) {
    if (broken !== undefined) lines.push(`- ${script} (${run.profile}) was aborted: ${broken}`);
    for (const text of unexplained) lines.push(`- ${script} (${run.profile}): ${text}`);
  }
  lines.push('', '## Left out', '', '| script | reason |', '|---|---|');
  for (const [script, reason] of Object.entries(LEFT_OUT)) lines.push(`| ${script} | ${reason} |`);
  return `${lines.join('\n')}\n`;
}

/** Versions, key and client certificate of a server, in words. */
function group({ profile }: Run): string {
  const { keys, protocols, ...rest } = PROFILES[profile] as {
    keys: readonly string[];
    protocols: readonly string[];
    clientAuth?: string;
  };
  const auth = rest.clientAuth === undefined ? '' : `, client certificate: ${rest.clientAuth}`;
  return `TLS ${protocols.join(' and ')}, ${keys.join(' and ')}${auth}`;
}
