import type { ObjectReference } from '../api/llmisvc.ts';
import type { Settings } from '../api/settings.ts';
import type { BackingService, GatewayState, Listener, ParentRef, RouteRule, RouteState } from './routeview.ts';

export interface DiscoveredUrl {
  /** Base to which a client appends `/v1/chat/completions`; no trailing slash. */
  readonly url: string;
  readonly origin: ObjectReference;
}

export interface ResolvedGateway {
  readonly parentRef: ParentRef;
  readonly gateway: GatewayState;
  /** The Service in front of the proxies, when it lies in the Gateway's namespace. */
  readonly service?: BackingService;
}

type UrlSettings = Pick<Settings, 'clusterDomain' | 'wildcardHostname' | 'modelBasedRoutingHeaderName'>;

/**
 * All base URLs of a route, by gateway, path and listener, as KServe discovers them: from the paths and hostnames of the
 * route, the listeners and the reported addresses of its Gateways. Nothing is made up: a Gateway without an address and
 * without a Service of its own gives no URL, and neither does a listener that is reported not to serve.
 */
export function discoverUrls(
  route: Pick<RouteState, 'hostnames' | 'rules'>,
  gateways: readonly ResolvedGateway[],
  settings: UrlSettings,
): readonly DiscoveredUrl[] {
  const paths = basePaths(route.rules, settings.modelBasedRoutingHeaderName);
  return gateways.flatMap(({ parentRef, gateway, service }) => {
    const listeners = listenersOf(gateway, parentRef);
    const urls = paths.flatMap((path) => [
      ...listeners.flatMap((listener) => external(listener, route.hostnames, gateway, settings, path)),
      ...listeners.flatMap((listener) => internal(listener, service, parentRef.namespace, settings, path)),
    ]);
    const { group, kind, name, namespace } = parentRef;
    return [...new Set(urls)].map((url) => ({ url, origin: { group, kind, name, namespace } }));
  });
}

/**
 * The base paths of a route: one for requests by path, one for requests by publisher, and one for requests by model
 * header, each the shallowest, then the shortest; rules with a Service behind them go first. The root is the empty string.
 */
export function basePaths(rules: readonly RouteRule[], modelHeader: string): readonly string[] {
  const candidates = rules.flatMap((rule) =>
    rule.matches.map((match) => ({ ...match, service: rule.service, base: baseOf(match.path, rule.replacement) })),
  );
  const headers = (names: readonly string[]): boolean =>
    names.some((name) => name.toLowerCase() === modelHeader.toLowerCase());
  const byPath = candidates.filter((candidate) => candidate.headers.length === 0);
  const chosen = [
    byPath.filter(({ path }) => !path.startsWith('/publishers/')),
    byPath.filter(({ path }) => path.startsWith('/publishers/')),
    candidates.filter((candidate) => headers(candidate.headers)),
  ].flatMap((bucket) => {
    const services = bucket.filter(({ service }) => service);
    const [first] = (services.length > 0 ? services : bucket).map(({ base }) => base).sort(byDepth);
    return first === undefined ? [] : [first];
  });
  return chosen.length === 0 ? [''] : [...new Set(chosen.sort(byDepth))];
}

/**
 * The path that a client starts from. Where the rule rewrites `/ns/name/v1` to `/v1`, the client appends that `/v1`
 * itself, so it is not part of the base.
 */
function baseOf(path: string, replacement: string | undefined): string {
  const rewritten = replacement !== undefined && path.endsWith(replacement);
  return (rewritten ? path.slice(0, -replacement.length) : path).replace(/\/+$/, '');
}

function byDepth(a: string, b: string): number {
  return a.split('/').length - b.split('/').length || a.length - b.length;
}

function listenersOf(gateway: GatewayState, parentRef: ParentRef): readonly Listener[] {
  return gateway.listeners.filter(
    (listener) =>
      schemeOf(listener) !== undefined &&
      !listener.down &&
      (parentRef.sectionName === '' || listener.name === parentRef.sectionName) &&
      (parentRef.port === 0 || listener.port === parentRef.port),
  );
}

function schemeOf(listener: Listener): 'http' | 'https' | undefined {
  switch (listener.protocol) {
    case 'HTTP':
      return 'http';
    case 'HTTPS':
    case 'TLS':
      return 'https';
    default:
      return undefined;
  }
}

function external(
  listener: Listener,
  hostnames: readonly string[],
  gateway: GatewayState,
  settings: UrlSettings,
  path: string,
): string[] {
  if (gateway.addresses.length === 0) return [];
  return hostsOf(listener, hostnames, gateway)
    .map((host) => (host.startsWith('*.') ? `${settings.wildcardHostname}${host.slice(1)}` : host))
    .sort()
    .map((host) => format(listener, host, path));
}

/** Route hostnames that the listener serves, else the listener's own, else the addresses. */
function hostsOf(listener: Listener, hostnames: readonly string[], gateway: GatewayState): readonly string[] {
  const own = hostnames.filter((hostname) => hostname !== '' && hostname !== '*');
  if (own.length > 0) return own.flatMap((hostname) => intersection(hostname, listener.hostname));
  return listener.hostname === '' || listener.hostname === '*' ? gateway.addresses : [listener.hostname];
}

/** The more specific of two hostnames that have hosts in common. */
function intersection(hostname: string, listener: string): string[] {
  if (listener === '' || listener === '*' || covers(listener, hostname)) return [hostname];
  return covers(hostname, listener) ? [listener] : [];
}

function covers(pattern: string, hostname: string): boolean {
  return pattern === hostname || (pattern.startsWith('*.') && hostname.endsWith(pattern.slice(1)));
}

function internal(
  listener: Listener,
  service: BackingService | undefined,
  namespace: string,
  settings: UrlSettings,
  path: string,
): string[] {
  if (!service || (service.ports.length > 0 && !service.ports.includes(listener.port))) return [];
  return [format(listener, `${service.name}.${namespace}.svc.${settings.clusterDomain}`, path)];
}

function format(listener: Listener, host: string, path: string): string {
  const scheme = schemeOf(listener) ?? 'http';
  const usual = listener.port === 0 || listener.port === (scheme === 'https' ? 443 : 80);
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${scheme}://${bracketed}${usual ? '' : `:${listener.port}`}${path}`;
}
