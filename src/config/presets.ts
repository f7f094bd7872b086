import type { LLMInferenceService, LLMInferenceServiceSpec, WorkloadSpec } from '../api/llmisvc.ts';
import type { Settings } from '../api/settings.ts';
import { PIN_PREFIX, PRESET, WELL_KNOWN_CONFIGS } from '../api/wellknown.ts';
import { pluginTypes, schedulerConfigOf } from './schedulerconfig.ts';

type Preset = (typeof PRESET)[keyof typeof PRESET];

/** A preset that a spec asks for. */
export interface Wanted {
  /** Its full name. */
  readonly name: string;
  /** What asks for it, where that needs saying: no installation has this preset unless somebody wrote it. */
  readonly asked?: string;
}

/**
 * The pins in `status.annotations`: those that are there, and one to the current name for every well-known config that has
 * none. A pinned service keeps its configs when the prefix of the installation changes.
 */
export function pinsOf(service: LLMInferenceService, settings: Settings): Readonly<Record<string, string>> {
  const written = Object.entries(service.status?.annotations ?? {});
  const existing = Object.fromEntries(written.filter(([key]) => key.startsWith(PIN_PREFIX)));
  if (!settings.versionedConfigs) return existing;
  const missing = WELL_KNOWN_CONFIGS.filter((name) => !existing[PIN_PREFIX + name]);
  if (missing.length === 0) return existing;
  return {
    ...existing,
    ...Object.fromEntries(missing.map((name) => [PIN_PREFIX + name, settings.configPrefix + name])),
  };
}

/**
 * The presets that a spec asks for, in merge order, as KServe selects them. `spec` is the service with its base configs on
 * top. The route preset is never pinned: it depends on the gateway that the running operator is made for.
 */
export function wantedPresets(
  spec: LLMInferenceServiceSpec,
  pins: Readonly<Record<string, string>>,
  settings: Settings,
): readonly Wanted[] {
  return selected(spec).map(([preset, asked]) => {
    const pin = settings.versionedConfigs && preset !== PRESET.route ? pins[PIN_PREFIX + preset] : undefined;
    const name = pin ?? settings.configPrefix + preset;
    return asked === undefined ? { name } : { name, asked };
  });
}

type Selected = readonly [preset: Preset, asked?: string];

function selected(spec: LLMInferenceServiceSpec): readonly Selected[] {
  return [...ofRouter(spec), ...(spec.tracing ? [[PRESET.tracing] as const] : []), ...ofWorkloads(spec)];
}

function ofRouter({ router }: LLMInferenceServiceSpec): readonly Selected[] {
  const presets: Selected[] = [];
  const scheduler = router?.scheduler;
  const route = router?.route;
  if (scheduler) {
    const plugins = pluginTypes(schedulerConfigOf(scheduler));
    const tokenizes = plugins.has('token-producer') || plugins.has('precise-prefix-cache-scorer');
    if (!scheduler.pool?.ref?.name) presets.push([PRESET.scheduler]);
    if (scheduler.tokenizer || tokenizes) presets.push([PRESET.tokenizer]);
    if (plugins.has('predicted-latency-producer')) presets.push([PRESET.latencyPredictor]);
  }
  if (route && (route.http?.refs ?? []).length === 0) presets.push([PRESET.route]);
  return presets;
}

function ofWorkloads(spec: LLMInferenceServiceSpec): readonly Selected[] {
  if (!spec.prefill) {
    return ofWorkload(spec, 'spec', [PRESET.template, PRESET.dataParallel, PRESET.pipelineParallel]);
  }
  return [
    ...ofWorkload(spec.prefill, 'spec.prefill', [
      PRESET.prefillTemplate,
      PRESET.prefillDataParallel,
      PRESET.prefillPipelineParallel,
    ]),
    ...ofWorkload(spec, 'spec', [PRESET.decodeTemplate, PRESET.decodeDataParallel, PRESET.decodePipelineParallel]),
  ];
}

/** A workload of several nodes that says nothing of how the model is divided among them gets no preset. */
function ofWorkload(
  { worker, parallelism }: WorkloadSpec,
  at: string,
  [single, data, pipeline]: readonly [Preset, Preset, Preset],
): readonly Selected[] {
  if (!worker) return [[single]];
  if (isPositive(parallelism?.data) || isPositive(parallelism?.dataLocal)) return [[data]];
  if (isPositive(parallelism?.pipeline)) return [[pipeline, `${at}.worker with ${at}.parallelism.pipeline`]];
  return [];
}

function isPositive(count: unknown): boolean {
  return typeof count === 'number' && count > 0;
}
