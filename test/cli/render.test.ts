import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { LLMInferenceService } from '../../src/api/llmisvc.ts';
import { llmisvc, objectsOf, SERVICE, useFolder } from './cliprocess.ts';

const folder = useFolder();
const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLES = join(ROOT, 'examples');

describe('output', () => {
  it.each(readdirSync(EXAMPLES))('of %s holds the children in apply order, then the service', async (file) => {
    const { code, stdout, stderr } = await llmisvc(['render', '-f', join(EXAMPLES, file)]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(objectsOf(stdout).map(({ kind }) => kind)).toEqual([
      'Deployment',
      'Service',
      'HTTPRoute',
      'LLMInferenceService',
    ]);
  });

  it('is the same at each run, and has no time that only a clock could tell', async () => {
    const first = await llmisvc(['render', '-f', EXAMPLES]);
    const second = await llmisvc(['render', '-f', EXAMPLES]);
    expect(first.stdout).toBe(second.stdout);
    expect(first.stdout).not.toContain('lastTransitionTime');
  });

  it('can be applied: no owner without uid, the spec of the service as it was written', async () => {
    const file = folder.write('service.yaml', SERVICE);
    const objects = objectsOf<LLMInferenceService>((await llmisvc(['render', '-f', file])).stdout);
    expect(objects.map(({ metadata }) => metadata.ownerReferences)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(objects.at(-1)?.spec).toEqual({
      model: { uri: 'hf://org/model', name: 'org/model' },
      router: { route: {}, gateway: {} },
    });
    expect(objects.at(-1)?.status?.conditions?.find(({ type }) => type === 'PresetsCombined')?.status).toBe('True');
  });

  it('keeps the owner of a service whose uid is known', async () => {
    const file = folder.write('live.yaml', SERVICE.replace('name: qwen', 'name: qwen\n  uid: uid-1'));
    const [deployment] = objectsOf<LLMInferenceService>((await llmisvc(['render', '-f', file])).stdout);
    expect(deployment?.metadata.ownerReferences?.[0]?.uid).toBe('uid-1');
  });

  it('is a List with -o json, and without services with --no-status', async () => {
    const file = folder.write('service.yaml', SERVICE);
    const { stdout } = await llmisvc(['render', '-f', file, '-o', 'json', '--no-status']);
    const list = JSON.parse(stdout) as { kind: string; items: { kind: string }[] };
    expect(list.kind).toBe('List');
    expect(list.items.map(({ kind }) => kind)).toEqual(['Deployment', 'Service', 'HTTPRoute']);
  });

  it('prints the effective specs with --effective, also of what is not built yet, and nothing of what is not certain', async () => {
    const others = `---
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata: {name: spread, namespace: team-a}
spec: {model: {uri: "hf://org/model"}, baseRefs: [{name: base}]}
---
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceServiceConfig
metadata: {name: base, namespace: team-a}
spec: {kvCacheOffloading: {cpu: 1Gi}}
---
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata: {name: lost}
spec: {model: {uri: "hf://org/model"}, baseRefs: [{name: nowhere}]}
`;
    const { code, stdout, stderr } = await llmisvc(['render', '-f', '-', '--effective'], { input: SERVICE + others });
    const [qwen, spread, ...more] = objectsOf<LLMInferenceService>(stdout);
    expect(more).toEqual([]);
    expect(qwen).toMatchObject({
      apiVersion: 'serving.kserve.io/v1alpha2',
      kind: 'LLMInferenceService',
      metadata: { name: 'qwen', namespace: 'default' },
      spec: { model: { name: 'org/model' }, router: { route: { http: { spec: { rules: [{}] } } } } },
    });
    expect(qwen).not.toHaveProperty('status');
    expect(qwen?.spec?.template?.containers?.[0]?.resources?.limits).toEqual({ 'nvidia.com/gpu': '1' });
    expect(JSON.stringify(qwen)).not.toContain('{{');
    expect(spread).toMatchObject({
      metadata: { name: 'spread', namespace: 'team-a' },
      spec: { kvCacheOffloading: {} },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/spec\.kvCacheOffloading of LLMInferenceServiceConfig team-a\/base/);
    expect(stderr).toMatch(/"nowhere" not found/);
  });

  it('uses the settings and the image tags that this version installs', async () => {
    const { stdout } = await llmisvc(['render', '-f', '-'], { input: SERVICE });
    expect(stdout).toContain('image: vllm/vllm-openai:v');
    expect(stdout).toContain('image: kserve/storage-initializer:v0.20.0');
  });
});

describe('input', () => {
  it('from standard input, in a namespace', async () => {
    const { stdout } = await llmisvc(['render', '-f', '-', '-n', 'team-a'], { input: SERVICE });
    expect(stdout).toContain('namespace: team-a');
    expect(stdout).toContain('value: /team-a/qwen/v1');
  });

  it('from a List in JSON', async () => {
    const { stdout: list } = await llmisvc(['render', '-f', folder.write('s.yaml', SERVICE), '-o', 'json']);
    const services = (JSON.parse(list) as { items: unknown[] }).items.slice(-1);
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: services });
    const { code, stdout } = await llmisvc(['render', '-f', '-', '--no-status'], { input });
    expect(code).toBe(0);
    expect(objectsOf(stdout)).toHaveLength(3);
  });

  it('from a list that says of which kind its items are', async () => {
    const [, ...rest] = SERVICE.split('metadata:');
    const item = `metadata:${rest.join('')}`.replaceAll(/^/gm, '  ').replace('  ', '- ').trimEnd();
    const input = `apiVersion: serving.kserve.io/v1alpha2\nkind: LLMInferenceServiceList\nitems:\n${item}\n`;
    const { code, stdout, stderr } = await llmisvc(['render', '-f', '-', '--no-status'], { input });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(objectsOf(stdout)).toHaveLength(3);
  });

  it('takes a service once that is named twice, and asks which of several is meant', async () => {
    const input = ['n1', 'n2']
      .map((name) => SERVICE.replace('name: qwen', `name: qwen\n  namespace: ${name}`))
      .join('---\n');
    const { stdout } = await llmisvc(['render', 'n1/qwen', 'n1/qwen', '-f', '-', '--no-status'], { input });
    expect(objectsOf(stdout)).toHaveLength(3);
    const { code, stderr } = await llmisvc(['render', 'qwen', '-f', '-'], { input });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'error: LLMInferenceService qwen may be one of several: n1/qwen, n2/qwen. Name one of them, or its namespace with --namespace.\n',
    });
    const chosen = await llmisvc(['render', 'qwen', '-f', '-', '-n', 'n2', '--no-status'], { input });
    expect(chosen.stdout).toContain('/n2/qwen/v1');
  });

  it('that cannot be read is told before a name that is not found', async () => {
    const { code, stderr } = await llmisvc(['render', 'qwen', '-f', '-'], { input: 'a: [' });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^<stdin>:1:5: [^\n]*\nerror: LLMInferenceService default\/qwen is not in the input/);
  });

  it('chooses services by name', async () => {
    const { stdout } = await llmisvc(['render', 'phi-4', 'default/qwen2-7b', '-f', EXAMPLES]);
    const services = objectsOf(stdout).filter(({ kind }) => kind === 'LLMInferenceService');
    expect(services.map(({ metadata }) => metadata.name)).toEqual(['phi-4', 'qwen2-7b']);
  });

  it('takes words like on, times and dates as kubectl does', async () => {
    const annotations = '  annotations: {a: "on", b: 12:30:45, c: 2026-01-01}\n';
    const { stdout, stderr } = await llmisvc(['render', '-f', '-'], { input: SERVICE + annotations });
    expect(stderr).toBe('');
    expect(stdout).toContain('a: "on"\n        b: "12:30:45"\n        c: "2026-01-01"');
    const refused = await llmisvc(['render', '-f', '-'], { input: `${SERVICE}  labels: {a: on}\n` });
    expect(refused.stderr).toContain('<stdin>:12:12: spec.labels.a: ');
  });

  it('a ServiceAccount and a Secret that it lacks are taken for granted, with a note', async () => {
    const account = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: reader}\nsecrets: [{name: token}]\n---\n';
    const template = '  template: {serviceAccountName: reader}\n';
    const given = await llmisvc(['render', '-f', '-'], { input: account + SERVICE + template });
    expect(given).toMatchObject({ code: 0, stderr: expect.stringContaining('note: Secret default/token') });
    const lacking = await llmisvc(['render', '-f', '-'], { input: SERVICE + template });
    expect(lacking).toMatchObject({ code: 0, stderr: expect.stringContaining('note: ServiceAccount default/reader') });
    const closed = await llmisvc(['render', '-f', '-', '--closed'], { input: SERVICE + template });
    expect(closed.code).toBe(1);
  });
});

describe('problems', () => {
  const problemsOf = async (input: string): Promise<string[]> => {
    const { code, stderr } = await llmisvc(['render', '-f', '-'], { input });
    expect(code).toBe(1);
    return stderr.trimEnd().split('\n');
  };

  it('stand with file, line and column of the field', async () => {
    const [line] = await problemsOf(SERVICE.replace('hf://org/model', 'ftp://org/model'));
    expect(line).toMatch(
      /^<stdin>:7:5: spec\.model\.uri: Field spec\.model\.uri of .* is "ftp:\/\/org\/model"; allowed/,
    );
  });

  it('of an absent field stand at what is around it', async () => {
    const [line] = await problemsOf(SERVICE.replace('    uri: hf://org/model\n', ''));
    expect(line).toMatch(/^<stdin>:6:3: spec\.model\.uri: /);
  });

  it('of a config stand in the file of the config', async () => {
    const config = SERVICE.replace(/kind: .*/, 'kind: LLMInferenceServiceConfig')
      .replace('name: qwen', 'name: team')
      .replace(
        /spec:[^]*/,
        'spec:\n  template:\n    containers:\n    - name: main\n      args: ["{{ .Spec.Wrong }}"]\n',
      );
    const file = folder.write('config.yaml', config);
    const service = folder.write('uses.yaml', `${SERVICE}  baseRefs: [{name: team}]\n`);
    const { stderr } = await llmisvc(['render', '-f', service, '-f', file]);
    expect(stderr).toContain(`${file}:9:14: spec.template.containers[name=main].args[0]: `);
  });

  it('of the text stand at its position: bad YAML, a repeated key, no kind', async () => {
    expect((await problemsOf('a: [\n'))[0]).toMatch(/^<stdin>:\d+:\d+: /);
    expect((await problemsOf(`${SERVICE}kind: Pod\n`))[0]).toMatch(/^<stdin>:12:1: .*unique/);
    expect((await problemsOf(SERVICE.replace(/kind.*\n/, '')))[0]).toBe(
      '<stdin>:1:1: kind: Field kind is not set; every Kubernetes object has it.',
    );
    expect((await problemsOf(SERVICE.replace('v1alpha2', 'v1beta1')))[0]).toContain('<stdin>:1:1: apiVersion: ');
    expect((await problemsOf(`${SERVICE}---\n${SERVICE}`))[0]).toContain('is given twice, first in <stdin>:1;');
    expect((await problemsOf('apiVersion: v1\nkind: Kustomization\n'))[0]).toContain('kubectl kustomize');
  });

  it.each([
    [
      'a name that is a number',
      'metadata: {name: 5}',
      ':3:12: metadata.name: Field metadata.name is 5; allowed is a string',
    ],
    [
      'a label that is a number',
      'metadata: {name: a, labels: {b: 5}}',
      ':3:30: metadata.labels[b]: Field metadata.labels[b] is 5;',
    ],
    [
      'an annotation that is true',
      'metadata: {name: a, annotations: {serving.kserve.io/stop: true}}',
      'is true; allowed is a string',
    ],
    ['an alias without anchor', 'metadata: {name: a}\nspec: {a: &a 1, b: *a, c: *nowhere}', ':4:27: Unresolved alias'],
    ['the text of a Helm chart', 'metadata: {name: a}\nspec:\n  template: {{ .Values.x }}', ':5:14: This key is a map'],
    ['a key that is a list', 'metadata: {name: a}\nspec: {? [a] : b}', ':4:10: This key is a map, a list'],
    ['a key that is nothing', 'metadata: {name: a}\nspec: {~: b}', ':4:8: This key is a map, a list or nothing'],
    [
      'aliases that multiply',
      `x: &a [${'y,'.repeat(99)}]\nb: &b [${'*a,'.repeat(99)}]\nc: [${'*b,'.repeat(99)}]`,
      ':1:1: Excessive alias count',
    ],
  ])('of objects that nobody could read: %s', async (_what, text, message) => {
    const [line] = await problemsOf(`apiVersion: serving.kserve.io/v1alpha2\nkind: LLMInferenceService\n${text}\n`);
    expect(line).toContain(message);
  });

  it('of another object that no API server would take name that object', async () => {
    const gateway = 'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\n---\n';
    const input = gateway + SERVICE.replace('gateway: {}', 'gateway: {refs: [{name: g}]}');
    const { code, stderr } = await llmisvc(['render', '-f', '-'], { input });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('Gateway default/g lacks fields') });
  });

  it('are none for a status that nobody wrote', async () => {
    const { code, stdout } = await llmisvc(['render', '-f', '-'], { input: `${SERVICE}status: {conditions: 5}\n` });
    expect(code).toBe(0);
    expect(stdout).toContain('  - message: ');
  });

  it('of one service do not keep others from being printed', async () => {
    const bad = SERVICE.replace('name: qwen', 'name: bad').replace('hf://', 'ftp://');
    const { code, stdout } = await llmisvc(['render', '-f', '-', '--no-status'], { input: `${SERVICE}---\n${bad}` });
    expect(code).toBe(1);
    expect(objectsOf(stdout).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toContain(
      'Deployment qwen-kserve',
    );
  });

  it('of the other version have its paths and the places of what was written', async () => {
    const pool = '{selector: {a: b}, targetPortNumber: 700000, extensionRef: {name: epp, portNumber: 700000}}';
    const input = SERVICE.replace('v1alpha2', 'v1alpha1').replace(
      'gateway: {}',
      `scheduler:\n      pool:\n        spec: ${pool}`,
    );
    const lines = await problemsOf(input);
    const field = 'spec.router.scheduler.pool.spec.targetPortNumber';
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(String.raw`^<stdin>:13:34: ${field}: Field ${field} of .* is 700000;`)),
    );
    expect(lines.join('\n')).not.toMatch(/targetPorts|endpointPickerRef/);
  });

  it('are none for the other version, which means the same', async () => {
    const render = (input: string) => llmisvc(['render', '-f', '-', '--no-status'], { input });
    const other = await render(SERVICE.replace('v1alpha2', 'v1alpha1'));
    expect(other).toEqual(await render(SERVICE));
    expect(other.code).toBe(0);
  });

  it('that are warnings do not change the exit code', async () => {
    const gpus = `  parallelism: {tensor: 2}\n  template: {containers: [{name: main, resources: {limits: {nvidia.com/gpu: 1}}}]}\n`;
    const { code, stderr } = await llmisvc(['render', '-f', '-'], { input: SERVICE + gpus });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^<stdin>:13:\d+: spec\.template\..*: warning: Field/);
  });

  it('of a settings ConfigMap stand at its key', async () => {
    const input = `${SERVICE}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: inferenceservice-config, namespace: kserve}\ndata:\n  ingress: '{'\n`;
    expect((await problemsOf(input))[0]).toMatch(/^<stdin>:17:3: data\.ingress: Key ingress is not JSON/);
  });

  it('of a setting that counts as another one are warnings', async () => {
    const ingress = `'{"modelBasedRoutingMode":"force"}'`;
    const input = `${SERVICE}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: inferenceservice-config, namespace: kserve}\ndata:\n  ingress: ${ingress}\n`;
    const { code, stderr } = await llmisvc(['render', '-f', '-'], { input });
    expect([code, stderr.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^<stdin>:17:3: data\.ingress: warning: .*"force".* it counts as enabled/),
    ]);
  });
});

describe('a folder', () => {
  const files = (name: string, texts: Readonly<Record<string, string>>): string => {
    mkdirSync(folder.path(name));
    for (const [file, text] of Object.entries(texts)) folder.write(join(name, file), text);
    return folder.path(name);
  };
  const twoFiles = { 'a.yaml': SERVICE, 'b.yaml': `# later\n${SERVICE.replace('hf://', 'ftp://')}` };

  it('with a service twice: the last one counts, and the error names both places', async () => {
    const path = files('twice', twoFiles);
    const { code, stdout, stderr } = await llmisvc(['render', '-f', path]);
    expect(code).toBe(1);
    expect(objectsOf(stdout).map(({ kind }) => kind)).toEqual(['LLMInferenceService']);
    expect(stderr.trimEnd().split('\n')).toEqual([
      `${path}/b.yaml:5:3: LLMInferenceService default/qwen is given twice, first in ${path}/a.yaml:1; the last one counts, as for kubectl apply. Leave one of them out.`,
      expect.stringContaining(`${path}/b.yaml:8:5: spec.model.uri: `),
    ]);
  });

  it('with files that hold no Kubernetes object: they are passed over, unless they are named', async () => {
    const path = files('mixed', {
      'qwen.yaml': SERVICE,
      'values.yaml': 'image: {tag: 1}\n',
      'package.json': '{"name":"x"}',
    });
    const { code, stderr } = await llmisvc(['render', '-f', path]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: ['package.json', 'values.yaml']
        .map((file) => `note: ${path}/${file} holds no Kubernetes object, so it is passed over.\n`)
        .join(''),
    });
    const again = await llmisvc(['render', '-f', relative('.', join(path, 'qwen.yaml')), '-f', path, '--no-status']);
    expect(again.code).toBe(0);
    expect(objectsOf(again.stdout)).toHaveLength(3);
    const named = await llmisvc(['render', '-f', path, '-f', join(path, 'values.yaml')]);
    expect(named).toMatchObject({ code: 1, stderr: expect.stringContaining('values.yaml:1:1: apiVersion: ') });
  });

  it('with a kustomization, which may do without kind', async () => {
    const path = files('kustomized', { 'qwen.yaml': SERVICE, 'kustomization.yaml': 'resources: [qwen.yaml]\n' });
    const { code, stderr } = await llmisvc(['render', '-f', path]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/kustomization\.yaml:1:1: This is a Kustomization: build it first/),
    });
  });

  it('with a link that leads nowhere', async () => {
    const path = files('linked', { 'qwen.yaml': SERVICE });
    symlinkSync('/nowhere', join(path, 'x.yaml'));
    const { code, stdout, stderr } = await llmisvc(['render', '-f', path, '--no-status']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `${path}/x.yaml: This link leads to a file that does not exist. Correct it, or remove it from the folder.\n`,
    });
    expect(objectsOf(stdout)).toHaveLength(3);
  });

  it('with a config that cannot be read does not tell to create that config', async () => {
    const path = files('broken', { 'qwen.yaml': `${SERVICE}  baseRefs: [{name: team}]\n`, 'team.yaml': 'a: [' });
    const { code, stderr } = await llmisvc(['render', '-f', path, '--no-status']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^[^\n]*team\.yaml:1:5: [^\n]*\n$/);
  });
});

describe('trouble ends with code 2 and says what to do', () => {
  it.each([
    [['render'], 'Name files or folders with --filename, or use --from-cluster.'],
    [['render', '-f', '/nowhere'], '/nowhere does not exist.'],
    [['render', '-f', EXAMPLES, 'nobody'], 'LLMInferenceService default/nobody is not in the input; the input has: '],
    [['render', '-f', EXAMPLES, '--closed', '--from-cluster'], 'exclude each other'],
    [['render', '-o', 'xml'], 'yaml, json'],
    [['rendr'], 'Did you mean render?'],
  ])('%j', async (args, text) => {
    const { code, stderr } = await llmisvc(args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(text) });
  });
});

it('the program prints help with examples, and the version', async () => {
  const { code, stdout } = await llmisvc(['render', '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('Examples:\n  # all services of a folder\n  llmisvc render -f examples/');
  expect(stdout).toContain('(default: "llmisvc-")');
  expect(stdout).not.toMatch(/default:\s+(false|\[\])/);
  const { status, stdout: version } = spawnSync(process.execPath, [join(ROOT, 'src/cli.ts'), '--version'], {
    encoding: 'utf8',
  });
  expect([status, version]).toEqual([0, '0.1.0\n']);
});

it('says that a cluster cannot be reached, and what to check', async () => {
  const user = 'users: [{name: u, user: {token: t}}]';
  const context = 'contexts: [{name: c, context: {cluster: c, user: u}}]\ncurrent-context: c';
  const server = 'clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]';
  const kubeconfig = folder.write('config', `apiVersion: v1\nkind: Config\n${server}\n${user}\n${context}\n`);
  const { code, stderr } = await llmisvc(['render', 'a', '--from-cluster', '--kubeconfig', kubeconfig]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(
      /^error: The API server cannot be reached: .*ECONNREFUSED.* Check the cluster, --kubeconfig/,
    ),
  });
});
