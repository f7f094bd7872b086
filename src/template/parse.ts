import { descend, expectRight, fail, nextWord, type Parser, peek, peekWord, take, unexpected } from './cursor.ts';
import { type Token, tokens } from './lex.ts';
import type { Branch, Node, Template } from './nodes.ts';
import { stringText } from './operand.ts';
import { pipeline } from './pipeline.ts';
import { quote } from './quote.ts';

/**
 * Parses a Go template with the delimiters `{{` and `}}`. `functions` are the names that may be called. Throws a
 * `TemplateError` in the words of Go's `text/template`.
 */
export function parse(name: string, text: string, functions: ReadonlySet<string>): Template {
  const parser: Parser = {
    name,
    text,
    functions,
    tokens: tokens(text),
    at: 0,
    variables: ['$'],
    ranges: 0,
    depth: 0,
    definitions: new Map(),
  };
  const nodes: Node[] = [];
  while (peekWord(parser).kind !== 'eof') {
    if (isDefinition(parser)) {
      definition(parser);
      continue;
    }
    const node = textOrAction(parser);
    if (node.kind === 'end' || node.kind === 'else') fail(parser, `unexpected {{${node.kind}}}`);
    nodes.push(node);
  }
  define(parser, name, nodes);
  return { text, nodes: parser.definitions.get(name) ?? nodes, definitions: parser.definitions };
}

/** `{{define}}` stands at the top of a template only. */
function isDefinition(parser: Parser): boolean {
  const start = parser.at;
  const found = take(parser).kind === 'left' && nextWord(parser).text === 'define';
  parser.at = start;
  return found;
}

function definition(parser: Parser): void {
  take(parser);
  nextWord(parser);
  const context = 'define clause';
  const name = templateName(parser, context);
  expectRight(parser, context);
  define(parser, name, ownScope(parser, context));
}

function templateName(parser: Parser, context: string): string {
  const token = nextWord(parser);
  return token.kind === 'string' || token.kind === 'raw'
    ? stringText(parser, token)
    : unexpected(parser, token, context);
}

/** What stands between a definition and its `{{end}}`; it sees no variables from outside. */
function ownScope(parser: Parser, context: string): readonly Node[] {
  const { variables, ranges } = parser;
  parser.variables = ['$'];
  parser.ranges = 0;
  const { nodes, closing } = list(parser);
  parser.variables = variables;
  parser.ranges = ranges;
  if (closing.kind !== 'end') fail(parser, `unexpected {{${closing.kind}}} in ${context}`);
  return nodes;
}

/** An empty definition gives way to one that is not. */
function define(parser: Parser, name: string, nodes: readonly Node[]): void {
  const known = parser.definitions.get(name);
  if (known === undefined || isEmpty(known)) parser.definitions.set(name, nodes);
  else if (!isEmpty(nodes)) fail(parser, `template: multiple definition of template ${quote(name)}`);
}

function isEmpty(nodes: readonly Node[]): boolean {
  return nodes.every((node) => node.kind === 'text' && node.text.trim() === '');
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
    case 'template':
      return invocation(parser);
    case 'block':
      return block(parser);
    default:
      return unexpected(parser, keyword, 'command');
  }
}

function invocation(parser: Parser): Node {
  const context = 'template clause';
  const { offset } = peekWord(parser);
  const name = templateName(parser, context);
  if (peekWord(parser).kind === 'right') {
    take(parser);
    return { kind: 'template', offset, name };
  }
  return { kind: 'template', offset, name, pipeline: pipeline(parser, context, 'right') };
}

/** A definition that is used where it stands. */
function block(parser: Parser): Node {
  descend(parser);
  const context = 'block clause';
  const { offset } = peekWord(parser);
  const name = templateName(parser, context);
  const data = pipeline(parser, context, 'right');
  define(parser, name, ownScope(parser, context));
  parser.depth--;
  return { kind: 'template', offset, name, pipeline: data };
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
