import { groupOf } from '../api/object.ts';
import type { RequestInfo } from './errors.ts';
import type { ApiResource } from './types.ts';

/** The path of a resource's list, of one object, or of a subresource of it. */
export function resourcePath(resource: ApiResource, namespace?: string, name?: string, subresource?: string): string {
  const root = groupOf(resource.apiVersion) === '' ? '/api' : '/apis';
  const parts = [root, resource.apiVersion];
  if (resource.namespaced && namespace !== undefined) parts.push('namespaces', encodeURIComponent(namespace));
  parts.push(resource.plural);
  if (name !== undefined) parts.push(encodeURIComponent(name));
  if (subresource !== undefined) parts.push(subresource);
  return parts.join('/');
}

/** A path with its query parameters; undefined ones are left out. */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  const text = search.toString();
  return text === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${text}`;
}

/** What a request asks for, read off its method, path and content type. */
export function requestInfo(method: string, path: string, contentType?: string): RequestInfo {
  const [route = '', search = ''] = path.split('?', 2);
  const parts = route.split('/').filter(Boolean).map(decodeURIComponent);
  const rest = parts[0] === 'api' ? parts.slice(2) : parts[0] === 'apis' ? parts.slice(3) : [];
  const scoped = rest[0] === 'namespaces' && rest.length > 2 && !NAMESPACE_SUBRESOURCES.includes(rest[2] ?? '');
  const namespace = scoped ? rest[1] : undefined;
  const [plural, name, ...sub] = scoped ? rest.slice(2) : rest;
  const resource = plural === undefined ? route : [plural, ...sub].join('/');
  const query = new URLSearchParams(search);
  const verb = query.has('dryRun') ? 'dry-run' : verbOf(method, name !== undefined, query.has('watch'), contentType);
  return { verb, resource, ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) };
}

const NAMESPACE_SUBRESOURCES = ['status', 'finalize'];

function verbOf(method: string, named: boolean, watch: boolean, contentType: string | undefined): string {
  if (method === 'GET') return watch ? 'watch' : named ? 'get' : 'list';
  if (method === 'PATCH') return contentType?.startsWith('application/apply-patch') ? 'apply' : 'patch';
  return { POST: 'create', PUT: 'update', DELETE: 'delete' }[method] ?? method.toLowerCase();
}
