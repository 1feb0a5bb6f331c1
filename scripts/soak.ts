/**
 * Many connections and much data through one process: `npm run soak -- [--handshakes 100000] [--gigabytes 10]`.
 *
 * Connections of all kinds (test/soak/kinds.ts), those that fail among them, then data through a few long ones. After each
 * hundredth part the heap is measured, when everything has been collected; at the end its last quarter must not be larger
 * than the second one, and of what Node counts (sockets, timers, promises) no more may be alive than after the beginning.
 */
import { SHARES, type Kind, startSoak } from '../test/soak/kinds.ts';
import { settled, startCensus } from '../test/soak/leaks.ts';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const handshakes = option('handshakes', 100_000);
const gigabytes = option('gigabytes', 10);
const MEGABYTE = 1_048_576;
/** The heap is never the same twice; a leak of a hundred bytes a connection is ten times this. */
const MAX_GROWTH = MEGABYTE;
/** How many connections are open at a time. */
const AT_ONCE = 8;

const rejections: unknown[] = [];
process.on('unhandledRejection', (reason) => void rejections.push(reason));

const soak = await startSoak();
const kinds = (Object.entries(SHARES) as [Kind, number][]).flatMap(([kind, share]) => Array<Kind>(share).fill(kind));
if (kinds.length !== 100) throw new Error(`${kinds.length} of a hundred`);
// Caches, compiled code and the like are there after this.
await some(Math.min(1_000, handshakes));
const census = startCensus();
await settled();
const before = alive();
const heaps: number[] = [];
const began = performance.now();
const part = Math.max(100, Math.round(handshakes / 100));
for (let done = 0; done < handshakes; done += part) {
  await some(part);
  await settled();
  heaps.push(process.memoryUsage().heapUsed);
  const seconds = (performance.now() - began) / 1000;
  const rate = (done + part) / seconds;
  console.log(
    `${done + part} of ${handshakes} connections, ${rate.toFixed(0)}/s, heap ${(heaps.at(-1)! / MEGABYTE).toFixed(2)} MB, ` +
      `${Math.round((handshakes - done - part) / rate)} s to go`,
  );
}
const quarter = Math.max(1, Math.floor(heaps.length / 4));
const [second, last] = [median(heaps.slice(quarter, 2 * quarter)), median(heaps.slice(-quarter))];
report('heap after connections', last - second);

const streams = Math.max(1, Math.round(gigabytes / 2.5));
const dataHeaps: number[] = [];
const beganData = performance.now();
for (let stream = 0; stream < streams; stream++) {
  await soak.pour(Math.round((gigabytes * 1e9) / streams));
  await settled();
  dataHeaps.push(process.memoryUsage().heapUsed);
  const rate = ((stream + 1) * gigabytes * 1e3) / streams / ((performance.now() - beganData) / 1000);
  console.log(`${(((stream + 1) * gigabytes) / streams).toFixed(1)} of ${gigabytes} GB, ${rate.toFixed(0)} MB/s`);
}
report('heap after data', dataHeaps.at(-1)! - dataHeaps[0]!);

await settled();
const after = alive();
census.stop();
for (const [kind, count] of after) {
  const more = count - (before.get(kind) ?? 0);
  // A handful of promises belong to whatever is running right now.
  if (more > 20) fail(`${more} more of ${kind} are alive than before`);
}
console.log(
  `alive: ${[...after].map(([kind, count]) => `${kind} ${count} (${before.get(kind) ?? 0} before)`).join(', ')}`,
);
if (rejections.length > 0)
  fail(`${rejections.length} rejections that were not handled, the first: ${String(rejections[0])}`);
await soak.close();
console.log(process.exitCode === undefined ? 'flat' : 'NOT flat');

async function some(count: number): Promise<void> {
  let left = count;
  const work = async (): Promise<void> => {
    while (left > 0) await soak.run(kinds[(left-- * 37) % kinds.length]!);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function alive(): ReadonlyMap<string, number> {
  return census.live();
}

function report(what: string, growth: number): void {
  console.log(`${what}: ${(growth / 1024).toFixed(0)} KB more at the end`);
  if (growth > MAX_GROWTH) fail(`${what} grows`);
}

function fail(why: string): void {
  console.log(`FAILED: ${why}`);
  process.exitCode = 1;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
