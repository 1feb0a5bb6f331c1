/**
 * What the worst that a peer can send costs, for both providers: `npm run bombs [-- part of a kind or name]`.
 *
 * Prints a row for each kind of bomb of test/pki/bombs with the longest CPU time of its members (Markdown, as in
 * docs/conformance/attacks.md), and fails when one took longer than is promised. For the nightly run: a loaded machine
 * makes the figures larger.
 */
import { nobleProvider } from '../src/crypto/noble/index.ts';
import { nodeProvider } from '../src/crypto/node/index.ts';
import { type Bomb, bombs } from '../test/pki/bombs/bombs.ts';
import { judge } from '../test/pki/bombs/judge.ts';

const PROVIDERS = { node: nodeProvider(), noble: nobleProvider() };
/** Milliseconds of CPU. */
const PROMISED = { node: 250, noble: 1_000 };

interface Worst {
  bombs: number;
  readonly node: { ms: number; name: string };
  readonly noble: { ms: number; name: string };
}

async function main(): Promise<void> {
  const only = process.argv[2];
  const list = process.argv.includes('--list');
  const worst = new Map<string, Worst>();
  for (const bomb of bombs()) {
    if (only !== undefined && only !== '--list' && !`${bomb.kind} ${bomb.name}`.includes(only)) continue;
    const entry = worst.get(bomb.kind) ?? { bombs: 0, node: { ms: 0, name: '' }, noble: { ms: 0, name: '' } };
    worst.set(bomb.kind, entry);
    entry.bombs++;
    for (const provider of ['node', 'noble'] as const) {
      const { ms, answer } = await cost(bomb, provider);
      if (list)
        console.log(`${ms.toFixed(0).padStart(6)} ms ${provider.padEnd(6)} ${bomb.kind}: ${bomb.name}: ${answer}`);
      if (ms > entry[provider].ms) Object.assign(entry[provider], { ms, name: bomb.name });
    }
  }
  console.log('| kind | bombs | node:crypto, ms of CPU | the worst | noble, ms of CPU | the worst |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const [kind, { bombs: count, node, noble }] of worst)
    console.log(
      `| ${kind} | ${count} | ${node.ms.toFixed(0)} | ${node.name} | ${noble.ms.toFixed(0)} | ${noble.name} |`,
    );
  const late = [...worst].filter(([, of]) => of.node.ms > PROMISED.node || of.noble.ms > PROMISED.noble);
  if (late.length > 0) process.exitCode = 1;
}

/** The second of two runs: the first also compiles, which happens once in the life of a process. */
async function cost(
  bomb: Bomb,
  provider: keyof typeof PROVIDERS,
): Promise<{ readonly ms: number; readonly answer: string }> {
  let ms = 0;
  let answer = '';
  for (let turn = 0; turn < 2; turn++) {
    const before = process.cpuUsage();
    const verdict = await judge(bomb, PROVIDERS[provider]);
    const { user, system } = process.cpuUsage(before);
    ms = (user + system) / 1_000;
    answer = verdict.ok ? 'accepted' : `${verdict.failure.code} ${verdict.failure.message.slice(0, 80)}`;
  }
  return { ms, answer };
}

await main();
