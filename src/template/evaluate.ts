/** Evaluates pipelines, their commands and their words. */
import { field } from './field.ts';
import { TooLong } from './format.ts';
import type { Argument, Result, TemplateFunction } from './funcs.ts';
import { type Command, nodeText, type Pipeline, type Word } from './nodes.ts';
import { quote } from './quote.ts';
import { enter, executionError, handle, type State, step } from './state.ts';
import {
  BOOL,
  FLOAT,
  type GoType,
  type GoValue,
  INT,
  INT64,
  isNil,
  isTrue,
  NONE,
  printed,
  stringValue,
  typeName,
} from './values.ts';

/** The value of a pipeline. Variables that it declares stay on the stack of the state. */
export function evaluate(state: State, dot: GoValue, pipeline: Pipeline): GoValue {
  enter(state);
  state.node = pipeline;
  let value: GoValue | undefined;
  for (const command of pipeline.commands) value = run(state, dot, command, value);
  const result = value ?? NONE;
  for (const name of pipeline.variables) {
    if (pipeline.assigns) setVariable(state, name, result);
    else state.variables.push({ name, value: result });
  }
  state.depth--;
  return result;
}

/** Gives a variable that is in scope another value. */
export function setVariable(state: State, name: string, value: GoValue): void {
  const variable = state.variables.findLast((candidate) => candidate.name === name);
  if (!variable) throw executionError(state, `undefined variable: ${name}`);
  variable.value = value;
}

/** One command of a pipeline; `piped` is the value of the command before it. */
function run(state: State, dot: GoValue, command: Command, piped: GoValue | undefined): GoValue {
  const [first, ...rest] = command.words as [Word, ...Word[]];
  step(state);
  if (first.kind === 'function') return call(state, dot, first, command, rest, piped);
  if (first.kind !== 'pipeline') state.node = first;
  if (first.kind === 'field' || first.kind === 'chain' || (first.kind === 'variable' && first.names.length > 0)) {
    return chain(state, dot, first, rest.length + (piped ? 1 : 0));
  }
  if (first.kind === 'variable') variableValue(state, first.variable);
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
      return chain(state, dot, word, 0);
    case 'variable':
      return word.names.length > 0 ? chain(state, dot, word, 0) : variableValue(state, word.variable);
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
  if (!callee) throw executionError(state, `${quote(word.name)} is not a defined function`);
  const count = rest.length + (piped ? 1 : 0);
  checkCount(state, word.name, callee, count, rest.length);
  if (callee.stopsAt !== undefined) return shortCircuit(state, dot, callee.stopsAt, rest, piped);
  const values = rest.map((argument, index) => argumentValue(state, dot, argument, parameter(callee, index)));
  if (piped) values.push(fit(state, piped, parameter(callee, rest.length)));
  for (const value of values) handle(state, value);
  const [argument] = rest;
  const result = made(callee, values, () => (argument ? nodeText(argument) : printed(piped ?? NONE)));
  if ('error' in result) {
    state.node = at;
    throw executionError(state, `error calling ${word.name}: ${result.error}`);
  }
  handle(state, result.value);
  return result.value;
}

function made(callee: TemplateFunction, values: readonly GoValue[], written: () => string): Result {
  try {
    return callee.call(values, written);
  } catch (error) {
    if (error instanceof TooLong) return { error: error.message };
    throw error;
  }
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
  if (wanted === 'int64' && (word.kind !== 'number' || !Number.isInteger(word.value))) {
    throw executionError(state, `expected integer; found ${nodeText(word)}`);
  }
  const value = wordValue(state, dot, word);
  return wanted === 'int64' ? { type: INT64, json: value.json } : value;
}

/** Go follows one pointer where a function wants what it points to. A named string type is not a string. */
function fit(state: State, value: GoValue, wanted: Argument): GoValue {
  if (wanted === 'any') return value;
  if (value.type.kind === 'none') throw executionError(state, `invalid value; expected ${wanted}`);
  if (accepts(wanted, value.type)) return value;
  const { type, json } = value;
  if (type.kind !== 'pointer' || !accepts(wanted, type.of)) {
    throw executionError(state, `wrong type for value; expected ${wanted}; got ${typeName(type)}`);
  }
  if (isNil(value)) throw executionError(state, `dereference of nil pointer of type ${wanted}`);
  return { type: type.of, json };
}

function accepts(wanted: Argument, type: GoType): boolean {
  return 'name' in type && type.name === wanted;
}

type Chain = Extract<Word, { kind: 'field' | 'variable' | 'chain' }>;

function chain(state: State, dot: GoValue, word: Chain, argumentCount: number): GoValue {
  if (word.kind === 'chain' && word.of.kind === 'nil') {
    throw executionError(state, `indirection through explicit nil in ${nodeText(word)}`);
  }
  let value = start(state, dot, word);
  word.names.forEach((name, index) => {
    value = field(state, value, name, index === word.names.length - 1 ? argumentCount : 0);
  });
  return value;
}

function start(state: State, dot: GoValue, word: Chain): GoValue {
  if (word.kind === 'field') return dot;
  if (word.kind === 'variable') return variableValue(state, word.variable);
  return wordValue(state, dot, word.of);
}
