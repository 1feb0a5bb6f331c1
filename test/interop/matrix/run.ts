import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cellsOf, peers } from './cells.ts';
import { documentOf } from './document.ts';
import { cacheFolder, ROOT } from './material.ts';
import { PACKAGES } from './peers/programs.ts';
import { type Cell, type Role, ROLES, SCENARIOS } from './types.ts';

/**
 * `npm run interop`: our two roles with every peer that this machine has.
 *   --peer NAME       only peers whose name has this in it, several times for several
 *   --role, --version, --scenario   only these
 *   --install         fetches the runtimes that come as packages of npm into the cache
 *   --doc             writes docs/interop.md
 * The exit code is 1 when a cell failed.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      peer: { type: 'string', multiple: true },
      role: { type: 'string' },
      version: { type: 'string' },
      scenario: { type: 'string' },
      install: { type: 'boolean' },
      doc: { type: 'boolean' },
    },
  });
  if (values.role !== undefined && !ROLES.includes(values.role as Role)) throw new Error(`--role: ${ROLES.join(', ')}`);
  if (values.scenario !== undefined && !(values.scenario in SCENARIOS))
    throw new Error(`--scenario: ${Object.keys(SCENARIOS).join(', ')}`);
  if (values.install) install();
  const chosen = peers().filter(
    ({ name }) => values.peer?.some((part) => name.toLowerCase().includes(part.toLowerCase())) ?? true,
  );
  const cells: Cell[] = [];
  for (const peer of chosen) {
    const began = performance.now();
    console.log(`\n${peer.name}: ${peer.version() ?? `not here; ${peer.install}`}`);
    const selection = { role: values.role as Role | undefined, version: values.version, scenario: values.scenario };
    cells.push(...(await cellsOf(peer, selection, show)));
    console.log(`  ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
  if (values.doc) {
    if (chosen.length < peers().length || values.role || values.version || values.scenario)
      throw new Error('--doc: only of the whole matrix');
    writeFileSync(join(ROOT, 'docs/interop.md'), documentOf(peers(), cells));
  }
  const count = (kind: string): number => cells.filter(({ outcome }) => outcome.kind === kind).length;
  console.log(
    `\n${count('passed')} passed, ${count('failed')} failed; ${count('cannot')} cannot be, ${count('not here')} not here`,
  );
  process.exit(count('failed') > 0 ? 1 : 0);
}

let last = performance.now();

function show({ role, version, scenario, outcome }: Cell): void {
  const took = performance.now() - last;
  last = performance.now();
  if (outcome.kind === 'none' || outcome.kind === 'not here') return;
  if (took > 3_000) console.log(`  our ${role}, TLS ${version}, ${SCENARIOS[scenario]}: ${(took / 1000).toFixed(1)} s`);
  const more =
    outcome.kind === 'failed' || outcome.kind === 'cannot' ? `: ${outcome.why.replaceAll('\n', '\n      ')}` : '';
  if (outcome.kind !== 'passed')
    console.log(`  our ${role}, TLS ${version}, ${SCENARIOS[scenario]}: ${outcome.kind}${more}`);
}

function install(): void {
  for (const name of PACKAGES) {
    const args = ['install', '--no-audit', '--no-fund', '--no-save', '--prefix', cacheFolder(`npm/${name}`), name];
    spawnSync('npm', args, { stdio: 'inherit' });
  }
}

await main();
