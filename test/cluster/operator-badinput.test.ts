import { DEPLOYMENT } from '../../src/api/children.ts';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import { waitFor } from '../support/controlplane.ts';
import { conditionOf, type OperatorProcess, service, useCluster } from '../support/operator.ts';

const cluster = useCluster();
let operator: OperatorProcess;

describe('what users get wrong', () => {
  beforeAll(async () => {
    operator = await cluster().operator();
  }, 60_000);

  it('names the field of the user for a pod template that the API server does not know', async () => {
    await cluster().apply(
      service('typo', { template: { containers: [{ name: 'main', resorces: { limits: { cpu: '1' } } }] } }),
    );
    const message = await messageOf('typo', 'MainWorkloadReady');
    expect(message).toContain('field not declared in schema');
    expect(message).toContain('spec.template.containers[name=main].resorces of LLMInferenceService default/typo');
    await corrected('typo', { template: { containers: [{ name: 'main' }] } });
  }, 60_000);

  it('names the field of a shared config for a value that the API server refuses', async () => {
    await cluster().apply({
      ...LLMISVC_CONFIG,
      metadata: { name: 'shared', namespace: 'default' },
      spec: { template: { containers: [{ name: 'main', imagePullPolicy: 'Sometimes' }] } },
    });
    await cluster().apply(service('value', { baseRefs: [{ name: 'shared' }] }));
    const message = await messageOf('value', 'MainWorkloadReady');
    expect(message).toContain(
      'spec.template.containers[name=main].imagePullPolicy of LLMInferenceServiceConfig default/shared',
    );
  }, 60_000);

  it('recovers when a missing base config comes, and keeps what runs when one goes', async () => {
    const config = {
      ...LLMISVC_CONFIG,
      metadata: { name: 'base', namespace: 'default' },
      spec: { replicas: 2 },
    };
    await cluster().apply(service('based', { baseRefs: [{ name: 'base' }] }));
    expect(await messageOf('based', 'PresetsCombined')).toContain('base');
    await cluster().apply(config);
    const ref = { ...DEPLOYMENT, namespace: 'default', name: 'based-kserve' };
    const { metadata } = await cluster().until('the Deployment', ref, () => true);
    await cluster().client.remove({ ...LLMISVC_CONFIG, namespace: 'default', name: 'base' });
    expect(await messageOf('based', 'PresetsCombined')).toContain('base');
    await operator.settled();
    expect((await cluster().get(ref)).metadata).toMatchObject({ uid: metadata.uid, generation: metadata.generation });
  }, 60_000);

  it('says that a quota is exceeded, and goes on when it is raised', async () => {
    const quota = (pods: string) => ({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'services', namespace: 'small' },
      spec: { hard: { 'count/deployments.apps': pods } },
    });
    await cluster().apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'small' } }, quota('0'));
    await waitFor('the quota to count', 20_000, async () => {
      const found = await cluster().get({
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        namespace: 'small',
        name: 'services',
      });
      return 'status' in found && JSON.stringify(found.status).includes('used') ? true : undefined;
    });
    await cluster().apply(service('greedy', {}, { namespace: 'small' }));
    const message = await messageOf('greedy', 'MainWorkloadReady', 'small');
    expect(message).toMatch(/ResourceQuota.*Deployment small\/greedy-kserve.*exceeded quota: services/);
    await cluster().apply(quota('5'));
    await cluster().until('the Deployment', { ...DEPLOYMENT, namespace: 'small', name: 'greedy-kserve' }, () => true);
  }, 90_000);

  it('does not hold up a namespace that goes away, nor create anything in it', async () => {
    await cluster().apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'leaving' } });
    // Something keeps the namespace while it is being deleted.
    await cluster().apply(
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'keep', namespace: 'leaving', finalizers: ['example.com/keep'] },
      },
      service('first', {}, { namespace: 'leaving', finalizers: ['example.com/keep'] }),
    );
    const ref = { ...DEPLOYMENT, namespace: 'leaving', name: 'first-kserve' };
    await cluster().until('the Deployment', ref, () => true);
    await cluster().client.remove({ apiVersion: 'v1', kind: 'Namespace', name: 'leaving' });
    await cluster().gone(ref);
    await operator.settled();
    expect(await cluster().client.read(ref)).toBeUndefined();
    await cluster().client.patch(
      { ...LLMISVC, namespace: 'leaving', name: 'first' },
      { metadata: { finalizers: null } },
    );
    await cluster().client.patch(
      { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'leaving', name: 'keep' },
      { metadata: { finalizers: null } },
    );
    await cluster().gone({ apiVersion: 'v1', kind: 'Namespace', name: 'leaving' });
  }, 90_000);
});

async function messageOf(name: string, type: string, namespace = 'default'): Promise<string> {
  const isFalse = (s: LLMInferenceService): boolean => conditionOf(s, type)?.status === 'False';
  const found = await cluster().serviceUntil(name, `condition ${type} False`, isFalse, namespace);
  return conditionOf(found, type)?.message ?? '';
}

async function corrected(name: string, spec: object): Promise<void> {
  await cluster().apply(service(name, spec));
  await cluster().until('the Deployment', { ...DEPLOYMENT, namespace: 'default', name: `${name}-kserve` }, () => true);
}
