import { dryRunOf, type Verdict } from '../api/dryrun.ts';
import type { LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import { compact, isPlainObject } from '../api/object.ts';
import type { Problem, RejectedField } from '../api/problem.ts';
import { type Snapshot, view } from '../api/snapshot.ts';
import { ANNOTATION_VALIDATED } from '../api/wellknown.ts';
import type { Effective } from './effective.ts';
import { written } from './merge.ts';
import { keyed, pathText, type Step, steps, valueAt } from './paths.ts';
import { schedulerConfigOf } from './schedulerconfig.ts';

const VERDICT = view('dryrun/verdict', (verdict: Verdict) => verdict);

/**
 * The effective spec after the API server has judged it: a merged spec that it would refuse is not acted on. Follows
 * the dry run of KServe's controller, with two differences: a spec that was accepted is not asked about again, which
 * `status.annotations` remembers, and paths are those of the file that has the value.
 *
 * Nobody is asked about a spec that breaks a rule of our own, which has been said with better words, nor about one that
 * is not acted on anyway.
 */
export function withVerdict(effective: Effective, snapshot: Snapshot): Effective {
  const { service, problems, spec } = effective;
  if (problems.some(({ code }) => code === 'InvalidField' || code === 'UnbuiltFeature')) return effective;
  const question = dryRunOf(service, withConfigObject(spec));
  if (service.status?.annotations?.[ANNOTATION_VALIDATED] === question.name) return effective;

  const answer = snapshot.get(question, VERDICT);
  if (answer.state === 'unknown') return { ...effective, combined: false };
  if (answer.state !== 'found') return effective;
  if (answer.value.outcome === 'Accepted') return { ...effective, validated: question.name };
  return { ...effective, combined: false, problems: [...problems, problemOf(answer.value, effective)] };
}

/** The endpoint picker's configuration out of a ConfigMap is text, and the API takes an object. */
function withConfigObject(spec: LLMInferenceServiceSpec): LLMInferenceServiceSpec {
  const { router } = spec;
  const config = router?.scheduler?.config;
  if (!router?.scheduler || typeof config?.inline !== 'string') return spec;
  const inline = schedulerConfigOf(router.scheduler);
  // The API server says what it thinks of text that cannot be parsed.
  if (!isPlainObject(inline)) return spec;
  return { ...spec, router: { ...router, scheduler: { ...router.scheduler, config: { ...config, inline } } } };
}

function problemOf({ outcome, message, causes }: Verdict, effective: Effective): Problem {
  const { namespace = '' } = effective.service.metadata;
  const configs = (effective.appliedConfigs ?? []).map(
    (config) => `${config.source}:${config.namespace}/${config.name}`,
  );
  if (outcome === 'NamespaceTerminating') return { code: 'NamespaceTerminating', part: 'config', namespace };
  if (outcome !== 'Invalid') {
    return { code: 'ValidationUnavailable', configs, message, ...(outcome === 'NotAllowed' && { namespace }) };
  }
  const fields = causes.length > 0 ? causes.map((cause) => rejectedField(cause, effective)) : [{ message }];
  const [first] = fields;
  return {
    code: 'ValidationRejected',
    configs,
    fields,
    ...compact({ path: first?.path, source: first?.sources?.at(-1) }),
  };
}

/** What the API server writes where a rule is about the whole object. */
const NO_FIELD = '<nil>';

function rejectedField({ field, message }: Verdict['causes'][number], effective: Effective): RejectedField {
  if (field === '' || field === NO_FIELD) return { message };
  // The path of the merged spec stands in the sentence once more.
  const sentence = message.replaceAll(`${field} in body `, '');
  if (!/^spec(?=[.[]|$)/.test(field)) return { message: sentence, path: field };
  const way = keyed(stepsTo(field.slice('spec'.length), effective.spec), effective.spec);
  return { message: sentence, path: pathText(way), ...whence(way, effective) };
}

/** The API server writes keys with dots as they are: `.labels.example.com/team`. */
function stepsTo(rest: string, value: unknown): readonly Step[] {
  if (rest === '') return [];
  const text = rest.startsWith('.') ? rest.slice(1) : rest;
  const keys = isPlainObject(value) ? Object.keys(value) : [];
  const key = keys.filter((one) => /^([.[]|$)/.test(text.slice(one.length)) && text.startsWith(one)).sort(longest)[0];
  const [piece, step] = key === undefined ? firstStep(text) : [key, key];
  if (step === undefined) return [];
  return [step, ...stepsTo(text.slice(piece.length), valueAt(value, [step]))];
}

function firstStep(text: string): readonly [string, Step | undefined] {
  const piece = /^(\[[^\]]*\]|[^.[\]]+)/.exec(text)?.[0] ?? '';
  return [piece, steps(piece)[0]];
}

function longest(a: string, b: string): number {
  return b.length - a.length;
}

/**
 * Who wrote the value, or the nearest value around it. What several layers were merged to may be refused for what they
 * have together, so all of them are named.
 */
function whence(way: readonly Step[], { layers, originOf, spec }: Effective): Pick<RejectedField, 'sources' | 'step'> {
  for (let length = way.length; length > 0; length -= 1) {
    const head = way.slice(0, length);
    const origin = originOf(pathText(head));
    if (origin && 'step' in origin) return { step: origin.step };
    if (!origin) continue;
    if (!isPlainObject(valueAt(spec, head))) return { sources: [origin.layer] };
    const writers = layers.filter((layer) => valueAt(written(layer.spec), head) !== undefined);
    return { sources: writers.map(({ source }) => source) };
  }
  return {};
}
