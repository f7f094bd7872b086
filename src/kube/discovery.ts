import { gvkKey } from '../api/object.ts';
import { isForbidden, isNotFound, isUnauthorized } from './errors.ts';
import type { ApiResource, Discovery, RequestOptions } from './types.ts';

/** `GET` of a path, parsed. */
export type Get = (path: string, options?: RequestOptions) => Promise<unknown>;

/**
 * Discovery over the aggregated documents (two requests), or group by group where the server does not have them. An API
 * that does not answer, such as an aggregated one whose server is down, is left out of the table and asked for again
 * when one of its kinds is wanted; it disturbs no other kind.
 *
 * @param get rejects with `ApiError` or the transport's error
 */
export function discovery(get: Get): Discovery {
  let current: Promise<Table> | undefined;

  function table(): Promise<Table> {
    if (current) return current;
    const loading = load(get);
    current = loading;
    loading.catch(() => {
      if (current === loading) current = undefined;
    });
    return loading;
  }

  return {
    async find(gvk) {
      const { resources, broken } = await table();
      const found = resources.get(gvkKey(gvk));
      if (found || !broken.has(gvk.apiVersion)) return found;
      const fresh = await resourcesOf(get, gvk.apiVersion);
      return fresh.find(({ kind }) => kind === gvk.kind);
    },
    async kinds() {
      return [...(await table()).resources.values()];
    },
    invalidate() {
      current = undefined;
    },
  };
}

interface Table {
  readonly resources: Map<string, ApiResource>;
  /** API versions that exist but did not say what they serve. */
  readonly broken: Set<string>;
}

const ACCEPT = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

async function load(get: Get): Promise<Table> {
  const table: Table = { resources: new Map(), broken: new Set() };
  const [core, groups] = await Promise.all(['/api', '/apis'].map((path) => get(path, { accept: ACCEPT })));
  await Promise.all([add(get, table, core as Answer), add(get, table, groups as Answer)]);
  return table;
}

type Answer =
  | { readonly kind: 'APIGroupDiscoveryList'; readonly items?: readonly GroupDiscovery[] }
  | { readonly kind: 'APIVersions'; readonly versions?: readonly string[] }
  | { readonly kind: 'APIGroupList'; readonly groups?: readonly { readonly versions?: readonly GroupVersion[] }[] };

interface GroupVersion {
  readonly groupVersion: string;
}

interface GroupDiscovery {
  readonly metadata?: { readonly name?: string };
  readonly versions?: readonly {
    readonly version: string;
    readonly freshness?: string;
    readonly resources?: readonly ResourceDiscovery[];
  }[];
}

interface ResourceDiscovery {
  readonly resource: string;
  readonly responseKind?: { readonly kind?: string };
  readonly scope?: string;
  readonly verbs?: readonly string[];
}

async function add(get: Get, table: Table, answer: Answer): Promise<void> {
  if (answer.kind === 'APIGroupDiscoveryList') {
    for (const group of answer.items ?? []) addGroup(table, group);
    return;
  }
  const versions =
    answer.kind === 'APIVersions'
      ? (answer.versions ?? [])
      : (answer.groups ?? []).flatMap((group) => (group.versions ?? []).map(({ groupVersion }) => groupVersion));
  await Promise.all(
    versions.map(async (apiVersion) => {
      try {
        for (const resource of await resourcesOf(get, apiVersion)) put(table, resource);
      } catch (error) {
        // Without the right to look, or without a token, every group fails alike and the table would be empty.
        if (isForbidden(error) || isUnauthorized(error)) throw error;
        table.broken.add(apiVersion);
      }
    }),
  );
}

function addGroup(table: Table, group: GroupDiscovery): void {
  const name = group.metadata?.name ?? '';
  for (const { version, freshness, resources = [] } of group.versions ?? []) {
    const apiVersion = name === '' ? version : `${name}/${version}`;
    if (freshness === 'Stale') table.broken.add(apiVersion);
    for (const { resource, responseKind, scope, verbs = [] } of resources) {
      const kind = responseKind?.kind;
      if (kind) put(table, { apiVersion, kind, plural: resource, namespaced: scope === 'Namespaced', verbs });
    }
  }
}

/** Two resources of one kind, such as a review beside its object: the first with `list` stands for it. */
function put(table: Table, resource: ApiResource): void {
  const key = gvkKey(resource);
  const known = table.resources.get(key);
  if (!known || (!known.verbs.includes('list') && resource.verbs.includes('list'))) table.resources.set(key, resource);
}

interface ResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs?: readonly string[];
  }[];
}

async function resourcesOf(get: Get, apiVersion: string): Promise<readonly ApiResource[]> {
  const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  try {
    const { resources = [] } = (await get(path)) as ResourceList;
    return resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced, verbs = [] }) => ({ apiVersion, kind, plural: name, namespaced, verbs }));
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}
