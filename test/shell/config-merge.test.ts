import type { LLMInferenceServiceSpec } from '../../src/api/llmisvc.ts';
import { merge, mergeShared, type Spec } from '../../src/config/merge.ts';

type Item = Readonly<Record<string, unknown>>;

/** The list that two lists merge to, in a container `main` or in the pod template. */
function mergedIn(field: string, lower: readonly Item[] | undefined, higher: readonly Item[]): unknown {
  const inMain = ['env', 'ports', 'volumeMounts', 'volumeDevices'].includes(field);
  const spec = (list: readonly Item[] | undefined): Spec => {
    const content = list ? { [field]: list } : {};
    return {
      template: inMain ? { containers: [{ name: 'main', ...content }] } : { containers: [], ...content },
    } as Spec;
  };
  const template = merge(spec(lower), spec(higher)).template as Record<string, unknown>;
  return inMain ? (template['containers'] as Item[])[0]?.[field] : template[field];
}

const env = (text: string): Item[] =>
  text.split(' ').map((pair) => ({ name: pair.split('=')[0], value: pair.split('=')[1] }));
const named = (text: string): Item[] => text.split(' ').map((name) => ({ name }));

describe('lists merged by key', () => {
  it.each([
    ['A=1 B=2 C=3', 'B=x X=y', 'A=1 B=x X=y C=3'],
    ['A=1 B=2 C=3', 'X=y B=x', 'X=y A=1 B=x C=3'],
    ['A=1', 'Z=1 Z=2', 'Z=2 A=1'],
    ['A=1 B=2', 'X=3', 'X=3 A=1 B=2'],
    ['A=1 B=2', 'B=3 A=4', 'B=3 A=4'],
    ['A=1 B=2 C=3 D=4', 'D=5 B=6', 'A=1 C=3 D=5 B=6'],
  ])('env %s with %s on top is %s', (lower, higher, expected) => {
    expect(mergedIn('env', env(lower), env(higher))).toEqual(env(expected));
  });

  it.each([
    ['containers', 'main', 'sidecar main', 'sidecar main'],
    ['containers', 'main', 'sidecar', 'sidecar main'],
    ['initContainers', 'a b', 'b c', 'a b c'],
    ['imagePullSecrets', 'a', 'b', 'b a'],
    ['volumes', 'a b', 'b', 'a b'],
  ])('%s [%s] with [%s] on top are [%s]', (field, lower, higher, expected) => {
    expect(mergedIn(field, named(lower), named(higher))).toEqual(named(expected));
  });

  it('keeps doubled keys where the lower layer has no list', () => {
    expect(mergedIn('env', undefined, env('Z=1 Z=2'))).toEqual(env('Z=1 Z=2'));
  });

  it.each([
    [
      'ports',
      [{ containerPort: 8000, name: 'http' }],
      [{ containerPort: 8000, protocol: 'UDP' }, { containerPort: 9000 }],
      [{ containerPort: 8000, name: 'http', protocol: 'UDP' }, { containerPort: 9000 }],
    ],
    [
      'volumeMounts',
      [{ mountPath: '/a', name: 'x' }],
      [{ mountPath: '/a', name: 'y' }],
      [{ mountPath: '/a', name: 'y' }],
    ],
    [
      'volumeDevices',
      [{ devicePath: '/a', name: 'x' }],
      [{ devicePath: '/b', name: 'y' }],
      [
        { devicePath: '/b', name: 'y' },
        { devicePath: '/a', name: 'x' },
      ],
    ],
    [
      'hostAliases',
      [{ ip: '1.1.1.1', hostnames: ['a'] }],
      [{ ip: '1.1.1.1', hostnames: ['b'] }],
      [{ ip: '1.1.1.1', hostnames: ['b'] }],
    ],
    [
      'topologySpreadConstraints',
      [{ topologyKey: 'zone', maxSkew: 1 }],
      [{ topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }],
    ],
    ['tolerations', [{ key: 'a' }], [{ key: 'b' }], [{ key: 'b' }]],
  ])('%s have their own key, or are replaced', (field, lower, higher, expected) => {
    expect(mergedIn(field, lower, higher)).toEqual(expected);
  });

  /** Zone and skew of each constraint, as the strategic merge of Kubernetes gives them. */
  it.each([
    ['z1 z2', 'z3', 'z3 z2'],
    ['a1 b2 a3', 'c4', 'c4 a1 a3 b2'],
    ['a1 b2 a3', 'b4', 'a1 a3 b4'],
    ['a1 c2 a3', 'a6 b7 b8 b9', 'a6 a3 b9 c2'],
    ['a1 a2', 'b6 c7 a8 a9', 'b6 c7 a9 a2'],
    ['c1 a2 b3 c4 c5', 'c6 c7 a8', 'c7 c4 c5 a8 b3'],
    ['c1 c2 c3 b4', 'c6 b7 a8', 'c6 c2 c3 b7 a8'],
    ['b1 b2 c3 a4 b5', 'b6', 'b6 b2 b5 c3 a4'],
    ['c1 c2 b3 c4 a5', 'b6 a7 c8', 'b6 a7 c8 c2 c4'],
    ['b1 b2 a3 c4', 'a6 b7 c8 b9', 'a6 b9 b2 c8'],
  ])('whose lower layer has a key more than once: [%s] with [%s] on top are [%s]', (lower, higher, expected) => {
    const constraints = (text: string): Item[] =>
      text.split(' ').map((word) => ({ topologyKey: word.charAt(0), maxSkew: Number(word.charAt(1)) }));
    expect(mergedIn('topologySpreadConstraints', constraints(lower), constraints(higher))).toEqual(
      constraints(expected),
    );
  });

  it('an item goes into the first of its key, and the others of that key keep what they say', () => {
    const zone = (maxSkew: number, whenUnsatisfiable: string): Item => ({
      topologyKey: 'zone',
      maxSkew,
      whenUnsatisfiable,
    });
    expect(
      mergedIn(
        'topologySpreadConstraints',
        [zone(1, 'DoNotSchedule'), zone(1, 'ScheduleAnyway')],
        [zone(3, 'DoNotSchedule')],
      ),
    ).toEqual([zone(3, 'DoNotSchedule'), zone(1, 'ScheduleAnyway')]);
    const port = (protocol: string, name: string): Item => ({ containerPort: 8000, protocol, name });
    expect(mergedIn('ports', [port('TCP', 'h'), port('UDP', 'q')], [port('TCP', 'x')])).toEqual([
      port('TCP', 'x'),
      port('UDP', 'q'),
    ]);
  });

  it('an empty list says nothing', () => {
    expect(mergedIn('containers', named('main'), [])).toEqual(named('main'));
  });
});

describe('values', () => {
  it.each<[string, LLMInferenceServiceSpec, unknown, unknown]>([
    [
      'maps are united',
      { labels: { a: '1' }, replicas: 3 },
      { labels: { b: 'x' } },
      { labels: { a: '1', b: 'x' }, replicas: 3 },
    ],
    ['an empty value of a map counts', { labels: { a: '1' } }, { labels: { a: '' } }, { labels: { a: '' } }],
    ['a scalar is replaced', { replicas: 3 }, { replicas: 0 }, { replicas: 0 }],
    [
      'an empty URI does not override',
      { model: { uri: 'hf://a/b' } },
      { model: { uri: '', name: 'n' } },
      { model: { uri: 'hf://a/b', name: 'n' } },
    ],
    [
      'false of a plain field does not override',
      { parallelism: { expert: true } },
      { parallelism: { expert: false } },
      { parallelism: { expert: true } },
    ],
    [
      'an empty text of a pointer overrides',
      { tracing: { exporterEndpoint: 'http://otel:4317', sampler: 's', samplerArg: '1', exporter: 'otlp' } },
      { tracing: { exporterEndpoint: '', sampler: '', samplerArg: '', exporter: '' } },
      { tracing: { exporterEndpoint: '', sampler: '', samplerArg: '', exporter: '' } },
    ],
    ['null does not override', { replicas: 3 }, { replicas: null }, { replicas: 3 }],
    [
      'null says nothing in a list that is replaced as a whole',
      { model: { lora: { adapters: [{ name: 'below', uri: 'hf://a/b' }] } } },
      { model: { lora: { adapters: [{ name: null, uri: 'hf://c/d', more: [{ a: null, b: '' }] }] } } },
      { model: { lora: { adapters: [{ uri: 'hf://c/d', more: [{ b: '' }] }] } } },
    ],
    [
      'other lists are replaced',
      { router: { route: { http: { spec: { rules: [{}, {}] } } } } },
      { router: { route: { http: { spec: { rules: [{ name: 'r' }] } } } } },
      { router: { route: { http: { spec: { rules: [{ name: 'r' }] } } } } },
    ],
    [
      'a route keeps rules that the higher layer does not name',
      { router: { route: { http: { spec: { rules: [{}] } } } } },
      { router: { route: { http: { spec: { hostnames: ['h'] } } } } },
      { router: { route: { http: { spec: { rules: [{}], hostnames: ['h'] } } } } },
    ],
    [
      'presence of an empty object counts',
      {},
      { router: { gateway: {}, route: {} } },
      { router: { gateway: {}, route: {} } },
    ],
    [
      'a template without containers has an empty list of them',
      { template: { hostNetwork: true } },
      { template: { containers: [] } },
      { template: { hostNetwork: true, containers: [] } },
    ],
    [
      'another type replaces',
      { rolloutStrategy: { maxSurge: 1 } },
      { rolloutStrategy: { maxSurge: '10%' } },
      { rolloutStrategy: { maxSurge: '10%' } },
    ],
  ])('%s', (_name, lower, higher, expected) => {
    expect(merge(lower, higher as Spec)).toEqual(expected);
  });

  it.each<[string, Item, Item, Item]>([
    [
      'a probe handler takes the place of another',
      { livenessProbe: { httpGet: { port: 1 }, initialDelaySeconds: 5 }, args: ['x'] },
      { livenessProbe: { exec: { command: ['c'] } }, command: ['c'] },
      { livenessProbe: { initialDelaySeconds: 5, exec: { command: ['c'] } }, args: ['x'], command: ['c'] },
    ],
    [
      'a probe keeps the handler that the higher layer does not name',
      { startupProbe: { httpGet: { port: 1, path: '/health' }, periodSeconds: 5 } },
      { startupProbe: { periodSeconds: 9 } },
      { startupProbe: { httpGet: { port: 1, path: '/health' }, periodSeconds: 9 } },
    ],
    [
      'the same handler is merged',
      { readinessProbe: { httpGet: { port: 1, path: '/health' } } },
      { readinessProbe: { httpGet: { port: 2 } } },
      { readinessProbe: { httpGet: { port: 2, path: '/health' } } },
    ],
    [
      'a lifecycle handler takes the place of another',
      { lifecycle: { preStop: { sleep: { seconds: 15 } }, postStart: { exec: { command: ['a'] } } } },
      { lifecycle: { preStop: { exec: { command: ['b'] } } } },
      { lifecycle: { preStop: { exec: { command: ['b'] } }, postStart: { exec: { command: ['a'] } } } },
    ],
    [
      'quantities keep their spelling',
      { resources: { limits: { cpu: '1', memory: '1Gi' } } },
      { resources: { limits: { cpu: '4000m' } } },
      { resources: { limits: { cpu: '4000m', memory: '1Gi' } } },
    ],
    [
      'empty arguments do not override',
      { args: ['x'], image: 'i' },
      { args: [], image: '' },
      { args: ['x'], image: 'i' },
    ],
    [
      '0 of a plain number does not override',
      { readinessProbe: { periodSeconds: 5 } },
      { readinessProbe: { periodSeconds: 0 } },
      { readinessProbe: { periodSeconds: 5 } },
    ],
    [
      '0 of a number that Go always writes overrides, where others of that name are left out',
      { lifecycle: { preStop: { sleep: { seconds: 5 } } }, startupProbe: { failureThreshold: 3 } },
      { lifecycle: { preStop: { sleep: { seconds: 0 } } }, startupProbe: { failureThreshold: 0 } },
      { lifecycle: { preStop: { sleep: { seconds: 0 } } }, startupProbe: { failureThreshold: 3 } },
    ],
    [
      'an empty text of a pointer overrides, where others of that name are none',
      {
        restartPolicy: 'Always',
        terminationMessagePolicy: 'File',
        volumeMounts: [{ mountPath: '/a', mountPropagation: 'None', subPath: 's' }],
        securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'p' } },
      },
      {
        restartPolicy: '',
        terminationMessagePolicy: '',
        volumeMounts: [{ mountPath: '/a', mountPropagation: '', subPath: '' }],
        securityContext: { seccompProfile: { type: '', localhostProfile: '' } },
      },
      {
        restartPolicy: '',
        terminationMessagePolicy: 'File',
        volumeMounts: [{ mountPath: '/a', mountPropagation: '', subPath: 's' }],
        securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: '' } },
      },
    ],
    [
      'false of a pointer overrides',
      { securityContext: { runAsNonRoot: true } },
      { securityContext: { runAsNonRoot: false } },
      { securityContext: { runAsNonRoot: false } },
    ],
    [
      'an empty value of a variable does not override',
      { env: env('A=1') },
      { env: [{ name: 'A', value: '' }] },
      { env: env('A=1') },
    ],
    [
      'valueFrom takes the place of a value',
      { env: env('A=1') },
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
    ],
    [
      'a value takes the place of valueFrom',
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
      { env: env('A=1') },
      { env: env('A=1') },
    ],
    [
      'one source of a value takes the place of another',
      { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] },
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] },
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] },
    ],
  ])('of containers: %s', (_name, lower, higher, expected) => {
    const spec = (content: Item): Spec => ({ template: { containers: [{ name: 'main', ...content }] } }) as Spec;
    expect(merge(spec(lower), spec(higher))).toEqual(spec(expected));
  });

  it('a volume source takes the place of another', () => {
    const claim = { persistentVolumeClaim: { claimName: 'c' } };
    expect(mergedIn('volumes', [{ name: 'mc', emptyDir: {} }], [{ name: 'mc', ...claim }])).toEqual([
      { name: 'mc', ...claim },
    ]);
  });

  it('the same volume source is merged', () => {
    const memory = { emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } };
    expect(mergedIn('volumes', [{ name: 'v', ...memory }], [{ name: 'v', emptyDir: {} }])).toEqual([
      { name: 'v', ...memory },
    ]);
    expect(mergedIn('volumes', [{ name: 'v', ...memory }], [{ name: 'v', emptyDir: { sizeLimit: '2Gi' } }])).toEqual([
      { name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '2Gi' } },
    ]);
  });

  it.each<[string, Item, Item, Item]>([
    [
      'an empty type of a host path',
      { hostPath: { type: 'Directory' } },
      { hostPath: { type: '' } },
      { hostPath: { type: '' } },
    ],
    ['false of a CSI driver', { csi: { readOnly: true } }, { csi: { readOnly: false } }, { csi: { readOnly: false } }],
    [
      'not false of a claim',
      { persistentVolumeClaim: { readOnly: true } },
      { persistentVolumeClaim: { readOnly: false } },
      { persistentVolumeClaim: { readOnly: true } },
    ],
    [
      'an empty type of a CSI file system',
      { csi: { fsType: 'xfs' } },
      { csi: { fsType: '' } },
      { csi: { fsType: '' } },
    ],
    ['not an empty type of an NFS server', { nfs: { server: 's' } }, { nfs: { server: '' } }, { nfs: { server: 's' } }],
    ['a volume number of 0', { fc: { lun: 2 } }, { fc: { lun: 0 } }, { fc: { lun: 0 } }],
  ])('of volumes: %s overrides', (_name, lower, higher, expected) => {
    const volume = (content: Item): Item[] => [{ name: 'v', ...content }];
    expect(mergedIn('volumes', volume(lower), volume(higher))).toEqual(volume(expected));
  });

  it('a failure threshold of 0 of the fallback of KEDA overrides', () => {
    const scaling = (failureThreshold: number): Spec =>
      ({ scaling: { maxReplicas: 2, keda: { fallback: { failureThreshold, replicas: 1 } } } }) as Spec;
    expect(merge(scaling(3), scaling(0))).toEqual(scaling(0));
  });

  it('the template of a claim takes the place of the claim', () => {
    const byTemplate = { name: 'gpu', resourceClaimTemplateName: 't' };
    expect(mergedIn('resourceClaims', [{ name: 'gpu', resourceClaimName: 'c' }], [byTemplate])).toEqual([byTemplate]);
  });
});

describe('sharing', () => {
  it('remembers what two shared specs merge to, and changes neither', () => {
    const lower: Spec = { labels: { a: '1' } };
    const higher: Spec = { labels: { b: '2' } };
    expect(mergeShared(lower, higher)).toBe(mergeShared(lower, higher));
    expect([lower, higher]).toEqual([{ labels: { a: '1' } }, { labels: { b: '2' } }]);
  });
});

describe('every pod template', () => {
  const pod = (name: string): unknown => ({ containers: [{ name: 'main', env: [{ name, value: '1' }] }] });

  it.each<[string, (template: unknown) => unknown]>([
    ['template', (template) => ({ template })],
    ['worker', (worker) => ({ worker })],
    ['prefill.template', (template) => ({ prefill: { template } })],
    ['prefill.worker', (worker) => ({ prefill: { worker } })],
    ['router.scheduler.template', (template) => ({ router: { scheduler: { template } } })],
    ['router.scheduler.tokenizer.template', (template) => ({ router: { scheduler: { tokenizer: { template } } } })],
  ])('is merged by key: %s', (_path, spec) => {
    const both = {
      containers: [
        {
          name: 'main',
          env: [
            { name: 'B', value: '1' },
            { name: 'A', value: '1' },
          ],
        },
      ],
    };
    expect(merge(spec(pod('A')) as Spec, spec(pod('B')) as Spec)).toEqual(spec(both));
  });
});

describe('the scheduler config', () => {
  const inline = (value: unknown): Spec => ({ router: { scheduler: { config: { inline: value } } } }) as Spec;
  const ref = { router: { scheduler: { config: { ref: { name: 'epp', key: 'epp' } } } } } as Spec;

  it.each<[string, unknown, unknown, unknown]>([
    ['fields are united', { kind: 'E', z: 1 }, { a: 2, kind: 'F' }, { a: 2, kind: 'F', z: 1 }],
    ['lists are replaced', { plugins: [{ type: 'a' }] }, { plugins: [{ type: 'b' }] }, { plugins: [{ type: 'b' }] }],
    ['objects are united', { m: { x: { a: 1 } } }, { m: { x: { b: 2 } } }, { m: { x: { a: 1, b: 2 } } }],
    ['null takes a field away', { a: 1, b: { c: 1 } }, { a: null, b: { c: null, d: { e: null } } }, { b: { d: {} } }],
    [
      'zero values count',
      { a: 1, b: 'x', c: true, d: [1] },
      { a: 0, b: '', c: false, d: [] },
      { a: 0, b: '', c: false, d: [] },
    ],
    [
      'its fields are those of nobody else',
      { labels: { a: 1 } },
      { labels: {}, env: [] },
      { labels: { a: 1 }, env: [] },
    ],
  ])('%s', (_name, lower, higher, expected) => {
    expect(merge(inline(lower), inline(higher))).toEqual(inline(expected));
  });

  it('of the higher layer wins, whether it stands in the spec or in a ConfigMap', () => {
    expect(merge(ref, inline({ a: 1 }))).toEqual(inline({ a: 1 }));
    expect(merge(inline({ a: 1 }), ref)).toEqual(ref);
  });
});

describe('scaling', () => {
  const keda = { triggers: [{ type: 'cpu', metadata: { value: '80' } }] };

  it('of which a higher layer names one field keeps the others', () => {
    expect(merge({ scaling: { maxReplicas: 10, keda } }, { scaling: { minReplicas: 2 } })).toEqual({
      scaling: { maxReplicas: 10, minReplicas: 2, keda },
    });
  });

  it('by one mechanism takes the place of another', () => {
    expect(merge({ scaling: { maxReplicas: 10, keda } }, { scaling: { maxReplicas: 4, wva: { hpa: {} } } })).toEqual({
      scaling: { maxReplicas: 4, wva: { hpa: {} } },
    });
    expect(merge({ scaling: { wva: { hpa: {}, variantCost: '2' } } }, { scaling: { wva: { keda: {} } } })).toEqual({
      scaling: { wva: { keda: {}, variantCost: '2' } },
    });
  });
});
