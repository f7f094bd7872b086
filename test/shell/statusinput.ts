import type { HTTPRouteSpec } from '../../src/api/children.ts';
import { LLMISVC, type LLMInferenceService, type LLMInferenceServiceSpec } from '../../src/api/llmisvc.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { fixedSource, type Read, recordingSnapshot } from '../../src/api/snapshot.ts';
import type { Effective } from '../../src/config/effective.ts';
import type { Plan } from '../../src/render/plan.ts';
import { type Assessment, type AssessInput, assess } from '../../src/status/assess.ts';

export const NOW = '2026-03-01T12:00:00Z';
export const EARLIER = '2026-03-01T11:00:00Z';
const UID = 'uid-of-qwen';

type Meta = Partial<KubeObject['metadata']>;
/** Objects of tests are written as YAML would have them; their types are those of the reader. */
type Loose = Readonly<Record<string, unknown>>;

export function service(
  spec: LLMInferenceServiceSpec = {},
  status?: LLMInferenceService['status'],
): LLMInferenceService {
  const metadata = { name: 'qwen', namespace: 'team-a', uid: UID, generation: 4 };
  return { ...LLMISVC, metadata, spec, ...(status ? { status } : {}) };
}

export function effectiveOf(object: LLMInferenceService, changes: Partial<Effective> = {}): Effective {
  return {
    service: object,
    combined: true,
    spec: object.spec ?? {},
    stopped: false,
    layers: [],
    appliedConfigs: [{ name: 'llmisvc-config-llm-template', namespace: 'kserve', source: 'Preset' }],
    pins: {},
    originOf: () => undefined,
    problems: [],
    ...changes,
  };
}

export const NO_PLAN: Plan = { children: [], held: new Set(), prunable: [], prunableByName: [], problems: [] };

/** Assesses a service over a cluster that holds exactly these objects. */
export function assessOver(
  objects: readonly KubeObject[],
  changes: Partial<AssessInput> = {},
): Assessment & { readonly reads: readonly Read[] } {
  const snapshot = recordingSnapshot(fixedSource(objects));
  const effective = changes.effective ?? effectiveOf(service());
  const input = { effective, plan: NO_PLAN, outcomes: [], snapshot, settings: DEFAULT_SETTINGS, now: NOW };
  return { ...assess({ ...input, ...changes }), reads: snapshot.reads() };
}

/** The condition as one line: `False RefsInvalid: Gateway …`; undefined when it is not there. */
export function line(assessment: Assessment, type: string): string | undefined {
  const found = assessment.status.conditions?.find((condition) => condition.type === type);
  if (!found) return undefined;
  return `${found.status}${found.reason ? ` ${found.reason}` : ''}${found.message ? `: ${found.message}` : ''}`;
}

export function object(apiVersion: string, kind: string, metadata: Meta, rest: Loose = {}): KubeObject {
  return { apiVersion, kind, metadata: { name: 'qwen', namespace: 'team-a', ...metadata }, ...rest };
}

const OWNED: Meta = {
  generation: 1,
  ownerReferences: [{ ...LLMISVC, name: 'qwen', uid: UID, controller: true }],
};

export function deployment(spec: Loose = {}, status: Loose = {}, metadata: Meta = {}): KubeObject {
  return object(
    'apps/v1',
    'Deployment',
    { ...OWNED, name: 'qwen-kserve', ...metadata },
    { spec: { replicas: 1, ...spec }, status: { observedGeneration: 1, ...status } },
  );
}

export const AVAILABLE = {
  replicas: 1,
  updatedReplicas: 1,
  availableReplicas: 1,
  conditions: [{ type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' }],
};

export const workloadService = object('v1', 'Service', { ...OWNED, name: 'qwen-kserve-workload-svc' });

export const CONTROLLER = 'gateway.envoyproxy.io/gatewayclass-controller';

export function gatewayClass(...conditions: readonly Loose[]): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'envoy' },
    ...{
      spec: { controllerName: CONTROLLER },
      status: { conditions: conditions.length > 0 ? conditions : [{ type: 'Accepted', status: 'True' }] },
    },
  } as KubeObject;
}

export function gateway(status: Loose = {}, metadata: Meta = {}, spec: Loose = {}): KubeObject {
  return object(
    'gateway.networking.k8s.io/v1',
    'Gateway',
    { name: 'kserve-ingress-gateway', namespace: 'kserve', ...metadata },
    {
      spec: { gatewayClassName: 'envoy', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }], ...spec },
      status: {
        addresses: [{ value: '203.0.113.1' }],
        conditions: [{ type: 'Programmed', status: 'True' }],
        ...status,
      },
    },
  );
}

const PARENT = {
  group: 'gateway.networking.k8s.io',
  kind: 'Gateway',
  namespace: 'kserve',
  name: 'kserve-ingress-gateway',
} as const;

/** A report of a Gateway on a route: what differs from a good one in either condition, and otherwise. */
export function parent(accepted: Loose = {}, resolvedRefs: Loose = {}, changes: Loose = {}): Loose {
  const conditionOf = (type: string, condition: Loose): Loose => ({
    type,
    status: 'True',
    reason: type,
    message: '',
    observedGeneration: 1,
    ...condition,
  });
  return {
    parentRef: PARENT,
    controllerName: CONTROLLER,
    conditions: [conditionOf('Accepted', accepted), conditionOf('ResolvedRefs', resolvedRefs)],
    ...changes,
  };
}

export function httpRoute(
  parents: readonly Loose[] = [parent()],
  spec: HTTPRouteSpec = {},
  metadata: Meta = {},
): KubeObject {
  const rule = {
    matches: [{ path: { type: 'PathPrefix', value: '/team-a/qwen/v1' } }],
    filters: [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v1' } } }],
    backendRefs: [{ kind: 'Service', name: 'qwen-kserve-workload-svc', port: 8000 }],
  };
  return object(
    'gateway.networking.k8s.io/v1',
    'HTTPRoute',
    { ...OWNED, name: 'qwen-kserve-route', ...metadata },
    { spec: { parentRefs: [PARENT], rules: [rule], ...spec }, status: { parents } },
  );
}
