import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readDocuments } from '../support/yaml.ts';
import { readFileSync } from 'node:fs';
import { llmisvc, SERVICE, useFolder } from './cliprocess.ts';

const folder = useFolder();
const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const IMAGE = 'spec.template.containers[name=main].image';

interface Value {
  readonly path: string;
  readonly value: unknown;
  readonly specPath?: string;
  readonly rule?: string;
  readonly layers: readonly { readonly source: { readonly name: string }; readonly value: unknown }[];
  readonly inputs?: readonly object[];
}

async function valuesOf(input: string, path: string, ...options: readonly string[]): Promise<readonly Value[]> {
  const { stdout, stderr } = await llmisvc(['explain', 'qwen', path, '-f', '-', '-o', 'json', ...options], { input });
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { values: readonly Value[] }).values;
}

const services = readdirSync(EXAMPLES).flatMap((file) =>
  (readDocuments(readFileSync(join(EXAMPLES, file), 'utf8'), file) as { kind: string; metadata: { name: string } }[])
    .filter(({ kind }) => kind === 'LLMInferenceService')
    .map(({ metadata }) => [metadata.name, file] as const),
);

describe.each(services)('of %s in %s', (name, file) => {
  it.each(['deployment', 'service', 'httproute'])('every field of the %s has a reason', async (kind) => {
    const { code, stdout } = await llmisvc(['explain', name, kind, '-f', join(EXAMPLES, file), '-o', 'json']);
    expect(code).toBe(0);
    const { values } = JSON.parse(stdout) as { values: readonly Value[] };
    expect(values.length).toBeGreaterThan(10);
    expect(values.filter(({ rule, layers }) => rule === undefined && layers.length === 0)).toEqual([]);
  });

  it('each field can be asked for by the path that is printed', async () => {
    const { stdout } = await llmisvc(['explain', name, 'httproute', '-f', join(EXAMPLES, file), '-o', 'json']);
    for (const value of (JSON.parse(stdout) as { values: readonly Value[] }).values) {
      const asked = await llmisvc(['explain', name, value.path, '-f', join(EXAMPLES, file), '-o', 'json']);
      expect((JSON.parse(asked.stdout) as { values: readonly Value[] }).values).toEqual([value]);
    }
  });
});

describe('a value', () => {
  const CONFIG = `---
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceServiceConfig
metadata: {name: team}
spec:
  template:
    containers:
    - name: main
      image: registry/team:1
`;

  it('comes from the highest layer, which overrides the others', async () => {
    const input = `${SERVICE}  baseRefs: [{name: team}]\n  template: {containers: [{name: main, image: "registry/own:1"}]}\n${CONFIG}`;
    const [value] = await valuesOf(input, IMAGE);
    expect(value?.value).toBe('registry/own:1');
    expect(value?.layers.map(({ source }) => source.name)).toEqual(['llmisvc-config-llm-template', 'team', 'qwen']);
    const { stdout } = await llmisvc(['explain', 'qwen', IMAGE, '-f', '-'], { input });
    expect(stdout).toContain('  set by: the service itself, LLMInferenceService default/qwen (<stdin>:13)\n');
    expect(stdout).toMatch(
      / {2}overrides: base config, .*\/team \(<stdin>:\d+\): registry\/team:1\n {2}overrides: preset, /,
    );
  });

  it.each([
    ['spec.router.scheduler.pool.spec.selector.matchLabels', 'pool selector from the name of the service'],
    ['spec.router.scheduler.pool.spec.endpointPickerRef.port', 'port of the endpoint picker'],
    ['spec.router.scheduler.template.serviceAccountName', 'service account of the endpoint picker'],
    ['spec.router.scheduler.config', 'scheduler config from its ConfigMap'],
    ['spec.template.resourceClaims', 'device claim from the annotations of the service'],
    ['spec.template.containers[name=main].resources.claims', 'device claim from the annotations of the service'],
  ])('%s is filled in by a named step', async (path, rule) => {
    const annotations = '\n  annotations: {serving.kserve.io/exp-dra-device-class: gpu}';
    const scheduler = 'scheduler: {config: {ref: {name: epp, key: epp}}, pool: {spec: {selector: {}}}}';
    const input = `${SERVICE.replace('name: qwen', `name: qwen${annotations}`).replace('route: {}', `route: {}\n    ${scheduler}`)}---
apiVersion: v1
kind: ConfigMap
metadata: {name: epp}
data: {epp: "plugins: []"}
---
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceServiceConfig
metadata: {name: llmisvc-config-llm-scheduler}
spec:
  router:
    scheduler:
      pool: {spec: {targetPorts: [{number: 8000}], endpointPickerRef: {name: picker}}}
      template: {containers: [{name: main, image: picker}]}
`;
    const values = await valuesOf(input, path);
    expect(values.length).toBeGreaterThan(0);
    for (const value of values) expect(value.rule?.startsWith(`${rule}: `)).toBe(true);
  });

  it('of the name of the model is that of a base config before that of the service', async () => {
    const input = `${SERVICE}  baseRefs: [{name: team}]\n${CONFIG.replace('spec:', 'spec:\n  model: {name: theirs}')}`;
    const [value] = await valuesOf(input, 'spec.model.name');
    expect(value?.value).toBe('theirs');
    expect(value?.layers.map(({ source }) => source.name)).toEqual(['qwen', 'team']);
    const { stdout } = await llmisvc(['explain', 'qwen', 'spec.model.name', '-f', '-'], { input });
    expect(stdout).toMatch(/set by: base config, .*\/team/);
  });

  it('of an item that a layer has twice is found in the one that says it', async () => {
    const input = `${SERVICE}  template:
    containers:
    - {name: main, args: [a]}
    - {name: main, workingDir: /w}
`;
    for (const [field, line] of [
      ['args', 14],
      ['workingDir', 15],
    ] as const) {
      const [value] = await valuesOf(input, `spec.template.containers[name=main].${field}`);
      expect(value?.layers).toEqual([expect.objectContaining({ role: 'Service', file: '<stdin>', line })]);
    }
  });

  it('of an item whose key another one of the same list has is its own', async () => {
    const ports = '[{containerPort: 9000, name: one, protocol: TCP}, {containerPort: 9000, name: two, protocol: UDP}]';
    const input = `${SERVICE}  template:
    containers:
    - name: main
      image: registry/own:1
    - {name: sidecar, image: sidecar, ports: ${ports}}
`;
    const values = await valuesOf(input, 'deployment.spec.template.spec.containers[name=sidecar].ports');
    expect(values.map(({ value, layers }) => [value, layers.at(-1)?.value])).toEqual(
      [9000, 'one', 'TCP', 9000, 'two', 'UDP'].map((value) => [value, value]),
    );
  });

  it('of a template leads on to the fields that the template looks at', async () => {
    const command = 'deployment.spec.template.spec.containers[name=main].command';
    const [name] = await valuesOf(SERVICE, `${command}[4]`);
    expect(name).toMatchObject({
      value: 'org/model',
      layers: [{ role: 'Preset', value: '{{ .EffectiveSpec.Model.Name }}' }],
      inputs: [
        {
          path: 'spec.model.name',
          value: 'org/model',
          layers: [{ role: 'Service', file: '<stdin>', line: 8, column: 5 }],
        },
      ],
    });
    const input = `${SERVICE}  parallelism: {tensor: 2}\n`;
    const { stdout } = await llmisvc(['explain', 'qwen', `${command}[2]`, '-f', '-'], { input });
    expect(stdout).toContain('    spec.parallelism.tensor = 2\n      set by: the service itself, ');
    expect(stdout).toContain('    spec.parallelism.dataLocal: not set\n');
    expect(stdout).toContain(
      '    spec.template.terminationGracePeriodSeconds = 60\n      set by: preset, LLMInferenceServiceConfig kserve/llmisvc-config-llm-template\n',
    );
    // Nothing of a text is cut where it is the answer.
    expect(stdout).toContain('\n    exec vllm serve /mnt/models \\\n');
    expect(stdout).not.toContain('…');
  });

  it('of a template that looks at a field made from a template leads on from there', async () => {
    const input = SERVICE.replace('name: org/model', 'name: "m-{{ .ObjectMeta.Name }}"');
    const [value] = await valuesOf(input, 'spec.template.containers[name=main].command[4]');
    expect(value?.inputs).toEqual([
      expect.objectContaining({
        path: 'spec.model.name',
        inputs: [expect.objectContaining({ path: 'metadata.name', value: 'qwen', layers: [expect.anything()] })],
      }),
    ]);
  });

  it('of a template that goes through all of a map names the map', async () => {
    const arg = '"{{ range $key, $value := .EffectiveSpec.Labels }}{{ $value }}{{ end }}"';
    const input = `${SERVICE}  labels: {a: b, c: d}\n  template: {containers: [{name: main, args: [${arg}]}]}\n`;
    const [value] = await valuesOf(input, 'spec.template.containers[name=main].args');
    expect(value).toMatchObject({ value: 'bd', inputs: [{ path: 'spec.labels', value: { a: 'b', c: 'd' } }] });
    expect(value?.inputs).toHaveLength(1);
  });

  it('of a setting names the key of the ConfigMap and its place, or that it is built in', async () => {
    const ingress = '{"kserveIngressGateway": "edge/gw", "enableLLMInferenceServiceTLS": true}';
    const settings = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: inferenceservice-config, namespace: kserve}
data:
  ingress: '${ingress}'
`;
    const source = { kind: 'ConfigMap', namespace: 'kserve', name: 'inferenceservice-config' };
    const place = { source, role: 'Settings', file: '<stdin>', line: 17 };
    const [parent] = await valuesOf(SERVICE + settings, 'httproute.spec.parentRefs[0].name');
    const gateway = 'ConfigMap kserve/inferenceservice-config data.ingress.kserveIngressGateway';
    expect(parent?.inputs).toMatchObject([
      { path: gateway, value: 'edge/gw', layers: [{ ...place, value: 'edge/gw' }] },
    ]);
    const [port] = await valuesOf(SERVICE + settings, 'service.spec.ports[0].name');
    expect(port).toMatchObject({ value: 'https', inputs: [{ value: true, layers: [place] }] });
    const image = 'deployment.spec.template.spec.initContainers[name=storage-initializer].image';
    const [silent] = await valuesOf(SERVICE + settings, image);
    expect(silent?.inputs).toMatchObject([{ rule: 'built-in default: the ConfigMap does not say it', layers: [] }]);
    const running = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: qwen-kserve}
spec:
  selector: {matchLabels: {a: b}}
  template: {spec: {initContainers: [{name: storage-initializer, image: "live:1"}], containers: []}}
`;
    const [kept] = await valuesOf(SERVICE + settings + running, image);
    expect(kept).toEqual(expect.not.objectContaining({ inputs: expect.anything() }));
    expect(kept).toMatchObject({ rule: expect.stringContaining('the image of the pods that run is kept') });
    const [none] = await valuesOf(SERVICE, 'httproute.spec.parentRefs[0].name');
    expect(none?.inputs).toMatchObject([{ path: gateway, rule: expect.stringMatching(/^built-in default/) }]);
    const { stdout } = await llmisvc(['explain', 'qwen', '-f', '-'], { input: SERVICE + settings });
    expect(stdout).toContain('  ConfigMap kserve/inferenceservice-config: found (<stdin>:13)\n');
  });

  it('of a child is followed back to the spec', async () => {
    const [value] = await valuesOf(SERVICE, 'deployment.spec.template.spec.terminationGracePeriodSeconds');
    expect(value).toMatchObject({ specPath: 'spec.template.terminationGracePeriodSeconds', value: 60 });
    const [uri] = await valuesOf(
      SERVICE.replace('hf://', 'pvc://'),
      'deployment.spec.template.spec.volumes[name=kserve-pvc-source].persistentVolumeClaim',
    );
    expect(uri).toMatchObject({ specPath: 'spec.model.uri', value: 'org' });
  });

  it('that a step set names the step', async () => {
    const gpus = await valuesOf(
      `${SERVICE}  parallelism: {tensor: 4}\n`,
      'spec.template.containers[name=main].resources.limits',
    );
    expect(gpus).toEqual([
      expect.objectContaining({
        inputs: [
          expect.objectContaining({
            path: 'spec.parallelism.tensor',
            value: 4,
            layers: [expect.objectContaining({ line: 12 })],
          }),
          { path: 'spec.parallelism.dataLocal', layers: [] },
          expect.objectContaining({ value: 'nvidia.com/gpu', layers: [expect.objectContaining({ role: 'Preset' })] }),
        ],
        value: '4',
        rule: expect.stringMatching(/^devices from parallelism: spec\.parallelism\.tensor/),
      }),
    ]);
    const zero = '  template: {containers: [{name: main, resources: {limits: {nvidia.com/gpu: "0"}}}]}\n';
    const none = await valuesOf(SERVICE + zero, 'spec.template.containers[name=main].resources');
    expect(none).toMatchObject([{ value: {}, rule: 'devices: a request of 0 asks for none, and is left out' }]);
    const [name] = await valuesOf(SERVICE.replace('    name: org/model\n', ''), 'spec.model.name');
    expect(name).toMatchObject({ value: 'qwen', rule: expect.stringContaining('model name from metadata.name') });
    const [backend] = await valuesOf(SERVICE, 'httproute.spec.rules[0].backendRefs[0].kind');
    expect(backend).toMatchObject({ value: 'Service', rule: expect.stringContaining('backends without scheduler') });
  });

  it('of a template shows the template', async () => {
    const { stdout } = await llmisvc(['explain', 'qwen', 'httproute.spec.rules[0].matches[0].path.value', '-f', '-'], {
      input: SERVICE,
    });
    expect(stdout).toContain('  value: /default/qwen/v1\n');
    expect(stdout).toContain('  from the template: "/{{ .ObjectMeta.Namespace }}/{{ .ObjectMeta.Name }}/v1"\n');
  });

  it('of a route to a Gateway of the service names the reference', async () => {
    const input = SERVICE.replace('gateway: {}', 'gateway: {refs: [{name: gg}]}');
    const [, , name] = await valuesOf(input, 'httproute.spec.parentRefs[0]');
    expect(name).toMatchObject({ value: 'gg', rule: expect.stringMatching(/^parents from gateway refs: /) });
    expect(name?.inputs).toMatchObject([{ path: 'spec.router.gateway.refs[0].name', layers: [{ line: 11 }] }]);
  });

  it('of the certificate that the routing sidecar is given names the setting', async () => {
    const input = `${SERVICE}  template: {initContainers: [{name: llm-d-routing-sidecar, image: sidecar}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: inferenceservice-config, namespace: kserve}
data: {ingress: '{"enableLLMInferenceServiceTLS": true}'}
`;
    const sidecar = 'deployment.spec.template.spec.initContainers[name=llm-d-routing-sidecar]';
    const [mount] = await valuesOf(input, `${sidecar}.volumeMounts[name=tls-certs].mountPath`);
    expect(mount).toMatchObject({ rule: expect.stringMatching(/^TLS: /), inputs: [{ value: true }] });
  });

  it('of tracing names the endpoint and who wrote it', async () => {
    const name = 'deployment.spec.template.spec.containers[name=main].env[name=OTEL_TRACES_SAMPLER].value';
    const [sampler] = await valuesOf(`${SERVICE}  tracing: {sampler: always_on}\n`, name);
    expect(sampler).toMatchObject({
      value: 'always_on',
      inputs: [
        { path: 'spec.tracing.exporterEndpoint', layers: [{ role: 'Preset' }] },
        { path: 'spec.tracing.sampler', layers: [{ role: 'Preset' }, { role: 'Service', line: 12 }] },
      ],
    });
  });

  it('that follows a setting or the service’s own metadata says so', async () => {
    const [image] = await valuesOf(
      SERVICE,
      'deployment.spec.template.spec.initContainers[name=storage-initializer].image',
    );
    expect(image?.rule).toContain('setting storageInitializer.image');
    const labelled = SERVICE.replace('name: qwen', 'name: qwen\n  labels: {kueue.x-k8s.io/queue-name: q}');
    const [label] = await valuesOf(labelled, 'deployment.metadata.labels[kueue.x-k8s.io/queue-name]');
    expect(label?.rule).toBe('propagation: taken over from metadata.labels of the service');
    expect(label?.inputs).toMatchObject([{ value: 'q', layers: [{ line: 5 }] }]);
    // The operator has a label of that name itself, and its value counts.
    const hacked = SERVICE.replace('name: qwen', 'name: qwen\n  labels: {app.kubernetes.io/name: hacked}');
    const [name] = await valuesOf(hacked, 'deployment.metadata.labels[app.kubernetes.io/name]');
    expect(name).toMatchObject({ value: 'qwen', rule: expect.stringMatching(/^labels: the name of the service/) });
    const [component] = await valuesOf(hacked, 'deployment.metadata.labels[kserve.io/component]');
    expect(component?.rule).not.toContain('every child');
  });

  it('lists the conditions that depend on it, with what is wrong there', async () => {
    const input = SERVICE.replace('hf://', 'ftp://');
    const { code, stdout } = await llmisvc(['explain', 'qwen', 'spec.model.uri', '-f', '-'], { input });
    expect(code).toBe(1);
    expect(stdout).toContain('Problems\n  Field spec.model.uri of LLMInferenceService default/qwen is');
    expect(stdout).toMatch(/Conditions\n {2}MainWorkloadReady: False/);
    expect(stdout).not.toContain('HTTPRoutesReady');
  });
});

describe('without a path', () => {
  it('prints the layers with their fields, the children, the conditions and what was read', async () => {
    const { code, stdout } = await llmisvc(['explain', 'gemma-27b', '-f', EXAMPLES]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/the service itself: [^]*└ over base config: [^]*└ over preset: [^]*└ over preset: /);
    expect(stdout).toContain('Children, in apply order\n  Deployment default/gemma-27b-kserve\n');
    expect(stdout).toContain('LLMInferenceServiceConfig kserve/llmisvc-config-llm-template: found in this version\n');
    expect(stdout).toMatch(/Conditions\n {2}HTTPRoutesReady: Unknown/);
  });

  it('marks the fields of a layer that a higher one overrides', async () => {
    const input = `${SERVICE}  template: {terminationGracePeriodSeconds: 90}\n`;
    const { stdout } = await llmisvc(['explain', 'qwen', '-f', '-', '-o', 'json'], { input });
    const { layers } = JSON.parse(stdout) as { layers: { fields: { path: string; overriddenBy?: object }[] }[] };
    const marked = layers.flatMap(({ fields }) => fields).filter(({ overriddenBy }) => overriddenBy !== undefined);
    expect(marked).toContainEqual({
      path: 'spec.template.terminationGracePeriodSeconds',
      value: 60,
      overriddenBy: { kind: 'LLMInferenceService', namespace: 'default', name: 'qwen' },
    });
  });

  it('marks all of a list that a higher layer replaces, and what a step sets instead', async () => {
    const args = (name: string, words: string): string =>
      `---\napiVersion: serving.kserve.io/v1alpha2\nkind: LLMInferenceServiceConfig\nmetadata: {name: ${name}}\nspec: {template: {containers: [{name: main, args: ${words}, env: [{name: EMPTY, value: ""}]}]}}\n`;
    const input = `${SERVICE}  baseRefs: [{name: one}, {name: two}]\n${args('one', '[a, b]')}${args('two', '[c]')}`;
    const { stdout } = await llmisvc(['explain', 'qwen', '-f', '-'], { input });
    const main = 'spec.template.containers[name=main]';
    expect(stdout).toContain(`${main}.args[0]  a  overridden by LLMInferenceServiceConfig default/two\n`);
    expect(stdout).toContain(`${main}.args[1]  b  overridden by LLMInferenceServiceConfig default/two\n`);
    expect(stdout).toContain(`${main}.args[0]  c\n`);
    expect(stdout).toContain(`${main}.env[name=EMPTY].value  ""\n`);
    expect(stdout).toMatch(
      /backendRefs\[name=.*\]\.kind {2}InferencePool {2}overridden by backends without scheduler\n/,
    );
  });

  it('says of each object that was read once what came of it, and where it stands', async () => {
    const account = '---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: known}\n';
    const gateway = 'gateway: {refs: [{name: mine, namespace: gateways}]}';
    const input = `${SERVICE.replace('gateway: {}', gateway)}  template: {serviceAccountName: other}\n${account}`;
    const { stdout } = await llmisvc(['explain', 'qwen', '-f', '-'], { input });
    const reads = stdout.slice(stdout.indexOf('Objects read\n')).split('\n').slice(1, -1);
    expect(reads).toEqual([
      '  ConfigMap kserve/inferenceservice-config: absent, assumed',
      '  LLMInferenceServiceConfig default/llmisvc-config-llm-router-route: absent, assumed',
      '  LLMInferenceServiceConfig kserve/llmisvc-config-llm-router-route: found in this version',
      '  LLMInferenceServiceConfig default/llmisvc-config-llm-template: absent, assumed',
      '  LLMInferenceServiceConfig kserve/llmisvc-config-llm-template: found in this version',
      '  Deployment default/qwen-kserve: absent, assumed',
      '  ServiceAccount default/other: found, assumed',
      '  HTTPRoute default/qwen-kserve-route: absent, assumed',
      '  Gateway gateways/mine: unknown',
      '  Service default/qwen-kserve-workload-svc: absent, assumed',
    ]);
    const known = await llmisvc(['explain', 'qwen', '-f', '-', '-o', 'json'], {
      input: input.replace('other', 'known'),
    });
    expect((JSON.parse(known.stdout) as { reads: unknown[] }).reads).toContainEqual({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      namespace: 'default',
      name: 'known',
      state: 'found',
      file: '<stdin>',
      line: 14,
      column: 1,
    });
    const closed = await llmisvc(['explain', 'qwen', '-f', '-', '--closed'], { input });
    expect(closed.stdout).toContain('  Deployment default/qwen-kserve: absent\n');
  });

  it('is data with -o json: objects, and fields with their places', async () => {
    const { stdout } = await llmisvc(['explain', 'qwen', '-f', '-', '-o', 'json'], { input: SERVICE });
    const service = { kind: 'LLMInferenceService', namespace: 'default', name: 'qwen' };
    const data = JSON.parse(stdout) as { layers: { source: object; line?: number; fields: object[] }[] };
    expect(data).toMatchObject({ service, children: [{ kind: 'Deployment', name: 'qwen-kserve' }, {}, {}] });
    const own = data.layers.at(-1);
    expect(own).toMatchObject({ source: service, file: '<stdin>', line: 5, column: 1 });
    expect(own?.fields[0]).toEqual({
      path: 'spec.model.uri',
      value: 'hf://org/model',
      file: '<stdin>',
      line: 7,
      column: 5,
    });
    expect(data.layers[0]).not.toHaveProperty('file');
  });

  it('prints what is known of a service whose configs are missing', async () => {
    const input = `${SERVICE}  baseRefs: [{name: nothing}]\n`;
    const { code, stdout, stderr } = await llmisvc(['explain', 'qwen', '-f', '-'], { input });
    expect(code).toBe(1);
    expect(stdout).toContain('Not rendered because of a problem\n  config');
    expect(stderr).toContain('<stdin>:12:15: spec.baseRefs[0].name: LLMInferenceServiceConfig "nothing" not found');
    const asked = await llmisvc(['explain', 'qwen', IMAGE, '-f', '-'], { input });
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('ConfigNotFound') });
  });
});

it('a path that leads nowhere is answered with what there is', async () => {
  const file = folder.write('service.yaml', SERVICE);
  const { code, stderr } = await llmisvc([
    'explain',
    'qwen',
    'deployment.spec.template.spec.containers[name=man]',
    '-f',
    file,
  ]);
  expect(code).toBe(2);
  expect(stderr).toContain('There is: deployment.spec.template.spec.containers[name=main].');
});

describe('a path', () => {
  const asked = async (path: string, input = SERVICE): ReturnType<typeof llmisvc> =>
    llmisvc(['explain', 'qwen', path, '-f', '-'], { input });

  it.each([
    "deployment.metadata.labels['app.kubernetes.io/name']",
    'deployment.metadata.labels["app.kubernetes.io/name"]',
    'deployment.metadata.labels[app.kubernetes.io/name]',
    String.raw`deployment.metadata.labels.app\.kubernetes\.io/name`,
    '.deployments.metadata.name',
    'deploy.metadata.name',
    'Deployment.metadata.name',
    'svc.metadata.name',
  ])('may be written as %s', async (path) => {
    expect(await asked(path)).toMatchObject({ code: 0, stdout: expect.stringMatching(/ {2}value: qwen/) });
  });

  it.each([
    ['spec[', 'character 5'],
    ['spec.replicas]', 'character 14'],
    ['spec..replicas', 'character 5'],
    ['spec.a[]', 'character 7'],
    ['', 'It is empty'],
    ['spec.template.containers[name=main].image[0]', 'Nothing is below spec.template.containers[name=main].image.'],
    ['deployment.metadata.ownerReferences', 'is not set. There is: deployment.metadata.name'],
    ['status.conditions', 'its conditions are printed by explain without a path'],
    ['metadata.name', 'A path begins with spec, or with a child: deployment, service, httproute.'],
    ['secret', 'has no Secret: it needs none. It has: deployment, service, httproute.'],
  ])('that is none, %j, is refused and what is meant is said', async (path, text) => {
    expect(await asked(path)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(text) });
  });

  it('to a child that is not there says why', async () => {
    const stopped = SERVICE.replace('name: qwen', 'name: qwen\n  annotations: {serving.kserve.io/stop: "true"}');
    expect((await asked('deployment', stopped)).stderr).toContain(
      'it is stopped, and a stopped service has no children',
    );
    const held = await asked('deployments', SERVICE.replace('hf://', 'ftp://'));
    expect(held.stderr).toMatch(
      /^<stdin>:7:5: spec\.model\.uri: .*\nerror: .* has no Deployment: a problem holds it back \(InvalidField\)/,
    );
  });
});

it('puts columns in line on a terminal only', async () => {
  const args = ['explain', 'qwen', 'service.spec.ports', '-f', '-'];
  const plain = await llmisvc(args, { input: SERVICE });
  expect(plain.stdout).toContain('.port  8000  port: ');
  const terminal = await llmisvc(args, { input: SERVICE, terminal: true });
  expect(terminal.stdout).toMatch(/\.port {9}8000 {2}port: model servers listen on port 8000, as in\n {48,}KServe\n/);
});

it('fits a narrow terminal: columns stand below each other, sentences are wrapped', async () => {
  const gpus = 'deployment.spec.template.spec.containers[name=main].resources.limits';
  for (const path of ['deployment', 'service', gpus]) {
    const { stdout } = await llmisvc(['explain', 'qwen', path, '-f', '-'], {
      input: SERVICE,
      terminal: true,
      columns: 80,
    });
    const [, , ...lines] = stdout.split('\n');
    // A path has no place to be divided at.
    expect(lines.filter((line) => line.length > 80 && /\S \S/.test(line))).toEqual([]);
  }
  const { stdout } = await llmisvc(['explain', 'qwen', gpus, '-f', '-'], {
    input: SERVICE,
    terminal: true,
    columns: 80,
  });
  expect(stdout).toMatch(/\n {2}set by rule: devices from parallelism: .*\n {6}/);
});
