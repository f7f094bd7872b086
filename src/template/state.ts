/** What the execution of a template carries along, and how it fails. */
import { TemplateError } from './error.ts';
import { LONGEST_TEXT, TooLong } from './format.ts';
import type { TemplateFunction } from './funcs.ts';
import { type Command, type Node, nodeText, type Template, type Word } from './nodes.ts';
import { quote } from './quote.ts';
import type { GoValue } from './values.ts';

/** What one evaluation of a spec may take, all its templates together. */
export interface Budget {
  steps: number;
  output: number;
}

const MOST_STEPS = 100_000;
const DEEPEST_INVOCATION = 100;
/** Of pipelines in parentheses, of lists and of invoked templates together: what the stack bears with ease. */
const DEEPEST = 400;
/** Characters that a function reads or makes count as a step each time they are so many. */
const CHARACTERS_PER_STEP = 64;

export interface State {
  /** The name of the whole template, and of the part that is being executed. */
  readonly name: string;
  executing: string;
  readonly template: Template;
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  readonly budget: Budget;
  output: string;
  /** The node being evaluated, which an error is reported at. */
  node: Node | Word | Command | undefined;
  variables: { readonly name: string; value: GoValue }[];
  invocations: number;
  depth: number;
}

/** Counts steps; templates that take too many end with an error. */
export function step(state: State, count = 1): void {
  state.budget.steps += count;
  if (state.budget.steps > MOST_STEPS) throw executionError(state, `the templates take more than ${MOST_STEPS} steps`);
}

/** Counts the work that a text is. */
export function handle(state: State, { type, json }: GoValue): void {
  if (type.kind === 'string' && typeof json === 'string') step(state, Math.floor(json.length / CHARACTERS_PER_STEP));
}

export function write(state: State, text: string): void {
  state.budget.output += text.length;
  if (state.budget.output > LONGEST_TEXT) throw executionError(state, new TooLong().message);
  state.output += text;
}

/** Enters a pipeline or a list inside another one. An error ends the execution, so only the regular way out counts down. */
export function enter(state: State): void {
  if (++state.depth > DEEPEST) throw executionError(state, `the templates nest deeper than ${DEEPEST}`);
}

/** Enters a template that another one invokes. */
export function invoke(state: State): void {
  if (++state.invocations > DEEPEST_INVOCATION) {
    throw executionError(state, `exceeded maximum template depth (${DEEPEST_INVOCATION})`);
  }
}

export function executionError(state: State, message: string): TemplateError {
  const { node, name, template, executing } = state;
  if (!node) return new TemplateError('execute', `template: ${name}: ${message}`, 0);
  const before = template.text.slice(0, node.offset);
  const line = before.split('\n').length;
  const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
  const where = `${name}:${line}:${column}: executing ${quote(executing)} at <${nodeText(node)}>`;
  return new TemplateError('execute', `template: ${where}: ${message}`, node.offset);
}
