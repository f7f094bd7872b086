/**
 * The spec shared by `LLMInferenceService` and `LLMInferenceServiceConfig` in both versions, after KServe's API.
 *
 * Nothing is converted between the versions, so both have this schema: what only one of them knows in KServe's API
 * survives an update through the other. Where their shapes differ, the schema is open.
 *
 * There are no defaults: a stored default would override lower layers of the merge. Every rule here is also checked
 * after the merge and reported as a condition, because values may come from configs.
 */
import { boolean, list, object, type Rule, type Schema, string } from './builders.ts';
import { completenessRules } from './complete.ts';
import { modelSchema } from './model.ts';
import { routerSchema } from './router.ts';
import { objectName } from './scalars.ts';
import { EXCLUSIVE_REPLICAS, workloadFields } from './workload.ts';

/** A config may hold templates and parts, and no base refs of its own. */
export type SpecKind = 'service' | 'config';

/** The number of nodes that one replica spans. */
const SIZE = (self: string, at: string): string =>
  `(${self}${at}.?parallelism.?data.hasValue() || ${self}${at}.?parallelism.?dataLocal.hasValue() ? ` +
  `(${self}${at}.?parallelism.?data.orValue(1) < ${self}${at}.?parallelism.?dataLocal.orValue(1) ? 1 : ` +
  `${self}${at}.?parallelism.?data.orValue(1) / ${self}${at}.?parallelism.?dataLocal.orValue(1)) : ` +
  `${self}${at}.?parallelism.?pipeline.orValue(1))`;

const FIXED = '(pipeline, or data divided by dataLocal) of a service cannot change: create a new service instead';

/** Written on `spec`, because a rule on `parallelism` would miss its removal. */
const IMMUTABLE_SIZE: readonly Rule[] = [
  { rule: `${SIZE('self', '')} == ${SIZE('oldSelf', '')}`, message: `the total parallelism ${FIXED}` },
  {
    rule: `!has(self.prefill) || !has(oldSelf.prefill) || ${SIZE('self', '.?prefill')} == ${SIZE('oldSelf', '.?prefill')}`,
    message: `the total parallelism of prefill ${FIXED}`,
  },
];

/** Decode and prefill scale by the same means. */
const SAME_SCALING: readonly Rule[] = [
  {
    rule: '!has(self.scaling) || !has(self.prefill) || !has(self.prefill.scaling) || has(self.scaling.keda) == has(self.prefill.scaling.keda)',
    message: 'decode and prefill must scale by the same means: set either wva or keda in both',
    fieldPath: '.prefill.scaling',
  },
  {
    rule: '!(has(self.scaling) && has(self.prefill) && has(self.prefill.scaling) && has(self.scaling.wva) && has(self.prefill.scaling.wva)) || has(self.scaling.wva.hpa) == has(self.prefill.scaling.wva.hpa)',
    message: 'decode and prefill must have the same actuator: set either hpa or keda in wva of both',
    fieldPath: '.prefill.scaling.wva',
  },
];

const NO_BASE_REFS: Rule = {
  rule: '!has(self.baseRefs) || size(self.baseRefs) == 0',
  message: 'a config cannot have baseRefs: list them in the service',
};

/** The schema of the spec of a service or of a config. */
export function specSchema(kind: SpecKind): Schema {
  const rules =
    kind === 'service'
      ? [EXCLUSIVE_REPLICAS, ...SAME_SCALING, ...completenessRules(), ...IMMUTABLE_SIZE]
      : [EXCLUSIVE_REPLICAS, NO_BASE_REFS];
  return object(
    {
      model: modelSchema(kind),
      storageInitializer: object(
        { enabled: boolean({ description: 'false: nothing is downloaded or mounted; the pod brings its own model.' }) },
        { description: 'How the model gets into the pod.' },
      ),
      ...workloadFields(kind),
      prefill: object(workloadFields(kind), {
        description: 'A workload of its own for the first token; the fields beside it then describe decoding.',
        'x-kubernetes-validations': [EXCLUSIVE_REPLICAS],
      }),
      router: routerSchema(kind),
      tracing: object(
        { exporterEndpoint: string(), exporter: string(), sampler: string(), samplerArg: string() },
        { description: 'OpenTelemetry; its presence switches it on.' },
      ),
      baseRefs: list(object({ name: objectName() }, { required: ['name'], 'x-kubernetes-map-type': 'atomic' }), {
        maxItems: 32,
        description: 'LLMInferenceServiceConfigs to build on; later ones win over earlier ones.',
      }),
    },
    { 'x-kubernetes-validations': rules },
  );
}
