import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What one run of a script came to. */
export interface Outcome {
  /** The names of all conversations that were held, and how each ended. */
  readonly conversations: readonly Conversation[];
  /** Set where the script itself did not come to its end: its last words. */
  readonly broken?: string;
  readonly seconds: number;
}

export interface Conversation {
  readonly name: string;
  /** Why it was not as the script wants it; absent where it was. */
  readonly failure?: string;
}

export interface Where {
  /** Path of a checkout of tlsfuzzer. */
  readonly checkout: string;
  readonly python: string;
  /** Longest time that a script may take, in seconds. */
  readonly timeout: number;
}

/** Runs a script with these arguments. Never fails: what goes wrong is in the outcome. */
export async function runScript(script: string, args: readonly string[], where: Where): Promise<Outcome> {
  const started = performance.now();
  const child = spawn(where.python, [join('scripts', `${script}.py`), ...args], {
    cwd: where.checkout,
    env: { ...process.env, PYTHONPATH: where.checkout, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, where.timeout * 1000);
  await new Promise<void>((resolve) => {
    child.once('error', (error) => {
      err.push(Buffer.from(`${error.message}\n`));
      resolve();
    });
    child.once('close', () => resolve());
  });
  clearTimeout(timer);
  const seconds = (performance.now() - started) / 1000;
  const text = Buffer.concat(out).toString('utf8');
  const conversations = conversationsOf(text);
  if (late) return { conversations, seconds, broken: `not done after ${where.timeout} seconds` };
  if (/^Test end$/m.test(text) || /^TOTAL: \d+$/m.test(text)) return { conversations, seconds };
  const words = Buffer.concat(err).toString('utf8').trim().split('\n').at(-1) ?? '';
  return { conversations, seconds, broken: words || text.trim().split('\n').at(-1) || 'it said nothing' };
}

/**
 * Reads what a script prints: a line `name ...` for each conversation (some repeat them: `"name" repeat 0...`), then `OK`
 * or the traceback of what went wrong.
 */
export function conversationsOf(text: string): readonly Conversation[] {
  const end = /^(?:Test end|=+|TOTAL: \d+)$/m.exec(text);
  const body = end === null ? text : text.slice(0, end.index);
  // Names may hold anything, line ends too, but they begin after an empty line.
  const starts = [...body.matchAll(/(?:^|\n\n)(?:"(.+)" repeat \d+|([^\n]+(?:\n[^\n]+)*?) )\.\.\.\n/g)];
  return starts.map((start, index) => {
    const said = body.slice(start.index + start[0].length, starts[index + 1]?.index);
    const name = (start[1] ?? start[2])!;
    return /^OK\b/m.test(said) && !said.includes('Error while processing')
      ? { name }
      : { name, failure: failureOf(said) };
  });
}

/** The last exception is the one that counts. */
function failureOf(said: string): string {
  const lines = said.split('\n').filter((line) => /^[\w.]*(?:Error|Exception|timeout)\b/.test(line));
  return (
    lines
      .filter((line) => !line.startsWith('Error '))
      .at(-1)
      ?.trim() ?? 'it did not say why'
  );
}
