import { type Arbitrary, array, constantFrom, dictionary, letrec, oneof, property, string, tuple } from 'fast-check';
import { CONFIG_MAP } from '../../src/api/children.ts';
import { isPlainObject, type KubeObject } from '../../src/api/object.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { resolve } from '../../src/config/resolve.ts';
import { render } from '../../src/render/render.ts';
import { verdictOf } from '../../src/status/problems.ts';
import { config, MODEL, PRESETS, service, snapshotOf } from '../shell/configinput.ts';
import { holds } from '../support/runs.ts';
import { corePass } from '../support/wholecore.ts';

/** Everything that is looked into. */
const POD = {
  containers: [
    {
      name: 'main',
      image: 'i',
      command: ['c'],
      args: ['--config-text', 'plugins: []'],
      env: [{ name: 'VLLM_ALLOW_RUNTIME_LORA_UPDATING', value: '1' }],
      ports: [{ containerPort: 8000, protocol: 'TCP' }],
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
      resources: { requests: { cpu: '1' }, limits: { 'nvidia.com/gpu': '1' } },
      readinessProbe: { httpGet: { port: 8000, scheme: 'HTTP' } },
    },
  ],
  volumes: [{ name: 'v', emptyDir: {} }],
  resourceClaims: [{ name: 'c', resourceClaimName: 'c' }],
};
const WORKLOAD = {
  replicas: 1,
  scaling: { minReplicas: 1, maxReplicas: 2, wva: { hpa: {} }, keda: { triggers: [{ type: 'cpu' }] } },
  parallelism: { tensor: 1, pipeline: 2, data: 2, dataLocal: 1 },
  labels: { a: 'b' },
  annotations: { 'llmisvc.serving.kserve.io/device-resource': 'nvidia.com/gpu' },
  template: POD,
  worker: POD,
  kvCacheOffloading: { cpu: '1Gi', secondary: [{ fileSystem: { emptyDir: { size: '1Gi' } } }] },
  rolloutStrategy: { maxSurge: 1 },
};
const HTTP_ROUTE_SPEC = {
  parentRefs: [{ group: 'g', kind: 'Gateway', namespace: 'n', name: 'p', sectionName: 's', port: 80 }],
  hostnames: ['h'],
  rules: [
    {
      name: 'r',
      matches: [
        {
          path: { type: 'PathPrefix', value: '/a/v1' },
          headers: [{ type: 'Exact', name: 'h', value: 'v' }],
          queryParams: [{ type: 'Exact', name: 'q', value: 'v' }],
          method: 'GET',
        },
      ],
      filters: [
        { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v1' } } },
        { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'h', value: 'v' }] } },
      ],
      backendRefs: [{ group: '', kind: 'Service', namespace: 'n', name: 'b', port: 1, weight: 1, filters: [{}] }],
      timeouts: { request: '0s' },
    },
  ],
};
const SPEC = {
  ...WORKLOAD,
  model: { ...MODEL, lora: { adapters: [{ name: 'a', uri: 'hf://a/b' }] }, confidential: { enabled: true } },
  prefill: WORKLOAD,
  router: {
    route: { group: 'g', weight: 1, http: { spec: HTTP_ROUTE_SPEC, refs: [{ name: 'r' }] } },
    gateway: { refs: [{ name: 'g', namespace: 'n' }] },
    ingress: { refs: [{ name: 'i' }] },
    scheduler: {
      replicas: 1,
      template: POD,
      tokenizer: { template: POD },
      pool: {
        ref: { name: 'p' },
        spec: { selector: { matchLabels: { a: 'b' } }, targetPorts: [{ number: 1 }], endpointPickerRef: { name: 'e' } },
      },
      config: { inline: { plugins: [{ type: 'token-producer' }] }, ref: { name: 'epp', key: 'epp', optional: true } },
    },
  },
  tracing: { exporter: 'otlp' },
};
const FIELDS = [...new Set(pathsOf(SPEC).flat())].filter((key) => typeof key === 'string');

const { value } = letrec((tie) => ({
  value: oneof(
    { maxDepth: 3, withCrossShrink: true },
    constantFrom(null, 0, -1, 1.5, true, false, '', 'main', '{{', '{{ .Spec.Model.Name }}', 'base'),
    string(),
    tie('list'),
    tie('object'),
  ),
  list: tie('value').map((item) => [item]),
  object: dictionary(constantFrom(...FIELDS, '__proto__'), tie('value'), { maxKeys: 4 }),
}));
/** The whole spec with some values replaced by others. */
const spec = array(tuple(constantFrom(...pathsOf(SPEC)), value as Arbitrary<unknown>), { maxLength: 6 }).map(
  (changes) => changes.reduce<unknown>((changed, [path, instead]) => replaced(changed, path, instead), SPEC),
);

it('whatever a service and its configs say, it is judged and not a crash', () => {
  const epp = { ...CONFIG_MAP, metadata: { name: 'epp', namespace: 'team' }, data: { epp: 'x' } } as KubeObject;
  holds(
    property(spec, spec, (own, base) => {
      const given = service({ ...(own as object), baseRefs: [{ name: 'base' }] });
      const snapshot = snapshotOf([...PRESETS, config('base', base), epp]);
      const effective = resolve(given, snapshot, DEFAULT_SETTINGS);
      const plan = render(effective, snapshot, DEFAULT_SETTINGS);
      const messages = [...effective.problems, ...plan.problems].map((one) => verdictOf(one, DEFAULT_SETTINGS).message);
      const { said } = corePass(given, [...PRESETS, config('base', base), epp]);
      expect(`${messages.join()}${said}`).not.toMatch(/undefined|\[object Object\]/);
      expect(effective.combined || messages.length > 0).toBe(true);
    }),
    1_000,
  );
});

function pathsOf(from: unknown, at: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  const below = Array.isArray(from)
    ? from.flatMap((item, index) => pathsOf(item, [...at, index]))
    : isPlainObject(from)
      ? Object.entries(from).flatMap(([key, item]) => pathsOf(item, [...at, key]))
      : [];
  return at.length === 0 ? below : [at, ...below];
}

function replaced(from: unknown, [key, ...rest]: readonly (string | number)[], instead: unknown): unknown {
  if (key === undefined) return instead;
  if (Array.isArray(from)) return from.map((item, index) => (index === key ? replaced(item, rest, instead) : item));
  return isPlainObject(from) ? { ...from, [key]: replaced(from[key], rest, instead) } : from;
}
