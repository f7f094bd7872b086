/** The words of a command: literals, fields, variables, functions and parenthesised pipelines. */
import { descend, fail, nextWord, type Parser, peek, take } from './cursor.ts';
import type { Token } from './lex.ts';
import { numberConstant } from './number.ts';
import { quote, unquote } from './quote.ts';
import { nodeText, type Pipeline, type Word } from './nodes.ts';

/** Words that are values by themselves and cannot be called or have fields. */
export const LITERALS = new Set<Word['kind']>(['bool', 'dot', 'nil', 'number', 'string']);

/** Parses what stands between parentheses, the opening one being past. */
export type ParsePipeline = (parser: Parser) => Pipeline;

/** The next word of a command, or undefined when the next token starts none. */
export function operand(parser: Parser, parenthesized: ParsePipeline): Word | undefined {
  const first = term(parser, parenthesized);
  if (!first || peek(parser).kind !== 'field') return first;
  const { offset } = peek(parser);
  const names: string[] = [];
  while (peek(parser).kind === 'field') names.push(take(parser).text.slice(1));
  if (first.kind === 'field' || first.kind === 'variable')
    return { ...first, offset, names: [...first.names, ...names] };
  if (LITERALS.has(first.kind)) fail(parser, `unexpected . after term ${quote(nodeText(first))}`);
  return { kind: 'chain', offset, of: first, names };
}

function term(parser: Parser, parenthesized: ParsePipeline): Word | undefined {
  const token = nextWord(parser);
  const { offset, text } = token;
  switch (token.kind) {
    case 'identifier':
      if (!parser.functions.has(text)) fail(parser, `function ${quote(text)} not defined`);
      return { kind: 'function', offset, name: text };
    case 'dot':
    case 'nil':
      return { kind: token.kind, offset };
    case 'variable':
      if (!parser.variables.includes(text)) fail(parser, `undefined variable ${quote(text)}`);
      return { kind: 'variable', offset, variable: text, names: [] };
    case 'field':
      return { kind: 'field', offset, names: [text.slice(1)] };
    case 'bool':
      return { kind: 'bool', offset, value: text === 'true' };
    case 'number':
      return numberWord(parser, token);
    case 'char':
      return { kind: 'number', offset, text, value: characterCode(parser, text), float: false };
    case 'raw':
    case 'string':
      return { kind: 'string', offset, text, value: stringText(parser, token) };
    case 'open': {
      descend(parser);
      const inner = parenthesized(parser);
      parser.depth--;
      return inner;
    }
    default:
      parser.at--;
      return undefined;
  }
}

function numberWord(parser: Parser, { text, offset }: Token): Word {
  const constant = numberConstant(text, quote(text));
  if ('error' in constant) return fail(parser, constant.error);
  return { kind: 'number', offset, text, ...constant };
}

function characterCode(parser: Parser, text: string): number {
  const [first = ''] = /^'(?:\\(?:x..|u.{4}|U.{8}|[0-7]{3}|[^])|[^])/u.exec(text) ?? [];
  const character = unquote(first.slice(1), "'");
  if (character === undefined || character === '') return fail(parser, 'invalid syntax');
  if (first.length !== text.length - 1) fail(parser, `malformed character constant: ${text}`);
  return character.codePointAt(0) as number;
}

/** The text of a quoted or raw string; carriage returns are no part of a raw one. */
export function stringText(parser: Parser, { kind, text }: Token): string {
  if (kind === 'raw') return text.slice(1, -1).replaceAll('\r', '');
  return unquote(text.slice(1, -1), '"') ?? fail(parser, 'invalid syntax');
}
