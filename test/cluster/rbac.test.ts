import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  BACKEND_TLS_POLICY,
  CONFIG_MAP,
  DEPLOYMENT,
  GATEWAY,
  GATEWAY_CLASS,
  HTTP_ROUTE,
  POD,
  ROLE,
  ROLE_BINDING,
  SECRET,
  SERVICE,
  SERVICE_ACCOUNT,
} from '../../src/api/children.ts';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { KSERVE_LEASE_NAME } from '../../src/api/wellknown.ts';
import { createClient } from '../../src/kube/client.ts';
import type { Client } from '../../src/kube/types.ts';
import { waitFor } from '../support/controlplane.ts';
import { install, operatorKubeconfig, type Rule } from '../support/installed.ts';
import { conditionOf, objectsIn, type OperatorProcess, service, useCluster } from '../support/operator.ts';

const cluster = useCluster();
const namespace = 'default';
const FINALIZERS = { finalizers: ['serving.kserve.io/llmisvc-finalizer'] };
const CONFIG_FINALIZERS = { finalizers: ['serving.kserve.io/llmisvcconfig-finalizer'] };
const CHILDREN = [
  { ...DEPLOYMENT, suffix: '-kserve' },
  { ...SERVICE, suffix: '-kserve-workload-svc' },
  { ...HTTP_ROUTE, suffix: '-kserve-route' },
];
const examples = readdirSync(new URL('../../examples', import.meta.url))
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) => objectsIn(`examples/${file}`))
  .map((object) => ({ ...object, metadata: { ...object.metadata, namespace } }));
const services = examples.filter(({ kind }) => kind === LLMISVC.kind).map(({ metadata }) => metadata.name);
let operator: OperatorProcess;
let itself: Client;

beforeAll(async () => {
  await install(cluster(), 'base');
  const kubeconfig = await operatorKubeconfig(cluster());
  itself = await createClient({ kubeconfig });
  operator = await cluster().operator({ kubeconfig });
}, 60_000);

afterAll(async () => {
  await operator?.stop();
  await itself?.close();
}, 30_000);

describe('the operator with its own ServiceAccount', () => {
  it('brings every example to its children, label, status and event', async () => {
    const { apply, get, until } = cluster();
    await apply(...gatewayAndClass(), ...examples, ...secretOf('models'));
    const template = { serviceAccountName: 'models', containers: [{ name: 'main' }] };
    await apply(service('with-account', { template }, FINALIZERS));
    await apply(service('with-scheduler', { router: { scheduler: { config: { ref: { name: 'epp', key: 'epp' } } } } }));
    await until<LLMInferenceService>(
      'the missing ConfigMap',
      { ...LLMISVC, namespace, name: 'with-scheduler' },
      (found) => conditionOf(found, 'PresetsCombined')?.reason === 'CombineBaseError',
    );
    for (const name of [...services, 'with-account']) {
      await until<LLMInferenceService>(
        'label and status',
        { ...LLMISVC, namespace, name },
        ({ metadata, status }) =>
          metadata.labels?.['serving.kserve.io/inferenceservice'] === name && (status?.observedGeneration ?? 0) > 0,
      );
      for (const { suffix, ...gvk } of CHILDREN) await get({ ...gvk, namespace, name: name + suffix });
    }
  }, 60_000);

  it('writes events when a service becomes ready and when it is no longer', async () => {
    const name = 'eventful';
    const ref = { ...LLMISVC, namespace, name };
    const isReady = (status: string) => (s: LLMInferenceService) => conditionOf(s, 'Ready')?.status === status;
    await cluster().apply(service(name, { replicas: 1, router: undefined }));
    await podBecomesReady(name);
    await cluster().serviceUntil(name, 'Ready', isReady('True'));
    await cluster().client.patch(ref, { metadata: { annotations: { 'serving.kserve.io/stop': 'true' } } });
    await cluster().serviceUntil(name, 'the stop', isReady('False'));
    await operator.settled();
    const { items } = await cluster().client.list<Event>({ apiVersion: 'v1', kind: 'Event', namespace });
    const reasons = items.flatMap(({ involvedObject, reason }) => (involvedObject.name === name ? [reason] : []));
    expect(reasons.toSorted()).toEqual(['LLMInferenceServiceNotReady', 'LLMInferenceServiceReady']);
  }, 60_000);

  it('deletes the children of a stopped service, and lets go of what KServe held', async () => {
    const { apply, client, gone } = cluster();
    const ref = { ...LLMISVC, namespace, name: 'with-account' };
    await client.patch(ref, { metadata: { annotations: { 'serving.kserve.io/stop': 'true' } } });
    for (const { suffix, ...gvk } of CHILDREN) await gone({ ...gvk, namespace, name: `with-account${suffix}` });
    await client.remove(ref);
    await gone(ref);
    const config = { ...LLMISVC_CONFIG, metadata: { name: 'held', namespace, ...CONFIG_FINALIZERS }, spec: {} };
    await apply(config);
    await client.remove({ ...LLMISVC_CONFIG, namespace, name: 'held' });
    await gone({ ...LLMISVC_CONFIG, namespace, name: 'held' });
  }, 60_000);

  it('makes and takes back what a service with TLS and the routing sidecar needs besides', async () => {
    const { apply, client, gone, until } = cluster();
    await apply(...settingsWithTLS());
    const initContainers = [{ name: 'llm-d-routing-sidecar', image: 'any', restartPolicy: 'Always' }];
    await apply(service('besides', { template: { initContainers } }));
    for (const { suffix, ...gvk } of BESIDES)
      await until('it', { ...gvk, namespace, name: `besides${suffix}` }, isOwned);
    // What others change is put back, which takes the right to patch.
    const role = { ...ROLE, namespace, name: 'besides-kserve-role' };
    await client.patch(role, { rules: [] });
    await until<KubeObject & { rules?: readonly unknown[] }>('the rules', role, ({ rules }) => rules?.length === 2);
    const ref = { ...LLMISVC, namespace, name: 'besides' };
    await client.patch(ref, { metadata: { annotations: { 'serving.kserve.io/stop': 'true' } } });
    for (const { suffix, ...gvk } of BESIDES) await gone({ ...gvk, namespace, name: `besides${suffix}` });
  }, 60_000);

  it('gives the Role to an account of the user, and takes all three back when the sidecar goes', async () => {
    const { apply, get, gone, until } = cluster();
    const initContainers = [{ name: 'llm-d-routing-sidecar', image: 'any', restartPolicy: 'Always' }];
    const binding = { ...ROLE_BINDING, namespace, name: 'beside-kserve-rb' };
    await apply(service('beside', { template: { initContainers } }));
    await until('the account', { ...SERVICE_ACCOUNT, namespace, name: 'beside-kserve' }, isOwned);
    await apply({ ...SERVICE_ACCOUNT, metadata: { name: 'theirs', namespace } });
    await apply(service('beside', { template: { initContainers, serviceAccountName: 'theirs' } }));
    await until<Binding>('their subject', binding, ({ subjects }) => subjects[0]?.name === 'theirs');
    await gone({ ...SERVICE_ACCOUNT, namespace, name: 'beside-kserve' });
    await apply(service('beside', { template: { containers: [] } }));
    await gone(binding);
    await gone({ ...ROLE, namespace, name: 'beside-kserve-role' });
    expect((await get({ ...SERVICE_ACCOUNT, namespace, name: 'theirs' })).metadata.ownerReferences).toBeUndefined();
  }, 60_000);

  it('was never refused anything', async () => {
    await operator.settled();
    expect(await operator.metric(REQUESTS, 'code="403"')).toBe(0);
    expect(await operator.metric(REQUESTS, 'code="401"')).toBe(0);
    expect(operator.log().filter((line) => /forbidden|may not/i.test(JSON.stringify(line)))).toEqual([]);
  }, 40_000);

  it('used every right that it has', async () => {
    const unused: string[] = [];
    for (const { resources, verbs, resourceNames } of rules()) {
      for (const resource of resources) {
        for (const right of rightsOf(verbs)) {
          if (!(await used(right, resource))) {
            unused.push(`${right} ${resource}${resourceNames ? ` ${resourceNames.join()}` : ''}`);
          }
        }
      }
    }
    expect(unused).toEqual([
      // Asked for by the admission plugin OwnerReferencesPermissionEnforcement, where a cluster has it switched on.
      'update llminferenceservices/finalizers',
      // Given to the routing sidecar: nobody may give what he does not have.
      'read inferencepools',
    ]);
  });
});

describe('the ServiceAccount of the operator', () => {
  // Each row: verb, API group, resource, and the place; undefined for everywhere.
  const DENIED: readonly Asked[] = [
    ['list', '', 'secrets'],
    ['watch', '', 'secrets'],
    ['list', '', 'secrets', { namespace: 'kserve' }],
    ['deletecollection', '', 'secrets', { namespace }],
    ['create', '', 'configmaps', { namespace }],
    ['patch', '', 'configmaps', { namespace: 'kserve', name: 'inferenceservice-config' }],
    ['escalate', 'rbac.authorization.k8s.io', 'roles', { namespace }],
    ['bind', 'rbac.authorization.k8s.io', 'roles', { namespace }],
    ['create', 'rbac.authorization.k8s.io', 'clusterroles'],
    ['patch', 'inference.networking.k8s.io', 'inferencepools', { namespace }],
    ['create', 'rbac.authorization.k8s.io', 'clusterrolebindings'],
    ['escalate', 'rbac.authorization.k8s.io', 'clusterroles'],
    ['bind', 'rbac.authorization.k8s.io', 'clusterroles'],
    ['impersonate', '', 'serviceaccounts', { namespace }],
    ['create', '', 'serviceaccounts/token', { namespace }],
    ['list', '', 'serviceaccounts'],
    ['create', '', 'pods', { namespace }],
    ['create', '', 'pods/exec', { namespace }],
    ['get', '', 'pods/log', { namespace }],
    ['delete', '', 'pods', { namespace }],
    ['update', 'apps', 'deployments', { namespace }],
    ['deletecollection', 'apps', 'deployments', { namespace }],
    ['update', 'serving.kserve.io', 'llminferenceservices', { namespace }],
    ['delete', 'serving.kserve.io', 'llminferenceservices', { namespace }],
    ['create', 'serving.kserve.io', 'llminferenceserviceconfigs', { namespace: 'kserve' }],
    ['delete', 'serving.kserve.io', 'llminferenceserviceconfigs', { namespace: 'kserve' }],
    ['patch', 'gateway.networking.k8s.io', 'gateways', { namespace: 'kserve' }],
    ['create', 'gateway.networking.k8s.io', 'gatewayclasses'],
    ['create', 'apiextensions.k8s.io', 'customresourcedefinitions'],
    ['patch', 'apiextensions.k8s.io', 'customresourcedefinitions'],
    ['list', 'coordination.k8s.io', 'leases', { namespace: 'kserve' }],
    ['update', 'coordination.k8s.io', 'leases', { namespace: 'kserve', name: KSERVE_LEASE_NAME }],
    ['update', 'coordination.k8s.io', 'leases', { namespace: 'kube-system', name: 'kube-controller-manager' }],
    ['get', '', 'nodes'],
    ['list', '', 'namespaces'],
  ];

  it.each(DENIED)('may not %s %s/%s %j', async (...asked) => {
    expect(await allowed(...(asked as unknown as Asked))).toBe(false);
  });

  it('may what its rules say, so that the refusals above mean something', async () => {
    expect(await allowed('get', '', 'secrets', { namespace })).toBe(true);
    expect(await allowed('get', '', 'configmaps', { namespace: 'kserve', name: 'inferenceservice-config' })).toBe(true);
    expect(await allowed('patch', 'apps', 'deployments', { namespace })).toBe(true);
  });

  it('is refused by the API server itself, too', async () => {
    const secrets = itself.list({ apiVersion: 'v1', kind: 'Secret', namespace });
    await expect(secrets).rejects.toThrow(/403.*cannot list resource "secrets"/s);
    const configMap = itself.patch({ ...CONFIG_MAP, namespace, name: 'kube-root-ca.crt' }, { data: {} });
    await expect(configMap).rejects.toThrow(/403.*cannot patch resource "configmaps"/s);
  });
});

describe('with the optional Gateway', () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', namespace: 'kserve', name: 'kserve-ingress-gateway-certificate' };
  const role = fileURLToPath(new URL('../../manifests/gateway/certificate-role.yaml', import.meta.url));

  it('the operator may make the certificate', async () => {
    await operator.stop();
    await cluster().kubectl('apply', '--server-side', '-f', role);
    const env = { GATEWAY_CERTIFICATE: secret.name };
    operator = await cluster().operator({ kubeconfig: await operatorKubeconfig(cluster()), env });
    await cluster().until('the certificate', secret, () => true);
    await operator.settled();
    expect(await operator.metric(REQUESTS, 'code="403"')).toBe(0);
  }, 60_000);
});

const BESIDES = [
  { ...SECRET, suffix: '-kserve-self-signed-certs' },
  { ...SERVICE_ACCOUNT, suffix: '-kserve' },
  { ...ROLE, suffix: '-kserve-role' },
  { ...ROLE_BINDING, suffix: '-kserve-rb' },
  { ...BACKEND_TLS_POLICY, suffix: '-kserve-backend-tls' },
];
const isOwned = ({ metadata }: KubeObject): boolean => metadata.ownerReferences?.[0]?.controller === true;

interface Binding extends KubeObject {
  readonly subjects: readonly { readonly name: string }[];
}

/** The settings as installed, with TLS. */
function settingsWithTLS(): readonly object[] {
  return objectsIn('manifests/base/settings/inferenceservice-config.yaml').map((object) => {
    const { data } = object as KubeObject & { readonly data: Readonly<Record<string, string>> };
    const ingress = { ...(JSON.parse(data['ingress'] ?? '') as object), enableLLMInferenceServiceTLS: true };
    const metadata = { ...object.metadata, namespace: 'kserve' };
    return { ...object, metadata, data: { ...data, ingress: JSON.stringify(ingress) } };
  });
}

const REQUESTS = 'llmisvc_api_requests_total';
const READS = ['get', 'list', 'watch'];
/** An apply needs the right to patch, and that to create for an object that does not exist; the dry run is of a create. */
const REQUESTED_AS: Readonly<Record<string, readonly string[]>> = {
  create: ['create', 'apply', 'dry-run'],
  patch: ['patch', 'apply'],
};

type Asked = readonly [verb: string, group: string, resource: string, place?: Place];

interface Place {
  readonly namespace?: string;
  readonly name?: string;
}
interface Event extends KubeObject {
  readonly involvedObject: { readonly name: string };
  readonly reason: string;
}

/** The rules of the ClusterRole and of the Role in the operator's own namespace. */
function rules(): readonly Rule[] {
  const files = ['manifests/base/rbac/cluster/clusterrole.yaml', 'manifests/base/rbac/system/role.yaml'];
  return files
    .flatMap(objectsIn)
    .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
    .flatMap((role) => (role as KubeObject & { readonly rules: readonly Rule[] }).rules);
}

/** Verbs that write, each; those that read go together. */
function rightsOf(verbs: readonly string[]): readonly string[] {
  const writes = verbs.filter((verb) => !READS.includes(verb));
  return verbs.some((verb) => READS.includes(verb)) ? ['read', ...writes] : writes;
}

async function used(right: string, resource: string): Promise<boolean> {
  const verbs = right === 'read' ? READS : (REQUESTED_AS[right] ?? [right]);
  const counts = await Promise.all(
    verbs.map((verb) => operator.metric(REQUESTS, `verb="${verb}"`, `resource="${resource}"`)),
  );
  return counts.some((count) => count > 0);
}

async function allowed(verb: string, group: string, resource: string, place: Place = {}): Promise<boolean> {
  const [plural, subresource] = resource.split('/');
  const resourceAttributes = { verb, group, resource: plural, subresource, ...place };
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const answer = await itself.request<{ status: { allowed: boolean } }>('POST', path, { body });
  return answer.status.allowed;
}

/** No kubelet runs here: its report is written by hand. */
async function podBecomesReady(name: string): Promise<void> {
  const labels = { 'app.kubernetes.io/name': name };
  const pod = await waitFor(`the pod of ${name}`, 20_000, async () => {
    const { items } = await cluster().client.list({ ...POD, namespace, labels });
    return items[0];
  });
  const condition = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
  const ref = { ...POD, namespace, name: pod.metadata.name };
  await cluster().client.patch(
    ref,
    { status: { phase: 'Running', conditions: [condition] } },
    { subresource: 'status' },
  );
}

function gatewayAndClass(): readonly object[] {
  const listeners = [{ name: 'http', port: 8080, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } }];
  return [
    { ...GATEWAY_CLASS, metadata: { name: 'envoy' }, spec: { controllerName: CONTROLLER } },
    {
      ...GATEWAY,
      metadata: { name: 'kserve-ingress-gateway', namespace: 'kserve' },
      spec: { gatewayClassName: 'envoy', listeners },
    },
  ];
}

const CONTROLLER = 'example.com/gateway';

function secretOf(account: string): readonly object[] {
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hf', namespace }, stringData: { HF_TOKEN: 'not-a-token' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace }, secrets: [{ name: 'hf' }] },
  ];
}
