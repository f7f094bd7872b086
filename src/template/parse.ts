import { descend, expectRight, fail, nextWord, type Parser, peek, peekWord, take, unexpected } from './cursor.ts';
import { type Token, tokens } from './lex.ts';
import type { Branch, Command, Node, Pipeline, Template, Word } from './nodes.ts';
import { LITERALS, operand } from './operand.ts';

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
    const word = operand(parser, parenthesized);
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

function parenthesized(parser: Parser): Pipeline {
  return pipeline(parser, 'parenthesized pipeline', 'close');
}
