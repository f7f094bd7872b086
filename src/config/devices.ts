import type { Container, PartialPodSpec } from '../api/children.ts';
import type { LLMInferenceService, LLMInferenceServiceSpec, WorkloadSpec } from '../api/llmisvc.ts';
import { parseQuantity } from '../api/quantity.ts';
import { ANNOTATION_DEVICE, ANNOTATION_DRA, MAIN_CONTAINER } from '../api/wellknown.ts';
import type { StepMark } from './provenance.ts';

export const STEP_DEVICES = 'devices from parallelism';
export const STEP_PREFILL_DEVICES = 'devices from parallelism of prefill';
const PODS = ['template', 'worker'] as const;

/** A request of the layers that contradicts the parallelism. `path` leads to it. */
export interface DeviceMismatch {
  readonly path: string;
  readonly resource: string;
  readonly requested: string;
  readonly expected: number;
}

export interface Devices {
  readonly spec: LLMInferenceServiceSpec;
  readonly marks: readonly StepMark[];
  readonly mismatches: readonly DeviceMismatch[];
}

/**
 * Derives the device request of container `main` from the parallelism of the merged spec: tensor × dataLocal, at least 1,
 * of the device that the annotation of the workload preset names; for pods and workers, and for those of `prefill` from
 * its own parallelism and annotation. Nothing is derived for a pod template that names any extended resource or a resource
 * claim itself, or with managed DRA; a request of 0 for the device is taken out.
 */
export function withDevices(service: LLMInferenceService, spec: LLMInferenceServiceSpec): Devices {
  const managed = service.metadata.annotations?.[ANNOTATION_DRA.deviceClass] !== undefined;
  const own = equipped(spec, '', STEP_DEVICES, managed);
  const { prefill } = own.spec;
  if (!prefill) return own;
  const half = equipped(prefill, 'prefill.', STEP_PREFILL_DEVICES, managed);
  return {
    spec: half.spec === prefill ? own.spec : { ...own.spec, prefill: half.spec },
    marks: [...own.marks, ...half.marks],
    mismatches: [...own.mismatches, ...half.mismatches],
  };
}

/** The same of one half of a service. `at` leads to it. */
function equipped<T extends WorkloadSpec>(
  spec: T,
  at: string,
  step: string,
  managed: boolean,
): Omit<Devices, 'spec'> & { readonly spec: T } {
  const device = spec.annotations?.[ANNOTATION_DEVICE];
  const changed: { template?: PartialPodSpec; worker?: PartialPodSpec } = {};
  const marks: StepMark[] = [];
  const mismatches: DeviceMismatch[] = [];
  for (const pod of PODS) {
    const template = spec[pod];
    const main = template?.containers?.find(({ name }) => name === MAIN_CONTAINER);
    if (!device || !template || !main) continue;
    const resources = `${at}${pod}.containers[name=${MAIN_CONTAINER}].resources`;
    if (!managed && !usesClaims(template) && !namesExtendedResource(template)) {
      changed[pod] = derived(template, device, String(expectedCount(spec)));
      marks.push(...['requests', 'limits'].map((part) => ({ path: `${resources}.${part}[${device}]`, step })));
      continue;
    }
    if (podContainers(template).some((container) => hasZero(container, device))) {
      changed[pod] = withoutZero(template, device);
    }
    const mismatch = managed || usesClaims(template) ? undefined : mismatchOf(spec, main, device, `spec.${resources}`);
    if (mismatch) mismatches.push(mismatch);
  }
  return { spec: Object.keys(changed).length === 0 ? spec : { ...spec, ...changed }, marks, mismatches };
}

/** The number of devices that one pod needs. */
function expectedCount({ parallelism }: WorkloadSpec): number {
  return Math.max(1, (parallelism?.tensor ?? 1) * (parallelism?.dataLocal ?? 1));
}

function derived(template: PartialPodSpec, device: string, count: string): PartialPodSpec {
  const containers = (template.containers ?? []).map((container) =>
    container.name === MAIN_CONTAINER ? withRequest(container, device, count) : container,
  );
  return { ...template, containers };
}

function withRequest(container: Container, device: string, count: string): Container {
  const { requests, limits } = container.resources ?? {};
  const resources = {
    ...container.resources,
    requests: { ...requests, [device]: count },
    limits: { ...limits, [device]: count },
  };
  return { ...container, resources };
}

function mismatchOf(
  spec: WorkloadSpec,
  main: Container,
  device: string,
  resources: string,
): DeviceMismatch | undefined {
  if (spec.parallelism?.tensor === undefined && spec.parallelism?.dataLocal === undefined) return undefined;
  const expected = expectedCount(spec);
  for (const part of ['limits', 'requests'] as const) {
    const requested = main.resources?.[part]?.[device];
    const quantity = parseQuantity(requested);
    if (!quantity || quantity.nano === BigInt(expected) * 1_000_000_000n || quantity.nano === 0n) continue;
    return { path: `${resources}.${part}[${device}]`, resource: device, requested: String(requested), expected };
  }
  return undefined;
}

function withoutZero(template: PartialPodSpec, device: string): PartialPodSpec {
  const cleaned = (list: readonly Container[] | undefined): Container[] =>
    (list ?? []).map((container) => (hasZero(container, device) ? clean(container, device) : container));
  const initContainers = template.initContainers ? { initContainers: cleaned(template.initContainers) } : {};
  return { ...template, containers: cleaned(template.containers), ...initContainers };
}

function hasZero({ resources }: Container, device: string): boolean {
  return [resources?.requests?.[device], resources?.limits?.[device]].some(
    (value) => parseQuantity(value)?.nano === 0n,
  );
}

function clean(container: Container, device: string): Container {
  const { requests, limits, ...rest } = container.resources ?? {};
  const kept = Object.entries({ requests, limits }).flatMap(([part, map]) => {
    const entries = Object.entries(map ?? {}).filter(
      ([name, value]) => name !== device || parseQuantity(value)?.nano !== 0n,
    );
    return entries.length > 0 ? [[part, Object.fromEntries(entries)]] : [];
  });
  return { ...container, resources: { ...rest, ...Object.fromEntries(kept) } };
}

function usesClaims(template: PartialPodSpec): boolean {
  if ((template.resourceClaims ?? []).length > 0) return true;
  return podContainers(template).some(({ resources }) => (resources?.claims ?? []).length > 0);
}

function namesExtendedResource(template: PartialPodSpec): boolean {
  const named = [...podContainers(template).map(({ resources }) => resources), template.resources].flatMap(
    (resources) => Object.keys({ ...resources?.requests, ...resources?.limits }),
  );
  return named.some(isExtended);
}

/** Extended resources have a domain in their name, and not that of Kubernetes itself. */
function isExtended(resource: string): boolean {
  const domain = resource.slice(0, Math.max(0, resource.indexOf('/')));
  return domain !== '' && domain !== 'kubernetes.io' && !domain.endsWith('.kubernetes.io');
}

function podContainers(template: PartialPodSpec): readonly Container[] {
  return [...(template.initContainers ?? []), ...(template.containers ?? [])];
}
