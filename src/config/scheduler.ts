import type { LLMInferenceService, LLMInferenceServiceSpec, SchedulerSpec } from '../api/llmisvc.ts';
import {
  KSERVE_COMPONENT_WORKLOAD,
  LABEL_KSERVE_COMPONENT,
  LABEL_NAME,
  LABEL_PART_OF,
  PART_OF,
  PICKER_PORT,
  pickerServiceAccountName,
} from '../api/wellknown.ts';
import type { StepMark } from './provenance.ts';

export const STEP_POOL_SELECTOR = 'pool selector from the name of the service';
export const STEP_PICKER_ACCOUNT = 'service account of the endpoint picker';
export const STEP_PICKER_PORT = 'port of the endpoint picker';

interface Settled {
  readonly spec: LLMInferenceServiceSpec;
  readonly marks: readonly StepMark[];
}

/**
 * Fills in what the scheduler of a merged spec leaves out, before templates are evaluated: a pool without labels selects
 * the pods of the service, and the endpoint picker runs under a ServiceAccount of its own. Follows KServe.
 */
export function withSchedulerDefaults(service: LLMInferenceService, spec: LLMInferenceServiceSpec): Settled {
  const { scheduler } = spec.router ?? {};
  if (!scheduler) return { spec, marks: [] };
  const { pool, template } = scheduler;
  const marks: StepMark[] = [];
  let settled: SchedulerSpec = scheduler;
  if (pool?.spec && Object.keys(pool.spec.selector?.matchLabels ?? {}).length === 0) {
    const matchLabels = {
      [LABEL_PART_OF]: PART_OF,
      [LABEL_NAME]: service.metadata.name,
      [LABEL_KSERVE_COMPONENT]: KSERVE_COMPONENT_WORKLOAD,
    };
    const selector = { ...pool.spec.selector, matchLabels };
    settled = { ...settled, pool: { ...pool, spec: { ...pool.spec, selector } } };
    marks.push({ path: 'router.scheduler.pool.spec.selector.matchLabels', step: STEP_POOL_SELECTOR });
  }
  if (template && !template.serviceAccountName) {
    const serviceAccountName = pickerServiceAccountName(service.metadata.name);
    settled = { ...settled, template: { ...template, serviceAccountName } };
    marks.push({ path: 'router.scheduler.template.serviceAccountName', step: STEP_PICKER_ACCOUNT });
  }
  return marks.length > 0 ? { spec: withScheduler(spec, settled), marks } : { spec, marks };
}

/** Gives the endpoint picker of a pool its port, when it is a Service and none is named. Follows KServe. */
export function withPickerPort(spec: LLMInferenceServiceSpec): Settled {
  const { scheduler } = spec.router ?? {};
  const pool = scheduler?.pool;
  const picker = pool?.spec?.endpointPickerRef;
  if (!scheduler || !pool?.spec || !picker || picker.port?.number || (picker.kind || 'Service') !== 'Service') {
    return { spec, marks: [] };
  }
  const endpointPickerRef = { ...picker, port: { ...picker.port, number: PICKER_PORT } };
  return {
    spec: withScheduler(spec, { ...scheduler, pool: { ...pool, spec: { ...pool.spec, endpointPickerRef } } }),
    marks: [{ path: 'router.scheduler.pool.spec.endpointPickerRef.port', step: STEP_PICKER_PORT }],
  };
}

function withScheduler(spec: LLMInferenceServiceSpec, scheduler: SchedulerSpec): LLMInferenceServiceSpec {
  return { ...spec, router: { ...spec.router, scheduler } };
}
