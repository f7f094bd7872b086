import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describeHolder, tryLock } from '../lock.ts';
import { endRecorded, type Running, start, waitFor } from '../process.ts';
import { type Programs, programs } from '../programs/programs.ts';
import { run } from '../run.ts';
import { createAuthority, writeKeyPair, writeTokenKeys } from './certificates.ts';
import { apiServerFlags, controllerManagerFlags, etcdFlags, type Files, schedulerFlags } from './flags.ts';
import { writeKubeconfig } from './kubeconfig.ts';
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
  const { stateDir, bin, slot, started, signal } = context;
  const logDir = join(stateDir, 'logs');
  const pki = join(stateDir, 'pki');
  const etcdData = join(stateDir, 'etcd');
  // Every start is a new cluster: nothing may be left of an earlier one.
  for (const folder of [etcdData, pki, logDir]) rmSync(folder, { recursive: true, force: true });
  for (const folder of [pki, join(stateDir, 'home')]) mkdirSync(folder, { recursive: true, mode: 0o700 });

  const url = `https://127.0.0.1:${slot.ports.api}`;
  const authority = await createAuthority('llmisvc-local');
  const caFile = join(pki, 'ca.crt');
  writeFileSync(caFile, authority.certificate);
  const userKubeconfig = async (user: string, groups: readonly string[], path: string): Promise<string> => {
    const credentials = await authority.client(user, groups);
    return writeKubeconfig(path, { url, certificateAuthority: authority.certificate, user, credentials });
  };
  const serving = await authority.serving(
    'kube-apiserver',
    ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'],
    ['127.0.0.1', `127.${slot.number}.0.1`],
  );
  const files: Files = {
    etcdData,
    ca: caFile,
    serving: writeKeyPair(pki, 'apiserver', serving),
    tokens: writeTokenKeys(pki, 'serviceaccount'),
    controllerKubeconfig: await userKubeconfig(
      'system:kube-controller-manager',
      [],
      join(pki, 'controllers.kubeconfig'),
    ),
    schedulerKubeconfig: await userKubeconfig('system:kube-scheduler', [], join(pki, 'scheduler.kubeconfig')),
  };
  const kubeconfig = await userKubeconfig('admin', ['system:masters'], join(stateDir, 'kubeconfig'));
  const admin = await authority.client('llmisvc-local', ['system:masters']);
  const probe: Probe = { url, certificateAuthority: authority.certificate, credentials: admin };

  const launch = async (name: Name, args: readonly string[]): Promise<Running> => {
    const logFile = join(logDir, `${name}.log`);
    const running = await start({
      name,
      command: bin[name],
      args,
      cwd: stateDir,
      logFile,
      recordIn: join(stateDir, 'processes'),
    });
    started.push(running);
    return running;
  };
  const etcd = await launch('etcd', etcdFlags(slot, files));
  await waitFor('etcd ready', READY_MS, () => etcdIsReady(slot.ports.etcd), signal, [etcd]);

  let apiServer: Running | undefined;
  const startApiServer = async (): Promise<void> => {
    if (apiServer?.exit() === undefined && apiServer !== undefined) return;
    apiServer = await launch('kube-apiserver', apiServerFlags(slot, files));
    await waitFor('kube-apiserver ready (/readyz)', READY_MS, () => apiServerIsReady(probe), signal, [etcd, apiServer]);
  };
  const stopApiServer = async ({ kill = false } = {}): Promise<void> => {
    if (apiServer === undefined) return;
    if (kill) apiServer.kill('SIGKILL');
    await apiServer.stop({ graceMs: 10_000 });
    started.splice(started.indexOf(apiServer), 1);
    apiServer = undefined;
  };
  await startApiServer();
  if (context.controllers) {
    const manager = await launch('kube-controller-manager', controllerManagerFlags(files));
    const what = 'the ServiceAccount default of the namespace default';
    await waitFor(what, READY_MS, () => defaultServiceAccountExists(probe), signal, [manager]);
  }
  if (context.scheduler) await launch('kube-scheduler', schedulerFlags(files));

  const environment = {
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: join(stateDir, 'kubectl-cache'),
    KUBERC: 'off',
    HOME: join(stateDir, 'home'),
  };
  const kubectl: ControlPlane['kubectl'] = (args, kubectlOptions = {}) =>
    run(bin.kubectl, args, kubectlRunOptions(environment, kubectlOptions));
  const kubeconfigForToken: ControlPlane['kubeconfigForToken'] = async (token, path) =>
    writeKubeconfig(path, { url, certificateAuthority: authority.certificate, user: 'token', credentials: { token } });

  return {
    stateDir,
    url,
    slot: slot.number,
    serviceCidr: slot.serviceCidr,
    podCidr: slot.podCidr,
    kubeconfig,
    caFile,
    logDir,
    kubectlProgram: bin.kubectl,
    environment,
    kubectl,
    kubeconfigForToken,
    userKubeconfig,
    serviceAccountKubeconfig: async (namespace, name, path) => {
      const { code, stdout, stderr } = await kubectl(['create', 'token', name, '-n', namespace, '--duration=1h']);
      if (code !== 0) throw new Error(`no token for ServiceAccount ${namespace}/${name}: ${stderr.trim()}`);
      return await kubeconfigForToken(stdout.trim(), path);
    },
    stopApiServer,
    startApiServer,
    restartApiServer: async (restartOptions) => {
      await stopApiServer(restartOptions);
      await startApiServer();
    },
    stop: async () => {
      await stopAll(started);
      slot.release();
      context.unlock();
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
  while (started.length > 0) await started.pop()?.stop({ graceMs: 2000 });
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
