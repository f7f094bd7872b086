/**
 * Strategic merge of specs as KServe does it: the higher layer is written down the way Go writes a typed object (zero
 * values are left out), and applied to the lower one as a strategic merge patch without directives.
 */
import type { LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import { isPlainObject } from '../api/object.ts';
import { type MergeFields, POD_SPEC_MERGE } from './mergekeys.ts';

export type Spec = LLMInferenceServiceSpec;
type Fields = Readonly<Record<string, unknown>>;

const SPEC_MERGE: MergeFields = { template: { fields: POD_SPEC_MERGE } };

/**
 * The lower spec with the higher one on top. Objects and maps are united, lists with a merge key are merged by it, other
 * lists and scalars are replaced. Unions are not cleared: two volume sources or two probe handlers may stand side by side.
 */
export function merge(lower: Spec, higher: Spec): Spec {
  return mergeObjects(written(lower) as Fields, written(higher) as Fields, SPEC_MERGE) as Spec;
}

const merged = new WeakMap<object, WeakMap<object, Spec>>();

/** `merge`, remembering the result for as long as both specs live: many services share the same presets. */
export function mergeShared(lower: Spec, higher: Spec): Spec {
  let byHigher = merged.get(lower);
  if (!byHigher) merged.set(lower, (byHigher = new WeakMap()));
  let result = byHigher.get(higher);
  if (!result) byHigher.set(higher, (result = merge(lower, higher)));
  return result;
}

const writtenSpecs = new WeakMap<object, Spec>();

/**
 * The spec as Go would write it: without null, and without the values that a higher layer cannot say because Go does not
 * tell them from absent ones (`""`, `[]`, `{}` of a map, and `false` and `0` of fields that are no pointers).
 */
export function written(spec: Spec): Spec {
  let result = writtenSpecs.get(spec);
  if (!result) {
    result = withContainers(writtenObject(spec as Fields, SPEC_MERGE, '') as Spec);
    writtenSpecs.set(spec, result);
    writtenSpecs.set(result, result);
  }
  return result;
}

/** A pod template that lists no containers says `containers: []`, as KServe's defaulting does. */
function withContainers(spec: Spec): Spec {
  if (!isPlainObject(spec.template) || spec.template.containers !== undefined) return spec;
  return { ...spec, template: { ...spec.template, containers: [] } };
}

/** Maps with free keys: their values are kept as they are, an empty map says nothing. */
const MAPS = new Set([
  'labels',
  'annotations',
  'nodeSelector',
  'limits',
  'requests',
  'matchLabels',
  'overhead',
  'volumeAttributes',
]);
const PLAIN_NUMBERS = new Set([
  'hostPort',
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
  'partition',
  'lun',
]);
const PLAIN_BOOLEANS = new Set([
  'expert',
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'stdin',
  'stdinOnce',
  'tty',
  'readOnly',
  'sslEnabled',
  'chapAuthDiscovery',
  'chapAuthSession',
]);
/** Strings that are pointers in Go, so that the empty string can be said. */
const POINTER_STRINGS = new Set([
  'storageClassName',
  'volumeAttributesClassName',
  'runtimeClassName',
  'hostnameOverride',
  'preemptionPolicy',
  'service',
]);
/** Volume sources whose `readOnly` is a pointer. */
const POINTER_READ_ONLY = new Set(['csi', 'azureDisk']);

function writtenObject(object: Fields, fields: MergeFields | undefined, parent: string, key?: string): Fields {
  const entries: [string, unknown][] = [];
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined || value === null) continue;
    if (name !== key && isUnsaid(name, value, parent)) continue;
    const below = field(fields, name);
    if (MAPS.has(name) || typeof value !== 'object') entries.push([name, value]);
    else if (!Array.isArray(value)) entries.push([name, writtenObject(value as Fields, below?.fields, name)]);
    else if (below?.key === undefined) entries.push([name, value]);
    else
      entries.push([
        name,
        value.map((item) => (isPlainObject(item) ? writtenObject(item, below.fields, name, below.key) : item)),
      ]);
  }
  return Object.fromEntries(entries);
}

function isUnsaid(name: string, value: unknown, parent: string): boolean {
  if (value === '') return !POINTER_STRINGS.has(name);
  if (value === 0) return PLAIN_NUMBERS.has(name);
  if (value === false) return PLAIN_BOOLEANS.has(name) && !(name === 'readOnly' && POINTER_READ_ONLY.has(parent));
  if (Array.isArray(value)) return value.length === 0;
  return MAPS.has(name) && isPlainObject(value) && Object.keys(value).length === 0;
}

function mergeObjects(lower: Fields, higher: Fields, fields: MergeFields | undefined): Fields {
  const entries = new Map(Object.entries(lower));
  for (const [name, value] of Object.entries(higher)) {
    entries.set(name, mergeValues(entries.get(name), value, field(fields, name)));
  }
  return Object.fromEntries(entries);
}

function mergeValues(lower: unknown, higher: unknown, rule: MergeFields[string] | undefined): unknown {
  if (isPlainObject(lower) && isPlainObject(higher)) return mergeObjects(lower, higher, rule?.fields);
  if (Array.isArray(lower) && Array.isArray(higher) && rule?.key !== undefined) {
    return mergeLists(lower, higher, rule.key, rule.fields);
  }
  return higher;
}

/**
 * Merges two lists by key. The higher layer's items come in its order; items that only the lower layer has stay in front
 * of a common item that they preceded, and otherwise follow: new items of the higher layer come before them.
 */
function mergeLists(
  lower: readonly unknown[],
  higher: readonly unknown[],
  key: string,
  fields: MergeFields | undefined,
): readonly unknown[] {
  const places = new Map<unknown, number>();
  lower.forEach((item, index) => {
    if (!places.has(keyOf(item, key))) places.set(keyOf(item, key), index);
  });
  const results = new Map<unknown, unknown>();
  for (const item of higher) {
    const id = keyOf(item, key);
    const place = places.get(id);
    const below = results.has(id) ? results.get(id) : place === undefined ? undefined : lower[place];
    results.set(id, mergeValues(below, item, fields === undefined ? undefined : { fields }));
  }
  const rest = lower.map((item, index) => ({ item, index })).filter(({ item }) => !results.has(keyOf(item, key)));
  const ordered: unknown[] = [];
  for (const [id, item] of results) {
    const place = places.get(id);
    while (place !== undefined && rest[0] && rest[0].index < place) ordered.push(rest.shift()?.item);
    ordered.push(item);
  }
  return [...ordered, ...rest.map(({ item }) => item)];
}

/** The key of an item; Go writes an unset key as its zero value, which is a key like any other. */
function keyOf(item: unknown, key: string): unknown {
  const value = isPlainObject(item) && Object.hasOwn(item, key) ? item[key] : undefined;
  return value ?? (key === 'containerPort' ? 0 : '');
}

function field(fields: MergeFields | undefined, name: string): MergeFields[string] | undefined {
  return fields && Object.hasOwn(fields, name) ? fields[name] : undefined;
}
