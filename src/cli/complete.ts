import type { Command, Option } from 'commander';
import type { Io } from './io.ts';

/** What kubectl does with the words: nothing of its own, or completion of file names. */
const WORDS_ONLY = 4;
const FILES = 0;

/**
 * Prints what completes the last of the words, in the form in which kubectl asks a plugin for it: one candidate and its
 * description in a line, then a colon and the directive of cobra's completion.
 *
 * @param words the command line after the plugin's name; the last word is the one being typed and may be empty
 */
export function complete(words: readonly string[], program: Command, io: Io): void {
  const { candidates, files } = candidatesFor(words, program);
  const typed = words.at(-1) ?? '';
  const lines = candidates.filter(([word]) => word.startsWith(typed)).map(([word, what]) => `${word}\t${what}\n`);
  io.out(`${lines.join('')}:${files ? FILES : WORDS_ONLY}\n`);
}

interface Candidates {
  readonly candidates: readonly (readonly [word: string, what: string])[];
  readonly files: boolean;
}

function candidatesFor(words: readonly string[], program: Command): Candidates {
  const [name, ...rest] = words;
  const commands = program.commands.map((command) => [command.name(), command.description()] as const);
  if (rest.length === 0) return { candidates: [...commands, ['help', HELP]], files: false };
  if (name === 'help') return { candidates: rest.length === 1 ? commands : [], files: false };
  const command = program.commands.find((known) => known.name() === name);
  if (!command) return { candidates: [], files: false };
  const typed = rest.at(-1) ?? '';
  const joined = command.options.find(({ long, required }) => required && long && typed.startsWith(`${long}=`));
  if (joined) {
    const { candidates, files } = valuesOf(joined);
    return { candidates: candidates.map(([word, what]) => [`${joined.long}=${word}`, what]), files };
  }
  const before = rest.at(-2);
  const option = command.options.find(({ short, long }) => before === long || (before === short && short));
  if (option?.required) return valuesOf(option);
  if (typed.startsWith('-')) return { candidates: optionsOf(command), files: false };
  const [argument] = command.registeredArguments;
  return { candidates: (argument?.argChoices ?? []).map((choice) => [choice, '']), files: false };
}

const HELP = 'print the help of a command';

function valuesOf({ argChoices, flags, description }: Option): Candidates {
  if (argChoices) return { candidates: argChoices.map((choice) => [choice, description]), files: false };
  return { candidates: [], files: /<(path|file)>/.test(flags) };
}

function optionsOf(command: Command): Candidates['candidates'] {
  const own = command.options.filter(({ hidden }) => !hidden);
  return [
    ...own.map(({ long, flags, description }) => [long ?? flags, description] as const),
    ['--help', 'print help'],
  ];
}
