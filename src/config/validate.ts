import type { LLMInferenceService, LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import type { Part } from '../api/problem.ts';
import { deviceClaimProblems } from './drarules.ts';
import { kvCacheProblems } from './kvcacherules.ts';
import { labelProblems } from './labels.ts';
import { adapterProblems } from './modelrules.ts';
import { uriFault } from './modeluri.ts';
import { scalingProblems } from './scalingrules.ts';
import { trafficProblems } from './schedulerrules.ts';
import { parallelismProblems, rolloutProblems } from './workloadrules.ts';

/** A value that no service may have, before it is known which layer wrote it. */
export interface Invalid {
  readonly part: Part;
  readonly path: string;
  readonly found: string;
  readonly allowed: string;
}

const LONGEST_NAME = 63;
const SCHEMES = ['hf', 'pvc'] as const;

/**
 * Everything that is wrong with a service once its layers are merged: the rules of the CRD's schema and expressions, which
 * KServe's CRDs do not have, and those that no schema can express. `spec` is the merged spec before gateway refs replace
 * the parents of the route.
 */
export function validate(service: LLMInferenceService, spec: LLMInferenceServiceSpec): readonly Invalid[] {
  return [
    ...nameProblems(service.metadata.name),
    ...modelProblems(spec),
    ...replicasProblems(spec),
    ...parallelismProblems(spec),
    ...rolloutProblems(spec),
    ...routeProblems(service, spec),
    ...refProblems(spec),
    ...labelProblems(spec),
    ...trafficProblems(spec),
    ...scalingProblems(spec),
    ...adapterProblems(service, spec),
    ...kvCacheProblems(spec),
    ...deviceClaimProblems(service),
  ];
}

function nameProblems(name: string): readonly Invalid[] {
  const found = (what: string): Invalid => ({
    part: 'config',
    path: 'metadata.name',
    found: what,
    allowed: `at most ${LONGEST_NAME} lower-case letters, digits and '-', starting with a letter and ending with a letter or digit, because Services and labels carry the name`,
  });
  if (name.length > LONGEST_NAME) return [found(`${JSON.stringify(name)} (${name.length} characters)`)];
  return /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name) ? [] : [found(JSON.stringify(name))];
}

function modelProblems({ model, storageInitializer }: LLMInferenceServiceSpec): readonly Invalid[] {
  const uri = model?.uri ?? '';
  const path = 'spec.model.uri';
  const wrong = (found: string, allowed: string): readonly Invalid[] => [{ part: 'workload', path, found, allowed }];
  const known = 'hf://<organization>/<model>, or pvc://<claim>/<path>';
  if (uri === '') return wrong('not set', known);
  const parts = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/(.*)$/s.exec(uri);
  const fault = parts ? uriFault(uri) : undefined;
  if (fault !== undefined) return wrong(JSON.stringify(uri), fault);
  // Without the storage initializer the model is the business of the pod template, whatever the URI says.
  if (storageInitializer?.enabled === false && parts) return [];
  const isKnown = (SCHEMES as readonly string[]).includes(parts?.[1]?.toLowerCase() ?? '');
  if (!isKnown || !parts?.[2] || parts[2].startsWith('/')) return wrong(JSON.stringify(uri), known);
  return [];
}

function replicasProblems({ replicas }: LLMInferenceServiceSpec): readonly Invalid[] {
  if (replicas === undefined || (replicas >= 0 && replicas <= 0x7fffffff)) return [];
  return [{ part: 'workload', path: 'spec.replicas', found: String(replicas), allowed: 'an integer of at least 0' }];
}

const HTTP = 'spec.router.route.http';

function routeProblems(service: LLMInferenceService, { router }: LLMInferenceServiceSpec): readonly Invalid[] {
  const http = router?.route?.http;
  const refs = http?.refs ?? [];
  const problems: Invalid[] = [];
  if (refs.length > 0 && http?.spec) {
    const allowed = `either HTTPRoutes of your own (${HTTP}.refs) or an inline route (${HTTP}.spec)`;
    problems.push({ part: 'route', path: HTTP, found: 'both refs and spec', allowed });
  }
  if (refs.length > 0 && router?.gateway && (router.gateway.refs ?? []).length === 0) {
    const allowed = `no spec.router.gateway, or one with refs: HTTPRoutes of your own (${HTTP}.refs) name their Gateways themselves`;
    problems.push({
      part: 'route',
      path: `${HTTP}.refs`,
      found: 'a managed gateway (spec.router.gateway without refs)',
      allowed,
    });
  }
  if (conflictingParents(service.spec?.router)) {
    const allowed = 'the same Gateways as spec.router.gateway.refs, or one of the two fields only';
    problems.push({
      part: 'route',
      path: `${HTTP}.spec.parentRefs`,
      found: 'other Gateways than spec.router.gateway.refs',
      allowed,
    });
  }
  return problems;
}

/** Only the service's own words are compared: parents of a preset are replaced by gateway refs without a conflict. */
function conflictingParents(router: LLMInferenceServiceSpec['router']): boolean {
  const parents = router?.route?.http?.spec?.parentRefs ?? [];
  const refs = router?.gateway?.refs ?? [];
  if (parents.length === 0 || refs.length === 0) return false;
  const key = (ref: { namespace?: string; name?: string; sectionName?: string }): string =>
    JSON.stringify([ref.namespace ?? '', ref.name ?? '', ref.sectionName ?? '']);
  return JSON.stringify(parents.map(key).sort()) !== JSON.stringify(refs.map(key).sort());
}

function refProblems({ router }: LLMInferenceServiceSpec): readonly Invalid[] {
  const unnamed = (
    part: Part,
    path: string,
    kind: string,
    refs: readonly { readonly name?: string }[],
  ): readonly Invalid[] =>
    refs.flatMap(({ name }, index) =>
      name ? [] : [{ part, path: `${path}[${index}].name`, found: 'not set', allowed: `the name of a ${kind}` }],
    );
  return [
    ...unnamed('route', `${HTTP}.refs`, 'HTTPRoute', router?.route?.http?.refs ?? []),
    ...unnamed('gateway', 'spec.router.gateway.refs', 'Gateway', router?.gateway?.refs ?? []),
  ];
}
