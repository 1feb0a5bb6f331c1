import { createRequire } from 'node:module';
import { nearest } from '../engine/config/rules.ts';
import { TlsError } from '../errors.ts';
import { type Command, helpJson, helpOf, parse, table } from './command.ts';
import { completionScript } from './completion.ts';
import { EXIT, Failure } from './failure.ts';
import type { Terminal } from './terminal.ts';
import { jsonText } from './json-text.ts';

/** A command by itself, or several under one word. Loaded when it is used: each has its own half of the library. */
type Entry =
  | { readonly summary: string; commands(): Promise<readonly Command[]> }
  | { readonly summary: string; command(): Promise<Command> };

const ENTRIES: { readonly [name: string]: Entry } = {
  badclient: {
    summary: 'a client that misbehaves: to test a server of your own with',
    command: async () => (await import('./bad/client.ts')).badClientCommand,
  },
  badserver: {
    summary: 'a server that misbehaves, one fault for each name: to test clients with',
    command: async () => (await import('./bad/server.ts')).badServerCommand,
  },
  connect: {
    summary: 'connect to a server: who it is, what was agreed on, and why not',
    command: async () => (await import('./connect/command.ts')).connectCommand,
  },
  ca: {
    summary: 'an authority of your own: certificates for servers and clients',
    commands: async () => (await import('./ca/commands.ts')).CA_COMMANDS,
  },
  cert: {
    summary: 'look at certificates and keys, check them, convert them',
    commands: async () => (await import('./cert/commands.ts')).CERT_COMMANDS,
  },
  listen: {
    summary: 'TLS in front of TCP or HTTP servers, one-way or mutual',
    command: async () => (await import('./listen/command.ts')).listenCommand,
  },
  tunnel: {
    summary: 'plain TCP in, (mutual) TLS out: for programs that cannot',
    command: async () => (await import('./tunnel/command.ts')).tunnelCommand,
  },
  relay: {
    summary: 'WebSocket to TCP, so that pages can speak TLS to servers that are allowed',
    command: async () => (await import('./relay/command.ts')).relayCommand,
  },
  scan: {
    summary: 'versions, suites, groups, certificates of a server, and what is to be mended',
    command: async () => (await import('./scan/command.ts')).scanCommand,
  },
};

/** Runs the command that the arguments name. Its exit code; nothing that goes wrong with files or input is thrown. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    if (!(error instanceof Failure || error instanceof TlsError)) throw error;
    const exitCode = error instanceof Failure ? error.exitCode : error.code === 'ERR_OPTION' ? EXIT.usage : EXIT.failed;
    terminal.note(`warifu: ${error.message}`);
    const { message } = error;
    const code = error instanceof TlsError ? error.code : undefined;
    if (wantsJson(args)) terminal.print(jsonText({ ok: false, exitCode, error: { code, message } }));
    return exitCode;
  }
}

/** What stands behind `--` is no option. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).includes('--json');
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  const [groupName, commandName, ...rest] = args;
  if (groupName === undefined || isHelp(groupName)) {
    if (wantsJson(args)) terminal.print(JSON.stringify(summaries()));
    else terminal.print(overview());
    return groupName === undefined ? EXIT.usage : EXIT.ok;
  }
  if (['--version', '-V', 'version'].includes(groupName)) {
    terminal.print(wantsJson(args) ? JSON.stringify({ version: version() }) : version());
    return EXIT.ok;
  }
  if (groupName === 'completion') {
    const groups = Object.entries(ENTRIES).map(async ([name, entry]) => ({
      name,
      summary: entry.summary,
      commands: 'command' in entry ? await entry.command() : await entry.commands(),
    }));
    terminal.print(completionScript(commandName, await Promise.all(groups)));
    return EXIT.ok;
  }
  const group = Object.hasOwn(ENTRIES, groupName) ? ENTRIES[groupName] : undefined;
  if (group === undefined) throw new Failure(noCommand(groupName, Object.keys(ENTRIES)), EXIT.usage);
  if ('command' in group) return await execute(await group.command(), args.slice(1), terminal);
  const commands = await group.commands();
  if (commandName === undefined || isHelp(commandName)) {
    if (wantsJson(rest)) terminal.print(JSON.stringify(commands.map(({ name, summary }) => ({ name, summary }))));
    else terminal.print(groupHelp(groupName, group.summary, commands));
    return commandName === undefined ? EXIT.usage : EXIT.ok;
  }
  const command = commands.find(({ name }) => name === `${groupName} ${commandName}`);
  if (command === undefined) {
    const names = commands.map(({ name }) => name.slice(groupName.length + 1));
    throw new Failure(noCommand(commandName, names, `${groupName} `), EXIT.usage);
  }
  return await execute(command, rest, terminal);
}

async function execute(command: Command, args: readonly string[], terminal: Terminal): Promise<number> {
  const given = parse(command, args);
  if (given.has('help')) {
    terminal.print(given.has('json') ? JSON.stringify(helpJson(command)) : helpOf(command));
    return EXIT.ok;
  }
  return await command.run(given, terminal);
}

/** Of the package that this program is in. */
function version(): string {
  const found: unknown = createRequire(import.meta.url)('warifu/package.json');
  const isManifest = typeof found === 'object' && found !== null && 'version' in found;
  return isManifest ? String(found.version) : 'unknown';
}

function noCommand(name: string, names: readonly string[], before = ''): string {
  const near = nearest(name, names);
  return `there is no command "${before}${name}"; ${near === undefined ? `there are ${names.join(', ')}` : `write ${before}${near}`}`;
}

const summaries = (): object => Object.entries(ENTRIES).map(([name, { summary }]) => ({ name, summary }));

const isHelp = (word: string): boolean => word === '--help' || word === '-h' || word === 'help';

function overview(): string {
  return [
    'warifu COMMAND …',
    '',
    ...table(Object.entries(ENTRIES).map(([name, { summary }]) => [name, summary])),
    '',
    'Two commands to a server and a client that trust each other:',
    '  warifu ca server localhost',
    '  warifu ca client me',
    '',
    'Completion: source <(warifu completion bash), or zsh, fish.',
    '"warifu COMMAND --help" says more. Exit codes: 0 it is done, or the answer is yes; 1 the answer is no;',
    '2 the command line is wrong; 3 it could not be done.',
  ].join('\n');
}

function groupHelp(name: string, summary: string, commands: readonly Command[]): string {
  return [
    `warifu ${name} COMMAND …: ${summary}`,
    '',
    ...table(
      commands.map((command) => [`${command.name} ${command.operands}`.slice(name.length + 1), command.summary]),
    ),
    '',
    `"warifu ${name} COMMAND --help" says more.`,
  ].join('\n');
}
