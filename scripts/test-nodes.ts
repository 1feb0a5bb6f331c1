/**
 * The tests of Node's streams under every version of Node that they are meant for: `npm run test:nodes [-- version ...]`.
 * The binaries come from the npm package `node`, on first use, into .cache/nodes/. Prints version × passed × failed; the
 * exit code is 0 only when every version ran and nothing failed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const CACHE = join(ROOT, '.cache/nodes');
const VERSIONS = ['20', '22', '24', '26'];
const TESTS = ['test/node', 'test/transport'];
/** For one version, in milliseconds. */
const PATIENCE = 1_200_000;

/** As much of vitest's report as is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

interface Row {
  readonly version: string;
  readonly report: Report | undefined;
}

function main(versions: readonly string[]): void {
  const rows = versions.map(testUnder);
  console.log(`\n${'version'.padEnd(12)}${'passed'.padStart(8)}${'failed'.padStart(8)}${'skipped'.padStart(9)}`);
  for (const { version, report } of rows) {
    const counts = report === undefined ? ['-', 'did not run', ''] : countsOf(report);
    console.log(`${version.padEnd(12)}${counts[0]!.padStart(8)}${counts[1]!.padStart(8)}${counts[2]!.padStart(9)}`);
  }
  for (const { version, report } of rows)
    for (const name of failuresOf(report)) console.log(`${version}  FAILED  ${name}`);
  process.exitCode = rows.every(({ report }) => report !== undefined && failuresOf(report).length === 0) ? 0 : 1;
}

function testUnder(range: string): Row {
  const binary = install(range);
  if (binary === undefined) return { version: range, report: undefined };
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const output = join(CACHE, `${range}.json`);
  rmSync(output, { force: true });
  console.log(`\n${version}`);
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  spawnSync(binary, [vitest, 'run', '--reporter=dot', '--reporter=json', `--outputFile.json=${output}`, ...TESTS], {
    cwd: ROOT,
    stdio: 'inherit',
    timeout: PATIENCE,
  });
  const report = existsSync(output) ? (JSON.parse(readFileSync(output, 'utf8')) as Report) : undefined;
  return { version, report: report !== undefined && report.numPassedTests > 0 ? report : undefined };
}

/** The binary of this version; undefined: it cannot be had. */
function install(range: string): string | undefined {
  const folder = join(CACHE, range);
  const binary = join(folder, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  // The package brings its binary by a script.
  const options = ['--ignore-scripts=false', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', ['install', ...options, `node@${range}`], { cwd: folder, stdio: 'inherit' });
  return status === 0 && existsSync(binary) ? binary : undefined;
}

function countsOf({ numPassedTests, numFailedTests, numPendingTests, testResults }: Report): string[] {
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return [`${numPassedTests}`, `${numFailedTests + broken.length}`, `${numPendingTests}`];
}

function failuresOf(report: Report | undefined): string[] {
  return (report?.testResults ?? []).flatMap(({ name, status, message, assertionResults }) => {
    // A file that could not be loaded has no tests.
    if (status === 'failed' && assertionResults.length === 0) return [`${name}: ${message ?? ''}`];
    return assertionResults.filter((one) => one.status === 'failed').map(({ fullName }) => fullName);
  });
}

const [...asked] = process.argv.slice(2);
main(asked.length > 0 ? asked : VERSIONS);
