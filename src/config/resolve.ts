import { toV1alpha2 } from '../api/conversion.ts';
import type { LLMInferenceService, LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import { LLMISVC } from '../api/llmisvc.ts';
import { isPlainObject } from '../api/object.ts';
import type { Problem } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import type { Snapshot } from '../api/snapshot.ts';
import { ANNOTATION_STOP } from '../api/wellknown.ts';
import { expand, type ExpansionError } from '../template/expand.ts';
import { templateData } from '../template/goview.ts';
import { withDevices } from './devices.ts';
import type { Effective, Layer } from './effective.ts';
import { withInferencePaths } from './inferencepaths.ts';
import { merge, mergeShared } from './merge.ts';
import { keyed, pathText } from './paths.ts';
import { findConfig, pinsOf, presetNames } from './presets.ts';
import { provenance, type StepMark } from './provenance.ts';
import { withRouting } from './routing.ts';
import { type Fault, faults } from './supported.ts';
import { validate } from './validate.ts';

export const STEP_MODEL_NAME = 'model name from metadata.name';

/**
 * Works out what a service means: its presets, its base configs and its own spec merged in this order, templates
 * evaluated, and the steps after them applied. Follows the combination of KServe, with two differences: device
 * requests are derived from the parallelism, and quantities keep the user's spelling. Templates are evaluated in the spec
 * only; KServe evaluates the metadata as well and throws the result away.
 *
 * Mistakes of users become problems. `combined` is false when the result cannot be relied on: a config is missing or not
 * known yet, a field is not supported or has the wrong type, or a template fails.
 */
export function resolve(service: LLMInferenceService, snapshot: Snapshot, settings: Settings): Effective {
  const own = withModelName(toV1alpha2(service));
  const pins = pinsOf(service, settings);
  const base = baseLayers(own, snapshot, settings);
  const detected = detectionSpec(own, base.layers);
  const presets = presetLayers(own, detected, pins, snapshot, settings);
  const named = withDetectedName(own, detected);
  const layers = [...presets.layers, ...base.layers, ownLayer(named)];
  const problems = [...presets.problems, ...base.problems, ...layers.flatMap(layerProblems)];
  const undecided = presets.undecided || base.undecided;
  if (undecided) return uncombined(own, layers, pins, []);
  if (problems.some(({ code }) => code !== 'UnsupportedField')) return uncombined(own, layers, pins, problems);

  const merged = mergeLayers(layers);
  const expanded = expand(merged, templateData(named, merged, settings));
  if ('error' in expanded) {
    return uncombined(own, layers, pins, [...problems, templateProblem(expanded.error, merged, layers)]);
  }
  const templated = expanded.value as LLMInferenceServiceSpec;
  const invalid = validate(own, templated).map((fault): Problem => ({ code: 'InvalidField', ...fault }));
  if (problems.length > 0) {
    const origins = provenance(layers, [], templated);
    return uncombined(own, layers, pins, [...problems, ...invalid.map((problem) => withSource(problem, origins))]);
  }
  const routed = withRouting(service, templated);
  const listed = withInferencePaths(routed.spec);
  const equipped = withDevices(service, listed.spec);
  const marks = [...modelNameMark(service, layers), ...routed.marks, ...listed.marks, ...equipped.marks];
  const originOf = provenance(layers, marks, equipped.spec);
  const warnings: readonly Problem[] = equipped.mismatch ? [{ code: 'DeviceCountMismatch', ...equipped.mismatch }] : [];
  const found: readonly Problem[] = [...invalid, ...warnings];
  return {
    service,
    combined: true,
    spec: equipped.spec,
    stopped: isStopped(service),
    layers,
    appliedConfigs: layers.flatMap(({ source: { name, namespace }, role }) =>
      role === 'Service' ? [] : [{ name, namespace, source: role }],
    ),
    pins,
    originOf,
    problems: found.map((problem) => withSource(problem, originOf)),
  };
}

/** The service with `spec.model.name`; the name of the object stands in for it. A spec that is no object says nothing. */
function withModelName(service: LLMInferenceService): LLMInferenceService {
  const spec: LLMInferenceServiceSpec = isPlainObject(service.spec) ? service.spec : {};
  const { model = {} } = spec;
  if (!isPlainObject(model) || model['name']) return spec === service.spec ? service : { ...service, spec };
  return { ...service, spec: { ...spec, model: { ...model, name: service.metadata.name } } };
}

interface Found {
  readonly layers: readonly Layer[];
  readonly problems: readonly Problem[];
  readonly undecided: boolean;
}

function baseLayers(service: LLMInferenceService, snapshot: Snapshot, settings: Settings): Found {
  const refs = Array.isArray(service.spec?.baseRefs) ? service.spec.baseRefs : [];
  const { namespace = '' } = service.metadata;
  return gathered(
    refs.map((ref: { readonly name?: unknown } | null, index) =>
      findConfig(snapshot, settings, namespace, String(ref?.name ?? ''), 'UserRef', `spec.baseRefs[${index}].name`),
    ),
  );
}

function presetLayers(
  service: LLMInferenceService,
  detected: LLMInferenceServiceSpec,
  pins: Readonly<Record<string, string>>,
  snapshot: Snapshot,
  settings: Settings,
): Found {
  const { namespace = '' } = service.metadata;
  const names = presetNames(detected, pins, settings);
  return gathered(names.map((name) => findConfig(snapshot, settings, namespace, name, 'Preset')));
}

function gathered(lookups: readonly ReturnType<typeof findConfig>[]): Found {
  return {
    layers: lookups.flatMap((lookup) => (lookup !== 'undecided' && 'layer' in lookup ? [lookup.layer] : [])),
    problems: lookups.flatMap((lookup) => (lookup !== 'undecided' && 'problem' in lookup ? [lookup.problem] : [])),
    undecided: lookups.includes('undecided'),
  };
}

/**
 * What decides about presets: the service with its base configs merged over it, not under it. So a base config that
 * names the model wins over the name in the service; KServe behaves like this.
 */
function detectionSpec(service: LLMInferenceService, bases: readonly Layer[]): LLMInferenceServiceSpec {
  return bases.map(({ spec }) => forDetection(spec)).reduce(merge, forDetection(service.spec));
}

function forDetection(spec: LLMInferenceServiceSpec | undefined): LLMInferenceServiceSpec {
  return { ...(spec?.model && { model: spec.model }), ...(spec?.router && { router: spec.router }) };
}

function withDetectedName(service: LLMInferenceService, detected: LLMInferenceServiceSpec): LLMInferenceService {
  const name = detected.model?.name;
  if (!name || name === service.spec?.model?.name) return service;
  return { ...service, spec: { ...service.spec, model: { ...service.spec?.model, name } } };
}

function ownLayer(service: LLMInferenceService): Layer {
  const { name, namespace = '' } = service.metadata;
  return { source: { kind: LLMISVC.kind, namespace, name }, role: 'Service', spec: service.spec ?? {} };
}

/**
 * What is wrong with a layer whatever it is merged with: fields that are not acted on, values of the wrong type. Configs
 * cannot be built on other configs either: their `baseRefs` would not be followed.
 */
export function layerProblems({ source, spec, role }: Layer): readonly Problem[] {
  const nested = role !== 'Service' && (spec.baseRefs ?? []).length > 0 ? [{ path: ['baseRefs'], found: '' }] : [];
  return [...nested, ...faults(spec)].map((fault: Fault): Problem => {
    const path = pathText(keyed(fault.path, spec));
    if (fault.allowed === undefined) return { code: 'UnsupportedField', path, source };
    return { code: 'InvalidField', part: 'config', path, found: fault.found, allowed: fault.allowed, source };
  });
}

/** Presets and base configs are shared by many services, so what they merge to is remembered. */
function mergeLayers(layers: readonly Layer[]): LLMInferenceServiceSpec {
  const shared = layers.slice(0, -1).map(({ spec }) => spec);
  const own = (layers.at(-1) as Layer).spec;
  return shared.length === 0 ? own : merge(shared.reduce(mergeShared), own);
}

function templateProblem(error: ExpansionError, merged: LLMInferenceServiceSpec, layers: readonly Layer[]): Problem {
  const { message, at, column } = error;
  if (!at) return { code: 'TemplateFailed', message };
  const path = pathText(keyed(at, merged));
  const problem: Problem = { code: 'TemplateFailed', message, path, ...(column !== undefined && { column }) };
  return withSource(problem, provenance(layers, [], merged));
}

function modelNameMark(service: LLMInferenceService, layers: readonly Layer[]): readonly StepMark[] {
  const said = service.spec?.model?.name || layers.some(({ role, spec }) => role === 'UserRef' && spec.model?.name);
  return said ? [] : [{ path: 'model.name', step: STEP_MODEL_NAME }];
}

function withSource(problem: Problem, originOf: Effective['originOf']): Problem {
  if (!('path' in problem) || problem.path === undefined) return problem;
  const origin = problem.path.startsWith('spec.') ? originOf(problem.path) : undefined;
  return origin && 'layer' in origin ? ({ ...problem, source: origin.layer } as Problem) : problem;
}

function uncombined(
  service: LLMInferenceService,
  layers: readonly Layer[],
  pins: Readonly<Record<string, string>>,
  problems: readonly Problem[],
): Effective {
  const spec = service.spec ?? {};
  const originOf = provenance(layers, [], spec);
  return { service, combined: false, spec, stopped: isStopped(service), layers, pins, originOf, problems };
}

function isStopped({ metadata }: LLMInferenceService): boolean {
  return metadata.annotations?.[ANNOTATION_STOP]?.toLowerCase() === 'true';
}
