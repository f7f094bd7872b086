/** What the verbs of `fmt.Sprintf` make of numbers and strings. */
import { formatFloat } from './float.ts';
import { isPrintable, quote } from './quote.ts';

/** What stands between `%` and the verb. */
export interface Flags {
  readonly plus: boolean;
  readonly minus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width?: number;
  readonly precision?: number;
}

const BASES: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

/** An integer; undefined when the verb is none for integers. */
export function integerText(number: number, verb: string, flags: Flags): string | undefined {
  if (verb === 'c') return pad(character(number), flags);
  if (verb === 'q') return pad(quote(character(number), "'", flags.plus), flags);
  if (verb === 'U') {
    const code = `U+${number.toString(16).toUpperCase().padStart(4, '0')}`;
    const named = flags.sharp && isPrintable(character(number)) ? `${code} '${character(number)}'` : code;
    return pad(named, { ...flags, zero: false });
  }
  const base = BASES[verb];
  if (base === undefined) return undefined;
  if (flags.precision === 0 && number === 0) return pad('', { ...flags, zero: false });
  const sign = number < 0 ? '-' : flags.plus && verb !== 'v' ? '+' : flags.space ? ' ' : '';
  const filled = flags.zero && !flags.minus && flags.width !== undefined ? flags.width - sign.length : 0;
  const digits = Math.abs(number)
    .toString(base)
    .padStart(flags.precision ?? filled, '0');
  const body = prefix(verb, digits, flags) + digits;
  return pad(sign + (verb === 'X' ? body.toUpperCase() : body), { ...flags, zero: false });
}

function prefix(verb: string, digits: string, flags: Flags): string {
  if (verb === 'O') return '0o';
  if (!flags.sharp) return '';
  if (verb === 'b') return '0b';
  if (verb === 'o') return digits.startsWith('0') ? '' : '0';
  return verb === 'x' || verb === 'X' ? '0x' : '';
}

function character(code: number): string {
  const valid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
  return String.fromCodePoint(valid ? code : 0xfffd);
}

/** A floating point number; undefined when the verb is none for them. */
export function floatText(number: number, verb: string, flags: Flags): string | undefined {
  if (!'vgGeEfF'.includes(verb)) return undefined;
  const style = verb === 'v' ? 'g' : (verb.toLowerCase() as 'e' | 'f' | 'g');
  const text = formatFloat(number, style, flags.precision ?? (style === 'g' ? undefined : 6));
  const upper = verb === 'E' || verb === 'G' ? text.toUpperCase() : text;
  const sign = upper.startsWith('-') ? '-' : flags.plus && verb !== 'v' ? '+' : flags.space ? ' ' : '';
  const digits = upper.replace(/^[-+]/, '');
  if (!flags.zero || flags.minus || flags.width === undefined) return pad(sign + digits, { ...flags, zero: false });
  return sign + digits.padStart(flags.width - sign.length, '0');
}

/** A string; undefined when the verb is none for strings. */
export function stringText(text: string, verb: string, flags: Flags): string | undefined {
  if (!'vsxXq'.includes(verb)) return undefined;
  if (verb === 'x' || verb === 'X') return pad(hexText(text, verb, flags), flags);
  const cut = flags.precision === undefined ? text : [...text].slice(0, flags.precision).join('');
  if (verb !== 'q' && !(verb === 'v' && flags.sharp)) return pad(cut, flags);
  const raw = flags.sharp && verb === 'q' && !/[`\u007f\ufeff]|[^\t -\uffff]/u.test(cut);
  return pad(raw ? `\`${cut}\`` : quote(cut, '"', flags.plus), flags);
}

function hexText(text: string, verb: string, flags: Flags): string {
  const bytes = [...Buffer.from(text).subarray(0, flags.precision)].map((byte) => byte.toString(16).padStart(2, '0'));
  const start = flags.sharp && bytes.length > 0 ? '0x' : '';
  const separator = flags.space ? (flags.sharp ? ' 0x' : ' ') : '';
  const joined = start + bytes.join(separator);
  return verb === 'X' ? joined.toUpperCase() : joined;
}

/** The text at the width of the flags. */
export function pad(text: string, { width = 0, minus, zero }: Flags): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (minus) return text + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + text;
}
