import type { ObjectReference } from '../api/llmisvc.ts';
import type { Settings } from '../api/settings.ts';
import type { BackingService, GatewayState, Listener, ParentRef, RouteRule, RouteState } from './routeview.ts';

export interface DiscoveredUrl {
  /** Base to which a client appends `/v1/chat/completions`; no trailing slash. */
  readonly url: string;
  /** As KServe writes it, which decides about the order: with `*.` of the route, and with the whole path of its match. */
  readonly literal: string;
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
    const found = paths.flatMap((path) => [
      ...listeners.flatMap((listener) => external(listener, route.hostnames, gateway, settings, path)),
      ...listeners.flatMap((listener) => internal(listener, service, parentRef.namespace, settings, path)),
    ]);
    const { group, kind, name, namespace } = parentRef;
    const origin = { group, kind, name, namespace };
    const first = (url: string): number => found.findIndex((one) => one.url === url);
    return found.filter(({ url }, index) => first(url) === index).map((one) => ({ ...one, origin }));
  });
}

/** Where a client starts from, the root being the empty string, and the path of the match that it comes from. */
export interface BasePath {
  readonly base: string;
  readonly path: string;
}

/**
 * The base paths of a route: one for requests by path, one for requests by publisher, and one for requests by model
 * header, each the shallowest, then the shortest; rules with a Service behind them go first. Names of headers are compared
 * as they are written, as when the route is rendered.
 */
export function basePaths(rules: readonly RouteRule[], modelHeader: string): readonly BasePath[] {
  const candidates = rules.flatMap(({ matches, replacement, service }) =>
    matches.map((match) => ({ ...match, service, base: baseOf(match.path, replacement) })),
  );
  const byPath = candidates.filter((candidate) => candidate.headers.length === 0);
  const chosen = [
    byPath.filter(({ path }) => !path.startsWith('/publishers/')),
    byPath.filter(({ path }) => path.startsWith('/publishers/')),
    candidates.filter(({ headers }) => headers.includes(modelHeader)),
  ].flatMap((bucket) => {
    const services = bucket.filter(({ service }) => service);
    const [first] = (services.length > 0 ? services : bucket).toSorted(byDepth);
    return first === undefined ? [] : [{ base: first.base, path: first.path }];
  });
  return chosen.length === 0 ? [{ base: '', path: '/' }] : chosen.sort(byDepth);
}

/**
 * The path that a client starts from. Where the rule rewrites `/ns/name/v1` to `/v1`, the client appends that `/v1`
 * itself, so it is not part of the base. Any other path is the user's own word.
 */
function baseOf(path: string, replacement = ''): string {
  const appended = /^\/v1(\/|$)/.test(replacement) && path.endsWith(replacement) && path !== replacement;
  return (appended ? path.slice(0, -replacement.length) : path).replace(/\/+$/, '');
}

function byDepth(a: BasePath, b: BasePath): number {
  return a.path.split('/').length - b.path.split('/').length || a.path.length - b.path.length;
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

type Spelled = Pick<DiscoveredUrl, 'url' | 'literal'>;

function external(
  listener: Listener,
  hostnames: readonly string[],
  gateway: GatewayState,
  settings: UrlSettings,
  path: BasePath,
): Spelled[] {
  if (gateway.addresses.length === 0) return [];
  return hostsOf(listener, hostnames, gateway, settings)
    .toSorted((a, b) => (a.host < b.host ? -1 : 1))
    .map(({ host, literal }) => spelled(listener, host, literal, path));
}

interface Host {
  readonly host: string;
  readonly literal: string;
}

/** Route hostnames that the listener serves, else the listener's own, else the addresses. */
function hostsOf(
  listener: Listener,
  hostnames: readonly string[],
  gateway: GatewayState,
  { wildcardHostname }: UrlSettings,
): readonly Host[] {
  const callable = (host: string): string => (host.startsWith('*.') ? `${wildcardHostname}${host.slice(1)}` : host);
  const own = hostnames.filter((hostname) => hostname !== '' && hostname !== '*');
  if (own.length > 0) {
    return own.flatMap((literal) =>
      intersection(literal, listener.hostname).map((host) => ({ host: callable(host), literal })),
    );
  }
  const others = listener.hostname === '' || listener.hostname === '*' ? gateway.addresses : [listener.hostname];
  return others.map(callable).map((host) => ({ host, literal: host }));
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
  path: BasePath,
): Spelled[] {
  if (!service || (service.ports.length > 0 && !service.ports.includes(listener.port))) return [];
  const host = `${service.name}.${namespace}.svc.${settings.clusterDomain}`;
  return [spelled(listener, host, host, path)];
}

function spelled(listener: Listener, host: string, literalHost: string, { base, path }: BasePath): Spelled {
  return { url: format(listener, host, base), literal: format(listener, literalHost, path) };
}

function format(listener: Listener, host: string, path: string): string {
  const scheme = schemeOf(listener) ?? 'http';
  const usual = listener.port === 0 || listener.port === (scheme === 'https' ? 443 : 80);
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${scheme}://${bracketed}${usual ? '' : `:${listener.port}`}${path}`;
}
