import { readdirSync } from 'node:fs';
import { DEPLOYMENT, type Deployment, GATEWAY, HTTP_ROUTE, POD, SERVICE } from '../../src/api/children.ts';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import { type KubeObject, refOf } from '../../src/api/object.ts';
import { ANNOTATION_HASH, LABEL_INFERENCE_SERVICE } from '../../src/api/wellknown.ts';
import { waitFor } from '../support/controlplane.ts';
import {
  type Cluster,
  conditionOf,
  objectsIn,
  type OperatorProcess,
  service,
  useCluster,
} from '../support/operator.ts';

const cluster = useCluster();
const namespace = 'default';
const deployment = (name: string) => ({ ...DEPLOYMENT, namespace, name: `${name}-kserve` });
const PATH = '/apis/apps/v1/namespaces/default/deployments';
let operator: OperatorProcess;

beforeAll(async () => {
  operator = await cluster().operator();
}, 60_000);

/** Values that the API server writes in another way, fills in, or drops. */
const REWRITTEN = service('rewritten', {
  template: {
    hostNetwork: false,
    nodeSelector: {},
    tolerations: [],
    containers: [
      {
        name: 'main',
        args: [],
        env: [
          { name: 'EMPTY', value: '' },
          { name: 'ONE', value: '1' },
        ],
        ports: [{ containerPort: 9000 }],
        resources: { requests: { cpu: '1000m', memory: '1024Mi' }, limits: {} },
        securityContext: { privileged: false },
        volumeMounts: [{ name: 'scratch', mountPath: '/scratch', readOnly: false }],
      },
    ],
    volumes: [{ name: 'scratch', emptyDir: {} }],
  },
});

describe('the operator on a real API server', () => {
  it('creates the children of a service, labels it and says what it sees', async () => {
    await cluster().apply(service('first'));
    const found = await cluster().serviceUntil('first', 'a status', ({ status }) => status?.observedGeneration === 1);
    expect(conditionOf(found, 'PresetsCombined')?.status).toBe('True');
    expect(found.metadata.labels?.[LABEL_INFERENCE_SERVICE]).toBe('first');
    const children = [
      deployment('first'),
      { ...SERVICE, namespace, name: 'first-kserve-workload-svc' },
      { ...HTTP_ROUTE, namespace, name: 'first-kserve-route' },
    ];
    for (const ref of children) {
      const child = await cluster().get(ref);
      expect(child.metadata.ownerReferences).toMatchObject([{ controller: true, uid: found.metadata.uid }]);
    }
  });

  it('writes nothing when all examples are applied again, nor after a restart', async () => {
    const files = readdirSync(new URL('../../examples', import.meta.url)).filter((file) => file.endsWith('.yaml'));
    const examples = files
      .flatMap((file) => objectsIn(`examples/${file}`))
      .map(inDefault)
      .concat(REWRITTEN);
    const named = examples.filter(({ kind }) => kind === LLMISVC.kind).map(({ metadata }) => metadata.name);
    await cluster().apply(...examples);
    for (const name of named) {
      await cluster().serviceUntil(name, 'a status', ({ status }) => (status?.observedGeneration ?? 0) > 0);
    }
    await operator.settled();
    await cluster().get(deployment('rewritten'));
    const before = await operator.writes();
    await cluster().apply(...examples);
    await operator.settled();
    expect(await operator.writes()).toBe(before);

    await operator.stop();
    operator = await cluster().operator();
    await operator.settled();
    expect(await operator.metric('llmisvc_reconcile_seconds_count')).toBeGreaterThanOrEqual(named.length);
    expect(operator.log().filter(({ message }) => /was (created|configured|deleted)/.test(String(message)))).toEqual(
      [],
    );
    expect(await operator.writes()).toBe(0);
  }, 90_000);

  it('puts a field back that it owns and leaves one that it does not', async () => {
    await applied(cluster(), service('edited', { replicas: 2 }));
    const ref = deployment('edited');
    await cluster().client.patch(ref, {
      metadata: { annotations: { 'example.com/theirs': 'yes' } },
      spec: { replicas: 5, template: { spec: { hostname: 'theirs' } } },
    });
    const found = await cluster().until<Deployment>('two replicas again', ref, ({ spec }) => spec?.replicas === 2);
    await operator.settled();
    expect(found.metadata.annotations).toMatchObject({ 'example.com/theirs': 'yes' });
    expect((await cluster().get<Deployment>(ref)).spec?.template.spec?.hostname).toBe('theirs');
  }, 60_000);

  it('creates a deleted child again', async () => {
    await applied(cluster(), service('deleted'));
    const { uid } = (await cluster().get(deployment('deleted'))).metadata;
    await cluster().client.remove(deployment('deleted'));
    await cluster().until('a new Deployment', deployment('deleted'), ({ metadata }) => metadata.uid !== uid);
  }, 60_000);

  it('leaves replicas alone that the spec does not have, also when it had them before', async () => {
    await applied(cluster(), service('scaled', { replicas: 3 }));
    const ref = deployment('scaled');
    // The spec drops its replicas while they are as it said: nobody else owns the field yet.
    await cluster().client.patch({ ...LLMISVC, namespace, name: 'scaled' }, { spec: { replicas: null } });
    await cluster().serviceUntil('scaled', 'the second generation', ({ status }) => status?.observedGeneration === 2);
    await operator.settled();
    expect((await cluster().get<Deployment>(ref)).spec?.replicas).toBe(3);
    await cluster().client.patch(ref, { spec: { replicas: 7 } }, { subresource: 'scale' });
    await operator.settled();
    expect((await cluster().get<Deployment>(ref)).spec?.replicas).toBe(7);
  }, 60_000);

  it('never touches an object of the same name that is not its own, and names it', async () => {
    const { apply, get, serviceUntil, client, until } = cluster();
    const ref = deployment('foreign');
    const selector = { app: 'foreign' };
    await apply({
      ...DEPLOYMENT,
      metadata: { name: ref.name, namespace },
      spec: {
        selector: { matchLabels: selector },
        template: { metadata: { labels: selector }, spec: { containers: [{ name: 'a', image: 'a' }] } },
      },
    });
    const before = await get(ref);
    await apply(service('foreign'));
    const found = await serviceUntil(
      'foreign',
      'the condition',
      (s) => conditionOf(s, 'MainWorkloadReady')?.status === 'False',
    );
    expect(conditionOf(found, 'MainWorkloadReady')?.message).toContain('Deployment default/foreign-kserve');
    expect((await get(ref)).metadata.generation).toBe(before.metadata.generation);
    expect((await get(ref)).metadata.ownerReferences).toBeUndefined();
    // It heals when the stranger goes.
    await client.remove(ref);
    await until('our Deployment', ref, ({ metadata }) => metadata.ownerReferences !== undefined);
  }, 90_000);

  // Of these kinds the caches hold the objects of others too, so nothing is read before the first write.
  it.each([
    ['Service', SERVICE, 'kept-kserve-workload-svc', { ports: [{ port: 1 }] }, 'MainWorkloadReady'],
    ['HTTPRoute', HTTP_ROUTE, 'strange-kserve-route', { hostnames: ['theirs.example.com'] }, 'HTTPRoutesReady'],
  ])(
    'never touches a %s of somebody else either',
    async (kind, gvk, name, spec, condition) => {
      const { apply, get, serviceUntil, client, until } = cluster();
      const strange = { ...gvk, namespace, name };
      await apply({ ...gvk, metadata: { name, namespace }, spec });
      const before = await get(strange);
      const own = name.slice(0, name.indexOf('-'));
      await apply(service(own));
      const theirs = `${kind} default/${name} exists and belongs to field manager a-user`;
      await serviceUntil(own, theirs, (s) => conditionOf(s, condition)?.message?.includes(theirs) === true);
      const after = await get(strange);
      expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
      await client.remove(strange);
      await until('our own', strange, ({ metadata }) => metadata.ownerReferences !== undefined);
    },
    90_000,
  );

  it('deletes the route when the service no longer has a router, and everything when it is stopped', async () => {
    await applied(cluster(), service('pruned'));
    const route = { ...HTTP_ROUTE, namespace, name: 'pruned-kserve-route' };
    await cluster().get(route);
    await cluster().client.patch({ ...LLMISVC, namespace, name: 'pruned' }, { spec: { router: null } });
    await cluster().gone(route);
    await cluster().get(deployment('pruned'));
    await cluster().client.patch(
      { ...LLMISVC, namespace, name: 'pruned' },
      { metadata: { annotations: { 'serving.kserve.io/stop': 'true' } } },
    );
    await cluster().gone(deployment('pruned'));
    await cluster().serviceUntil('pruned', 'the stop', (s) => conditionOf(s, 'Ready')?.reason === 'Stopped');
  }, 60_000);

  it('is woken by nothing when the counters of a Gateway move', async () => {
    await applied(cluster(), service('calm'));
    await cluster().apply({
      ...GATEWAY,
      metadata: { name: 'kserve-ingress-gateway', namespace: 'kserve' },
      spec: { gatewayClassName: 'envoy', listeners: [{ name: 'http', port: 8080, protocol: 'HTTP' }] },
    });
    await cluster().serviceUntil(
      'calm',
      'a Gateway',
      (s) => !/does not exist/.test(conditionOf(s, 'Ready')?.message ?? ''),
    );
    await operator.settled();
    const before = await operator.metric('llmisvc_reconcile_seconds_count');
    const gateway = { ...GATEWAY, namespace: 'kserve', name: 'kserve-ingress-gateway' };
    for (const attachedRoutes of [1, 2, 3]) {
      const listeners = [{ name: 'http', attachedRoutes, supportedKinds: [], conditions: [] }];
      await cluster().client.patch(gateway, { status: { listeners } }, { subresource: 'status' });
    }
    await operator.settled();
    expect(await operator.metric('llmisvc_reconcile_seconds_count')).toBe(before);
  }, 60_000);

  it('writes events when a service becomes ready and when it no longer is, and only then', async () => {
    const { router: _, ...spec } = (service('eventful') as unknown as { spec: { router: unknown } }).spec;
    await applied(cluster(), { ...service('eventful'), spec } as KubeObject);
    // No kubelet runs here: the state of the pod is written by hand.
    const labels = { 'app.kubernetes.io/name': 'eventful' };
    const pod = await waitFor('a pod', 20_000, async () => (await cluster().client.list({ ...POD, labels })).items[0]);
    const set = async (ready: string): Promise<void> => {
      const conditions = [{ type: 'Ready', status: ready, lastTransitionTime: new Date().toISOString() }];
      const status = { phase: 'Running', conditions };
      await cluster().client.patch(refOf(pod), { status }, { subresource: 'status' });
    };
    const reasons = async (): Promise<readonly string[]> => {
      const fieldSelector = 'involvedObject.name=eventful';
      const { items } = await cluster().client.list({ apiVersion: 'v1', kind: 'Event', namespace }, { fieldSelector });
      return items.map((item) => (item as KubeObject & { reason: string }).reason);
    };
    const ready = (wanted: string) => (found: LLMInferenceService) => conditionOf(found, 'Ready')?.status === wanted;
    await set('True');
    await cluster().serviceUntil('eventful', 'readiness', ready('True'));
    await operator.settled();
    expect(await reasons()).toEqual(['LLMInferenceServiceReady']);
    expect(await operator.metric('llmisvc_services', 'ready="True"')).toBe(1);
    await set('False');
    await cluster().serviceUntil('eventful', 'no readiness', (found) => !ready('True')(found));
    await operator.settled();
    expect((await reasons()).toSorted()).toEqual(['LLMInferenceServiceNotReady', 'LLMInferenceServiceReady']);
  }, 60_000);

  it('takes over what KServe wrote, without touching the pods', async () => {
    await applied(cluster(), service('adopted'));
    await operator.stop();
    // The same Deployment as KServe's controller writes it: created by another manager, with `replicas` of its own and
    // fields that we do not want.
    const ref = deployment('adopted');
    const { metadata, ...ours } = await cluster().get<Deployment>(ref);
    const { [ANNOTATION_HASH]: _, ...annotations } = metadata.annotations ?? {};
    await cluster().client.remove(ref);
    const { name, labels, ownerReferences } = metadata;
    const written = await cluster().client.request<Deployment>('POST', PATH, {
      query: { fieldManager: 'manager' },
      body: {
        ...ours,
        status: undefined,
        metadata: { name, namespace, labels, annotations, ownerReferences },
        spec: { ...ours.spec, replicas: 4, revisionHistoryLimit: 3 },
      },
    });
    operator = await cluster().operator();
    const found = await cluster().until<Deployment>(
      'adoption',
      ref,
      (object) => object.spec?.revisionHistoryLimit === 10,
    );
    await operator.settled();
    expect(found.metadata.uid).toBe(written.metadata.uid);
    expect(found.spec?.template).toEqual(written.spec?.template);
    expect(found.spec?.replicas).toBe(4);
    const managers = (found.metadata.managedFields ?? []).map((entry) => `${entry.manager} ${entry.operation}`);
    expect(managers).toContain('llmisvc Apply');
    expect(managers).not.toContain('manager Update');
    await operator.stop();
    operator = await cluster().operator();
    await operator.settled();
    expect(await operator.writes()).toBe(0);
  }, 90_000);

  it('lets a config go that still has the finalizer of KServe, and no sooner', async () => {
    const ref = { ...LLMISVC_CONFIG, namespace, name: 'kept' };
    const finalizers = ['serving.kserve.io/llmisvcconfig-finalizer'];
    await cluster().apply({ ...LLMISVC_CONFIG, metadata: { name: 'kept', namespace, finalizers }, spec: {} });
    await operator.settled();
    expect((await cluster().get(ref)).metadata.finalizers).toEqual(finalizers);
    await cluster().client.remove(ref);
    await cluster().gone(ref);
  }, 60_000);

  it('lets a service go that still has the finalizer of KServe', async () => {
    const finalizers = ['serving.kserve.io/llmisvc-finalizer'];
    await applied(cluster(), service('finalized', {}, { finalizers }));
    const ref = { ...LLMISVC, namespace, name: 'finalized' };
    expect((await cluster().get(ref)).metadata.finalizers).toEqual(finalizers);
    await cluster().client.remove(ref);
    await cluster().gone(ref);
    await cluster().gone(deployment('finalized'));
  }, 60_000);
});

function inDefault(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace } };
}

async function applied({ apply, serviceUntil }: Cluster, object: KubeObject): Promise<LLMInferenceService> {
  await apply(object);
  return serviceUntil(object.metadata.name, 'a status', ({ status }) => (status?.observedGeneration ?? 0) > 0);
}
