import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OUR_CRDS, untilEstablished } from '../../local/crds.ts';
import { DEPLOYMENT, HTTP_ROUTE } from '../../src/api/children.ts';
import { LLMISVC } from '../../src/api/llmisvc.ts';
import { waitFor } from '../support/controlplane.ts';
import { conditionOf, installGatewayApi, type OperatorProcess, service, useCluster } from '../support/operator.ts';

const cluster = useCluster({ gatewayApi: false });
const CRDS = fileURLToPath(new URL('../../crds', import.meta.url));
const namespace = 'default';
let operator: OperatorProcess;

describe('parts of the installation that come and go', () => {
  beforeAll(async () => {
    operator = await cluster().operator();
  }, 60_000);

  it('names an API that is missing, and goes on by itself when it is installed', async () => {
    const { apply, serviceUntil, until } = cluster();
    await apply(service('early'));
    const found = await serviceUntil('early', 'the condition', (s) =>
      (s.status?.conditions ?? []).some(({ reason }) => reason === 'ApiNotServed'),
    );
    expect(conditionOf(found, 'HTTPRoutesReady')?.message).toContain('HTTPRoute of gateway.networking.k8s.io/v1');
    await until('the Deployment', { ...DEPLOYMENT, namespace, name: 'early-kserve' }, () => true);
    await installGatewayApi(cluster());
    await until('the route', { ...HTTP_ROUTE, namespace, name: 'early-kserve-route' }, () => true);
    await serviceUntil('early', 'recovery', (s) => !JSON.stringify(s.status).includes('ApiNotServed'));
  }, 90_000);

  it('says in metrics and log what is wrong with the settings, keeps the last good ones, and takes the next', async () => {
    const { apply, kubectl, serviceUntil } = cluster();
    const settings = (ingress: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'inferenceservice-config', namespace: 'kserve' },
      data: { ingress },
    });
    const valid = (wanted: number): Promise<boolean> =>
      waitFor(`validity ${wanted}`, 15_000, async () =>
        (await operator.metric('llmisvc_settings_valid')) === wanted ? true : undefined,
      );
    await valid(1);
    await apply(settings('{"kserveIngressGateway":"infra/first","kserveIngressGateway":"infra/second"}'));
    await serviceUntil('early', 'the other Gateway', (s) => JSON.stringify(s.status).includes('infra/second'));
    await apply(settings('{"urlScheme":"gopher"}'));
    await valid(0);
    const complaint = operator.log().find(({ message }) => String(message).includes('ingress.urlScheme'));
    expect(complaint).toMatchObject({ level: 'warn', object: 'ConfigMap kserve/inferenceservice-config' });
    expect(complaint?.['message']).toMatch(/"gopher".*"http"\|"https".*last good value/);
    await apply(service('meanwhile'));
    await serviceUntil('meanwhile', 'the last good Gateway', (s) => JSON.stringify(s.status).includes('infra/second'));
    await apply(settings('{"kserveIngressGateway":"infra/second"}'));
    await valid(1);
    await kubectl('delete', 'configmap', '-n', 'kserve', 'inferenceservice-config');
    await valid(0);
    await apply(service('without'));
    await serviceUntil('without', 'the last Gateway', (s) => JSON.stringify(s.status).includes('infra/second'));
    await apply(settings('{"kserveIngressGateway":"infra/first"}'));
    await serviceUntil('early', 'the next Gateway', (s) => JSON.stringify(s.status).includes('infra/first'));
  }, 90_000);

  it('goes on when the Gateway API is taken away', async () => {
    const { apply, kubectl, serviceUntil } = cluster();
    await kubectl('delete', 'crd', 'httproutes.gateway.networking.k8s.io', '--timeout=30s');
    await apply(service('late'));
    await serviceUntil('late', 'the condition', (s) => JSON.stringify(s.status ?? {}).includes('ApiNotServed'));
    expect((await operator.probe('/healthz')).status).toBe(200);
  }, 90_000);

  it('lets its own CRDs go while it runs, with the services and their children', async () => {
    // The garbage collector learns of a kind up to half a minute after its CRD came.
    const probe = { ...DEPLOYMENT, namespace, name: 'probe-kserve' };
    await cluster().apply(service('probe'));
    await cluster().until('the Deployment', probe, () => true);
    await cluster().client.remove({ ...LLMISVC, namespace, name: 'probe' });
    await waitFor('the garbage collector', 90_000, async () => !(await cluster().client.read(probe)) || undefined);
    await cluster().kubectl('delete', '-k', CRDS, '--timeout=30s');
    await cluster().gone({ ...DEPLOYMENT, namespace, name: 'early-kserve' });
    expect((await operator.probe('/healthz')).status).toBe(200);
  }, 150_000);

  it('lets everything go after it is gone itself', async () => {
    const { apply, kubectl, serviceUntil } = cluster();
    await kubectl('apply', '--server-side', '-k', CRDS);
    await untilEstablished(cluster().controlPlane, OUR_CRDS);
    await kubectl('apply', '--server-side', '-k', join(CRDS, '../manifests/base/presets'));
    await waitFor('the service to be taken', 20_000, async () => {
      await apply(service('orphan'));
      return true;
    });
    await serviceUntil('orphan', 'a status', ({ status }) => status?.observedGeneration === 1);
    await operator.stop();
    await kubectl('delete', 'namespace', 'kserve', '--timeout=30s');
    await kubectl('delete', '-k', CRDS, '--timeout=30s');
  }, 120_000);
});
