/** Parses pipelines: `$x := .Name | printf "%s"`. */
import { declare, fail, nextWord, type Parser, peekWord, take, unexpected } from './cursor.ts';
import type { Token } from './lex.ts';
import type { Command, Pipeline, Word } from './nodes.ts';
import { LITERALS, operand } from './operand.ts';

/** Declarations and commands up to `end`, which is past afterwards. */
export function pipeline(parser: Parser, context: string, end: 'right' | 'close'): Pipeline {
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
      declare(parser, variable.text);
      return { names, assigns: following.kind === 'assign' };
    }
    if (following.kind !== 'other' || following.text !== ',') {
      parser.at = start;
      return { names, assigns: false };
    }
    names.push(variable.text);
    declare(parser, variable.text);
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
