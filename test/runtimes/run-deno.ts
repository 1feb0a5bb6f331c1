import { platformBinary, type Runner, runCommand } from './runner.ts';

export const runDeno: Runner = ({ console }) =>
  runCommand('deno', platformBinary('@deno', '', 'deno'), [
    'run',
    '--no-remote',
    '--no-config',
    '--no-prompt',
    console,
  ]);
