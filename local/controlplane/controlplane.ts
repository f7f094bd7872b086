import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describeHolder, tryLock } from '../lock.ts';
import { endRecorded, type Running, start, waitFor } from '../process.ts';
import { type Programs, programs } from '../programs/programs.ts';
import { run } from '../run.ts';
import { apiServerFlags, controllerManagerFlags, etcdFlags, schedulerFlags } from './flags.ts';
import { createPki, type Pki } from './pki.ts';
import { apiServerIsReady, defaultServiceAccountExists, etcdIsReady, type Probe } from './readiness.ts';
import { type Slot, takeSlot } from './slot.ts';
import type { ControlPlane, ControlPlaneOptions, KubectlOptions } from './types.ts';

export type { ControlPlane, ControlPlaneOptions, KubectlOptions } from './types.ts';

const READY_MS = 60_000;
const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const;
type Name = (typeof PROGRAMS)[number];

/**
 * Starts etcd, kube-apiserver and, unless switched off, kube-controller-manager and kube-scheduler, on loopback addresses
 * and with data, certificates and logs below `stateDir`. Resolves when the API server is ready and, with controllers, the
 * ServiceAccount `default` of the namespace `default` exists. Rejects, with everything ended again, when a program cannot be
 * had, the folder is in use, no slot is free, or something does not become ready (with the end of its log).
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { controllers = true, scheduler = true, signal } = options;
  const stateDir = resolve(options.stateDir);
  const bin = await programs(PROGRAMS, { say: options.say, signal });
  const unlock = lockState(stateDir);
  let slot: Slot | undefined;
  const started: Running[] = [];
  try {
    await endRecorded(join(stateDir, 'processes'));
    slot = await takeSlot(options.slot, `control plane in ${stateDir}`);
    return await startIn({ stateDir, bin, slot, started, unlock, controllers, scheduler, signal });
  } catch (error) {
    await stopAll(started);
    slot?.release();
    unlock();
    throw error;
  }
}

interface Context {
  readonly stateDir: string;
  readonly bin: Programs<Name>;
  readonly slot: Slot;
  /** In the order of their start. */
  readonly started: Running[];
  readonly unlock: () => void;
  readonly controllers: boolean;
  readonly scheduler: boolean;
  readonly signal: AbortSignal | undefined;
}

async function startIn(context: Context): Promise<ControlPlane> {
  const { stateDir, bin, slot, started } = context;
  // Every start is a new cluster: nothing may be left of an earlier one.
  const logs = PROGRAMS.map((name) => join('logs', `${name}.log`));
  for (const path of ['etcd', 'pki', 'kubectl-cache', ...logs]) {
    rmSync(join(stateDir, path), { recursive: true, force: true });
  }
  const home = join(stateDir, 'home');
  mkdirSync(home, { recursive: true });
  const url = `https://127.0.0.1:${slot.ports.api}`;
  const pki = await createPki({ stateDir, url, serviceAddress: `127.${slot.number}.0.1` });
  const kubeconfig = await pki.userKubeconfig('admin', ['system:masters'], join(stateDir, 'kubeconfig'));
  const apiServer = await startServers(context, url, pki);

  const environment = {
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: join(stateDir, 'kubectl-cache'),
    KUBERC: 'off',
    HOME: home,
  };
  const kubectl: ControlPlane['kubectl'] = (args, options = {}) =>
    run(bin.kubectl, args, kubectlRunOptions(environment, options));
  return {
    stateDir,
    url,
    slot: slot.number,
    serviceCidr: slot.serviceCidr,
    podCidr: slot.podCidr,
    kubeconfig,
    caFile: pki.files.ca,
    logDir: join(stateDir, 'logs'),
    kubectlProgram: bin.kubectl,
    environment,
    kubectl,
    kubeconfigForToken: async (token, path) => pki.tokenKubeconfig(token, path),
    userKubeconfig: pki.userKubeconfig,
    serviceAccountKubeconfig: async (namespace, name, path) => {
      const { code, stdout, stderr } = await kubectl(['create', 'token', name, '-n', namespace, '--duration=1h']);
      if (code !== 0) throw new Error(`no token for ServiceAccount ${namespace}/${name}: ${stderr.trim()}`);
      return pki.tokenKubeconfig(stdout.trim(), path);
    },
    startApiServer: apiServer.start,
    stopApiServer: apiServer.stop,
    restartApiServer: async (options) => {
      await apiServer.stop(options);
      await apiServer.start();
    },
    stop: async () => {
      await stopAll(started);
      slot.release();
      context.unlock();
    },
  };
}

interface ApiServerSwitch {
  start(): Promise<void>;
  stop(options?: { readonly kill?: boolean }): Promise<void>;
}

async function startServers(context: Context, url: string, pki: Pki): Promise<ApiServerSwitch> {
  const { stateDir, bin, slot, started, signal } = context;
  const { files, certificateAuthority, admin } = pki;
  const probe: Probe = { url, certificateAuthority, credentials: admin };
  const launch = async (name: Name, args: readonly string[]): Promise<Running> => {
    signal?.throwIfAborted();
    const running = await start({
      name,
      command: bin[name],
      args,
      cwd: stateDir,
      logFile: join(stateDir, 'logs', `${name}.log`),
      recordIn: join(stateDir, 'processes'),
    });
    started.push(running);
    return running;
  };
  const etcd = await launch('etcd', etcdFlags(slot, files));
  await waitFor('etcd ready', READY_MS, () => etcdIsReady(slot.ports.etcd), signal, [etcd]);

  const apiServer = apiServerSwitch(started, async () => {
    const running = await launch('kube-apiserver', apiServerFlags(slot, files));
    try {
      await waitFor('kube-apiserver ready', READY_MS, () => apiServerIsReady(probe), signal, [etcd, running]);
    } catch (error) {
      await running.stop({ graceMs: 0 });
      throw error;
    }
    return running;
  });
  await apiServer.start();
  // Only now: the controller manager gives up when it sees no API server for ten seconds.
  const manager = context.controllers
    ? await launch('kube-controller-manager', controllerManagerFlags(files))
    : undefined;
  if (context.scheduler) await launch('kube-scheduler', schedulerFlags(files));
  if (manager !== undefined) {
    const what = 'ServiceAccount default in namespace default';
    await waitFor(what, READY_MS, () => defaultServiceAccountExists(probe), signal, [manager]);
  }
  return apiServer;
}

function apiServerSwitch(started: Running[], launch: () => Promise<Running>): ApiServerSwitch {
  let current: Running | undefined;
  return {
    start: async () => {
      if (current !== undefined && current.exit() === undefined) return;
      current = await launch();
    },
    stop: async ({ kill = false } = {}) => {
      if (current === undefined) return;
      if (kill) current.kill('SIGKILL');
      // After SIGTERM it closes its port at once, then waits up to a minute for clients to close their connections.
      await current.stop({ graceMs: 1000 });
      started.splice(started.indexOf(current), 1);
      current = undefined;
    },
  };
}

function lockState(stateDir: string): () => void {
  const { release, holder } = tryLock(join(stateDir, 'lock.json'), 'control plane');
  if (release !== undefined) return release;
  throw new Error(`${stateDir} is in use by ${describeHolder(holder)}: end that one first, or choose another folder`);
}

/** Ends the clients before the servers, so that nobody fills a log with refused connections. */
async function stopAll(started: Running[]): Promise<void> {
  while (started.length > 0) await started.pop()?.stop({ graceMs: 300 });
}

function kubectlRunOptions(
  environment: Readonly<Record<string, string>>,
  { kubeconfig, input, signal }: KubectlOptions,
): Parameters<typeof run>[2] {
  return {
    env: { PATH: process.env['PATH'], ...environment, ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }) },
    ...(input === undefined ? {} : { input }),
    ...(signal === undefined ? {} : { signal }),
  };
}
