/** How what is not built yet is refused: the features are those of `src/config/unbuilt.ts`. */
import type { Feature } from '../api/problem.ts';
import type { ConditionType } from './conditions.ts';

/** The condition of the part that a feature asks for. */
export const CONDITION_OF_FEATURE: Readonly<Record<Feature, ConditionType>> = {
  scheduler: 'SchedulerWorkloadReady',
  tokenizer: 'TokenizerReady',
  workers: 'WorkerWorkloadReady',
  prefill: 'PrefillWorkloadReady',
  prefillWorkers: 'PrefillWorkerWorkloadReady',
  scaling: 'ScalingReady',
  prefillScaling: 'PrefillScalingReady',
  adapters: 'MainWorkloadReady',
  offloading: 'MainWorkloadReady',
  prefillOffloading: 'PrefillWorkloadReady',
  confidential: 'MainWorkloadReady',
  deviceClaims: 'MainWorkloadReady',
  group: 'HTTPRoutesReady',
  ingress: 'HTTPRoutesReady',
};

/** What a feature asks for, in words. */
export const WORDS_OF_FEATURE: Readonly<Record<Feature, string>> = {
  scheduler: 'an endpoint picker and its InferencePool',
  tokenizer: 'a tokenizer',
  workers: 'a model server on several nodes',
  prefill: 'a prefill workload',
  prefillWorkers: 'prefill on several nodes',
  scaling: 'an autoscaler',
  prefillScaling: 'an autoscaler of prefill',
  adapters: 'LoRA adapters',
  offloading: 'key-value cache offloading',
  prefillOffloading: 'key-value cache offloading of prefill',
  confidential: 'a confidential model',
  deviceClaims: 'a managed device claim',
  group: 'a routing group',
  ingress: 'an Ingress',
};
