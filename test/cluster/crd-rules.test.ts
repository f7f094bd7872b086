import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LLMISVC, LLMISVC_CONFIG } from '../../src/api/llmisvc.ts';
import { toV1alpha2 } from '../../src/api/conversion.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { useControlPlane, waitFor } from '../support/controlplane.ts';
import { kubectlOf, manifest } from '../support/installed.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const controlPlane = useControlPlane({ controllers: false, scheduler: false });
const kubectl = kubectlOf(controlPlane);

type Spec = Readonly<Record<string, unknown>>;
const MODEL = { uri: 'hf://org/model', name: 'org/model' };
const FULL = { maxReplicas: 4, wva: { hpa: {} } };
const KEDA = { triggers: [{ type: 'cron', metadata: {} }] };
const BASED = { baseRefs: [{ name: 'base' }] };
const WORKER = { worker: {}, parallelism: { pipeline: 2 } };

const object = (kind: { apiVersion: string; kind: string }, spec: Spec): object => ({
  ...kind,
  metadata: { name: 'tried', namespace: 'default' },
  spec: { model: MODEL, ...spec },
});
const lora = (...names: readonly unknown[]): Spec => ({
  model: { ...MODEL, lora: { adapters: names.map((name) => ({ name })) } },
});
const scaling = (fields: object): Spec => ({ scaling: { maxReplicas: 4, ...fields } });
const tier = (fileSystem: object): Spec => ({ kvCacheOffloading: { cpu: '1Gi', secondary: [{ fileSystem }] } });
const route = (fields: object): Spec => ({ router: { route: fields } });
const config = (fields: object): Spec => ({ router: { scheduler: { config: fields } } });

beforeAll(async () => {
  await kubectl(['apply', '-k', join(ROOT, 'crds')]);
  await waitFor('the kinds to be served', 30_000, async () => {
    const kinds = 'llminferenceservices.v1alpha1.serving.kserve.io,llmisvc,llminferenceserviceconfigs';
    return (await controlPlane().kubectl(['get', kinds, '-A'])).code === 0 || undefined;
  });
}, 60_000);

async function tried(candidate: object): Promise<string> {
  const result = await controlPlane().kubectl(['create', '--dry-run=server', '-f', '-'], {
    input: manifest(candidate),
  });
  return result.code === 0 ? 'accepted' : result.stderr;
}

/** Each row: what is refused, the sentence that says what to write instead, and a near-by spec that is accepted. */
const RULES: readonly (readonly [bad: Spec, sentence: string, good: Spec])[] = [
  [{ replicas: 1, scaling: FULL }, 'replicas and scaling are mutually exclusive: use scaling for', { scaling: FULL }],
  [
    { prefill: { replicas: 1, scaling: FULL } },
    'replicas and scaling are mutually exclusive',
    { prefill: { scaling: FULL } },
  ],
  [
    scaling({ wva: { hpa: {} }, keda: KEDA }),
    'wva and keda are mutually exclusive: remove one',
    scaling({ keda: KEDA }),
  ],
  [
    scaling({ minReplicas: 5, keda: KEDA }),
    'minReplicas cannot exceed maxReplicas',
    scaling({ minReplicas: 4, keda: KEDA }),
  ],
  [
    scaling({ minReplicas: 2, keda: { ...KEDA, idleReplicaCount: 2 } }),
    'idleReplicaCount must be less than minReplicas: it is',
    scaling({ minReplicas: 2, keda: { ...KEDA, idleReplicaCount: 1 } }),
  ],
  [
    scaling({ wva: { keda: { idleReplicaCount: 1 } } }),
    'idleReplicaCount must be less than minReplicas, which is 1 unless it is set',
    scaling({ wva: { keda: { idleReplicaCount: 0 } } }),
  ],
  [
    scaling({ wva: { hpa: {}, keda: {} } }),
    'hpa and keda are mutually exclusive: choose one actuator',
    scaling({ wva: { keda: {} } }),
  ],
  [
    scaling({ wva: { keda: { advanced: { scalingModifiers: { formula: 'a' } } } } }),
    'remove scalingModifiers: the Workload Variant Autoscaler controls the metric formula',
    scaling({ wva: { keda: { advanced: { restoreToOriginalReplicaCount: true } } } }),
  ],
  [
    scaling({ wva: { keda: { advanced: { horizontalPodAutoscalerConfig: { name: 'x' } } } } }),
    'remove horizontalPodAutoscalerConfig.name: the operator names the HPA itself',
    scaling({ keda: { ...KEDA, advanced: { horizontalPodAutoscalerConfig: { behavior: {} } } } }),
  ],
  [
    scaling({ wva: { hpa: {}, variantCost: 'ten' } }),
    'spec.scaling.wva.variantCost in body should match',
    scaling({ wva: { hpa: {}, variantCost: '10.0' } }),
  ],
  [
    { scaling: { wva: { hpa: {} } } },
    'set maxReplicas: scaling needs an upper limit',
    { scaling: { wva: { hpa: {} } }, ...BASED },
  ],
  [scaling({}), 'set wva or keda: scaling needs one of them', { ...scaling({}), ...BASED }],
  [
    scaling({ wva: {} }),
    'set hpa or keda: wva needs one of them as its actuator',
    { ...scaling({ wva: {} }), ...BASED },
  ],
  [scaling({ keda: {} }), 'set triggers: scaling by KEDA needs at least one', { ...scaling({ keda: {} }), ...BASED }],
  [
    { scaling: FULL, prefill: { scaling: { maxReplicas: 2, keda: KEDA } } },
    'decode and prefill must scale by the same means: set either wva or keda in both',
    { scaling: FULL, prefill: { scaling: FULL } },
  ],
  [
    { scaling: FULL, prefill: { scaling: { maxReplicas: 2, wva: { keda: {} } } } },
    'decode and prefill must have the same actuator: set either hpa or keda in wva of both',
    { scaling: FULL, prefill: { scaling: FULL } },
  ],
  [{ worker: {} }, 'spec.worker: Invalid value', { worker: {}, ...BASED }],
  [{ prefill: { worker: {} } }, 'worker needs parallelism: set parallelism.pipeline, or', { prefill: WORKER }],
  [
    { ...WORKER, rolloutStrategy: { maxUnavailable: '50%' } },
    'set maxSurge to at least 1: with worker and a maxUnavailable of 0',
    { ...WORKER, rolloutStrategy: { maxUnavailable: 1 } },
  ],
  [
    { rolloutStrategy: { maxUnavailable: '50%', maxSurge: 0 } },
    'maxUnavailable and maxSurge cannot both be 0',
    { rolloutStrategy: { maxUnavailable: '100%', maxSurge: 0 } },
  ],
  [
    { rolloutStrategy: { maxSurge: '101%' } },
    'write maxSurge as an integer of at least 0, or as a percentage from 0% to 100%',
    { rolloutStrategy: { maxSurge: '100%' } },
  ],
  [
    { rolloutStrategy: { maxUnavailable: -1 } },
    'write maxUnavailable as an integer',
    { rolloutStrategy: { maxUnavailable: 1 } },
  ],
  [route({ weight: 1 }), 'weight requires group: set the group', route({ group: 'g', weight: 1 })],
  [route({ group: 'g' }), 'group requires weight: set the share', { ...route({ group: 'g' }), ...BASED }],
  [route({ group: 'G', weight: 1 }), 'spec.router.route.group in body should match', route({ group: 'g', weight: 0 })],
  [
    route({ group: 'g', weight: 1_000_001 }),
    'should be less than or equal to 1000000',
    route({ group: 'g', weight: 1 }),
  ],
  [
    { router: { ingress: {}, route: { group: 'g', weight: 1 } } },
    'remove ingress: route.group and route.weight split traffic on a managed HTTPRoute',
    { router: { ingress: {}, route: {} } },
  ],
  [
    route({ group: 'g', weight: 1, http: { refs: [{ name: 'r' }] } }),
    'remove route.http.refs: route.group and route.weight split traffic on a managed HTTPRoute',
    route({ group: 'g', weight: 1, http: {} }),
  ],
  [
    { router: { scheduler: { replicas: 0 } } },
    'spec.router.scheduler.replicas in body should be greater',
    { router: { scheduler: {} } },
  ],
  [
    config({}),
    'set inline or ref: the configuration of the scheduler comes from one of them',
    { ...config({}), ...BASED },
  ],
  [
    config({ inline: { a: 1 }, ref: { name: 'c', key: 'k' } }),
    'inline and ref exclude each other: remove one',
    config({ inline: { a: 1 } }),
  ],
  [
    config({ inline: {} }),
    'spec.router.scheduler.config.inline in body should have at least 1 properties',
    config({ inline: { a: 1 } }),
  ],
  [
    config({ ref: { key: 'k' } }),
    'set the name of the ConfigMap in ref.name',
    config({ ref: { name: 'c', key: 'k' } }),
  ],
  [lora(''), 'set the name of each adapter: requests choose an adapter by it', lora('a')],
  [lora('..'), 'an adapter cannot be called . or ..: its name becomes a folder', lora('...')],
  [lora('a', 'a'), 'give each adapter a name of its own: two of them have the same', lora('a', 'b')],
  [lora(MODEL.name), 'an adapter has the name of the base model: rename the adapter', lora('a')],
  [
    { model: { uri: MODEL.uri, lora: { adapters: [{ name: 'tried' }] } } },
    'an adapter has the name of the base model',
    lora('tried'),
  ],
  [
    { model: { ...MODEL, lora: { maxRank: 0 } } },
    'spec.model.lora.maxRank in body should be greater',
    { model: { ...MODEL, lora: { maxRank: 1 } } },
  ],
  [
    { model: { ...MODEL, confidential: { enabled: true, resourceId: 'kbs://a' } } },
    'write resourceId as kbs:///<repository>/<type>/<tag>',
    { model: { ...MODEL, confidential: { enabled: false, resourceId: 'kbs://a' } } },
  ],
  [
    { model: { ...MODEL, criticality: 'High' } },
    'Unsupported value: "High"',
    { model: { ...MODEL, criticality: 'Critical' } },
  ],
  [
    { kvCacheOffloading: {} },
    'set cpu: it is the first tier of kvCacheOffloading',
    { kvCacheOffloading: {}, ...BASED },
  ],
  [
    { kvCacheOffloading: { cpu: '0Gi', secondary: [{ fileSystem: { emptyDir: { size: '1Gi' } } }] } },
    'set cpu to more than 0: secondary tiers take what overflows from it',
    { kvCacheOffloading: { cpu: 0, secondary: [] } },
  ],
  [
    { kvCacheOffloading: { cpu: 1, secondary: [{}] } },
    'set fileSystem: it is the only kind of secondary tier',
    tier({ emptyDir: { size: '1Gi' } }),
  ],
  [tier({}), 'set exactly one of fileSystem.emptyDir and fileSystem.pvc', tier({ pvc: { ref: { name: 'p' } } })],
  [tier({ pvc: {} }), 'set exactly one of fileSystem.pvc.spec and fileSystem.pvc.ref', tier({ pvc: { spec: {} } })],
];

describe('the rules of admission', () => {
  it.each(RULES)('%j', async (bad, sentence, good) => {
    expect(await tried(object(LLMISVC, bad))).toContain(sentence);
    expect(await tried(object(LLMISVC, good))).toBe('accepted');
  });

  it('are the same in v1alpha1', async () => {
    const candidate = object({ ...LLMISVC, apiVersion: 'serving.kserve.io/v1alpha1' }, scaling({}));
    expect(await tried(candidate)).toContain('set wva or keda: scaling needs one of them');
  });

  it('leave parts to configs, and refuse there what contradicts itself', async () => {
    expect(
      await tried(object(LLMISVC_CONFIG, { scaling: { minReplicas: 3 }, worker: {}, kvCacheOffloading: {} })),
    ).toBe('accepted');
    expect(await tried(object(LLMISVC_CONFIG, scaling({ wva: {}, keda: KEDA })))).toContain('mutually exclusive');
    expect(await tried(object(LLMISVC_CONFIG, { router: { scheduler: { replicas: 0 } } }))).toContain(
      'scheduler.replicas',
    );
  });

  const several = (count: number, item: (index: number) => object = (index) => ({ name: `n-${index}` })): object[] =>
    Array.from({ length: count }, (_, index) => item(index));
  const tiers = (count: number): object[] => several(count, () => ({ fileSystem: { emptyDir: { size: '1Gi' } } }));
  const uri = (length: number): Spec => ({ model: { ...MODEL, uri: 'hf://o/'.padEnd(length, 'm') } });

  it.each<[string, (size: number) => Spec, number]>([
    ['spec.model.uri', uri, 2_048],
    ['spec.model.name', (size) => ({ model: { ...MODEL, name: 'n'.repeat(size) } }), 253],
    [
      'spec.model.lora.adapters',
      (size) => lora(...several(size).map((_, index) => `a-${index}`.padEnd(253, 'x'))),
      128,
    ],
    ['spec.baseRefs', (size) => ({ baseRefs: several(size) }), 32],
    ['spec.router.gateway.refs', (size) => ({ router: { gateway: { refs: several(size) } } }), 32],
    ['spec.router.ingress.refs', (size) => ({ router: { ingress: { refs: several(size) } } }), 32],
    ['spec.router.route.http.refs', (size) => route({ http: { refs: several(size) } }), 16],
    ['spec.kvCacheOffloading.secondary', (size) => ({ kvCacheOffloading: { cpu: '1Gi', secondary: tiers(size) } }), 16],
  ])('take %s of the largest size, and no larger', async (path, spec, most) => {
    expect(await tried(object(LLMISVC, spec(most)))).toBe('accepted');
    expect(await tried(object(LLMISVC, spec(most + 1)))).toMatch(new RegExp(`${path}: Too (many|long)`));
  });

  it('want the key of a reference to a ConfigMap', async () => {
    expect(await tried(object(LLMISVC, config({ ref: { name: 'c' } })))).toContain('config.ref.key: Required value');
    expect(await tried(object(LLMISVC, config({ ref: { name: 'c', key: 'k' } })))).toBe('accepted');
  });
});

describe('the total parallelism of prefill', () => {
  it('cannot change, but prefill may come and go', async () => {
    const replace = (spec: Spec) =>
      controlPlane().kubectl(['replace', '-f', '-'], { input: manifest(object(LLMISVC, spec)) });
    await kubectl(['create', '-f', '-'], { input: manifest(object(LLMISVC, { prefill: WORKER })) });
    const { stderr } = await replace({ prefill: { parallelism: { pipeline: 4 } } });
    expect(stderr).toContain(
      'the total parallelism of prefill (pipeline, or data divided by dataLocal) of a service cannot change',
    );
    expect(await replace({})).toMatchObject({ code: 0 });
    expect(await replace({ prefill: { parallelism: { pipeline: 4 } } })).toMatchObject({ code: 0 });
    await kubectl(['delete', 'llmisvc', 'tried']);
  });
});

describe('a round trip through the other version', () => {
  const POOL = {
    selector: { app: 'x' },
    targetPortNumber: 8000,
    extensionRef: { name: 'epp', failureMode: 'FailOpen' },
  };
  const V1ALPHA1: Spec = {
    model: { ...MODEL, criticality: 'Critical' },
    router: { route: {}, scheduler: { pool: { spec: POOL } } },
  };
  const V1ALPHA2: Spec = {
    model: { ...MODEL, confidential: { enabled: true }, lora: { adapters: [{ name: 'a', lora: { maxRank: 2 } }] } },
    kvCacheOffloading: { cpu: '10Gi', secondary: [{ fileSystem: { pvc: { spec: { storageClassName: 'fast' } } } }] },
    prefill: { kvCacheOffloading: { cpu: '1Gi' } },
    tracing: {},
    router: {
      scheduler: {
        pool: {
          spec: {
            selector: { matchLabels: { a: 'b' } },
            targetPorts: [{ number: 1 }, { number: 2 }],
            appProtocol: 'http',
          },
        },
      },
    },
  };

  it.each([
    ['v1alpha1', 'v1alpha2', V1ALPHA1],
    ['v1alpha2', 'v1alpha1', V1ALPHA2],
  ])('from %s through %s loses nothing', async (written, other, spec) => {
    const apiVersion = `serving.kserve.io/${written}`;
    const name = `through-${other}`;
    const candidate = {
      apiVersion,
      kind: LLMISVC.kind,
      metadata: { name, namespace: 'default' },
      spec: { ...spec, replicas: 1 },
    };
    await kubectl(['create', '-f', '-'], { input: manifest(candidate) });
    const read = async (version: string): Promise<KubeObject & { spec: Spec }> =>
      JSON.parse(
        await kubectl(['get', `llminferenceservices.${version}.serving.kserve.io`, name, '-o', 'json']),
      ) as KubeObject & { spec: Spec };
    const before = await read(other);
    await kubectl(['replace', '-f', '-'], { input: manifest({ ...before, spec: { ...before.spec, replicas: 2 } }) });
    expect((await read(written)).spec).toEqual({ ...spec, replicas: 2 });
    expect(toV1alpha2(await read('v1alpha2')).spec).toEqual(
      toV1alpha2({ ...candidate, spec: { ...spec, replicas: 2 } } as KubeObject & { spec: Spec }).spec,
    );
  });
});
