import { HTTP_ROUTE } from '../api/children.ts';
import type { LLMInferenceServiceStatus } from '../api/llmisvc.ts';
import type { Problem } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import type { Answer } from '../api/snapshot.ts';
import { WORKLOAD_PORT, workloadServiceName } from '../api/wellknown.ts';
import type { Effective } from '../config/effective.ts';
import { addressesOf, primaryUrl } from './addresses.ts';
import { assessBackendTLS } from './backendtls.ts';
import type { ConditionType, Finding, Findings } from './conditions.ts';
import { type GatewayName, isGateway, keyOf, readBackingService, readGateway } from './gateways.ts';
import { gatewaysOf, judgeGateway } from './namedgateways.ts';
import { type RoutingInput, routeFindings, routesOf } from './routes.ts';
import type { GatewayState, ParentRef, RouteState } from './routeview.ts';
import { type DiscoveredUrl, discoverUrls } from './url.ts';

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
  const { effective, plan, settings, snapshot } = input;
  const { name, namespace = '' } = effective.service.metadata;
  const routes = routesOf(input);
  if (routes.length === 0 && !effective.combined) return undecided(effective);

  const gateways = gatewaysOf(routes, effective);
  const answers = new Map(gateways.map((gateway) => [keyOf(gateway), readGateway(gateway, snapshot)]));
  const judged = gateways.map((gateway) => judgeGateway(gateway, answers.get(keyOf(gateway)), routes, input));
  const urls = routes.flatMap(({ live }) => (live ? urlsOf(live, answers, input) : []));
  const ofRoutes = routes.flatMap((route) => routeFindings(route, answers, input));
  const gatewayFindings = (condition: ConditionType): Finding[] =>
    judged
      .filter((judgement) => judgement.condition === condition)
      .flatMap(({ finding }) => (finding ? [finding] : []));

  const routed = effective.spec.router?.route !== undefined || routes.length > 0;
  const backendTLS = assessBackendTLS(plan, snapshot);
  const httpRoutes = [...backendTLS.findings, ...ofRoutes, ...gatewayFindings('HTTPRoutesReady')];
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
    problems: [...[...judged, ...routes].flatMap(({ problem }) => (problem ? [problem] : [])), ...backendTLS.problems],
    status: routed
      ? {
          ...(url === undefined ? {} : { url }),
          addresses: addressesOf(urls, named),
          ...routerStatus(routes.flatMap(({ live }) => (live ? [live] : []))),
        }
      : { addresses: [{ url: clusterLocalUrl(name, namespace, settings) }] },
  };
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
  const host = `${workloadServiceName(name)}.${namespace}.svc.${clusterDomain}`;
  return `${enableTLS ? 'https' : 'http'}://${host}:${WORKLOAD_PORT}`;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
