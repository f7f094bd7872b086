import table from './flags.json' with { type: 'json' };
import { nearest } from '../lint/nearest.ts';
import type { CommandLine } from './commandline.ts';

interface Flag {
  readonly flags: readonly string[];
  readonly takes: string;
  readonly choices?: readonly string[];
  /** Of a number: `int`, `float`, `human` for one such as 32k, `auto` for one that may be left to vLLM. */
  readonly type?: string;
  /** Whether it takes the word `None` as well. */
  readonly none?: true;
}

/** A word of a command line that vLLM would refuse. */
export interface FlagFault {
  /** Of the word. */
  readonly index: number;
  /** Whether the word is no flag and no value of one. */
  readonly isStray?: true;
  readonly message: string;
}

/** The version of vLLM whose flags are known; the presets run it. */
export const VLLM_VERSION: string = table.vllm;

const byName = new Map(
  (table.flags as readonly Flag[]).flatMap((flag) => flag.flags.map((name) => [name, flag] as const)),
);
/** vLLM reads `-O2` and `-O 2` before its parser does. */
const LEVEL = byName.get('--optimization-level');
if (LEVEL) byName.set('-O', LEVEL);
const LONG = [...byName.keys()].filter((name) => name.startsWith('--'));
const SHORT = [...byName.keys()].filter((name) => !name.startsWith('--'));

/**
 * What is wrong with the words of a command line: names that vLLM does not know, with the nearest one, values that a flag
 * does not take or lacks, and words that belong to no flag. Words with shell variables are passed over.
 * Follows vLLM's parser: `_` for `-` in names, `--flag=value`, unique beginnings of names, `--config.key`.
 */
export function flagFaults(words: readonly string[], program: CommandLine['program'] = 'serve'): readonly FlagFault[] {
  const faults: FlagFault[] = [];
  let free = program === 'serve' ? 1 : 0;
  // After a variable or an unknown flag nobody can say what a word without dashes belongs to.
  let certain = true;
  for (let index = 0; index < words.length && words[index] !== '--'; index += 1) {
    const word = words[index] ?? '';
    const strange = isVariable(nameOf(word)) ? undefined : strangeness(word);
    if (isVariable(nameOf(word))) certain = false;
    else if (strange !== undefined) {
      faults.push({ index, message: strange });
      certain = false;
    } else if (isOption(word)) {
      const flag = flagNamed(nameOf(word));
      if (!flag) faults.push({ index, message: unknown(nameOf(word)) });
      const values = flag ? valuesAt(words, index, flag) : [];
      if (flag) faults.push(...valueFaults(word, flag, values).map((message) => ({ index, message })));
      index += isInline(word) ? 0 : values.length;
      certain = flag !== undefined;
    } else if (certain) {
      free -= 1;
      if (free < 0)
        faults.push({
          index,
          isStray: true,
          message: `vLLM ${VLLM_VERSION} does not know what "${word}" belongs to. ${stray(program)}`,
        });
    }
  }
  return faults;
}

/** The value of a flag in the words, and the index of the flag; the last one counts. */
export function lastOf(
  words: readonly string[],
  wanted: string,
): { readonly index: number; readonly value: string } | undefined {
  const flag = byName.get(wanted);
  const index = words.findLastIndex(
    (word) => isOption(word) && !isVariable(nameOf(word)) && flagNamed(nameOf(word)) === flag,
  );
  const value = index < 0 || !flag ? undefined : valuesAt(words, index, flag)[0];
  return value === undefined ? undefined : { index, value };
}

/** As argparse decides; a word with a blank is no flag to it. */
function isOption(word: string): boolean {
  return /^-[^\s=]/.test(word) && !/^-(\d+|\d*\.\d+)$/.test(word) && !/^[^=]*\s/.test(word);
}

function isVariable(text: string): boolean {
  return /[$`]|\{\{/.test(text);
}

function isInline(word: string): boolean {
  return word.includes('=') || /^-O./.test(word);
}

/** The name as vLLM reads it. */
function nameOf(word: string): string {
  if (/^-O\d/.test(word)) return '-O';
  return word.replace(/=[^]*$/, '').replace(/^--[^.]*/, (text) => text.replaceAll('_', '-'));
}

/** A word that was meant to be a flag and is none. */
function strangeness(word: string): string | undefined {
  const dash = /^[\u2010-\u2015\u2212]+-*/.exec(word)?.[0];
  if (dash) return `"${word}" begins with a dash that is no hyphen. Write --${word.slice(dash.length)}.`;
  if (!/^--?[A-Za-z][^=\s]*\s/.test(word)) return undefined;
  return `"${word}" is one word to vLLM. Write the flag and its value as two items of the list.`;
}

function valuesAt(words: readonly string[], index: number, { takes }: Flag): readonly string[] {
  const word = words[index] ?? '';
  if (/^-O\d/.test(word)) return [word.slice('-O'.length)];
  if (word.includes('=')) return [word.slice(word.indexOf('=') + 1)];
  const most = takes === 'none' ? 0 : takes === 'list' || takes === 'any' ? Infinity : 1;
  const rest = words.slice(index + 1);
  const end = rest.findIndex((next) => isOption(next) && !isVariable(nameOf(next)));
  return rest.slice(0, Math.min(most, end < 0 ? rest.length : end));
}

function flagNamed(name: string): Flag | undefined {
  const exact = byName.get(name) ?? byName.get(name.replace(/\..*$/, ''));
  if (exact) return exact;
  // A flag of one letter may be followed by its value at once.
  const letter = name.startsWith('--') ? undefined : byName.get(name.slice(0, 2));
  const longer = (name.startsWith('--') ? LONG : SHORT).filter((known) => known.startsWith(name));
  return letter ?? (longer.length === 1 ? byName.get(longer[0] ?? '') : undefined);
}

function unknown(name: string): string {
  const meant = nearest(name.replace(/^-+/, '--'), LONG);
  return `vLLM ${VLLM_VERSION} has no flag ${name}.${meant === undefined ? ' Remove it.' : ` Did you mean ${meant}?`}`;
}

function stray(program: CommandLine['program']): string {
  return program === 'serve'
    ? 'Remove it: the only word without a flag is the model, which the command names already.'
    : 'Remove it.';
}

const INTEGER = String.raw`[+-]?\d+(_\d+)*`;
/** Decimal units take fractions, binary ones do not. */
const HUMAN = String.raw`${INTEGER}|\d+(\.\d+)?[kmgt]|\d+[KMGT]`;
const PATTERNS: Readonly<Record<string, readonly [RegExp, string]>> = {
  int: [new RegExp(String.raw`^\s*(${INTEGER})\s*$`), 'an integer'],
  float: [/^\s*[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?\s*$|^[+-]?(inf|nan)$/i, 'a number'],
  human: [new RegExp(String.raw`^\s*(${HUMAN})\s*$`), 'an integer, or a number such as 32k'],
  auto: [new RegExp(String.raw`^\s*(${HUMAN}|[aA][uU][tT][oO])\s*$`), 'an integer, a number such as 32k, or auto'],
};

function valueFaults(word: string, flag: Flag, values: readonly string[]): readonly string[] {
  const name = nameOf(word);
  const { takes, choices, type } = flag;
  if (name.includes('.')) return [];
  if (takes === 'none') {
    return isInline(word) ? [`vLLM ${VLLM_VERSION} takes no value for ${name}. Write ${name} alone.`] : [];
  }
  if (values.length === 0 && (takes === 'one' || takes === 'list')) {
    return [`vLLM ${VLLM_VERSION} takes a value for ${name}, and there is none. Add it, or remove the flag.`];
  }
  const pattern = PATTERNS[type ?? ''];
  const allowed = choices?.join(', ') ?? pattern?.[1];
  return values
    .filter((value) => !/[${]/.test(value) && !(flag.none && value === 'None'))
    .filter((value) => (choices ? !choices.includes(value) : pattern !== undefined && !pattern[0].test(value)))
    .map((value) => `vLLM ${VLLM_VERSION} takes ${allowed} for ${name}, not "${value}".`);
}
