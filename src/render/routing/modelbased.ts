import { GATEWAY, type Gateway, type HTTPRouteSpec } from '../../api/children.ts';
import type { Settings } from '../../api/settings.ts';
import { type Snapshot, view } from '../../api/snapshot.ts';
import { ANNOTATION_MODEL_BASED_ROUTING, publishedName } from '../../api/wellknown.ts';
import type { Effective } from '../../config/effective.ts';

const modelBasedRouting = view(
  'render/gateway-model-based-routing',
  (gateway: Gateway) => gateway.metadata.annotations?.[ANNOTATION_MODEL_BASED_ROUTING] ?? '',
);

/**
 * Whether the route may carry matches on the header with the model's name. The workload must be started with the served
 * model name that this header carries, which its preset says by an annotation `true` in `spec.annotations`; the settings
 * can force or forbid it; a Gateway of `gateway.refs` can opt out by an annotation `false`.
 * `unknown` while the annotation of such a Gateway is not known.
 */
export function usesModelBasedRouting(
  effective: Effective,
  snapshot: Snapshot,
  settings: Settings,
): boolean | 'unknown' {
  const { spec, service } = effective;
  if (spec.annotations?.[ANNOTATION_MODEL_BASED_ROUTING] !== 'true') return false;
  if (settings.modelBasedRoutingMode === 'disabled') return false;
  if (settings.modelBasedRoutingMode === 'forced') return true;

  const answers = (spec.router?.gateway?.refs ?? []).map((gateway) =>
    snapshot.get(
      { ...GATEWAY, namespace: gateway.namespace ?? service.metadata.namespace ?? '', name: gateway.name },
      modelBasedRouting,
    ),
  );
  if (answers.some((answer) => answer.state === 'found' && answer.value === 'false')) return false;
  return answers.some((answer) => answer.state === 'unknown') ? 'unknown' : true;
}

/**
 * The spec without matches on the header, and without the rules that consisted of nothing else. A rule that never had
 * matches stays: it is a catch-all that the user wrote.
 */
export function stripModelBasedRouting(spec: HTTPRouteSpec, header: string): HTTPRouteSpec {
  if (!spec.rules) return spec;
  const rules = spec.rules.flatMap((rule) => {
    if (!rule.matches?.length) return [rule];
    const matches = rule.matches.filter((match) => !match.headers?.some((entry) => entry.name === header));
    return matches.length > 0 ? [{ ...rule, matches }] : [];
  });
  return { ...spec, rules };
}

/**
 * The spec with a match for each LoRA adapter beside every match on the header, so that the header chooses an adapter as
 * it chooses the model. Follows KServe.
 */
export function withAdapterMatches(
  spec: HTTPRouteSpec,
  { service, spec: { model } }: Effective,
  header: string,
): HTTPRouteSpec {
  const names = (model?.lora?.adapters ?? []).flatMap(({ name }) => (name ? [name] : [])).sort(byBytes);
  if (!spec.rules || names.length === 0) return spec;
  const values = names.map((name) => publishedName(service.metadata.namespace ?? '', name));
  return { ...spec, rules: spec.rules.map((rule) => withMatches(rule, header, values)) };
}

type Rule = NonNullable<HTTPRouteSpec['rules']>[number];

function withMatches(rule: Rule, header: string, values: readonly string[]): Rule {
  const { matches = [] } = rule;
  const added = matches.flatMap((match) => {
    const { headers = [] } = match;
    if (!headers.some(({ name }) => name === header)) return [];
    return values.map((value) => ({
      ...match,
      headers: headers.map((entry) => (entry.name === header ? { ...entry, value } : entry)),
    }));
  });
  return added.length > 0 ? { ...rule, matches: [...matches, ...added] } : rule;
}

/** As Go sorts texts. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
