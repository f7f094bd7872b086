import { DEPLOYMENT, GATEWAY, GATEWAY_CLASS, HTTP_ROUTE, NAMESPACE, SERVICE } from '../../src/api/children.ts';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { conditionOf, objectsIn, type OperatorProcess, service, useCluster } from '../support/operator.ts';

const cluster = useCluster();
const namespace = 'default';
const PRESET = 'manifests/base/presets/config-llm-template.yaml';
const LONGEST = 'n'.repeat(63);
const EVERYTHING = ['get', 'llmisvc,deployments,services,httproutes', '-n', namespace, '-o', 'yaml'];
let operator: OperatorProcess;
let bystander: string;

const deployment = (name: string, inNamespace = namespace) => ({
  ...DEPLOYMENT,
  namespace: inNamespace,
  name: `${name}-kserve`,
});
const config = (name: string, spec: object, inNamespace = namespace): object => ({
  ...LLMISVC_CONFIG,
  metadata: { name, namespace: inNamespace },
  spec,
});
const withMain = (main: object): object => ({ template: { containers: [{ name: 'main', ...main }] } });

beforeAll(async () => {
  operator = await cluster().operator();
  await cluster().apply(service('bystander', { replicas: 0, router: undefined }));
  await settledOn('bystander', 1);
  bystander = await stateOfBystander();
}, 60_000);

afterAll(async () => {
  await operator?.stop();
}, 30_000);

describe('what is wrong with the model', () => {
  it('a URI that is missing is asked for', async () => {
    await cluster().apply(service('no-uri', { model: { name: 'org/model' } }));
    const { message } = await says('no-uri', 'MainWorkloadReady', 'spec.model.uri');
    expect(message).toMatch(/^Field spec\.model\.uri is (not set|empty).*hf:\/\//);
    expect(await cluster().client.read(deployment('no-uri'))).toBeUndefined();
  }, 40_000);

  it('a scheme that nobody knows is named, with those that are known', async () => {
    await cluster().apply(service('scheme', { model: { uri: 'ftp://host/model' } }));
    const { message } = await says('scheme', 'MainWorkloadReady', 'ftp://host/model');
    expect(message).toMatch(/^Field spec\.model\.uri .*hf:\/\/.*pvc:\/\//);
    await cluster().client.patch(refOf('scheme'), { spec: { model: { uri: 'hf://org/model' } } });
    await cluster().until('the Deployment', deployment('scheme'), () => true);
  }, 40_000);
});

describe('long names', () => {
  it('of 63 characters work, in a namespace of 63 characters too', async () => {
    const name = 'a'.repeat(63);
    await cluster().apply({ ...NAMESPACE, metadata: { name: LONGEST } });
    await cluster().apply(service(name, {}, { namespace: LONGEST }));
    await settledOn(name, 1, LONGEST);
    for (const kind of [DEPLOYMENT, SERVICE, HTTP_ROUTE]) {
      const { items } = await cluster().client.list({ ...kind, namespace: LONGEST });
      expect(items.map(({ metadata }) => metadata.name.length)).toEqual([63]);
    }
    const route = (await cluster().client.list<Route>({ ...HTTP_ROUTE, namespace: LONGEST })).items[0];
    expect(route?.spec.rules[0]?.matches[0]?.path.value).toBe(`/${LONGEST}/${name}/v1`);
  }, 40_000);

  it('of 64 characters are refused at once', async () => {
    await expect(cluster().apply(service('a'.repeat(64)))).rejects.toThrow('the name must have at most 63 characters');
  });
});

describe('what is wrong with configs', () => {
  it('a preset that is not there any more is named, and what runs stays', async () => {
    await cluster().apply(service('pinned'));
    await settledOn('pinned', 1);
    const { uid, generation } = (await cluster().get(deployment('pinned'))).metadata;
    const pin = 'serving.kserve.io/config-llm-template';
    const pinned = (to: string) => ({ status: { annotations: { [pin]: to } } });
    await cluster().client.patch(refOf('pinned'), pinned('kserve-config-llm-template'), { subresource: 'status' });
    const { message, reason } = await says('pinned', 'PresetsCombined', 'kserve-config-llm-template');
    expect(reason).toBe('ConfigNotFound');
    expect(message).toBe(
      'LLMInferenceServiceConfig "kserve-config-llm-template" not found in namespaces [default kserve]. It is a preset: install the presets again.',
    );
    await operator.settled();
    expect((await cluster().get(deployment('pinned'))).metadata).toMatchObject({ uid, generation });
    await cluster().client.patch(refOf('pinned'), pinned('llmisvc-config-llm-template'), { subresource: 'status' });
    await heals('pinned', 'PresetsCombined');
  }, 60_000);

  it('a base config that is deleted while it is used leaves the children, and heals when it is back', async () => {
    const base = config('base', { labels: { team: 'research' } });
    await cluster().apply(base, service('based', { baseRefs: [{ name: 'base' }] }));
    await settledOn('based', 1);
    const { uid, generation } = (await cluster().get(deployment('based'))).metadata;
    await cluster().client.remove({ ...LLMISVC_CONFIG, namespace, name: 'base' });
    const { message } = await says('based', 'PresetsCombined', '"base" not found');
    expect(message).toContain('Create it in one of them, or correct spec.baseRefs[0]');
    await operator.settled();
    expect((await cluster().get(deployment('based'))).metadata).toMatchObject({ uid, generation });
    await cluster().get({ ...HTTP_ROUTE, namespace, name: 'based-kserve-route' });
    await cluster().apply(base);
    await heals('based', 'PresetsCombined');
  }, 60_000);

  it('a preset that no longer parses is named with the place, and what runs stays', async () => {
    const [preset] = objectsIn(PRESET) as (KubeObject & { spec: Record<string, unknown> })[];
    // A preset of the service's own namespace goes before that of the installation: nobody else is hurt.
    const name = preset?.metadata.name ?? '';
    const own = { ...preset, metadata: { name, namespace: 'own-preset' } };
    await cluster().apply({ ...NAMESPACE, metadata: { name: 'own-preset' } }, own);
    await cluster().apply(service('parsed', {}, { namespace: 'own-preset' }));
    await settledOn('parsed', 1, 'own-preset');
    const { uid, generation } = (await cluster().get(deployment('parsed', 'own-preset'))).metadata;
    await cluster().apply({ ...own, spec: { ...preset?.spec, ...withMain({ image: 'vllm:{{ .Spec.Model.Name' }) } });
    const { message, reason } = await says('parsed', 'PresetsCombined', 'failed to parse template', 'own-preset');
    expect(reason).toBe('CombineBaseError');
    const place = `spec.template.containers[name=main].image of LLMInferenceServiceConfig own-preset/${name}`;
    expect(message).toContain(place);
    expect(message).toMatch(/column \d+ of the text/);
    await operator.settled();
    expect((await cluster().get(deployment('parsed', 'own-preset'))).metadata).toMatchObject({ uid, generation });
    await cluster().client.remove({ ...LLMISVC_CONFIG, namespace: 'own-preset', name });
    await heals('parsed', 'PresetsCombined', 'own-preset');
  }, 60_000);

  it('a template that cannot be executed is shown with field and column', async () => {
    const text = 'model-of-{{ .Spec.Model.Nope }}';
    await cluster().apply(config('templated', withMain({ env: [{ name: 'A', value: text }] })));
    await cluster().apply(service('templated', { baseRefs: [{ name: 'templated' }] }));
    const { message } = await says('templated', 'PresetsCombined', 'Nope');
    expect(message).toContain(
      'spec.template.containers[name=main].env[name=A].value of LLMInferenceServiceConfig default/templated',
    );
    expect(message).toMatch(/column \d+ of the text/);
    expect(message).toContain("can't evaluate field Nope");
  }, 40_000);
});

describe('pod templates that the API server would not take', () => {
  // Each row: what it is, container `main`, the place in the user's YAML, what is said about it.
  const PODS: readonly (readonly [what: string, main: object, path: string, words: string])[] = [
    [
      'an unknown field',
      { resorces: { limits: { cpu: '1' } } },
      'spec.template.containers[name=main].resorces',
      'field not declared in schema',
    ],
    [
      'a value of another type',
      { ports: [{ containerPort: 'http' }] },
      'spec.template.containers[name=main].ports[containerPort=http].containerPort',
      'is "http"; allowed is an integer',
    ],
    [
      'a type that goes by the schema of pods',
      { tty: 'sometimes' },
      'spec.template.containers[name=main].tty',
      'expected boolean',
    ],
    [
      'a number out of range',
      { readinessProbe: { timeoutSeconds: -1, httpGet: { path: '/', port: 8000 } } },
      'spec.template.containers[name=main].readinessProbe.timeoutSeconds',
      'must be greater than or equal to 0',
    ],
    [
      'a word that is not among the allowed ones',
      { imagePullPolicy: 'Sometimes' },
      'spec.template.containers[name=main].imagePullPolicy',
      'Unsupported value: "Sometimes"',
    ],
  ];

  it.each(PODS)(
    '%s: the condition has the path in the YAML of the user',
    async (what, main, path, words) => {
      const name = what.replaceAll(' ', '-');
      await cluster().apply(service(name, withMain(main)));
      const { message, status } = await says(name, 'Ready', path);
      expect(status).toBe('False');
      expect(message).toContain(words);
      expect(message).toContain(`LLMInferenceService default/${name}`);
      await cluster().client.patch(refOf(name), { spec: { template: null } });
      await cluster().until('the Deployment', deployment(name), () => true);
    },
    40_000,
  );

  it('the config is named that has the field', async () => {
    await cluster().apply(config('typo', withMain({ resorces: {} })));
    await cluster().apply(service('from-config', { baseRefs: [{ name: 'typo' }] }));
    const { message } = await says('from-config', 'MainWorkloadReady', 'resorces');
    expect(message).toContain('containers[name=main].resorces of LLMInferenceServiceConfig default/typo');
  }, 40_000);

  it('a Deployment that runs stays when its new template is refused', async () => {
    await cluster().apply(service('running'));
    await settledOn('running', 1);
    const { uid, generation } = (await cluster().get(deployment('running'))).metadata;
    await cluster().client.patch(refOf('running'), { spec: withMain({ resorces: {} }) });
    await says('running', 'MainWorkloadReady', 'resorces');
    expect((await cluster().get(deployment('running'))).metadata).toMatchObject({ uid, generation });
  }, 40_000);
});

it('a GPU request that contradicts the parallelism is a warning, and is used', async () => {
  const resources = { requests: { 'nvidia.com/gpu': '2' }, limits: { 'nvidia.com/gpu': '2' } };
  await cluster().apply(service('gpus', { parallelism: { tensor: 4 }, ...withMain({ resources }) }));
  const { message, reason, status } = await says('gpus', 'Warning', 'nvidia.com/gpu');
  expect({ reason, status }).toEqual({ reason: 'DeviceCountMismatch', status: 'True' });
  expect(message).toMatch(/containers\[name=main\]\.resources.* asks for 2 of nvidia\.com\/gpu.* uses 4 in each pod/);
  await cluster().until('the Deployment', deployment('gpus'), () => true);
}, 40_000);

describe('Gateways', () => {
  const gateway = (name: string, gatewayClassName: string): object => ({
    ...GATEWAY,
    metadata: { name, namespace },
    spec: { gatewayClassName, listeners: [{ name: 'http', port: 8080, protocol: 'HTTP' }] },
  });
  const behind = (name: string): object =>
    service(name, { router: { route: {}, gateway: { refs: [{ name: `${name}-gateway` }] } } });

  it('one that is missing is named, and found when it comes', async () => {
    await cluster().apply(behind('missing'));
    const { message, status } = await says('missing', 'GatewaysReady', 'default/missing-gateway does not exist');
    expect(status).toBe('False');
    expect(message).toContain('spec.router.gateway.refs[0]');
    await cluster().apply(gateway('missing-gateway', 'absent-class'));
    await says('missing', 'GatewaysReady', 'GatewayClass absent-class');
  }, 40_000);

  it('one of a class that nobody controls is Unknown, with the class and its controller', async () => {
    await cluster().apply({
      ...GATEWAY_CLASS,
      metadata: { name: 'nobody' },
      spec: { controllerName: 'example.com/nobody' },
    });
    await cluster().apply(gateway('idle-gateway', 'nobody'), behind('idle'));
    const { message, status } = await says('idle', 'GatewaysReady', 'GatewayClass nobody');
    expect(status).toBe('Unknown');
    expect(message).toContain('example.com/nobody');
  }, 40_000);

  it('one whose listeners do not allow the route is said, with the words of the gateway', async () => {
    await cluster().apply(gateway('closed-gateway', 'nobody'), behind('closed'));
    const route = { ...HTTP_ROUTE, namespace, name: 'closed-kserve-route' };
    const { generation } = (await cluster().until('the route', route, () => true)).metadata;
    const accepted = {
      type: 'Accepted',
      status: 'False',
      reason: 'NotAllowedByListeners',
      message: 'No listeners included by this parent ref allowed this attachment.',
      observedGeneration: generation,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'closed-gateway' };
    const parents = [{ parentRef, controllerName: 'example.com/nobody', conditions: [accepted] }];
    await cluster().client.patch(route, { status: { parents } }, { subresource: 'status' });
    const { message, status } = await says('closed', 'HTTPRoutesReady', 'NotAllowedByListeners');
    expect(status).toBe('False');
    expect(message).toContain('allowed this attachment');
    expect(message).toContain('default/closed-gateway');
  }, 40_000);
});

describe('what the namespace does not allow', () => {
  const quota = (inNamespace: string, hard: object): object => ({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'small', namespace: inNamespace },
    spec: { hard },
  });

  it('a quota on Services is said, with its name, and is tried again', async () => {
    const inNamespace = 'few-services';
    await cluster().apply({ ...NAMESPACE, metadata: { name: inNamespace } }, quota(inNamespace, { services: '0' }));
    await quotaInForce(inNamespace);
    await cluster().apply(service('quota', {}, { namespace: inNamespace }));
    const found = await cluster().serviceUntil(
      'quota',
      'the reason QuotaExceeded',
      (s) => conditionOf(s, 'Ready')?.reason === 'QuotaExceeded',
      inNamespace,
    );
    expect(conditionOf(found, 'Ready')?.message).toMatch(
      /^A ResourceQuota does not allow Service few-services\/quota-kserve-workload-svc: .*exceeded quota: small/,
    );
    await cluster().client.remove({ apiVersion: 'v1', kind: 'ResourceQuota', namespace: inNamespace, name: 'small' });
    const svc = { ...SERVICE, namespace: inNamespace, name: 'quota-kserve-workload-svc' };
    await cluster().until('the Service', svc, () => true);
  }, 60_000);

  it('a quota on pods is read off the Deployment', async () => {
    const inNamespace = 'few-pods';
    await cluster().apply({ ...NAMESPACE, metadata: { name: inNamespace } }, quota(inNamespace, { pods: '0' }));
    await quotaInForce(inNamespace);
    await cluster().apply(service('pods', { replicas: 1 }, { namespace: inNamespace }));
    const { message } = await says('pods', 'MainWorkloadReady', 'exceeded quota: small', inNamespace);
    expect(message).toContain('pods');
  }, 60_000);

  it('a namespace that is going away is said, and goes', async () => {
    const inNamespace = 'ending';
    const holder = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'holder', namespace: inNamespace, finalizers: ['example.com/held'] },
    };
    await cluster().apply({ ...NAMESPACE, metadata: { name: inNamespace } }, holder);
    await cluster().apply(service('ending', {}, { namespace: inNamespace, finalizers: ['example.com/held'] }));
    await settledOn('ending', 1, inNamespace);
    await cluster().client.remove({ ...NAMESPACE, name: inNamespace });
    await cluster().until('the end', { ...LLMISVC, namespace: inNamespace, name: 'ending' }, ({ metadata }) =>
      Boolean(metadata.deletionTimestamp),
    );
    await operator.settled();
    for (const ref of [
      { ...LLMISVC, namespace: inNamespace, name: 'ending' },
      { apiVersion: 'v1', kind: 'ConfigMap', namespace: inNamespace, name: 'holder' },
    ]) {
      await cluster().client.patch(ref, { metadata: { finalizers: null } });
    }
    await cluster().gone({ ...NAMESPACE, name: inNamespace });
  }, 60_000);
});

it('nobody else noticed any of it, and no pass failed', async () => {
  await operator.settled();
  expect(await stateOfBystander()).toBe(bystander);
  expect(operator.log().filter(({ level }) => level === 'error')).toEqual([]);
}, 40_000);

interface Route extends KubeObject {
  readonly spec: { readonly rules: { readonly matches: { readonly path: { readonly value: string } }[] }[] };
}
type Said = NonNullable<ReturnType<typeof conditionOf>> & { readonly message: string };

const refOf = (name: string) => ({ ...LLMISVC, namespace, name });

/** Waits until a condition of a service contains the words. */
async function says(name: string, type: string, words: string, inNamespace = namespace): Promise<Said> {
  const has = (s: LLMInferenceService): boolean => Boolean(conditionOf(s, type)?.message?.includes(words));
  const found = await cluster().serviceUntil(name, `${type} to say "${words}"`, has, inNamespace);
  return conditionOf(found, type) as Said;
}

async function heals(name: string, type: string, inNamespace = namespace): Promise<void> {
  const fine = (s: LLMInferenceService): boolean => conditionOf(s, type)?.status === 'True';
  await cluster().serviceUntil(name, `${type} to be True again`, fine, inNamespace);
}

async function settledOn(name: string, generation: number, inNamespace = namespace): Promise<void> {
  const seen = (s: LLMInferenceService): boolean => s.status?.observedGeneration === generation;
  await cluster().serviceUntil(name, `the status of generation ${generation}`, seen, inNamespace);
}

async function quotaInForce(inNamespace: string): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'ResourceQuota', namespace: inNamespace, name: 'small' };
  await cluster().until<KubeObject & { status?: { hard?: object } }>('the quota to be counted', ref, ({ status }) =>
    Boolean(status?.hard),
  );
}

/** The service, its children and the versions of all of them. */
async function stateOfBystander(): Promise<string> {
  await cluster().until<KubeObject & { status?: { observedGeneration?: number } }>(
    'the Deployment of the bystander to be observed',
    deployment('bystander'),
    ({ status }) => status?.observedGeneration === 1,
  );
  const selection = ['-l', 'app.kubernetes.io/name=bystander'];
  const children = await cluster().kubectl(...EVERYTHING, ...selection);
  const { metadata, status } = await cluster().get<LLMInferenceService>(refOf('bystander'));
  return JSON.stringify([metadata.resourceVersion, status, children]);
}
