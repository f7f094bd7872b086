import { llmisvc, SERVICE } from './cliprocess.ts';
import { briefly, config, lint, service } from './linting.ts';

const object = (apiVersion: string, kind: string): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\n`;

describe('kinds', () => {
  it.each([
    ['serving.kserve.io/v1alpha2', 'LLMInferenceServise', 'Did you mean LLMInferenceService?'],
    ['serving.kserve.io/v1alpha2', 'LLMInferenceServiceConfigs', 'Did you mean LLMInferenceServiceConfig?'],
    ['serving.kserve.io/v1beta1', 'InferenceServices', 'Did you mean InferenceService?'],
    ['serving.kserve.io/v1alpha2', 'Gateway', 'It has LLMInferenceService and LLMInferenceServiceConfig.'],
    ['serving.kserv.io/v1alpha2', 'InferenceGraph', 'Did you mean serving.kserve.io?'],
    ['kserve.io/v1alpha2', 'LLMInferenceService', 'Write apiVersion: serving.kserve.io/v1alpha2.'],
    ['v1alpha2', 'LLMInferenceService', 'Write apiVersion: serving.kserve.io/v1alpha2.'],
  ])('%s %s are not served', async (apiVersion, kind, hint) => {
    const findings = await lint([object(apiVersion, kind)]);
    expect(findings.map(({ severity, rule, message }) => [severity, rule, message])).toEqual([
      ['error', 'UnknownKind', expect.stringContaining(hint)],
    ]);
  });

  it('of KServe and of other groups are the business of others', async () => {
    const others = [
      object('serving.kserve.io/v1beta1', 'InferenceService'),
      object('serving.kserve.io/v1alpha1', 'ClusterStorageContainer'),
      object('serving.knative.dev/v1', 'Service'),
      object('v1', 'Secret'),
    ];
    expect(await lint([SERVICE, ...others])).toEqual([]);
  });

  it.each(['', '---\n---\n# nothing\n', object('v1', 'Secret')])(
    'without any of ours are nothing to lint: %j',
    async (input) => {
      expect(await llmisvc(['lint', '-f', '-'], { input })).toEqual({
        code: 2,
        stdout: '',
        stderr:
          'error: The input has nothing to lint: no LLMInferenceService, no LLMInferenceServiceConfig and no ConfigMap inferenceservice-config.\n',
      });
    },
  );
});

describe('metadata', () => {
  it('has labels and annotations that the API server takes', async () => {
    const metadata =
      'metadata: {name: x, labels: {a/b/c: ok, "bad key!": ok, team: "two words"}, annotations: {"no good": "any value", fine: ""}}';
    const findings = await lint([
      SERVICE.replace(/metadata:\n.*\n/, `${metadata}\n`),
      config('x', '{}').replace(/metadata.*/, metadata),
    ]);
    const paths = ['annotations[no good]', 'labels[a/b/c]', 'labels[bad key!]', 'labels[team]'];
    const expected = paths.map((path) => `InvalidMetadata metadata.${path}`);
    expect(briefly(findings)).toEqual([...expected, ...expected].toSorted());
    expect(findings.map(({ line }) => line)).toEqual([3, 3, 3, 3, 14, 14, 14, 14]);
  });
});

describe('settings', () => {
  const settings = (namespace: string, data: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: inferenceservice-config\n${namespace}data:\n${data}`;

  it('that almost have the names of those that are read', async () => {
    const findings = await lint([
      settings(
        '  namespace: kserve\n',
        `  storageInitializer: '{"imgae": "x", "memoryLimit": "1Gi"}'\n  ingress: '{"urlSchema": "http", "ingressGateway": "a/b", "somethingElse": 1}'\n  ingres: '{}'\n  _example: x\n`,
      ),
    ]);
    expect(findings.map(({ severity, rule, line, path, message }) => [severity, rule, line, path, message])).toEqual([
      [
        'warning',
        'UnknownSetting',
        7,
        'data.storageInitializer.imgae',
        'Nobody reads the setting imgae. Did you mean image?',
      ],
      [
        'warning',
        'UnknownSetting',
        8,
        'data.ingress.urlSchema',
        'Nobody reads the setting urlSchema. Did you mean urlScheme?',
      ],
    ]);
  });

  it('under a misspelt key', async () => {
    expect(await lint([settings('  namespace: kserve\n', "  ingres: '{}'\n")])).toEqual([
      expect.objectContaining({ path: 'data.ingres', message: expect.stringContaining('Did you mean ingress?') }),
    ]);
  });

  it('in a namespace where nobody reads them', async () => {
    const data = "  ingress: '{}'\n";
    const [finding, ...others] = await lint([settings('  namespace: team-a\n', data)]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'warning',
      rule: 'SettingsNotRead',
      line: 5,
      path: 'metadata.namespace',
    });
    expect(finding?.message).toContain('in namespace kserve, and not in team-a');
    expect(await lint([settings('  namespace: team-a\n', data)], '--system-namespace', 'team-a')).toEqual([]);
    expect(await lint([settings('', data)])).toEqual([]);
  });

  it('of KServe are no mistake', async () => {
    const keys = ['ingressDomain', 'localGateway', 'pathTemplate', 'disableIngressCreation', 'enableGatewayAPI2'];
    const ingress = JSON.stringify(Object.fromEntries(keys.slice(0, -1).map((key) => [key, 'x'])));
    const storage = '{"cpuModelcar": "1", "memoryModelcar": "1", "uidModelcar": 1, "enableModelcar": true}';
    expect(
      await lint([
        settings(
          '  namespace: kserve\n',
          `  ingress: '${ingress}'\n  storageInitializer: '${storage}'\n  logger: '{}'\n`,
        ),
      ]),
    ).toEqual([]);
  });
});

describe('items that are written twice in one list', () => {
  it('are told of where the second stands, in every layer', async () => {
    const doubled = 'env: [{name: A, value: "1"}, {name: A, value: "2"}]';
    const findings = await lint([
      config('base', `{template: {containers: [{name: main, ${doubled}}]}}`),
      service(
        'one',
        'baseRefs: [{name: base}]',
        'template:',
        '  volumes: [{name: v, emptyDir: {}}, {name: v, hostPath: {path: /}}]',
        '  containers:',
        `  - {name: side, image: x, ${doubled}, ports: [{containerPort: 1}, {containerPort: 1, protocol: UDP}, {containerPort: 1, protocol: TCP}]}`,
        '  - {name: main, args: [--enforce-eager]}',
        '  - {name: main, volumeMounts: [{name: v, mountPath: /a}, {name: v, mountPath: /a, subPath: b}]}',
      ),
    ]);
    const lists = findings.filter(({ rule }) => rule === 'DuplicateListKey');
    expect(lists.map(({ severity, line, path }) => `${line} ${severity} ${path}`)).toEqual([
      '4 warning spec.template.containers[name=main].env[name=A]',
      '19 error spec.template.volumes[name=v]',
      '21 warning spec.template.containers[name=side].env[name=A]',
      '21 warning spec.template.containers[name=side].ports[containerPort=1]',
      '23 error spec.template.containers[name=main]',
      '23 error spec.template.containers[name=main].volumeMounts[mountPath=/a]',
    ]);
  });
});

it('a config that stands in a text which cannot be read is not to be created', async () => {
  const broken = 'apiVersion: serving.kserve.io/v1alpha2\nkind: LLMInferenceServiceConfig\nmetadata: {name: base\n';
  const findings = await lint([service('one', 'baseRefs: [{name: base}]'), broken]);
  expect(findings.map(({ rule }) => rule)).toEqual(['Input']);
});

it('arguments that are no text are said to be none', async () => {
  const env = '[{name: VLLM_ADDITIONAL_ARGS, value: 5}]';
  const findings = await lint([service('one', `template: {containers: [{name: main, env: ${env}}]}`)]);
  expect(briefly(findings)).toEqual([
    'InvalidField spec.template.containers[name=main].env[name=VLLM_ADDITIONAL_ARGS].value',
  ]);
});

it('objects without a namespace are named without one', async () => {
  const definition = object('apiextensions.k8s.io/v1', 'CustomResourceDefinition');
  const findings = await lint([SERVICE, definition, definition]);
  expect(findings.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^CustomResourceDefinition x is given/),
  ]);
});
