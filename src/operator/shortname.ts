import { LLMISVC, SERVING_GROUP } from '../api/llmisvc.ts';
import { groupOf } from '../api/object.ts';
import type { Log } from '../kube/log.ts';
import type { Client } from '../kube/types.ts';

/**
 * Warns when another API serves a kind Route: `kubectl get route`, our short name, may then mean theirs. Without an answer
 * of discovery nothing is said.
 */
export async function warnOfOtherRoutes(client: Pick<Client, 'discovery'>, log: Log): Promise<void> {
  const kinds = await client.discovery.kinds().catch(() => []);
  const others = kinds.filter(({ kind, apiVersion }) => kind === 'Route' && groupOf(apiVersion) !== SERVING_GROUP);
  if (others.length === 0) return;
  log.warn(
    { served: others.map(({ plural, apiVersion }) => `${plural} of ${apiVersion}`) },
    `Another API serves a kind Route, so \`kubectl get route\` may not mean ${LLMISVC.kind}. ` +
      'Use `kubectl get llmisvc`, or install the CRDs with the kustomize component crds/without-route.',
  );
}
