import type { KEDAScalingSpec, LLMInferenceServiceSpec, ScalingSpec } from '../api/llmisvc.ts';
import type { Invalid } from './validate.ts';

/** What `minReplicas` is when nobody sets it. */
const FEWEST = 1;
const MODIFIERS = ['formula', 'target', 'activationTarget', 'metricType'] as const;
const ONE_MECHANISM = 'either wva or keda, but not both';

/** KServe's rules for `scaling` of the workload at `spec` and at `spec.prefill`, and for the two together. */
export function scalingProblems(spec: LLMInferenceServiceSpec): readonly Invalid[] {
  return [
    ...workloadProblems(spec.scaling, spec.replicas, 'spec'),
    ...workloadProblems(spec.prefill?.scaling, spec.prefill?.replicas, 'spec.prefill'),
    ...pairProblems(spec.scaling, spec.prefill?.scaling),
  ];
}

function workloadProblems(
  scaling: ScalingSpec | undefined,
  replicas: number | undefined,
  at: string,
): readonly Invalid[] {
  if (!scaling) return [];
  const path = `${at}.scaling`;
  return [
    ...(replicas === undefined ? [] : [invalid(path, `set beside ${at}.replicas`, 'one of the two')]),
    ...countProblems(scaling, path),
    ...mechanismProblems(scaling, path),
  ];
}

function countProblems({ minReplicas, maxReplicas }: ScalingSpec, path: string): readonly Invalid[] {
  const problems: Invalid[] = [];
  if (minReplicas !== undefined && minReplicas < 1) {
    problems.push(invalid(`${path}.minReplicas`, String(minReplicas), 'an integer of at least 1'));
  }
  if (maxReplicas === undefined || maxReplicas < 1) {
    problems.push(invalid(`${path}.maxReplicas`, String(maxReplicas ?? 'not set'), 'an integer of at least 1'));
  } else if ((minReplicas ?? FEWEST) > maxReplicas) {
    problems.push(invalid(`${path}.minReplicas`, String(minReplicas), `at most maxReplicas, which is ${maxReplicas}`));
  }
  return problems;
}

function mechanismProblems(scaling: ScalingSpec, path: string): readonly Invalid[] {
  const { wva, keda, minReplicas = FEWEST } = scaling;
  if (wva && keda) return [invalid(path, 'both wva and keda', ONE_MECHANISM)];
  if (!wva && !keda) return [invalid(path, 'neither wva nor keda', ONE_MECHANISM)];
  if (keda) {
    const triggers = `${path}.keda.triggers`;
    return [
      ...((keda.triggers ?? []).length > 0 ? [] : [invalid(triggers, 'empty', 'at least one trigger')]),
      ...kedaProblems(keda, minReplicas, `${path}.keda`),
    ];
  }
  return wvaProblems(wva, minReplicas, `${path}.wva`);
}

function wvaProblems(wva: ScalingSpec['wva'], minReplicas: number, path: string): readonly Invalid[] {
  const { hpa, keda, variantCost } = wva ?? {};
  const problems: Invalid[] = [];
  if (Boolean(hpa) === Boolean(keda)) {
    problems.push(
      invalid(path, hpa ? 'both hpa and keda' : 'neither hpa nor keda', 'either hpa or keda as the actuator'),
    );
  }
  if (variantCost && !/^\d+(\.\d+)?$/.test(variantCost)) {
    problems.push(
      invalid(`${path}.variantCost`, JSON.stringify(variantCost), 'a number as text, such as "10" or "0.5"'),
    );
  }
  if (!keda) return problems;
  const modifiers = keda.advanced?.scalingModifiers ?? {};
  const set = MODIFIERS.filter((field) => modifiers[field]);
  if (set.length > 0) {
    const allowed = 'no value: the Workload Variant Autoscaler controls the metric formula';
    problems.push(invalid(`${path}.keda.advanced.scalingModifiers`, `set (${set.join(', ')})`, allowed));
  }
  return [...problems, ...kedaProblems(keda, minReplicas, `${path}.keda`)];
}

function kedaProblems(
  { advanced, idleReplicaCount }: KEDAScalingSpec,
  minReplicas: number,
  path: string,
): readonly Invalid[] {
  const problems: Invalid[] = [];
  const name = advanced?.horizontalPodAutoscalerConfig?.name;
  if (name) {
    const field = `${path}.advanced.horizontalPodAutoscalerConfig.name`;
    problems.push(invalid(field, JSON.stringify(name), 'no value: the operator names the HPA itself'));
  }
  if (idleReplicaCount !== undefined && idleReplicaCount >= minReplicas) {
    const allowed = `less than minReplicas, which is ${minReplicas}`;
    problems.push(invalid(`${path}.idleReplicaCount`, String(idleReplicaCount), allowed));
  }
  return problems;
}

function pairProblems(decode: ScalingSpec | undefined, prefill: ScalingSpec | undefined): readonly Invalid[] {
  if (!decode || !prefill) return [];
  const path = 'spec.prefill.scaling';
  const mechanism = ({ keda }: ScalingSpec): string => (keda ? 'keda' : 'wva');
  if (mechanism(decode) !== mechanism(prefill)) {
    return [invalid(path, mechanism(prefill), `${mechanism(decode)}, as in spec.scaling`)];
  }
  if (!decode.wva || !prefill.wva || Boolean(decode.wva.hpa) === Boolean(prefill.wva.hpa)) return [];
  const actuator = (hpa: unknown): string => (hpa ? 'hpa' : 'keda');
  const allowed = `${actuator(decode.wva.hpa)}, as in spec.scaling.wva`;
  return [invalid(`${path}.wva`, actuator(prefill.wva.hpa), allowed)];
}

function invalid(path: string, found: string, allowed: string): Invalid {
  return { part: 'workload', path, found, allowed };
}
