import { HTTP_ROUTE, type HTTPRoute } from '../../api/children.ts';
import { compact } from '../../api/object.ts';
import type { Settings } from '../../api/settings.ts';
import { type Snapshot, view } from '../../api/snapshot.ts';
import { routeName } from '../../api/wellknown.ts';
import type { Effective } from '../../config/effective.ts';
import { routeLabels } from '../labels.ts';
import { ownerReference, type Rendered } from '../plan.ts';
import { withDefaults } from './defaults.ts';
import { stripModelBasedRouting, usesModelBasedRouting, withAdapterMatches } from './modelbased.ts';

const exists = view('render/httproute-exists', (_route: HTTPRoute) => true);

/**
 * The HTTPRoute that publishes the service under its path. Its rules, the rewrite among them, come from
 * `router.route.http.spec` of the merged spec, which a preset supplies. There is none without `router.route`, nor beside
 * routes of the user (`http.refs`). Problem: ApiNotServed where the Gateway API is not installed.
 */
export function renderHTTPRoute(effective: Effective, snapshot: Snapshot, settings: Settings): Rendered {
  const { service, spec } = effective;
  const http = spec.router?.route?.http;
  if (!http?.spec) return { problems: [], held: false };

  const name = routeName(service.metadata.name);
  const namespace = service.metadata.namespace;
  if (snapshot.get({ ...HTTP_ROUTE, namespace: namespace ?? '', name }, exists).state === 'unserved') {
    return { problems: [{ code: 'ApiNotServed', part: 'route', ...HTTP_ROUTE }], held: true };
  }
  const modelBased = usesModelBasedRouting(effective, snapshot, settings);
  if (modelBased === 'unknown') return { problems: [], held: true };

  const header = settings.modelBasedRoutingHeaderName;
  const routeSpec = modelBased
    ? withAdapterMatches(http.spec, effective, header)
    : stripModelBasedRouting(http.spec, header);
  const object = {
    ...HTTP_ROUTE,
    metadata: compact({
      name,
      namespace,
      labels: routeLabels(service),
      ownerReferences: [ownerReference(service)],
    }),
    spec: withDefaults(routeSpec),
  } satisfies HTTPRoute;
  const origins = [{ child: 'spec', spec: 'spec.router.route.http.spec' }];
  return { child: { object, part: 'route', order: 30, leftToOthers: [], origins }, problems: [], held: false };
}
