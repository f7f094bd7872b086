import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { GATEWAY, HTTP_ROUTE } from '../../src/api/children.ts';
import { LLMISVC, LLMISVC_CONFIG } from '../../src/api/llmisvc.ts';
import { createClient } from '../../src/kube/client.ts';
import type { Client } from '../../src/kube/types.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/controlplane.ts';
import { untilEstablished } from '../crds.ts';
import { waitFor } from '../process.ts';
import { envoyGatewayModuleDir } from '../programs/gomodule.ts';
import type { Reference } from './folder.ts';
import { timed } from './readiness.ts';

const ROOT = join(import.meta.dirname, '../..');
export const SYSTEM = 'kserve';
const READY_MS = 60_000;

/** An API server as the recordings were made on: KServe's definitions, presets and settings, no controllers. */
export interface Cluster {
  readonly controlPlane: ControlPlane;
  /** The administrator. */
  readonly client: Client;
  /** A kubeconfig of the operator's ServiceAccount. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/**
 * Starts etcd and kube-apiserver below `stateDir` and installs the definitions, presets, settings and Gateway of the
 * recordings with the operator's own rights. Rejects with what kubectl said.
 */
export async function startCluster(reference: Reference, stateDir: string, signal: AbortSignal): Promise<Cluster> {
  const controlPlane = await startControlPlane({ stateDir, controllers: false, scheduler: false, signal });
  const client = await createClient({ kubeconfig: controlPlane.kubeconfig, userAgent: 'reference' });
  const stop = async (): Promise<void> => {
    await client.close();
    await controlPlane.stop();
  };
  try {
    await install(reference, controlPlane, client, signal);
    const path = join(stateDir, 'operator.kubeconfig');
    const kubeconfig = await controlPlane.serviceAccountKubeconfig(SYSTEM, 'llmisvc-controller', path);
    return { controlPlane, client, kubeconfig, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function install(
  { folder, settings, gateway }: Reference,
  controlPlane: ControlPlane,
  client: Client,
  signal: AbortSignal,
): Promise<void> {
  const apply = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await controlPlane.kubectl(['apply', '--server-side', ...args], { signal });
    if (code !== 0) throw new Error(`kubectl apply ${args.join(' ')}: ${stderr.trim()}`);
  };
  await apply('-f', join(await envoyGatewayModuleDir(), 'charts/gateway-helm/charts/crds/crds/gatewayapi-crds.yaml'));
  await apply('-f', realpathSync(join(folder, 'crds')));
  await untilEstablished(controlPlane, ['crd', '--all'], signal);
  await untilServed(client, signal);
  for (const part of ['operator', 'rbac/cluster', 'rbac/system']) await apply('-k', join(ROOT, 'manifests/base', part));
  await apply('-n', SYSTEM, '-f', realpathSync(join(folder, 'presets')));
  await client.apply(settings, { manager: 'reference', force: true, signal });
  const { status, ...unreported } = gateway as typeof gateway & { readonly status?: unknown };
  await client.apply(unreported, { manager: 'reference', force: true, signal });
  const { namespace, name } = gateway.metadata;
  const ref = { ...GATEWAY, ...(namespace ? { namespace } : {}), name };
  if (status) await client.patch(ref, { status: timed(status) }, { subresource: 'status', signal });
}

/** A definition is served a little after it was established. */
async function untilServed({ discovery }: Client, signal: AbortSignal): Promise<void> {
  const kinds = [LLMISVC, LLMISVC_CONFIG, GATEWAY, HTTP_ROUTE];
  const allServed = async (): Promise<boolean> => {
    discovery.invalidate();
    return (await Promise.all(kinds.map((gvk) => discovery.find(gvk)))).every((resource) => resource !== undefined);
  };
  await waitFor('the new kinds to be served', READY_MS, allServed, signal);
}
