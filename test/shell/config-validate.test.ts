import { config, MODEL, resolved, service } from './configinput.ts';

const valid = { model: MODEL };

/** Path and part of each problem of a service with this spec. */
function invalid(spec: unknown, name = 'qwen'): readonly string[] {
  const { problems, combined } = resolved(service(spec, { name }));
  expect(combined).toBe(true);
  return problems.map((problem) =>
    problem.code === 'InvalidField' ? `${problem.part} ${problem.path}` : problem.code,
  );
}

describe('a valid service', () => {
  it.each<[string, unknown]>([
    ['hf', valid],
    ['a scheme in capitals', { model: { uri: 'HF://a/b' } }],
    ['a claim', { model: { uri: 'pvc://claim' } }],
    ['a path on a claim', { model: { uri: 'pvc://claim/path' } }],
    ['a path that a URL would escape', { model: { uri: 'pvc://claim/Q w/日/a|b^c%20' } }],
    ['a revision', { model: { uri: 'hf://org/model:main@x' } }],
    ['an organization with a port', { model: { uri: 'hf://org:443/model' } }],
    ['an address in brackets', { model: { uri: 'hf://[::1]:80/model' } }],
    ['an escape outside of ASCII', { model: { uri: 'hf://%E6%97%A5%25/model' } }],
    [
      'another scheme without storage initializer',
      { model: { uri: 's3://b/c' }, storageInitializer: { enabled: false } },
    ],
    ['no replicas', { ...valid, replicas: 0 }],
    ['data with dataLocal', { ...valid, parallelism: { data: 4, dataLocal: 2, dataRPCPort: 5555 } }],
    ['pipeline', { ...valid, parallelism: { pipeline: 2 } }],
    ['all pods at once', { ...valid, rolloutStrategy: { maxUnavailable: '100%', maxSurge: 0 } }],
    ['surge only', { ...valid, rolloutStrategy: { maxUnavailable: 0, maxSurge: '25%' } }],
    [
      'equal parents and gateway refs',
      {
        ...valid,
        router: { gateway: { refs: [{ name: 'g' }] }, route: { http: { spec: { parentRefs: [{ name: 'g' }] } } } },
      },
    ],
    [
      'own routes with named gateways',
      { ...valid, router: { gateway: { refs: [{ name: 'g' }] }, route: { http: { refs: [{ name: 'r' }] } } } },
    ],
    [
      'labels',
      {
        ...valid,
        labels: { 'example.com/team': 'a.b_c-1', plain: '' },
        annotations: { 'example.com/x': 'any text ü' },
      },
    ],
  ])('%s', (_name, spec) => {
    expect(invalid(spec)).toEqual([]);
  });

  it.each(['a', 'a'.repeat(63), 'a-1'])('named %s', (name) => {
    expect(invalid(valid, name)).toEqual([]);
  });
});

describe('an invalid service', () => {
  it.each<[string, unknown, string]>([
    ['no URI', {}, 'workload spec.model.uri'],
    ['an empty URI', { model: { uri: '' } }, 'workload spec.model.uri'],
    ['no URI, storage initializer off', { storageInitializer: { enabled: false } }, 'workload spec.model.uri'],
    ['an unknown scheme', { model: { uri: 'ftp://a/b' } }, 'workload spec.model.uri'],
    ['no scheme', { model: { uri: 'a/b' } }, 'workload spec.model.uri'],
    ['nothing behind the scheme', { model: { uri: 'hf://' } }, 'workload spec.model.uri'],
    ['a claim without name', { model: { uri: 'pvc:///path' } }, 'workload spec.model.uri'],
    ['a colon in the organization', { model: { uri: 'hf://org:tag/x' } }, 'workload spec.model.uri'],
    ['an open bracket', { model: { uri: 'hf://[a/b' } }, 'workload spec.model.uri'],
    ['an address that is not closed', { model: { uri: 'hf://[a/x' } }, 'workload spec.model.uri'],
    ['text behind an address', { model: { uri: 'hf://[a]b/x' } }, 'workload spec.model.uri'],
    ['a stray percent sign', { model: { uri: 'hf://org/x%zz' } }, 'workload spec.model.uri'],
    ['a stray percent sign behind #', { model: { uri: 'hf://org/x#%' } }, 'workload spec.model.uri'],
    ['a space in the claim', { model: { uri: 'pvc://my claim/x' } }, 'workload spec.model.uri'],
    ['an escaped space in the claim', { model: { uri: 'pvc://my%20claim/x' } }, 'workload spec.model.uri'],
    ['a space in the user', { model: { uri: 'hf://a b@org/x' } }, 'workload spec.model.uri'],
    ['a line break', { model: { uri: 'hf://org/x\n' } }, 'workload spec.model.uri'],
    [
      'a colon in the organization, storage initializer off',
      { model: { uri: 'hf://org:tag/x' }, storageInitializer: { enabled: false } },
      'workload spec.model.uri',
    ],
    ['negative replicas', { ...valid, replicas: -1 }, 'workload spec.replicas'],
    ['tensor 0', { ...valid, parallelism: { tensor: 0 } }, 'workload spec.parallelism.tensor'],
    ['pipeline 0', { ...valid, parallelism: { pipeline: 0 } }, 'workload spec.parallelism.pipeline'],
    ['data without dataLocal', { ...valid, parallelism: { data: 2 } }, 'workload spec.parallelism.dataLocal'],
    ['dataLocal without data', { ...valid, parallelism: { dataLocal: 2 } }, 'workload spec.parallelism.data'],
    [
      'pipeline and data',
      { ...valid, parallelism: { pipeline: 2, data: 2, dataLocal: 1 } },
      'workload spec.parallelism',
    ],
    ['a port too high', { ...valid, parallelism: { dataRPCPort: 65536 } }, 'workload spec.parallelism.dataRPCPort'],
    ['a negative surge', { ...valid, rolloutStrategy: { maxSurge: -1 } }, 'workload spec.rolloutStrategy.maxSurge'],
    [
      'a surge without percent',
      { ...valid, rolloutStrategy: { maxSurge: '10' } },
      'workload spec.rolloutStrategy.maxSurge',
    ],
    [
      'more than all',
      { ...valid, rolloutStrategy: { maxUnavailable: '101%' } },
      'workload spec.rolloutStrategy.maxUnavailable',
    ],
    [
      'no progress',
      { ...valid, rolloutStrategy: { maxUnavailable: '50%', maxSurge: 0 } },
      'workload spec.rolloutStrategy',
    ],
    [
      'refs and spec',
      { ...valid, router: { route: { http: { refs: [{ name: 'r' }], spec: {} } } } },
      'route spec.router.route.http',
    ],
    [
      'refs with a managed gateway',
      { ...valid, router: { gateway: {}, route: { http: { refs: [{ name: 'r' }] } } } },
      'route spec.router.route.http.refs',
    ],
    [
      'other parents than gateway refs',
      {
        ...valid,
        router: {
          gateway: { refs: [{ name: 'g', namespace: 'n' }] },
          route: { http: { spec: { parentRefs: [{ name: 'g' }] } } },
        },
      },
      'route spec.router.route.http.spec.parentRefs',
    ],
    [
      'a route ref without name',
      { ...valid, router: { route: { http: { refs: [{}] } } } },
      'route spec.router.route.http.refs[0].name',
    ],
    [
      'a gateway ref without name',
      { ...valid, router: { gateway: { refs: [{ namespace: 'n' }] } } },
      'gateway spec.router.gateway.refs[0].name',
    ],
    ['a label key', { ...valid, labels: { 'a b': 'x' } }, 'workload spec.labels[a b]'],
    ['the domain of a label', { ...valid, labels: { 'A_/b': 'x' } }, 'workload spec.labels[A_/b]'],
    ['a label value', { ...valid, labels: { a: 'x y' } }, 'workload spec.labels[a]'],
    ['a long label value', { ...valid, labels: { a: 'x'.repeat(64) } }, 'workload spec.labels[a]'],
    ['an annotation key', { ...valid, annotations: { '-a': 'x' } }, 'workload spec.annotations[-a]'],
    ['too much annotation', { ...valid, annotations: { a: 'x'.repeat(256 * 1024) } }, 'workload spec.annotations'],
  ])('%s', (_name, spec, expected) => {
    expect(invalid(spec)).toEqual([expected]);
  });

  it.each(['a'.repeat(64), 'a.b', '1a', 'a-', 'A'])('named %s', (name) => {
    expect(invalid(valid, name)).toEqual(['config metadata.name']);
  });

  it('says which config wrote the value', () => {
    const effective = resolved(service({ ...valid, baseRefs: [{ name: 'b' }] }), [config('b', { replicas: -2 })]);
    expect(effective.problems).toEqual([
      {
        code: 'InvalidField',
        part: 'workload',
        path: 'spec.replicas',
        found: '-2',
        allowed: 'an integer of at least 0',
        source: { kind: 'LLMInferenceServiceConfig', namespace: 'kserve', name: 'b' },
      },
    ]);
  });
});

describe('a field that the API does not have', () => {
  const source = { kind: 'LLMInferenceService', namespace: 'team', name: 'qwen' };

  it.each<[unknown, string]>([
    [{ sizes: 1 }, 'spec.sizes'],
    [{ prefill: { router: { route: { group: 'g' } } } }, 'spec.prefill.router'],
    [{ router: { scheduler: { config: { file: 'a' } } } }, 'spec.router.scheduler.config.file'],
  ])('%j holds everything', (spec, path) => {
    const effective = resolved(service({ ...valid, ...(spec as object) }));
    expect(effective.combined).toBe(false);
    expect(effective.problems).toContainEqual({ code: 'UnsupportedField', path, source });
  });

  it('is fine when it says nothing', () => {
    expect(resolved(service({ ...valid, sizes: 0, router: { ways: [] } }))).toMatchObject({
      combined: true,
      problems: [],
    });
  });

  it('is named with the config that says it', () => {
    const effective = resolved(service({ ...valid, baseRefs: [{ name: 'b' }] }), [
      config('b', { traces: { on: true }, baseRefs: [{ name: 'c' }] }),
    ]);
    const base = { kind: 'LLMInferenceServiceConfig', namespace: 'kserve', name: 'b' };
    expect(effective.problems).toEqual([
      { code: 'UnsupportedField', path: 'spec.baseRefs', source: base },
      { code: 'UnsupportedField', path: 'spec.traces', source: base },
    ]);
  });
});

describe('what is not built yet', () => {
  const nodes = { worker: {}, parallelism: { data: 2, dataLocal: 1 } };
  const scaling = { maxReplicas: 2, wva: { hpa: {} } };

  it.each<[unknown, readonly string[]]>([
    [{ ...nodes }, ['workers spec.worker']],
    [{ prefill: {} }, ['prefill spec.prefill']],
    [{ prefill: nodes }, ['prefill spec.prefill', 'prefillWorkers spec.prefill.worker']],
    [{ scaling }, ['scaling spec.scaling']],
    [{ prefill: { scaling } }, ['prefill spec.prefill', 'prefillScaling spec.prefill.scaling']],
    [{ kvCacheOffloading: { cpu: '1Gi' } }, ['offloading spec.kvCacheOffloading']],
    [
      { prefill: { kvCacheOffloading: { cpu: '1Gi' } } },
      ['prefill spec.prefill', 'prefillOffloading spec.prefill.kvCacheOffloading'],
    ],
    [{ router: { scheduler: {} } }, ['scheduler spec.router.scheduler']],
    [
      { router: { scheduler: { tokenizer: {} } } },
      ['scheduler spec.router.scheduler', 'tokenizer spec.router.scheduler.tokenizer'],
    ],
    [{ router: { ingress: { refs: [{ name: 'i' }] } } }, ['ingress spec.router.ingress']],
    [{ router: { route: { group: 'g', weight: 0 } } }, ['group spec.router.route.group']],
    [
      { model: { ...MODEL, lora: { adapters: [{ name: 'a', uri: 'hf://a/b' }] } } },
      ['adapters spec.model.lora.adapters'],
    ],
    [{ model: { ...MODEL, confidential: { enabled: true } } }, ['confidential spec.model.confidential']],
  ])('is combined, and refused where it stands: %j', (spec, features) => {
    const effective = resolved(service({ ...valid, ...(spec as object) }));
    expect(effective.combined).toBe(true);
    expect(effective.appliedConfigs?.length).toBeGreaterThan(0);
    const found = effective.problems.map((problem) =>
      problem.code === 'UnbuiltFeature' ? `${problem.feature} ${problem.path}` : problem.code,
    );
    expect(found).toEqual(features);
  });

  it('is asked for by an annotation of the service', () => {
    const annotations = { 'serving.kserve.io/exp-dra-device-class': 'gpu' };
    expect(resolved(service(valid, { annotations })).problems).toEqual([
      {
        code: 'UnbuiltFeature',
        feature: 'deviceClaims',
        path: 'metadata.annotations[serving.kserve.io/exp-dra-device-class]',
      },
    ]);
  });

  it('is named with the layer that asks for it', () => {
    const effective = resolved(service({ ...valid, baseRefs: [{ name: 'b' }] }), [config('b', { prefill: {} })]);
    const source = { kind: 'LLMInferenceServiceConfig', namespace: 'kserve', name: 'b' };
    expect(effective.problems).toEqual([{ code: 'UnbuiltFeature', feature: 'prefill', path: 'spec.prefill', source }]);
  });

  it.each([
    { worker: null },
    { kvCacheOffloading: null },
    { model: { ...MODEL, lora: { adapters: [], maxRank: 8 } } },
    { model: { ...MODEL, confidential: { enabled: false } } },
    { router: { ingress: {} } },
    { tracing: {} },
  ])('is not asked for by %j', (spec) => {
    expect(resolved(service({ ...valid, ...spec }))).toMatchObject({ combined: true, problems: [] });
  });
});

describe('a value of the wrong type', () => {
  it.each<[unknown, string, string]>([
    [{ replicas: 'three' }, 'spec.replicas', 'an integer'],
    [{ replicas: 1.5 }, 'spec.replicas', 'an integer'],
    [{ model: 'qwen' }, 'spec.model', 'an object'],
    [{ labels: { a: 1 } }, 'spec.labels.a', 'a string'],
    [{ template: [] }, 'spec.template', 'an object'],
    [{ template: { containers: { name: 'main' } } }, 'spec.template.containers', 'a list'],
    [{ template: { containers: ['main'] } }, 'spec.template.containers[0]', 'an object'],
    [{ template: { containers: [null] } }, 'spec.template.containers[0]', 'an item that is not null'],
    [
      { template: { containers: [{ name: 'main', env: { A: 'x' } }] } },
      'spec.template.containers[name=main].env',
      'a list',
    ],
    [
      { template: { containers: [{ name: 'main', args: [1] }] } },
      'spec.template.containers[name=main].args[0]',
      'a string',
    ],
    [
      { template: { containers: [{ name: 'main', resources: { limits: [] } }] } },
      'spec.template.containers[name=main].resources.limits',
      'an object',
    ],
    [{ router: { route: { http: { spec: { rules: {} } } } } }, 'spec.router.route.http.spec.rules', 'a list'],
    [{ router: 5 }, 'spec.router', 'an object'],
    [{ baseRefs: 'base' }, 'spec.baseRefs', 'a list'],
    [{ rolloutStrategy: { maxSurge: true } }, 'spec.rolloutStrategy.maxSurge', 'an integer or string'],
  ])('%j holds everything', (spec, path, allowed) => {
    const effective = resolved(service({ ...valid, ...(spec as object) }));
    expect(effective.combined).toBe(false);
    expect(effective.problems).toMatchObject([{ code: 'InvalidField', part: 'config', path, allowed }]);
  });

  it.each([undefined, null, 'text', 5, []])('a spec of %j does not throw', (spec) => {
    expect(resolved(service(spec)).problems.length).toBeGreaterThan(0);
  });
});
