import { ANNOTATION_DEVICE, ANNOTATION_DRA, MAIN_CONTAINER, PICKER_PORT } from '../../api/wellknown.ts';
import { STEP_DEVICE_CLAIM } from '../../config/deviceclaims.ts';
import { STEP_DEVICES, STEP_PREFILL_DEVICES } from '../../config/devices.ts';
import { STEP_INFERENCE_PATHS } from '../../config/inferencepaths.ts';
import { STEP_MODEL_NAME } from '../../config/layers.ts';
import { STEP_EVICTION } from '../../config/offloading.ts';
import { STEP_BACKENDS, STEP_EXTERNAL_POOL, STEP_PARENTS } from '../../config/routing.ts';
import { STEP_PICKER_ACCOUNT, STEP_PICKER_PORT, STEP_POOL_SELECTOR } from '../../config/scheduler.ts';
import { STEP_SCHEDULER_CONFIG } from '../../config/schedulerconfig.ts';
import type { Input } from './about.ts';
import type { Evaluated } from '../world/evaluate.ts';
import type { Leaf } from '../leaves.ts';

/** What a step after the merge goes by. */
export interface StepRule {
  readonly text: string;
  readonly inputs: readonly Input[];
}

/**
 * The words for a step of the operator, and what it looks at.
 *
 * @param at the way to the value in the effective spec
 */
export function stepRule(step: string, at: Leaf['at'], evaluated: Evaluated): StepRule {
  const row = STEPS[step];
  if (!row) return { text: step, inputs: [] };
  const { inputs = [] } = row;
  return { text: `${step}: ${row.text}`, inputs: typeof inputs === 'function' ? inputs(at, evaluated) : inputs };
}

interface Row {
  readonly text: string;
  readonly inputs?: readonly Input[] | ((at: Leaf['at'], evaluated: Evaluated) => readonly Input[]);
}

const NAME: Input = { service: ['metadata', 'name'] };
const EXTERNAL_POOL = 'spec.router.scheduler.pool.ref.name';
const RUNTIME_LORA = `spec.template.containers[name=${MAIN_CONTAINER}].env[name=VLLM_ALLOW_RUNTIME_LORA_UPDATING].value`;

const STEPS: Readonly<Record<string, Row>> = {
  [STEP_MODEL_NAME]: { text: 'no layer names the model', inputs: [NAME] },
  [STEP_DEVICES]: devices('spec'),
  [STEP_PREFILL_DEVICES]: devices('spec.prefill'),
  [STEP_PARENTS]: { text: 'spec.router.gateway.refs names the Gateways of the route', inputs: gatewayRef },
  [STEP_BACKENDS]: {
    text: 'rules that lead to the inference pool of the service lead to its Service',
    inputs: [{ spec: 'spec.router.scheduler' }, NAME],
  },
  [STEP_EXTERNAL_POOL]: {
    text: 'spec.router.scheduler.pool.ref names a pool that others made',
    inputs: [{ spec: EXTERNAL_POOL }],
  },
  [STEP_DEVICE_CLAIM]: {
    text: `metadata.annotations[${ANNOTATION_DRA.deviceClass}] asks for devices of a class`,
    inputs: [{ service: ['metadata', 'annotations', ANNOTATION_DRA.deviceClass] }],
  },
  [STEP_POOL_SELECTOR]: { text: 'no layer says which pods the pool selects', inputs: [NAME] },
  [STEP_EVICTION]: { text: 'no layer names one, which is lru then' },
  [STEP_PICKER_ACCOUNT]: { text: 'spec.router.scheduler.template names none', inputs: [NAME] },
  [STEP_PICKER_PORT]: {
    text: `spec.router.scheduler.pool.spec.endpointPickerRef names no port, which is ${PICKER_PORT} then`,
  },
  [STEP_SCHEDULER_CONFIG]: {
    text: 'spec.router.scheduler.config.ref names it',
    inputs: [{ spec: 'spec.router.scheduler.config.ref' }],
  },
  [STEP_INFERENCE_PATHS]: {
    text: 'vLLM loads LoRA adapters at run time, and /v1 would let everybody do so',
    inputs: [{ spec: RUNTIME_LORA }],
  },
};

function devices(half: string): Row {
  const [tensor, local] = [`${half}.parallelism.tensor`, `${half}.parallelism.dataLocal`];
  const device = `${half}.annotations[${ANNOTATION_DEVICE}]`;
  return {
    text: `${tensor} × ${local}, at least 1, of the device in ${device}; no layer asks for devices itself`,
    inputs: [tensor, local, device].map((spec) => ({ spec })),
  };
}

/** The reference that a parent was made from has the same index. */
function gatewayRef(at: Leaf['at'], { effective }: Evaluated): readonly Input[] {
  const index = at.find((step) => typeof step === 'number') ?? 0;
  const ref = effective.spec.router?.gateway?.refs?.[index] ?? {};
  return Object.keys(ref).map((field) => ({ spec: `spec.router.gateway.refs[${index}].${field}` }));
}
