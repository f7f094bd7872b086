import type { Command } from 'commander';
import type { Io } from './io.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** `llmisvc completion`: prints the script by which a shell completes commands, options and their values. */
export function completionCommand(shell: Shell, program: Command, io: Io): number {
  const commands = program.commands.map((command) => describeCommand(command));
  const names = commands.map(({ name }) => name);
  commands.push({ name: 'help', summary: 'print the help of a command', options: [], words: names });
  const script = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell];
  io.out(script(commands));
  return 0;
}

interface Described {
  readonly name: string;
  readonly summary: string;
  /** What the first argument may be, where only some words are allowed. */
  readonly words: readonly string[];
  readonly options: readonly {
    readonly flags: readonly string[];
    readonly summary: string;
    readonly values: readonly string[];
    readonly takes: boolean;
  }[];
}

function describeCommand(command: Command): Described {
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ short, long, description, argChoices, required }) => ({
      flags: [short, long].filter((flag) => flag !== undefined),
      summary: description,
      values: argChoices ?? [],
      takes: required,
    }));
  const help = { flags: ['-h', '--help'], summary: 'print help', values: [], takes: false };
  const words = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return { name: command.name(), summary: command.description(), words, options: [...options, help] };
}

/** Files are completed where nothing else is known. */
function bashScript(commands: readonly Described[]): string {
  const offer = (words: readonly string[]): string => `COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$cur"))`;
  const cases = commands.map(({ name, options, words }) => {
    const values = options
      .filter(({ values: known }) => known.length > 0)
      .map(({ flags, values: known }) => `        ${flags.join('|')}) ${offer(known)}; return ;;`);
    const inner = values.length > 0 ? ['      case "$prev" in', ...values, '      esac'] : [];
    const flags = options.flatMap((option) => option.flags);
    const first = words.length > 0 ? [`      [[ $COMP_CWORD -eq 2 && $cur != -* ]] && ${offer(words)}`] : [];
    return [`    ${name})`, ...inner, ...first, `      [[ $cur == -* ]] && ${offer(flags)} ;;`].join('\n');
  });
  return `# bash completion for llmisvc: source it, or put it into /etc/bash_completion.d
_llmisvc() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  # --output=json comes as three words, as = divides words.
  [[ $cur == = ]] && cur= || { [[ $prev == = ]] && prev=\${COMP_WORDS[COMP_CWORD-2]}; }
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')}' -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
}
complete -o default -F _llmisvc llmisvc
complete -o default -F _llmisvc kubectl-llmisvc
`;
}

function zshScript(commands: readonly Described[]): string {
  const text = (summary: string): string => summary.replaceAll(/[[\]:'\\]/g, ' ');
  const cases = commands.map(({ name, options, words }) => {
    const specs = options.flatMap(({ flags, summary, values, takes }) => {
      const argument = values.length > 0 ? `:value:(${values.join(' ')})` : takes ? ':value:_files' : '';
      // A long option may have its value behind an equals sign.
      return flags.map((flag) => `'*${flag}${takes && flag.startsWith('--') ? '=' : ''}[${text(summary)}]${argument}'`);
    });
    const rest = words.length > 0 ? `':word:(${words.join(' ')})'` : "'*:file:_files'";
    return `    ${name}) _arguments ${[...specs, rest].join(' ')} ;;`;
  });
  return `#compdef llmisvc kubectl-llmisvc
_llmisvc() {
  if (( CURRENT == 2 )); then
    local -a commands=(${commands.map(({ name, summary }) => `'${name}:${text(summary)}'`).join(' ')})
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [[ "\${funcstack[1]}" == _llmisvc ]]; then
  _llmisvc "$@"
else
  compdef _llmisvc llmisvc kubectl-llmisvc
fi
`;
}

function fishScript(commands: readonly Described[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const names = commands.map(({ name }) => name).join(' ');
  const lines = commands.flatMap(({ name, summary, options, words }) => [
    `complete -c llmisvc -n 'not __fish_seen_subcommand_from ${names}' -f -a ${name} -d ${quoted(summary)}`,
    ...(words.length > 0
      ? [`complete -c llmisvc -n '__fish_seen_subcommand_from ${name}' -f -a ${quoted(words.join(' '))}`]
      : []),
    ...options.map(({ flags, summary: what, values, takes }) => {
      const spelled = flags
        .map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
        .join(' ');
      const argument = values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : takes ? ' -r' : '';
      return `complete -c llmisvc -n '__fish_seen_subcommand_from ${name}' ${spelled}${argument} -d ${quoted(what)}`;
    }),
  ]);
  return `# fish completion for llmisvc: put it into ~/.config/fish/completions/llmisvc.fish\n${lines.join('\n')}\n`;
}
