/** `fmt.Sprint` and `fmt.Sprintf` over template values. */
import { dereference, type GoValue, items, nilText, printed, sortedEntries, typeName } from './values.ts';
import { type Flags, floatText, integerText, pad, stringText } from './verbs.ts';

/** No text that a template makes is longer. */
export const LONGEST_TEXT = 4 << 20;

/** Thrown and caught inside the functions that make text; the message says the limit. */
export class TooLong extends Error {
  constructor() {
    super(`the output is longer than ${LONGEST_TEXT} characters`);
  }
}

/** `fmt.Sprint`: a space between operands when neither is a string; `fmt.Sprintln` puts one between all. */
export function sprint(values: readonly GoValue[], spaced = false): string {
  let text = '';
  values.forEach((value, index) => {
    const before = values[index - 1];
    if (before !== undefined && (spaced || (!isString(before) && !isString(value)))) text += ' ';
    text = checked(text + shown(value));
  });
  return text;
}

const DIRECTIVE = /%([-+# 0]*)(\[[^\]]*\]?)?(\*|\d+)?(?:(\.)(\[[^\]]*\]?)?(\*|\d+)?)?(\[[^\]]*\]?)?([^]|$)/gu;
const LARGEST_WIDTH = 1_000_000;

/**
 * `fmt.Sprintf`: flags, width, precision, argument numbers, and the verbs v, T, t, b, c, d, o, O, q, x, X, U, e, E, f, F,
 * g, G and s. Pointers are followed, where Go prints the address.
 */
export function format(layout: string, values: readonly GoValue[]): string {
  const cursor = { at: 0, reordered: false, bad: false };
  let text = '';
  let copied = 0;
  for (const match of layout.matchAll(DIRECTIVE)) {
    text = checked(text + layout.slice(copied, match.index) + directive(match, values, cursor));
    copied = match.index + match[0].length;
  }
  text += layout.slice(copied);
  if (cursor.reordered || cursor.at >= values.length) return text;
  const extra = values
    .slice(cursor.at)
    .map((value) => (isAbsent(value) ? '<nil>' : `${nameOf(value)}=${shown(value)}`));
  return checked(`${text}%!(EXTRA ${extra.join(', ')})`);
}

interface Cursor {
  at: number;
  reordered: boolean;
  bad: boolean;
}

function directive(match: RegExpExecArray, values: readonly GoValue[], cursor: Cursor): string {
  const [, signs = '', firstIndex, width, dot, secondIndex, precision, lastIndex, verb = ''] = match;
  cursor.bad = false;
  moveTo(firstIndex, values.length, cursor);
  const wide = measure(width, values, cursor);
  moveTo(secondIndex, values.length, cursor);
  const precise = dot === undefined ? {} : precision === undefined ? { size: 0 } : measure(precision, values, cursor);
  moveTo(lastIndex, values.length, cursor);
  const complaints = (wide.bad ? '%!(BADWIDTH)' : '') + (precise.bad || (precise.size ?? 0) < 0 ? '%!(BADPREC)' : '');
  if (verb === '' || wide.huge || precise.huge) return `${complaints}%!(NOVERB)`;
  if (verb === '%') return `${complaints}%`;
  if (cursor.bad) return `${complaints}%!${verb}(BADINDEX)`;
  const value = values[cursor.at];
  if (value === undefined) return `${complaints}%!${verb}(MISSING)`;
  cursor.at++;
  const flags: Flags = {
    plus: signs.includes('+'),
    minus: signs.includes('-') || (wide.size ?? 0) < 0,
    sharp: signs.includes('#'),
    space: signs.includes(' '),
    zero: signs.includes('0'),
    ...(wide.size !== undefined && { width: Math.abs(wide.size) }),
    ...(precise.size !== undefined && precise.size >= 0 && { precision: precise.size }),
  };
  return complaints + argument(value, verb, flags);
}

interface Measure {
  readonly size?: number;
  readonly bad?: boolean;
  readonly huge?: boolean;
}

function measure(written: string | undefined, values: readonly GoValue[], cursor: Cursor): Measure {
  if (written === undefined) return {};
  if (written !== '*') return Number(written) > LARGEST_WIDTH ? { huge: true } : { size: Number(written) };
  const value = values[cursor.at];
  if (value === undefined) return { bad: true };
  cursor.at++;
  const size = value.type.kind === 'int' ? Number(value.json ?? 0) : Number.NaN;
  return Math.abs(size) <= LARGEST_WIDTH ? { size } : { bad: true };
}

function moveTo(index: string | undefined, count: number, cursor: Cursor): void {
  if (index === undefined) return;
  cursor.reordered = true;
  const wanted = /^\[(\d+)\]$/.exec(index)?.[1];
  const at = Number(wanted) - 1;
  if (wanted === undefined || at < 0 || at >= count) cursor.bad = true;
  else cursor.at = at;
}

function argument(given: GoValue, verb: string, flags: Flags): string {
  if (verb === 'T') return pad(typeName(given.type), flags);
  if (isAbsent(given)) return verb === 'v' ? pad('<nil>', flags) : `%!${verb}(<nil>)`;
  const value = dereference(given);
  const { type, json } = value;
  const own = type.kind === 'struct' ? type.text?.(json) : undefined;
  const ownText = own === undefined ? undefined : stringText(own, verb, flags);
  if (ownText !== undefined) return ownText;
  switch (type.kind) {
    case 'bool':
      return verb === 't' || verb === 'v' ? pad(String(json === true), flags) : wrong(value, verb, flags);
    case 'int':
      return integerText(Number(json ?? 0), verb, flags) ?? wrong(value, verb, flags);
    case 'float':
      return floatText(Number(json ?? 0), verb, flags) ?? wrong(value, verb, flags);
    case 'string':
      return stringText(shown(value), verb, flags) ?? wrong(value, verb, flags);
    case 'list':
      return `[${items(json)
        .map((item) => argument({ type: type.of, json: item }, verb, flags))
        .join(' ')}]`;
    case 'map':
      return `map[${sortedEntries(json)
        .map(
          ([key, item]) =>
            `${argument({ type: type.key, json: key }, verb, flags)}:${argument({ type: type.of, json: item }, verb, flags)}`,
        )
        .join(' ')}]`;
    case 'struct':
      return `{${[...type.fields]
        .map(
          ([name, field]) =>
            `${flags.plus && verb === 'v' ? `${name}:` : ''}${argument({ type: field.type, json: field.read(json) }, verb, flags)}`,
        )
        .join(' ')}}`;
    default:
      return nilPointer(value, verb, flags);
  }
}

/** Go prints a nil pointer as a number where the verb wants one. */
function nilPointer(value: GoValue, verb: string, flags: Flags): string {
  const text = value.type.kind === 'pointer' ? nilText(value.type.of) : '<nil>';
  if (verb === 'v' && text === '<nil>') return pad(text, flags);
  const shownAs = text === '<nil>' ? undefined : stringText(text, verb, flags);
  const asNumber = 'bodxX'.includes(verb) ? integerText(0, verb, flags) : undefined;
  return shownAs ?? asNumber ?? `%!${verb}(${nameOf(value)}=${pad('<nil>', flags)})`;
}

function wrong(value: GoValue, verb: string, flags: Flags): string {
  return `%!${verb}(${nameOf(value)}=${argument(value, 'v', flags)})`;
}

function checked(text: string): string {
  if (text.length > LONGEST_TEXT) throw new TooLong();
  return text;
}

function isString(value: GoValue): boolean {
  return dereference(value).type.kind === 'string';
}

function isAbsent(value: GoValue): boolean {
  return value.type.kind === 'none';
}

function shown(value: GoValue): string {
  return isAbsent(value) ? '<nil>' : printed(value);
}

function nameOf(value: GoValue): string {
  return typeName(dereference(value).type);
}
