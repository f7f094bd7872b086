/** Where a parser stands in the tokens of a template, and how it complains. */
import { TemplateError } from './error.ts';
import type { Token } from './lex.ts';

const DEEPEST = 100;

export interface Parser {
  readonly name: string;
  readonly functions: ReadonlySet<string>;
  readonly tokens: readonly Token[];
  at: number;
  variables: string[];
  ranges: number;
  depth: number;
}

export function descend(parser: Parser): void {
  if (++parser.depth > DEEPEST) fail(parser, 'max expression depth exceeded');
}

export function expectRight(parser: Parser, context: string): number {
  const token = nextWord(parser);
  if (token.kind !== 'right') return unexpected(parser, token, context);
  return token.offset;
}

export function take(parser: Parser): Token {
  const token = peek(parser);
  parser.at++;
  return token;
}

export function peek(parser: Parser): Token {
  return parser.tokens[Math.min(parser.at, parser.tokens.length - 1)] as Token;
}

/** The next token that is not space; the position moves over the space only. */
export function peekWord(parser: Parser): Token {
  while (peek(parser).kind === 'space') parser.at++;
  return peek(parser);
}

export function nextWord(parser: Parser): Token {
  peekWord(parser);
  return take(parser);
}

export function unexpected(parser: Parser, token: Token, context: string): never {
  if (token.kind === 'error') throw parseError(parser, token.text, token.offset);
  throw parseError(parser, `unexpected ${tokenText(token)} in ${context}`, token.offset);
}

export function tokenText({ kind, text }: Token): string {
  if (kind === 'eof') return 'EOF';
  if (kind === 'keyword' || kind === 'dot' || kind === 'nil') return `<${text}>`;
  return text.length > 10 ? `${JSON.stringify(text.slice(0, 10))}...` : JSON.stringify(text);
}

export function fail(parser: Parser, message: string): never {
  throw parseError(
    parser,
    message,
    (parser.tokens[Math.max(0, Math.min(parser.at, parser.tokens.length) - 1)] as Token).offset,
  );
}

export function parseError(parser: Parser, message: string, offset: number): TemplateError {
  const before = parser.tokens
    .filter((token) => token.kind === 'text' && token.offset < offset)
    .map((token) => token.text);
  const line = 1 + before.join('').split('\n').length - 1;
  return new TemplateError('parse', `template: ${parser.name}:${line}: ${message}`, offset);
}
