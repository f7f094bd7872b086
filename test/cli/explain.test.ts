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
        value: '4',
        rule: expect.stringMatching(/^devices from parallelism: spec\.parallelism\.tensor/),
      }),
    ]);
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

  it('that follows a setting or the service’s own metadata says so', async () => {
    const [image] = await valuesOf(
      SERVICE,
      'deployment.spec.template.spec.initContainers[name=storage-initializer].image',
    );
    expect(image?.rule).toContain('setting storageInitializer.image');
    const labelled = SERVICE.replace('name: qwen', 'name: qwen\n  labels: {kueue.x-k8s.io/queue-name: q}');
    const [label] = await valuesOf(labelled, 'deployment.metadata.labels[kueue.x-k8s.io/queue-name]');
    expect(label?.rule).toBe('propagation: taken over from metadata.labels of the service');
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
    expect(stdout).toContain('LLMInferenceServiceConfig kserve/llmisvc-config-llm-template: found\n');
    expect(stdout).toMatch(/Conditions\n {2}HTTPRoutesReady: Unknown/);
  });

  it('marks the fields of a layer that a higher one overrides', async () => {
    const input = `${SERVICE}  template: {terminationGracePeriodSeconds: 90}\n`;
    const { stdout } = await llmisvc(['explain', 'qwen', '-f', '-', '-o', 'json'], { input });
    const { layers } = JSON.parse(stdout) as { layers: { fields: { path: string; overriddenBy?: string }[] }[] };
    const marked = layers.flatMap(({ fields }) => fields).filter(({ overriddenBy }) => overriddenBy !== undefined);
    expect(marked).toContainEqual({
      path: 'spec.template.terminationGracePeriodSeconds',
      value: 60,
      overriddenBy: 'LLMInferenceService default/qwen',
    });
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

it('puts columns in line on a terminal only', async () => {
  const args = ['explain', 'qwen', 'service.spec.ports', '-f', '-'];
  const plain = await llmisvc(args, { input: SERVICE });
  expect(plain.stdout).toContain('.port  8000  port: ');
  const terminal = await llmisvc(args, { input: SERVICE, terminal: true });
  expect(terminal.stdout).toMatch(/\.port {9}8000 {2}port: model servers listen on port 8000, as in\n {48,}KServe\n/);
});
