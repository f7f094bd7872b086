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

/** `status.addresses`: one entry for each discovered URL, sorted by URL, named as KServe names them. */
export function addressesOf(urls: readonly DiscoveredUrl[], input: AddressInput): readonly Address[] {
  return sorted(urls).map(({ url, origin }) =>
    compact({ name: addressName(url, input.clusterDomain), url, origin, models: modelsOf(url, input) }),
  );
}

/**
 * `status.url`: an URL from outside the cluster before one from inside, one below `/<namespace>/<name>` before others,
 * `https` before `http`, then by the alphabet.
 */
export function primaryUrl(urls: readonly DiscoveredUrl[], input: AddressInput): string | undefined {
  const all = sorted(urls).map(({ url }) => url);
  const external = all.filter((url) => !isInternal(hostOf(url), input.clusterDomain));
  const reachable = external.length > 0 ? external : all;
  const own = reachable.filter((url) => isBelow(pathOf(url), `/${input.namespace}/${input.serviceName}`));
  const candidates = own.length > 0 ? own : reachable;
  return candidates.find((url) => url.startsWith('https://')) ?? candidates[0];
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
  return urls.toSorted((a, b) => (a.url < b.url ? -1 : a.url > b.url ? 1 : 0));
}
