import { randomUUID } from 'node:crypto';
import { GATEWAY, GATEWAY_CLASS } from '../src/api/children.ts';
import { type DryRunRef, dryRunOf } from '../src/api/dryrun.ts';
import {
  type LLMInferenceService,
  type LLMInferenceServiceConfig,
  type LLMInferenceServiceStatus,
  LLMISVC,
  LLMISVC_CONFIG,
} from '../src/api/llmisvc.ts';
import { type KubeObject, refOf } from '../src/api/object.ts';
import type { Outcome } from '../src/api/outcome.ts';
import { DEFAULT_SETTINGS, type Settings } from '../src/api/settings.ts';
import { fixedSource, recordingSnapshot } from '../src/api/snapshot.ts';
import type { Effective } from '../src/config/effective.ts';
import { resolve } from '../src/config/resolve.ts';
import { render } from '../src/render/render.ts';
import { assess } from '../src/status/assess.ts';

/** The config in the namespace of the services that all of them name in `baseRefs`. */
export const SHARED_CONFIG = 'bench-shared';

/** What the operator reads from the settings that are installed here. */
export const SETTINGS: Settings = { ...DEFAULT_SETTINGS, urlScheme: 'https' };

/** The class of that Gateway, which nobody controls. */
export const GATEWAY_CLASS_OBJECT = {
  ...GATEWAY_CLASS,
  metadata: { name: 'bench' },
  spec: { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' },
};

/** A Gateway of which nobody but its author says that it is programmed: there is no Envoy Gateway in this benchmark. */
export const GATEWAY_OBJECT = {
  ...GATEWAY,
  metadata: { name: SETTINGS.ingressGateway.name, namespace: SETTINGS.ingressGateway.namespace },
  spec: {
    gatewayClassName: 'bench',
    listeners: [{ name: 'http', protocol: 'HTTP', port: 10_080, allowedRoutes: { namespaces: { from: 'All' } } }],
  },
};

/** The status of that Gateway, with so many routes counted. */
export function gatewayStatus(attachedRoutes: number): object {
  const condition = (type: string): object => ({
    type,
    status: 'True',
    reason: type,
    message: '',
    observedGeneration: 1,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  return {
    addresses: [{ type: 'IPAddress', value: '127.0.0.1' }],
    conditions: [condition('Accepted'), condition('Programmed')],
    listeners: [
      {
        name: 'http',
        attachedRoutes,
        supportedKinds: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' }],
        conditions: [condition('Accepted'), condition('Programmed'), condition('ResolvedRefs')],
      },
    ],
  };
}

/** A service as in the first example, with one shared config beneath it. */
export function serviceOf(namespace: string, index: number): LLMInferenceService {
  return {
    ...LLMISVC,
    metadata: { name: `model-${index}`, namespace },
    spec: {
      model: { uri: 'hf://Qwen/Qwen2.5-7B-Instruct', name: 'Qwen/Qwen2.5-7B-Instruct' },
      baseRefs: [{ name: SHARED_CONFIG }],
      router: { route: {}, gateway: {} },
    },
  };
}

/** The shared config; another `revision` changes one variable of the container, and so the Deployments and nothing else. */
export function sharedConfig(namespace: string, revision: number): LLMInferenceServiceConfig {
  return {
    ...LLMISVC_CONFIG,
    metadata: { name: SHARED_CONFIG, namespace },
    spec: {
      template: {
        containers: [
          {
            name: 'main',
            env: [{ name: 'BENCH_REVISION', value: String(revision) }],
            resources: { requests: { cpu: '4', memory: '32Gi' }, limits: { memory: '64Gi' } },
          },
        ],
      },
    },
  };
}

/** What the core makes of one service: its children by order, each group to be written at the same time, and its status. */
export interface Rendered {
  readonly service: LLMInferenceService;
  /** Whether the API server would take its merged spec. */
  readonly question: DryRunRef;
  readonly groups: readonly (readonly KubeObject[])[];
  readonly status: LLMInferenceServiceStatus;
}

/**
 * Runs the core over services as it runs in the operator when it sees them for the first time.
 *
 * @param services with the metadata of the API server where they exist; otherwise a uid is made up
 * @param known everything else that the core may look at: presets, the shared config, the Gateway
 * @throws Error when a service has a problem, because a benchmark of refused services would be fast and worthless
 */
export function renderAll(services: readonly LLMInferenceService[], known: readonly KubeObject[]): readonly Rendered[] {
  const source = fixedSource(known);
  return services.map((given) => {
    const { uid = randomUUID() } = given.metadata;
    const service = { ...given, metadata: { generation: 1, ...given.metadata, uid } };
    const { effective, plan, status } = coreOf(service, source);
    const groups = Map.groupBy(plan.children, ({ order }) => order);
    return {
      service,
      question: dryRunOf(service, effective.spec),
      groups: [...groups.values()].map((group) => group.map(({ object }) => object)),
      status,
    };
  });
}

/** One pass of the core over one service, as a reconcile runs it. */
export function coreOf(
  service: LLMInferenceService,
  source: ReturnType<typeof fixedSource>,
): {
  readonly effective: Effective;
  readonly plan: ReturnType<typeof render>;
  readonly status: LLMInferenceServiceStatus;
} {
  const first = recordingSnapshot(source);
  const effective = resolve(service, first, SETTINGS);
  const plan = render(effective, first, SETTINGS);
  const [problem] = [...effective.problems, ...plan.problems];
  if (problem || plan.held.size > 0) {
    throw new Error(`the service ${service.metadata.name} of the benchmark is refused: ${JSON.stringify(problem)}`);
  }
  const outcomes = plan.children.map(({ object }): Outcome => ({ ref: refOf(object), action: 'created', object }));
  const now = '2026-01-01T00:00:00Z';
  const { status } = assess({
    effective,
    plan,
    outcomes,
    snapshot: recordingSnapshot(source),
    settings: SETTINGS,
    now,
  });
  return { effective, plan, status };
}
