import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { KubectlOptions } from '../../local/controlplane/controlplane.ts';
import type { ControlPlane } from './controlplane.ts';
import type { Cluster } from './operator.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A rule of a Role or ClusterRole. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** `kubectl` of a control plane: gives standard output, throws standard error when it fails. */
export function kubectlOf(controlPlane: () => ControlPlane) {
  return async (args: readonly string[], options: KubectlOptions = {}): Promise<string> => {
    const { code, stdout, stderr } = await controlPlane().kubectl(args, options);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
}

/** Objects as the text that `kubectl apply -f -` reads. */
export function manifest(...objects: readonly object[]): string {
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
}

/** Installs a folder of `manifests/` as its documentation says; other arguments of kubectl, such as `-n`, follow. */
export async function install(cluster: Cluster, folder: string, ...args: readonly string[]): Promise<void> {
  await cluster.kubectl('apply', '--server-side', '--force-conflicts', '-k', join(ROOT, 'manifests', folder), ...args);
}

/** A kubeconfig with a token of the operator's own ServiceAccount. */
export function operatorKubeconfig({ controlPlane }: Cluster): Promise<string> {
  const path = join(controlPlane.stateDir, 'operator.kubeconfig');
  return controlPlane.serviceAccountKubeconfig('kserve', 'llmisvc-controller', path);
}
