import type { LLMInferenceService, LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import type { Problem } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import type { Snapshot } from '../api/snapshot.ts';
import { adaptersOf } from './adapters.ts';
import { withDeviceClaims } from './deviceclaims.ts';
import { withDevices } from './devices.ts';
import { withInferencePaths } from './inferencepaths.ts';
import type { StepMark } from './provenance.ts';
import { withRouting } from './routing.ts';
import { withPickerPort } from './scheduler.ts';
import { withSchedulerConfig } from './schedulerconfig.ts';

/** A spec after the steps that follow the templates. */
export interface Settled {
  readonly spec: LLMInferenceServiceSpec;
  readonly marks: readonly StepMark[];
  /** What keeps the spec from being combined. */
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** A ConfigMap has not been read yet. */
  readonly undecided: boolean;
}

/**
 * The steps between the templates and the effective spec: those of KServe in its order, then the two of this operator
 * (inference paths, devices).
 */
export function settle(
  service: LLMInferenceService,
  templated: LLMInferenceServiceSpec,
  snapshot: Snapshot,
  settings: Settings,
): Settled {
  const claimed = withDeviceClaims(service, templated);
  const routed = withRouting(service, claimed.spec);
  const configured = withSchedulerConfig(service, routed.spec, snapshot, settings);
  const picked = withPickerPort(configured.spec);
  const { problems } = adaptersOf(picked.spec);
  const listed = withInferencePaths(picked.spec);
  const equipped = withDevices(service, listed.spec);
  const mismatches = equipped.mismatches.map((mismatch): Problem => ({ code: 'DeviceCountMismatch', ...mismatch }));
  return {
    spec: equipped.spec,
    marks: [claimed, routed, configured, picked, listed, equipped].flatMap(({ marks }) => marks),
    errors: [...configured.errors, ...problems],
    warnings: [...configured.warnings, ...mismatches],
    undecided: configured.undecided,
  };
}
