// One case in Node, Deno or Bun: the name of the case and a file with what it is given are the arguments.
import { readFileSync } from 'node:fs';
import { isOurs } from './cases/support.mjs';

const [, , path, ours] = process.argv;
const given = JSON.parse(readFileSync(path, 'utf8'));
if (isOurs() !== (ours === 'ours')) throw new Error(`this does not run with the TLS that it is to run with (${ours})`);
const { run } = await import('case');
await run(given);
console.log('done');
process.exit(0);
