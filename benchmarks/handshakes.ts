/**
 * CPU of a handshake beside node:tls, once the code has been run 50 times and 1,500 times: `npm run bench:handshakes
 * [-- --node PATH] [--only TEXT] [--rounds N] [--doc]`.
 *
 * Each measurement is a process of its own, of the Node that is given, with the other side, node:tls, in another. Rounds are
 * interleaved; shown are medians, and medians of the ratios within a round. What is run is a bundle, as it is shipped: tsx
 * gives each function that is made a name, which costs a third of a handshake and which the package, installed, does not have.
 * Writes `benchmarks/results/handshakes-<version>.json`, and with `--doc` docs/benchmarks.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { basicPki, clientEntry, serverEntry } from '../test/support/pki.ts';
import { writePage } from './doc.ts';
import type { HandshakeCosts, HandshakeOrder } from './handshake-run.ts';
import type { HandshakeResults, HandshakeRow } from './results.ts';

const argument = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const NODE = argument('--node') ?? process.execPath;
const ONLY = argument('--only');
const ROUNDS = Number(argument('--rounds') ?? 5);
const MARKS = [
  [50, 100],
  [1500, 300],
] as const;
/** Of one process, in milliseconds. */
const PATIENCE = 300_000;
const RESULTS = join(import.meta.dirname, 'results');
const BUNDLE = join(import.meta.dirname, '../.cache/benchmarks/handshake-run.mjs');

type Way = Pick<HandshakeOrder, 'version' | 'mutual' | 'resume'>;
const WAYS: Readonly<Record<string, Way>> = {
  '1.3': { version: '1.3', mutual: false, resume: false },
  '1.3 mutual': { version: '1.3', mutual: true, resume: false },
  '1.2': { version: '1.2', mutual: false, resume: false },
  '1.3 resumed': { version: '1.3', mutual: false, resume: true },
  '1.3 mutual resumed': { version: '1.3', mutual: true, resume: true },
  '1.2 resumed': { version: '1.2', mutual: false, resume: true },
};

async function main(): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, 'handshake-run.ts')],
    outfile: BUNDLE,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  });
  const version = spawnSync(NODE, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.log(`Node ${version}; ${ROUNDS} rounds; CPU ms of a handshake: node:tls, warifu, ratio`);
  console.log(`${''.padEnd(28)}${MARKS.map(([after]) => `after ${after}`.padStart(24)).join('')}`);
  const rows: HandshakeRow[] = [];
  for (const [name, way] of Object.entries(WAYS))
    for (const role of ['client', 'server'] as const) {
      const what = `${name}, ${role}`;
      if (ONLY !== undefined && !what.includes(ONLY)) continue;
      const row = { what, costs: compare(way, role) };
      rows.push(row);
      const cells = row.costs.map(
        ({ theirs, ours, ratio }) => `${theirs.toFixed(2)} ${ours.toFixed(2)} ${ratio.toFixed(2)}`,
      );
      console.log(`${what.padEnd(28)}${cells.map((cell) => cell.padStart(24)).join('')}`);
      // After each row: a run takes long, and may be interrupted.
      if (ONLY === undefined) keep({ node: version, load: loadavg()[1] ?? 0, rounds: ROUNDS, rows });
    }
  if (process.argv.includes('--doc')) writePage(RESULTS);
}

function keep(results: HandshakeResults): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(
    join(RESULTS, `handshakes-${results.node.slice(1).split('.')[0]}.json`),
    `${JSON.stringify(results, undefined, 2)}\n`,
  );
}

function compare(way: Way, role: HandshakeOrder['role']): HandshakeRow['costs'] {
  const costs: { theirs: HandshakeCosts; ours: HandshakeCosts }[] = [];
  for (let round = 0; round < ROUNDS; round++)
    costs.push({ theirs: costsOf('node:tls', way, role), ours: costsOf('warifu', way, role) });
  return MARKS.map(([after], at) => ({
    after,
    theirs: median(costs.map(({ theirs }) => theirs[at]!)),
    ours: median(costs.map(({ ours }) => ours[at]!)),
    ratio: median(costs.map(({ theirs, ours }) => ours[at]! / theirs[at]!)),
  }));
}

function costsOf(who: 'node:tls' | 'warifu', way: Way, role: HandshakeOrder['role']): HandshakeCosts {
  const pem = ({ chain, key }: ReturnType<typeof serverEntry>) => ({ chain: chain.join('\n'), key });
  const order: HandshakeOrder = {
    ...way,
    who,
    role,
    anchors: basicPki().ca.ecRoot.certificate,
    server: pem(serverEntry()),
    client: pem(clientEntry()),
    marks: MARKS,
  };
  const { stdout, stderr } = spawnSync(NODE, [BUNDLE, JSON.stringify(order)], { encoding: 'utf8', timeout: PATIENCE });
  if (stdout === '') throw new Error(`${who}, ${role}: ${stderr}`);
  return JSON.parse(stdout) as HandshakeCosts;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

await main();
