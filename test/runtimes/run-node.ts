import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HERE, type Result, type Runner, runCommand } from './runner.ts';

/** This Node, and those of other lines that are installed. */
export const runNode: Runner = async ({ console }) => {
  const results: Result[] = await runCommand(`node ${process.version}`, process.execPath, [console]);
  for (const line of ['22', '24', '26']) {
    const binary = join(HERE, `node_modules/node${line}/bin/node`);
    results.push(...(await runCommand(`node ${line}`, existsSync(binary) ? binary : undefined, [console])));
  }
  return results;
};
