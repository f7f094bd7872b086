import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Mount } from './layout.ts';

const folder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Where nothing can be mounted, a program that looks for its ServiceAccount in the usual folder finds none. Writes a
 * kubeconfig with the same token and authority, and returns the variable that points to it; nothing without such a mount.
 */
export async function kubeconfigVariable(
  mounts: readonly Mount[],
  server: URL,
  dir: string,
): Promise<Readonly<Record<string, string>>> {
  const source = mounts.find(({ target }) => target === folder)?.source;
  if (!source) return {};
  const path = join(dir, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'local', cluster: { server: server.origin, 'certificate-authority': join(source, 'ca.crt') } }],
    users: [{ name: 'pod', user: { tokenFile: join(source, 'token') } }],
    contexts: [{ name: 'local', context: { cluster: 'local', user: 'pod' } }],
    'current-context': 'local',
  };
  await writeFile(path, stringify(config), { mode: 0o600 });
  return { KUBECONFIG: path };
}
