import { basename } from 'node:path';
import { Files, freePort, startChild } from '../support/child.ts';
import { broken, platformBinary, type Result, type Runner } from './runner.ts';
import type { Outcome } from './suite.ts';
import { readFileSync } from 'node:fs';

/**
 * Cloudflare's runtime, by itself: one worker behind one socket of loopback; without anything of Node, and with its
 * compatibility, where `node:crypto` is there by name and throws for much of what Node takes.
 */
export const runWorkerd: Runner = async ({ fetch: bundle }) => {
  const binary = platformBinary('@cloudflare', 'workerd-', 'bin/workerd');
  if (binary === undefined) return [{ runtime: 'workerd', skipped: 'not installed', outcomes: [] }];
  const results: Result[] = [];
  for (const date of ['2024-09-23', '2026-11-01'])
    for (const flags of ['', 'nodejs_compat'])
      results.push(
        await runWith(
          `workerd ${date}${flags === '' ? '' : `, ${flags}`}`,
          binary,
          bundle,
          `compatibilityDate = "${date}"${flags === '' ? '' : `, compatibilityFlags = ["${flags}"]`}`,
        ),
      );
  return results;
};

async function runWith(runtime: string, binary: string, bundle: string, compatibility: string): Promise<Result> {
  const files = new Files();
  const port = await freePort();
  files.add(basename(bundle), readFileSync(bundle));
  const config = files.add('config.capnp', configFor(basename(bundle), port, compatibility));
  const child = startChild(binary, ['serve', config], { files });
  try {
    return { runtime, outcomes: await ask(port) };
  } catch (error) {
    return { runtime, outcomes: [broken(`${error}\n${child.output().slice(-2000)}`)] };
  } finally {
    await child.stop();
  }
}

async function ask(port: number): Promise<Outcome[]> {
  for (let tries = 0; ; tries++) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(120_000) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${answer.status} ${text}`);
      return JSON.parse(text) as Outcome[];
    } catch (error) {
      const refused = (error as { readonly cause?: { readonly code?: string } }).cause?.code === 'ECONNREFUSED';
      if (!refused || tries >= 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const configFor = (bundle: string, port: number, compatibility: string): string => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .worker) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ],
);
const worker :Workerd.Worker = (
  modules = [ (name = "suite", esModule = embed "${bundle}") ],
  ${compatibility},
);
`;
