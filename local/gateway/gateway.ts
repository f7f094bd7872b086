import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { untilEstablished } from '../crds.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { ControlPlane } from '../controlplane/types.ts';
import { type Running, start, waitFor } from '../process.ts';
import { runOrThrow } from '../run.ts';
import { makeRoot } from './chroot.ts';
import { dataOf, type ProxyPod, startEnvoy } from './envoy.ts';
import { type GatewayLock, takeGatewayLock } from './lock.ts';
import { checkPortsFree, ENVOY_GATEWAY_PORTS } from './ports.ts';

export interface GatewayOptions {
  readonly controlPlane: ControlPlane;
  readonly programs: {
    /** Paths of the two binaries. */
    readonly envoyGateway: string;
    readonly envoy: string;
  };
  /** Folder with the CRDs of the Gateway API and of Envoy Gateway, from the module of Envoy Gateway. */
  readonly crdDir: string;
  /** A folder of this stack's own. */
  readonly stateDir: string;
  /** What this stack is for; others who wait for it read it. */
  readonly purpose: string;
  /** One line for a person, now and then. */
  readonly say?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Envoy Gateway as a process against the local control plane. */
export interface LocalGateway {
  /** Starts the Envoy of a pod that Envoy Gateway made; resolves when it is ready. For the stand-in for kubelet. */
  startEnvoy(pod: ProxyPod): Promise<Running>;
  /** Lets Envoy Gateway stand still: it neither reads nor writes until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends Envoy Gateway and every Envoy, and lets the next stack go ahead. */
  stop(): Promise<void>;
}

export const GATEWAY_NAMESPACE = 'envoy-gateway-system';

/**
 * Installs the CRDs of the Gateway API and of Envoy Gateway, makes its certificates, and starts Envoy Gateway. Because its
 * ports are fixed, one stack with a gateway runs on a machine at a time: waits for another one to end, and says so.
 * Rejects with a message that says what to do, and leaves nothing running.
 */
export async function startGateway(options: GatewayOptions): Promise<LocalGateway> {
  const { say, signal } = options;
  const lock = await takeGatewayLock({ purpose: options.purpose, say, signal });
  try {
    return await startLocked(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startLocked(options: GatewayOptions, lock: GatewayLock): Promise<LocalGateway> {
  const { controlPlane, programs, stateDir, signal } = options;
  // The control plane's next start in this folder ends whatever is recorded here.
  const recordIn = join(controlPlane.stateDir, 'processes');
  await checkPortsFree(ENVOY_GATEWAY_PORTS);
  await Promise.all([applyCrds(controlPlane, options.crdDir), makeCertificates(controlPlane, programs.envoyGateway)]);
  const root = await makeRoot(join(stateDir, 'envoy-gateway'), {
    program: programs.envoyGateway,
    certs: await dataOf(controlPlane, 'secret', GATEWAY_NAMESPACE, 'envoy-gateway'),
    kubeconfig: await kubectl(controlPlane, ['config', 'view', '--raw', '--flatten']),
    config: CONFIG,
  });
  const [command, ...args] = root.enter;
  const running = await start({
    name: 'envoy-gateway',
    command: '/usr/bin/env',
    args: [command, ...args, '/envoy-gateway', 'server', '--config-path', '/config.yaml'],
    // Without HOME it looks for the user's home folder in /etc/passwd, which is not there, and ends without a word.
    env: {
      PATH: process.env['PATH'],
      HOME: '/tmp',
      KUBECONFIG: '/kubeconfig',
      ENVOY_GATEWAY_NAMESPACE: GATEWAY_NAMESPACE,
    },
    logFile: join(controlPlane.logDir, 'envoy-gateway.log'),
    recordIn,
  });
  const proxies = new Set<Running>();
  const stop = async (): Promise<void> => {
    await Promise.all([...proxies].map((proxy) => proxy.stop({ graceMs: 2000 })));
    await running.stop({ graceMs: 5000 });
    lock.release();
  };
  try {
    await waitFor('Envoy Gateway to be ready', 60_000, isReady, signal, [running]);
  } catch (error) {
    await running.stop({ graceMs: 1000 });
    throw error;
  }
  return {
    startEnvoy: async (pod) => {
      const dir = join(stateDir, 'proxies', pod.metadata.name);
      const proxy = await startEnvoy(pod, {
        controlPlane,
        program: programs.envoy,
        dir,
        recordIn,
        ...(signal && { signal }),
      });
      proxies.add(proxy);
      void proxy.exited.then(() => proxies.delete(proxy));
      return proxy;
    },
    pause: () => running.kill('SIGSTOP'),
    resume: () => running.kill('SIGCONT'),
    stop,
  };
}

/** Whether Envoy itself listens at the cluster IP of a Service, so that nothing has to forward to it. */
export function isProxyService({ metadata }: KubeObject): boolean {
  return metadata.labels?.['gateway.envoyproxy.io/owning-gateway-name'] !== undefined;
}

/** Waits until the API server serves the kinds: Envoy Gateway looks for them once, when it starts. */
async function applyCrds(controlPlane: ControlPlane, dir: string): Promise<void> {
  const generated = await readdir(join(dir, 'generated'));
  const files = [join(dir, 'gatewayapi-crds.yaml'), ...generated.map((name) => join(dir, 'generated', name))];
  const arguments_ = files.flatMap((file) => ['-f', file]);
  await kubectl(controlPlane, ['apply', '--server-side', '--force-conflicts', ...arguments_]);
  await untilEstablished(controlPlane, ['crd', '--all']);
}

async function makeCertificates(controlPlane: ControlPlane, program: string): Promise<void> {
  await kubectl(controlPlane, ['apply', '--server-side', '-f', '-'], NAMESPACE);
  await runOrThrow(program, ['certgen', '--disable-topology-injector'], {
    env: { PATH: process.env['PATH'], KUBECONFIG: controlPlane.kubeconfig, ENVOY_GATEWAY_NAMESPACE: GATEWAY_NAMESPACE },
  });
}

async function kubectl(controlPlane: ControlPlane, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await controlPlane.kubectl(args, input === undefined ? {} : { input });
  if (code !== 0) throw new Error(`kubectl ${args.slice(0, 2).join(' ')} failed: ${stderr.trim()}`);
  return stdout;
}

async function isReady(): Promise<boolean> {
  const answer = await fetch('http://127.0.0.1:8081/readyz', { signal: AbortSignal.timeout(2000) });
  await answer.body?.cancel();
  return answer.ok;
}

const NAMESPACE = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: GATEWAY_NAMESPACE } });

/** Only a leader writes status, so the election is off; the topology injector would be a webhook. YAML is a superset of JSON. */
const CONFIG = JSON.stringify({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'EnvoyGateway',
  gateway: { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' },
  provider: {
    type: 'Kubernetes',
    kubernetes: { leaderElection: { disable: true }, proxyTopologyInjector: { disabled: true } },
  },
  admin: { address: { host: '127.0.0.1', port: 19010 } },
  telemetry: { metrics: { prometheus: { disable: true } } },
  logging: { level: { default: 'info' } },
});
