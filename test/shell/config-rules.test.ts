import { MODEL, resolved, service } from './configinput.ts';

const FULL = { maxReplicas: 4, wva: { hpa: {} } };
const KEDA = { triggers: [{ type: 'cron', metadata: {} }] };
const POOL = {
  selector: { matchLabels: { a: 'b' } },
  targetPorts: [{ number: 8000 }],
  endpointPickerRef: { name: 'epp', port: { number: 9002 } },
};
const adapters = (...names: readonly unknown[]): object => ({
  model: { ...MODEL, lora: { adapters: names.map((name) => ({ name, uri: 'hf://a/b' })) } },
});
const pool = (spec: object): object => ({ router: { route: {}, scheduler: { pool: { spec } } } });
const tiers = (...secondary: readonly object[]): object => ({ kvCacheOffloading: { cpu: '1Gi', secondary } });

/** The paths of all values that are not allowed, whether the fields around them are supported or not. */
function paths(spec: object, annotations: Readonly<Record<string, string>> = {}): readonly string[] {
  const { problems } = resolved(service({ model: MODEL, ...spec }, { annotations }));
  return problems.flatMap((problem) => (problem.code === 'InvalidField' ? [problem.path] : []));
}

/** Each row: what is wrong, the spec, the path that is named, and a near-by spec that is right. */
const RULES: readonly (readonly [what: string, bad: object, path: string, good: object])[] = [
  ['replicas and scaling', { replicas: 1, scaling: FULL }, 'spec.scaling', { scaling: FULL }],
  ['no maximum', { scaling: { wva: { hpa: {} } } }, 'spec.scaling.maxReplicas', { scaling: FULL }],
  [
    'minimum over maximum',
    { scaling: { ...FULL, minReplicas: 5 } },
    'spec.scaling.minReplicas',
    { scaling: { ...FULL, minReplicas: 4 } },
  ],
  ['wva and keda', { scaling: { ...FULL, keda: KEDA } }, 'spec.scaling', { scaling: { maxReplicas: 4, keda: KEDA } }],
  ['neither wva nor keda', { scaling: { maxReplicas: 4 } }, 'spec.scaling', { scaling: FULL }],
  [
    'KEDA without triggers',
    { scaling: { maxReplicas: 4, keda: { triggers: [] } } },
    'spec.scaling.keda.triggers',
    { scaling: { maxReplicas: 4, keda: KEDA } },
  ],
  ['no actuator', { scaling: { maxReplicas: 4, wva: {} } }, 'spec.scaling.wva', { scaling: FULL }],
  [
    'two actuators',
    { scaling: { maxReplicas: 4, wva: { hpa: {}, keda: {} } } },
    'spec.scaling.wva',
    { scaling: { maxReplicas: 4, wva: { keda: {} } } },
  ],
  [
    'a cost in words',
    { scaling: { maxReplicas: 4, wva: { hpa: {}, variantCost: 'ten' } } },
    'spec.scaling.wva.variantCost',
    { scaling: { maxReplicas: 4, wva: { hpa: {}, variantCost: '10.0' } } },
  ],
  [
    'modifiers under wva',
    { scaling: { maxReplicas: 4, wva: { keda: { advanced: { scalingModifiers: { target: '1' } } } } } },
    'spec.scaling.wva.keda.advanced.scalingModifiers',
    { scaling: { maxReplicas: 4, keda: { ...KEDA, advanced: { scalingModifiers: { target: '1' } } } } },
  ],
  [
    'a name of the HPA',
    { scaling: { maxReplicas: 4, keda: { ...KEDA, advanced: { horizontalPodAutoscalerConfig: { name: 'x' } } } } },
    'spec.scaling.keda.advanced.horizontalPodAutoscalerConfig.name',
    { scaling: { maxReplicas: 4, keda: { ...KEDA, advanced: { horizontalPodAutoscalerConfig: { name: '' } } } } },
  ],
  [
    'idle replicas as many as the fewest',
    { scaling: { maxReplicas: 4, keda: { ...KEDA, idleReplicaCount: 1 } } },
    'spec.scaling.keda.idleReplicaCount',
    { scaling: { maxReplicas: 4, keda: { ...KEDA, idleReplicaCount: 0 } } },
  ],
  [
    'decode and prefill by other means',
    { scaling: FULL, prefill: { scaling: { maxReplicas: 4, keda: KEDA } } },
    'spec.prefill.scaling',
    { scaling: FULL, prefill: { scaling: FULL } },
  ],
  [
    'decode and prefill with other actuators',
    { scaling: FULL, prefill: { scaling: { maxReplicas: 4, wva: { keda: {} } } } },
    'spec.prefill.scaling.wva',
    { scaling: FULL, prefill: { scaling: FULL } },
  ],
  ['a worker without parallelism', { worker: {} }, 'spec.worker', { worker: {}, parallelism: { pipeline: 2 } }],
  [
    'a prefill worker without parallelism',
    { prefill: { worker: {}, parallelism: { tensor: 2 } } },
    'spec.prefill.worker',
    { prefill: { worker: {}, parallelism: { data: 2, dataLocal: 1 } } },
  ],
  [
    'workers that can never be replaced',
    { worker: {}, parallelism: { pipeline: 2 }, rolloutStrategy: { maxUnavailable: '50%' } },
    'spec.rolloutStrategy.maxSurge',
    { worker: {}, parallelism: { pipeline: 2 }, rolloutStrategy: { maxUnavailable: 1 } },
  ],
  [
    'prefill that can never proceed',
    { prefill: { rolloutStrategy: { maxUnavailable: 0, maxSurge: 0 } } },
    'spec.prefill.rolloutStrategy',
    { prefill: { rolloutStrategy: { maxUnavailable: 0 } } },
  ],
  [
    'a group without weight',
    { router: { route: { group: 'g' } } },
    'spec.router.route.weight',
    { router: { route: { group: 'g', weight: 1 } } },
  ],
  [
    'a weight without group',
    { router: { route: { weight: 1 } } },
    'spec.router.route.group',
    { router: { route: { group: 'g', weight: 0 } } },
  ],
  [
    'a weight over a million',
    { router: { route: { group: 'g', weight: 1_000_001 } } },
    'spec.router.route.weight',
    { router: { route: { group: 'g', weight: 1_000_000 } } },
  ],
  [
    'a group that is no label',
    { router: { route: { group: 'G_', weight: 1 } } },
    'spec.router.route.group',
    { router: { route: { group: 'g-1', weight: 1 } } },
  ],
  [
    'a group beside an Ingress',
    { router: { ingress: {}, route: { group: 'g', weight: 1 } } },
    'spec.router.route.group',
    { router: { route: { group: 'g', weight: 1 } } },
  ],
  [
    'a group beside routes of your own',
    { router: { route: { group: 'g', weight: 1, http: { refs: [{ name: 'r' }] } } } },
    'spec.router.route.group',
    { router: { route: { group: 'g', weight: 1, http: { refs: [] } } } },
  ],
  [
    'no scheduler replicas',
    { router: { scheduler: { replicas: 0 } } },
    'spec.router.scheduler.replicas',
    { router: { scheduler: { replicas: 1 } } },
  ],
  [
    'an empty scheduler config',
    { router: { scheduler: { config: {} } } },
    'spec.router.scheduler.config',
    { router: { scheduler: { config: { ref: { name: 'c', key: 'k' } } } } },
  ],
  [
    'two scheduler configs',
    { router: { scheduler: { config: { inline: { a: 1 }, ref: { name: 'c', key: 'k' } } } } },
    'spec.router.scheduler.config',
    { router: { scheduler: { config: { inline: { a: 1 } } } } },
  ],
  [
    'an inline config that says nothing',
    { router: { scheduler: { config: { inline: {} } } } },
    'spec.router.scheduler.config.inline',
    { router: { scheduler: { config: { inline: { a: 1 } } } } },
  ],
  [
    'a config ref without name',
    { router: { scheduler: { config: { ref: { key: 'k' } } } } },
    'spec.router.scheduler.config.ref.name',
    { router: { scheduler: { config: { ref: { name: 'c', key: 'k' } } } } },
  ],
  [
    'a port twice',
    pool({ ...POOL, targetPorts: [{ number: 1 }, { number: 1 }] }),
    'spec.router.scheduler.pool.spec.targetPorts',
    pool({ ...POOL, targetPorts: [{ number: 1 }, { number: 2 }] }),
  ],
  [
    'a picker without name',
    pool({ ...POOL, endpointPickerRef: { kind: 'Service' } }),
    'spec.router.scheduler.pool.spec.endpointPickerRef.name',
    pool({ ...POOL, endpointPickerRef: { name: 'epp' } }),
  ],
  [
    'a pool in both shapes',
    pool({ ...POOL, targetPortNumber: 8000 }),
    'spec.router.scheduler.pool.spec.targetPortNumber',
    pool({ selector: { a: 'b' }, targetPortNumber: 8000, extensionRef: { name: 'epp' } }),
  ],
  ['an adapter without name', adapters(''), 'spec.model.lora.adapters[0].name', adapters('a')],
  ['an adapter called ..', adapters('..'), 'spec.model.lora.adapters[0].name', adapters('...')],
  ['two adapters of one name', adapters('a', 'a'), 'spec.model.lora.adapters[1].name', adapters('a', 'b')],
  ['an adapter with the name of the model', adapters(MODEL.name), 'spec.model.lora.adapters[0].name', adapters('a')],
  [
    'an adapter whose URI cannot be read',
    { model: { ...MODEL, lora: { adapters: [{ name: 'a', uri: 'hf://org:tag/x' }] } } },
    'spec.model.lora.adapters[0].uri',
    adapters('a'),
  ],
  [
    'no rank',
    { model: { ...MODEL, lora: { maxRank: 0 } } },
    'spec.model.lora.maxRank',
    { model: { ...MODEL, lora: { maxRank: 1 } } },
  ],
  [
    'an unknown criticality',
    { model: { ...MODEL, criticality: 'High' } },
    'spec.model.criticality',
    { model: { ...MODEL, criticality: 'Critical' } },
  ],
  [
    'a resource id of another form',
    { model: { ...MODEL, confidential: { enabled: true, resourceId: 'kbs://a' } } },
    'spec.model.confidential.resourceId',
    { model: { ...MODEL, confidential: { enabled: true, resourceId: 'kbs:///a/b/c' } } },
  ],
  ['offloading without cpu', { kvCacheOffloading: { evictionPolicy: 'arc' } }, 'spec.kvCacheOffloading.cpu', tiers()],
  [
    'tiers under nothing',
    { kvCacheOffloading: { cpu: 0, secondary: [{ fileSystem: { emptyDir: { size: '1Gi' } } }] } },
    'spec.kvCacheOffloading.cpu',
    { kvCacheOffloading: { cpu: 0 } },
  ],
  [
    'a tier of no kind',
    tiers({}),
    'spec.kvCacheOffloading.secondary[0].fileSystem',
    tiers({ fileSystem: { emptyDir: { size: 1 } } }),
  ],
  [
    'a tier of two kinds',
    tiers({ fileSystem: { emptyDir: { size: 1 }, pvc: { ref: { name: 'p' } } } }),
    'spec.kvCacheOffloading.secondary[0].fileSystem',
    tiers({ fileSystem: { pvc: { ref: { name: 'p' } } } }),
  ],
  [
    'a claim of no kind',
    { prefill: tiers({ fileSystem: { pvc: {} } }) },
    'spec.prefill.kvCacheOffloading.secondary[0].fileSystem.pvc',
    { prefill: tiers({ fileSystem: { pvc: { ref: { name: 'p' } } } }) },
  ],
  [
    'a claim without name',
    tiers({ fileSystem: { pvc: { ref: { name: '' } } } }),
    'spec.kvCacheOffloading.secondary[0].fileSystem.pvc.ref.name',
    tiers({ fileSystem: { pvc: { ref: { name: 'p' } } } }),
  ],
];

describe('a rule that schemas of others do not have is a problem of the service', () => {
  it.each(RULES)('%s', (_what, bad, path, good) => {
    expect(paths(bad)).toEqual([path]);
    expect(paths(good)).toEqual([]);
  });
});

describe('the annotations of managed device claims', () => {
  const key = (name: string): string => `serving.kserve.io/exp-dra-${name}`;
  const klass = { [key('device-class')]: 'gpu.example.com' };

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['a count without class', { [key('device-count')]: '1' }, 'device-class'],
    ['an empty class', { [key('device-class')]: ' ' }, 'device-class'],
    ['a class that is no name', { [key('device-class')]: 'A_B' }, 'device-class'],
    ['no devices', { ...klass, [key('device-count')]: '0' }, 'device-count'],
    ['a count in words', { ...klass, [key('device-count')]: 'two' }, 'device-count'],
    ['no expression', { ...klass, [key('cel-selector')]: ' \n ' }, 'cel-selector'],
    ['a container that is no name', { ...klass, [key('container-name')]: 'Main' }, 'container-name'],
  ])('%s', (_what, annotations, name) => {
    expect(paths({}, annotations)).toEqual([`metadata.annotations[${key(name)}]`]);
  });

  it.each([klass, { ...klass, [key('device-count')]: '' }, { ...klass, [key('device-count')]: ' 2 ' }])(
    'that are right: %j',
    (annotations) => {
      expect(paths({}, annotations)).toEqual([]);
    },
  );
});
