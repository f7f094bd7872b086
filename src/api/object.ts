/**
 * The words every layer shares: plain Kubernetes objects, references to them and small pure functions on JSON.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: 'Apply' | 'Update';
  readonly subresource?: string;
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: { readonly [key: string]: Json };
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** Any object of the API server, as it travels: plain JSON. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** A kind with its API version, such as `apps/v1` and `Deployment`. */
export interface Gvk {
  readonly apiVersion: string;
  readonly kind: string;
}

/** A reference to one object. Cluster-scoped objects have no namespace. */
export interface Ref extends Gvk {
  readonly namespace?: string;
  readonly name: string;
}

/** A selection of objects of one kind. Without a namespace: all namespaces. Labels must all be equal. */
export interface Query extends Gvk {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export function refOf(object: KubeObject): Ref {
  const { name, namespace } = object.metadata;
  return compact({ apiVersion: object.apiVersion, kind: object.kind, namespace, name }) as Ref;
}

/** A string that is equal exactly for equal kinds. */
export function gvkKey(gvk: Gvk): string {
  return `${gvk.apiVersion}/${gvk.kind}`;
}

/** A string that is equal exactly for equal references. */
export function refKey(ref: Ref): string {
  return `${gvkKey(ref)}/${ref.namespace ?? ''}/${ref.name}`;
}

/** How a person names the object: `Deployment team-a/qwen`. */
export function describe(ref: Ref): string {
  return ref.namespace ? `${ref.kind} ${ref.namespace}/${ref.name}` : `${ref.kind} ${ref.name}`;
}

/** The API group of an `apiVersion`; the core group is the empty string. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

type Compact<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The object without the properties whose value is undefined (one level). */
export function compact<T extends object>(value: T): Compact<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Compact<T>;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value without fields that are null, at all levels; items of lists stay. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isPlainObject(value)) return value;
  const said = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(said.map(([name, item]) => [name, withoutNulls(item)]));
}

/** More levels than any Kubernetes object has; fewer than the stack of a recursion can take. */
export const DEEPEST = 200;

/**
 * The keys that lead to something nested deeper than so many levels; undefined when there is none. A value that contains
 * itself is one. To be asked before any other recursion over a value of a user.
 */
export function tooDeep(value: unknown, levels: number = DEEPEST): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return [];
  for (const [key, item] of Object.entries(value)) {
    const below = tooDeep(item, levels - 1);
    if (below) return [key, ...below];
  }
  return undefined;
}

/** Structural equality of JSON values; an absent property equals an undefined one. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => jsonEqual(item, b[index]));
  }
  if (!isPlainObject(a) || !isPlainObject(b)) return false;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (!jsonEqual(a[key], b[key])) return false;
  }
  return true;
}

/** JSON text with sorted keys, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    isPlainObject(v) ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1))) : v,
  );
}
