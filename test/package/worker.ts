import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Files, freePort, startChild } from '../support/child.ts';
import { command } from './pack.ts';

/** A worker of Cloudflare's: bundled by their program, and run in their runtime without the network. */

const DATE = '2026-11-01';

/** The file that `wrangler deploy --dry-run` makes of worker.mjs in this folder. @param tools where wrangler is installed. */
export async function bundleWithWrangler(folder: string, tools: string): Promise<string> {
  writeFileSync(
    join(folder, 'wrangler.toml'),
    `name = "worker"\nmain = "worker.mjs"\ncompatibility_date = "${DATE}"\n`,
  );
  const wrangler = join(tools, 'node_modules/wrangler/bin/wrangler.js');
  await command(newestNode(), [wrangler, 'deploy', '--dry-run', '--outdir', 'out'], folder);
  return join(folder, 'out/worker.js');
}

/** What the worker answers. */
export async function runInWorkerd(bundle: string, tools: string): Promise<string> {
  const binary = join(tools, 'node_modules/@cloudflare/workerd-linux-64/bin/workerd');
  if (!existsSync(binary)) throw new Error('workerd is not installed: there is no package of it for this machine');
  const port = await freePort();
  const files = new Files();
  files.add('worker.js', readFileSync(bundle));
  const config = files.add('config.capnp', configFor(port));
  const child = startChild(binary, ['serve', config], { files });
  try {
    for (let tries = 0; ; tries++) {
      const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(60_000) }).catch(
        () => undefined,
      );
      if (answer?.ok === true) return await answer.text();
      if (answer !== undefined || tries > 100) throw new Error(`${await answer?.text()}\n${child.output()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await child.stop();
  }
}

const configFor = (port: number): string => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .worker) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ],
);
const worker :Workerd.Worker = (
  modules = [ (name = "worker", esModule = embed "worker.js") ],
  compatibilityDate = "${DATE}",
);
`;

/** wrangler wants a newer Node than the oldest that we support. */
function newestNode(): string {
  const node = join(import.meta.dirname, '../runtimes/node_modules/node22/bin/node');
  return Number(process.versions.node.split('.')[0]) >= 22 || !existsSync(node) ? process.execPath : node;
}
