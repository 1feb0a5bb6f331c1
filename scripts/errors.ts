/**
 * What errors tell: `npm run errors` meets each situation with each client and prints what they say; `-- --page` writes
 * docs/conformance/errors.md. The exit code is 1 when ours lacks a fact.
 */
import { writeFileSync } from 'node:fs';
import { Folder } from '../test/support/programs.ts';
import { node, programs, warifu } from './errors/clients.ts';
import { page, type Said } from './errors/page.ts';
import { Servers } from './errors/servers.ts';
import { learned, type Situation } from './errors/setting.ts';
import { situations } from './errors/situations.ts';

const folder = new Folder();
const servers = await Servers.start();
const all: { readonly situation: Situation; readonly said: readonly Said[] }[] = [];
try {
  for (const situation of await situations(servers)) {
    const said: Said[] = [];
    for (const client of [warifu, node, ...programs(folder)]) {
      const text = client.version === undefined ? undefined : await client.meet(situation.setting);
      said.push({ client, text });
      console.log(`${situation.name}, ${client.name}: ${text ?? 'nothing'}`);
    }
    all.push({ situation, said });
  }
} finally {
  await servers.close();
  folder.remove();
}
for (const { situation, said } of all) {
  const facts = Object.keys(situation.facts);
  const missing = facts.filter((fact) => !learned(situation.facts, said[0]!.text).includes(fact));
  if (missing.length === 0) continue;
  console.error(`${situation.name}: ours does not tell ${missing.join('; ')}`);
  process.exitCode = 1;
}
if (process.argv.includes('--page'))
  writeFileSync(new URL('../docs/conformance/errors.md', import.meta.url), page(all));
