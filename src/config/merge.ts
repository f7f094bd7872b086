/**
 * Strategic merge of specs as KServe does it: the higher layer is written down the way Go writes a typed object (zero
 * values are left out), and applied to the lower one as a strategic merge patch without directives.
 */
import type { LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import { isPlainObject, withoutNulls } from '../api/object.ts';
import { type MergeRule, ruleOf, SPEC_RULES } from './mergerules.ts';
import { isMap, isUnsaid } from './zerovalues.ts';

export type Spec = LLMInferenceServiceSpec;
type Fields = Readonly<Record<string, unknown>>;

/**
 * The lower spec with the higher one on top. Objects and maps are united, lists with a merge key are merged by it, other
 * lists and scalars are replaced.
 *
 * Three things that KServe does are not done, because their result is of no use. Where an object may have one of several
 * members (a volume its source, a probe its handler, the scheduler its config), the higher layer's takes the place of the
 * lower one's instead of standing beside it. Two scheduler configs are merged, instead of failing. And what a layer leaves
 * out is not reset by zero values that Go always writes (`maxReplicas` of a `scaling` that only names `minReplicas`).
 */
export function merge(lower: Spec, higher: Spec): Spec {
  return mergeObjects(written(lower) as Fields, written(higher) as Fields, { fields: SPEC_RULES }) as Spec;
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
    result = withContainers(writtenObject(spec as Fields, { fields: SPEC_RULES }, ''), POD_TEMPLATES) as Spec;
    writtenSpecs.set(spec, result);
    writtenSpecs.set(result, result);
  }
  return result;
}

interface Templates {
  readonly [field: string]: Templates | 'pod';
}

/** Where KServe's defaulting looks for pod templates; that of the tokenizer is not among them. */
const POD_TEMPLATES: Templates = {
  template: 'pod',
  worker: 'pod',
  prefill: { template: 'pod', worker: 'pod' },
  router: { scheduler: { template: 'pod' } },
};

/** A pod template that lists no containers says `containers: []`, as KServe's defaulting does. */
function withContainers(object: Fields, templates: Templates): Fields {
  let result = object;
  for (const [field, below] of Object.entries(templates)) {
    const value = object[field];
    if (!isPlainObject(value)) continue;
    const complete =
      below !== 'pod' ? withContainers(value, below) : 'containers' in value ? value : { ...value, containers: [] };
    if (complete !== value) result = { ...result, [field]: complete };
  }
  return result;
}

function writtenObject(object: Fields, rule: MergeRule, parent: string): Fields {
  const entries: [string, unknown][] = [];
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined || value === null) continue;
    const below = ruleOf(rule.fields, name);
    if (below?.foreign) entries.push([name, value]);
    else if (name === rule.key || !isUnsaid(name, value, parent))
      entries.push([name, writtenValue(name, value, below)]);
  }
  return Object.fromEntries(entries);
}

function writtenValue(name: string, value: unknown, rule: MergeRule | undefined): unknown {
  if (isMap(name) || typeof value !== 'object') return value;
  if (!Array.isArray(value)) return writtenObject(value as Fields, rule ?? {}, name);
  // What is replaced as a whole keeps its empty values; a null says nothing there either.
  if (rule?.key === undefined) return value.map(withoutNulls);
  return value.map((item) => (isPlainObject(item) ? writtenObject(item, rule, name) : item));
}

function mergeObjects(lower: Fields, higher: Fields, rule: MergeRule): Fields {
  const entries = new Map(Object.entries(rule.oneOf ? withoutRivals(lower, higher, rule) : lower));
  for (const [name, value] of Object.entries(higher)) {
    entries.set(name, mergeValues(entries.get(name), value, ruleOf(rule.fields, name)));
  }
  return Object.fromEntries(entries);
}

function mergeValues(lower: unknown, higher: unknown, rule: MergeRule | undefined): unknown {
  if (rule?.foreign) return mergeForeign(lower, higher);
  if (isPlainObject(lower) && isPlainObject(higher)) return mergeObjects(lower, higher, rule ?? {});
  if (Array.isArray(lower) && Array.isArray(higher) && rule?.key !== undefined) {
    return mergeLists(lower, higher, rule.key, rule);
  }
  return higher;
}

/** The lower object without the members that those of the higher one take the place of. */
function withoutRivals(lower: Fields, higher: Fields, { oneOf, key }: MergeRule): Fields {
  const isMember = (name: string): boolean => (oneOf === 'all but the key' ? name !== key : !!oneOf?.includes(name));
  if (!Object.keys(higher).some(isMember)) return lower;
  return Object.fromEntries(Object.entries(lower).filter(([name]) => !isMember(name) || Object.hasOwn(higher, name)));
}

/** Merges as a JSON merge patch does: objects are united, null takes a field away, all else is replaced. */
function mergeForeign(lower: unknown, higher: unknown): unknown {
  if (!isPlainObject(higher)) return higher;
  const entries = new Map(Object.entries(isPlainObject(lower) ? lower : {}));
  for (const [name, value] of Object.entries(higher)) {
    if (value === null) entries.delete(name);
    else entries.set(name, mergeForeign(entries.get(name), value));
  }
  return Object.fromEntries(entries);
}

/**
 * Merges two lists by key. An item of the higher layer goes into the first one of the lower layer with its key; others with
 * that key stay behind it. The higher layer's items come in its order; items whose keys only the lower layer has stay in
 * front of a common item that they preceded, and otherwise follow: new items of the higher layer come before them.
 */
function mergeLists(
  lower: readonly unknown[],
  higher: readonly unknown[],
  key: string,
  rule: MergeRule,
): readonly unknown[] {
  const inLower = placesOf(lower, key);
  const inHigher = placesOf(higher, key);
  const placeIn = (places: ReadonlyMap<unknown, number>, item: unknown): number => places.get(keyOf(item, key)) ?? -1;

  const items = withItems(lower, higher, key, rule);
  const common = items
    .filter((item) => placeIn(inHigher, item) >= 0)
    .sort((a, b) => placeIn(inHigher, a) - placeIn(inHigher, b));
  const rest = items
    .filter((item) => placeIn(inHigher, item) < 0)
    .sort((a, b) => placeIn(inLower, a) - placeIn(inLower, b));
  let next = 0;
  const ordered = common.flatMap((item) => {
    const place = placeIn(inLower, item);
    const first = next;
    while (next < rest.length && placeIn(inLower, rest[next]) < place) next += 1;
    return [...rest.slice(first, next), item];
  });
  return [...ordered, ...rest.slice(next)];
}

/** The lower list with each item of the higher one merged into the first of its key, or put at the end. */
function withItems(lower: readonly unknown[], higher: readonly unknown[], key: string, rule: MergeRule): unknown[] {
  const items = [...lower];
  const places = placesOf(lower, key);
  for (const item of higher) {
    const place = places.get(keyOf(item, key));
    if (place === undefined) places.set(keyOf(item, key), items.push(item) - 1);
    else {
      const below = items[place];
      items[place] = isPlainObject(below) && isPlainObject(item) ? mergeObjects(below, item, rule) : item;
    }
  }
  return items;
}

/** Where each key stands first. */
function placesOf(items: readonly unknown[], key: string): Map<unknown, number> {
  const places = new Map<unknown, number>();
  items.forEach((item, index) => {
    const id = keyOf(item, key);
    if (!places.has(id)) places.set(id, index);
  });
  return places;
}

/** The key of an item; Go writes an unset key as its zero value, which is a key like any other. */
function keyOf(item: unknown, key: string): unknown {
  const value = isPlainObject(item) && Object.hasOwn(item, key) ? item[key] : undefined;
  return value ?? (key === 'containerPort' ? 0 : '');
}
