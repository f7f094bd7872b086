import type { KubeObject } from '../api/object.ts';

/** Objects by owner, namespace and the values of chosen labels. */
export interface Index<T> {
  add(key: string, object: T): void;
  remove(key: string, object: T): void;
  byOwner(uid: string): readonly T[];
  /** The smallest indexed set that holds all objects of the selection, and perhaps more. */
  candidates(namespace: string | undefined, labels: Readonly<Record<string, string>> | undefined): readonly T[];
}

/** An empty index. `labelKeys` are the labels whose values can be looked up without going through everything. */
export function storeIndex<T extends KubeObject>(labelKeys: readonly string[]): Index<T> {
  const all = new Map<string, T>();
  const sets = new Map<string, Map<string, T>>();

  return {
    add(key, object) {
      all.set(key, object);
      for (const name of setsOf(object, labelKeys)) {
        const set = sets.get(name) ?? new Map<string, T>();
        sets.set(name, set.set(key, object));
      }
    },
    remove(key, object) {
      all.delete(key);
      for (const name of setsOf(object, labelKeys)) {
        const set = sets.get(name);
        set?.delete(key);
        if (set?.size === 0) sets.delete(name);
      }
    },
    byOwner: (uid) => [...(sets.get(ownerSet(uid))?.values() ?? [])],
    candidates(namespace, labels) {
      const names = labelKeys
        .filter((key) => labels?.[key] !== undefined)
        .map((key) => labelSet(key, labels?.[key] ?? ''));
      if (namespace !== undefined) names.push(namespaceSet(namespace));
      const found = names.map((name) => sets.get(name) ?? new Map<string, T>());
      const smallest = found.sort((a, b) => a.size - b.size)[0] ?? all;
      return [...smallest.values()];
    },
  };
}

function setsOf({ metadata }: KubeObject, labelKeys: readonly string[]): readonly string[] {
  const labels = metadata.labels ?? {};
  return [
    ...(metadata.namespace === undefined ? [] : [namespaceSet(metadata.namespace)]),
    ...(metadata.ownerReferences ?? []).map(({ uid }) => ownerSet(uid)),
    ...labelKeys.filter((key) => labels[key] !== undefined).map((key) => labelSet(key, labels[key] ?? '')),
  ];
}

const namespaceSet = (namespace: string): string => `namespace ${namespace}`;
const ownerSet = (uid: string): string => `owner ${uid}`;
const labelSet = (key: string, value: string): string => `label ${key}=${value}`;
