import type { LLMInferenceService, LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import type { Feature } from '../api/problem.ts';
import { ANNOTATION_DRA } from '../api/wellknown.ts';

interface Row {
  readonly feature: Feature;
  /** The field that asks for it. */
  readonly path: string;
  readonly asked: (spec: LLMInferenceServiceSpec, service: LLMInferenceService) => boolean;
}

const ROWS: readonly Row[] = [
  { feature: 'workers', path: 'spec.worker', asked: ({ worker }) => isSet(worker) },
  { feature: 'prefill', path: 'spec.prefill', asked: ({ prefill }) => isSet(prefill) },
  { feature: 'prefillWorkers', path: 'spec.prefill.worker', asked: ({ prefill }) => isSet(prefill?.worker) },
  { feature: 'scaling', path: 'spec.scaling', asked: ({ scaling }) => isSet(scaling) },
  { feature: 'prefillScaling', path: 'spec.prefill.scaling', asked: ({ prefill }) => isSet(prefill?.scaling) },
  { feature: 'offloading', path: 'spec.kvCacheOffloading', asked: (spec) => isSet(spec.kvCacheOffloading) },
  {
    feature: 'prefillOffloading',
    path: 'spec.prefill.kvCacheOffloading',
    asked: ({ prefill }) => isSet(prefill?.kvCacheOffloading),
  },
  {
    feature: 'adapters',
    path: 'spec.model.lora.adapters',
    asked: ({ model }) => (model?.lora?.adapters ?? []).length > 0,
  },
  {
    feature: 'confidential',
    path: 'spec.model.confidential',
    asked: ({ model }) => model?.confidential?.enabled === true,
  },
  {
    feature: 'deviceClaims',
    path: `metadata.annotations[${ANNOTATION_DRA.deviceClass}]`,
    asked: (_spec, { metadata }) => metadata.annotations?.[ANNOTATION_DRA.deviceClass] !== undefined,
  },
  { feature: 'scheduler', path: 'spec.router.scheduler', asked: ({ router }) => isSet(router?.scheduler) },
  {
    feature: 'tokenizer',
    path: 'spec.router.scheduler.tokenizer',
    asked: ({ router }) => isSet(router?.scheduler?.tokenizer),
  },
  { feature: 'group', path: 'spec.router.route.group', asked: ({ router }) => isSet(router?.route?.group) },
  {
    feature: 'ingress',
    path: 'spec.router.ingress',
    asked: ({ router }) => (router?.ingress?.refs ?? []).length > 0,
  },
];

/**
 * What a service asks for that this operator merges and checks, but does not build yet. The only place that knows: to
 * leave it out would serve something else than what was asked for, so it is refused until its row is gone.
 *
 * @param spec the effective spec
 */
export function unbuiltFeatures(
  service: LLMInferenceService,
  spec: LLMInferenceServiceSpec,
): readonly Pick<Row, 'feature' | 'path'>[] {
  return ROWS.filter(({ asked }) => asked(spec, service)).map(({ feature, path }) => ({ feature, path }));
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
