import type { Gvk, KubeObject, Query, Ref } from '../api/object.ts';
import type { Answer, Source } from '../api/snapshot.ts';

/** How the operator knows the objects of one kind in one namespace, or in all where none is given. */
export type Coverage =
  /** In a cache. `complete` is false where the cache holds a selection: what it lacks is then not known. */
  | {
      readonly state: 'cached';
      readonly complete: boolean;
      readonly get: (namespace: string | undefined, name: string) => KubeObject | undefined;
      readonly list: (query: Query) => readonly KubeObject[];
    }
  | { readonly state: 'uncached' }
  | { readonly state: 'unserved' | 'forbidden' };

export type Coverages = (gvk: Gvk, namespace: string | undefined) => Coverage;

/**
 * The cluster as the operator knows it: caches, which hold its own latest writes as well, and objects fetched by name.
 * What neither knows is `unknown`.
 *
 * @param fetched what was read by name; undefined for what was not, or too long ago
 */
export function clusterSource(coverages: Coverages, fetched: (ref: Ref) => Answer<KubeObject> | undefined): Source {
  return {
    get(ref) {
      const coverage = coverages(ref, ref.namespace);
      if (coverage.state === 'uncached') return fetched(ref) ?? { state: 'unknown' };
      if (coverage.state !== 'cached') return { state: coverage.state };
      const object = coverage.get(ref.namespace, ref.name);
      if (object) return { state: 'found', value: object };
      return coverage.complete ? { state: 'absent' } : (fetched(ref) ?? { state: 'unknown' });
    },
    list(query) {
      const coverage = coverages(query, query.namespace);
      if (coverage.state === 'uncached') return { state: 'unknown' };
      if (coverage.state !== 'cached') return { state: coverage.state };
      return { state: 'found', value: coverage.list(query) };
    },
  };
}
