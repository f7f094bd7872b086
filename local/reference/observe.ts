import { LLMISVC, LLMISVC_CONFIG } from '../../src/api/llmisvc.ts';
import { groupOf, type KubeObject, refKey, refOf } from '../../src/api/object.ts';
import type { ApiResource, Client } from '../../src/kube/types.ts';
import type { ReferenceCase } from './folder.ts';
import { recordedChild, recordedStatus } from './normalise.ts';

/** What a namespace holds at one moment, in the form of the recordings. */
export interface Observed {
  readonly children: readonly KubeObject[];
  readonly status: readonly KubeObject[];
  /** Services and configs as they are, with all words of their conditions. */
  readonly live: readonly KubeObject[];
}

type Binding = KubeObject & {
  readonly subjects?: readonly { readonly kind: string; readonly namespace?: string }[];
};

/** Kinds that are no child of anybody: news, leases. */
const PASSING = ['Event', 'Lease'];
const CLUSTER_ROLE_BINDING = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding' };

/** What the namespaces of the cases hold now, beside their input; each kind is listed once. */
export async function observe(
  client: Client,
  cases: readonly ReferenceCase[],
  signal: AbortSignal,
): Promise<ReadonlyMap<ReferenceCase, Observed>> {
  const everything = await liveObjects(client, cases, signal);
  const bindings = (await client.list<Binding>(CLUSTER_ROLE_BINDING, { signal })).items;
  return new Map(
    cases.map((one) => {
      const { namespace } = one;
      const given = new Set(one.input.map((object) => namedKey(object, namespace)));
      const live = everything.filter((object) => object.metadata.namespace === namespace);
      const served = live.filter(isServed);
      const children = live.filter((object) => !isServed(object) && !given.has(namedKey(object, namespace)));
      const bound = bindings.filter(({ subjects = [] }) => subjects.some((subject) => subject.namespace === namespace));
      return [
        one,
        { children: [...children, ...bound].map(recordedChild), status: served.map(recordedStatus), live: served },
      ] as const;
    }),
  );
}

/** All objects of the namespaces of the cases, as they are. */
export async function liveObjects(
  client: Client,
  cases: readonly ReferenceCase[],
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const namespaces = new Set(cases.map(({ namespace }) => namespace));
  const lists = await Promise.all(
    (await listable(client)).map((kind) => client.list<KubeObject>(kind, { signal }).then(({ items }) => items)),
  );
  return lists.flat().filter(({ metadata }) => namespaces.has(metadata.namespace ?? ''));
}

/** The kinds of namespaced objects, each in the version that the API server prefers. */
async function listable(client: Client): Promise<readonly ApiResource[]> {
  const preferred = new Map<string, ApiResource>();
  for (const resource of await client.discovery.kinds()) {
    const key = `${groupOf(resource.apiVersion)}/${resource.kind}`;
    const wanted = resource.namespaced && resource.verbs.includes('list') && !PASSING.includes(resource.kind);
    if (wanted && !preferred.has(key)) preferred.set(key, resource);
  }
  return [...preferred.values()];
}

function isServed({ kind, apiVersion }: KubeObject): boolean {
  return [LLMISVC, LLMISVC_CONFIG].some((gvk) => gvk.kind === kind && groupOf(gvk.apiVersion) === groupOf(apiVersion));
}

/** Whatever version an object was written in. */
function namedKey(object: KubeObject, namespace: string): string {
  return refKey({ ...refOf(object), apiVersion: groupOf(object.apiVersion), namespace });
}
