import { GATEWAY, GATEWAY_GROUP } from '../../src/api/children.ts';
import { isPlainObject, type KubeObject } from '../../src/api/object.ts';

/** An object whose controller does not run here. */
type Live = KubeObject & {
  readonly spec?: {
    readonly replicas?: number;
    readonly minReplicas?: number;
    readonly parentRefs?: readonly object[];
    readonly listeners?: readonly { readonly name: string; readonly protocol?: string }[];
  };
};

/** The address of the Gateways, from a range for documentation. */
const ADDRESS = '203.0.113.10';
const TIME = '2026-01-01T00:00:00Z';
const DEFAULT_GATEWAY = {
  group: GATEWAY_GROUP,
  kind: GATEWAY.kind,
  namespace: 'kserve',
  name: 'kserve-ingress-gateway',
};

const BY_KIND: Readonly<Record<string, (object: Live) => object>> = {
  'apps/Deployment': available,
  'leaderworkerset.x-k8s.io/LeaderWorkerSet': leaderWorkerSet,
  'gateway.networking.k8s.io/HTTPRoute': accepted,
  'gateway.networking.k8s.io/Gateway': programmed,
  'inference.networking.k8s.io/InferencePool': (pool) => ({ parents: [poolParent(pool, 'parentRef')] }),
  'inference.networking.x-k8s.io/InferencePool': (pool) => ({ parent: [poolParent(pool, 'parentRef')] }),
  'autoscaling/HorizontalPodAutoscaler': scaling,
  'keda.sh/ScaledObject': ({ metadata }) => ({
    conditions: [condition('Ready', 'ScaledObjectReady', metadata.generation)],
  }),
};

/**
 * The status that the controller of an object gives it when all is well: Deployments and LeaderWorkerSets available,
 * routes and pools accepted by all parents, Gateways programmed with an address, autoscalers healthy. Undefined for kinds
 * that have no such status.
 */
export function readyStatus(object: KubeObject): object | undefined {
  return BY_KIND[`${object.apiVersion.split('/')[0]}/${object.kind}`]?.(object as Live);
}

/** The value with a time in each condition: recordings leave it out, the API server wants it. */
export function timed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(timed);
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, timed(item)] as const);
  const isCondition = 'type' in value && 'status' in value;
  return { ...(isCondition ? { lastTransitionTime: TIME } : {}), ...Object.fromEntries(entries) };
}

function available({ metadata, spec }: Live): object {
  const replicas = spec?.replicas ?? 1;
  return {
    observedGeneration: metadata.generation,
    ...{ replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas },
    conditions: [
      { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', ...TIMES },
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', ...TIMES },
    ],
  };
}

const TIMES = { lastUpdateTime: TIME, lastTransitionTime: TIME };

function leaderWorkerSet({ metadata, spec }: Live): object {
  const replicas = spec?.replicas ?? 1;
  return {
    ...{ observedGeneration: metadata.generation, replicas, readyReplicas: replicas, updatedReplicas: replicas },
    conditions: [condition('Available', 'AllGroupsReady', metadata.generation)],
  };
}

function accepted({ metadata, spec }: Live): object {
  const conditions = [
    condition('Accepted', 'Accepted', metadata.generation),
    condition('ResolvedRefs', 'ResolvedRefs', metadata.generation),
  ];
  const parents = (spec?.parentRefs ?? []).map((parentRef) => ({ parentRef, controllerName: CONTROLLER, conditions }));
  return { parents };
}

const CONTROLLER = 'example.com/gateway';

function programmed({ metadata, spec }: Live): object {
  const { generation } = metadata;
  return {
    addresses: [{ type: 'IPAddress', value: ADDRESS }],
    conditions: [condition('Accepted', 'Accepted', generation), condition('Programmed', 'Programmed', generation)],
    listeners: (spec?.listeners ?? []).map(({ name }) => ({
      name,
      attachedRoutes: 1,
      supportedKinds: [{ group: GATEWAY_GROUP, kind: 'HTTPRoute' }],
      conditions: ['Accepted', 'Programmed', 'ResolvedRefs'].map((type) => condition(type, type, generation)),
    })),
  };
}

function poolParent({ metadata }: Live, key: string): object {
  const { generation } = metadata;
  const conditions = ['Accepted', 'ResolvedRefs'].map((type) => condition(type, type, generation));
  return { [key]: DEFAULT_GATEWAY, conditions };
}

function scaling({ spec }: Live): object {
  const replicas = spec?.minReplicas ?? 1;
  return {
    ...{ currentReplicas: replicas, desiredReplicas: replicas },
    conditions: [
      { type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale', lastTransitionTime: TIME },
      { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound', lastTransitionTime: TIME },
    ],
  };
}

function condition(type: string, reason: string, observedGeneration: number | undefined): object {
  return { type, status: 'True', reason, message: '', lastTransitionTime: TIME, observedGeneration };
}
