import { MAIN_CONTAINER, STORAGE_INITIALIZER } from '../api/wellknown.ts';
import type { ContainerState, PodState } from './podstate.ts';
import { ended } from './sentence.ts';

/** Why pods are not ready. `failed`: waiting will not help. */
export interface Cause {
  readonly failed: boolean;
  readonly reason: string;
  readonly message: string;
}

/**
 * The most telling reason why the pods of a workload are not ready, or undefined when none of them says anything. Only
 * pods of the newest revision count. `before` is the reason with which the workload had failed already, if it had: a
 * container that crashes or an image that cannot be pulled is not called healthy between two attempts.
 */
export function causeOf(pods: readonly PodState[], before: string | undefined): Cause | undefined {
  const living = pods.filter((pod) => !pod.deleting && pod.phase !== 'Succeeded');
  const newest = living.reduce<PodState | undefined>(
    (a, b) => (a === undefined || b.created > a.created ? b : a),
    undefined,
  );
  const causes = living
    .filter((pod) => pod.revision === newest?.revision && !pod.ready)
    .map((pod) => podCause(pod, before))
    .filter((cause) => cause !== undefined);
  return causes.find((cause) => cause.failed) ?? causes[0];
}

function podCause(pod: PodState, before: string | undefined): Cause | undefined {
  if (pod.phase === 'Failed') {
    return waits(pod.reason ?? 'Failed', `Pod ${pod.name} failed and is replaced${because(pod)}`);
  }
  if (!pod.scheduled) return schedulingCause(pod);
  for (const container of pod.containers) {
    const cause = containerCause(pod, container, before);
    if (cause) return cause;
  }
  return undefined;
}

function schedulingCause(pod: PodState): Cause {
  if (pod.schedulingReason === 'SchedulingGated') {
    return waits('SchedulingGated', `Pod ${pod.name} is held back by the gates in its spec.schedulingGates.`);
  }
  if (pod.schedulingMessage === undefined) {
    return waits('Pending', `Pod ${pod.name} waits for the scheduler to find a node.`);
  }
  const { schedulingMessage: message } = pod;
  return waits(
    'Unschedulable',
    `Pod ${pod.name} finds no node: ${[ended(message), ...askedFor(pod, message)].join(' ')}`,
  );
}

/** The requests that the scheduler's message is about. */
function askedFor(pod: PodState, message: string): string[] {
  return pod.containers.flatMap((container) => {
    const lacking = Object.entries(container.requests).filter(([resource]) =>
      message.toLowerCase().includes(`insufficient ${resource.toLowerCase()}`),
    );
    if (lacking.length === 0) return [];
    return [`Container ${container.name} asks for ${lacking.map(([name, value]) => `${name}: ${value}`).join(', ')}.`];
  });
}

function containerCause(pod: PodState, container: ContainerState, before: string | undefined): Cause | undefined {
  const who = `${container.init ? 'Init container' : 'Container'} ${container.name} of Pod ${pod.name}`;
  if (isDone(container)) return undefined;
  if (container.state === 'waiting') {
    const image = imageCause(who, container, before);
    if (image) return image;
  }
  const crash = crashCause(who, container, before);
  if (crash) return crash;
  switch (container.state) {
    case 'none':
    case 'waiting': {
      const reason = container.reason ?? 'ContainerCreating';
      if (reason === 'ContainerCreating' || reason === 'PodInitializing') {
        return waits('ContainerCreating', `${who} is being created.`);
      }
      return waits(reason, `${who} cannot start${because(container)}`);
    }
    case 'terminated':
      return waits('Terminated', `${who} ended${how(container)} It is started again.`);
    case 'running':
      return runningCause(who, container);
  }
}

function runningCause(who: string, container: ContainerState): Cause {
  const again = container.ending && container.restarts > 0 ? ` It ended before${how(container)}` : '';
  if (container.init && !container.sidecar) {
    const what = container.name === STORAGE_INITIALIZER ? 'is fetching the model' : 'is running';
    return waits('Initializing', `${who} ${what}.${again}`);
  }
  const probe = container.started ? 'readiness' : 'startup';
  const what = container.name === MAIN_CONTAINER ? 'runs and the model is loading' : 'runs';
  return waits('Loading', `${who} ${what}: its ${probe} probe does not pass yet.${again}`);
}

const PULL_FAILED = ['ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'];

function imageCause(who: string, container: ContainerState, before: string | undefined): Cause | undefined {
  const { reason = '' } = container;
  if (!PULL_FAILED.includes(reason) && reason !== 'ErrImagePull') return undefined;
  const failed = reason !== 'ErrImagePull' || PULL_FAILED.includes(before ?? '');
  return {
    failed,
    reason: failed && reason === 'ErrImagePull' ? 'ImagePullBackOff' : reason,
    message: `${who}: the image ${container.image} cannot be pulled${because(container)} Correct the image or its pull secret.`,
  };
}

function crashCause(who: string, container: ContainerState, before: string | undefined): Cause | undefined {
  const loops =
    container.reason === 'CrashLoopBackOff' ||
    (container.ending !== undefined && container.ending.exitCode !== 0 && container.restarts >= 3) ||
    (before === 'CrashLoopBackOff' && container.restarts > 0);
  if (!loops) return undefined;
  return {
    failed: true,
    reason: 'CrashLoopBackOff',
    message: `${who} crashes again and again: it ended${how(container)}`,
  };
}

/** How the container ended, as the end of a sentence and what follows it. */
function how(container: ContainerState): string {
  const { ending } = container;
  if (!ending) return '.';
  const text = ending.message ? ` Its last words: ${ended(ending.message)}` : '';
  if (ending.reason !== 'OOMKilled') return ` with exit code ${ending.exitCode}.${text}`;
  const limit = container.memoryLimit ? `, which is ${container.memoryLimit}` : '';
  return ` for lack of memory (OOMKilled). Raise resources.limits.memory of container ${container.name}${limit}.${text}`;
}

function because(state: { readonly reason?: string; readonly message?: string }): string {
  const words = state.message || state.reason;
  return words ? `: ${ended(words)}` : '.';
}

function waits(reason: string, message: string): Cause {
  return { failed: false, reason, message };
}

function isDone(container: ContainerState): boolean {
  if (container.init && !container.sidecar) return container.state === 'terminated' && container.ending?.exitCode === 0;
  if (container.sidecar) return container.started && container.state === 'running';
  return container.ready;
}
