import type { Container } from '../../api/children.ts';
import { shellCommands, shellWords } from './shell.ts';

/** A word of a command line, and the field that it stands in. */
export interface Word {
  readonly path: string;
  readonly text: string;
}

/** What vLLM gets to read. */
export interface CommandLine {
  /** `vllm serve`, or the module that came before it, which names the model by a flag. */
  readonly program: 'serve' | 'api_server';
  readonly words: readonly Word[];
  /** The field with the script that the program is called in. */
  readonly script?: string;
}

const ADDITIONAL_ARGS = 'VLLM_ADDITIONAL_ARGS';

/**
 * The command line of vLLM in a container, after the name of the program; undefined where it runs something else. The
 * script of a shell is searched for it.
 *
 * @param path leads to the container
 * @param partial of a layer, which leaves the command to a preset
 */
export function commandLine(container: Partial<Container>, path: string, partial = false): CommandLine | undefined {
  const { command = [], args = [], env = [], image = '' } = container;
  const given = args.map((text, index) => ({ path: `${path}.args[${index}]`, text }));
  const more = wordsOf(
    env.find(({ name }) => name === ADDITIONAL_ARGS)?.value,
    `${path}.env[name=${ADDITIONAL_ARGS}].value`,
  );
  // Without an image, too, a preset is missing that is said to be.
  if (command.length === 0 && (partial || image === '')) {
    return { program: 'serve', words: [...more, ...given.flatMap((word) => wordsOf(word.text, word.path))] };
  }
  if (command.length === 0) return /\bvllm\b/.test(image) ? { program: 'serve', words: given } : undefined;

  const all = [...command.map((text, index) => ({ path: `${path}.command[${index}]`, text })), ...given];
  const script = scriptIn(all.map(({ text }) => text));
  if (script === undefined) return programIn(all);
  const { path: at = '', text = '' } = all[script] ?? {};
  const found = inScript(text, at);
  if (!found) return undefined;
  // The first word after a script is its name.
  const parameters = all.slice(script + 2).filter((word) => word.path.startsWith(`${path}.args[`));
  const read = /\beval\b/.test(text) ? parameters.flatMap((word) => wordsOf(word.text, word.path)) : parameters;
  return {
    program: found.program,
    script: at,
    words: [
      ...found.words.filter((word) => !PARAMETERS.test(word.text)),
      ...(text.includes(ADDITIONAL_ARGS) ? more : []),
      ...(/\$\{?[@*]/.test(text) ? read : []),
    ],
  };
}

/** Words that stand for what comes from elsewhere: arrays, parameters, the variable for more arguments. */
const PARAMETERS = /^\$(\{\w+\[[@*]\]\}|\{?[@*].*|\{?VLLM_ADDITIONAL_ARGS\}?)$/;

/** The index of the script that a shell is to run. */
function scriptIn([program = '', ...options]: readonly string[]): number | undefined {
  if (!/(^|\/)\w*sh$/.test(program)) return undefined;
  const index = options.findIndex((option) => /^-[a-z]*c[a-z]*$/.test(option));
  return index < 0 ? undefined : index + 2;
}

function inScript(script: string, path: string): CommandLine | undefined {
  for (const words of shellCommands(script)) {
    if (words[0] === 'echo') continue;
    const found =
      words[0] === 'eval' ? inScript(words.slice(1).join(' '), path) : programIn(words.map((text) => ({ path, text })));
    if (found) return found;
  }
  return undefined;
}

function programIn(words: readonly Word[]): CommandLine | undefined {
  const at = (index: number): string => words[index]?.text ?? '';
  const serve = words.findIndex((_word, index) => /(^|\/)vllm$/.test(at(index)) && at(index + 1) === 'serve');
  if (serve >= 0) return { program: 'serve', words: words.slice(serve + 2) };
  const module = words.findIndex((_word, index) => at(index) === '-m' && MODULE.test(at(index + 1)));
  return module < 0 ? undefined : { program: 'api_server', words: words.slice(module + 2) };
}

const MODULE = /^vllm\.entrypoints\.openai\.api_server$/;

/** What is no text is said to be wrong elsewhere. */
function wordsOf(text: unknown, path: string): readonly Word[] {
  return typeof text === 'string' ? shellWords(text).map((word) => ({ path, text: word })) : [];
}
