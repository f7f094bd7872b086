/** Where a parser stands in the tokens of a template, and how it complains. */
import { TemplateError } from './error.ts';
import type { Token } from './lex.ts';
import type { Node } from './nodes.ts';
import { quote } from './quote.ts';

const DEEPEST = 200;
const MOST_VARIABLES = 1_000;

export interface Parser {
  readonly name: string;
  readonly text: string;
  readonly functions: ReadonlySet<string>;
  readonly tokens: readonly Token[];
  at: number;
  variables: string[];
  ranges: number;
  /** The templates that `define` and `block` name. */
  readonly definitions: Map<string, readonly Node[]>;
  depth: number;
}

export function descend(parser: Parser): void {
  if (++parser.depth > DEEPEST) fail(parser, `max expression depth exceeded: ${DEEPEST}`);
}

/** A variable is in scope until the list ends that it is declared in. */
export function declare(parser: Parser, name: string): void {
  if (parser.variables.push(name) > MOST_VARIABLES) fail(parser, `more than ${MOST_VARIABLES} variables in scope`);
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
  const start = [...text.slice(0, 20)].slice(0, 10).join('');
  return start.length < text.length && text.length > 10 ? `${quote(start)}...` : quote(text);
}

export function fail(parser: Parser, message: string): never {
  throw parseError(
    parser,
    message,
    (parser.tokens[Math.max(0, Math.min(parser.at, parser.tokens.length) - 1)] as Token).offset,
  );
}

export function parseError(parser: Parser, message: string, offset: number): TemplateError {
  const line = parser.text.slice(0, offset).split('\n').length;
  return new TemplateError('parse', `template: ${parser.name}:${line}: ${message}`, offset);
}
