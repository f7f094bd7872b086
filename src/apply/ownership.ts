import { LLMISVC, type LLMInferenceService, SERVING_GROUP } from '../api/llmisvc.ts';
import { groupOf, isPlainObject, type Json, type KubeObject, type ManagedFieldsEntry } from '../api/object.ts';
import { FIELD_MANAGER } from '../api/wellknown.ts';

/** A set of fields as the API server writes it: `f:name` for fields, `k:{…}` and `v:…` for items of lists. */
export type FieldSet = { readonly [key: string]: Json };

/** Whether this very service, not an earlier one of its name, controls the object. */
export function isOurs(object: KubeObject, service: LLMInferenceService): boolean {
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller);
  return (
    owner?.kind === LLMISVC.kind && groupOf(owner.apiVersion) === SERVING_GROUP && owner.uid === service.metadata.uid
  );
}

/** Who has the object, in words for a person; undefined where it does not say. */
export function ownerOf(object: KubeObject): string | undefined {
  const { ownerReferences, labels, managedFields } = object.metadata;
  const owner = ownerReferences?.find(({ controller }) => controller) ?? ownerReferences?.[0];
  if (owner) return `${owner.kind} ${owner.name} (uid ${owner.uid})`;
  const tool = labels?.['app.kubernetes.io/managed-by'];
  if (tool) return tool;
  const manager = managedFields?.find(({ subresource }) => !subresource)?.manager;
  return manager ? `field manager ${manager}` : undefined;
}

/** The fields that our applies own in a live object; undefined when we never applied it. */
export function ownFields(object: KubeObject): FieldSet | undefined {
  return object.metadata.managedFields?.find(isOwnEntry)?.fieldsV1;
}

/** Whether our applies alone stand for this entry. */
export function isOwnEntry({ manager, operation, subresource }: ManagedFieldsEntry): boolean {
  return manager === FIELD_MANAGER && operation === 'Apply' && !subresource;
}

/** Whether the set holds the field at a path, such as `['spec', 'replicas']`. */
export function holds(fields: FieldSet | undefined, path: readonly string[]): boolean {
  let at: Json | undefined = fields;
  for (const key of path) {
    if (!isPlainObject(at)) return false;
    at = (at as FieldSet)[`f:${key}`];
  }
  return at !== undefined;
}

/** All fields of either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  const all: Record<string, Json> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const known = all[key];
    all[key] = isPlainObject(known) && isPlainObject(value) ? union(known as FieldSet, value as FieldSet) : value;
  }
  return all;
}

/**
 * The fields of a desired object that the set lacks, as paths such as `spec.template.spec.containers[name=main].image`.
 * Values are not compared: whoever changes a value takes the field over, and what the server makes of a value (another
 * spelling of a quantity, a default) leaves the field with us.
 */
export function missingFields(desired: KubeObject, fields: FieldSet): readonly string[] {
  const { metadata, apiVersion: _version, kind: _kind, ...rest } = desired;
  const { labels, annotations, ownerReferences } = metadata;
  const missing: string[] = [];
  collect({ metadata: { labels, annotations, ownerReferences }, ...rest }, fields, '', missing);
  return missing;
}

function collect(value: unknown, fields: FieldSet, path: string, missing: string[]): void {
  if (Array.isArray(value)) return collectItems(value, fields, path, missing);
  if (!isPlainObject(value)) return;
  // An entry without fields below it stands for the whole value.
  if (!Object.keys(fields).some((key) => key !== '.')) return;
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || item === null) continue;
    const at = path === '' ? key : `${path}.${key}`;
    const field = fields[`f:${key}`];
    if (isPlainObject(field)) collect(item, field as FieldSet, at, missing);
    else if (field === undefined && !isHollow(item)) missing.push(at);
  }
}

function collectItems(items: readonly unknown[], fields: FieldSet, path: string, missing: string[]): void {
  const keys = Object.keys(fields).filter((key) => key.startsWith('k:'));
  const values = new Set(Object.keys(fields).filter((key) => key.startsWith('v:')));
  if (keys.length > 0) {
    const keyOf = finder(keys);
    for (const item of items) {
      const key = keyOf(item);
      if (key) collect(item, fields[key] as FieldSet, `${path}${itemName(key)}`, missing);
      else missing.push(`${path}[${nameOf(item)}]`);
    }
  } else if (values.size > 0) {
    for (const item of items) {
      if (!values.has(`v:${JSON.stringify(item)}`)) missing.push(`${path}[${JSON.stringify(item)}]`);
    }
  }
}

interface ItemKey {
  readonly text: string;
  readonly wanted: readonly (readonly [string, unknown])[];
}

/**
 * Finds the key of an item among those of a list. Keys that the item leaves to their defaults, such as the protocol of a
 * port, match any value. Lists may be long: only the keys that begin with the item's value are looked through.
 */
function finder(keys: readonly string[]): (item: unknown) => string | undefined {
  const all = keys.map((text): ItemKey => ({ text, wanted: Object.entries(JSON.parse(text.slice(2)) as object) }));
  const byFirst = Map.groupBy(all, ({ wanted }) => wanted[0]?.[1]);
  const first = all[0]?.wanted[0]?.[0] ?? '';
  return (item) => {
    if (!isPlainObject(item)) return undefined;
    const candidates = item[first] === undefined ? all : (byFirst.get(item[first]) ?? []);
    return candidates.find(({ wanted }) => wanted.every(([k, v]) => item[k] === undefined || item[k] === v))?.text;
  };
}

function itemName(key: string): string {
  const [[name, value] = ['', '']] = Object.entries(JSON.parse(key.slice(2)) as Record<string, unknown>);
  return `[${name}=${value}]`;
}

function nameOf(item: unknown): string {
  return isPlainObject(item) && typeof item['name'] === 'string' ? `name=${item['name']}` : JSON.stringify(item);
}

/** Nothing in it that a field set could name: the undefined parts of `metadata`. */
function isHollow(value: unknown): boolean {
  return isPlainObject(value) && Object.keys(value).length > 0 && Object.values(value).every((v) => v === undefined);
}
