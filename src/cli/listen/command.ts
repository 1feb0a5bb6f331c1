import cluster from 'node:cluster';
import type { Command, Given } from '../command.ts';
import { EXIT } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import { checkPlan } from './check.ts';
import { flagsOf, givenValues } from './config.ts';
import { configSchema } from './schema.ts';
import { LISTEN_OPTIONS } from './options.ts';
import { readPlan } from './plan.ts';
import { runPrimary } from './primary.ts';
import { Snapshot } from './snapshot.ts';
import { runWorker } from './worker.ts';

/** `warifu listen` */
export const listenCommand: Command = {
  name: 'listen',
  summary: 'TLS in front of TCP or HTTP servers, one-way or mutual',
  operands: '',
  help: `
Takes TLS connections and hands what is in them to servers that need not know of TLS: bytes as they are, or with --http
requests over HTTP/1.1, HTTP/2 and WebSocket. Everything can also stand in a config file, under the same names.

  warifu listen --port 8443 --certificate ca/server.crt --key ca/server.key --to 127.0.0.1:5432
  warifu listen --port 8443 --http --certificate ca/server.crt --key ca/server.key --to 127.0.0.1:8080 --to 127.0.0.1:8081@2 \\
    --auth require --anchors ca/root.crt --crl ca/crl.pem
  warifu listen --config listen.json --check

SIGHUP, and a change of any file, reload everything: whole, or not at all. SIGTERM takes nothing new and waits for what
there is. All options, each with an example: docs/listener.md.
`,
  options: {
    config: { type: 'string', value: 'FILE', help: 'options in JSON; flags take their place' },
    check: { type: 'boolean', help: 'say what would be done, or what is wrong, and touch nothing' },
    schema: { type: 'boolean', help: 'print the JSON schema of the config file' },
    ...flagsOf(LISTEN_OPTIONS),
  },
  run,
};

async function run(given: Given, terminal: Terminal): Promise<number> {
  if (given.has('schema')) {
    terminal.print(JSON.stringify(configSchema(LISTEN_OPTIONS), undefined, 2));
    return EXIT.ok;
  }
  const flags = givenValues(given, LISTEN_OPTIONS);
  const config = given.text('config');
  const read = (files: Snapshot): ReturnType<typeof readPlan> => readPlan(flags, config, files);
  if (cluster.isWorker) return await runWorker(read, terminal);
  const files = new Snapshot(terminal.path);
  const plan = read(files);
  if (given.has('check')) return await checkPlan(plan, files, terminal, given.has('json'));
  return await runPrimary({ plan, files, read, terminal, json: given.has('json') });
}
