import { frontMatter } from '../../scripts/front-matter.ts';
import type { Result } from './runner.ts';
import { SPEED, THERE_IS_NONE } from './suite.ts';

/** What there is no runner for. */
const NO_RUNNER: readonly (readonly [name: string, why: string])[] = [
  ['Safari', 'there is none for this system'],
  ['QuickJS-ng', 'there is no runner for it yet; it has no streams and no TextEncoder of its own'],
  ['Hermes', 'there is no runner for it yet'],
  ['Electron', 'its package downloads the program when it is installed, from a place that is no registry'],
];

/** docs/runtimes.md: what ran where. What was not tried is said to be so. */
export function page(results: readonly Result[]): string {
  const rows = results.map(({ runtime, skipped, outcomes }) => {
    if (skipped !== undefined) return `| ${runtime} | not run: ${skipped} | | |`;
    const failed = outcomes.filter(({ ok }) => !ok);
    const none = outcomes.filter(({ detail }) => detail === THERE_IS_NONE);
    const passed = outcomes.length - failed.length - none.length;
    const tests =
      failed.length === 0
        ? `${passed} passed`
        : `${passed} passed, failed: ${failed.map(({ name }) => name).join('; ')}`;
    const lacks = none.map(({ name }) => name.replace(/, 1 MB each way$/, '')).join('; ');
    const speed = outcomes.find(({ name }) => name === SPEED)?.detail ?? 'not measured';
    return `| ${runtime} | ${tests} | ${lacks === '' ? 'nothing' : lacks} | ${speed} |`;
  });
  return [
    ...frontMatter('Runtimes'),
    '# Runtimes',
    '',
    'Made by `npm run test:runtimes -- --page`. One suite, carried into each runtime by a thin runner: handshakes one-way and mutual,',
    'both roles, data both ways, refusals, every operation of the provider that is chosen there, and the pipes that the runtime has.',
    'Node 20.19 is the oldest that is supported, until its line ends in April 2027.',
    '',
    'The last column is of one run on two processors on which others were at work, both ends in one process: a hint, and no comparison.',
    '',
    '| runtime | tests | not there | a handshake, one direction |',
    '| --- | --- | --- | --- |',
    ...rows,
    ...NO_RUNNER.map(([name, why]) => `| ${name} | not run: ${why} | | |`),
    '',
  ].join('\n');
}
