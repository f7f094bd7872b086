import type { Container, PartialPodSpec } from '../../../api/children.ts';
import type { LLMInferenceServiceSpec, WorkloadSpec } from '../../../api/llmisvc.ts';
import { isPlainObject } from '../../../api/object.ts';
import { MAIN_CONTAINER } from '../../../api/wellknown.ts';
import type { Complaint } from '../../complaint.ts';

/** Advice on a field of a spec. */
export interface Advice extends Pick<Complaint, 'severity' | 'message'> {
  readonly rule: string;
  /** From `spec` on. */
  readonly path: string;
  /** The fields whose absence it is about. */
  readonly absent?: readonly string[];
}

/** A pod template of a spec. */
export interface Pod {
  readonly path: string;
  readonly template: PartialPodSpec;
  /** What vLLM in it has to follow; absent where the pod runs something else. */
  readonly server?: Server;
}

export interface Server {
  readonly workload: WorkloadSpec;
  /** Where the workload stands: `spec` or `spec.prefill`. */
  readonly at: string;
  readonly role: 'template' | 'worker';
}

/** A container, and the path that leads to it. */
export interface Placed {
  readonly path: string;
  readonly container: Container;
  readonly init: boolean;
}

/** The pod templates of a spec. Of a spec as it is written, those that are objects. */
export function podsOf(spec: LLMInferenceServiceSpec): readonly Pod[] {
  const { prefill, router } = spec;
  const scheduler = router?.scheduler;
  return [
    ...serversOf('spec', spec),
    ...serversOf('spec.prefill', prefill),
    ...podAt('spec.router.scheduler.template', scheduler?.template),
    ...podAt('spec.router.scheduler.tokenizer.template', scheduler?.tokenizer?.template),
  ];
}

function serversOf(at: string, workload: WorkloadSpec | undefined): readonly Pod[] {
  return (['template', 'worker'] as const).flatMap((role) =>
    workload ? podAt(`${at}.${role}`, workload[role], { workload, at, role }) : [],
  );
}

/** The containers of a pod that can be named: what is wrong with others is said by the schema. */
export function containersOf({ path, template }: Pod): readonly Placed[] {
  const placed = (list: readonly Container[] = [], field: string): readonly Placed[] =>
    list
      .filter((container) => isPlainObject(container) && typeof container.name === 'string' && container.name !== '')
      .map((container) => ({
        path: `${path}.${field}[name=${container.name}]`,
        container,
        init: field === 'initContainers',
      }));
  return [...placed(template.initContainers, 'initContainers'), ...placed(template.containers, 'containers')];
}

/** The container that runs vLLM. */
export function mainOf(pod: Pod): Placed | undefined {
  return containersOf(pod).find(({ container, init }) => !init && container.name === MAIN_CONTAINER);
}

/** Extended resources have a domain in their name, and not that of Kubernetes itself. */
export function isExtended(resource: string): boolean {
  const domain = resource.slice(0, Math.max(0, resource.indexOf('/')));
  return domain !== '' && domain !== 'kubernetes.io' && !domain.endsWith('.kubernetes.io');
}

function podAt(path: string, template: PartialPodSpec | undefined, server?: Server): readonly Pod[] {
  return isPlainObject(template) ? [{ path, template, ...(server && { server }) }] : [];
}
