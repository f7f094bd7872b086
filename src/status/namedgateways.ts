import { GATEWAY } from '../api/children.ts';
import type { Problem } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import type { Answer } from '../api/snapshot.ts';
import type { Effective } from '../config/effective.ts';
import type { ConditionType, Finding } from './conditions.ts';
import { type GatewayName, gatewayFinding, isGateway, keyOf } from './gateways.ts';
import type { GatewayState } from './routeview.ts';
import type { ObservedRoute, RoutingInput } from './routes.ts';

/** The Gateways that the service names and those that its routes name, each once. */
export function gatewaysOf(routes: readonly ObservedRoute[], effective: Effective): readonly GatewayName[] {
  const namespace = effective.service.metadata.namespace ?? '';
  // A reference without a name is an invalid field, which has been said by then.
  const named = (effective.spec.router?.gateway?.refs ?? [])
    .filter((ref) => ref.name)
    .map((ref) => ({ name: ref.name, namespace: ref.namespace ?? namespace }));
  const parents = routes.flatMap(({ wanted }) => wanted?.parentRefs.filter(isGateway) ?? []);
  const all = [...named, ...parents].map((gateway) => ({ namespace: gateway.namespace, name: gateway.name }));
  return [...new Map(all.map((gateway) => [keyOf(gateway), gateway])).values()];
}

export interface Judgement {
  readonly condition: ConditionType;
  readonly finding?: Finding;
  readonly problem?: Problem;
}

/** Gateways that the service names have a condition of their own; the others belong to that of the route. */
export function judgeGateway(
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
