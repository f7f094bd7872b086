import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isConflict } from '../../src/kube/errors.ts';
import { type ContainerRun, type Launched, reportedContainer, runContainer } from './container.ts';
import type { NodeContext } from './context.ts';
import { launch } from './launch.ts';
import { MissingError } from './lookup.ts';
import { isJob, roleOf } from './roles.ts';
import { podStatus, statusWriter } from './status.ts';
import type { Container, ContainerStatus, Pod, PodStatus } from './types.ts';
import { makeVolumes, type Volumes } from './volumes.ts';

/** A pod that this node runs. */
export interface PodRun {
  /** The pod as it is now. With a deletion timestamp it is terminated and then removed. */
  update(pod: Pod): void;
  /** Ends its processes at once and forgets it. */
  end(): Promise<void>;
}

const retryMs = 1000;

/** Runs a pod: volumes, init containers one after the other, containers together; reports its status all along. */
export function runPod(first: Pod, node: NodeContext): PodRun {
  const name = `${first.metadata.namespace}/${first.metadata.name}`;
  const address = node.addresses.take();
  const dir = join(node.podsDir, first.metadata.uid ?? '');
  const startTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const gone = new AbortController();
  const terminating = new AbortController();
  const active = AbortSignal.any([gone.signal, terminating.signal]);
  const init = new Map<string, ContainerRun>();
  const main = new Map<string, ContainerRun>();
  let pod = first;
  let initialized = (pod.spec.initContainers ?? []).length === 0;
  let trouble: string | undefined;
  let last: PodStatus | undefined;
  let termination: Promise<void> | undefined;

  const current = (): PodStatus => {
    last = podStatus(
      pod,
      {
        address,
        startTime,
        initialized,
        initContainers: statuses(pod.spec.initContainers ?? [], init, trouble),
        containers: statuses(pod.spec.containers, main, initialized ? trouble : undefined),
      },
      last,
    );
    return last;
  };
  const writer = statusWriter(node.client, () => pod, current, gone.signal, node.say);
  const running = lifecycle().catch((error: unknown) => {
    if (!gone.signal.aborted)
      node.say(`Pod ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  });
  return {
    update(now) {
      pod = now;
      if (now.metadata.deletionTimestamp) {
        termination ??= terminate().catch((error: unknown) => node.say(`Pod ${name}: ${String(error)}`));
      }
    },
    async end() {
      gone.abort();
      await Promise.all([...init.values(), ...main.values()].map((run) => run.kill()));
      await Promise.all([running, termination, writer.settled()]);
      await rm(dir, { recursive: true, force: true });
      node.addresses.free(address);
    },
  };

  async function lifecycle(): Promise<void> {
    writer.request();
    await mkdir(dir, { recursive: true });
    const volumes = await untilThere();
    if (!volumes) return;
    const fresh = volumes.keepFresh(node.say);
    for (const container of pod.spec.initContainers ?? []) {
      if (active.aborted) break;
      const run = await startInit(container, volumes);
      init.set(container.name, run);
      writer.request();
      if (container.restartPolicy !== 'Always') await run.done;
      writer.request();
      if (run.status().state.terminated?.exitCode) return;
    }
    if (!active.aborted) {
      initialized = true;
      for (const container of pod.spec.containers) main.set(container.name, startMain(container, volumes));
      writer.request();
    }
    await fresh;
  }

  async function untilThere(): Promise<Volumes | undefined> {
    while (!active.aborted) {
      try {
        const modelDir = node.vllm?.modelDir;
        const volumes = await makeVolumes({
          client: node.client,
          pod,
          address,
          dir,
          claimsDir: node.claimsDir,
          modelDir,
          signal: active,
        });
        for (const { name: volume, subPath } of pod.spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts)) {
          const folder = volumes.folders.get(volume);
          if (subPath && folder) await mkdir(join(folder, subPath), { recursive: true });
        }
        trouble = undefined;
        return volumes;
      } catch (error) {
        if (active.aborted) return undefined;
        if (!(error instanceof MissingError)) node.say(`Pod ${name}: ${String(error)}`);
        trouble = (error as Error).message;
        writer.request();
        await delay(retryMs, undefined, { signal: active }).catch(() => undefined);
      }
    }
    return undefined;
  }

  async function startInit(container: Container, volumes: Volumes): Promise<ContainerRun> {
    if (container.restartPolicy === 'Always') return reportedContainer(container, false);
    const role = roleOf(container);
    if (role === 'storage') await storeModel(container, volumes);
    if (role !== 'process') return reportedContainer(container, true);
    const restarts = (exitCode: number): boolean => exitCode !== 0 && pod.spec.restartPolicy !== 'Never';
    return startProcess(container, volumes, restarts);
  }

  function startMain(container: Container, volumes: Volumes): ContainerRun {
    const role = roleOf(container);
    if (role === 'reported' || role === 'storage' || (role === 'envoy' && !node.onEnvoy)) {
      const run = reportedContainer(container, isJob(pod));
      void run.done.then(writer.request);
      return run;
    }
    const policy = pod.spec.restartPolicy ?? 'Always';
    return startProcess(
      container,
      volumes,
      (exitCode) => policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0),
    );
  }

  function startProcess(container: Container, volumes: Volumes, restarts: (exitCode: number) => boolean): ContainerRun {
    const role = roleOf(container);
    const input = { node, container, role, address, dir, folders: volumes.folders, signal: gone.signal };
    return runContainer({
      container,
      pod: name,
      launch: () => (role === 'envoy' ? launchEnvoy(container) : launch({ ...input, pod })),
      restarts,
      backOff: node.backOff,
      gracePeriodSeconds: pod.spec.terminationGracePeriodSeconds ?? 30,
      changed: writer.request,
    });
  }

  async function launchEnvoy(container: Container): Promise<Launched> {
    const running = await node.onEnvoy?.(pod);
    if (!running) throw new MissingError('this node has no Envoy');
    return {
      running,
      probed: false,
      signal: () => running.kill('SIGTERM'),
      target: { container, address, exec: async () => await Promise.resolve(1) },
    };
  }

  async function storeModel({ args = [], volumeMounts = [] }: Container, volumes: Volumes): Promise<void> {
    for (const target of args.filter((_, index) => index % 2 === 1)) {
      const mount = volumeMounts.find(({ mountPath }) => `${target}/`.startsWith(`${mountPath}/`));
      const folder = mount && volumes.folders.get(mount.name);
      if (!folder) continue;
      const into = join(folder, target.slice(mount.mountPath.length));
      await mkdir(into, { recursive: true });
      if (node.vllm && target.startsWith('/mnt/models')) await cp(node.vllm.modelDir, into, { recursive: true });
    }
  }

  async function terminate(): Promise<void> {
    terminating.abort();
    const grace = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    await Promise.all([...main.values(), ...init.values()].map((run) => run.stop(grace)));
    await running;
    await writer.settled();
    const { namespace = 'default', name: podName, uid = '' } = pod.metadata;
    const ref = { apiVersion: 'v1', kind: 'Pod', namespace, name: podName };
    while (!gone.signal.aborted) {
      try {
        await node.client.remove(ref, { uid, gracePeriodSeconds: 0 });
        return;
      } catch (error) {
        if (isConflict(error)) return;
        node.say(`Pod ${name}: not removed yet: ${String(error)}`);
        await delay(retryMs, undefined, { signal: gone.signal }).catch(() => undefined);
      }
    }
  }
}

function statuses(
  containers: readonly Container[],
  runs: ReadonlyMap<string, ContainerRun>,
  trouble: string | undefined,
): ContainerStatus[] {
  return containers.map(
    (container) =>
      runs.get(container.name)?.status() ?? {
        name: container.name,
        image: container.image ?? '',
        imageID: '',
        state: {
          waiting: {
            reason: trouble ? 'ContainerCreating' : 'PodInitializing',
            ...(trouble ? { message: trouble } : {}),
          },
        },
        lastState: {},
        ready: false,
        started: false,
        restartCount: 0,
      },
  );
}
