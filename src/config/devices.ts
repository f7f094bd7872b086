import type { Container, PartialPodSpec } from '../api/children.ts';
import type { LLMInferenceService, LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import { parseQuantity } from '../api/quantity.ts';
import { ANNOTATION_DEVICE, MAIN_CONTAINER } from '../api/wellknown.ts';
import type { StepMark } from './provenance.ts';

/** The presence of this annotation on the service hands devices to a resource claim that KServe manages. */
const ANNOTATION_MANAGED_DRA = 'serving.kserve.io/exp-dra-device-class';
export const STEP_DEVICES = 'devices from parallelism';

export interface Devices {
  readonly spec: LLMInferenceServiceSpec;
  readonly marks: readonly StepMark[];
  /** A request of the layers that contradicts the parallelism. `path` leads to it. */
  readonly mismatch?: {
    readonly path: string;
    readonly resource: string;
    readonly requested: string;
    readonly expected: number;
  };
}

/**
 * Derives the device request of container `main` from the parallelism of the merged spec: tensor × dataLocal, at least 1,
 * of the device that the annotation of the workload preset names. Nothing is derived when the merged spec names any
 * extended resource, a resource claim or managed DRA itself; a request of 0 for the device is taken out.
 */
export function withDevices(service: LLMInferenceService, spec: LLMInferenceServiceSpec): Devices {
  const device = spec.annotations?.[ANNOTATION_DEVICE];
  const { template } = spec;
  const main = template?.containers?.find(({ name }) => name === MAIN_CONTAINER);
  if (!device || !template || !main) return { spec, marks: [] };
  const managed = service.metadata.annotations?.[ANNOTATION_MANAGED_DRA] !== undefined;
  if (managed || usesClaims(template)) return { spec: withoutZero(spec, template, device), marks: [] };
  if (!namesExtendedResource(template)) return derived(spec, template, device);
  const rest = withoutZero(spec, template, device);
  const mismatch = mismatchOf(spec, main, device);
  return mismatch ? { spec: rest, marks: [], mismatch } : { spec: rest, marks: [] };
}

/** The number of devices that one pod needs. */
function expectedCount({ parallelism }: LLMInferenceServiceSpec): number {
  return Math.max(1, (parallelism?.tensor ?? 1) * (parallelism?.dataLocal ?? 1));
}

function derived(spec: LLMInferenceServiceSpec, template: PartialPodSpec, device: string): Devices {
  const count = String(expectedCount(spec));
  const containers = (template.containers ?? []).map((container) =>
    container.name === MAIN_CONTAINER ? withRequest(container, device, count) : container,
  );
  const resources = `template.containers[name=${MAIN_CONTAINER}].resources`;
  const marks = ['requests', 'limits'].map((part) => ({ path: `${resources}.${part}[${device}]`, step: STEP_DEVICES }));
  return { spec: { ...spec, template: { ...template, containers } }, marks };
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

function mismatchOf(spec: LLMInferenceServiceSpec, main: Container, device: string): Devices['mismatch'] {
  if (spec.parallelism?.tensor === undefined && spec.parallelism?.dataLocal === undefined) return undefined;
  const expected = expectedCount(spec);
  for (const part of ['limits', 'requests'] as const) {
    const requested = main.resources?.[part]?.[device];
    const quantity = parseQuantity(requested);
    if (!quantity || quantity.nano === BigInt(expected) * 1_000_000_000n || quantity.nano === 0n) continue;
    const path = `spec.template.containers[name=${MAIN_CONTAINER}].resources.${part}[${device}]`;
    return { path, resource: device, requested: String(requested), expected };
  }
  return undefined;
}

function withoutZero(spec: LLMInferenceServiceSpec, template: PartialPodSpec, device: string): LLMInferenceServiceSpec {
  if (!podContainers(template).some((container) => hasZero(container, device))) return spec;
  const cleaned = (list: readonly Container[] | undefined): Container[] =>
    (list ?? []).map((container) => (hasZero(container, device) ? clean(container, device) : container));
  const initContainers = template.initContainers ? { initContainers: cleaned(template.initContainers) } : {};
  return { ...spec, template: { ...template, containers: cleaned(template.containers), ...initContainers } };
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
