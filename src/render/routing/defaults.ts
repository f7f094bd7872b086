import { GATEWAY, GATEWAY_GROUP, type HTTPRouteSpec } from '../../api/children.ts';

type ParentRef = NonNullable<HTTPRouteSpec['parentRefs']>[number];
type Rule = NonNullable<HTTPRouteSpec['rules']>[number];
type BackendRef = NonNullable<Rule['backendRefs']>[number];
type Match = NonNullable<Rule['matches']>[number];
type Filter = NonNullable<Rule['filters']>[number];

const ANY_PATH = { type: 'PathPrefix', value: '/' } as const;

/**
 * The spec with the values that the Gateway API's schema fills in written out, so that what we ask for equals what the
 * API server stores and tools that compare the two see no difference.
 */
export function withDefaults(spec: HTTPRouteSpec): HTTPRouteSpec {
  return {
    ...spec,
    ...(spec.parentRefs && { parentRefs: spec.parentRefs.map(parentRefWithDefaults) }),
    ...(spec.rules && { rules: spec.rules.map(ruleWithDefaults) }),
  };
}

function parentRefWithDefaults(parentRef: ParentRef): ParentRef {
  return { group: GATEWAY_GROUP, kind: GATEWAY.kind, ...parentRef };
}

function ruleWithDefaults(rule: Rule): Rule {
  return {
    ...rule,
    matches: (rule.matches?.length ? rule.matches : [{}]).map(matchWithDefaults),
    ...(rule.filters && { filters: rule.filters.map(filterWithDefaults) }),
    ...(rule.backendRefs && { backendRefs: rule.backendRefs.map(backendRefWithDefaults) }),
  };
}

function matchWithDefaults(match: Match): Match {
  return {
    ...match,
    path: { ...ANY_PATH, ...match.path },
    ...(match.headers && { headers: match.headers.map((header) => ({ type: 'Exact' as const, ...header })) }),
    ...(match.queryParams && { queryParams: match.queryParams.map((param) => ({ type: 'Exact' as const, ...param })) }),
  };
}

function backendRefWithDefaults(backendRef: BackendRef): BackendRef {
  return {
    group: '',
    kind: 'Service',
    weight: 1,
    ...backendRef,
    ...(backendRef.filters && { filters: backendRef.filters.map(filterWithDefaults) as typeof backendRef.filters }),
  };
}

function filterWithDefaults(filter: Filter): Filter {
  const { requestMirror, requestRedirect } = filter;
  return {
    ...filter,
    ...(requestMirror && {
      requestMirror: { ...requestMirror, backendRef: { group: '', kind: 'Service', ...requestMirror.backendRef } },
    }),
    ...(requestRedirect && { requestRedirect: { statusCode: 302 as const, ...requestRedirect } }),
  };
}
