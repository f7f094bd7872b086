import { HTTP_ROUTE, type HTTPRoute } from '../api/children.ts';
import type { KubeObject, Ref } from '../api/object.ts';
import type { Outcome } from '../api/outcome.ts';
import type { Problem } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import type { Answer, Snapshot } from '../api/snapshot.ts';
import { routeName } from '../api/wellknown.ts';
import type { Effective } from '../config/effective.ts';
import type { Plan } from '../render/plan.ts';
import type { Finding } from './conditions.ts';
import { type GatewayName, isGateway, keyOf } from './gateways.ts';
import { observeChild } from './observed.ts';
import { parentFinding } from './parents.ts';
import { type GatewayState, ROUTE_VIEW, type RouteState } from './routeview.ts';

export interface RoutingInput {
  readonly effective: Effective;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  readonly snapshot: Snapshot;
  readonly settings: Settings;
}

export interface ObservedRoute {
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
export function routesOf({ effective, plan, outcomes, snapshot }: RoutingInput): readonly ObservedRoute[] {
  const { name, namespace = '', uid } = effective.service.metadata;
  const refs = effective.spec.router?.route?.http?.refs ?? [];
  if (refs.length > 0) {
    // A reference without a name is an invalid field, which has been said by then.
    return refs.flatMap((ref, index) =>
      ref.name
        ? [referenced({ ...HTTP_ROUTE, namespace, name: ref.name }, `spec.router.route.http.refs[${index}]`, snapshot)]
        : [],
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

/** What the Gateways of a route say about it, one finding for each; what is missing while the route does not exist. */
export function routeFindings(
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
