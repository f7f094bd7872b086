import { type Connection, type DirectServer, directConnection } from './connection.ts';
import { kubeconfigConnection } from './kubeconfig.ts';
import { restClient } from './rest.ts';
import { type TransportOptions, transport } from './transport.ts';
import type { Client } from './types.ts';

export interface ClientOptions extends TransportOptions {
  /** A kubeconfig file. Without one: `KUBECONFIG`, `~/.kube/config`, then the ServiceAccount of the pod. */
  readonly kubeconfig?: string | undefined;
  /** A context of the kubeconfig instead of its current one. */
  readonly context?: string | undefined;
  /** Another address for the server of the kubeconfig, or a server described here with no kubeconfig at all. */
  readonly server?: string | DirectServer | undefined;
}

/**
 * A client for one API server. Nothing is sent before its first method is called.
 *
 * @throws Error that names the file or context where the kubeconfig cannot be used
 */
export async function createClient(options: ClientOptions = {}): Promise<Client> {
  return restClient(await transport(connectionOf(options), options));
}

function connectionOf({ kubeconfig, context, server }: ClientOptions): Connection {
  if (typeof server === 'object') return directConnection(server);
  return kubeconfigConnection({ kubeconfig, context, server });
}
