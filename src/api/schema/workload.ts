/** What describes a workload, at `spec` (in disaggregated serving: the decode side) and at `spec.prefill`. */
import { boolean, external, integer, intOrString, map, object, type Rule, type Schema, string } from './builders.ts';
import { kvCacheSchema } from './kvcache.ts';
import { scalingSchema } from './scaling.ts';
import type { SpecKind } from './spec.ts';

const PARALLELISM_RULES: readonly Rule[] = [
  {
    rule: '!(has(self.pipeline) && (has(self.data) || has(self.dataLocal)))',
    message: 'set either pipeline or data and dataLocal: pipeline and data parallelism cannot be combined',
  },
  { rule: 'has(self.data) == has(self.dataLocal)', message: 'data and dataLocal must be set together' },
];

/** Counted for one pod, as KServe does: a share of maxUnavailable is rounded down, one of maxSurge up. */
const NO_PROGRESS: Rule = {
  rule: "!(has(self.maxUnavailable) && has(self.maxSurge) && string(self.maxUnavailable) != '100%' && (string(self.maxUnavailable) == '0' || string(self.maxUnavailable).endsWith('%')) && string(self.maxSurge) in ['0', '0%'])",
  message:
    'maxUnavailable and maxSurge cannot both be 0: no update could make progress (a maxUnavailable below 100% counts as 0)',
};

const amount = (field: string): Rule => ({
  rule: `!has(self.${field}) || (type(self.${field}) == int ? int(self.${field}) >= 0 : string(self.${field}).matches('^0*(100|[0-9]{1,2})%$'))`,
  message: `write ${field} as an integer of at least 0, or as a percentage from 0% to 100%`,
});

export const EXCLUSIVE_REPLICAS: Rule = {
  rule: '!(has(self.replicas) && has(self.scaling))',
  message:
    'replicas and scaling are mutually exclusive: use scaling for a number of pods by load, or replicas for a fixed one',
};

/** The fields of a workload. */
export function workloadFields(kind: SpecKind): Record<string, Schema> {
  return {
    replicas: integer({ minimum: 0, description: 'Number of pods. Left alone when not set, for autoscalers.' }),
    scaling: scalingSchema(),
    parallelism: object(
      {
        tensor: integer({ minimum: 1, description: 'GPUs that share each layer; the GPU request follows from it.' }),
        pipeline: integer({ minimum: 1 }),
        data: integer({ minimum: 1 }),
        dataLocal: integer({ minimum: 1 }),
        dataRPCPort: integer({ minimum: 1, maximum: 65535 }),
        expert: boolean(),
      },
      { description: 'How the model is spread over GPUs.', 'x-kubernetes-validations': PARALLELISM_RULES },
    ),
    labels: map(string({ maxLength: 63 }), { description: 'Labels of the pods and the workload Service.' }),
    annotations: map(string(), { description: 'Annotations of the pods and the workload Service.' }),
    template: external('PodSpec', {
      description: 'The pod, in part: merged over the preset by the names of containers, variables and volumes.',
    }),
    worker: external('PodSpec', { description: 'The pods beside the first one when a model spans several nodes.' }),
    kvCacheOffloading: kvCacheSchema(),
    rolloutStrategy: object(
      { maxUnavailable: intOrString(), maxSurge: intOrString() },
      {
        'x-kubernetes-validations':
          kind === 'service' ? [amount('maxUnavailable'), amount('maxSurge'), NO_PROGRESS] : [NO_PROGRESS],
      },
    ),
  };
}
