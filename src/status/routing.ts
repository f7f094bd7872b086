import { GATEWAY, HTTP_ROUTE, type HTTPRoute } from '../api/children.ts';
import type { LLMInferenceServiceStatus } from '../api/llmisvc.ts';
import type { KubeObject, Ref } from '../api/object.ts';
import type { Outcome } from '../api/outcome.ts';
import type { Problem } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import type { Answer, Snapshot } from '../api/snapshot.ts';
import { routeName, workloadServiceName } from '../api/wellknown.ts';
import type { Effective } from '../config/effective.ts';
import type { Plan } from '../render/plan.ts';
import { addressesOf, primaryUrl } from './addresses.ts';
import type { ConditionType, Finding, Findings } from './conditions.ts';
import { type GatewayName, gatewayFinding, isGateway, readBackingService, readGateway } from './gateways.ts';
import { observeChild } from './observed.ts';
import { parentFinding } from './parents.ts';
import { type GatewayState, type ParentRef, ROUTE_VIEW, type RouteState } from './routeview.ts';
import { type DiscoveredUrl, discoverUrls } from './url.ts';

export interface RoutingInput {
  readonly effective: Effective;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  readonly snapshot: Snapshot;
  readonly settings: Settings;
}

export interface RoutingAssessment {
  readonly findings: Findings;
  readonly problems: readonly Problem[];
  readonly status: Pick<LLMInferenceServiceStatus, 'url' | 'addresses' | 'router'>;
}

/**
 * How the service is reached: the conditions of its Gateways and HTTPRoutes, and the URLs that follow from what those
 * report. Without a route the address is that of the workload Service inside the cluster, and there is no URL.
 */
export function assessRouting(input: RoutingInput): RoutingAssessment {
  const { effective, settings, snapshot } = input;
  const { name, namespace = '' } = effective.service.metadata;
  const routes = routesOf(input);
  if (routes.length === 0 && !effective.combined) return undecided(effective);

  const gateways = gatewaysOf(routes, effective);
  const answers = new Map(gateways.map((gateway) => [keyOf(gateway), readGateway(gateway, snapshot)]));
  const judged = gateways.map((gateway) => judgeGateway(gateway, answers.get(keyOf(gateway)), routes, input));
  const urls = routes.flatMap(({ live }) => (live ? urlsOf(live, answers, input) : []));
  const routeFindings = routes.flatMap((route) => routeFinding(route, answers, input));
  const gatewayFindings = (condition: ConditionType): Finding[] =>
    judged
      .filter((judgement) => judgement.condition === condition)
      .flatMap(({ finding }) => (finding ? [finding] : []));

  const routed = effective.spec.router?.route !== undefined || routes.length > 0;
  const httpRoutes = [...routeFindings, ...gatewayFindings('HTTPRoutesReady')];
  const named = {
    namespace,
    serviceName: name,
    modelName: effective.spec.model?.name ?? name,
    clusterDomain: settings.clusterDomain,
  };
  const url = primaryUrl(urls, named);
  return {
    findings: {
      GatewaysReady: gatewayFindings('GatewaysReady'),
      HTTPRoutesReady: routed ? [...httpRoutes, ...withoutUrl(url, httpRoutes, gateways)] : [],
    },
    problems: [...judged, ...routes].flatMap(({ problem }) => (problem ? [problem] : [])),
    status: routed
      ? {
          ...(url === undefined ? {} : { url }),
          addresses: addressesOf(urls, named),
          ...routerStatus(routes.flatMap(({ live }) => (live ? [live] : []))),
        }
      : { addresses: [{ url: clusterLocalUrl(name, namespace, settings) }] },
  };
}

interface ObservedRoute {
  readonly ref: Ref;
  /** The route in the API server. */
  readonly live?: RouteState;
  /** The route as it is or, before it exists, as it shall be. */
  readonly wanted?: RouteState;
  readonly managed: boolean;
  readonly missing?: Exclude<Answer<unknown>['state'], 'found'>;
  readonly problem?: Problem;
}

/** Referenced routes, else the managed one; none for a service without a route. */
function routesOf({ effective, plan, outcomes, snapshot }: RoutingInput): readonly ObservedRoute[] {
  const { name, namespace = '', uid } = effective.service.metadata;
  const refs = effective.spec.router?.route?.http?.refs ?? [];
  if (refs.length > 0) {
    return refs.map((ref, index) =>
      referenced({ ...HTTP_ROUTE, namespace, name: ref.name }, `spec.router.route.http.refs[${index}]`, snapshot),
    );
  }
  const child = plan.children.find(({ object }) => object.kind === HTTP_ROUTE.kind)?.object;
  if (effective.combined && !child && effective.spec.router?.route === undefined) return [];
  const ref: Ref = { ...HTTP_ROUTE, namespace, name: child?.metadata.name ?? routeName(name) };
  const answer = observeChild<HTTPRoute, RouteState>(ref, ROUTE_VIEW, { snapshot, outcomes, serviceUid: uid });
  if (answer.state === 'found') return [{ ref, live: answer.value, wanted: answer.value, managed: true }];
  if (!effective.combined) return [];
  const wanted = child && ROUTE_VIEW.of(child as KubeObject as HTTPRoute);
  return [{ ref, managed: true, missing: answer.state, ...(wanted ? { wanted } : {}), ...unserved(ref, answer.state) }];
}

function referenced(ref: Ref, path: string, snapshot: Snapshot): ObservedRoute {
  const { name, namespace = '' } = ref;
  const answer = snapshot.get<HTTPRoute, RouteState>(ref, ROUTE_VIEW);
  if (answer.state === 'found') {
    const orphan = answer.value.parentRefs.length === 0;
    const problem: Problem = { code: 'HTTPRouteWithoutParents', namespace, name, path };
    return { ref, managed: false, live: answer.value, wanted: answer.value, ...(orphan ? { problem } : {}) };
  }
  if (answer.state !== 'absent') return { ref, managed: false, missing: answer.state, ...unserved(ref, answer.state) };
  return { ref, managed: false, missing: 'absent', problem: { code: 'HTTPRouteNotFound', namespace, name, path } };
}

function unserved({ apiVersion, kind }: Ref, state: string): { readonly problem?: Problem } {
  return state === 'unserved' ? { problem: { code: 'ApiNotServed', part: 'route', apiVersion, kind } } : {};
}

function routeFinding(
  route: ObservedRoute,
  gateways: ReadonlyMap<string, Answer<GatewayState>>,
  { plan, snapshot }: RoutingInput,
): readonly Finding[] {
  const name = `HTTPRoute ${route.ref.namespace}/${route.ref.name}`;
  const { live } = route;
  if (!live) {
    const held = plan.held.has('route');
    const why = {
      forbidden: `The operator may not read ${name}.`,
      unknown: `${name} is being read.`,
      unserved: `${name} cannot exist before the Gateway API is installed.`,
      absent: held ? `${name} is not created before the problems are solved.` : `${name} does not exist yet.`,
    }[route.missing ?? 'absent'];
    return [{ status: 'Unknown', reason: route.missing === 'forbidden' ? 'Forbidden' : 'Progressing', message: why }];
  }
  if (live.parentRefs.length === 0 && route.managed) {
    return [
      {
        status: 'False',
        reason: 'HTTPRoutesNotReady',
        message: `${name} belongs to no Gateway: name one in spec.router.gateway.refs.`,
      },
    ];
  }
  return live.parentRefs.map((parentRef) => {
    const answer = isGateway(parentRef) ? gateways.get(keyOf(parentRef)) : undefined;
    if (answer && answer.state === 'absent') return waitsForGateway(name, parentRef);
    return parentFinding(live, parentRef, answer?.state === 'found' ? answer.value : undefined, snapshot);
  });
}

function waitsForGateway(route: string, { namespace, name }: GatewayName): Finding {
  const message = `${route} waits for Gateway ${namespace}/${name}, which does not exist.`;
  return { status: 'Unknown', reason: 'GatewayPreconditionNotMet', message };
}

/** The Gateways that the service names and those that its routes name, each once. */
function gatewaysOf(routes: readonly ObservedRoute[], effective: Effective): readonly GatewayName[] {
  const namespace = effective.service.metadata.namespace ?? '';
  const named = (effective.spec.router?.gateway?.refs ?? []).map((ref) => ({
    name: ref.name,
    namespace: ref.namespace ?? namespace,
  }));
  const parents = routes.flatMap(({ wanted }) => wanted?.parentRefs.filter(isGateway) ?? []);
  const all = [...named, ...parents].map((gateway) => ({ namespace: gateway.namespace, name: gateway.name }));
  return [...new Map(all.map((gateway) => [keyOf(gateway), gateway])).values()];
}

interface Judgement {
  readonly condition: ConditionType;
  readonly finding?: Finding;
  readonly problem?: Problem;
}

/** Gateways that the service names have a condition of their own; the others belong to that of the route. */
function judgeGateway(
  gateway: GatewayName,
  answer: Answer<GatewayState> | undefined,
  routes: readonly ObservedRoute[],
  { effective, settings, snapshot }: RoutingInput,
): Judgement {
  const { namespace, name } = gateway;
  const serviceNamespace = effective.service.metadata.namespace ?? '';
  const refs = effective.spec.router?.gateway?.refs ?? [];
  const index = refs.findIndex((ref) => ref.name === name && (ref.namespace ?? serviceNamespace) === namespace);
  const condition = refs.length > 0 ? 'GatewaysReady' : 'HTTPRoutesReady';
  if (answer?.state === 'found') {
    const finding = gatewayFinding(gateway, answer.value, snapshot);
    if (condition === 'GatewaysReady') return { condition, finding };
    if (finding.status === 'True') return { condition };
    return {
      condition,
      finding: { ...finding, reason: finding.status === 'False' ? 'GatewayPreconditionNotMet' : 'Progressing' },
    };
  }
  if (answer?.state === 'absent') {
    const path = index >= 0 ? `spec.router.gateway.refs[${index}]` : gatewayPath(gateway, routes, settings);
    return {
      condition,
      problem: { code: 'GatewayNotFound', namespace, name, ...(path === undefined ? {} : { path }) },
    };
  }
  if (answer?.state === 'unserved') {
    return { condition, problem: { code: 'ApiNotServed', part: refs.length > 0 ? 'gateway' : 'route', ...GATEWAY } };
  }
  const forbidden = answer?.state === 'forbidden';
  const message = forbidden
    ? `The operator may not read Gateway ${namespace}/${name}: serve its namespace, or give the right to get Gateways there.`
    : `Gateway ${namespace}/${name} is being read.`;
  return { condition, finding: { status: 'Unknown', reason: forbidden ? 'Forbidden' : 'Progressing', message } };
}

/** Where a Gateway is named that is not among the refs of the service; undefined for the default of the settings. */
function gatewayPath(
  { namespace, name }: GatewayName,
  routes: readonly ObservedRoute[],
  settings: Settings,
): string | undefined {
  const naming = routes.find(({ wanted }) =>
    wanted?.parentRefs.some((parent) => parent.namespace === namespace && parent.name === name),
  );
  if (naming && !naming.managed) return `spec.parentRefs of HTTPRoute ${naming.ref.namespace}/${naming.ref.name}`;
  const isDefault = settings.ingressGateway.namespace === namespace && settings.ingressGateway.name === name;
  return isDefault ? undefined : 'spec.router.route.http.spec.parentRefs';
}

function urlsOf(
  route: RouteState,
  answers: ReadonlyMap<string, Answer<GatewayState>>,
  { settings, snapshot }: RoutingInput,
): readonly DiscoveredUrl[] {
  const resolved = route.parentRefs.filter(isGateway).flatMap((parentRef: ParentRef) => {
    const answer = answers.get(keyOf(parentRef));
    if (answer?.state !== 'found') return [];
    const service = readBackingService(parentRef, snapshot);
    return [{ parentRef, gateway: answer.value, ...(service ? { service } : {}) }];
  });
  return discoverUrls(route, resolved, settings);
}

/** A route that is fine but leads nowhere is not called ready. */
function withoutUrl(
  url: string | undefined,
  others: readonly Finding[],
  gateways: readonly GatewayName[],
): readonly Finding[] {
  if (url !== undefined || gateways.length === 0 || others.some(({ status }) => status !== 'True')) return [];
  const names = gateways.map(({ namespace, name }) => `${namespace}/${name}`).join(' ');
  const message = `No URL is known: none of the Gateways [${names}] has an address in its status and a listener for HTTP or HTTPS that fits the hostnames of the route.`;
  return [{ status: 'Unknown', reason: 'HTTPRoutesNotReady', message }];
}

/** `status.router.gateways`, from what the routes name; nothing is looked up. */
function routerStatus(routes: readonly RouteState[]): Pick<LLMInferenceServiceStatus, 'router'> {
  if (routes.length === 0) return {};
  const parents = routes.flatMap((route) => route.parentRefs.filter(isGateway).map((parent) => ({ parent, route })));
  const byKey = Map.groupBy(parents, ({ parent }) => keyOf(parent));
  const gateways = [...byKey.keys()].sort().flatMap((key) => {
    const entries = byKey.get(key) ?? [];
    const [first] = entries;
    if (!first) return [];
    const { group, kind, name, namespace } = first.parent;
    const listeners = unique(entries.map(({ parent }) => parent.sectionName).filter((section) => section !== ''));
    const httpRoutes = unique(entries.map(({ route }) => `${route.name}\n${route.namespace}`)).map((text) => {
      const [routeNamed = '', routeNamespace = ''] = text.split('\n');
      return { group, kind: HTTP_ROUTE.kind, name: routeNamed, namespace: routeNamespace };
    });
    return [{ group, kind, name, namespace, ...(listeners.length > 0 ? { listeners } : {}), httpRoutes }];
  });
  return { router: { gateways } };
}

/** Before the spec is known nothing is changed in the cluster, so what was said about it stays. */
function undecided(effective: Effective): RoutingAssessment {
  const { url, addresses, router } = effective.service.status ?? {};
  return {
    findings: {},
    problems: [],
    status: {
      ...(url === undefined ? {} : { url }),
      ...(addresses ? { addresses } : {}),
      ...(router ? { router } : {}),
    },
  };
}

function clusterLocalUrl(name: string, namespace: string, { clusterDomain, enableTLS }: Settings): string {
  return `${enableTLS ? 'https' : 'http'}://${workloadServiceName(name)}.${namespace}.svc.${clusterDomain}`;
}

function keyOf({ namespace, name }: GatewayName): string {
  return `${namespace}/${name}`;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
