import { TemplateError } from './error.ts';
import { execute } from './exec.ts';
import { FUNCTION_NAMES, FUNCTIONS } from './funcs.ts';
import type { Template } from './nodes.ts';
import { parse } from './parse.ts';
import type { Budget } from './state.ts';
import type { GoValue } from './values.ts';

export type Segment = string | number;

/** What went wrong, in KServe's words, and where: the keys that lead to the text, and the one-based column in that text. */
export interface ExpansionError {
  readonly message: string;
  readonly at?: readonly Segment[];
  readonly column?: number;
}

export type Expansion = { readonly value: unknown } | { readonly error: ExpansionError };

/**
 * Evaluates the template actions in all strings and keys of a JSON value.
 *
 * KServe evaluates the JSON text of the whole value as one template and parses the output. The same is done here when it
 * makes a difference: when an action is not complete within its string, when an output is not the inside of a JSON string,
 * and to word an error. Otherwise each string is evaluated by itself, which gives the same value and lets the parsed
 * templates of presets be shared.
 */
export function expand(value: unknown, data: GoValue): Expansion {
  const deep = tooDeep(value, DEEPEST);
  if (deep) {
    const message = `failed to marshal config for template processing: values nest deeper than ${DEEPEST}`;
    return { error: { message, at: deep.slice(0, SHOWN_SEGMENTS) } };
  }
  try {
    return { value: expandEach(value, data, { steps: 0, output: 0 }) };
  } catch (error) {
    if (!(error instanceof TemplateError) && !(error instanceof NotSelfContained)) throw error;
    return expandWhole(value, data);
  }
}

/** Deeper than any object of Kubernetes, and what the stack bears with ease. */
const DEEPEST = 200;
const SHOWN_SEGMENTS = 5;

/** The keys that lead to the first value that is nested too deep. */
function tooDeep(value: unknown, left: number): readonly Segment[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (left === 0) return [];
  for (const [key, item] of Object.entries(value)) {
    const found = tooDeep(item, left - 1);
    if (found) return [Array.isArray(value) ? Number(key) : key, ...found];
  }
  return undefined;
}

/** Thrown and caught here: an output ends its JSON string or is not valid inside one. */
class NotSelfContained extends Error {}

const NAME = 'config';

function expandEach(value: unknown, data: GoValue, budget: Budget): unknown {
  if (typeof value === 'string') return value.includes('{{') ? expandString(value, data, budget) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => expandEach(item, data, budget));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  let changed = false;
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
    const name = key.includes('{{') ? expandString(key, data, budget) : key;
    const content = expandEach(item, data, budget);
    changed ||= name !== key || content !== item;
    return [name, content];
  });
  return changed ? Object.fromEntries(entries) : value;
}

function expandString(text: string, data: GoValue, budget: Budget): string {
  const output = execute(NAME, parsed(inJson(text)), data, FUNCTIONS, budget);
  try {
    return JSON.parse(`"${output}"`) as string;
  } catch {
    throw new NotSelfContained();
  }
}

const MOST_PARSED = 2_000;
/** Longer texts are parsed each time, so that the cache stays small. */
const LONGEST_PARSED = 20_000;
const cache = new Map<string, Template>();

/** The parsed template of a text; the texts that were asked for least recently are forgotten. */
function parsed(text: string): Template {
  const known = cache.get(text);
  const template = known ?? parse(NAME, text, FUNCTION_NAMES);
  if (text.length > LONGEST_PARSED) return template;
  cache.delete(text);
  cache.set(text, template);
  if (cache.size > MOST_PARSED) cache.delete(cache.keys().next().value as string);
  return template;
}

function expandWhole(value: unknown, data: GoValue): Expansion {
  const spans: Span[] = [];
  const text = jsonText(value, [], spans, 0);
  let output: string;
  try {
    output = execute(NAME, parse(NAME, text, FUNCTION_NAMES), data, FUNCTIONS);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const prefix = error.stage === 'parse' ? 'failed to parse template config' : 'failed to merge config';
    return { error: { message: `${prefix}: ${error.message}`, ...place(text, spans, error.offset) } };
  }
  try {
    return { value: JSON.parse(output) };
  } catch (error) {
    const message = `failed to unmarshal config from template: ${goJsonError(output, error as SyntaxError)}`;
    return { error: { message, ...firstBroken(text, spans, data) } };
  }
}

/** Where a string value or a key stands in the JSON text, without its quotes. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly at: readonly Segment[];
}

/** Compact JSON as Go's encoder writes it; the place of each string is added to `spans`. */
function jsonText(value: unknown, at: readonly Segment[], spans: Span[], from: number): string {
  if (typeof value === 'string') {
    const inner = inJson(value);
    spans.push({ from: from + 1, to: from + 1 + inner.length, at });
    return `"${inner}"`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const isList = Array.isArray(value);
  const parts: string[] = [];
  let position = from + 1;
  for (const [key, item] of Object.entries(value)) {
    const below = [...at, isList ? Number(key) : key];
    const name = isList ? '' : `${jsonText(key, below, spans, position)}:`;
    const part = name + jsonText(item, below, spans, position + name.length);
    parts.push(part);
    position += part.length + 1;
  }
  return isList ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}

const ESCAPED_BY_GO = /[<>&\u2028\u2029\u007f]/g;

/** The inside of the JSON string, with the characters that Go's encoder escapes in addition. */
function inJson(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(ESCAPED_BY_GO, (character) =>
      character === '\u007f' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

function place(text: string, spans: readonly Span[], offset: number): { at?: readonly Segment[]; column?: number } {
  const span = spans.find(({ from, to }) => from <= offset && offset < to) ?? lastWithAction(text, spans, offset);
  if (!span) return {};
  return { at: span.at, column: 1 + plainLength(text.slice(span.from, Math.min(offset, span.to))) };
}

/** An action that nobody closes is noticed at the end of the text: it began in the last string before that has one. */
function lastWithAction(text: string, spans: readonly Span[], offset: number): Span | undefined {
  return spans.findLast(({ from, to }) => from <= offset && text.slice(from, to).includes('{{'));
}

/** The number of characters that a piece of a JSON string stands for; an escape cut at the end does not count. */
function plainLength(piece: string): number {
  return [...piece.replace(/\\(?:u[0-9a-fA-F]{4}|[^u])/g, 'x').replace(/\\u?[0-9a-fA-F]*$/, '')].length;
}

/** The first string whose output cannot stand inside a JSON string. */
function firstBroken(text: string, spans: readonly Span[], data: GoValue): { at?: readonly Segment[] } {
  for (const { from, to, at } of spans) {
    const inner = text.slice(from, to);
    if (!inner.includes('{{')) continue;
    try {
      JSON.parse(`"${execute(NAME, parsed(inner), data, FUNCTIONS)}"`);
    } catch {
      return { at };
    }
  }
  return {};
}

/** The wording of Go's JSON decoder for the error that V8 found. */
function goJsonError(text: string, error: SyntaxError): string {
  const position = Number(/at position (\d+)/.exec(error.message)?.[1] ?? Number.NaN);
  const character = text[position];
  if (character === undefined)
    return error.message.includes('Unexpected end') ? 'unexpected end of JSON input' : error.message;
  const context = error.message.startsWith("Expected ',' or '}'")
    ? 'after object key:value pair'
    : error.message.startsWith("Expected ',' or ']'")
      ? 'after array element'
      : error.message.startsWith('Bad escaped')
        ? 'in string escape code'
        : error.message.startsWith('Bad control')
          ? 'in string literal'
          : 'looking for beginning of value';
  return `invalid character ${JSON.stringify(character).replace(/^"|"$/g, "'")} ${context}`;
}
