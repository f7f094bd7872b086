import type { LLMInferenceServiceSpec, WorkloadSpec } from '../api/llmisvc.ts';
import type { StepMark } from './provenance.ts';

export const STEP_EVICTION = 'default eviction policy';

const DEFAULT_POLICY = 'lru';

/**
 * Fills in the eviction policy of key-value cache offloading, for decode and for prefill. KServe's definitions store this
 * default in every layer, where it overrides lower ones; here it counts only when no layer names a policy.
 */
export function withEvictionPolicy(spec: LLMInferenceServiceSpec): {
  readonly spec: LLMInferenceServiceSpec;
  readonly marks: readonly StepMark[];
} {
  const { prefill } = spec;
  const own = lacksPolicy(spec) ? withPolicy(spec) : spec;
  const complete = prefill && lacksPolicy(prefill) ? { ...own, prefill: withPolicy(prefill) } : own;
  const marks = [
    ...(own === spec ? [] : [{ path: 'kvCacheOffloading.evictionPolicy', step: STEP_EVICTION }]),
    ...(complete === own ? [] : [{ path: 'prefill.kvCacheOffloading.evictionPolicy', step: STEP_EVICTION }]),
  ];
  return { spec: complete, marks };
}

function lacksPolicy({ kvCacheOffloading }: WorkloadSpec): boolean {
  return kvCacheOffloading !== undefined && kvCacheOffloading !== null && !kvCacheOffloading.evictionPolicy;
}

function withPolicy<T extends WorkloadSpec>(workload: T): T {
  return { ...workload, kvCacheOffloading: { ...workload.kvCacheOffloading, evictionPolicy: DEFAULT_POLICY } };
}
