import type { HTTPRouteSpec } from '../api/children.ts';
import { GATEWAY, GATEWAY_GROUP } from '../api/children.ts';
import type { LLMInferenceService, LLMInferenceServiceSpec, RouterSpec } from '../api/llmisvc.ts';
import { compact } from '../api/object.ts';
import { inferencePoolName, workloadServiceName } from '../api/wellknown.ts';
import type { StepMark } from './provenance.ts';

export const STEP_PARENTS = 'parents from gateway refs';
export const STEP_BACKENDS = 'backends without scheduler';
export const STEP_EXTERNAL_POOL = 'backends in the pool of pool.ref';

const ROUTE = 'router.route.http.spec';

/**
 * Settles the inline route: its parents are the Gateways of `router.gateway.refs` when there are any, and rules that lead
 * to the service's own inference pool lead to the workload Service when there is no scheduler, and to the pool of
 * `scheduler.pool.ref` when that names one. Follows KServe.
 */
export function withRouting(
  service: LLMInferenceService,
  spec: LLMInferenceServiceSpec,
): { readonly spec: LLMInferenceServiceSpec; readonly marks: readonly StepMark[] } {
  const { router } = spec;
  const http = router?.route?.http;
  if (!router || !http?.spec) return { spec, marks: [] };
  const parents = parentsOf(spec);
  const backends = backendsOf(service.metadata.name, router);
  const rules = backends && rulesOf(service.metadata.name, http.spec, backends.instead);
  if (!parents && !rules) return { spec, marks: [] };
  const route: HTTPRouteSpec = {
    ...http.spec,
    ...(parents && { parentRefs: parents }),
    ...(rules && { rules: rules.rules }),
  };
  const settled = { ...spec, router: { ...router, route: { ...router.route, http: { ...http, spec: route } } } };
  const marks = parents ? [{ path: `${ROUTE}.parentRefs`, step: STEP_PARENTS }] : [];
  const moved = (rules?.paths ?? []).map((path) => ({ path, step: backends?.step ?? '' }));
  return { spec: settled, marks: [...marks, ...moved] };
}

interface Backends {
  readonly instead: { readonly group?: string; readonly kind?: 'Service'; readonly name: string };
  readonly step: string;
}

/** What stands in for the service's own inference pool; undefined when it has one. */
function backendsOf(service: string, { scheduler }: RouterSpec): Backends | undefined {
  if (!scheduler) {
    return { instead: { group: '', kind: 'Service', name: workloadServiceName(service) }, step: STEP_BACKENDS };
  }
  const name = scheduler.pool?.ref?.name;
  return name ? { instead: { name }, step: STEP_EXTERNAL_POOL } : undefined;
}

function parentsOf(spec: LLMInferenceServiceSpec): NonNullable<HTTPRouteSpec['parentRefs']> | undefined {
  const refs = spec.router?.gateway?.refs ?? [];
  if (refs.length === 0) return undefined;
  return refs.map(({ name, namespace, sectionName }) =>
    compact({
      group: GATEWAY_GROUP,
      kind: GATEWAY.kind,
      name,
      namespace: namespace || undefined,
      sectionName: sectionName || undefined,
    }),
  ) as NonNullable<HTTPRouteSpec['parentRefs']>;
}

type Rules = NonNullable<HTTPRouteSpec['rules']>;

function rulesOf(
  service: string,
  route: HTTPRouteSpec,
  instead: Backends['instead'],
): { readonly rules: Rules; readonly paths: readonly string[] } | undefined {
  const pool = inferencePoolName(service);
  const paths: string[] = [];
  const rules = (route.rules ?? []).map((rule, index) => {
    const isPool = (ref: { kind?: string; name?: string }): boolean =>
      ref.kind === 'InferencePool' && ref.name === pool;
    if (!rule.backendRefs?.some(isPool)) return rule;
    const backendRefs = rule.backendRefs.map((ref, at) => {
      if (!isPool(ref)) return ref;
      paths.push(`${ROUTE}.rules[${index}].backendRefs[${at}]`);
      return { ...ref, ...instead };
    });
    return { ...rule, backendRefs };
  });
  return paths.length > 0 ? { rules: rules as Rules, paths } : undefined;
}
