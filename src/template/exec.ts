import { evaluate, setVariable } from './evaluate.ts';
import type { TemplateFunction } from './funcs.ts';
import type { Branch, Node, Pipeline, Template } from './nodes.ts';
import { quote } from './quote.ts';
import { type Budget, enter, executionError, invoke, type State, step, write } from './state.ts';
import { dereference, type GoValue, intValue, isTrue, items, NONE, printed, sortedEntries } from './values.ts';

/**
 * Executes a template over `data` with `missingkey=error` and returns its output. Throws a `TemplateError` in Go's words.
 * The number of steps and the length of the output are bounded by `budget`, which templates can share.
 */
export function execute(
  name: string,
  template: Template,
  data: GoValue,
  functions: ReadonlyMap<string, TemplateFunction>,
  budget: Budget = { steps: 0, output: 0 },
): string {
  const state: State = {
    name,
    executing: name,
    template,
    functions,
    budget,
    output: '',
    node: undefined,
    variables: [{ name: '$', value: data }],
    invocations: 0,
    depth: 0,
  };
  walkAll(state, data, template.nodes);
  return state.output;
}

/** How a list ended: at its end, or by `{{break}}` or `{{continue}}`. */
type Flow = 'next' | 'break' | 'continue';

function walkAll(state: State, dot: GoValue, nodes: readonly Node[]): Flow {
  enter(state);
  let flow: Flow = 'next';
  for (const node of nodes) {
    flow = walk(state, dot, node);
    if (flow !== 'next') break;
  }
  state.depth--;
  return flow;
}

function walk(state: State, dot: GoValue, node: Node): Flow {
  state.node = node;
  step(state);
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
    case 'template':
      walkTemplate(state, dot, node);
      return 'next';
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

/** The template that is invoked sees no variables of the one that invokes it. */
function walkTemplate(state: State, dot: GoValue, node: Extract<Node, { kind: 'template' }>): void {
  const nodes = state.template.definitions.get(node.name);
  if (!nodes) throw executionError(state, `template ${quote(node.name)} not defined`);
  const data = node.pipeline ? evaluate(state, dot, node.pipeline) : NONE;
  state.node = node;
  invoke(state);
  const { variables, executing } = state;
  state.variables = [{ name: '$', value: data }];
  state.executing = node.name;
  walkAll(state, data, nodes);
  state.variables = variables;
  state.executing = executing;
  state.invocations--;
}

function walkRange(state: State, dot: GoValue, node: Branch): Flow {
  const value = dereference(evaluate(state, dot, node.pipeline));
  const pairs = rangePairs(state, node, value);
  let empty = true;
  const scope = state.variables.length;
  for (const [key, element] of pairs) {
    empty = false;
    step(state);
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
  } else if (type.kind === 'map') {
    for (const [key, item] of sortedEntries(json))
      yield [
        { type: type.key, json: key },
        { type: type.of, json: item },
      ];
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
    if (assigns) setVariable(state, name, value);
    else state.variables.push({ name, value });
  });
}
