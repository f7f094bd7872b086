import { DEPLOYMENT, GATEWAY, HTTP_ROUTE, NAMESPACE, SERVICE } from '../../src/api/children.ts';
import {
  LLMISVC,
  LLMISVC_CONFIG,
  type LLMInferenceService,
  type LLMInferenceServiceConfig,
} from '../../src/api/llmisvc.ts';
import { jsonEqual, type KubeObject } from '../../src/api/object.ts';
import { install, operatorKubeconfig, type Rule } from '../support/installed.ts';
import { conditionOf, objectsIn, type OperatorProcess, service, useCluster } from '../support/operator.ts';

const cluster = useCluster();
const SERVED = ['team-a', 'team-b'];
const CHILDREN = [
  { ...DEPLOYMENT, suffix: '-kserve' },
  { ...SERVICE, suffix: '-kserve-workload-svc' },
  { ...HTTP_ROUTE, suffix: '-kserve-route' },
];
let operator: OperatorProcess;

beforeAll(async () => {
  await install(cluster(), 'namespaced');
  for (const name of [...SERVED, 'team-c', 'infra']) await cluster().apply({ ...NAMESPACE, metadata: { name } });
  for (const name of SERVED) await install(cluster(), 'namespaced/tenant', '-n', name);
  await cluster().apply(gateway('kserve-ingress-gateway', 'kserve'), gateway('team-gateway', 'infra'));
  operator = await cluster().operator({
    kubeconfig: await operatorKubeconfig(cluster()),
    args: [`--namespaces=${SERVED.join()}`],
  });
}, 60_000);

afterAll(async () => {
  await operator?.stop();
}, 30_000);

describe('the operator for a list of namespaces', () => {
  it('is installed without a right of cluster scope', async () => {
    const bindings = await cluster().client.list<Binding>({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
    });
    const subjects = bindings.items.flatMap((binding) => binding.subjects ?? []);
    expect(subjects.filter(({ name }) => name === 'llmisvc-controller')).toEqual([]);
  });

  it.each(SERVED)(
    'serves %s with the Role there',
    async (namespace) => {
      await cluster().apply(service('served', {}, { namespace }));
      await answered('served', namespace);
      for (const { suffix, ...gvk } of CHILDREN) await cluster().get({ ...gvk, namespace, name: `served${suffix}` });
      const { metadata, status } = await cluster().get<LLMInferenceService>(refOf('served', namespace));
      expect(metadata.labels?.['serving.kserve.io/inferenceservice']).toBe('served');
      // The default Gateway lies in the system namespace and can be read there.
      expect(JSON.stringify(status)).not.toMatch(/Forbidden|may not/);
      await cluster().client.patch(refOf('served', namespace), {
        metadata: { annotations: { 'serving.kserve.io/stop': 'true' } },
      });
      for (const { suffix, ...gvk } of CHILDREN) await cluster().gone({ ...gvk, namespace, name: `served${suffix}` });
    },
    60_000,
  );

  it('reads shared configs of the system namespace, and follows them', async () => {
    const shared = (team: string): object => ({
      ...LLMISVC_CONFIG,
      metadata: { name: 'shared', namespace: 'kserve' },
      spec: { annotations: { team } },
    });
    await cluster().apply(shared('first'));
    await cluster().apply(service('based', { baseRefs: [{ name: 'shared' }] }, { namespace: 'team-a' }));
    await answered('based', 'team-a');
    await cluster().apply(shared('second'));
    await cluster().until<Templated>(
      'the changed annotation',
      { ...DEPLOYMENT, namespace: 'team-a', name: 'based-kserve' },
      ({ spec }) => spec.template.metadata.annotations?.['team'] === 'second',
    );
  }, 40_000);

  it('says who uses a config, in the system namespace and in a served one', async () => {
    const usersOf = async (namespace: string, users: readonly object[]): Promise<void> => {
      const ref = { ...LLMISVC_CONFIG, namespace, name: 'shared' };
      await cluster().until<LLMInferenceServiceConfig>('its users', ref, ({ status }) =>
        jsonEqual(status?.referencedBy, users),
      );
    };
    await usersOf('kserve', [{ name: 'based', namespace: 'team-a' }]);
    await cluster().apply({ ...LLMISVC_CONFIG, metadata: { name: 'shared', namespace: 'team-b' }, spec: {} });
    await cluster().apply(service('beside', { baseRefs: [{ name: 'shared' }] }, { namespace: 'team-b' }));
    await usersOf('team-b', [{ name: 'beside', namespace: 'team-b' }]);
    await usersOf('kserve', [{ name: 'based', namespace: 'team-a' }]);
  }, 60_000);

  it('touches no service elsewhere', async () => {
    await cluster().apply(
      service('elsewhere', {}, { namespace: 'team-c' }),
      service('after', {}, { namespace: 'team-a' }),
    );
    await answered('after', 'team-a');
    await operator.settled();
    const found = await cluster().get<LLMInferenceService>(refOf('elsewhere', 'team-c'));
    expect(found.status).toBeUndefined();
    expect(found.metadata.labels).toBeUndefined();
    for (const { suffix, ...gvk } of CHILDREN) {
      expect(await cluster().client.read({ ...gvk, namespace: 'team-c', name: `elsewhere${suffix}` })).toBeUndefined();
    }
  }, 40_000);

  it('needed nothing that it may not', async () => {
    await operator.settled();
    expect(await operator.metric('llmisvc_api_requests_total', 'code="403"')).toBe(0);
    expect(operator.log().filter(({ level }) => level === 'error')).toEqual([]);
  }, 40_000);

  it('names the Gateway that it may not read, and the right that is missing', async () => {
    const refs = [{ name: 'team-gateway', namespace: 'infra' }];
    await cluster().apply(service('outside', { router: { route: {}, gateway: { refs } } }, { namespace: 'team-a' }));
    const found = await cluster().serviceUntil(
      'outside',
      'the condition',
      (s) => conditionOf(s, 'GatewaysReady')?.reason === 'Forbidden',
      'team-a',
    );
    expect(conditionOf(found, 'GatewaysReady')).toMatchObject({
      status: 'Unknown',
      message:
        'The operator may not read Gateway infra/team-gateway: serve its namespace, or give the right to get Gateways there.',
    });
    // What does not depend on it is there.
    await cluster().until('the Deployment', { ...DEPLOYMENT, namespace: 'team-a', name: 'outside-kserve' }, () => true);
    await cluster().apply(service('unharmed', {}, { namespace: 'team-b' }));
    await answered('unharmed', 'team-b');
    expect((await operator.probe('/readyz')).status).toBe(200);
  }, 40_000);

  it('goes on by itself when the right is given', async () => {
    await cluster().apply(...gatewayReader('infra'));
    await cluster().serviceUntil(
      'outside',
      'the Gateway to be read',
      (s) => conditionOf(s, 'GatewaysReady')?.reason !== 'Forbidden',
      'team-a',
    );
  }, 60_000);
});

describe('the Role of a tenant', () => {
  it('has the rules of the ClusterRole, without those of cluster scope', () => {
    const CLUSTER_SCOPED = ['gatewayclasses', 'customresourcedefinitions'];
    const ofCluster = rulesIn('manifests/base/rbac/cluster/clusterrole.yaml');
    const ofTenant = rulesIn('manifests/namespaced/tenant/role.yaml');
    expect(ofTenant.length).toBeGreaterThan(5);
    expect(ofTenant).toEqual(
      ofCluster.filter(({ resources }) => !resources.some((resource) => CLUSTER_SCOPED.includes(resource))),
    );
  });
});

interface Binding extends KubeObject {
  readonly subjects?: readonly { readonly name: string }[];
}
interface Templated extends KubeObject {
  readonly spec: {
    readonly template: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } };
  };
}

const refOf = (name: string, namespace: string) => ({ ...LLMISVC, namespace, name });

async function answered(name: string, namespace: string): Promise<void> {
  const seen = (s: LLMInferenceService): boolean => s.status?.observedGeneration === s.metadata.generation;
  await cluster().serviceUntil(name, 'a status', seen, namespace);
}

function rulesIn(file: string): readonly Rule[] {
  const role = objectsIn(file).find(({ kind }) => kind.endsWith('Role'));
  return (role as KubeObject & { readonly rules: readonly Rule[] }).rules;
}

function gateway(name: string, namespace: string): object {
  const spec = { gatewayClassName: 'envoy', listeners: [{ name: 'http', port: 8080, protocol: 'HTTP' }] };
  return { ...GATEWAY, metadata: { name, namespace }, spec };
}

/** The rule for Gateways, as the comment in `manifests/namespaced/shared-role.yaml` advises. */
function gatewayReader(namespace: string): readonly object[] {
  const rules = rulesIn('manifests/namespaced/shared-role.yaml').filter(({ resources }) =>
    resources.includes('gateways'),
  );
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const metadata = { name: 'llmisvc-gateways', namespace };
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name };
  const subjects = [{ kind: 'ServiceAccount', name: 'llmisvc-controller', namespace: 'kserve' }];
  return [
    { apiVersion, kind: 'Role', metadata, rules },
    { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects },
  ];
}
