import type { Container, Pod } from '../api/children.ts';
import { view } from '../api/snapshot.ts';

export interface ContainerState {
  readonly name: string;
  readonly image: string;
  readonly requests: Readonly<Record<string, string>>;
  readonly memoryLimit?: string;
  readonly init: boolean;
  /** An init container that keeps running beside the others. */
  readonly sidecar: boolean;
  readonly state: 'none' | 'waiting' | 'running' | 'terminated';
  readonly ready: boolean;
  readonly started: boolean;
  readonly reason?: string;
  readonly message?: string;
  /** Restarts, counted to three: more of them say nothing new. */
  readonly restarts: number;
  /** How it ended, now or the last time. */
  readonly ending?: { readonly exitCode: number; readonly reason?: string; readonly message?: string };
}

export interface PodState {
  readonly name: string;
  readonly created: string;
  readonly revision: string;
  readonly deleting: boolean;
  readonly phase: string;
  readonly reason?: string;
  readonly message?: string;
  readonly ready: boolean;
  readonly scheduled: boolean;
  readonly schedulingReason?: string;
  readonly schedulingMessage?: string;
  readonly containers: readonly ContainerState[];
}

/** A pod without what changes all the time: timestamps, back-off delays, growing restart counters, addresses. */
export const POD_VIEW = view<Pod, PodState>('status/pod', (pod) => {
  const conditions = pod.status?.conditions ?? [];
  const scheduled = conditions.find((condition) => condition.type === 'PodScheduled');
  return {
    name: pod.metadata.name,
    created: pod.metadata.creationTimestamp ?? '',
    revision: pod.metadata.labels?.['pod-template-hash'] ?? '',
    deleting: pod.metadata.deletionTimestamp !== undefined,
    phase: pod.status?.phase ?? '',
    ...texts(pod.status ?? {}),
    ready: conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    scheduled: scheduled?.status === 'True' || pod.spec?.nodeName !== undefined,
    ...(scheduled?.reason === undefined ? {} : { schedulingReason: scheduled.reason }),
    ...(scheduled?.message === undefined ? {} : { schedulingMessage: withoutPreemption(scheduled.message) }),
    containers: containersOf(pod),
  };
});

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** Longest end of a container's termination message that is shown. */
const LAST_WORDS = 1000;

function containersOf(pod: Pod): ContainerState[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const stateOf = (container: Container, init: boolean): ContainerState =>
    containerOf(
      container,
      init,
      statuses.find((status) => status.name === container.name),
    );
  return [
    ...(pod.spec?.initContainers ?? []).map((container) => stateOf(container, true)),
    ...(pod.spec?.containers ?? []).map((container) => stateOf(container, false)),
  ];
}

function containerOf(container: Container, init: boolean, status: ContainerStatus | undefined): ContainerState {
  const { waiting, running, terminated } = status?.state ?? {};
  const ending = terminated ?? status?.lastState?.terminated;
  const memoryLimit = container.resources?.limits?.['memory'];
  return {
    name: container.name,
    image: container.image ?? '',
    requests: strings({ ...container.resources?.limits, ...container.resources?.requests }),
    ...(memoryLimit === undefined ? {} : { memoryLimit: String(memoryLimit) }),
    init,
    sidecar: init && container.restartPolicy === 'Always',
    state: terminated ? 'terminated' : running ? 'running' : waiting ? 'waiting' : 'none',
    ready: status?.ready ?? false,
    started: status?.started ?? false,
    ...(waiting ? { ...texts(waiting), ...withoutDelay(waiting) } : {}),
    restarts: Math.min(status?.restartCount ?? 0, 3),
    ...(ending ? { ending: { exitCode: ending.exitCode, ...texts(ending), ...lastWords(ending.message) } } : {}),
  };
}

/** The kubelet's texts of a container that is held back differ between two attempts; what is left does not. */
function withoutDelay(waiting: { readonly reason?: string; readonly message?: string }): { message?: string } {
  if (waiting.reason === 'CrashLoopBackOff') return { message: '' };
  if (waiting.message === undefined) return {};
  return { message: waiting.message.replace(/^Back-off pulling image "[^"]*"(: ErrImagePull)?(: )?/, '') };
}

function lastWords(message: string | undefined): { message?: string } {
  return message === undefined ? {} : { message: message.trim().slice(-LAST_WORDS) };
}

/** The scheduler adds why preemption does not help either, in the same words once more. */
function withoutPreemption(message: string): string {
  return message.replace(/\s*(no new claims to deallocate[.,]?|preemption:).*$/s, '');
}

function texts(state: { readonly reason?: string; readonly message?: string }): { reason?: string; message?: string } {
  return {
    ...(state.reason === undefined ? {} : { reason: state.reason }),
    ...(state.message === undefined ? {} : { message: state.message }),
  };
}

function strings(quantities: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(quantities).map(([name, value]) => [name, String(value)]));
}
