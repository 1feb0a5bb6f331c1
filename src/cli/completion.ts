import { type Command, COMMON } from './command.ts';
import { usage } from './failure.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A group of commands, as completion sees it. */
export interface CompletedGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly Command[];
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
  const cases = groups.flatMap(({ name, commands }) => [
    `    "${name}") words="${[...commands.map((command) => lastWord(command.name)), '--help'].join(' ')}" ;;`,
    ...commands.map((command) => `    "${command.name}"*) words="${optionsOf(command).join(' ')}" ;;`),
  ]);
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

function fish(groups: readonly CompletedGroup[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = ['complete -c warifu -f -n __fish_use_subcommand -a completion -d "a script for a shell"'];
  for (const { name, summary, commands } of groups) {
    lines.push(`complete -c warifu -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`);
    const words = commands.map((command) => lastWord(command.name));
    const isIn = `__fish_seen_subcommand_from ${name}`;
    for (const command of commands) {
      const word = lastWord(command.name);
      lines.push(
        `complete -c warifu -f -n "${isIn}; and not __fish_seen_subcommand_from ${words.join(' ')}" -a ${word} -d ${quoted(command.summary)}`,
      );
      for (const [option, { type, help }] of Object.entries({ ...command.options, ...COMMON }))
        lines.push(
          `complete -c warifu -n "${isIn}; and __fish_seen_subcommand_from ${word}" -l ${option}${type === 'string' ? ' -r' : ''} -d ${quoted(help)}`,
        );
    }
  }
  return lines.join('\n');
}

function optionsOf(command: Command): readonly string[] {
  return Object.keys({ ...command.options, ...COMMON }).map((name) => `--${name}`);
}

function lastWord(name: string): string {
  return name.slice(name.indexOf(' ') + 1);
}
