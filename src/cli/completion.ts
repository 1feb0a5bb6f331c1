import { type Command, COMMON } from './command.ts';
import { usage } from './failure.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A command, or a group of commands, as completion sees it. */
export interface CompletedGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: Command | readonly Command[];
}

/** A script that teaches a shell the commands and their options. @throws Failure for a shell that is not known. */
export function completionScript(shell: string | undefined, groups: readonly CompletedGroup[]): string {
  switch (shell) {
    case 'bash':
      return bash(groups);
    case 'zsh':
      return ['autoload -U +X bashcompinit && bashcompinit', bash(groups)].join('\n');
    case 'fish':
      return fish(groups);
    default:
      throw usage(`completion: one of ${SHELLS.join(', ')} is wanted; for bash: source <(warifu completion bash)`);
  }
}

const TOP: readonly string[] = ['completion', '--help', '--version'];

function bash(groups: readonly CompletedGroup[]): string {
  const cases = groups.flatMap(({ name, commands }) =>
    isOne(commands) ? [`    "${name}"*) words="${optionsOf(commands).join(' ')}" ;;`] : casesOf(name, commands),
  );
  return `_warifu() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[*]:1:COMP_CWORD-1}" words=""
  case "$before" in
    "") words="${[...groups.map(({ name }) => name), ...TOP].join(' ')}" ;;
    "completion") words="${SHELLS.join(' ')}" ;;
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _warifu warifu`;
}

function casesOf(name: string, commands: readonly Command[]): readonly string[] {
  return [
    `    "${name}") words="${[...commands.map((command) => lastWord(command.name)), '--help'].join(' ')}" ;;`,
    ...commands.map((command) => `    "${command.name}"*) words="${optionsOf(command).join(' ')}" ;;`),
  ];
}

function fish(groups: readonly CompletedGroup[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = ['complete -c warifu -f -n __fish_use_subcommand -a completion -d "a script for a shell"'];
  for (const { name, summary, commands } of groups) {
    lines.push(`complete -c warifu -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`);
    const isIn = `__fish_seen_subcommand_from ${name}`;
    if (isOne(commands)) {
      lines.push(...fishOptions(commands, isIn, quoted));
      continue;
    }
    const words = commands.map((command) => lastWord(command.name));
    for (const command of commands) {
      const word = lastWord(command.name);
      lines.push(
        `complete -c warifu -f -n "${isIn}; and not __fish_seen_subcommand_from ${words.join(' ')}" -a ${word} -d ${quoted(command.summary)}`,
      );
      lines.push(...fishOptions(command, `${isIn}; and __fish_seen_subcommand_from ${word}`, quoted));
    }
  }
  return lines.join('\n');
}

function fishOptions(command: Command, when: string, quoted: (text: string) => string): readonly string[] {
  return Object.entries({ ...command.options, ...COMMON }).map(
    ([option, { type, help }]) =>
      `complete -c warifu -n "${when}" -l ${option}${type === 'string' ? ' -r' : ''} -d ${quoted(help)}`,
  );
}

function isOne(commands: Command | readonly Command[]): commands is Command {
  return 'run' in commands;
}

function optionsOf(command: Command): readonly string[] {
  return Object.keys({ ...command.options, ...COMMON }).map((name) => `--${name}`);
}

function lastWord(name: string): string {
  return name.slice(name.indexOf(' ') + 1);
}
