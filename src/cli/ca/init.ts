import type { Command, Given } from '../command.ts';
import { EXIT, Failure } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import { FOLDER_OPTIONS, folderOf, INIT_OPTIONS, initialize, KEY_KINDS } from './authority.ts';

/** `warifu ca init` */
export const initCommand: Command = {
  name: 'ca init',
  summary: 'make an authority: a folder with a root and an intermediate',
  operands: '',
  help: `
Makes a folder with an authority in it: a root, an intermediate that issues, and a README that says what each
file is. Nothing outside the folder is changed.

  warifu ca init
  warifu ca init --dir test-ca --name "Test lab" --password-file secret.txt
`,
  options: {
    ...FOLDER_OPTIONS,
    ...INIT_OPTIONS,
    'key-kind': {
      type: 'string',
      value: 'KIND',
      words: KEY_KINDS,
      help: `of the authority's keys: ${KEY_KINDS.join(', ')} (default: P-256)`,
    },
    days: { type: 'string', value: 'DAYS', help: 'that the root is valid (default: 3650)' },
  },
  run,
};

async function run(given: Given, terminal: Terminal): Promise<number> {
  const folder = folderOf(given, terminal);
  if (folder.exists) throw new Failure(`there is an authority in ${folder.path} already; --dir names another folder`);
  await initialize(folder, given, terminal);
  if (given.has('json')) terminal.print(JSON.stringify({ dir: folder.path, root: folder.file('root.crt') }));
  else
    terminal.print(
      `An authority is in ${folder.path}. Its root.crt is for those who are to trust it; README.md says the rest.`,
    );
  return EXIT.ok;
}
