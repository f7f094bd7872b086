import { TemplateError } from './error.ts';
import { type Token, tokens } from './lex.ts';
import type { Branch, Command, Node, Pipeline, Template, Word } from './nodes.ts';
import { nodeText } from './nodes.ts';

const DEEPEST = 100;

/**
 * Parses a Go template with the delimiters `{{` and `}}`. `functions` are the names that may be called. Throws a
 * `TemplateError` in the words of Go's `text/template`; `define`, `block` and `template` are refused by name.
 */
export function parse(name: string, text: string, functions: ReadonlySet<string>): Template {
  const parser: Parser = { name, functions, tokens: tokens(text), at: 0, variables: ['$'], ranges: 0, depth: 0 };
  const nodes: Node[] = [];
  while (peekWord(parser).kind !== 'eof') {
    const node = textOrAction(parser);
    if (node.kind === 'end' || node.kind === 'else') fail(parser, `unexpected {{${node.kind}}}`);
    nodes.push(node);
  }
  return { text, nodes };
}

interface Parser {
  readonly name: string;
  readonly functions: ReadonlySet<string>;
  readonly tokens: readonly Token[];
  at: number;
  variables: string[];
  ranges: number;
  depth: number;
}

/** `{{end}}` and `{{else}}` close a list and never stay in the tree. */
type Closing = { readonly kind: 'end'; readonly offset: number } | { readonly kind: 'else'; readonly offset: number };

function textOrAction(parser: Parser): Node | Closing {
  const token = nextWord(parser);
  if (token.kind === 'text') return { kind: 'text', offset: token.offset, text: token.text };
  if (token.kind !== 'left') return unexpected(parser, token, 'input');
  const first = nextWord(parser);
  if (first.kind === 'keyword') return control(parser, first);
  parser.at--;
  const offset = peek(parser).offset;
  return { kind: 'action', offset, pipeline: pipeline(parser, 'command', 'right') };
}

function control(parser: Parser, keyword: Token): Node | Closing {
  switch (keyword.text) {
    case 'if':
    case 'with':
    case 'range':
      return branch(parser, keyword.text);
    case 'end':
      return { kind: 'end', offset: expectRight(parser, 'end') };
    case 'else': {
      const following = peekWord(parser);
      if (following.text === 'if' || following.text === 'with') return { kind: 'else', offset: following.offset };
      return { kind: 'else', offset: expectRight(parser, 'else') };
    }
    case 'break':
    case 'continue':
      expectRight(parser, `{{${keyword.text}}}`);
      if (parser.ranges === 0) fail(parser, `{{${keyword.text}}} outside {{range}}`);
      return { kind: keyword.text, offset: keyword.offset };
    default:
      return fail(parser, `{{${keyword.text}}} is not supported: a config cannot contain templates of its own`);
  }
}

function branch(parser: Parser, kind: Branch['kind']): Branch {
  descend(parser);
  const scope = parser.variables.length;
  const condition = pipeline(parser, kind, 'right');
  if (kind === 'range') parser.ranges++;
  const body = list(parser);
  if (kind === 'range') parser.ranges--;
  const otherwise = body.closing.kind === 'else' ? alternative(parser, kind) : [];
  parser.variables.length = scope;
  parser.depth--;
  return { kind, offset: condition.offset, pipeline: condition, list: body.nodes, otherwise };
}

/** What follows `{{else}}`. `{{else if …}}` is an `if` of its own that shares the `{{end}}`. */
function alternative(parser: Parser, kind: Branch['kind']): readonly Node[] {
  if (kind !== 'range' && peek(parser).kind === 'keyword' && peek(parser).text === kind) {
    parser.at++;
    return [branch(parser, kind)];
  }
  const last = list(parser);
  if (last.closing.kind !== 'end') fail(parser, 'expected end; found {{else}}');
  return last.nodes;
}

function list(parser: Parser): { readonly nodes: readonly Node[]; readonly closing: Closing } {
  const nodes: Node[] = [];
  while (peekWord(parser).kind !== 'eof') {
    const node = textOrAction(parser);
    if (node.kind === 'end' || node.kind === 'else') return { nodes, closing: node };
    nodes.push(node);
  }
  return fail(parser, 'unexpected EOF');
}

function pipeline(parser: Parser, context: string, end: 'right' | 'close'): Pipeline {
  const offset = peekWord(parser).offset;
  const declared = declarations(parser, context);
  const commands: Command[] = [];
  for (;;) {
    const token = nextWord(parser);
    if (token.kind === end) break;
    if (!STARTS_OPERAND.has(token.kind)) return unexpected(parser, token, context);
    parser.at--;
    commands.push(command(parser));
  }
  if (commands.length === 0) fail(parser, `missing value for ${context}`);
  commands.slice(1).forEach(({ words }, index) => {
    if (LITERALS.has((words[0] as Word).kind)) fail(parser, `non executable command in pipeline stage ${index + 2}`);
  });
  return { kind: 'pipeline', offset, variables: declared.names, assigns: declared.assigns, commands };
}

const STARTS_OPERAND = new Set<Token['kind']>([
  'bool',
  'char',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'raw',
  'string',
  'variable',
  'open',
]);
const LITERALS = new Set<Word['kind']>(['bool', 'dot', 'nil', 'number', 'string']);

function declarations(
  parser: Parser,
  context: string,
): { readonly names: readonly string[]; readonly assigns: boolean } {
  const names: string[] = [];
  for (;;) {
    const start = parser.at;
    const variable = peekWord(parser);
    if (variable.kind !== 'variable') return { names, assigns: false };
    parser.at++;
    const following = nextWord(parser);
    if (following.kind === 'assign' || following.kind === 'declare') {
      names.push(variable.text);
      parser.variables.push(variable.text);
      return { names, assigns: following.kind === 'assign' };
    }
    if (following.kind !== 'other' || following.text !== ',') {
      parser.at = start;
      return { names, assigns: false };
    }
    names.push(variable.text);
    parser.variables.push(variable.text);
    if (context !== 'range' || names.length > 1) fail(parser, `too many declarations in ${context}`);
    if (!['variable', 'right', 'close'].includes(peekWord(parser).kind))
      fail(parser, 'range can only initialize variables');
  }
}

function command(parser: Parser): Command {
  const offset = peekWord(parser).offset;
  const words: Word[] = [];
  for (;;) {
    peekWord(parser);
    const word = operand(parser);
    if (word) words.push(word);
    const token = take(parser);
    if (token.kind === 'space') continue;
    if (token.kind === 'right' || token.kind === 'close') parser.at--;
    else if (token.kind !== 'pipe') return unexpected(parser, token, 'operand');
    break;
  }
  if (words.length === 0) fail(parser, 'empty command');
  return { kind: 'command', offset, words };
}

function operand(parser: Parser): Word | undefined {
  const first = term(parser);
  if (!first || peek(parser).kind !== 'field') return first;
  const { offset } = peek(parser);
  const names: string[] = [];
  while (peek(parser).kind === 'field') names.push(take(parser).text.slice(1));
  if (first.kind === 'field' || first.kind === 'variable')
    return { ...first, offset, names: [...first.names, ...names] };
  if (LITERALS.has(first.kind)) fail(parser, `unexpected . after term ${JSON.stringify(nodeText(first))}`);
  return { kind: 'chain', offset, of: first, names };
}

function term(parser: Parser): Word | undefined {
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
      const inner = pipeline(parser, 'parenthesized pipeline', 'close');
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
  if (plain === '' || Number.isNaN(value) || digits.includes('_'))
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

function descend(parser: Parser): void {
  if (++parser.depth > DEEPEST) fail(parser, 'max expression depth exceeded');
}

function expectRight(parser: Parser, context: string): number {
  const token = nextWord(parser);
  if (token.kind !== 'right') return unexpected(parser, token, context);
  return token.offset;
}

function take(parser: Parser): Token {
  const token = peek(parser);
  parser.at++;
  return token;
}

function peek(parser: Parser): Token {
  return parser.tokens[Math.min(parser.at, parser.tokens.length - 1)] as Token;
}

/** The next token that is not space; the position moves over the space only. */
function peekWord(parser: Parser): Token {
  while (peek(parser).kind === 'space') parser.at++;
  return peek(parser);
}

function nextWord(parser: Parser): Token {
  peekWord(parser);
  return take(parser);
}

function unexpected(parser: Parser, token: Token, context: string): never {
  if (token.kind === 'error') throw parseError(parser, token.text, token.offset);
  throw parseError(parser, `unexpected ${tokenText(token)} in ${context}`, token.offset);
}

function tokenText({ kind, text }: Token): string {
  if (kind === 'eof') return 'EOF';
  if (kind === 'keyword' || kind === 'dot' || kind === 'nil') return `<${text}>`;
  return text.length > 10 ? `${JSON.stringify(text.slice(0, 10))}...` : JSON.stringify(text);
}

function fail(parser: Parser, message: string): never {
  throw parseError(
    parser,
    message,
    (parser.tokens[Math.max(0, Math.min(parser.at, parser.tokens.length) - 1)] as Token).offset,
  );
}

function parseError(parser: Parser, message: string, offset: number): TemplateError {
  const before = parser.tokens
    .filter((token) => token.kind === 'text' && token.offset < offset)
    .map((token) => token.text);
  const line = 1 + before.join('').split('\n').length - 1;
  return new TemplateError('parse', `template: ${parser.name}:${line}: ${message}`, offset);
}
