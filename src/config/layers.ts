import { toV1alpha2 } from '../api/conversion.ts';
import type { LLMInferenceService, LLMInferenceServiceConfig, LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import { LLMISVC, LLMISVC_CONFIG } from '../api/llmisvc.ts';
import { isPlainObject } from '../api/object.ts';
import type { Problem } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import { type Snapshot, view } from '../api/snapshot.ts';
import type { Layer } from './effective.ts';
import { merge } from './merge.ts';
import { keyed, pathText } from './paths.ts';
import { pinsOf, type Wanted, wantedPresets } from './presets.ts';
import type { StepMark } from './provenance.ts';
import { type Fault, faults } from './supported.ts';

export const STEP_MODEL_NAME = 'model name from metadata.name';

/** What a service is made of, before it is merged. */
export interface Layers {
  /** The service in the shape of v1alpha2, with the model's name. Its spec is the highest layer. */
  readonly service: LLMInferenceService;
  /** Lowest first: presets, base configs, the service as it was written. */
  readonly layers: readonly Layer[];
  readonly pins: Readonly<Record<string, string>>;
  /** Where the model's name comes from, if not from the layer that says it. */
  readonly marks: readonly StepMark[];
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** A config has not been read yet. */
  readonly undecided: boolean;
}

/**
 * Finds the base configs of a service and the presets that it asks for together with them. Errors: ConfigNotFound,
 * ApiNotServed, Forbidden, and what is wrong with a layer by itself.
 */
export function layersOf(given: LLMInferenceService, snapshot: Snapshot, settings: Settings): Layers {
  const written = withSpec(toV1alpha2(given));
  const own = withModelName(written);
  const pins = pinsOf(given, settings);
  const { namespace = '' } = own.metadata;
  const bases = baseRefsOf(own).map((name, index) =>
    findConfig(snapshot, settings, namespace, { name }, 'UserRef', `spec.baseRefs[${index}].name`),
  );
  const detected = detectionSpec(own, layersIn(bases));
  const presets = wantedPresets(detected, pins, settings).map((wanted) =>
    findConfig(snapshot, settings, namespace, wanted, 'Preset'),
  );
  const found = [...presets, ...bases];
  const layers = [...layersIn(found), ownLayer(written)];
  return {
    service: withNameOf(own, detected),
    layers,
    pins,
    ...modelName(written, layersIn(bases)),
    errors: [...found.flatMap(problemIn), ...layers.flatMap(layerProblems)],
    undecided: found.includes('undecided'),
  };
}

/**
 * What is wrong with a layer whatever it is merged with: fields that the API does not have, values of the wrong type.
 * Configs cannot be built on other configs either: their `baseRefs` would not be followed.
 */
export function layerProblems({ source, spec, role }: Layer): readonly Problem[] {
  const nested = role !== 'Service' && (spec.baseRefs ?? []).length > 0 ? [{ path: ['baseRefs'], found: '' }] : [];
  return [...nested, ...faults(spec)].map((fault: Fault): Problem => {
    const path = pathText(keyed(fault.path, spec));
    if (fault.allowed === undefined) return { code: 'UnsupportedField', path, source };
    return { code: 'InvalidField', part: 'config', path, found: fault.found, allowed: fault.allowed, source };
  });
}

/** A spec that is no object says nothing. */
function withSpec(service: LLMInferenceService): LLMInferenceService {
  return isPlainObject(service.spec) ? service : { ...service, spec: {} };
}

/** The service with `spec.model.name`; the name of the object stands in for it. */
function withModelName(service: LLMInferenceService): LLMInferenceService {
  const model = service.spec?.model ?? {};
  if (!isPlainObject(model) || model['name']) return service;
  return { ...service, spec: { ...service.spec, model: { ...model, name: service.metadata.name } } };
}

function baseRefsOf({ spec }: LLMInferenceService): readonly string[] {
  const refs: readonly unknown[] = Array.isArray(spec?.baseRefs) ? spec.baseRefs : [];
  return refs.map((ref) => (isPlainObject(ref) && typeof ref['name'] === 'string' ? ref['name'] : ''));
}

/** What looking for a config came to. */
type Lookup = { readonly layer: Layer } | { readonly problem: Problem } | 'undecided';

const NO_SPEC: LLMInferenceServiceSpec = {};
const configSpec = view('llmisvcconfig/spec', (config: LLMInferenceServiceConfig) => {
  const { spec } = toV1alpha2(config);
  // What no API server would have stored can still come out of a file.
  return isPlainObject(spec) ? spec : NO_SPEC;
});

/**
 * Finds a config by name, in the namespace of the service and then in the system namespace. `path` is the field that
 * names it, absent for presets.
 */
function findConfig(
  snapshot: Snapshot,
  settings: Settings,
  namespace: string,
  { name, asked }: Wanted,
  role: 'Preset' | 'UserRef',
  path?: string,
): Lookup {
  const namespaces = [...new Set([namespace, settings.systemNamespace])];
  for (const candidate of namespaces) {
    const ref = { ...LLMISVC_CONFIG, namespace: candidate, name };
    const answer = snapshot.get(ref, configSpec);
    if (answer.state === 'found') {
      const source = { kind: LLMISVC_CONFIG.kind, namespace: candidate, name };
      return { layer: { source, role, spec: answer.value } };
    }
    if (answer.state === 'unknown') return 'undecided';
    if (answer.state === 'unserved') return { problem: { code: 'ApiNotServed', part: 'config', ...LLMISVC_CONFIG } };
    if (answer.state === 'forbidden') {
      const message = `this operator may not read ${LLMISVC_CONFIG.kind} in namespace ${candidate}`;
      return { problem: { code: 'Forbidden', part: 'config', ref, verb: 'get', message } };
    }
  }
  const where = { ...(path !== undefined && { path }), ...(asked !== undefined && { asked }) };
  return { problem: { code: 'ConfigNotFound', name, namespaces, ...where } };
}

function layersIn(lookups: readonly Lookup[]): readonly Layer[] {
  return lookups.flatMap((lookup) => (lookup !== 'undecided' && 'layer' in lookup ? [lookup.layer] : []));
}

function problemIn(lookup: Lookup): readonly Problem[] {
  return lookup !== 'undecided' && 'problem' in lookup ? [lookup.problem] : [];
}

/**
 * What decides about presets: the service with its base configs merged over it, not under it. So a base config that
 * names the model wins over the name in the service; KServe behaves like this.
 */
function detectionSpec(service: LLMInferenceService, bases: readonly Layer[]): LLMInferenceServiceSpec {
  const own = service.spec ?? NO_SPEC;
  const others = bases.map(({ spec }) => spec);
  const detected = others.map(forDetection).reduce(merge, forDetection(own));
  return withSchedulerConfig(detected, [...others, own].flatMap(schedulerConfigIn));
}

/**
 * Where several layers have a config of the scheduler, which KServe cannot merge, its plugins are those that it has in the
 * end.
 */
function withSchedulerConfig(
  detected: LLMInferenceServiceSpec,
  configs: readonly LLMInferenceServiceSpec[],
): LLMInferenceServiceSpec {
  if (configs.length < 2) return detected;
  const config = configs.reduce(merge).router?.scheduler?.config;
  const scheduler = { ...detected.router?.scheduler, ...(config && { config }) };
  return { ...detected, router: { ...detected.router, scheduler } };
}

function schedulerConfigIn({ router }: LLMInferenceServiceSpec): readonly LLMInferenceServiceSpec[] {
  const config = router?.scheduler?.config;
  return config ? [{ router: { scheduler: { config } } }] : [];
}

/** The fields that the selection looks at. */
const DETECTED = ['model', 'router', 'tracing', 'parallelism', 'worker', 'prefill'] as const;

function forDetection(spec: LLMInferenceServiceSpec): LLMInferenceServiceSpec {
  return Object.fromEntries(DETECTED.flatMap((field) => (spec[field] === undefined ? [] : [[field, spec[field]]])));
}

function withNameOf(service: LLMInferenceService, detected: LLMInferenceServiceSpec): LLMInferenceService {
  const name = detected.model?.name;
  if (!name || name === service.spec?.model?.name) return service;
  return { ...service, spec: { ...service.spec, model: { ...service.spec?.model, name } } };
}

function ownLayer(service: LLMInferenceService): Layer {
  const { name, namespace = '' } = service.metadata;
  return { source: { kind: LLMISVC.kind, namespace, name }, role: 'Service', spec: service.spec ?? NO_SPEC };
}

/** The last base config that names the model decides, also against the service itself. */
function modelName(
  { spec }: LLMInferenceService,
  bases: readonly Layer[],
): { readonly marks: readonly StepMark[]; readonly warnings: readonly Problem[] } {
  const path = 'model.name';
  const own = nameIn(spec);
  const base = bases.findLast((layer) => nameIn(layer.spec) !== undefined);
  const used = nameIn(base?.spec);
  if (!base || used === undefined)
    return { marks: own === undefined ? [{ path, step: STEP_MODEL_NAME }] : [], warnings: [] };
  const overridden = own !== undefined && own !== used;
  return {
    marks: [{ path, layer: base.source }],
    warnings: overridden ? [{ code: 'ModelNameOverridden', path: `spec.${path}`, own, used, source: base.source }] : [],
  };
}

/** The model's name, if one is said; a value of another type is a problem of its layer. */
function nameIn(spec: LLMInferenceServiceSpec | undefined): string | undefined {
  const name = isPlainObject(spec?.model) ? spec.model['name'] : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
