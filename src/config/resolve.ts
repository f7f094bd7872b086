import type { LLMInferenceService, LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import type { Problem } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import type { Snapshot } from '../api/snapshot.ts';
import { ANNOTATION_STOP } from '../api/wellknown.ts';
import { expand, type ExpansionError } from '../template/expand.ts';
import { templateData } from '../template/goview.ts';
import type { Effective, Layer } from './effective.ts';
import { type Layers, layersOf } from './layers.ts';
import { merge, mergeShared, written } from './merge.ts';
import { withEvictionPolicy } from './offloading.ts';
import { keyed, pathText } from './paths.ts';
import { provenance } from './provenance.ts';
import { withSchedulerDefaults } from './scheduler.ts';
import { settle } from './steps.ts';
import { sound } from './supported.ts';
import { unbuiltFeatures } from './unbuilt.ts';
import { validate } from './validate.ts';
import { withVerdict } from './validation.ts';

/**
 * Works out what a service means: its presets, its base configs and its own spec merged in this order, templates
 * evaluated, and the steps around them applied. Follows the combination of KServe; `docs/decisions.md` lists the
 * differences. Templates are evaluated in the spec only; KServe evaluates the metadata as well and throws the result away.
 *
 * Mistakes of users become problems. `combined` is false when the result cannot be relied on or the API server refuses it.
 * A spec that asks for what this operator does not build yet is combined, with an UnbuiltFeature for each such field.
 */
export function resolve(service: LLMInferenceService, snapshot: Snapshot, settings: Settings): Effective {
  const found = layersOf(service, snapshot, settings);
  const failed = (problems: readonly Problem[]): Effective => uncombined(service, found, problems);
  if (settings.unusable !== undefined) return failed([{ code: 'SettingsUnusable', message: settings.unusable }]);
  if (found.undecided) return failed([]);
  if (found.errors.some(({ code }) => code !== 'UnsupportedField')) return failed(found.errors);

  const merged = prepare(found.service, mergeLayers(found));
  const expanded = expand(merged.spec, templateData(ownOf(found.service), merged.spec, settings));
  if ('error' in expanded) {
    return failed([...found.errors, templateProblem(expanded.error, merged.spec, found.layers)]);
  }
  const templated = expanded.value as LLMInferenceServiceSpec;
  const settled = settle(found.service, templated, snapshot, settings);
  if (settled.undecided) return failed([]);

  const marks = [...found.marks, ...merged.marks, ...settled.marks];
  const originOf = provenance(found.layers, marks, settled.spec);
  const located = (problems: readonly Problem[]): readonly Problem[] =>
    problems.map((problem) => withSource(problem, originOf));
  const invalid = located(
    validate(found.service, settled.spec).map((fault): Problem => ({ code: 'InvalidField', ...fault })),
  );
  const errors = [...found.errors, ...located(settled.errors)];
  if (errors.length > 0) return failed([...errors, ...invalid]);
  const unbuilt = located(
    unbuiltFeatures(found.service, settled.spec).map((row): Problem => ({ code: 'UnbuiltFeature', ...row })),
  );
  const combined: Effective = {
    service,
    combined: true,
    spec: settled.spec,
    stopped: isStopped(service),
    layers: found.layers,
    appliedConfigs: found.layers.flatMap(({ source: { name, namespace }, role }) =>
      role === 'Service' ? [] : [{ name, namespace, source: role }],
    ),
    pins: found.pins,
    originOf,
    problems: [...unbuilt, ...invalid, ...found.warnings, ...located(settled.warnings)],
  };
  return withVerdict(combined, snapshot);
}

/** The steps between the merge and the templates. */
function prepare(service: LLMInferenceService, merged: LLMInferenceServiceSpec): ReturnType<typeof withEvictionPolicy> {
  const scheduled = withSchedulerDefaults(service, merged);
  const complete = withEvictionPolicy(scheduled.spec);
  return { spec: complete.spec, marks: [...scheduled.marks, ...complete.marks] };
}

/** The service as templates see it: with the default that KServe's definitions store in it. */
function ownOf(service: LLMInferenceService): LLMInferenceService {
  return { ...service, spec: withEvictionPolicy(service.spec ?? {}).spec };
}

/** Presets and base configs are shared by many services, so what they merge to is remembered. */
function mergeLayers({ layers, service }: Layers): LLMInferenceServiceSpec {
  const shared = layers.slice(0, -1).map(({ spec }) => spec);
  const own = service.spec ?? {};
  return shared.length === 0 ? written(own) : merge(shared.reduce(mergeShared), own);
}

function templateProblem(error: ExpansionError, merged: LLMInferenceServiceSpec, layers: readonly Layer[]): Problem {
  const { message, at, column } = error;
  if (!at) return { code: 'TemplateFailed', message };
  const path = pathText(keyed(at, merged));
  const problem: Problem = { code: 'TemplateFailed', message, path, ...(column !== undefined && { column }) };
  return withSource(problem, provenance(layers, [], merged));
}

function withSource(problem: Problem, originOf: Effective['originOf']): Problem {
  if (!('path' in problem) || problem.path === undefined || 'source' in problem) return problem;
  const origin = problem.path.startsWith('spec.') ? originOf(problem.path) : undefined;
  return origin && 'layer' in origin ? ({ ...problem, source: origin.layer } as Problem) : problem;
}

function uncombined(service: LLMInferenceService, found: Layers, problems: readonly Problem[]): Effective {
  const { layers, marks, pins } = found;
  const spec = sound(found.service.spec ?? {});
  const originOf = provenance(layers, marks, spec);
  return { service, combined: false, spec, stopped: isStopped(service), layers, pins, originOf, problems };
}

function isStopped({ metadata }: LLMInferenceService): boolean {
  return metadata.annotations?.[ANNOTATION_STOP]?.toLowerCase() === 'true';
}
