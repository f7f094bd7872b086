import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { resolve } from '../../src/config/resolve.ts';
import { config, DEVICE, MODEL, PRESETS, resolved, service, snapshotOf } from './configinput.ts';

const PINS = 'serving.kserve.io/';

describe('presets', () => {
  it.each([
    ['{}', {}, ['template']],
    ['router: {}', { router: {} }, ['template']],
    ['router: {route: {}}', { router: { route: {} } }, ['router-route', 'template']],
    ['router: {gateway: {}}', { router: { gateway: {} } }, ['template']],
    ['route and gateway', { router: { route: {}, gateway: {} } }, ['router-route', 'template']],
    ['routes of the user', { router: { route: { http: { refs: [{ name: 'x' }] } } } }, ['template']],
    ['an inline route', { router: { route: { http: { spec: {} } } } }, ['router-route', 'template']],
  ])('for %s', (_name, spec, expected) => {
    const { appliedConfigs } = resolved(service({ model: MODEL, ...spec }));
    expect(appliedConfigs).toEqual(
      expected.map((name) => ({ name: `llmisvc-config-llm-${name}`, namespace: 'kserve', source: 'Preset' })),
    );
  });

  it('are selected by what base configs say', () => {
    const effective = resolved(service({ model: MODEL, baseRefs: [{ name: 'base' }] }), [
      config('base', { router: { route: {} } }, 'team'),
    ]);
    expect(effective.appliedConfigs?.map(({ name, source }) => `${source} ${name}`)).toEqual([
      'Preset llmisvc-config-llm-router-route',
      'Preset llmisvc-config-llm-template',
      'UserRef base',
    ]);
  });

  it('are shadowed by a config of the same name in the namespace of the service', () => {
    const shadow = config(
      'llmisvc-config-llm-template',
      { template: { containers: [{ name: 'main', image: 'mine' }] } },
      'team',
    );
    const effective = resolved(service({ model: MODEL }), [shadow]);
    expect(effective.spec.template?.containers).toEqual([{ name: 'main', image: 'mine' }]);
    expect(effective.appliedConfigs).toEqual([
      { name: 'llmisvc-config-llm-template', namespace: 'team', source: 'Preset' },
    ]);
  });
});

describe('pins', () => {
  it('name the eleven well-known configs of a new service', () => {
    const { pins } = resolved(service({ model: MODEL }));
    expect(Object.keys(pins)).toHaveLength(11);
    expect(pins[`${PINS}config-llm-template`]).toBe('llmisvc-config-llm-template');
  });

  it('stay when the prefix changes; the route preset is never pinned', () => {
    const status = {
      annotations: {
        [`${PINS}config-llm-template`]: 'kserve-config-llm-template',
        [`${PINS}config-llm-scheduler`]: '',
      },
    };
    const { pins, problems } = resolve(
      { ...service({ model: MODEL, router: { route: {} } }), status },
      snapshotOf([]),
      { ...DEFAULT_SETTINGS, configPrefix: 'kserve-v2-' },
    );
    expect(pins).toMatchObject({
      [`${PINS}config-llm-template`]: 'kserve-config-llm-template',
      [`${PINS}config-llm-scheduler`]: 'kserve-v2-config-llm-scheduler',
    });
    expect(problems.map((problem) => 'name' in problem && problem.name)).toEqual([
      'kserve-v2-config-llm-router-route',
      'kserve-config-llm-template',
    ]);
  });

  it('are neither written nor read when they are switched off', () => {
    const annotations = { [`${PINS}config-llm-template`]: 'other' };
    const off = { versionedConfigs: false };
    expect(resolved(service({ model: MODEL }), [], off).pins).toEqual({});
    expect(resolved({ ...service({ model: MODEL }), status: { annotations } }, [], off)).toMatchObject({
      combined: true,
      pins: annotations,
    });
  });
});

describe('layers', () => {
  it('lie over each other: presets, base configs in order, the service', () => {
    const layers = [
      config('a', { labels: { x: 'a', y: 'a', z: 'a' } }),
      config('b', { labels: { y: 'b', z: 'b' } }, 'team'),
    ];
    const effective = resolved(
      service({ model: MODEL, labels: { z: 'own' }, baseRefs: [{ name: 'a' }, { name: 'b' }] }),
      layers,
    );
    expect(effective.spec.labels).toEqual({ x: 'a', y: 'b', z: 'own' });
    expect(['x', 'y', 'z'].map((key) => effective.originOf(`labels[${key}]`))).toEqual([
      { layer: { kind: 'LLMInferenceServiceConfig', namespace: 'kserve', name: 'a' } },
      { layer: { kind: 'LLMInferenceServiceConfig', namespace: 'team', name: 'b' } },
      { layer: { kind: 'LLMInferenceService', namespace: 'team', name: 'qwen' } },
    ]);
  });

  it('a base config that names the model wins over the service', () => {
    const base = config('base', { model: { name: 'from-base' } });
    const effective = resolved(service({ model: MODEL, baseRefs: [{ name: 'base' }] }), [base]);
    expect(effective.spec.model?.name).toBe('from-base');
    expect(effective.spec.template?.containers?.[0]?.args).toEqual(['--served-model-name', 'from-base']);
  });

  it('templates see the service, not what base configs add', () => {
    const base = config('base', { parallelism: { tensor: 4 }, annotations: { tensor: '{{ .Spec.Parallelism }}' } });
    expect(resolved(service({ model: MODEL, baseRefs: [{ name: 'base' }] }), [base]).spec.annotations).toMatchObject({
      tensor: '<nil>',
    });
  });

  it('a missing config holds everything and is named with the namespaces', () => {
    const effective = resolved(service({ model: MODEL, baseRefs: [{ name: 'gone' }] }));
    expect(effective).toMatchObject({
      combined: false,
      spec: { model: MODEL },
      problems: [
        { code: 'ConfigNotFound', name: 'gone', namespaces: ['team', 'kserve'], path: 'spec.baseRefs[0].name' },
      ],
    });
    expect(effective.appliedConfigs).toBeUndefined();
  });

  it('a config that is not known yet decides nothing', () => {
    const unknown = { get: () => ({ state: 'unknown' as const }), list: () => ({ state: 'unknown' as const }) };
    expect(resolve(service({ model: MODEL }), unknown, DEFAULT_SETTINGS)).toMatchObject({
      combined: false,
      problems: [],
    });
  });

  it('reads of a config the spec only', () => {
    const snapshot = snapshotOf(PRESETS);
    resolve(service({ model: MODEL }), snapshot, DEFAULT_SETTINGS);
    expect(
      snapshot.reads().map((read) => ('ref' in read ? `${read.ref.namespace}/${read.ref.name}#${read.view.name}` : '')),
    ).toEqual([
      'team/llmisvc-config-llm-template#llmisvcconfig/spec',
      'kserve/llmisvc-config-llm-template#llmisvcconfig/spec',
      expect.stringMatching(/^team\/[0-9a-f]+#dryrun\/verdict$/),
    ]);
  });
});

describe('the model name', () => {
  it('is the name of the service when nobody says one', () => {
    const effective = resolved(service({ model: { uri: MODEL.uri } }));
    expect(effective.spec.model?.name).toBe('qwen');
    expect(effective.originOf('spec.model.name')).toEqual({ step: 'model name from metadata.name' });
    expect(effective.service.spec?.model?.name).toBeUndefined();
  });

  it('of the last base config wins, and is said to come from there', () => {
    const bases = [config('a', { model: { name: 'first' } }), config('b', { model: { name: 'last' } })];
    const baseRefs = [{ name: 'a' }, { name: 'b' }];
    const effective = resolved(service({ model: { uri: MODEL.uri }, baseRefs }), bases);
    const source = { kind: 'LLMInferenceServiceConfig', namespace: 'kserve', name: 'b' };
    expect(effective.spec.model?.name).toBe('last');
    expect(effective.originOf('spec.model.name')).toEqual({ layer: source });
    expect(effective.problems).toEqual([]);
    expect(effective.spec.template?.containers?.[0]?.args).toEqual(['--served-model-name', 'last']);

    const own = resolved(service({ model: { ...MODEL, name: 'mine' }, baseRefs }), bases);
    expect(own.problems).toEqual([
      { code: 'ModelNameOverridden', path: 'spec.model.name', own: 'mine', used: 'last', source },
    ]);
    expect(resolved(service({ model: { ...MODEL, name: 'last' }, baseRefs }), bases).problems).toEqual([]);
  });
});

describe('the route', () => {
  it('leads to the workload Service and the default Gateway', () => {
    const effective = resolved(service({ model: MODEL, router: { route: {}, gateway: {} } }));
    expect(effective.spec.router?.route?.http?.spec).toEqual({
      parentRefs: [{ name: 'kserve-ingress-gateway', namespace: 'kserve' }],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/team/qwen/v1' } }],
          backendRefs: [{ group: '', kind: 'Service', name: 'qwen-kserve-workload-svc', port: 8000, weight: 1 }],
        },
      ],
    });
    expect(effective.originOf('router.route.http.spec.rules[0].backendRefs[0].name')).toEqual({
      step: 'backends without scheduler',
    });
  });

  it('has the Gateways of gateway.refs as parents', () => {
    const refs = [
      { name: 'g1', namespace: 'a' },
      { name: 'g2', sectionName: 'https' },
    ];
    const effective = resolved(service({ model: MODEL, router: { route: {}, gateway: { refs } } }));
    const gateway = { group: 'gateway.networking.k8s.io', kind: 'Gateway' };
    expect(effective.spec.router?.route?.http?.spec?.parentRefs).toEqual([
      { ...gateway, name: 'g1', namespace: 'a' },
      { ...gateway, name: 'g2', sectionName: 'https' },
    ]);
  });

  it('keeps other pools', () => {
    const backendRefs = [{ kind: 'InferencePool', name: 'other' }];
    const route = { http: { spec: { rules: [{ backendRefs }] } } };
    expect(resolved(service({ model: MODEL, router: { route } })).spec.router?.route?.http?.spec?.rules).toEqual([
      { backendRefs },
    ]);
  });
});

describe('devices', () => {
  const main = (content: unknown, rest: unknown = {}): unknown => ({
    model: MODEL,
    template: { containers: [{ name: 'main', ...(content as object) }] },
    ...(rest as object),
  });
  const gpu = (count: string): unknown => ({
    resources: { limits: { 'nvidia.com/gpu': count }, requests: { 'nvidia.com/gpu': count } },
  });

  it.each([
    ['one without parallelism', {}, '1'],
    ['tensor', { parallelism: { tensor: 4 } }, '4'],
    ['tensor × dataLocal', { parallelism: { tensor: 2, data: 8, dataLocal: 4 } }, '8'],
  ])('are %s', (_name, spec, count) => {
    const effective = resolved(service({ model: MODEL, ...spec }));
    expect(effective.spec.template?.containers?.[0]).toMatchObject(gpu(count) as object);
    expect(effective.originOf('spec.template.containers[0].resources.limits[nvidia.com/gpu]')).toEqual({
      step: 'devices from parallelism',
    });
  });

  it('count the parallelism of base configs', () => {
    const effective = resolved(service({ model: MODEL, baseRefs: [{ name: 'b' }] }), [
      config('b', { parallelism: { tensor: 2 } }),
    ]);
    expect(effective.spec.template?.containers?.[0]).toMatchObject(gpu('2') as object);
  });

  it.each([
    ['an extended resource', main({ resources: { limits: { 'amd.com/gpu': '2' } } }), { 'amd.com/gpu': '2' }],
    [
      'an extended resource of another container',
      {
        model: MODEL,
        template: { containers: [{ name: 'side', resources: { limits: { 'x.io/y': 1 } } }, { name: 'main' }] },
      },
      undefined,
    ],
    ['a resource claim', main({ resources: { claims: [{ name: 'c' }] } }), undefined],
    ['a claim of the pod', { model: MODEL, template: { resourceClaims: [{ name: 'c' }] } }, undefined],
    ['0', main(gpu('0')), undefined],
    ['0 beside memory', main({ resources: { limits: { 'nvidia.com/gpu': 0, memory: '1Gi' } } }), { memory: '1Gi' }],
  ])('are left to the user who names %s', (_name, spec, limits) => {
    const effective = resolved(service(spec));
    expect(effective.spec.template?.containers?.find(({ name }) => name === 'main')?.resources?.limits).toEqual(limits);
    expect(effective.problems).toEqual([]);
  });

  it('are derived beside ordinary resources', () => {
    const spec = main({ resources: { limits: { cpu: '1', 'hugepages-2Mi': '4Mi', 'ephemeral-storage': '1Gi' } } });
    expect(resolved(service(spec)).spec.template?.containers?.[0]?.resources?.limits).toMatchObject({
      cpu: '1',
      'nvidia.com/gpu': '1',
    });
  });

  it('are not derived for managed DRA, nor without the annotation of the preset', () => {
    const managed = service({ model: MODEL }, { annotations: { 'serving.kserve.io/exp-dra-device-class': 'gpu' } });
    const without = service({ model: MODEL, baseRefs: [{ name: 'b' }] });
    expect(resolved(managed).spec.template?.containers?.[0]?.resources).toEqual({
      claims: [{ name: 'managed-device' }],
    });
    const noDevice = config('llmisvc-config-llm-template', { template: { containers: [{ name: 'main' }] } }, 'team');
    expect(resolved(without, [noDevice, config('b', {})]).spec.template?.containers?.[0]?.resources).toBeUndefined();
    expect(DEVICE).toBe('llmisvc.serving.kserve.io/device-resource');
  });

  it('that contradict the parallelism are kept, with a warning', () => {
    const effective = resolved(service(main(gpu('1'), { parallelism: { tensor: 4 } })));
    expect(effective).toMatchObject({
      combined: true,
      problems: [
        {
          code: 'DeviceCountMismatch',
          path: 'spec.template.containers[name=main].resources.limits[nvidia.com/gpu]',
          resource: 'nvidia.com/gpu',
          requested: '1',
          expected: 4,
          source: { kind: 'LLMInferenceService', namespace: 'team', name: 'qwen' },
        },
      ],
    });
    expect(resolved(service(main(gpu('4'), { parallelism: { tensor: 4 } }))).problems).toEqual([]);
  });
});

describe('a template that fails', () => {
  it('names the config, the field and the column', () => {
    const bad = config('bad', {
      template: { containers: [{ name: 'main', env: [{ name: 'A', value: 'x {{ .Spec.Nope }}' }] }] },
    });
    const effective = resolved(service({ model: MODEL, baseRefs: [{ name: 'bad' }] }), [bad]);
    expect(effective).toMatchObject({
      combined: false,
      problems: [
        {
          code: 'TemplateFailed',
          path: 'spec.template.containers[name=main].env[name=A].value',
          column: 11,
          source: { kind: 'LLMInferenceServiceConfig', namespace: 'kserve', name: 'bad' },
        },
      ],
    });
    const [problem] = effective.problems;
    expect(problem && 'message' in problem && problem.message).toContain(
      "can't evaluate field Nope in type v1alpha2.LLMInferenceServiceSpec",
    );
  });
});

describe('the stop annotation', () => {
  it.each([
    ['true', true],
    ['TRUE', true],
    ['false', false],
    ['', false],
  ])('%j stops: %s', (value, stopped) => {
    expect(resolved(service({ model: MODEL }, { annotations: { 'serving.kserve.io/stop': value } })).stopped).toBe(
      stopped,
    );
  });
});

describe('purity', () => {
  it('leaves all inputs as they are', () => {
    const input = service({
      router: { route: {}, gateway: { refs: [{ name: 'g' }] } },
      model: { uri: MODEL.uri },
      parallelism: { tensor: 2 },
    });
    const before = structuredClone([input, PRESETS]);
    resolved(input);
    expect([input, PRESETS]).toEqual(before);
  });
});
