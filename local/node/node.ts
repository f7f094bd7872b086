import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createClient } from '../../src/kube/client.ts';
import type { Running } from '../process.ts';
import { podAddresses } from './addresses.ts';
import { provisionClaims } from './claims.ts';
import type { BackOff } from './container.ts';
import type { NodeContext, RealVllm } from './context.ts';
import { follow } from './follow.ts';
import { type Isolation, probeIsolation } from './isolation.ts';
import { registerNode } from './nodes.ts';
import { type PodRun, runPod } from './pods.ts';
import { runProxy } from './proxy.ts';
import type { Pod, Service } from './types.ts';

export type { RealVllm } from './context.ts';
export type { Isolation } from './isolation.ts';
export type { Pod, Service } from './types.ts';

export interface NodeOptions {
  /** Path of a kubeconfig that may do everything. */
  readonly kubeconfig: string;
  /** Address of the API server, such as `https://127.0.0.1:6443`, for containers. */
  readonly url: string;
  /** N of `127.N.0.0/16`: pods get addresses of the upper half. */
  readonly slot: number;
  /** A folder of the nodes' own. */
  readonly stateDir: string;
  /** Names of the nodes. Default: `node-1` and `node-2`. */
  readonly names?: readonly string[];
  /** `nvidia.com/gpu` of each node. Default 8. */
  readonly gpus?: number;
  /** Folder for logs, one file for each container. Default: `logs` in `stateDir`. */
  readonly logDir?: string;
  /** Where processes are recorded, for `endRecorded`. Default: `processes` in `stateDir`. */
  readonly recordIn?: string;
  /** Folder of the operator's bundle. Default: `dist` of this repository. */
  readonly operatorDir?: string;
  /** Variables that the operator gets besides those of its Deployment; all pods share the ports of this machine. */
  readonly operatorEnvironment?: (podAddress: string) => Readonly<Record<string, string>>;
  /** Starts the Envoy of a pod; the container is ready when this resolves. Default: containers `envoy` are only reported. */
  readonly onEnvoy?: (pod: Pod) => Promise<Running>;
  /** Whether the cluster IP of a Service is to be forwarded. Default: all are. */
  readonly forwards?: (service: Service) => boolean;
  readonly vllm?: RealVllm;
  /** The wait before a crashed container starts again. Default as the kubelet's: 10 seconds, doubled up to 300. */
  readonly backOff?: BackOff;
  /** Default: what `probeIsolation` finds. */
  readonly isolation?: Isolation;
  readonly say?: (line: string) => void;
  /** Ends the nodes at once when aborted, like `stop`. */
  readonly signal?: AbortSignal;
}

/** The stand-in for kubelets and kube-proxy. */
export interface LocalNode {
  readonly isolation: Isolation;
  /** Ends every process at once, without preStop. Objects in the API server stay as they are. */
  stop(): Promise<void>;
}

/**
 * Registers nodes with GPUs and, until stopped, runs the pods that are bound to them as processes of this machine and
 * forwards the cluster IPs of Services to Ready pods. Resolves when the nodes take pods.
 */
export async function startNode(options: NodeOptions): Promise<LocalNode> {
  const { names = ['node-1', 'node-2'], say = () => undefined } = options;
  const stateDir = resolve(options.stateDir);
  const stopping = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal;
  await mkdir(stateDir, { recursive: true });
  const isolation = options.isolation ?? (await probeIsolation(say, join(stateDir, 'isolation')));
  const client = await createClient({ kubeconfig: options.kubeconfig });
  const node: NodeContext = {
    client,
    apiServer: new URL(options.url),
    addresses: podAddresses(options.slot),
    isolation,
    podsDir: join(stateDir, 'pods'),
    claimsDir: join(stateDir, 'claims'),
    logDir: resolve(options.logDir ?? join(stateDir, 'logs')),
    recordIn: resolve(options.recordIn ?? join(stateDir, 'processes')),
    backOff: options.backOff ?? { initialSeconds: 10, maxSeconds: 300 },
    operatorDir: resolve(options.operatorDir ?? join(import.meta.dirname, '../../dist')),
    operatorEnvironment: options.operatorEnvironment ?? (() => ({})),
    vllm: options.vllm,
    onEnvoy: options.onEnvoy,
    say,
  };
  for (const name of names) {
    await registerNode(client, name, { gpus: options.gpus ?? 8, address: '127.0.0.1' }, signal);
  }
  const pods = new Map<string, PodRun>();
  const endings = new Set<Promise<void>>();
  const changed = (pod: Pod): void => {
    if (signal.aborted || !names.includes(pod.spec.nodeName ?? '')) return;
    const uid = pod.metadata.uid ?? '';
    const finished = ['Succeeded', 'Failed'].includes(pod.status?.phase ?? '');
    if (!pods.has(uid) && finished && !pod.metadata.deletionTimestamp) return;
    const run = pods.get(uid) ?? runPod(pod, node);
    pods.set(uid, run);
    run.update(pod);
  };
  const gone = (pod: Pod): void => {
    const uid = pod.metadata.uid ?? '';
    const ending = pods
      .get(uid)
      ?.end()
      .catch((error: unknown) => say(`Pod ${pod.metadata.name}: ${String(error)}`));
    pods.delete(uid);
    if (!ending) return;
    endings.add(ending);
    void ending.finally(() => endings.delete(ending));
  };
  const following = follow<Pod>(client, { apiVersion: 'v1', kind: 'Pod' }, { changed, gone }, signal, say);
  const proxying = runProxy({ client, forwards: options.forwards ?? (() => true), signal, say });
  const provisioning = provisionClaims(client, signal, say);
  const ended = endWhenAborted();
  return {
    isolation,
    async stop() {
      stopping.abort();
      await ended;
    },
  };

  async function endWhenAborted(): Promise<void> {
    await Promise.all([following, proxying, provisioning]);
    await Promise.all([...[...pods.values()].map((run) => run.end()), ...endings]);
    await client.close();
  }
}
