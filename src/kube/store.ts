import { describe, type Gvk, type KubeObject, type ManagedFieldsEntry, refOf } from '../api/object.ts';
import { type Index, storeIndex } from './storeindex.ts';
import { type Log, silent } from './log.ts';

export type Change<T> =
  | { readonly type: 'added'; readonly new: T; readonly old?: undefined }
  | { readonly type: 'updated'; readonly new: T; readonly old: T }
  | { readonly type: 'deleted'; readonly old: T; readonly new?: undefined };

export interface StoreOptions<T> {
  readonly gvk: Gvk;
  /** Label keys by whose values objects are asked for. */
  readonly labels?: readonly string[];
  /** Which entries of `managedFields` to remember. Default: none. */
  readonly managers?: (entry: ManagedFieldsEntry) => boolean;
  /** What to keep of an object. Default: all but `managedFields`. */
  readonly keep?: (object: T) => T;
  readonly log?: Log;
}

/** The known objects of one kind. Objects are shared: nobody edits them. */
export interface Store<T extends KubeObject = KubeObject> {
  readonly gvk: Gvk;
  readonly size: number;
  get(namespace: string | undefined, name: string): T | undefined;
  list(query?: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }): readonly T[];
  /** Objects with an owner reference to this uid. */
  byOwner(uid: string): readonly T[];
  /** The remembered entries of `managedFields`. */
  managedFields(namespace: string | undefined, name: string): readonly ManagedFieldsEntry[];
  /** Takes the answer of an own write, unless the watch has already brought it or something later. */
  observe(object: T): void;
  /** Calls back for every change, after it is visible. Returns what ends the subscription. */
  subscribe(handler: (change: Change<T>) => void): () => void;
  /** An object as a watch reports it. */
  put(object: T): void;
  /** An object that a watch reports as deleted. */
  remove(object: T): void;
  /** All objects as a list reports them; what is missing was deleted. */
  replace(objects: readonly T[]): void;
}

interface Entry<T> {
  readonly object: T;
  readonly managed: readonly ManagedFieldsEntry[];
  /** Versions that the watch brought lately, so that a late answer of an own write is known to be old. */
  readonly seen: readonly string[];
  /** Set while an own write is ahead of the watch: what the watch may still bring from before it. */
  readonly ahead?: { readonly versions: readonly string[]; readonly uids: readonly string[] };
}

const REMEMBERED = 16;
const TOMBSTONES = 1024;

/**
 * A store for one kind. `resourceVersion` is never compared but for equality: an own write that was observed stands
 * until an event brings another version than the ones known to be older.
 */
export function store<T extends KubeObject>(options: StoreOptions<T>): Store<T> {
  const log = options.log ?? silent;
  const entries = new Map<string, Entry<T>>();
  const index: Index<T> = storeIndex(options.labels ?? []);
  const tombstones = new Set<string>();
  const handlers = new Set<(change: Change<T>) => void>();

  function emit(change: Change<T>): void {
    for (const handler of handlers) {
      try {
        handler(change);
      } catch (error) {
        const object = describe(refOf((change.new ?? change.old) as T));
        log.error({ error, object, change: change.type }, 'A handler of object changes failed.');
      }
    }
  }

  function set(object: T, history: Pick<Entry<T>, 'seen' | 'ahead'>): void {
    const key = keyOf(object);
    const old = entries.get(key)?.object;
    const managed = options.managers ? (object.metadata.managedFields ?? []).filter(options.managers) : [];
    const kept = strip(object, options.keep);
    entries.set(key, { object: kept, managed, ...history });
    if (old) index.remove(key, old);
    index.add(key, kept);
    emit(old ? { type: 'updated', old, new: kept } : { type: 'added', new: kept });
  }

  function drop(key: string): void {
    const entry = entries.get(key);
    if (!entry) return;
    entries.delete(key);
    index.remove(key, entry.object);
    bury(entry.object.metadata.uid);
    emit({ type: 'deleted', old: entry.object });
  }

  function bury(uid: string | undefined): void {
    if (uid === undefined) return;
    tombstones.add(uid);
    const [oldest] = tombstones;
    if (tombstones.size > TOMBSTONES && oldest !== undefined) tombstones.delete(oldest);
  }

  function put(object: T): void {
    const key = keyOf(object);
    const entry = entries.get(key);
    const version = versionOf(object);
    if (!entry) return set(object, { seen: [version] });
    const seen = [...entry.seen.slice(1 - REMEMBERED), version];
    if (versionOf(entry.object) === version) {
      entries.set(key, { object: entry.object, managed: entry.managed, seen });
    } else if (isBehind(entry, object)) {
      entries.set(key, { ...entry, seen });
    } else {
      set(object, { seen });
    }
  }

  return {
    gvk: options.gvk,
    get size() {
      return entries.size;
    },
    get: (namespace, name) => entries.get(`${namespace ?? ''}/${name}`)?.object,
    list({ namespace, labels } = {}) {
      return index
        .candidates(namespace, labels)
        .filter(
          ({ metadata }) =>
            (namespace === undefined || metadata.namespace === namespace) &&
            Object.entries(labels ?? {}).every(([key, value]) => metadata.labels?.[key] === value),
        );
    },
    byOwner: (uid) => index.byOwner(uid),
    managedFields: (namespace, name) => entries.get(`${namespace ?? ''}/${name}`)?.managed ?? [],
    subscribe(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    put,
    remove(object) {
      const key = keyOf(object);
      const entry = entries.get(key);
      bury(object.metadata.uid);
      // The name was given to a new object, whose first version an own write brought before the watch did.
      if (entry && entry.object.metadata.uid !== object.metadata.uid) return;
      drop(key);
    },
    replace(objects) {
      const present = new Set(objects.map(keyOf));
      for (const key of [...entries.keys()]) if (!present.has(key)) drop(key);
      for (const object of objects) put(object);
    },
    observe(object) {
      const { uid } = object.metadata;
      const version = versionOf(object);
      const entry = entries.get(keyOf(object));
      if (uid !== undefined && tombstones.has(uid)) return;
      if (!entry) return set(object, { seen: [], ahead: { versions: [], uids: [] } });
      if (versionOf(entry.object) === version || entry.seen.includes(version)) return;
      if (entry.ahead?.versions.includes(version)) return;
      const before = entry.object.metadata.uid;
      const versions = [...(entry.ahead?.versions ?? []), versionOf(entry.object)].slice(-REMEMBERED);
      const uids = [...(entry.ahead?.uids ?? []), ...(before === undefined || before === uid ? [] : [before])];
      set(object, { seen: entry.seen, ahead: { versions, uids } });
    },
  };
}

/** Whether the watch still brings what an own write has left behind. */
function isBehind<T extends KubeObject>({ ahead }: Entry<T>, object: T): boolean {
  if (!ahead) return false;
  const { uid } = object.metadata;
  return ahead.versions.includes(versionOf(object)) || (uid !== undefined && ahead.uids.includes(uid));
}

function strip<T extends KubeObject>(object: T, keep: (object: T) => T = (o) => o): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return keep({ ...object, metadata });
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function versionOf({ metadata }: KubeObject): string {
  return metadata.resourceVersion ?? '';
}
