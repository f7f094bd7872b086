/** Printing and comparing values as Go's `fmt` and the comparison functions of `text/template` do. */
import { dereference, type GoValue, isNil, printed, typeName } from './values.ts';

/** `fmt.Sprint`: a space between operands when neither is a string; `fmt.Sprintln` puts one between all. */
export function sprint(values: readonly GoValue[], spaced = false): string {
  return values.reduce((text, value, index) => {
    const before = values[index - 1];
    const space = before !== undefined && (spaced || (!isString(before) && !isString(value)));
    return text + (space ? ' ' : '') + shown(value);
  }, '');
}

const VERB = /%([-+# 0]*)(\d*)(?:\.(\d*))?([^])|%$/gu;
const LONGEST_WIDTH = 1_000;

/** `fmt.Sprintf` with the verbs v, s, d, q, t, x, X, c, U, f, e, g and %%. */
export function format(layout: string, values: readonly GoValue[]): string {
  let used = 0;
  const text = layout.replace(
    VERB,
    (_all, flags: string | undefined, width: string, precision: string | undefined, verb: string | undefined) => {
      if (verb === undefined) return '%!(NOVERB)';
      if (verb === '%') return '%';
      const value = values[used++];
      if (value === undefined) return `%!${verb}(MISSING)`;
      const bounded = precision === undefined ? undefined : Math.min(Number(precision), 100);
      const body = verbText(verb, flags ?? '', bounded, dereference(value));
      return pad(body, flags ?? '', Math.min(Number(width), LONGEST_WIDTH));
    },
  );
  const extra = values.slice(used).map((value) => `${kindName(value)}=${shown(value)}`);
  return extra.length > 0 ? `${text}%!(EXTRA ${extra.join(', ')})` : text;
}

/** Whether two basic values are equal, or Go's message why they cannot be compared. */
export function equalValues(a: GoValue, b: GoValue): boolean | string {
  const left = basic(a);
  const right = basic(b);
  if (left.kind !== right.kind) {
    if (a.type.kind === 'none' || b.type.kind === 'none') return isNil(a) && isNil(b);
    return incompatible(a, b);
  }
  if (left.kind === 'other') {
    if (isNil(a) || isNil(b)) return isNil(a) && isNil(b);
    if (a.type.kind === 'pointer') return a.json === b.json;
    return `non-comparable type ${shown(a)}: ${typeName(a.type)}`;
  }
  return left.json === right.json;
}

/** Negative, zero or positive as the first value is less than, equal to or greater than the second, or Go's message. */
export function compareValues(a: GoValue, b: GoValue): number | string {
  const left = basic(a);
  const right = basic(b);
  if (left.kind === 'other' || right.kind === 'other') return 'invalid type for comparison';
  if (left.kind !== right.kind) return incompatible(a, b);
  if (left.kind === 'bool') return 'invalid type for comparison';
  if (left.json === right.json) return 0;
  return (left.json as number) < (right.json as number) ? -1 : 1;
}

function incompatible(a: GoValue, b: GoValue): string {
  return `incompatible types for comparison: ${typeName(a.type)} and ${typeName(b.type)}`;
}

function basic(value: GoValue): { readonly kind: string; readonly json: unknown } {
  const { type, json } = value.type.kind === 'open' ? dereference(value) : value;
  switch (type.kind) {
    case 'string':
      return { kind: 'string', json: json ?? '' };
    case 'bool':
      return { kind: 'bool', json: json ?? false };
    case 'int':
    case 'float':
      return { kind: type.kind, json: json ?? 0 };
    default:
      return { kind: 'other', json };
  }
}

function verbText(verb: string, flags: string, precision: number | undefined, value: GoValue): string {
  const { kind } = value.type;
  const number = Number(value.json ?? 0);
  if (verb === 'v') return flags.includes('+') && kind === 'int' && number >= 0 ? `+${shown(value)}` : shown(value);
  if (verb === 's' && !['int', 'float', 'bool', 'none'].includes(kind)) return shown(value).slice(0, precision);
  if (verb === 'q' && kind === 'string') return JSON.stringify(shown(value));
  if (verb === 't' && kind === 'bool') return shown(value);
  if ('dxXc'.includes(verb) && kind === 'int') {
    if (verb === 'c') return String.fromCodePoint(Math.min(Math.max(number, 0), 0x10ffff));
    const digits = Math.abs(number).toString(verb === 'd' ? 10 : 16);
    const sign = number < 0 ? '-' : flags.includes('+') ? '+' : '';
    return sign + (verb === 'X' ? digits.toUpperCase() : digits);
  }
  if ('xX'.includes(verb) && kind === 'string') {
    const hex = [...new TextEncoder().encode(shown(value))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return verb === 'X' ? hex.toUpperCase() : hex;
  }
  if (verb === 'f' && kind === 'float') return number.toFixed(precision ?? 6);
  if (verb === 'e' && kind === 'float') return number.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2');
  if (verb === 'g' && kind === 'float') return shown(value);
  return `%!${verb}(${kindName(value)}=${shown(value)})`;
}

function pad(body: string, flags: string, width: number): string {
  if (flags.includes('-')) return body.padEnd(width);
  if (!flags.includes('0')) return body.padStart(width);
  const sign = /^[+-]/.exec(body)?.[0] ?? '';
  return sign + body.slice(sign.length).padStart(width - sign.length, '0');
}

function isString(value: GoValue): boolean {
  return dereference(value).type.kind === 'string';
}

function shown(value: GoValue): string {
  return value.type.kind === 'none' ? '<nil>' : printed(value);
}

function kindName(value: GoValue): string {
  const { type } = dereference(value);
  return 'name' in type ? type.name : type.kind;
}
