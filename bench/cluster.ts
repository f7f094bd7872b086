import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlane, startControlPlane } from '../local/controlplane/controlplane.ts';
import { waitFor } from '../local/process.ts';
import { envoyGatewayModuleDir } from '../local/programs/gomodule.ts';
import { DEPLOYMENT, type Deployment, GATEWAY, GATEWAY_CLASS, HTTP_ROUTE, SERVICE } from '../src/api/children.ts';
import { type LLMInferenceService, LLMISVC, LLMISVC_CONFIG } from '../src/api/llmisvc.ts';
import type { Gvk, KubeObject } from '../src/api/object.ts';
import { createClient } from '../src/kube/client.ts';
import { resourcePath } from '../src/kube/paths.ts';
import type { Client } from '../src/kube/types.ts';
import { inTurn, WORKERS } from './bareclient.ts';
import { GATEWAY_CLASS_OBJECT, GATEWAY_OBJECT, gatewayStatus, serviceOf, sharedConfig } from './services.ts';

const ROOT = join(import.meta.dirname, '..');
const SYSTEM = 'kserve';
const READY_MS = 60_000;
const CHILDREN = [DEPLOYMENT, SERVICE, HTTP_ROUTE] as const;

export interface Launch {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** An API server with the operator's installation, without controllers, scheduler and nodes. */
export interface Cluster {
  readonly controlPlane: ControlPlane;
  /** The administrator. */
  readonly admin: Client;
  /** The operator's ServiceAccount, for the bare client: same rights, same share of the API server. */
  readonly bare: Client;
  /** A kubeconfig of that ServiceAccount. */
  readonly kubeconfig: string;
  /** The operator's bundle as it was when the benchmark began. */
  readonly bundle: string;
  /** With which flags and variables the installed Deployment starts Node. */
  readonly launch: Launch;
  /** What the core reads beside the services of a namespace. */
  readonly installed: () => Promise<readonly KubeObject[]>;
  /** A new namespace with the shared config in it; its name. */
  readonly namespace: () => Promise<string>;
  /** Creates services one after another on as many lines as the operator has workers. */
  readonly createServices: (namespace: string, count: number) => Promise<readonly LLMInferenceService[]>;
  /** Deletes services and children of a namespace. */
  readonly clear: (namespace: string) => Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts etcd and kube-apiserver below `stateDir` and installs the operator's manifests. Rejects with what kubectl said,
 * or when the bundle was not built.
 */
export async function startCluster(stateDir: string, signal: AbortSignal): Promise<Cluster> {
  const built = join(ROOT, 'dist/main.js');
  if (!existsSync(built)) throw new Error('dist/main.js does not exist: run `make build` first');
  const controlPlane = await startControlPlane({ stateDir, controllers: false, scheduler: false, signal });
  const clients: Client[] = [];
  const client = async (kubeconfig: string): Promise<Client> => {
    const made = await createClient({ kubeconfig, userAgent: 'bench' });
    clients.push(made);
    return made;
  };
  try {
    const bundle = join(stateDir, 'main.mjs');
    copyFileSync(built, bundle);
    const admin = await client(controlPlane.kubeconfig);
    await install(controlPlane, admin, signal);
    const path = join(stateDir, 'operator.kubeconfig');
    const kubeconfig = await controlPlane.serviceAccountKubeconfig(SYSTEM, 'llmisvc-controller', path);
    const bare = await client(kubeconfig);
    const launch = await launchOf(admin, signal);
    return {
      ...{ controlPlane, admin, bare, kubeconfig, bundle, launch },
      installed: async () => {
        const kinds = await Promise.all(
          [LLMISVC_CONFIG, GATEWAY, GATEWAY_CLASS].map((gvk) => admin.list(gvk, { signal })),
        );
        return kinds.flatMap(({ items }) => items);
      },
      ...contents(admin, signal),
      stop: () => stopAll(clients, controlPlane),
    };
  } catch (error) {
    await stopAll(clients, controlPlane);
    throw error;
  }
}

/** What stands between `node` and the bundle in the command of the Deployment, and its plain variables. */
async function launchOf(admin: Client, signal: AbortSignal): Promise<Launch> {
  const ref = { ...DEPLOYMENT, namespace: SYSTEM, name: 'llmisvc-controller' };
  const deployment = await admin.read<Deployment>(ref, signal);
  const [container] = deployment?.spec?.template.spec?.containers ?? [];
  const [program, ...rest] = container?.command ?? [];
  const bundle = rest.findIndex((arg) => arg.endsWith('.js'));
  if (program !== 'node' || bundle < 0) {
    throw new Error(`Deployment ${ref.name} does not start with \`node … <bundle>.js\` but with ${container?.command}`);
  }
  const literal = (container?.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]));
  return { flags: rest.slice(0, bundle), env: Object.fromEntries(literal) as Record<string, string> };
}

async function stopAll(clients: readonly Client[], controlPlane: ControlPlane): Promise<void> {
  try {
    await Promise.all(clients.map((client) => client.close()));
  } finally {
    await controlPlane.stop();
  }
}

let namespaces = 0;

function contents(admin: Client, signal: AbortSignal): Pick<Cluster, 'namespace' | 'createServices' | 'clear'> {
  return {
    async namespace() {
      namespaces += 1;
      const name = `bench-${namespaces}`;
      await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { signal });
      await admin.create(sharedConfig(name, 1), { signal });
      return name;
    },
    createServices: (namespace, count) =>
      inTurn(
        Array.from({ length: count }, (_, index) => serviceOf(namespace, index)),
        WORKERS,
        (service) => admin.create(service, { signal }),
      ),
    async clear(namespace) {
      for (const gvk of [LLMISVC, LLMISVC_CONFIG, ...CHILDREN]) {
        await admin.request('DELETE', await collectionPath(admin, gvk, namespace), { signal, timeout: 120_000 });
      }
    },
  };
}

async function collectionPath(client: Client, gvk: Gvk, namespace: string): Promise<string> {
  const resource = await client.resource(gvk);
  if (!resource) throw new Error(`the API server does not serve ${gvk.kind}`);
  return resourcePath(resource, namespace);
}

const CONFIG_PROTECTION = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  name: 'llmisvc-config-in-use',
};

async function install(controlPlane: ControlPlane, admin: Client, signal: AbortSignal): Promise<void> {
  const apply = async (...source: readonly string[]): Promise<void> => {
    const { code, stderr } = await controlPlane.kubectl(['apply', '--server-side', ...source], { signal });
    if (code !== 0) throw new Error(`kubectl apply ${source.join(' ')}: ${stderr.trim()}`);
  };
  const charts = join(await envoyGatewayModuleDir(), 'charts/gateway-helm/charts/crds/crds');
  await apply('-f', join(charts, 'gatewayapi-crds.yaml'));
  await apply('-k', join(ROOT, 'crds'));
  const kinds = [LLMISVC, LLMISVC_CONFIG, GATEWAY, HTTP_ROUTE];
  await waitFor(
    'the new kinds to be served',
    READY_MS,
    async () => {
      admin.discovery.invalidate();
      const found = await Promise.all(kinds.map((gvk) => admin.discovery.find(gvk)));
      return found.every((resource) => resource !== undefined);
    },
    signal,
  );
  await apply('-k', join(ROOT, 'manifests/base'));
  // Namespaces are emptied while no operator runs, so configs still say who used them.
  await admin.remove(CONFIG_PROTECTION, { signal });
  await admin.create(GATEWAY_CLASS_OBJECT, { signal });
  const { namespace, name } = (await admin.create(GATEWAY_OBJECT, { signal })).metadata;
  await admin.patch({ ...GATEWAY, namespace, name }, { status: gatewayStatus(0) }, { subresource: 'status', signal });
}
