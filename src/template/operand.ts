/** The words of a command: literals, fields, variables, functions and parenthesised pipelines. */
import { descend, fail, nextWord, type Parser, peek, take } from './cursor.ts';
import type { Token } from './lex.ts';
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
  if (LITERALS.has(first.kind)) fail(parser, `unexpected . after term ${JSON.stringify(nodeText(first))}`);
  return { kind: 'chain', offset, of: first, names };
}

function term(parser: Parser, parenthesized: ParsePipeline): Word | undefined {
  const token = nextWord(parser);
  const { offset, text } = token;
  switch (token.kind) {
    case 'identifier':
      if (!parser.functions.has(text)) fail(parser, `function ${JSON.stringify(text)} not defined`);
      return { kind: 'function', offset, name: text };
    case 'dot':
    case 'nil':
      return { kind: token.kind, offset };
    case 'variable':
      if (!parser.variables.includes(text)) fail(parser, `undefined variable ${JSON.stringify(text)}`);
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
      return { kind: 'string', offset, text, value: text.slice(1, -1) };
    case 'string':
      return { kind: 'string', offset, text, value: unquoted(parser, text) };
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
  const digits = text.replace(/(?<=[0-9a-fA-FxXoObB])_(?=[0-9a-fA-F])/g, '');
  const sign = digits.startsWith('-') ? -1 : 1;
  const plain = digits.replace(/^[+-]/, '').replace(/^0(?=[0-7]+$)/, '0o');
  const float = /[.eEpP]/.test(plain) && !/^0[xX]/.test(plain);
  const value = sign * Number(plain);
  if (plain === '' || /^0\d+$/.test(plain) || Number.isNaN(value) || digits.includes('_'))
    fail(parser, `illegal number syntax: ${JSON.stringify(text)}`);
  if (!float && Math.abs(value) > Number.MAX_SAFE_INTEGER) fail(parser, `integer overflow: ${JSON.stringify(text)}`);
  return { kind: 'number', offset, text, value, float };
}

const ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
};

function characterCode(parser: Parser, text: string): number {
  const inner = text.slice(1, -1);
  const escaped = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))$/.exec(inner);
  if (escaped) {
    const hex = escaped[1] ?? escaped[2] ?? escaped[3];
    return hex === undefined ? Number.parseInt(escaped[4] as string, 8) : Number.parseInt(hex, 16);
  }
  if (inner.startsWith('\\') && inner.length === 2 && Object.hasOwn(ESCAPES, inner.slice(1)))
    return ESCAPES[inner.slice(1)] as number;
  if ([...inner].length !== 1 || inner === '\\') fail(parser, `malformed character constant: ${text}`);
  return inner.codePointAt(0) as number;
}

function unquoted(parser: Parser, text: string): string {
  return text
    .slice(1, -1)
    .replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[^])/g, (_all, escape: string) =>
      String.fromCodePoint(Math.min(characterCode(parser, `'\\${escape}'`), 0x10ffff)),
    );
}
