import type { HTTPRouteSpec } from '../api/children.ts';
import type { LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import { MAIN_CONTAINER } from '../api/wellknown.ts';
import type { StepMark } from './provenance.ts';

export const STEP_INFERENCE_PATHS = 'inference paths instead of /v1';

/** With this variable vLLM serves /v1/load_lora_adapter and /v1/unload_lora_adapter. */
const RUNTIME_LORA = 'VLLM_ALLOW_RUNTIME_LORA_UPDATING';
const API = '/v1';
/** What clients use below /v1: vLLM's routes without those that change the server. */
const INFERENCE_PATHS = [
  '/chat/completions',
  '/completions',
  '/responses',
  '/messages',
  '/models',
  '/embeddings',
  '/rerank',
  '/score',
  '/audio/transcriptions',
  '/audio/translations',
  '/realtime',
] as const;
const RULES = 'router.route.http.spec.rules';

type Rule = NonNullable<HTTPRouteSpec['rules']>[number];

/**
 * Lists the inference paths one by one in rules that lead to all of `/v1`, when vLLM lets LoRA adapters be loaded at run
 * time: `/v1` then holds administration, which must not be reachable from outside.
 */
export function withInferencePaths(spec: LLMInferenceServiceSpec): {
  readonly spec: LLMInferenceServiceSpec;
  readonly marks: readonly StepMark[];
} {
  const { router } = spec;
  const http = router?.route?.http;
  const rules = http?.spec?.rules;
  if (!router || !http?.spec || !rules?.some(leadsToApi) || !loadsAdapters(spec)) return { spec, marks: [] };
  const listed = rules.flatMap((rule) =>
    leadsToApi(rule) ? INFERENCE_PATHS.map((path) => below(rule, path)) : [rule],
  );
  const route: HTTPRouteSpec = { ...http.spec, rules: listed };
  return {
    spec: { ...spec, router: { ...router, route: { ...router.route, http: { ...http, spec: route } } } },
    marks: [{ path: RULES, step: STEP_INFERENCE_PATHS }],
  };
}

/** As vLLM reads the variable; a value that comes from elsewhere is taken for yes. */
function loadsAdapters({ template }: LLMInferenceServiceSpec): boolean {
  const main = template?.containers?.find(({ name }) => name === MAIN_CONTAINER);
  const variable = main?.env?.findLast(({ name }) => name === RUNTIME_LORA);
  if (!variable) return false;
  return variable.valueFrom !== undefined || ['1', 'true'].includes((variable.value ?? '').trim().toLowerCase());
}

function leadsToApi(rule: Rule): boolean {
  const path = rule.matches?.[0]?.path;
  return rewriteOf(rule) === API && path?.type === 'PathPrefix' && (path.value ?? '').endsWith(API);
}

function rewriteOf(rule: Rule): string | undefined {
  return rule.filters?.find(({ type }) => type === 'URLRewrite')?.urlRewrite?.path?.replacePrefixMatch;
}

function below(rule: Rule, path: string): Rule {
  const matches = rule.matches?.map((match) => ({
    ...match,
    path: { ...match.path, value: `${match.path?.value ?? ''}${path}` },
  }));
  const filters = rule.filters?.map((filter) =>
    filter.type === 'URLRewrite'
      ? { ...filter, urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: `${API}${path}` } } }
      : filter,
  );
  return { ...rule, matches, filters } as Rule;
}
