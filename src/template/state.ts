/** What the execution of a template carries along, and how it fails. */
import { TemplateError } from './error.ts';
import type { TemplateFunction } from './funcs.ts';
import { type Command, type Node, nodeText, type Word } from './nodes.ts';
import type { GoValue } from './values.ts';

const MOST_STEPS = 100_000;
const LONGEST_OUTPUT = 4 << 20;

export interface State {
  readonly name: string;
  readonly text: string;
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  output: string;
  steps: number;
  /** The node being evaluated, which an error is reported at. */
  node: Node | Word | Command | undefined;
  variables: { readonly name: string; value: GoValue }[];
}

/** Counts a step; a template that takes too many ends with an error. */
export function step(state: State): void {
  if (++state.steps > MOST_STEPS) throw executionError(state, `the template takes more than ${MOST_STEPS} steps`);
}

export function write(state: State, text: string): void {
  if (state.output.length + text.length > LONGEST_OUTPUT) {
    throw executionError(state, `the output is longer than ${LONGEST_OUTPUT} characters`);
  }
  state.output += text;
}

export function executionError(state: State, message: string): TemplateError {
  const { node, name, text } = state;
  if (!node) return new TemplateError('execute', `template: ${name}: ${message}`, 0);
  const before = text.slice(0, node.offset);
  const line = before.split('\n').length;
  const column = new TextEncoder().encode(before.slice(before.lastIndexOf('\n') + 1)).length;
  const where = `${name}:${line}:${column}: executing ${JSON.stringify(name)} at <${nodeText(node)}>`;
  return new TemplateError('execute', `template: ${where}: ${message}`, node.offset);
}
