import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeObject } from '../../src/api/object.ts';
import type { ControlPlane } from '../controlplane/types.ts';
import { type Running, start, waitFor } from '../process.ts';
import { type LocalProxy, localPath, localProxy, type ProxyFolders } from './bootstrap.ts';

/** A pod of a Deployment that Envoy Gateway made, as far as it matters for starting its Envoy. */
export interface ProxyPod extends KubeObject {
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly args?: readonly string[];
      readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
    }[];
    readonly volumes?: readonly {
      readonly name: string;
      readonly configMap?: { readonly name?: string };
      readonly secret?: { readonly secretName?: string };
    }[];
  };
}

export interface EnvoyOptions {
  readonly controlPlane: ControlPlane;
  /** Path of the Envoy binary. */
  readonly program: string;
  /** A folder for the files of this proxy; emptied first. */
  readonly dir: string;
  /** Where the running process is recorded, for `endRecorded`. */
  readonly recordIn: string;
  readonly signal?: AbortSignal | undefined;
}

const READY_WITHIN_MS = 60_000;

/**
 * Starts Envoy on this machine as container `envoy` of the pod says, and waits until it has its configuration from Envoy
 * Gateway. It listens on the Gateway's ports, so the cluster IP of the Gateway's Service answers. Rejects when the pod has
 * no such container, or when Envoy is not ready within a minute, with the end of its log.
 */
export async function startEnvoy(pod: ProxyPod, options: EnvoyOptions): Promise<Running> {
  const { controlPlane, dir, signal } = options;
  const { name } = pod.metadata;
  const folders: ProxyFolders = { sds: join(dir, 'sds'), certs: join(dir, 'certs') };
  await rm(dir, { recursive: true, force: true });
  await writeVolume(controlPlane, pod, '/certs', folders.certs, (value) => value);
  await writeVolume(controlPlane, pod, '/sds', folders.sds, (value) => withLocalPaths(value, folders));
  const local = proxyOf(pod, folders);
  const config = join(dir, 'bootstrap.json');
  const adminFile = join(dir, 'admin-address');
  await writeFile(config, JSON.stringify(local.bootstrap));
  const running = await start({
    name: `envoy-${name}`,
    command: options.program,
    args: [...local.args, '--config-path', config, '--admin-address-path', adminFile],
    logFile: join(controlPlane.logDir, `${name}.log`),
    recordIn: options.recordIn,
  });
  try {
    await waitFor(`Envoy of pod ${name} to be ready`, READY_WITHIN_MS, () => isReady(adminFile), signal, [running]);
  } catch (error) {
    await running.stop({ graceMs: 1000 });
    throw error;
  }
  return running;
}

function proxyOf(pod: ProxyPod, folders: ProxyFolders): LocalProxy {
  const container = envoyOf(pod);
  const args = (container.args ?? []).map((argument) => argument.replaceAll('$(ENVOY_POD_NAME)', pod.metadata.name));
  return localProxy(args, folders);
}

function envoyOf(pod: ProxyPod): ProxyPod['spec']['containers'][number] {
  const container = pod.spec.containers.find(({ name }) => name === 'envoy');
  if (container === undefined) throw new Error(`Pod ${pod.metadata.name} has no container envoy`);
  return container;
}

/** The ConfigMap or Secret that the container sees at a path, as files. */
async function writeVolume(
  controlPlane: ControlPlane,
  pod: ProxyPod,
  mountPath: string,
  dir: string,
  change: (value: string) => string,
): Promise<void> {
  const mount = envoyOf(pod).volumeMounts?.find((candidate) => candidate.mountPath === mountPath);
  const volume = pod.spec.volumes?.find((candidate) => candidate.name === mount?.name);
  const name = volume?.secret?.secretName ?? volume?.configMap?.name;
  if (name === undefined) throw new Error(`Pod ${pod.metadata.name}: container envoy mounts nothing at ${mountPath}`);
  const kind = volume?.secret ? 'secret' : 'configmap';
  const data = await dataOf(controlPlane, kind, pod.metadata.namespace ?? '', name);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const [file, value] of Object.entries(data)) {
    await writeFile(join(dir, file), change(value), { mode: 0o600 });
  }
}

/** The content of a ConfigMap or Secret as text. Rejects when it does not exist. */
export async function dataOf(
  controlPlane: ControlPlane,
  kind: 'secret' | 'configmap',
  namespace: string,
  name: string,
): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await controlPlane.kubectl(['get', kind, name, '-n', namespace, '-o', 'json']);
  if (code !== 0) throw new Error(`Cannot read ${kind} ${namespace}/${name}: ${stderr.trim()}`);
  const { data = {} } = JSON.parse(stdout) as { data?: Record<string, string> };
  if (kind === 'configmap') return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}

/** The text of an SDS file: JSON in which file names stand for the container's folders. */
function withLocalPaths(text: string, folders: ProxyFolders): string {
  return JSON.stringify(
    JSON.parse(text, (_key, value: unknown) => (typeof value === 'string' ? localPath(value, folders) : value)),
  );
}

async function isReady(adminFile: string): Promise<boolean> {
  const address = (await readFile(adminFile, 'utf8')).trim();
  const answer = await fetch(`http://${address}/ready`, { signal: AbortSignal.timeout(2000) });
  await answer.body?.cancel();
  return answer.ok;
}
