import { setTimeout as delay } from 'node:timers/promises';
import { jsonEqual } from '../../src/api/object.ts';
import { isConflict, isNotFound } from '../../src/kube/errors.ts';
import type { Client } from '../../src/kube/types.ts';
import type { Condition, ContainerStatus, Pod, PodStatus } from './types.ts';

export interface PodFacts {
  readonly address: string;
  readonly startTime: string;
  readonly initContainers: readonly ContainerStatus[];
  readonly containers: readonly ContainerStatus[];
  /** Every init container has completed, or runs beside the others. */
  readonly initialized: boolean;
}

/**
 * The status that the kubelet reports for what its containers do. Conditions of others stay as they are; a condition that
 * did not change since the last status keeps its time.
 */
export function podStatus(pod: Pod, facts: PodFacts, last: PodStatus | undefined): PodStatus {
  const phase = phaseOf(facts);
  const finished = phase === 'Succeeded' || phase === 'Failed';
  const unready = facts.containers.filter(({ ready }) => !ready).map(({ name }) => name);
  const reason = phase === 'Succeeded' ? 'PodCompleted' : 'ContainersNotReady';
  const why =
    unready.length > 0 || finished ? { reason, message: `containers with unready status: [${unready.join(' ')}]` } : {};
  const uninitialized = {
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${facts.initContainers
      .filter(({ ready }) => !ready)
      .map(({ name }) => name)
      .join(' ')}]`,
  };
  const ready = unready.length === 0 && facts.initialized && !finished;
  const own: Condition[] = [
    { type: 'PodReadyToStartContainers', status: bool(!finished) },
    { type: 'Initialized', status: bool(facts.initialized), ...(facts.initialized ? {} : uninitialized) },
    { type: 'Ready', status: bool(ready), ...(ready ? {} : why) },
    { type: 'ContainersReady', status: bool(ready), ...(ready ? {} : why) },
  ];
  const foreign = (pod.status?.conditions ?? []).filter(
    ({ type }) => !own.some((condition) => condition.type === type),
  );
  const before = last?.conditions ?? pod.status?.conditions ?? [];
  return {
    phase,
    hostIP: '127.0.0.1',
    hostIPs: [{ ip: '127.0.0.1' }],
    podIP: facts.address,
    podIPs: [{ ip: facts.address }],
    startTime: facts.startTime,
    conditions: [...own.map((condition) => withTime(condition, before)), ...foreign],
    initContainerStatuses: facts.initContainers,
    containerStatuses: facts.containers,
  };
}

export interface StatusWriter {
  /** Asks for a write of what is the status now; nothing is sent when that equals what was written. */
  request(): void;
  /** Resolves when nothing is left to write. */
  settled(): Promise<void>;
}

/** Writes the status of one pod, one request at a time; requests in the meantime become one. */
export function statusWriter(
  client: Client,
  pod: () => Pod,
  current: () => PodStatus,
  signal: AbortSignal,
  say: (line: string) => void,
): StatusWriter {
  let dirty = false;
  let writing: Promise<void> | undefined;
  let written: unknown;
  const write = async (): Promise<void> => {
    while (dirty && !signal.aborted) {
      dirty = false;
      const status = current();
      if (jsonEqual(status, written)) continue;
      const { metadata } = pod();
      const ref = { apiVersion: 'v1', kind: 'Pod', namespace: metadata.namespace ?? 'default', name: metadata.name };
      try {
        await client.patch(ref, { metadata: { uid: metadata.uid }, status }, { subresource: 'status', signal });
        written = status;
      } catch (error) {
        // The pod is gone, or another one has its name now.
        if (signal.aborted || isNotFound(error) || isConflict(error)) return;
        say(
          `status of Pod ${metadata.namespace}/${metadata.name}: ${error instanceof Error ? error.message : String(error)}`,
        );
        dirty = true;
        await delay(500, undefined, { signal }).catch(() => undefined);
      }
    }
  };
  return {
    request() {
      dirty = true;
      writing ??= write().finally(() => {
        writing = undefined;
      });
    },
    async settled() {
      await writing;
    },
  };
}

function phaseOf({ containers, initContainers, initialized }: PodFacts): string {
  if (initContainers.some(({ state }) => state.terminated && state.terminated.exitCode !== 0)) return 'Failed';
  if (!initialized) return 'Pending';
  if (containers.every(({ state }) => state.terminated)) {
    return containers.every(({ state }) => state.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed';
  }
  const neverStarted = containers.every(({ state, lastState }) => state.waiting && !lastState.terminated);
  return neverStarted ? 'Pending' : 'Running';
}

function withTime(condition: Condition, before: readonly Condition[]): Condition {
  const old = before.find(({ type }) => type === condition.type);
  const same = old?.status === condition.status && old.lastTransitionTime;
  return { ...condition, lastTransitionTime: same ? same : new Date().toISOString().replace(/\.\d+Z$/, 'Z') };
}

function bool(value: boolean): 'True' | 'False' {
  return value ? 'True' : 'False';
}
