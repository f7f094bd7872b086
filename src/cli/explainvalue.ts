import { jsonEqual, type KubeObject } from '../api/object.ts';
import type { Source } from '../api/problem.ts';
import { ANNOTATION_DEVICE, ANNOTATION_DRA, PICKER_PORT } from '../api/wellknown.ts';
import { STEP_DEVICE_CLAIM } from '../config/deviceclaims.ts';
import { STEP_DEVICES, STEP_PREFILL_DEVICES } from '../config/devices.ts';
import { STEP_INFERENCE_PATHS } from '../config/inferencepaths.ts';
import { written } from '../config/merge.ts';
import { keyed, pathText, type Step, steps, valueAt } from '../config/paths.ts';
import { STEP_MODEL_NAME } from '../config/layers.ts';
import { STEP_EVICTION } from '../config/offloading.ts';
import { STEP_BACKENDS, STEP_EXTERNAL_POOL, STEP_PARENTS } from '../config/routing.ts';
import { STEP_PICKER_ACCOUNT, STEP_PICKER_PORT, STEP_POOL_SELECTOR } from '../config/scheduler.ts';
import { STEP_SCHEDULER_CONFIG } from '../config/schedulerconfig.ts';
import type { Child } from '../render/plan.ts';
import { ruleOf } from './childrules.ts';
import type { Evaluated } from './evaluate.ts';
import { indexed, type Leaf, leavesOf, named, startsWith, stepsText, valueIn } from './leaves.ts';
import { applicable } from './render.ts';

/** What one layer says about a value, before templates are executed. */
export interface Saying {
  readonly source: Source;
  readonly role: 'Preset' | 'UserRef' | 'Service';
  readonly value: unknown;
}

/** Why a value is what it is. */
export interface Explained {
  /** In the effective spec, or in the child: `deployment.spec.replicas`. */
  readonly path: string;
  readonly value: unknown;
  /** The field of the effective spec that it is made from. */
  readonly specPath?: string;
  /** The step of the operator, or the rule for children, that set it; otherwise the last of `layers` did. */
  readonly rule?: string;
  /** Every layer that says something about it, lowest first: each overrides those before it. */
  readonly layers: readonly Saying[];
}

/** Explains each leaf at or below a way into the effective spec. */
export function explainSpec(evaluated: Evaluated, at: Leaf['at']): readonly Explained[] {
  const { spec } = evaluated.effective;
  return leavesOf(valueIn(spec, at), at).map((leaf) => explainSpecLeaf(evaluated, leaf));
}

/** Explains each leaf at or below a way into a child. */
export function explainChild(evaluated: Evaluated, child: Child, at: Leaf['at']): readonly Explained[] {
  const object = applicable(child.object);
  return leavesOf(valueIn(object, at), at).map((leaf) => {
    const text = stepsText(named(object, leaf.at));
    const path = `${object.kind.toLowerCase()}.${text}`;
    const made = madeFrom({ ...child, object }, leaf, evaluated);
    if (made) return { ...explainSpecLeaf(evaluated, { at: made, value: leaf.value }), path };
    const rule = ruleOf({ object, path: text, at: leaf.at, evaluated });
    return { path, value: leaf.value, layers: [], ...(rule === undefined ? {} : { rule }) };
  });
}

/** The steps after the merge, with what they go by. */
const STEPS: Readonly<Record<string, string>> = {
  [STEP_MODEL_NAME]: `${STEP_MODEL_NAME}: no layer names the model`,
  [STEP_DEVICES]: `${STEP_DEVICES}: spec.parallelism.tensor × spec.parallelism.dataLocal, at least 1, of the device in spec.annotations[${ANNOTATION_DEVICE}]; no layer asks for devices itself`,
  [STEP_PREFILL_DEVICES]: `${STEP_PREFILL_DEVICES}: spec.prefill.parallelism.tensor × spec.prefill.parallelism.dataLocal, at least 1, of the device in spec.prefill.annotations[${ANNOTATION_DEVICE}]; no layer asks for devices itself`,
  [STEP_PARENTS]: `${STEP_PARENTS}: spec.router.gateway.refs names the Gateways of the route`,
  [STEP_BACKENDS]: `${STEP_BACKENDS}: rules that lead to the inference pool of the service lead to its Service`,
  [STEP_EXTERNAL_POOL]: `${STEP_EXTERNAL_POOL}: spec.router.scheduler.pool.ref names a pool that others made`,
  [STEP_DEVICE_CLAIM]: `${STEP_DEVICE_CLAIM}: metadata.annotations[${ANNOTATION_DRA.deviceClass}] asks for devices of a class`,
  [STEP_POOL_SELECTOR]: `${STEP_POOL_SELECTOR}: no layer says which pods the pool selects`,
  [STEP_EVICTION]: `${STEP_EVICTION}: no layer names one, which is lru then`,
  [STEP_PICKER_ACCOUNT]: `${STEP_PICKER_ACCOUNT}: spec.router.scheduler.template names none`,
  [STEP_PICKER_PORT]: `${STEP_PICKER_PORT}: spec.router.scheduler.pool.spec.endpointPickerRef names no port, which is ${PICKER_PORT} then`,
  [STEP_SCHEDULER_CONFIG]: `${STEP_SCHEDULER_CONFIG}: spec.router.scheduler.config.ref names it`,
  [STEP_INFERENCE_PATHS]: `${STEP_INFERENCE_PATHS}: vLLM loads LoRA adapters at run time, and /v1 would let everybody do so`,
};

function explainSpecLeaf(evaluated: Evaluated, { at, value }: Leaf): Explained {
  const { effective } = evaluated;
  const path = keyed(at, effective.spec);
  const text = pathText(path);
  const origin = effective.originOf(text);
  const layers = effective.layers.flatMap(({ source, role, spec }) => {
    const said = valueAt(written(spec), path);
    return said === undefined ? [] : [{ source, role, value: said }];
  });
  if (origin && 'layer' in origin) {
    // The name of the model is decided by a layer that is not the highest.
    layers.sort((a, b) => Number(a.source === origin.layer) - Number(b.source === origin.layer));
  }
  const rule = origin && 'step' in origin ? (STEPS[origin.step] ?? origin.step) : undefined;
  return { path: text, value, specPath: text, layers, ...(rule === undefined ? {} : { rule }) };
}

/** The way into the effective spec from which a leaf of a child was made, when the values are the same. */
function madeFrom({ object, origins }: Child, leaf: Leaf, { effective }: Evaluated): Leaf['at'] | undefined {
  const candidates = origins
    .flatMap(({ child, spec }) => {
      const head = indexed(object, allSteps(child));
      return head && startsWith(leaf.at, head) ? [{ head, spec }] : [];
    })
    .toSorted((a, b) => b.head.length - a.head.length);
  for (const { head, spec } of candidates) {
    const rest = keyedBelow(object, head, leaf.at);
    const at = indexed(effective.spec, [...steps(spec), ...rest]);
    if (at && (stepsText(at) === MODEL_URI || jsonEqual(valueIn(effective.spec, at), leaf.value))) return at;
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

/** The steps of a path, `spec` included. */
export function allSteps(path: string): readonly Step[] {
  const below = steps(path);
  return /^spec(\W|$)/.test(path) ? ['spec', ...below] : below;
}
