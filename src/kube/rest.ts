import type { Gvk, KubeObject, Query, Ref } from '../api/object.ts';
import { refOf } from '../api/object.ts';
import { discovery } from './discovery.ts';
import { isGone, isNotFound, isUnserved, unservedError } from './errors.ts';
import { resourcePath, withQuery } from './paths.ts';
import type { Transport } from './transport.ts';
import type { ApiResource, Client, ListResult, RequestOptions } from './types.ts';
import { watchEvents } from './watch.ts';

const TIMEOUT = 30_000;
const PAGE = 500;
const META = 'v=v1;g=meta.k8s.io';
const METADATA_LIST = `application/json;as=PartialObjectMetadataList;${META}`;
const METADATA = `application/json;as=PartialObjectMetadata;${META}`;

/**
 * The client over a transport. Kinds are turned into paths by discovery; a request for a kind that is not served
 * rejects with an `ApiError` for which `isUnserved` holds.
 */
export function restClient(transport: Transport): Client {
  async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const { query, body, contentType, accept, signal, timeout = TIMEOUT } = options;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const call = { method, path: withQuery(path, query), body: text, contentType, accept, signal, timeout };
    const answer = await transport.send(call);
    return (answer === '' ? undefined : JSON.parse(answer)) as T;
  }

  const found = discovery((path, options) => request('GET', path, options));

  async function resourceOf(gvk: Gvk, verb: string, ref?: { namespace?: string; name?: string }): Promise<ApiResource> {
    const resource = await found.find(gvk);
    if (resource) return resource;
    const { namespace, name } = ref ?? {};
    const asked = { verb, resource: gvk.kind, ...(namespace ? { namespace } : {}), ...(name ? { name } : {}) };
    throw unservedError(asked, gvk.apiVersion, gvk.kind);
  }

  async function pathOf(ref: Ref, verb: string, subresource?: string): Promise<string> {
    const resource = await resourceOf(ref, verb, ref);
    return resourcePath(resource, namespaceFor(resource, ref), ref.name, subresource);
  }

  /** A kind that went away is noticed by the 404 of its path: the next question asks discovery again. */
  async function noticing<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (isUnserved(error)) found.invalidate();
      throw error;
    }
  }

  return {
    request,
    discovery: found,
    resource: (gvk) => found.find(gvk),
    close: () => transport.close(),

    async read<T extends KubeObject>(ref: Ref, signal?: AbortSignal): Promise<T | undefined> {
      const path = await pathOf(ref, 'get');
      try {
        return await noticing(request<T>('GET', path, defined({ signal })));
      } catch (error) {
        if (isNotFound(error) && !isUnserved(error)) return undefined;
        throw error;
      }
    },

    async list<T extends KubeObject>(
      query: Query,
      options: { fieldSelector?: string; metadataOnly?: boolean; signal?: AbortSignal } = {},
    ): Promise<ListResult<T>> {
      const path = resourcePath(await resourceOf(query, 'list', query), query.namespace);
      const selection = { labelSelector: labelSelector(query), fieldSelector: options.fieldSelector };
      const common = defined({ accept: options.metadataOnly ? METADATA_LIST : undefined, signal: options.signal });
      const page = (limit: number | undefined, token: string | undefined): Promise<Page<T>> =>
        noticing(request<Page<T>>('GET', path, { ...common, query: { ...selection, limit, continue: token } }));
      try {
        return named(query, await pages(page));
      } catch (error) {
        // The list took longer than the server keeps its pages: once more, in one piece.
        if (!isGone(error)) throw error;
        return named(query, [await page(undefined, undefined)]);
      }
    },

    async create<T extends KubeObject>(
      object: T,
      options: { dryRun?: boolean; signal?: AbortSignal } = {},
    ): Promise<T> {
      const ref = refOf(object);
      const resource = await resourceOf(ref, 'create', ref);
      const query = { fieldValidation: 'Strict', dryRun: options.dryRun ? 'All' : undefined };
      const path = resourcePath(resource, namespaceFor(resource, ref));
      return noticing(request<T>('POST', path, { query, body: object, ...defined({ signal: options.signal }) }));
    },

    async apply(object, { manager, force, dryRun, signal }) {
      const query = {
        fieldManager: manager,
        fieldValidation: 'Strict',
        force: force ? true : undefined,
        dryRun: dryRun ? 'All' : undefined,
      };
      const contentType = 'application/apply-patch+yaml';
      const path = await pathOf(refOf(object), 'apply');
      return noticing(request('PATCH', path, { query, body: object, contentType, ...defined({ signal }) }));
    },

    async patch(ref, body, { subresource, dryRun, signal } = {}) {
      const query = { dryRun: dryRun ? 'All' : undefined };
      const contentType = 'application/merge-patch+json';
      const path = await pathOf(ref, 'patch', subresource);
      return noticing(request('PATCH', path, { query, body, contentType, ...defined({ signal }) }));
    },

    async remove(ref, { uid, resourceVersion, gracePeriodSeconds, propagation, signal } = {}) {
      const preconditions = defined({ uid, resourceVersion });
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...defined({ gracePeriodSeconds, propagationPolicy: propagation }),
        ...(Object.keys(preconditions).length > 0 ? { preconditions } : {}),
      };
      const path = await pathOf(ref, 'delete');
      try {
        await noticing(request('DELETE', path, { body, ...defined({ signal }) }));
        return true;
      } catch (error) {
        if (isNotFound(error) && !isUnserved(error)) return false;
        throw error;
      }
    },

    async *watch(query, { resourceVersion, timeoutSeconds, signal, metadataOnly, fieldSelector }) {
      const resource = await resourceOf(query, 'watch', query);
      const path = withQuery(resourcePath(resource, query.namespace), {
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion,
        timeoutSeconds,
        fieldSelector,
        labelSelector: labelSelector(query),
      });
      const accept = metadataOnly ? METADATA : undefined;
      const stream = await noticing(transport.stream({ method: 'GET', path, accept, signal, timeout: 0 }));
      yield* watchEvents(stream, query, signal);
    },
  };
}

interface Page<T> {
  readonly items?: readonly T[] | null;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

async function pages<T>(page: (limit: number, token: string | undefined) => Promise<Page<T>>): Promise<Page<T>[]> {
  const all: Page<T>[] = [];
  let token: string | undefined;
  do {
    const next = await page(PAGE, token);
    all.push(next);
    token = next.metadata?.continue || undefined;
  } while (token !== undefined);
  return all;
}

/** Items of a typed list come without their kind, metadata-only ones with another. */
function named<T extends KubeObject>({ apiVersion, kind }: Gvk, all: readonly Page<T>[]): ListResult<T> {
  const items = all.flatMap((page) => (page.items ?? []).map((item) => ({ ...item, apiVersion, kind })));
  return { items, resourceVersion: all.at(-1)?.metadata?.resourceVersion ?? '' };
}

function namespaceFor(resource: ApiResource, ref: Ref): string | undefined {
  if (!resource.namespaced || ref.namespace) return ref.namespace;
  throw new Error(`${ref.kind} ${ref.name}: metadata.namespace is missing; ${resource.plural} live in a namespace.`);
}

function labelSelector({ labels }: Query): string | undefined {
  const parts = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return parts.length > 0 ? parts.join(',') : undefined;
}

function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
