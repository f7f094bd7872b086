import { isPlainObject, type KubeObject } from '../../src/api/object.ts';
import { digestOf } from './normalise.ts';

/** Where two recordings of a case differ. */
export interface Difference {
  /** `<kind>.<version>.<group>/<name>`. */
  readonly object: string;
  /** `.spec.template.spec.containers[main].image`; `(object)` where one of them has no such object. */
  readonly path: string;
  /** Undefined: absent. */
  readonly kserve: unknown;
  readonly ours: unknown;
}

/**
 * What differs between two lists of objects. Entries of lists are paired by name or type where all have one, else by
 * position; an absent value equals an empty one; times, messages and finalizers are left out, since two controllers may
 * word and keep them differently without anybody relying on it.
 */
export function differencesOf(kserve: readonly KubeObject[], ours: readonly KubeObject[]): readonly Difference[] {
  const [theirs, own] = [byKey(kserve), byKey(ours)];
  return [...new Set([...theirs.keys(), ...own.keys()])].flatMap((object) => {
    const [want, got] = [theirs.get(object), own.get(object)];
    if (!got) return [{ object, path: '(object)', kserve: 'written', ours: 'not written' }];
    if (!want) return [{ object, path: '(object)', kserve: 'not written', ours: 'written' }];
    return [...within('', want, got)].map((difference) => ({ object, ...difference }));
  });
}

type Found = Omit<Difference, 'object'>;
const IGNORED_METADATA = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'finalizers'];

function byKey(objects: readonly KubeObject[]): ReadonlyMap<string, unknown> {
  return new Map(objects.map((object) => [keyOf(object), comparable(object)]));
}

function keyOf({ apiVersion, kind, metadata }: KubeObject): string {
  return `${kind}.${apiVersion.split('/').reverse().join('.')}/${metadata.name}`;
}

function comparable(object: KubeObject): unknown {
  const { metadata, status, ...rest } = object as KubeObject & { readonly status?: { conditions?: readonly object[] } };
  const conditions = status?.conditions?.map((condition) => without(condition, ['lastTransitionTime', 'message']));
  return {
    ...rest,
    metadata: {
      ...without(metadata, IGNORED_METADATA),
      ownerReferences: metadata.ownerReferences?.map((owner) => without(owner, ['uid'])),
    },
    ...(status ? { status: { ...status, ...(conditions ? { conditions } : {}) } } : {}),
  };
}

function without(value: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

function* within(path: string, want: unknown, got: unknown): Generator<Found> {
  if (isEmpty(want) && isEmpty(got)) return;
  if (isPlainObject(want) && isPlainObject(got)) {
    for (const key of new Set([...Object.keys(want), ...Object.keys(got)])) {
      yield* within(`${path}.${key}`, want[key], got[key]);
    }
  } else if (Array.isArray(want) && Array.isArray(got)) {
    yield* withinLists(path, want, got);
  } else if (JSON.stringify(digestOf(want)) !== JSON.stringify(digestOf(got))) {
    yield { path, kserve: want, ours: got };
  }
}

function* withinLists(path: string, want: readonly unknown[], got: readonly unknown[]): Generator<Found> {
  const [wanted, found] = [want.map(nameOf), got.map(nameOf)];
  if (!isSet(wanted) || !isSet(found)) {
    for (let i = 0; i < Math.max(want.length, got.length); i++) yield* within(`${path}[${i}]`, want[i], got[i]);
    return;
  }
  for (const name of new Set([...wanted, ...found])) {
    yield* within(`${path}[${name}]`, want[wanted.indexOf(name)], got[found.indexOf(name)]);
  }
  const common = (names: readonly unknown[], others: readonly unknown[]): string =>
    names.filter((name) => others.includes(name)).join();
  if (common(wanted, found) !== common(found, wanted)) yield { path: `${path}[order]`, kserve: wanted, ours: found };
}

function nameOf(entry: unknown): unknown {
  return isPlainObject(entry) ? (entry['name'] ?? entry['type']) : undefined;
}

/** Whether all entries have a name of their own; two addresses may share one. */
function isSet(names: readonly unknown[]): boolean {
  return names.every((name) => typeof name === 'string') && new Set(names).size === names.length;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isPlainObject(value) && Object.keys(value).length === 0;
}
