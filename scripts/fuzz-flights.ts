/**
 * Random changes to valid flights, as many as wanted: `npm run fuzz -- [runs per role] [seed]`. Prints how each run ended;
 * stops at the first that ends in anything but a TlsError or a handshake, with the seed that repeats it. Memory is
 * measured, after a collection, before and after.
 */
import { mutateFlights } from '../test/engine/mutate.ts';

const runs = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
const collect = (globalThis as { gc?: () => void }).gc!;
if (collect === undefined) throw new Error('memory can be measured only with node --expose-gc');

console.log(`${runs} runs for each role, seed ${seed}`);
for (const [role, version] of [
  ['client', 0x0304],
  ['server', 0x0304],
  ['client', 0x0303],
  ['server', 0x0303],
] as const) {
  const name = `${role} of TLS 1.${version - 0x0301}`;
  mutateFlights(role, 1_000, seed, version);
  collect();
  const before = process.memoryUsage().heapUsed;
  const began = performance.now();
  const { outcomes } = mutateFlights(role, runs, seed, version, (done) => {
    if (done % 10_000 === 0) console.log(`  ${name}: ${done}, ${((performance.now() - began) / 1000).toFixed(0)} s`);
  });
  collect();
  const grown = (process.memoryUsage().heapUsed - before) / 1_048_576;
  console.log(
    `${name}: ${runs} in ${((performance.now() - began) / 1000).toFixed(1)} s, heap grown by ${grown.toFixed(1)} MB`,
  );
  for (const [outcome, count] of [...outcomes].sort((a, b) => b[1] - a[1]))
    console.log(`  ${String(count).padStart(8)}  ${outcome}`);
}
