import { platformBinary, type Runner, runCommand } from './runner.ts';

export const runBun: Runner = ({ console }) =>
  runCommand('bun', platformBinary('@oven', 'bun-', 'bin/bun'), ['run', '--no-install', console]);
