/** `scaling`: the Workload Variant Autoscaler with an HPA or KEDA, or KEDA directly, after KServe's API. */
import { boolean, integer, list, map, object, type Rule, type Schema, string } from './builders.ts';
import { quantity } from './scalars.ts';

const MODIFIERS = ['formula', 'target', 'activationTarget', 'metricType'] as const;

const HPA_NAME: Rule = {
  rule: "self.?advanced.?horizontalPodAutoscalerConfig.?name.orValue('') == ''",
  message: 'remove horizontalPodAutoscalerConfig.name: the operator names the HPA itself',
};

const SCALING_RULES: readonly Rule[] = [
  { rule: '!(has(self.wva) && has(self.keda))', message: 'wva and keda are mutually exclusive: remove one' },
  {
    rule: '!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas',
    message: 'minReplicas cannot exceed maxReplicas: lower minReplicas or raise maxReplicas',
  },
  ...['wva.?keda', 'keda'].map((path) => ({
    rule: `!has(self.minReplicas) || self.?${path}.?idleReplicaCount.orValue(-1) < self.minReplicas`,
    message: 'idleReplicaCount must be less than minReplicas: it is the number of replicas while no trigger is active',
  })),
];

const WVA_RULES: readonly Rule[] = [
  { rule: '!(has(self.hpa) && has(self.keda))', message: 'hpa and keda are mutually exclusive: choose one actuator' },
  {
    rule: MODIFIERS.map((field) => `self.?keda.?advanced.?scalingModifiers.?${field}.orValue('') == ''`).join(' && '),
    message: 'remove scalingModifiers: the Workload Variant Autoscaler controls the metric formula',
  },
];

/** The schema of `scaling`. What must be there at all is a rule of the whole spec, because configs may supply it. */
export function scalingSchema(): Schema {
  return object(
    {
      minReplicas: integer({ minimum: 1, description: 'Default: 1.' }),
      maxReplicas: integer({ minimum: 1 }),
      wva: object(
        {
          variantCost: string({ maxLength: 64, pattern: '^\\d+(\\.\\d+)?$', description: 'Default: "10.0".' }),
          hpa: object({ behavior: behavior() }),
          keda: object(kedaFields(), { 'x-kubernetes-validations': [HPA_NAME] }),
        },
        { 'x-kubernetes-validations': WVA_RULES },
      ),
      keda: object({ ...kedaFields(), triggers: triggers() }, { 'x-kubernetes-validations': [HPA_NAME] }),
    },
    {
      description: 'Number of pods by load, instead of replicas.',
      'x-kubernetes-validations': SCALING_RULES,
    },
  );
}

function kedaFields(): Record<string, Schema> {
  return {
    pollingInterval: integer({ minimum: 1 }),
    cooldownPeriod: integer({ minimum: 0 }),
    initialCooldownPeriod: integer({ minimum: 0 }),
    idleReplicaCount: integer({ minimum: 0 }),
    fallback: object(
      {
        failureThreshold: integer(),
        replicas: integer(),
        behavior: string({
          enum: ['static', 'currentReplicas', 'currentReplicasIfHigher', 'currentReplicasIfLower'],
        }),
      },
      { required: ['failureThreshold', 'replicas'] },
    ),
    advanced: object({
      horizontalPodAutoscalerConfig: object({ behavior: behavior(), name: string({ maxLength: 253 }) }),
      restoreToOriginalReplicaCount: boolean(),
      scalingModifiers: object({
        formula: string({ maxLength: 4096 }),
        target: string({ maxLength: 253 }),
        activationTarget: string({ maxLength: 253 }),
        metricType: string({ enum: ['AverageValue', 'Value'] }),
      }),
    }),
  };
}

function triggers(): Schema {
  return list(
    object(
      {
        type: string(),
        metadata: map(string()),
        name: string(),
        metricType: string(),
        useCachedMetrics: boolean(),
        authenticationRef: object({ name: string(), kind: string() }, { required: ['name'] }),
      },
      { required: ['type', 'metadata'] },
    ),
    { minItems: 1 },
  );
}

/** `HorizontalPodAutoscalerBehavior` of autoscaling/v2. */
function behavior(): Schema {
  const policy = object(
    { type: string(), value: integer(), periodSeconds: integer() },
    { required: ['type', 'value', 'periodSeconds'] },
  );
  const rules = (): Schema =>
    object({
      policies: list(policy),
      selectPolicy: string(),
      stabilizationWindowSeconds: integer(),
      tolerance: quantity(),
    });
  return object({ scaleUp: rules(), scaleDown: rules() });
}
