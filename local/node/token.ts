import type { Client } from '../../src/kube/types.ts';
import type { Pod } from './types.ts';

export interface Token {
  readonly token: string;
  /** Milliseconds since 1970: when a new one is due, after 80 % of the token's life. */
  readonly renewAt: number;
}

/** A token of the pod's ServiceAccount that is bound to the pod and holds for an hour unless the volume says otherwise. */
export async function requestToken(
  client: Client,
  pod: Pod,
  { audience, expirationSeconds = 3600 }: { audience?: string | undefined; expirationSeconds?: number | undefined },
  signal: AbortSignal,
): Promise<Token> {
  const account = pod.spec.serviceAccountName ?? 'default';
  const path = `/api/v1/namespaces/${pod.metadata.namespace ?? 'default'}/serviceaccounts/${account}/token`;
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      audiences: audience ? [audience] : [],
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid },
    },
  };
  const asked = Date.now();
  const { status } = await client.request<{ status: { token: string; expirationTimestamp: string } }>('POST', path, {
    body,
    signal,
  });
  const life = Date.parse(status.expirationTimestamp) - asked;
  return { token: status.token, renewAt: asked + life * 0.8 };
}
