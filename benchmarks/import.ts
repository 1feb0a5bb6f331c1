import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What an import costs in a fresh process, CPU milliseconds, medians. Needs `npm run build`. */
export function importTimes(times: number): { readonly what: string; readonly cpu: number }[] {
  const dist = join(import.meta.dirname, '../dist');
  const subjects: Record<string, string> = {
    'warifu, as Node loads it': join(dist, 'bundled/index.js'),
    'warifu, file by file': join(dist, 'index.js'),
    'node:tls': 'node:tls',
  };
  const code = (name: string): string =>
    `const before = process.cpuUsage(); await import(${JSON.stringify(name)}); const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000);`;
  const found = new Map<string, number[]>();
  for (let round = 0; round < times; round++)
    for (const [what, name] of Object.entries(subjects)) {
      if (name.startsWith('/') && !existsSync(name)) continue;
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code(name)], { encoding: 'utf8' });
      found.set(what, [...(found.get(what) ?? []), Number(stdout)]);
    }
  return [...found].map(([what, list]) => ({ what, cpu: list.sort((a, b) => a - b)[list.length >> 1]! }));
}
