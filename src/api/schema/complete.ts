/**
 * Rules about what must be there, for services. They are rules of the whole spec, not of the part, because a service with
 * `baseRefs` may leave them to its configs: then the condition after the merge is the judge.
 */
import { has } from './cel.ts';
import type { Rule } from './builders.ts';

const FROM_CONFIGS = 'size(self.?baseRefs.orValue([])) > 0';

/** What a service without configs must say, for the workload at `spec` and at `spec.prefill`, and for the router. */
export function completenessRules(): readonly Rule[] {
  return [...workload('', ''), ...workload('.prefill', '.?prefill'), ...ROUTER].map(({ rule, ...rest }) => ({
    rule: `${FROM_CONFIGS} || ${rule}`,
    ...rest,
  }));
}

function workload(path: string, at: string): readonly Rule[] {
  const is = (field: string): string => `self${at}.?${field}.hasValue()`;
  const idle = (field: string): string => `self${at}.?scaling.?${field}.?idleReplicaCount.orValue(-1) < 1`;
  const unavailable = `self${path}.rolloutStrategy.maxUnavailable`;
  return [
    {
      rule: `!${is('worker')} || ${is('parallelism.?pipeline')} || ${is('parallelism.?data')} || ${is('parallelism.?dataLocal')}`,
      message: 'worker needs parallelism: set parallelism.pipeline, or parallelism.data and parallelism.dataLocal',
      fieldPath: `${path}.worker`,
    },
    {
      rule: `!${is('worker')} || !${has(unavailable)} || ${is('rolloutStrategy.?maxSurge')} || string(${unavailable}) == '100%' || !(string(${unavailable}) == '0' || string(${unavailable}).endsWith('%'))`,
      message:
        'set maxSurge to at least 1: with worker and a maxUnavailable of 0, no update could make progress (a maxUnavailable below 100% counts as 0)',
      fieldPath: `${path}.rolloutStrategy`,
    },
    {
      rule: `!${is('scaling')} || ${is('scaling.?maxReplicas')}`,
      message: 'set maxReplicas: scaling needs an upper limit',
      fieldPath: `${path}.scaling`,
    },
    {
      rule: `!${is('scaling')} || ${is('scaling.?wva')} || ${is('scaling.?keda')}`,
      message: 'set wva or keda: scaling needs one of them',
      fieldPath: `${path}.scaling`,
    },
    {
      rule: `!${is('scaling.?wva')} || ${is('scaling.?wva.?hpa')} || ${is('scaling.?wva.?keda')}`,
      message: 'set hpa or keda: wva needs one of them as its actuator',
      fieldPath: `${path}.scaling.wva`,
    },
    {
      rule: `!${is('scaling.?keda')} || size(self${at}.?scaling.?keda.?triggers.orValue([])) > 0`,
      message: 'set triggers: scaling by KEDA needs at least one',
      fieldPath: `${path}.scaling.keda`,
    },
    {
      rule: `${is('scaling.?minReplicas')} || (${idle('keda')} && ${idle('wva.?keda')})`,
      message: 'idleReplicaCount must be less than minReplicas, which is 1 unless it is set',
      fieldPath: `${path}.scaling`,
    },
    {
      rule: `!${is('kvCacheOffloading')} || ${is('kvCacheOffloading.?cpu')}`,
      message: 'set cpu: it is the first tier of kvCacheOffloading',
      fieldPath: `${path}.kvCacheOffloading`,
    },
  ];
}

const is = (field: string): string => `self.?router.?${field}.hasValue()`;
const ROUTER: readonly Rule[] = [
  {
    rule: `!${is('route.?weight')} || ${is('route.?group')}`,
    message: 'weight requires group: set the group whose traffic this service shares',
    fieldPath: '.router.route',
  },
  {
    rule: `!${is('route.?group')} || ${is('route.?weight')}`,
    message: 'group requires weight: set the share of this service in the traffic of its group',
    fieldPath: '.router.route',
  },
  {
    rule: `!${is('scheduler.?config')} || ${is('scheduler.?config.?inline')} || ${is('scheduler.?config.?ref')}`,
    message: 'set inline or ref: the configuration of the scheduler comes from one of them',
    fieldPath: '.router.scheduler.config',
  },
  {
    rule: `!${is('scheduler.?config.?ref')} || self.?router.?scheduler.?config.?ref.?name.orValue('') != ''`,
    message: 'set the name of the ConfigMap in ref.name',
    fieldPath: '.router.scheduler.config.ref',
  },
];
