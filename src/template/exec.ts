import { TemplateError } from './error.ts';
import type { Argument, TemplateFunction } from './funcs.ts';
import { type Branch, type Command, type Node, nodeText, type Pipeline, type Template, type Word } from './nodes.ts';
import {
  BOOL,
  dereference,
  FLOAT,
  type GoValue,
  INT,
  intValue,
  isNil,
  isTrue,
  items,
  NONE,
  ownProperty,
  printed,
  sortedEntries,
  stringValue,
  typeName,
} from './values.ts';

const MOST_STEPS = 100_000;
const LONGEST_OUTPUT = 4 << 20;

/**
 * Executes a template over `data` with `missingkey=error` and returns its output. Throws a `TemplateError` in Go's words.
 * The number of steps and the length of the output are bounded.
 */
export function execute(
  name: string,
  template: Template,
  data: GoValue,
  functions: ReadonlyMap<string, TemplateFunction>,
): string {
  const state: State = {
    name,
    text: template.text,
    functions,
    output: '',
    steps: 0,
    node: undefined,
    variables: [{ name: '$', value: data }],
  };
  walkAll(state, data, template.nodes);
  return state.output;
}

interface State {
  readonly name: string;
  readonly text: string;
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  output: string;
  steps: number;
  /** The node being evaluated, which an error is reported at. */
  node: Node | Word | Command | undefined;
  variables: { readonly name: string; value: GoValue }[];
}

/** How a list ended: at its end, or by `{{break}}` or `{{continue}}`. */
type Flow = 'next' | 'break' | 'continue';

function walkAll(state: State, dot: GoValue, nodes: readonly Node[]): Flow {
  for (const node of nodes) {
    const flow = walk(state, dot, node);
    if (flow !== 'next') return flow;
  }
  return 'next';
}

function walk(state: State, dot: GoValue, node: Node): Flow {
  state.node = node;
  if (++state.steps > MOST_STEPS) throw executionError(state, `the template takes more than ${MOST_STEPS} steps`);
  switch (node.kind) {
    case 'text':
      write(state, node.text);
      return 'next';
    case 'action': {
      const value = evaluate(state, dot, node.pipeline);
      state.node = node;
      if (node.pipeline.variables.length === 0) write(state, printed(value));
      return 'next';
    }
    case 'break':
    case 'continue':
      return node.kind;
    default: {
      const scope = state.variables.length;
      const flow = node.kind === 'range' ? walkRange(state, dot, node) : walkCondition(state, dot, node);
      state.variables.length = scope;
      return flow;
    }
  }
}

function walkCondition(state: State, dot: GoValue, node: Branch): Flow {
  const value = evaluate(state, dot, node.pipeline);
  if (!isTrue(value)) return walkAll(state, dot, node.otherwise);
  return walkAll(state, node.kind === 'with' ? value : dot, node.list);
}

function walkRange(state: State, dot: GoValue, node: Branch): Flow {
  const value = dereference(evaluate(state, dot, node.pipeline));
  const pairs = rangePairs(state, node, value);
  let empty = true;
  const scope = state.variables.length;
  for (const [key, element] of pairs) {
    empty = false;
    if (++state.steps > MOST_STEPS) throw executionError(state, `the template takes more than ${MOST_STEPS} steps`);
    bindRange(state, node.pipeline, key, element);
    const flow = walkAll(state, element, node.list);
    state.variables.length = scope;
    if (flow === 'break') break;
  }
  return empty ? walkAll(state, dot, node.otherwise) : 'next';
}

function* rangePairs(state: State, node: Branch, value: GoValue): Generator<readonly [GoValue, GoValue]> {
  const { type, json } = value;
  if (type.kind === 'list') {
    const all = items(json);
    for (let index = 0; index < all.length; index++) yield [intValue(index), { type: type.of, json: all[index] }];
  } else if (type.kind === 'map' || type.kind === 'open') {
    const of = type.kind === 'map' ? type.of : type;
    for (const [key, item] of sortedEntries(json)) yield [stringValue(key), { type: of, json: item }];
  } else if (type.kind === 'int') {
    const count = Number(json ?? 0);
    if (node.pipeline.variables.length > 1) {
      throw executionError(state, `can't use ${count} to iterate over more than one variable`);
    }
    for (let index = 0; index < count; index++) yield [NONE, { type, json: index }];
  } else if (type.kind !== 'none') {
    throw executionError(state, `range can't iterate over ${printed(value)}`);
  }
}

/** Go sets the pipeline's variables once before the loop; here each turn of the loop sets them anew. */
function bindRange(state: State, { variables, assigns }: Pipeline, key: GoValue, element: GoValue): void {
  const values = variables.length > 1 ? [key, element] : [element];
  variables.forEach((name, index) => {
    const value = values[index] as GoValue;
    if (assigns) assign(state, name, value);
    else state.variables.push({ name, value });
  });
}

function evaluate(state: State, dot: GoValue, pipeline: Pipeline): GoValue {
  state.node = pipeline;
  let value: GoValue | undefined;
  for (const command of pipeline.commands) value = run(state, dot, command, value);
  const result = value ?? NONE;
  for (const name of pipeline.variables) {
    if (pipeline.assigns) assign(state, name, result);
    else state.variables.push({ name, value: result });
  }
  return result;
}

function assign(state: State, name: string, value: GoValue): void {
  const variable = state.variables.findLast((candidate) => candidate.name === name);
  if (!variable) throw executionError(state, `undefined variable: ${name}`);
  variable.value = value;
}

/** One command of a pipeline; `piped` is the value of the command before it. */
function run(state: State, dot: GoValue, command: Command, piped: GoValue | undefined): GoValue {
  const [first, ...rest] = command.words as [Word, ...Word[]];
  if (++state.steps > MOST_STEPS) throw executionError(state, `the template takes more than ${MOST_STEPS} steps`);
  if (first.kind === 'function') return call(state, dot, first, command, rest, piped);
  state.node = first;
  if (first.kind === 'field' || first.kind === 'chain' || (first.kind === 'variable' && first.names.length > 0)) {
    return chain(state, dot, first, rest.length > 0 || piped !== undefined);
  }
  if (rest.length > 0 || piped !== undefined) {
    throw executionError(state, `can't give argument to non-function ${nodeText(first)}`);
  }
  if (first.kind === 'nil') throw executionError(state, 'nil is not a command');
  return wordValue(state, dot, first);
}

function wordValue(state: State, dot: GoValue, word: Word): GoValue {
  state.node = word;
  switch (word.kind) {
    case 'field':
    case 'chain':
      return chain(state, dot, word, false);
    case 'variable':
      return word.names.length > 0 ? chain(state, dot, word, false) : variableValue(state, word.variable);
    case 'function':
      return call(state, dot, word, word, [], undefined);
    case 'pipeline':
      return evaluate(state, dot, word);
    case 'string':
      return stringValue(word.value);
    case 'number':
      return { type: word.float ? FLOAT : INT, json: word.value };
    case 'bool':
      return { type: BOOL, json: word.value };
    case 'dot':
      return dot;
    case 'nil':
      return NONE;
  }
}

function variableValue(state: State, name: string): GoValue {
  const variable = state.variables.findLast((candidate) => candidate.name === name);
  if (!variable) throw executionError(state, `undefined variable: ${name}`);
  return variable.value;
}

type Chain = Extract<Word, { kind: 'field' | 'variable' | 'chain' }>;

function chain(state: State, dot: GoValue, word: Chain, hasArguments: boolean): GoValue {
  if (word.kind === 'chain' && word.of.kind === 'nil') {
    throw executionError(state, `indirection through explicit nil in ${nodeText(word)}`);
  }
  let value = start(state, dot, word);
  word.names.forEach((name, index) => {
    value = field(state, value, name, hasArguments && index === word.names.length - 1);
  });
  return value;
}

function start(state: State, dot: GoValue, word: Chain): GoValue {
  if (word.kind === 'field') return dot;
  if (word.kind === 'variable') return variableValue(state, word.variable);
  return wordValue(state, dot, word.of);
}

function field(state: State, receiver: GoValue, name: string, hasArguments: boolean): GoValue {
  if (receiver.type.kind === 'none') throw executionError(state, `nil data; no entry for key ${JSON.stringify(name)}`);
  const value = dereference(receiver);
  const { type, json } = value;
  const type_ = type.kind === 'pointer' ? type.of : type;
  if (type_.kind === 'struct') {
    const description = Object.hasOwn(type_.fields, name) ? type_.fields[name] : undefined;
    if (!description) throw executionError(state, `can't evaluate field ${name} in type ${typeName(receiver.type)}`);
    if (isNil(value)) throw executionError(state, `nil pointer evaluating ${typeName(receiver.type)}.${name}`);
    if (hasArguments) throw executionError(state, `${name} has arguments but cannot be invoked as function`);
    return { type: description.type, json: description.read(json) };
  }
  if (type.kind === 'map') {
    if (hasArguments) throw executionError(state, `${name} is not a method but has arguments`);
    const item = ownProperty(json, name);
    if (item === undefined) throw executionError(state, `map has no entry for key ${JSON.stringify(name)}`);
    return { type: type.of, json: item };
  }
  if (type_.kind === 'open') {
    if (isNil(value)) throw executionError(state, `nil pointer evaluating ${typeName(receiver.type)}.${name}`);
    if (hasArguments) throw executionError(state, `${name} has arguments but cannot be invoked as function`);
    return { type: { kind: 'open', name: type_.name }, json: ownProperty(json, jsonName(name)) };
  }
  throw executionError(state, `can't evaluate field ${name} in type ${typeName(receiver.type)}`);
}

/** The JSON name of a Go field: `HTTPGet` is `httpGet`, `UID` is `uid`, `HostIPC` is `hostIPC`. */
export function jsonName(field: string): string {
  return field.replace(/^(?:[A-Z]+(?![a-z])|[A-Z]+(?=[A-Z])|[A-Z])/, (head) => head.toLowerCase());
}

function call(
  state: State,
  dot: GoValue,
  word: Extract<Word, { kind: 'function' }>,
  at: Word | Command,
  rest: readonly Word[],
  piped: GoValue | undefined,
): GoValue {
  state.node = word;
  const callee = state.functions.get(word.name);
  if (!callee) throw executionError(state, `${JSON.stringify(word.name)} is not a defined function`);
  const count = rest.length + (piped ? 1 : 0);
  checkCount(state, word.name, callee, count, rest.length);
  if (callee.stopsAt !== undefined) return shortCircuit(state, dot, callee.stopsAt, rest, piped);
  const values = rest.map((argument, index) => argumentValue(state, dot, argument, parameter(callee, index)));
  if (piped) values.push(fit(state, piped, parameter(callee, rest.length)));
  const result = callee.call(values);
  if ('error' in result) {
    state.node = at;
    throw executionError(state, `error calling ${word.name}: ${result.error}`);
  }
  return result.value;
}

function checkCount(state: State, name: string, callee: TemplateFunction, count: number, written: number): void {
  const fixed = callee.parameters.length;
  if (callee.rest && count < fixed) {
    throw executionError(state, `wrong number of args for ${name}: want at least ${fixed} got ${written}`);
  }
  if (!callee.rest && count !== fixed) {
    throw executionError(state, `wrong number of args for ${name}: want ${fixed} got ${count}`);
  }
}

function parameter(callee: TemplateFunction, index: number): Argument {
  return callee.parameters[index] ?? callee.rest ?? 'any';
}

function shortCircuit(
  state: State,
  dot: GoValue,
  stopsAt: boolean,
  rest: readonly Word[],
  piped: GoValue | undefined,
): GoValue {
  let value = NONE;
  for (const argument of rest) {
    value = wordValue(state, dot, argument);
    if (isTrue(value) === stopsAt) return value;
  }
  return piped ?? value;
}

function argumentValue(state: State, dot: GoValue, word: Word, wanted: Argument): GoValue {
  state.node = word;
  if (wanted === 'any') return wordValue(state, dot, word);
  if (word.kind === 'nil') throw executionError(state, `cannot assign nil to ${wanted}`);
  const literal = word.kind === 'string' || word.kind === 'number' || word.kind === 'bool';
  if (!literal) return fit(state, wordValue(state, dot, word), wanted);
  if (wanted === 'string' && word.kind !== 'string')
    throw executionError(state, `expected string; found ${nodeText(word)}`);
  if (wanted === 'int' && (word.kind !== 'number' || !Number.isInteger(word.value))) {
    throw executionError(state, `expected integer; found ${nodeText(word)}`);
  }
  return wordValue(state, dot, word);
}

/** Go follows one pointer where a function wants what it points to. */
function fit(state: State, value: GoValue, wanted: Argument): GoValue {
  if (wanted === 'any') return value;
  if (value.type.kind === 'none') throw executionError(state, `invalid value; expected ${wanted}`);
  if (value.type.kind === 'pointer' && value.type.of.kind === wanted && isNil(value)) {
    throw executionError(state, `dereference of nil pointer of type ${wanted}`);
  }
  const inner = dereference(value);
  if (inner.type.kind !== wanted) {
    throw executionError(state, `wrong type for value; expected ${wanted}; got ${typeName(value.type)}`);
  }
  return inner;
}

function write(state: State, text: string): void {
  if (state.output.length + text.length > LONGEST_OUTPUT) {
    throw executionError(state, `the output is longer than ${LONGEST_OUTPUT} characters`);
  }
  state.output += text;
}

function executionError(state: State, message: string): TemplateError {
  const { node, name, text } = state;
  if (!node) return new TemplateError('execute', `template: ${name}: ${message}`, 0);
  const before = text.slice(0, node.offset);
  const line = before.split('\n').length;
  const column = new TextEncoder().encode(before.slice(before.lastIndexOf('\n') + 1)).length;
  const where = `${name}:${line}:${column}: executing ${JSON.stringify(name)} at <${nodeText(node)}>`;
  return new TemplateError('execute', `template: ${where}: ${message}`, node.offset);
}
