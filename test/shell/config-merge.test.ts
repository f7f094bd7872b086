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
    ['null does not override', { replicas: 3 }, { replicas: null }, { replicas: 3 }],
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
      'probe handlers stand side by side',
      { livenessProbe: { httpGet: { port: 1 }, initialDelaySeconds: 5 }, args: ['x'] },
      { livenessProbe: { exec: { command: ['c'] } }, command: ['c'] },
      {
        livenessProbe: { httpGet: { port: 1 }, initialDelaySeconds: 5, exec: { command: ['c'] } },
        args: ['x'],
        command: ['c'],
      },
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
      'value and valueFrom stand side by side',
      { env: env('A=1') },
      { env: [{ name: 'A', valueFrom: {} }] },
      { env: [{ name: 'A', value: '1', valueFrom: {} }] },
    ],
  ])('of containers: %s', (_name, lower, higher, expected) => {
    const spec = (content: Item): Spec => ({ template: { containers: [{ name: 'main', ...content }] } }) as Spec;
    expect(merge(spec(lower), spec(higher))).toEqual(spec(expected));
  });

  it('volume sources stand side by side', () => {
    const claim = { persistentVolumeClaim: { claimName: 'c' } };
    expect(mergedIn('volumes', [{ name: 'mc', emptyDir: {} }], [{ name: 'mc', ...claim }])).toEqual([
      { name: 'mc', emptyDir: {}, ...claim },
    ]);
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
