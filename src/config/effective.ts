import type { AppliedConfig, LLMInferenceService, LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import type { Problem, Source } from '../api/problem.ts';

/** One layer of the effective spec, lowest first: presets, then base refs, then the service itself. */
export interface Layer {
  readonly source: Source;
  readonly role: 'Preset' | 'UserRef' | 'Service';
  readonly spec: LLMInferenceServiceSpec;
}

/** Where the value at a path of the effective spec came from: a layer, or a named step that set it. */
export type Origin = { readonly layer: Source } | { readonly step: string };

/** The result of `resolve`: what the service means once presets, base refs and settings are taken into account. */
export interface Effective {
  readonly service: LLMInferenceService;
  /**
   * False when the meaning is not certain: something that is referred to is missing or not known yet, a field is unknown or
   * has the wrong type, a template fails, or the API server has not accepted the merged spec. Then nothing is to be changed,
   * and `spec` is the service's own unless there are `appliedConfigs`.
   */
  readonly combined: boolean;
  readonly spec: LLMInferenceServiceSpec;
  /** Annotation `serving.kserve.io/stop: "true"` (any case) on the service. */
  readonly stopped: boolean;
  readonly layers: readonly Layer[];
  /** `status.appliedConfigs`; absent when combination failed. */
  readonly appliedConfigs?: readonly AppliedConfig[];
  /** Hash of the merged spec, when the API server was asked about it and accepts it. */
  readonly validated?: string;
  /** The entries of `status.annotations` that pin well-known configs: those that are there already, and the missing ones. */
  readonly pins: Readonly<Record<string, string>>;
  /** Origin of the value at a path of the effective spec, such as `template.containers[name=main].image`. */
  readonly originOf: (path: string) => Origin | undefined;
  /** Empty with `combined` false: something is not known yet, and the shell asks again. */
  readonly problems: readonly Problem[];
}
