import { hash } from 'node:crypto';
import { type Gvk, gvkKey, type KubeObject, type Query, type Ref, refKey } from '../api/object.ts';
import { type Answer, matches, type Read, type Source, type View } from '../api/snapshot.ts';

/** Who has to be looked at again when something in the cluster changes: what each reader read, and what it saw. */
export interface Triggers {
  /**
   * Replaces what is remembered of a reader.
   *
   * @returns false when something among the reads has changed since: the reader is to run again at once
   */
  record(reader: string, reads: readonly Read[]): boolean;
  forget(reader: string): void;
  knows(reader: string): boolean;
  /** The readers for which the change of one object is a change of what they saw. Absent: it did not, or no longer, exist. */
  changed(before: KubeObject | undefined, after: KubeObject | undefined): readonly string[];
  /** The readers that would now get another answer about this object, of which only the name is known. */
  again(ref: Ref): readonly string[];
  /** Whether anybody looks at the object. */
  isRead(ref: Ref): boolean;
  /** The readers that would now get another answer about this kind: it came, went or was listed anew. */
  recheck(gvk: Gvk): readonly string[];
}

interface Watched {
  readonly read: Read;
  readonly readers: Map<string, string>;
}

/** Triggers over a source, which is asked for the present answers. */
export function createTriggers(source: Source): Triggers {
  const objects = new Map<string, Map<string, Watched>>();
  const queries = new Map<string, Map<string, Watched>>();
  const readers = new Map<string, (() => void)[]>();

  function forget(reader: string): void {
    for (const remove of readers.get(reader) ?? []) remove();
    readers.delete(reader);
  }

  function remember(reader: string, read: Read): { readonly remove: () => void; readonly same: boolean } {
    const index = 'ref' in read ? objects : queries;
    const group = 'ref' in read ? refKey(read.ref) : gvkKey(read.query);
    const name = 'ref' in read ? read.view.name : `${selection(read.query)}#${read.view.name}`;
    const watched = entryOf(index, group, () => new Map<string, Watched>());
    const entry = entryOf(watched, name, () => ({ read, readers: new Map<string, string>() }));
    const seen = digest(read.answer);
    entry.readers.set(reader, seen);
    const remove = (): void => {
      entry.readers.delete(reader);
      if (entry.readers.size === 0) watched.delete(name);
      if (watched.size === 0) index.delete(group);
    };
    return { remove, same: digest(answerNow(read)) === seen };
  }

  function answerNow(read: Read): Answer<unknown> {
    const of = (read.view as View<KubeObject, unknown>).of;
    if ('ref' in read) {
      const answer = source.get(read.ref);
      return answer.state === 'found' ? { state: 'found', value: of(answer.value) } : answer;
    }
    const answer = source.list(read.query);
    return answer.state === 'found' ? { state: 'found', value: sorted(answer.value).map(of) } : answer;
  }

  /** Adds the readers who saw something else than what is there now. */
  function collect({ read, readers: seenBy }: Watched, into: Set<string>): void {
    const now = digest(answerNow(read));
    for (const [reader, seen] of seenBy) if (seen !== now) into.add(reader);
  }

  return {
    forget,
    knows: (reader) => readers.has(reader),
    record(reader, reads) {
      forget(reader);
      const remembered = reads.map((read) => remember(reader, read));
      readers.set(
        reader,
        remembered.map(({ remove }) => remove),
      );
      return remembered.every(({ same }) => same);
    },
    changed(before, after) {
      const object = after ?? before;
      if (!object) return [];
      const found = new Set<string>();
      for (const watched of objects.get(refKey(refOfObject(object)))?.values() ?? []) collect(watched, found);
      for (const watched of queries.get(gvkKey(object))?.values() ?? []) {
        if (touches(watched.read, before, after)) collect(watched, found);
      }
      return [...found];
    },
    again(ref) {
      const found = new Set<string>();
      for (const watched of objects.get(refKey(ref))?.values() ?? []) collect(watched, found);
      return [...found];
    },
    isRead: (ref) => objects.has(refKey(ref)),
    recheck(gvk) {
      const found = new Set<string>();
      const kind = gvkKey(gvk);
      for (const watched of queries.get(kind)?.values() ?? []) collect(watched, found);
      for (const [key, views] of objects) {
        if (key.startsWith(`${kind}/`)) for (const watched of views.values()) collect(watched, found);
      }
      return [...found];
    },
  };
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

/** Whether a list can have changed: cheap for one object, so that a long list is gone through only if so. */
function touches(read: Read, before: KubeObject | undefined, after: KubeObject | undefined): boolean {
  if (!('query' in read)) return true;
  const was = before !== undefined && matches(before, read.query);
  const is = after !== undefined && matches(after, read.query);
  if (!was || !is) return was || is;
  const of = (read.view as View<KubeObject, unknown>).of;
  return digest(of(before)) !== digest(of(after));
}

function refOfObject({ apiVersion, kind, metadata }: KubeObject): Ref {
  return { apiVersion, kind, name: metadata.name, ...(metadata.namespace ? { namespace: metadata.namespace } : {}) };
}

function selection({ namespace, labels }: Query): string {
  return `${namespace ?? '*'}?${Object.entries(labels ?? {})
    .sort()
    .join()}`;
}

function sorted(objects: readonly KubeObject[]): KubeObject[] {
  const key = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
  return objects.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

const SHORT = 40;

/** A short text that is equal for equal values; the API server writes keys in one order. */
function digest(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length <= SHORT ? text : hash('sha1', text, 'base64');
}
