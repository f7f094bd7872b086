import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type Exit, logTail, type Running } from '../process.ts';
import { MissingError } from './lookup.ts';
import { type ProbeTarget, watchProbe } from './probes.ts';
import { terminate } from './terminate.ts';
import type { Container, ContainerState, ContainerStatus, Terminated } from './types.ts';

/** A process that stands for a container, and what can be done with it. */
export interface Launched {
  readonly running: Running;
  /** Tells the process, and only it, to end. */
  signal(): void;
  readonly target: ProbeTarget;
  /** False: ready as soon as it runs. */
  readonly probed: boolean;
}

export interface BackOff {
  readonly initialSeconds: number;
  readonly maxSeconds: number;
}

export interface ContainerOptions {
  readonly container: Container;
  /** `<namespace>/<name>` of the pod, for messages. */
  readonly pod: string;
  readonly launch: () => Promise<Launched>;
  readonly restarts: (exitCode: number) => boolean;
  readonly backOff: BackOff;
  readonly gracePeriodSeconds: number;
  /** Called after each change of the status. */
  readonly changed: () => void;
}

/** A container on its way through waiting, running and terminated. */
export interface ContainerRun {
  status(): ContainerStatus;
  /** Resolves when it has ended and is not started again. */
  readonly done: Promise<void>;
  /** Ends it as Kubernetes does: preStop, SIGTERM, and SIGKILL after the grace period. */
  stop(graceSeconds: number): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

const retryMs = 1000;
const backOffResetMs = 600_000;

/** Starts a container, watches its probes, and starts it again as its restart policy says, later each time. */
export function runContainer(options: ContainerOptions): ContainerRun {
  const { container, changed } = options;
  let state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  let lastState: ContainerState = {};
  let [ready, started, restartCount] = [false, false, 0];
  let current: Launched | undefined;
  let containerID: string | undefined;
  let killed = false;
  let ending: Promise<void> | undefined;
  const stopped = new AbortController();

  const set = (next: ContainerState): void => {
    state = next;
    changed();
  };
  const end = async (graceSeconds: number, launched: Launched): Promise<void> => {
    await terminate(container, launched, graceSeconds, () => {
      killed = true;
    });
  };

  const done = loop();
  return {
    status: () => ({
      name: container.name,
      image: container.image ?? '',
      imageID: container.image ?? '',
      ...(containerID ? { containerID } : {}),
      state,
      lastState,
      ready,
      started,
      restartCount,
    }),
    done,
    async stop(graceSeconds) {
      stopped.abort();
      if (current) ending ??= end(graceSeconds, current);
      await ending;
      await done;
    },
    async kill() {
      stopped.abort();
      killed = true;
      current?.running.kill('SIGKILL');
      await done;
    },
  };

  async function loop(): Promise<void> {
    let failures = 0;
    while (!stopped.signal.aborted) {
      const launched = await launchUntilItWorks();
      if (!launched) break;
      const startedAt = new Date();
      current = launched;
      killed = false;
      containerID = `process://${launched.running.pid}`;
      [started, ready] = [!launched.probed || !container.startupProbe, false];
      ready = started && (!launched.probed || !container.readinessProbe);
      set({ running: { startedAt: startedAt.toISOString() } });
      const probing = new AbortController();
      const probes = launched.probed ? probeAll(launched, probing.signal) : Promise.resolve();
      const exit = await launched.running.exited;
      probing.abort();
      await probes;
      await ending;
      [current, ending, ready, started] = [undefined, undefined, false, false];
      const terminated = terminatedState(options, launched, exit, killed, startedAt);
      if (stopped.signal.aborted || !options.restarts(terminated.exitCode)) {
        set({ terminated });
        return;
      }
      lastState = { terminated };
      failures = Date.now() - startedAt.getTime() > backOffResetMs ? 0 : failures;
      await wait(failures, terminated);
      failures += 1;
      restartCount += 1;
    }
    if (!state.terminated) changed();
  }

  /** The first restart is immediate; then the wait doubles each time. */
  async function wait(failures: number, terminated: Terminated): Promise<void> {
    if (failures === 0) return set({ terminated });
    const { initialSeconds, maxSeconds } = options.backOff;
    const seconds = Math.min(initialSeconds * 2 ** (failures - 1), maxSeconds);
    const message = `back-off ${seconds}s restarting failed container=${container.name} pod=${options.pod}`;
    set({ waiting: { reason: 'CrashLoopBackOff', message } });
    await delay(seconds * 1000, undefined, { signal: stopped.signal }).catch(() => undefined);
  }

  async function launchUntilItWorks(): Promise<Launched | undefined> {
    while (!stopped.signal.aborted) {
      try {
        const launched = await options.launch();
        if (!stopped.signal.aborted) return launched;
        launched.running.kill('SIGKILL');
        await launched.running.exited;
      } catch (error) {
        const reason = error instanceof MissingError ? 'CreateContainerConfigError' : 'CreateContainerError';
        if (stopped.signal.aborted) return undefined;
        set({ waiting: { reason, message: (error as Error).message } });
        await delay(retryMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  async function probeAll(launched: Launched, signal: AbortSignal): Promise<void> {
    const { startupProbe, livenessProbe, readinessProbe } = container;
    const restart = (graceSeconds?: number): void => {
      if (!stopped.signal.aborted) ending ??= end(graceSeconds ?? options.gracePeriodSeconds, launched);
    };
    if (startupProbe) {
      const passed = new AbortController();
      const both = AbortSignal.any([signal, passed.signal]);
      await watchProbe(
        startupProbe,
        launched.target,
        (success) => {
          passed.abort();
          if (success) started = true;
          else restart(startupProbe.terminationGracePeriodSeconds);
        },
        both,
      );
      if (!started || signal.aborted) return;
      ready = !readinessProbe;
      changed();
    }
    const becomes = (now: boolean): void => {
      if (now === ready) return;
      ready = now;
      changed();
    };
    await Promise.all([
      readinessProbe && watchProbe(readinessProbe, launched.target, becomes, signal),
      livenessProbe &&
        watchProbe(
          livenessProbe,
          launched.target,
          (success) => success || restart(livenessProbe.terminationGracePeriodSeconds),
          signal,
        ),
    ]);
  }
}

/** A container of which nothing runs here: it is only said to run, or to have completed. */
export function reportedContainer(container: Container, completed: boolean): ContainerRun {
  const time = new Date().toISOString();
  const ended: Terminated = { exitCode: 0, reason: 'Completed', startedAt: time, finishedAt: time };
  let state: ContainerState = completed ? { terminated: ended } : { running: { startedAt: time } };
  let finish: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    finish = resolve;
    if (completed) resolve();
  });
  const stop = async (): Promise<void> => {
    if (!state.terminated) state = { terminated: { ...ended, finishedAt: new Date().toISOString() } };
    finish();
    await done;
  };
  return {
    status: () => ({
      name: container.name,
      image: container.image ?? '',
      imageID: container.image ?? '',
      state,
      lastState: {},
      // A completed init container counts as ready.
      ready: state.running !== undefined || completed,
      started: state.running !== undefined,
      restartCount: 0,
    }),
    done,
    stop,
    kill: stop,
  };
}

function terminatedState(
  { container }: ContainerOptions,
  { running }: Launched,
  { code, signal }: Exit,
  killed: boolean,
  startedAt: Date,
): Terminated {
  const exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
  const text =
    container.terminationMessagePolicy === 'FallbackToLogsOnError' && exitCode !== 0 ? logTail(running.logFile) : '';
  return {
    exitCode,
    // What nobody here killed was killed by the kernel.
    reason: exitCode === 0 ? 'Completed' : exitCode === 137 && !killed ? 'OOMKilled' : 'Error',
    ...(text ? { message: text.slice(-2048) } : {}),
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
  };
}
