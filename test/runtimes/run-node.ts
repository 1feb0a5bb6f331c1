import { type Runner, runCommand } from './runner.ts';

export const runNode: Runner = ({ console }) => runCommand(`node ${process.version}`, process.execPath, [console]);
