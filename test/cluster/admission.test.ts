import { LLMISVC, LLMISVC_CONFIG } from '../../src/api/llmisvc.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { useCluster } from '../support/operator.ts';

// What KServe's webhooks decide, decided by the definitions alone.
const cluster = useCluster({ controllers: false });

type Spec = Readonly<Record<string, unknown>>;

const MODEL = { uri: 'hf://org/model', name: 'org/model' };
const KEDA = { maxReplicas: 2, keda: { triggers: [{ type: 'cron', metadata: {} }] } };
const GATEWAY = { name: 'gateway', namespace: 'default' };
const PARENT = { group: 'gateway.networking.k8s.io', kind: 'Gateway', ...GATEWAY };
const SAME_GATEWAY = { router: { gateway: { refs: [GATEWAY] }, route: { http: { spec: { parentRefs: [PARENT] } } } } };

function objectOf(kind: { readonly apiVersion: string; readonly kind: string }, name: string, spec: Spec): KubeObject {
  return {
    ...kind,
    metadata: { name, namespace: 'default' },
    spec: { model: MODEL, ...spec },
  } as unknown as KubeObject;
}

/** The refusal, or `accepted`. */
async function answered(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'accepted',
    (error: unknown) => (error as Error).message,
  );
}

describe('admission of a new object', () => {
  it.each<readonly [string, Spec, RegExp | 'accepted']>([
    ['replicas and scaling', { replicas: 1, scaling: KEDA }, /422.*replicas and scaling are mutually exclusive/],
    ['worker without parallelism', { worker: {} }, /422.*spec\.worker.*worker needs parallelism/],
    [
      'a rollout that cannot proceed',
      { rolloutStrategy: { maxUnavailable: '50%', maxSurge: 0 } },
      /422.*cannot both be 0/,
    ],
    ['a rollout of all at once', { rolloutStrategy: { maxUnavailable: '100%' } }, 'accepted'],
    ['equal gateways and parents', SAME_GATEWAY, 'accepted'],
    ['group without weight', { router: { route: { group: 'chat' } } }, /422.*group requires weight/],
    ['weight without group', { router: { route: { weight: 1 } } }, /422.*weight requires group/],
  ])('of a service with %s', async (_name, spec, expected) => {
    const answer = await answered(cluster().client.create(objectOf(LLMISVC, 'tried', spec), { dryRun: true }));
    if (expected === 'accepted') expect(answer).toBe(expected);
    else expect(answer).toMatch(expected);
  });

  it.each<readonly [string, Spec, RegExp | 'accepted']>([
    ['base refs', { baseRefs: [{ name: 'other' }] }, /422.*a config cannot have baseRefs/],
    // No definition can evaluate a template: the services that use the config say what is wrong with it.
    ['a template that fails', { annotations: { a: '{{ .Foo }}' } }, 'accepted'],
  ])('of a config with %s', async (_name, spec, expected) => {
    const answer = await answered(cluster().client.create(objectOf(LLMISVC_CONFIG, 'tried', spec), { dryRun: true }));
    if (expected === 'accepted') expect(answer).toBe(expected);
    else expect(answer).toMatch(expected);
  });

  it('of equal gateways and parents in the older version', async () => {
    const old = { apiVersion: 'serving.kserve.io/v1alpha1', kind: LLMISVC.kind };
    expect(await answered(cluster().client.create(objectOf(old, 'tried', SAME_GATEWAY), { dryRun: true }))).toBe(
      'accepted',
    );
  });
});

describe('admission of a change', () => {
  const data = (count: number, dataLocal: number): Spec => ({ parallelism: { data: count, dataLocal } });

  it.each<readonly [string, Spec, Spec, boolean]>([
    ['more nodes', data(4, 2), data(8, 2), false],
    ['larger nodes', data(4, 2), data(8, 4), true],
    ['more devices', { parallelism: { tensor: 1 } }, { parallelism: { tensor: 8 } }, true],
    ['a second node', {}, { worker: {}, parallelism: { pipeline: 2 } }, false],
  ])('to %s', async (_name, before, after, taken) => {
    const created = await cluster().client.create(objectOf(LLMISVC, 'changed', before));
    const { resourceVersion } = created.metadata;
    const path = '/apis/serving.kserve.io/v1alpha2/namespaces/default/llminferenceservices/changed';
    const next = objectOf(LLMISVC, 'changed', after);
    const body = { ...next, metadata: { ...next.metadata, resourceVersion } };
    const answer = await answered(cluster().client.request('PUT', path, { body }));
    await cluster().client.remove({ ...LLMISVC, namespace: 'default', name: 'changed' });
    if (taken) expect(answer).toBe('accepted');
    else expect(answer).toMatch(/422.*the total parallelism .* of a service cannot change/);
  });
});
