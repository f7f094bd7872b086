import table from './flags.json' with { type: 'json' };
import { nearest } from '../nearest.ts';

interface Flag {
  readonly flags: readonly string[];
  readonly takes: string;
  readonly choices?: readonly string[];
}

/** A word of a command line that vLLM would refuse. */
export interface FlagFault {
  readonly message: string;
}

/** The version of vLLM whose flags are known; the presets run it. */
export const VLLM_VERSION: string = table.vllm;

const byName = new Map(
  (table.flags as readonly Flag[]).flatMap((flag) => flag.flags.map((name) => [name, flag] as const)),
);
const LONG = [...byName.keys()].filter((name) => name.startsWith('--'));

/**
 * What is wrong with the flags among the words of a command line after `vllm serve`: names that vLLM does not know, with
 * the nearest one, and values that are not among the choices of a flag. Words with shell variables are passed over.
 * Follows vLLM's parser: `_` for `-` in names, `--flag=value`, unique beginnings of names, `--config.key`.
 */
export function flagFaults(words: readonly string[]): readonly FlagFault[] {
  return words.flatMap((word, index) => {
    if (!/^--[A-Za-z]/.test(word) || /^[^=]*[$`{]/.test(word)) return [];
    const equals = word.indexOf('=');
    const name = (equals < 0 ? word : word.slice(0, equals)).replaceAll('_', '-');
    const flag = flagNamed(name);
    if (!flag) return [unknown(name)];
    const value = equals < 0 ? words[index + 1] : word.slice(equals + 1);
    return name.includes('.') ? [] : valueFault(name, flag, value);
  });
}

/** The value of a flag in the words; the last one counts. */
export function valueOfFlag(words: readonly string[], wanted: string): string | undefined {
  const flag = byName.get(wanted);
  const values = words.flatMap((word, index) => {
    const equals = word.indexOf('=');
    const name = (equals < 0 ? word : word.slice(0, equals)).replace(/^--[^.]*/, (text) => text.replaceAll('_', '-'));
    if (!word.startsWith('-') || flag === undefined || flagNamed(name) !== flag) return [];
    return [equals < 0 ? words[index + 1] : word.slice(equals + 1)];
  });
  return values.at(-1);
}

/** The words of a shell text: quotes and backslashes are undone, variables are left as they are. */
export function shellWords(text: string): readonly string[] {
  const words = text.matchAll(/(?:[^\s"'\\]|\\[^]|"(?:[^"\\]|\\[^])*"|'[^']*')+/g);
  return [...words]
    .map(([word]) =>
      word.replaceAll(/\\\n|\\([^])|"((?:[^"\\]|\\[^])*)"|'([^']*)'/g, (_all, ...parts: unknown[]) => {
        const [escaped, double, single] = parts as (string | undefined)[];
        return escaped ?? double?.replaceAll(/\\([^])/g, '$1') ?? single ?? '';
      }),
    )
    .filter((word) => word !== '');
}

function flagNamed(name: string): Flag | undefined {
  const exact = byName.get(name) ?? byName.get(name.replace(/\..*$/, ''));
  if (exact || !name.startsWith('--')) return exact;
  const longer = LONG.filter((known) => known.startsWith(name));
  return longer.length === 1 ? byName.get(longer[0] ?? '') : undefined;
}

function unknown(name: string): FlagFault {
  const meant = nearest(name, LONG);
  return {
    message: `vLLM ${VLLM_VERSION} has no flag ${name}.${meant === undefined ? ' Remove it.' : ` Did you mean ${meant}?`}`,
  };
}

function valueFault(name: string, { choices, takes }: Flag, value: string | undefined): readonly FlagFault[] {
  if (!choices || takes !== 'one' || value === undefined || /[${]/.test(value) || choices.includes(value)) return [];
  return [{ message: `vLLM ${VLLM_VERSION} takes ${choices.join(', ')} for ${name}, not "${value}".` }];
}
