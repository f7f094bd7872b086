import { join } from 'node:path';
import { flagFaults } from '../../src/cli/vllm/flags.ts';
import { shellWords } from '../../src/cli/vllm/shell.ts';
import { installedPresets } from '../support/presets.ts';
import { writeDocuments } from '../support/yaml.ts';
import { llmisvc, SERVICE, useFolder } from './cliprocess.ts';
import type { Finding } from './linting.ts';

const folder = useFolder();
const ROOT = join(import.meta.dirname, '..', '..');

async function lint(
  input: string,
  ...options: readonly string[]
): Promise<{ code: number; findings: readonly Finding[] }> {
  const { code, stdout } = await llmisvc(['lint', '-f', '-', '-o', 'json', ...options], { input });
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
  return { code, findings: findings.filter(({ rule }) => rule !== 'MemoryNotRequested') };
}

const withMain = (container: string): string =>
  `${SERVICE}  template:\n    containers:\n    - name: main\n      ${container}\n`;

it('finds nothing in the examples and the presets, not even something to advise', async () => {
  const presets = folder.write('presets.yaml', writeDocuments(installedPresets()));
  const { code, stdout } = await llmisvc(['lint', '-f', join(ROOT, 'examples'), '-f', presets, '--fail-on', 'advice']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '5 services: 0 errors, 0 warnings, 0 of advice.\n' });
});

describe('what the API server would refuse', () => {
  it('an unknown field of the pod template, with the one that was meant', async () => {
    const { code, findings } = await lint(withMain('imagePullPolice: Always'));
    expect(code).toBe(1);
    expect(findings).toEqual([
      expect.objectContaining({
        severity: 'error',
        rule: 'Schema',
        line: 15,
        column: 7,
        path: 'spec.template.containers[name=main].imagePullPolice',
        message: 'There is no field imagePullPolice here. Did you mean imagePullPolicy?',
      }),
    ]);
  });

  it.each([
    ['a wrong type', 'tty: "yes"', 'allowed is true or false.'],
    [
      'a value out of its range',
      'startupProbe: {httpGet: {path: /, port: 8000}, periodSeconds: x}',
      'allowed is an integer.',
    ],
    ['a field that is required', 'startupProbe: {httpGet: {path: /}}', 'Field port is not set; it is required here.'],
  ])('%s', async (_what, container, message) => {
    const { findings } = await lint(withMain(container));
    expect(findings.map((finding) => finding.message)).toEqual([expect.stringContaining(message)]);
  });

  it('a value that is not among the allowed ones', async () => {
    const route = 'route: {http: {spec: {rules: [{matches: [{path: {type: Prefix, value: /x}}]}]}}}';
    const { findings } = await lint(SERVICE.replace('route: {}', route));
    expect(findings.map(({ path, message }) => [path, message])).toEqual([
      [
        'spec.router.route.http.spec.rules[0].matches[0].path.type',
        'The value is "Prefix"; allowed is one of Exact, PathPrefix, RegularExpression.',
      ],
    ]);
  });

  it('in a config that no service uses, too', async () => {
    const config = withMain('image: [a]').replace('LLMInferenceService', 'LLMInferenceServiceConfig');
    const { findings } = await lint(config);
    expect(findings.map(({ rule, message }) => [rule, message])).toEqual([
      ['Schema', 'The value is ["a"]; allowed is a string; write it in quotes.'],
    ]);
  });
});

describe('what conditions would say', () => {
  it('appears once, under the name of the problem', async () => {
    const { findings } = await lint(`${SERVICE}  worker: {containers: []}\n  parallelism: {data: 2, dataLocal: 1}\n`);
    expect(findings.map(({ rule, path }) => [rule, path])).toEqual([['UnbuiltFeature', 'spec.worker']]);
  });

  it('includes warnings, which fail on demand', async () => {
    const input = `${withMain('resources: {limits: {nvidia.com/gpu: 1}}')}  parallelism: {tensor: 2}\n`;
    const { code, findings } = await lint(input);
    expect(findings.map(({ severity, rule }) => [severity, rule])).toEqual([['warning', 'DeviceCountMismatch']]);
    expect(code).toBe(0);
    expect((await lint(input, '--fail-on', 'warning')).code).toBe(1);
  });
});

describe('advice', () => {
  it('on flags that vLLM does not know, with the nearest one, at the argument', async () => {
    const { findings } = await lint(withMain('args: ["--max-model-len", "16", "--gpu-memory-utilisation=0.9"]'));
    expect(findings).toEqual([
      expect.objectContaining({
        severity: 'error',
        rule: 'VLLMFlag',
        line: 15,
        path: 'spec.template.containers[name=main].args[2]',
        message: expect.stringContaining(
          'has no flag --gpu-memory-utilisation. Did you mean --gpu-memory-utilization?',
        ),
      }),
    ]);
  });

  it('on flags in VLLM_ADDITIONAL_ARGS, and only a warning for another image', async () => {
    const env = 'env: [{name: VLLM_ADDITIONAL_ARGS, value: "--enable-prefix-chaching --dtype float17"}]';
    const { findings } = await lint(withMain(`image: registry/vllm:1\n      ${env}`));
    expect(findings.map(({ severity, message }) => [severity, message])).toEqual([
      ['warning', expect.stringContaining('Did you mean --enable-prefix-caching?')],
      ['warning', expect.stringContaining('for --dtype, not "float17".')],
    ]);
  });

  it('not on the command line of another program', async () => {
    const { findings } = await lint(
      withMain('command: [python, server.py]\n      args: ["--foo"]\n      image: other'),
    );
    expect(findings).toEqual([]);
  });

  it('on a flag that contradicts the parallelism, and on parallelism without devices', async () => {
    const flag = await lint(withMain('args: ["--tensor-parallel-size=4"]'));
    expect(flag.findings.map(({ rule, message }) => [rule, message])).toEqual([
      ['ParallelismFlag', expect.stringContaining('where tensor is 1.')],
    ]);
    const none = await lint(`${withMain('resources: {limits: {nvidia.com/gpu: 0}}')}  parallelism: {tensor: 2}\n`);
    expect(none.findings.map(({ rule }) => rule)).toEqual(['NoDevices']);
  });

  it('on a deprecated field', async () => {
    const { findings } = await lint(`${SERVICE}  template: {serviceAccount: default}\n`);
    expect(findings.map(({ rule, message }) => [rule, message])).toEqual([
      ['DeprecatedField', expect.stringContaining('Write serviceAccountName.')],
    ]);
  });
});

describe('words of vLLM’s command line', () => {
  it.each([
    [['--max_model_len', '5'], []],
    [['--kv-transfer-config.kv_role', 'x'], []],
    [['--no-enable-prefix-caching'], []],
    [['$EXTRA', '"$@"', '--port', '${PORT}'], []],
    [['--enable-lora-'], ['--enable-lora']],
    [['--dtype', 'half'], []],
    [['--nothing-like-any-flag-at-all'], ['Remove it.']],
  ])('%j', (words, messages) => {
    expect(flagFaults(words).map(({ message }) => message)).toEqual(
      messages.map((text) => expect.stringContaining(text)),
    );
  });

  it('are read as a shell reads them', () => {
    expect(shellWords(`--a 'b c' "d \\"e\\"" f\\ g \\\n --h='{"i": 1}'`)).toEqual([
      '--a',
      'b c',
      'd "e"',
      'f g',
      '--h={"i": 1}',
    ]);
  });
});

it('reports files that cannot be read', async () => {
  const { code, stdout } = await llmisvc(['lint', '-f', '-'], { input: 'kind: [\n' });
  expect(code).toBe(1);
  expect(stdout).toContain('[Input]\n0 services: 1 error, 0 warnings, 0 of advice.\n');
});
