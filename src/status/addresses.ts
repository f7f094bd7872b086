import type { Address } from '../api/llmisvc.ts';
import { compact } from '../api/object.ts';
import { publishedName } from '../api/wellknown.ts';
import type { DiscoveredUrl } from './url.ts';

export interface AddressInput {
  readonly namespace: string;
  readonly serviceName: string;
  readonly modelName: string;
  readonly clusterDomain: string;
}

/** `status.addresses`: one entry for each discovered URL, in KServe's order and with its names. */
export function addressesOf(urls: readonly DiscoveredUrl[], input: AddressInput): readonly Address[] {
  return sorted(urls).map(({ url, origin }) =>
    compact({ name: addressName(url, input.clusterDomain), url, origin, models: modelsOf(url, input) }),
  );
}

/**
 * `status.url`: an URL from outside the cluster before one from inside, one below `/<namespace>/<name>` before others, a
 * hostname that the route has in full before one of its wildcards, `https` before `http`, then the first in the order of addresses.
 */
export function primaryUrl(urls: readonly DiscoveredUrl[], input: AddressInput): string | undefined {
  const preferences: readonly ((one: DiscoveredUrl) => boolean)[] = [
    ({ url }) => !isInternal(hostOf(url), input.clusterDomain),
    ({ url }) => isBelow(pathOf(url), `/${input.namespace}/${input.serviceName}`),
    ({ literal }) => !literal.includes('://*.'),
    ({ url }) => url.startsWith('https://'),
  ];
  return preferences.reduce(preferring, sorted(urls))[0]?.url;
}

function preferring<T>(all: readonly T[], isPreferred: (one: T) => boolean): readonly T[] {
  const preferred = all.filter(isPreferred);
  return preferred.length > 0 ? preferred : all;
}

/** The name of an address, from host and path of its URL. */
export function addressName(url: string, clusterDomain: string): string {
  const host = hostOf(url);
  const place = host.endsWith(clusterDomain)
    ? 'gateway-internal'
    : isInternal(host, clusterDomain)
      ? 'internal'
      : 'gateway-external';
  return isRoot(url) ? `${place}-model-routing` : place;
}

function modelsOf(url: string, { namespace, modelName }: AddressInput): { readonly name: string }[] {
  const qualified = { name: publishedName(namespace, modelName) };
  return isRoot(url) ? [qualified] : [qualified, { name: modelName }];
}

function isInternal(host: string, clusterDomain: string): boolean {
  return (
    host === 'localhost' ||
    [clusterDomain, '.local', '.localhost', '.internal'].some((suffix) => host.endsWith(suffix)) ||
    isPrivateAddress(host)
  );
}

/** RFC 1918 and RFC 4193. Loopback and link-local addresses are not private: whoever uses them means them. */
function isPrivateAddress(host: string): boolean {
  if (host.includes(':')) return /^f[cd][0-9a-f]{2}:/.test(host);
  const octets = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(host);
  if (!octets) return false;
  const [first, second] = [Number(octets[1]), Number(octets[2])];
  return first === 10 || (first === 172 && second >= 16 && second <= 31) || (first === 192 && second === 168);
}

/** Lower case, without port and brackets. */
function hostOf(url: string): string {
  const authority = /^[a-z]+:\/\/(?:\[([^\]]*)\]|([^:/]*))/.exec(url);
  return (authority?.[1] ?? authority?.[2] ?? '').toLowerCase();
}

function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/]*/, '');
}

function isRoot(url: string): boolean {
  return ['', '/'].includes(pathOf(url));
}

function isBelow(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`);
}

function sorted(urls: readonly DiscoveredUrl[]): readonly DiscoveredUrl[] {
  return urls.toSorted((a, b) => (a.literal < b.literal ? -1 : a.literal > b.literal ? 1 : 0));
}
