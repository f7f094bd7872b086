import type { HTTPRoute } from '../../src/api/children.ts';
import type { KubeObject } from '../../src/api/object.ts';

const SINCE = '2026-01-01T00:00:00Z';

/** The status that controllers write on a child when all is well; undefined for kinds without one. */
export function readyStatus(object: KubeObject): object | undefined {
  switch (object.kind) {
    case 'Deployment':
      return deploymentStatus((object as KubeObject & { spec?: { replicas?: number } }).spec?.replicas ?? 1);
    case 'HTTPRoute':
      return routeStatus(object as HTTPRoute);
    default:
      return undefined;
  }
}

function deploymentStatus(replicas: number): object {
  return {
    observedGeneration: 1,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    conditions: [
      { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: '', lastTransitionTime: SINCE },
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: '', lastTransitionTime: SINCE },
    ],
  };
}

function routeStatus(route: HTTPRoute): object {
  const condition = { status: 'True', message: '', observedGeneration: 1, lastTransitionTime: SINCE };
  return {
    parents: (route.spec?.parentRefs ?? []).map((parentRef) => ({
      parentRef,
      controllerName: 'gateway.envoyproxy.io/gatewayclass-controller',
      conditions: [
        { type: 'Accepted', reason: 'Accepted', ...condition },
        { type: 'ResolvedRefs', reason: 'ResolvedRefs', ...condition },
      ],
    })),
  };
}
