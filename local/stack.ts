import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlane, startControlPlane } from './controlplane/controlplane.ts';
import { isProxyService, type LocalGateway, startGateway } from './gateway/gateway.ts';
import { checkBundle, install } from './installation.ts';
import { type LocalNode, type RealVllm, startNode } from './node/node.ts';
import { envoyGatewayModuleDir, programs } from './programs/programs.ts';
import type { Step } from './step.ts';

export interface StackOptions {
  /** Data, certificates and logs; every start is a new cluster. */
  readonly stateDir: string;
  /** What the stack is for; others who wait for its ports read it. */
  readonly purpose: string;
  /** Envoy Gateway and Envoy. Default true. */
  readonly gateway?: boolean;
  /** Our software, as a user would install it. Needs the gateway. Default: as `gateway`. */
  readonly install?: boolean;
  /** Real vLLM behind the command `vllm` of the pods. Default: the model server stand-in. */
  readonly vllm?: RealVllm | undefined;
  readonly step: Step;
  readonly signal: AbortSignal;
}

/** A cluster on this machine. */
export interface Stack {
  readonly controlPlane: ControlPlane;
  readonly gateway: LocalGateway | undefined;
  /** Ends everything that was started, in reverse order. */
  stop(): Promise<void>;
}

/**
 * Starts a control plane, Envoy Gateway and two nodes on loopback addresses, and installs our software with `kubectl apply
 * --server-side -k local/manifests`. Resolves when the operator runs and its Gateway has an address. Rejects with what went
 * wrong and everything ended again; logs stay in `<stateDir>/logs`.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { stateDir, purpose, step, signal, gateway = true, install: installs = gateway } = options;
  if (installs) await checkBundle();
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    while (started.length > 0) await started.pop()?.stop();
  };
  try {
    const bin = await step('Programs: etcd, Kubernetes, Envoy Gateway, Envoy', (say) =>
      programs(undefined, { say, signal }),
    );
    const controlPlane = await step('Control plane: etcd, API server, controller manager, scheduler', (say) =>
      startControlPlane({ stateDir, say, signal }),
    );
    started.push(controlPlane);
    const local = gateway
      ? await step('Envoy Gateway: CRDs, certificates, controller', async (say) =>
          startGateway({
            controlPlane,
            programs: { envoyGateway: bin['envoy-gateway'], envoy: bin.envoy },
            crdDir: join(await envoyGatewayModuleDir(), 'charts/gateway-helm/charts/crds/crds'),
            stateDir,
            purpose,
            say,
            signal,
          }),
        )
      : undefined;
    if (local) started.push(local);
    started.push(await step('Nodes: two, with nvidia.com/gpu: 8 each', () => startNodes(options, controlPlane, local)));
    if (installs) {
      await step('Installation: kubectl apply --server-side -k local/manifests', (say) =>
        install(controlPlane, say, signal),
      );
    }
    return { controlPlane, gateway: local, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startNodes(
  { vllm, signal }: StackOptions,
  controlPlane: ControlPlane,
  gateway: LocalGateway | undefined,
): Promise<LocalNode> {
  const { kubeconfig, url, slot, stateDir, logDir } = controlPlane;
  return startNode({
    kubeconfig,
    url,
    slot,
    stateDir: join(stateDir, 'nodes'),
    logDir: join(logDir, 'pods'),
    // The control plane's next start in this folder ends whatever is recorded here.
    recordIn: join(stateDir, 'processes'),
    ...(gateway && { onEnvoy: gateway.startEnvoy }),
    forwards: (service) => !isProxyService(service),
    ...(vllm && { vllm }),
    say: (line) => appendFileSync(join(logDir, 'nodes.log'), `${new Date().toISOString()} ${line}\n`),
    signal,
  });
}
