import type { LLMInferenceServiceSpec } from '../../../api/llmisvc.ts';
import { written } from '../../../config/merge.ts';
import type { Evaluated } from '../../world/evaluate.ts';
import { deviceAdvice } from './devices.ts';
import { type Advice, podsOf } from './pods.ts';
import { deprecatedAdvice, imageAdvice, memoryAdvice, mountAdvice } from './podadvice.ts';
import { resourceAdvice } from './resources.ts';
import { serverAdvice, serverFlagAdvice } from './server.ts';

/**
 * What a service would better do otherwise, and what the API server will refuse of its pods although no condition can say
 * so yet. Nothing for a spec that is not certain.
 */
export function adviceFor({ effective }: Evaluated): readonly Advice[] {
  const { combined, spec, layers } = effective;
  if (!combined) return [];
  return podsOf(spec).flatMap((pod) => [
    ...memoryAdvice(pod, layers),
    ...deprecatedAdvice(pod),
    ...resourceAdvice(pod),
    ...imageAdvice(pod),
    ...mountAdvice(pod),
    ...deviceAdvice(pod),
    ...serverAdvice(pod),
  ]);
}

/** The same of a config alone: only what no service can make good by what it adds. */
export function layerAdvice(spec: LLMInferenceServiceSpec): readonly Advice[] {
  return podsOf(written(spec)).flatMap((pod) => [
    ...deprecatedAdvice(pod),
    ...resourceAdvice(pod),
    ...serverFlagAdvice(pod),
  ]);
}
