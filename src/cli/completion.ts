import { type Command, COMMON, type Option } from './command.ts';
import { usage } from './failure.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A command, or a group of commands, as completion sees it. */
export interface CompletedGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: Command | readonly Command[];
}

/** A script that teaches a shell the commands, their options and what these may be. @throws Failure for a shell that is not known. */
export function completionScript(shell: string | undefined, groups: readonly CompletedGroup[]): string {
  switch (shell) {
    case 'bash':
      return bash(groups);
    case 'zsh':
      return zsh(groups);
    case 'fish':
      return fish(groups);
    default:
      throw usage(`completion: one of ${SHELLS.join(', ')} is wanted; for bash: source <(warifu completion bash)`);
  }
}

const TOP: readonly string[] = ['completion', '--help', '--version'];

function bash(groups: readonly CompletedGroup[]): string {
  const all = groups.flatMap(({ commands }) => (isOne(commands) ? [commands] : commands));
  const grouped = groups.flatMap(({ name, commands }) => (isOne(commands) ? [] : [{ name, commands }]));
  const values = all.flatMap((command) => {
    const behind = optionsOf(command).filter(([, { type }]) => type === 'string');
    const worded = behind.flatMap(([name, { words }]) =>
      words === undefined ? [] : [`    "${command.name} --${name}") words="${words.join(' ')}" ;;`],
    );
    const others = behind.flatMap(([name, { words }]) => (words === undefined ? [`"${command.name} --${name}"`] : []));
    const names = optionsOf(command).map(([name]) => `--${name}`);
    return [
      ...worded,
      ...(others.length > 0 ? [`    ${others.join('|')}) ;;`] : []),
      `    "${command.name} "*) words="${names.join(' ')}" ;;`,
    ];
  });
  return `_warifu() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[*]:1:COMP_CWORD-1}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" words=""
  [ "$current" = "=" ] && current=""
  [ "$previous" = "=" ] && previous="\${COMP_WORDS[COMP_CWORD-2]}"
  case "$before " in
    " ") words="${[...groups.map(({ name }) => name), ...TOP].join(' ')}" ;;
    "completion ") words="${SHELLS.join(' ')}" ;;
${grouped.map(({ name, commands }) => `    "${name} ") words="${[...commands.map((command) => lastWord(command.name)), '--help'].join(' ')}" ;;`).join('\n')}
${all.map(({ name }) => `    "${name} "*) command="${name}" ;;`).join('\n')}
  esac
  [ -n "$command" ] && case "$command $previous" in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _warifu warifu`;
}

function zsh(groups: readonly CompletedGroup[]): string {
  const lines: string[] = [];
  for (const { name, commands } of groups) {
    lines.push(`    ${name})`);
    if (isOne(commands)) lines.push(...zshArguments(commands, 1));
    else {
      lines.push(
        '      if (( CURRENT == 3 )); then',
        `        choices=(${commands.map(({ name: whole, summary }) => zshChoice(lastWord(whole), summary)).join(' ')})`,
        '        _describe command choices',
        '        return',
        '      fi',
        '      case "$words[3]" in',
      );
      for (const command of commands)
        lines.push(`    ${lastWord(command.name)})`, ...zshArguments(command, 2), '      ;;');
      lines.push('      esac');
    }
    lines.push('    ;;');
  }
  return `#compdef warifu
_warifu() {
  local -a choices
  if (( CURRENT == 2 )); then
    choices=(${[...groups.map(({ name, summary }) => zshChoice(name, summary)), zshChoice('completion', 'a script for a shell')].join(' ')})
    _describe command choices
    return
  fi
  case "$words[2]" in
    completion) compadd ${SHELLS.join(' ')} ;;
${lines.join('\n')}
  esac
}
if [ "$funcstack[1]" = "_warifu" ]; then
  _warifu "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
  compdef _warifu warifu
fi`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A colon ends the name. */
function zshChoice(name: string, summary: string): string {
  return quoted(`${name.replaceAll(':', '\\:')}:${summary}`);
}

/** @param depth the words before those of the command. */
function zshArguments(command: Command, depth: number): readonly string[] {
  const specs = optionsOf(command).map(([name, { type, help, multiple, value, words }]) => {
    const about = help.replaceAll(/[[\]\\:]/g, '\\$&');
    const kind = words === undefined ? (isFile(value) ? '_files' : ' ') : `(${words.join(' ')})`;
    const behind = type === 'string' ? `:${value ?? 'TEXT'}:${kind}` : '';
    return quoted(`${multiple === true ? '*' : ''}--${name}[${about}]${behind}`);
  });
  if (command.operands.includes('FILE')) specs.push(quoted('*:FILE:_files'));
  return [
    `      shift ${depth} words; (( CURRENT -= ${depth} ))`,
    `      _arguments ${specs.map((spec) => `\\\n        ${spec}`).join(' ')}`,
  ];
}

function fish(groups: readonly CompletedGroup[]): string {
  const lines = [
    'complete -c warifu -f -n __fish_use_subcommand -a completion -d "a script for a shell"',
    `complete -c warifu -f -n "__fish_seen_subcommand_from completion" -a "${SHELLS.join(' ')}"`,
  ];
  for (const { name, summary, commands } of groups) {
    lines.push(`complete -c warifu -f -n __fish_use_subcommand -a ${name} -d ${fishText(summary)}`);
    const isIn = `__fish_seen_subcommand_from ${name}`;
    if (isOne(commands)) {
      lines.push(...fishOptions(commands, isIn));
      continue;
    }
    const words = commands.map((command) => lastWord(command.name));
    for (const command of commands) {
      const word = lastWord(command.name);
      lines.push(
        `complete -c warifu -f -n "${isIn}; and not __fish_seen_subcommand_from ${words.join(' ')}" -a ${word} -d ${fishText(command.summary)}`,
      );
      lines.push(...fishOptions(command, `${isIn}; and __fish_seen_subcommand_from ${word}`));
    }
  }
  return lines.join('\n');
}

function fishText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fishOptions(command: Command, when: string): readonly string[] {
  return optionsOf(command).map(([option, { type, help, value, words }]) => {
    const behind =
      type !== 'string' ? '' : words === undefined ? (isFile(value) ? ' -r -F' : ' -x') : ` -x -a "${words.join(' ')}"`;
    return `complete -c warifu -n "${when}" -l ${option}${behind} -d ${fishText(help)}`;
  });
}

function isFile(value: string | undefined): boolean {
  return value !== undefined && /FILE|FOLDER/.test(value);
}

function isOne(commands: Command | readonly Command[]): commands is Command {
  return 'run' in commands;
}

function optionsOf(command: Command): readonly (readonly [name: string, option: Option])[] {
  return Object.entries({ ...command.options, ...COMMON });
}

function lastWord(name: string): string {
  return name.slice(name.indexOf(' ') + 1);
}
