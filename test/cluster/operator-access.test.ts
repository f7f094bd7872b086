import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEPLOYMENT, GATEWAY, HTTP_ROUTE } from '../../src/api/children.ts';
import { LLMISVC } from '../../src/api/llmisvc.ts';
import { conditionOf, type OperatorProcess, service, useCluster } from '../support/operator.ts';

const cluster = useCluster();
const MANIFESTS = fileURLToPath(new URL('../../manifests', import.meta.url));
const FINALIZERS = { finalizers: ['serving.kserve.io/llmisvc-finalizer'] };

describe('the operator with the rights of its ServiceAccount alone', () => {
  beforeAll(async () => {
    const { apply, kubectl } = cluster();
    await kubectl('apply', '--server-side', '-n', 'kserve', '-f', join(MANIFESTS, 'base/operator/serviceaccount.yaml'));
    await kubectl('apply', '--server-side', '-k', join(MANIFESTS, 'base/rbac/system'));
    await apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } },
      {
        ...GATEWAY,
        metadata: { name: 'kserve-ingress-gateway', namespace: 'kserve' },
        spec: { gatewayClassName: 'envoy', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
      },
    );
  });

  it('needs no right that it has not, for the whole cluster', async () => {
    await cluster().kubectl('apply', '--server-side', '-k', join(MANIFESTS, 'base/rbac/cluster'));
    const operator = await cluster().operator({ kubeconfig: await tokenOf('cluster-wide') });
    await fullLife('whole', 'default');
    await nothingForbidden(operator);
    await operator.stop();
    await cluster().kubectl('delete', '-k', join(MANIFESTS, 'base/rbac/cluster'));
  }, 90_000);

  it('serves a list of namespaces with Roles in them, and leaves the others alone', async () => {
    const { apply, client, kubectl, operator: start } = cluster();
    await kubectl('apply', '--server-side', '-f', join(MANIFESTS, 'namespaced/shared-role.yaml'));
    await kubectl('apply', '--server-side', '-n', 'team-a', '-k', join(MANIFESTS, 'namespaced/tenant'));
    const operator = await start({ kubeconfig: await tokenOf('namespaced'), args: ['--namespaces=team-a'] });
    await apply(service('elsewhere'));
    await fullLife('tenant', 'team-a');
    await nothingForbidden(operator);
    expect(await client.read({ ...DEPLOYMENT, namespace: 'default', name: 'elsewhere-kserve' })).toBeUndefined();
    await operator.stop();
  }, 90_000);

  it('tells the service what it may not do, and goes on with the others', async () => {
    const { apply, kubectl, serviceUntil, until } = cluster();
    const limited = await cluster().operator({ kubeconfig: await tokenOf('limited'), args: ['--namespaces=team-a'] });
    await kubectl('patch', 'role', '-n', 'team-a', 'llmisvc-controller', '--type=json', `-p=${WITHOUT_DEPLOYMENTS}`);
    await apply(service('limited', {}, { namespace: 'team-a' }));
    const found = await serviceUntil(
      'limited',
      'the condition',
      (s) => conditionOf(s, 'MainWorkloadReady')?.reason === 'Forbidden',
      'team-a',
    );
    expect(conditionOf(found, 'MainWorkloadReady')?.message).toContain('Deployment team-a/limited-kserve');
    await kubectl(
      'apply',
      '--server-side',
      '--force-conflicts',
      '-n',
      'team-a',
      '-k',
      join(MANIFESTS, 'namespaced/tenant'),
    );
    await until('the Deployment', { ...DEPLOYMENT, namespace: 'team-a', name: 'limited-kserve' }, () => true);
    await limited.stop();
  }, 90_000);
});

/** Takes every right away from the first rules: those that name Deployments are among them. */
const WITHOUT_DEPLOYMENTS = JSON.stringify([
  { op: 'test', path: '/rules/4/resources/0', value: 'deployments' },
  { op: 'replace', path: '/rules/4/verbs', value: ['get', 'list', 'watch'] },
]);

function tokenOf(file: string): Promise<string> {
  const { controlPlane } = cluster();
  const path = join(controlPlane.stateDir, `${file}.kubeconfig`);
  return controlPlane.serviceAccountKubeconfig('kserve', 'llmisvc-controller', path);
}

/** Created, with a ServiceAccount and its Secret, changed, stopped, and deleted with a finalizer that KServe left. */
async function fullLife(name: string, namespace: string): Promise<void> {
  const { apply, client, gone, serviceUntil, until } = cluster();
  const ref = { ...LLMISVC, namespace, name };
  const template = { serviceAccountName: 'models', containers: [{ name: 'main' }] };
  await apply(
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hf', namespace }, stringData: { HF_TOKEN: 'not-a-token' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'models', namespace }, secrets: [{ name: 'hf' }] },
    service(name, { template }, { namespace, ...FINALIZERS }),
  );
  await until('the route', { ...HTTP_ROUTE, namespace, name: `${name}-kserve-route` }, () => true);
  await client.patch(ref, { spec: { replicas: 2 } });
  await serviceUntil(name, 'the second generation', ({ status }) => status?.observedGeneration === 2, namespace);
  await client.patch(ref, { metadata: { annotations: { 'serving.kserve.io/stop': 'true' } } });
  await gone({ ...DEPLOYMENT, namespace, name: `${name}-kserve` });
  await client.remove(ref);
  await gone(ref);
}

async function nothingForbidden(operator: OperatorProcess): Promise<void> {
  await operator.settled();
  expect(operator.log().filter((line) => /forbidden|may not|cannot/i.test(JSON.stringify(line)))).toEqual([]);
  expect(await operator.metric('llmisvc_api_requests_total', 'code="403"')).toBe(0);
  expect(JSON.stringify(operator.log())).not.toContain('not-a-token');
}
