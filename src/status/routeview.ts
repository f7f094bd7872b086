import {
  GATEWAY,
  GATEWAY_GROUP,
  type Gateway,
  type GatewayClass,
  type HTTPRoute,
  type Service,
} from '../api/children.ts';
import { view } from '../api/snapshot.ts';
import { type Identity, identityOf } from './observed.ts';

/** A reference of a route to a Gateway (or to another kind of parent), with its defaults filled in. */
export interface ParentRef {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly sectionName: string;
  readonly port: number;
}

export interface ReportedCondition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

export interface ParentStatus {
  readonly parentRef: ParentRef;
  readonly controllerName: string;
  readonly accepted?: ReportedCondition;
  readonly resolvedRefs?: ReportedCondition;
}

export interface RouteRule {
  readonly matches: readonly { readonly path: string; readonly headers: readonly string[] }[];
  /** What the matched path, or its prefix, is replaced with. */
  readonly replacement?: string;
  /** Whether a Service is among the backends. */
  readonly service: boolean;
}

export interface RouteState extends Identity {
  readonly namespace: string;
  readonly name: string;
  readonly hostnames: readonly string[];
  readonly parentRefs: readonly ParentRef[];
  readonly rules: readonly RouteRule[];
  readonly parents: readonly ParentStatus[];
}

export interface Listener {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly hostname: string;
  /** The gateway says that this listener does not serve, for example because its certificate is missing. */
  readonly down?: true;
}

export interface GatewayState {
  readonly className: string;
  readonly listeners: readonly Listener[];
  readonly addresses: readonly string[];
  readonly programmed?: Omit<ReportedCondition, 'observedGeneration'>;
}

export interface GatewayClassState {
  readonly controllerName: string;
  readonly accepted?: Omit<ReportedCondition, 'observedGeneration'>;
}

export interface BackingService {
  readonly name: string;
  readonly ports: readonly number[];
}

/** A route: what it asks for, and what gateways say about it, without the times at which they said so. */
export const ROUTE_VIEW = view<HTTPRoute, RouteState>('status/httproute', (route) => {
  const namespace = route.metadata.namespace ?? '';
  return {
    ...identityOf(route),
    namespace,
    name: route.metadata.name,
    hostnames: route.spec.hostnames ?? [],
    parentRefs: (route.spec.parentRefs ?? []).map((ref) => parentRefOf(ref, namespace)),
    rules: (route.spec.rules ?? []).map(ruleOf),
    parents: (route.status?.parents ?? []).map((parent) => ({
      parentRef: parentRefOf(parent.parentRef, namespace),
      controllerName: parent.controllerName,
      ...named('accepted', conditionOf(parent.conditions, 'Accepted')),
      ...named('resolvedRefs', conditionOf(parent.conditions, 'ResolvedRefs')),
    })),
  };
});

/** A Gateway without its counters, times and generation: those move without meaning anything to a route. */
export const GATEWAY_VIEW = view<Gateway, GatewayState>('status/gateway', (gateway) => ({
  className: gateway.spec.gatewayClassName,
  listeners: (gateway.spec.listeners ?? []).map(({ name, port, protocol, hostname }) => ({
    name,
    port,
    protocol,
    hostname: hostname ?? '',
    ...(isDown(gateway, name) ? { down: true as const } : {}),
  })),
  addresses: (gateway.status?.addresses ?? []).map(({ value }) => value).filter((value) => value !== ''),
  ...named('programmed', timeless(conditionOf(gateway.status?.conditions, 'Programmed'))),
}));

export const GATEWAY_CLASS_VIEW = view<GatewayClass, GatewayClassState>('status/gatewayclass', (gatewayClass) => ({
  controllerName: gatewayClass.spec.controllerName,
  ...named('accepted', timeless(conditionOf(gatewayClass.status?.conditions, 'Accepted'))),
}));

export const BACKING_SERVICE_VIEW = view<Service, BackingService>('status/backing-service', (service) => ({
  name: service.metadata.name,
  ports: (service.spec?.ports ?? []).map(({ port }) => port),
}));

function isDown({ status }: Gateway, listener: string): boolean {
  const reported = status?.listeners?.find(({ name }) => name === listener);
  return conditionOf(reported?.conditions, 'Programmed')?.status === 'False';
}

type Rule = NonNullable<NonNullable<HTTPRoute['spec']>['rules']>[number];
type RawParentRef = NonNullable<NonNullable<HTTPRoute['spec']>['parentRefs']>[number];
type RawCondition = {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
};

function parentRefOf(ref: RawParentRef, routeNamespace: string): ParentRef {
  return {
    group: ref.group ?? GATEWAY_GROUP,
    kind: ref.kind ?? GATEWAY.kind,
    namespace: ref.namespace ?? routeNamespace,
    name: ref.name,
    sectionName: ref.sectionName ?? '',
    port: ref.port ?? 0,
  };
}

function ruleOf(rule: Rule): RouteRule {
  const rewrite = (rule.filters ?? []).find((filter) => filter.urlRewrite?.path)?.urlRewrite?.path;
  const replacement = rewrite?.replacePrefixMatch ?? rewrite?.replaceFullPath;
  return {
    matches: (rule.matches ?? []).map((match) => ({
      path: match.path?.value ?? '/',
      headers: (match.headers ?? []).map(({ name }) => name),
    })),
    ...named('replacement', replacement),
    service: (rule.backendRefs ?? []).some(({ kind = 'Service' }) => kind === 'Service'),
  };
}

export function conditionOf(
  conditions: readonly RawCondition[] | undefined,
  type: string,
): ReportedCondition | undefined {
  const found = conditions?.find((condition) => condition.type === type);
  return (
    found && {
      status: found.status,
      reason: found.reason ?? '',
      message: found.message ?? '',
      observedGeneration: found.observedGeneration ?? 0,
    }
  );
}

function timeless(condition: ReportedCondition | undefined): Omit<ReportedCondition, 'observedGeneration'> | undefined {
  return condition && { status: condition.status, reason: condition.reason, message: condition.message };
}

function named<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T };
}
