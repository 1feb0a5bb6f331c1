/**
 * The shim. With BOGO_LISTEN it waits at that Unix socket and serves one test for each connection of the launcher; without
 * it runs the one test that its arguments describe.
 */
import { appendFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { type Outcome, runTest } from './exchange.ts';
import { parseCommandLine, Unimplemented } from './flags.ts';

/** Of the tests that are running: what a crash without a known cause ends. */
const running = new Set<(outcome: Outcome) => void>();

async function runArguments(args: readonly string[], signal: AbortSignal): Promise<Outcome> {
  const crashed = new Promise<Outcome>((resolve) => {
    running.add(resolve);
    signal.addEventListener('abort', () => running.delete(resolve), { once: true });
  });
  return await Promise.race([crashed, run(args, signal)]);
}

async function run(args: readonly string[], signal: AbortSignal): Promise<Outcome> {
  let outcome: Outcome;
  try {
    outcome = await runTest(parseCommandLine(args), signal);
  } catch (error) {
    outcome =
      error instanceof Unimplemented
        ? { status: 89, stderr: `not implemented: ${error.message}\n` }
        : { status: 90, stderr: `CRASH ${error instanceof Error ? error.stack : error}\n` };
  }
  const log = process.env.BOGO_LOG;
  if (log !== undefined && outcome.status >= 89) appendFileSync(log, `${outcome.status} ${outcome.stderr}`);
  return outcome;
}

function serve(launcher: Socket): void {
  const chunks: Buffer[] = [];
  const controller = new AbortController();
  launcher.on('data', (chunk) => chunks.push(chunk));
  launcher.on('error', () => controller.abort());
  launcher.on('close', () => controller.abort());
  launcher.on('end', () => {
    const args = Buffer.concat(chunks).toString('latin1').split('\0').slice(0, -1);
    void runArguments(args, controller.signal).then(({ status, stderr }) => {
      launcher.end(Buffer.concat([Buffer.of(status), Buffer.from(stderr, 'utf8')]));
    });
  });
}

function crash(reason: unknown): void {
  const stderr = `CRASH outside of any test: ${reason instanceof Error ? reason.stack : reason}\n`;
  for (const end of running) end({ status: 90, stderr });
  if (running.size === 0) process.stderr.write(stderr);
}

process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
const path = process.env.BOGO_LISTEN;
if (path !== undefined) {
  createServer({ allowHalfOpen: true }, serve).listen(path, () => process.stdout.write('ready\n'));
} else {
  void runArguments(process.argv.slice(2), new AbortController().signal).then(({ status, stderr }) => {
    process.stderr.write(stderr, () => process.exit(status));
  });
}
