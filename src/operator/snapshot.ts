import type { Gvk, KubeObject, Query, Ref } from '../api/object.ts';
import type { Answer, Source } from '../api/snapshot.ts';

/** How the operator knows the objects of one kind in one namespace, or in all where none is given. */
export type Coverage =
  | {
      readonly state: 'cached';
      /** Whether the cache holds the objects of others too, not only those with our labels. */
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
      return object ? { state: 'found', value: object } : { state: 'absent' };
    },
    list(query) {
      const coverage = coverages(query, query.namespace);
      if (coverage.state === 'uncached') return { state: 'unknown' };
      if (coverage.state !== 'cached') return { state: coverage.state };
      return { state: 'found', value: coverage.list(query) };
    },
  };
}
