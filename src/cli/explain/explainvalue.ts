import { isPlainObject, jsonEqual, type KubeObject } from '../../api/object.ts';
import { written } from '../../config/merge.ts';
import { keyed, pathText, type Step, steps, valueAt } from '../../config/paths.ts';
import type { Child } from '../../render/plan.ts';
import type { About, Explained, Input, Saying } from './about.ts';
import { ruleOf } from './childrules.ts';
import type { Evaluated } from '../world/evaluate.ts';
import { indexed, type Leaf, leavesOf, named, startsWith, stepsText, valueIn, waysTo } from '../leaves.ts';
import { applicable } from '../render.ts';
import { explainSetting } from './settingorigin.ts';
import { stepRule } from './steprules.ts';
import { templateInputs } from './templateinputs.ts';

/** Explains each leaf at or below a way into the effective spec. */
export function explainSpec(about: About, at: Leaf['at']): readonly Explained[] {
  const { spec } = about.evaluated.effective;
  return leavesOf(valueIn(spec, at), at).map((leaf) => explainSpecLeaf(about, leaf));
}

/** Explains each leaf at or below a way into a child. */
export function explainChild(about: About, child: Child, at: Leaf['at']): readonly Explained[] {
  const object = applicable(child.object);
  return leavesOf(valueIn(object, at), at).map((leaf) => {
    const text = stepsText(named(object, leaf.at));
    const path = `${object.kind.toLowerCase()}.${text}`;
    const made = madeFrom({ ...child, object }, leaf, about.evaluated);
    if (made) return { ...explainSpecLeaf(about, { at: made, value: leaf.value }), path };
    const rule = ruleOf({ object, path: text, at: leaf.at, value: leaf.value, evaluated: about.evaluated });
    return { path, value: leaf.value, layers: [], ...(rule && ruled(rule, about, [])) };
  });
}

/** A template may look at fields that are made from templates, and so on. */
const DEEPEST_INPUT = 3;

function explainSpecLeaf(about: About, { at, value }: Leaf, above: readonly string[] = []): Explained {
  const { effective } = about.evaluated;
  const path = pathOf(at, effective.spec);
  const text = pathText(path);
  const origin = effective.originOf(text);
  const layers = sayingsOn(path, about);
  if (origin && 'layer' in origin) {
    // The name of the model is decided by a layer that is not the highest.
    const decides = ({ source }: Saying): number => Number(jsonEqual(source, origin.layer));
    layers.sort((a, b) => decides(a) - decides(b));
  }
  const explained = { path: text, value, specPath: text, layers };
  if (origin && 'step' in origin) {
    return { ...explained, ...ruled(stepRule(origin.step, at, about.evaluated), about, [...above, text]) };
  }
  const said = layers.at(-1)?.value;
  if (isEmptied(value, said)) return { ...explained, rule: NO_DEVICES };
  if (typeof said !== 'string' || !said.includes('{{')) return explained;
  return { ...explained, ...withInputs(templateInputs(said, about), about, [...above, text]) };
}

const NO_DEVICES = 'devices: a request of 0 asks for none, and is left out';

/** Nothing else is taken out of what layers say. */
function isEmptied(value: unknown, said: unknown): boolean {
  return jsonEqual(value, {}) && isPlainObject(said) && Object.keys(said).length > 0;
}

/** By the key of items, which have other places in other layers; by the place of one that has its key not for itself. */
function pathOf(at: Leaf['at'], spec: unknown): readonly Step[] {
  const named = keyed(at, spec);
  return at.map((step, depth) => {
    const several = waysTo(valueIn(spec, at.slice(0, depth)), named.slice(depth, depth + 1)).length > 1;
    return several ? step : (named[depth] ?? step);
  });
}

/** What each layer says at a path, lowest first. */
function sayingsOn(path: readonly Step[], { evaluated, placeOf }: About): Saying[] {
  return evaluated.effective.layers.flatMap(({ source, role, spec }) => {
    const value = valueAt(written(spec), path);
    return value === undefined ? [] : [{ source, role, value, ...placeOf(source, pathText(path)) }];
  });
}

function ruled(
  { text, inputs }: { readonly text: string; readonly inputs: readonly Input[] },
  about: About,
  above: readonly string[],
): Pick<Explained, 'rule' | 'inputs'> {
  return { rule: text, ...withInputs(inputs, about, above) };
}

/** @param above the paths that are being explained, which are not explained again */
function withInputs(inputs: readonly Input[], about: About, above: readonly string[]): Pick<Explained, 'inputs'> {
  if (inputs.length === 0 || above.length > DEEPEST_INPUT) return {};
  return { inputs: inputs.map((input) => explainInput(input, about, above)) };
}

function explainInput(input: Input, about: About, above: readonly string[]): Explained {
  const { service, effective } = about.evaluated;
  if ('setting' in input) return explainSetting(input.setting, about);
  if ('spec' in input) {
    const path = steps(input.spec);
    const at = indexed(effective.spec, path);
    if (at && !above.includes(input.spec))
      return explainSpecLeaf(about, { at, value: valueIn(effective.spec, at) }, above);
    return { path: input.spec, layers: sayingsOn(path, about) };
  }
  const way = 'own' in input ? ['spec', ...steps(input.own)] : input.service;
  const path = stepsText(way);
  const value = valueAt(service, way);
  const source = { kind: service.kind, namespace: service.metadata.namespace ?? '', name: service.metadata.name };
  if (value === undefined) return { path, layers: [] };
  return { path, value, layers: [{ source, role: 'Service', value, ...about.placeOf(source, path) }] };
}

/** The way into the effective spec from which a leaf of a child was made, when the values are the same. */
function madeFrom({ object, origins }: Child, leaf: Leaf, { effective }: Evaluated): Leaf['at'] | undefined {
  const candidates = origins
    .flatMap(({ child, spec }) => {
      const head = indexed(object, childSteps(child));
      return head && startsWith(leaf.at, head) ? [{ head, spec }] : [];
    })
    .toSorted((a, b) => b.head.length - a.head.length);
  for (const { head, spec } of candidates) {
    const rest = keyedBelow(object, head, leaf.at);
    const ways = waysTo(effective.spec, [...steps(spec), ...rest]);
    const made = ways.find((at) => stepsText(at) === MODEL_URI || jsonEqual(valueIn(effective.spec, at), leaf.value));
    if (made) return made;
  }
  return undefined;
}

/** A claim and a path in it are parts of the URI that they were made from. */
const MODEL_URI = 'model.uri';

/** The rest of a way below `head`; items of lists that are merged by key are named, since their places may differ. */
function keyedBelow(object: KubeObject, head: Leaf['at'], at: Leaf['at']): readonly Step[] {
  const below = valueIn(object, head);
  const rest = at.slice(head.length);
  // Only pod specs have such lists.
  return keyed(['template', ...rest], { template: below }).slice(1);
}

/** The steps of a path into a child. */
function childSteps(path: string): readonly Step[] {
  const below = steps(path);
  return /^spec(\W|$)/.test(path) ? ['spec', ...below] : below;
}
