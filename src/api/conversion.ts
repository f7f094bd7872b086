/**
 * The two versions of the API. Nothing is converted on the API server, so an object comes in the shape in which somebody
 * wrote it, whichever version it is read through; or it comes from KServe's conversion webhook, which keeps in two
 * annotations what v1alpha2 has no field for. Follows KServe's conversion, with these differences: only the places where
 * the shapes differ are touched, so fields of one version pass through the other, and criticality that no annotation can
 * carry (adapters of adapters) stays where it is.
 */
import type { InferencePoolSpec, LLMInferenceServiceSpec, LoRASpec } from './llmisvc.ts';
import { compact, DEEPEST, isPlainObject, jsonEqual, type KubeObject, tooDeep } from './object.ts';
import { PICKER_PORT } from './wellknown.ts';

export const ANNOTATION_MODEL_CRITICALITY = 'internal.serving.kserve.io/model-criticality';
export const ANNOTATION_LORA_CRITICALITIES = 'internal.serving.kserve.io/lora-criticalities';

const V1ALPHA1 = 'serving.kserve.io/v1alpha1';
const V1ALPHA2 = 'serving.kserve.io/v1alpha2';
/** What KServe's definitions store for an inline route without rules. It has no backend, so nobody writes it himself. */
const STORED_RULES = [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }];

type Fields = Readonly<Record<string, unknown>>;
interface Versioned extends KubeObject {
  readonly spec?: LLMInferenceServiceSpec;
}

const converted = new WeakMap<object, object>();

/**
 * A service or config, of either version and shape, as KServe's v1alpha2 has it: the pool with `selector.matchLabels`,
 * `targetPorts` and `endpointPickerRef`; criticality in annotations; without the rules that KServe's definitions store as
 * the default of an inline route, which would replace those of the preset. The same object when there is nothing to do. Values
 * of the wrong type stay as they are: the validation names them. A field that is nested too deeply for anybody to look
 * through becomes such a value.
 */
export function toV1alpha2<T extends Versioned>(object: T): T {
  let result = converted.get(object) as T | undefined;
  if (!result) {
    result = v1alpha2Of(object);
    converted.set(object, result);
  }
  return result;
}

/**
 * A service or config as KServe's v1alpha1 has it: the pool with `selector`, `targetPortNumber` and `extensionRef`;
 * criticality in its fields, its annotations gone. `lost`: the paths below `spec` whose values v1alpha1 cannot say.
 */
export function toV1alpha1<T extends Versioned>(object: T): { readonly object: T; readonly lost: readonly string[] } {
  const { spec, metadata } = object;
  const { annotations, model } = restored(metadata.annotations, spec?.model);
  const pool = poolOf(spec);
  const before = pool ? poolV1alpha1(pool) : undefined;
  const lost = before?.lost.map((field) => `router.scheduler.pool.spec.${field}`) ?? [];
  const changed = spec && model !== spec.model ? ({ ...spec, model } as LLMInferenceServiceSpec) : spec;
  return {
    object: {
      ...object,
      apiVersion: V1ALPHA1,
      metadata: compact({ ...metadata, annotations }),
      ...(changed && { spec: before ? withPool(changed, before.pool) : changed }),
    } as T,
    lost,
  };
}

function v1alpha2Of<T extends Versioned>(object: T): T {
  const { metadata } = object;
  const spec = withoutStoredRules(withoutDepths(object.spec));
  const pool = poolOf(spec);
  const after = pool && poolV1alpha2(pool);
  const { model, annotations } = preserved(spec?.model);
  if (object.apiVersion === V1ALPHA2 && after === pool && model === spec?.model && spec === object.spec) return object;
  return {
    ...object,
    apiVersion: V1ALPHA2,
    ...(annotations && { metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } } }),
    ...(spec && { spec: withModel(after ? withPool(spec, after) : spec, model) }),
  };
}

/** With text in the place of each field that goes too deep; no field of a spec that has levels is a text. */
function withoutDepths(spec: LLMInferenceServiceSpec | undefined): LLMInferenceServiceSpec | undefined {
  if (!tooDeep(spec)) return spec;
  const cut = (value: unknown): unknown =>
    tooDeep(value, DEEPEST - 1) ? `nested deeper than ${DEEPEST} levels` : value;
  return Object.fromEntries(Object.entries(spec ?? {}).map(([field, value]) => [field, cut(value)]));
}

function withoutStoredRules(spec: LLMInferenceServiceSpec | undefined): LLMInferenceServiceSpec | undefined {
  const stored: unknown = at(spec, ['router', 'route', 'http', 'spec', 'rules']);
  if (!spec || !jsonEqual(stored, STORED_RULES)) return spec;
  const { router } = spec;
  const { rules: _rules, ...rest } = router?.route?.http?.spec ?? {};
  return { ...spec, router: { ...router, route: { ...router?.route, http: { ...router?.route?.http, spec: rest } } } };
}

function withModel(spec: LLMInferenceServiceSpec, model: unknown): LLMInferenceServiceSpec {
  return model === spec.model ? spec : ({ ...spec, model } as LLMInferenceServiceSpec);
}

function poolOf(spec: LLMInferenceServiceSpec | undefined): Fields | undefined {
  const pool: unknown = at(spec, ['router', 'scheduler', 'pool', 'spec']);
  return isPlainObject(pool) ? pool : undefined;
}

function withPool(spec: LLMInferenceServiceSpec, pool: Fields): LLMInferenceServiceSpec {
  const { router } = spec;
  const scheduler = { ...router?.scheduler, pool: { ...router?.scheduler?.pool, spec: pool as InferencePoolSpec } };
  return { ...spec, router: { ...router, scheduler } };
}

/** A part that is in the shape of v1alpha2 already wins over the same in that of v1alpha1, which then stays. */
function poolV1alpha2(pool: Fields): Fields {
  const { selector, targetPortNumber, extensionRef, ...rest } = pool;
  const labels = isPlainObject(selector) && !isPlainObject(selector['matchLabels']) && isLabels(selector);
  const port = typeof targetPortNumber === 'number' && rest['targetPorts'] === undefined;
  const picker = isPlainObject(extensionRef) && rest['endpointPickerRef'] === undefined;
  if (!labels && !port && !picker) return pool;
  return compact({
    ...rest,
    selector: labels ? { matchLabels: selector } : selector,
    ...(port ? { targetPorts: [{ number: targetPortNumber }] } : { targetPortNumber }),
    ...(picker ? { endpointPickerRef: pickerOf(extensionRef) } : { extensionRef }),
  });
}

function isLabels(selector: Fields): boolean {
  return Object.keys(selector).length > 0 && Object.values(selector).every((value) => typeof value === 'string');
}

function pickerOf({ portNumber, kind, failureMode, ...rest }: Fields): Fields {
  const ofKind = kind || 'Service';
  const number = portNumber || (ofKind === 'Service' ? PICKER_PORT : undefined);
  return {
    ...rest,
    kind: ofKind,
    ...(number !== undefined && { port: { number } }),
    failureMode: failureMode || 'FailClose',
  };
}

const POOL_FIELDS = ['selector', 'targetPorts', 'endpointPickerRef'];

function poolV1alpha1(pool: Fields): { readonly pool: Fields; readonly lost: readonly string[] } {
  const { selector, targetPorts, endpointPickerRef, ...rest } = pool;
  const ports: readonly unknown[] = Array.isArray(targetPorts) ? targetPorts : [];
  const number = at(ports[0], ['number']);
  const labels = at(selector, ['matchLabels']);
  const inV1alpha1 = ['targetPortNumber', 'extensionRef'];
  return {
    pool: compact({
      ...Object.fromEntries(Object.entries(rest).filter(([key]) => inV1alpha1.includes(key))),
      ...(isPlainObject(labels) ? { selector: labels } : { selector }),
      ...(number !== undefined && { targetPortNumber: number }),
      ...(isPlainObject(endpointPickerRef) && { extensionRef: extensionOf(endpointPickerRef) }),
    }),
    lost: [
      ...ports.slice(1).map((_, index) => `targetPorts[${index + 1}]`),
      ...Object.keys(rest).filter((key) => !POOL_FIELDS.includes(key) && !inV1alpha1.includes(key)),
    ],
  };
}

function extensionOf({ port, ...rest }: Fields): Fields {
  const portNumber = at(port, ['number']);
  return portNumber === undefined ? rest : { ...rest, portNumber };
}

/** Model without criticality, and the annotations that carry it. The criticality of adapters is kept by their index. */
function preserved(model: unknown): {
  readonly model: unknown;
  readonly annotations?: Readonly<Record<string, string>>;
} {
  if (!isPlainObject(model)) return { model };
  const adapters: unknown = at(model, ['lora', 'adapters']);
  const list: readonly unknown[] = Array.isArray(adapters) ? adapters : [];
  const byIndex = list.flatMap((adapter, index): [string, string][] => {
    const value = at(adapter, ['criticality']);
    return typeof value === 'string' && value !== '' ? [[String(index), value]] : [];
  });
  const own = model['criticality'];
  const ofModel = typeof own === 'string' && own !== '';
  if (!ofModel && byIndex.length === 0) return { model };
  const { criticality: _own, ...rest } = model;
  const lora = { ...(model['lora'] as LoRASpec), adapters: list.map(withoutCriticality) };
  return {
    model: { ...(ofModel ? rest : model), ...(byIndex.length > 0 && { lora }) },
    annotations: {
      ...(ofModel && { [ANNOTATION_MODEL_CRITICALITY]: own }),
      ...(byIndex.length > 0 && { [ANNOTATION_LORA_CRITICALITIES]: JSON.stringify(Object.fromEntries(byIndex)) }),
    },
  };
}

function withoutCriticality(adapter: unknown): unknown {
  if (!isPlainObject(adapter) || typeof adapter['criticality'] !== 'string' || adapter['criticality'] === '')
    return adapter;
  const { criticality: _criticality, ...rest } = adapter;
  return rest;
}

/** The annotations are gone even when they say nothing that can be understood, as in KServe. */
function restored(
  annotations: Readonly<Record<string, string>> = {},
  model: unknown,
): { readonly annotations: Readonly<Record<string, string>> | undefined; readonly model: unknown } {
  const { [ANNOTATION_MODEL_CRITICALITY]: own, [ANNOTATION_LORA_CRITICALITIES]: byIndex, ...rest } = annotations;
  const left = Object.keys(rest).length > 0 ? rest : undefined;
  const adapters: unknown = at(model, ['lora', 'adapters']);
  const values = parsed(byIndex);
  const restores = Array.isArray(adapters) && Object.keys(values).length > 0;
  if (!own && !restores) return { annotations: left, model };
  const base: Fields = isPlainObject(model) ? model : {};
  const list: readonly unknown[] = Array.isArray(adapters) ? adapters : [];
  const lora = {
    ...(base['lora'] as object),
    adapters: list.map((adapter, index) => withValue(adapter, values[index])),
  };
  return { annotations: left, model: { ...base, ...(own && { criticality: own }), ...(restores && { lora }) } };
}

function withValue(adapter: unknown, criticality: unknown): unknown {
  return isPlainObject(adapter) && typeof criticality === 'string' && criticality !== ''
    ? { ...adapter, criticality }
    : adapter;
}

function parsed(text: string | undefined): Fields {
  try {
    const value: unknown = JSON.parse(text || '{}');
    return isPlainObject(value) ? value : {};
  } catch {
    return {};
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((found, key) => (isPlainObject(found) ? found[key] : undefined), value);
}
