import type { Gvk, KubeObject, Query, Ref } from './object.ts';

/**
 * The part of an object that somebody looks at. `of` is pure and returns plain JSON; `name` is unique, because a read
 * is remembered as object and view name, and a change of the object outside the view wakes nobody.
 */
export interface View<O, T> {
  readonly name: string;
  readonly of: (object: O) => T;
}

/** Declares a view. Views are constants of the module that reads them. */
export function view<O, T>(name: string, of: (object: O) => T): View<O, T> {
  return { name, of };
}

/**
 * What a read came to.
 * - `absent`: the object does not exist.
 * - `unknown`: not in a cache; the shell fetches it and runs the core again.
 * - `unserved`: the API server does not serve this kind.
 * - `forbidden`: this process may not read it (a list of namespaces is served, and this lies outside).
 */
export type Answer<T> =
  | { readonly state: 'found'; readonly value: T }
  | { readonly state: 'absent' | 'unknown' | 'unserved' | 'forbidden' };

/** The only way by which the core sees the world. Every call is recorded, absence included. */
export interface Snapshot {
  get<O extends KubeObject, T>(ref: Ref, view: View<O, T>): Answer<T>;
  /** All matching objects, ordered by namespace and name. */
  list<O extends KubeObject, T>(query: Query, view: View<O, T>): Answer<readonly T[]>;
}

/** One recorded read: what was asked, through which view, and the answer. */
export type Read =
  | { readonly ref: Ref; readonly view: View<never, unknown>; readonly answer: Answer<unknown> }
  | { readonly query: Query; readonly view: View<never, unknown>; readonly answer: Answer<readonly unknown[]> };

/** Where objects come from: the stores of the operator, or files. Returns whole objects and records nothing. */
export interface Source {
  get(ref: Ref): Answer<KubeObject>;
  list(query: Query): Answer<readonly KubeObject[]>;
}

export interface RecordingSnapshot extends Snapshot {
  /** Every distinct read so far, in order of first asking. */
  reads(): readonly Read[];
}

/** A snapshot over a source that remembers each distinct read (object or query, and view). */
export function recordingSnapshot(source: Source): RecordingSnapshot {
  const reads = new Map<string, Read>();
  return {
    get<O extends KubeObject, T>(ref: Ref, through: View<O, T>): Answer<T> {
      const found = source.get(ref);
      const answer: Answer<T> =
        found.state === 'found' ? { state: 'found', value: through.of(found.value as O) } : found;
      const key = `${readKey(ref)}#${through.name}`;
      if (!reads.has(key)) reads.set(key, { ref, view: through as View<never, unknown>, answer });
      return answer;
    },
    list<O extends KubeObject, T>(query: Query, through: View<O, T>): Answer<readonly T[]> {
      const found = source.list(query);
      const answer: Answer<readonly T[]> =
        found.state === 'found'
          ? { state: 'found', value: [...found.value].sort(byName).map((object) => through.of(object as O)) }
          : found;
      const key = `${queryKey(query)}#${through.name}`;
      if (!reads.has(key)) reads.set(key, { query, view: through as View<never, unknown>, answer });
      return answer;
    },
    reads: () => [...reads.values()],
  };
}

/** A source over a fixed set of objects, such as files: what is not among them is absent. */
export function fixedSource(objects: readonly KubeObject[], served: (gvk: Gvk) => boolean = () => true): Source {
  const byKey = new Map(objects.map((object) => [readKey({ ...object, ...object.metadata }), object]));
  return {
    get(ref) {
      if (!served(ref)) return { state: 'unserved' };
      const object = byKey.get(readKey(ref));
      return object ? { state: 'found', value: object } : { state: 'absent' };
    },
    list(query) {
      if (!served(query)) return { state: 'unserved' };
      return { state: 'found', value: objects.filter((object) => matches(object, query)) };
    },
  };
}

/** Whether an object belongs to the selection. */
export function matches(object: KubeObject, query: Query): boolean {
  return (
    object.apiVersion === query.apiVersion &&
    object.kind === query.kind &&
    (query.namespace === undefined || object.metadata.namespace === query.namespace) &&
    Object.entries(query.labels ?? {}).every(([key, value]) => object.metadata.labels?.[key] === value)
  );
}

function readKey(ref: Ref): string {
  return `${ref.apiVersion}/${ref.kind}/${ref.namespace ?? ''}/${ref.name}`;
}

function queryKey(query: Query): string {
  const labels = Object.entries(query.labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  return `${query.apiVersion}/${query.kind}/${query.namespace ?? '*'}/?${labels.join(',')}`;
}

function byName(a: KubeObject, b: KubeObject): number {
  const left = `${a.metadata.namespace ?? ''}/${a.metadata.name}`;
  const right = `${b.metadata.namespace ?? ''}/${b.metadata.name}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
