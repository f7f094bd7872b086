/** Splits the text of a Go template into tokens: text, and the words inside `{{` and `}}`. */

import { isPrintable, quote } from './quote.ts';

export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'identifier'
  | 'keyword'
  | 'nil'
  | 'bool'
  | 'field'
  | 'dot'
  | 'variable'
  | 'number'
  | 'char'
  | 'raw'
  | 'string'
  | 'pipe'
  | 'assign'
  | 'declare'
  | 'open'
  | 'close'
  | 'other'
  | 'error'
  | 'eof';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly offset: number;
}

/** What is read of a template before it is given up; the texts of a spec have some hundreds. */
const MOST_TOKENS = 50_000;

const KEYWORDS = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with']);
const SPACE = /[ \t\r\n]+/y;
const WORD = /[\p{L}\p{Nd}_]+/uy;
const TERMINATOR = /$|[ \t\r\n.,|:)(]|\}\}/y;
const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*\.?[0-9_]*(?:[eE][+-]?[0-9_]*)?)i?/y;
const CHARACTER = /'(?:[^'\\\n]|\\[^\n])*'/y;
const QUOTED = /"(?:[^"\\\n]|\\[^\n])*"/y;

/**
 * All tokens of the text, the last one `eof` or `error`. An `error` token carries Go's message; whether it is the first
 * thing that is wrong is for the parser to say.
 */
export function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < text.length) {
    const open = text.indexOf('{{', at);
    const end = open < 0 ? text.length : open;
    const trimLeft = open >= 0 && /^-[ \t\r\n]/.test(text.slice(open + 2, open + 4));
    pushText(found, text, at, end, trimNext, trimLeft);
    if (open < 0) break;
    const inside = open + 2 + (trimLeft ? 2 : 0);
    const closed = text.startsWith('/*', inside) ? comment(text, inside) : action(found, text, open, inside);
    if (typeof closed === 'string') return [...found, { kind: 'error', text: closed, offset: open }];
    if (closed === undefined) return found;
    at = closed.end;
    trimNext = closed.trim;
  }
  return [...found, { kind: 'eof', text: '', offset: text.length }];
}

interface Closed {
  readonly end: number;
  readonly trim: boolean;
}

function pushText(found: Token[], text: string, from: number, to: number, trimStart: boolean, trimEnd: boolean): void {
  let start = from;
  let end = to;
  if (trimStart) while (start < end && isSpace(text[start])) start++;
  if (trimEnd) while (end > start && isSpace(text[end - 1])) end--;
  if (end > start) found.push({ kind: 'text', text: text.slice(start, end), offset: start });
}

/** The end of a comment, or Go's message. Comments produce nothing. */
function comment(text: string, inside: number): Closed | string {
  const end = text.indexOf('*/', inside + 2);
  if (end < 0) return 'unclosed comment';
  return rightDelimiter(text, end + 2) ?? 'comment ends before closing delimiter';
}

function rightDelimiter(text: string, at: number): Closed | undefined {
  if (isSpace(text[at]) && text.startsWith('-}}', at + 1)) return { end: at + 4, trim: true };
  if (text.startsWith('}}', at)) return { end: at + 2, trim: false };
  return undefined;
}

/** Reads one action; its tokens are added to `found`. Undefined when an error token was added. */
function action(found: Token[], text: string, open: number, inside: number): Closed | undefined {
  found.push({ kind: 'left', text: '{{', offset: open });
  let at = inside;
  let depth = 0;
  const fail = (message: string): undefined => {
    found.push({ kind: 'error', text: message, offset: at });
  };
  for (;;) {
    if (found.length > MOST_TOKENS) return fail(`the template has more than ${MOST_TOKENS} words`);
    const closed = rightDelimiter(text, at);
    if (closed) {
      if (depth > 0) return fail('unclosed left paren');
      found.push({ kind: 'right', text: '}}', offset: closed.end - 2 });
      return closed;
    }
    if (at >= text.length) return fail('unclosed action');
    const token = next(text, at);
    if (typeof token === 'string') return fail(token);
    if (token.kind === 'open') depth++;
    if (token.kind === 'close' && --depth < 0) return fail('unexpected right paren');
    found.push(token);
    at += token.text.length;
  }
}

function next(text: string, at: number): Token | string {
  const character = text[at] as string;
  const token = (kind: TokenKind, value: string): Token => ({ kind, text: value, offset: at });
  if (isSpace(character)) return token('space', untrimmed(text, at, match(SPACE, text, at) as string));
  if (character === '=') return token('assign', '=');
  if (character === ':') return text[at + 1] === '=' ? token('declare', ':=') : 'expected :=';
  if (character === '|') return token('pipe', '|');
  if (character === '(') return token('open', '(');
  if (character === ')') return token('close', ')');
  if (character === '`') return rawString(text, at);
  if (character === "'") return quoted(text, at, 'char', CHARACTER, 'unterminated character constant');
  if (character === '"') return quoted(text, at, 'string', QUOTED, 'unterminated quoted string');
  if (character === '$') return word(text, at, 'variable');
  if (character === '.' && !/[0-9]/.test(text[at + 1] ?? '')) return word(text, at, 'field');
  if (/[0-9.+-]/.test(character)) return number(text, at);
  if (match(WORD, text, at) !== undefined) return identifier(text, at);
  if (character >= ' ' && character <= '~') return token('other', character);
  return `unrecognized character in action: ${codeName(text, at)}`;
}

/** A space in front of `-}}` belongs to the delimiter. */
function untrimmed(text: string, at: number, spaces: string): string {
  const last = at + spaces.length - 1;
  return text.startsWith('-}}', last + 1) && spaces.length > 1 ? spaces.slice(0, -1) : spaces;
}

function rawString(text: string, at: number): Token | string {
  const end = text.indexOf('`', at + 1);
  return end < 0 ? 'unterminated raw quoted string' : { kind: 'raw', text: text.slice(at, end + 1), offset: at };
}

function quoted(text: string, at: number, kind: TokenKind, pattern: RegExp, message: string): Token | string {
  const value = match(pattern, text, at);
  return value === undefined ? message : { kind, text: value, offset: at };
}

function word(text: string, at: number, kind: 'field' | 'variable'): Token | string {
  const name = match(WORD, text, at + 1) ?? '';
  if (match(TERMINATOR, text, at + 1 + name.length) === undefined) return badCharacter(text, at + 1 + name.length);
  if (name === '' && kind === 'field') return { kind: 'dot', text: '.', offset: at };
  return { kind, text: text[at] + name, offset: at };
}

function identifier(text: string, at: number): Token | string {
  const name = match(WORD, text, at) as string;
  if (match(TERMINATOR, text, at + name.length) === undefined) return badCharacter(text, at + name.length);
  if (KEYWORDS.has(name)) return { kind: 'keyword', text: name, offset: at };
  if (name === 'nil') return { kind: 'nil', text: name, offset: at };
  return { kind: name === 'true' || name === 'false' ? 'bool' : 'identifier', text: name, offset: at };
}

/** Go's lexer reads more than numbers; whether it is one is for the parser to say. A second part makes it complex. */
function number(text: string, at: number): Token | string {
  const first = match(NUMBER, text, at) ?? '';
  let end = at + first.length;
  if (!isWordCharacter(text, end) && /[+-]/.test(text[end] ?? '')) {
    end += (match(NUMBER, text, end) ?? '').length;
    if (isWordCharacter(text, end) || text[end - 1] !== 'i') return badNumber(text, at, end);
  }
  return isWordCharacter(text, end)
    ? badNumber(text, at, end)
    : { kind: 'number', text: text.slice(at, end), offset: at };
}

function badNumber(text: string, at: number, end: number): string {
  const following = isWordCharacter(text, end) ? String.fromCodePoint(text.codePointAt(end) as number) : '';
  return `bad number syntax: ${quote(text.slice(at, end) + following)}`;
}

function isWordCharacter(text: string, at: number): boolean {
  return match(WORD, text, at) !== undefined;
}

function codeName(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at) as number);
  const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
  return `U+${code}${isPrintable(character) ? ` '${character}'` : ''}`;
}

function badCharacter(text: string, at: number): string {
  return `bad character ${codeName(text, at)}`;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n';
}
