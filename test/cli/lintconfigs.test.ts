import { installedPresets } from '../support/presets.ts';
import { writeDocuments } from '../support/yaml.ts';
import { briefly, config, lint, service } from './linting.ts';

describe('a config that no service of the input uses', () => {
  it('has its flags, values and deprecated fields looked at', async () => {
    const main =
      '{name: main, args: [--max-modle-len, "1"], env: [{name: VLLM_ADDITIONAL_ARGS, value: --enable-prefix-chaching}]}';
    const findings = await lint([
      config(
        'shared',
        `{model: {uri: "ftp://x"}, replicas: -1, labels: {"a b": x}, parallelism: {pipeline: 2, data: 2, dataLocal: 1}, template: {serviceAccount: x, containers: [${main}]}, prefill: {template: {containers: [{name: main, args: [--dtpye, auto]}]}}}`,
      ),
    ]);
    expect(briefly(findings)).toEqual([
      'DeprecatedField spec.template.serviceAccount',
      'InvalidField spec.labels[a b]',
      'InvalidField spec.model.uri',
      'InvalidField spec.parallelism',
      'InvalidField spec.replicas',
      'VLLMFlag spec.prefill.template.containers[name=main].args[0]',
      'VLLMFlag spec.template.containers[name=main].args[0]',
      'VLLMFlag spec.template.containers[name=main].env[name=VLLM_ADDITIONAL_ARGS].value',
    ]);
    expect(findings.filter(({ rule }) => rule === 'VLLMFlag').map(({ severity }) => severity)).toEqual([
      'error',
      'error',
      'error',
    ]);
  });

  it('is not told that it names other configs twice, nor by two rules that a value has the wrong type', async () => {
    const findings = await lint([
      config('shared', '{baseRefs: [{name: other}], replicas: "2", parallelism: {tensor: x}}'),
    ]);
    expect(findings.map(({ path }) => path)).toEqual(['spec.baseRefs', 'spec.replicas', 'spec.parallelism.tensor']);
  });

  it('may lack what a service adds, and have templates', async () => {
    const findings = await lint([
      config(
        'shared',
        '{model: {name: "{{ .ObjectMeta.Name }}"}, worker: {}, parallelism: {data: 2}, scaling: {maxReplicas: 3, keda: {triggers: [{type: cpu, metadata: {value: "50"}}], idleReplicaCount: 1}}, router: {route: {weight: 5, http: {refs: [{name: a}]}}, gateway: {}}, template: {containers: [{name: main, args: ["--dtype", "{{ .Spec.Model.Name }}", "{{ if .Spec.Model }}--enforce-eager{{ end }}", "--dtype", "{{ if .Spec.Model }}auto{{ else if .Spec.Replicas }}half{{ else }}float{{ end }}"]}, {name: side}]}}',
      ),
    ]);
    expect(findings).toEqual([]);
  });

  it('may be one of the presets', async () => {
    expect(await lint([writeDocuments(installedPresets())])).toEqual([]);
  });
});

it('says the same once of a config and of the services that use it, in the words that know the image', async () => {
  const findings = await lint([
    config('shared', '{template: {containers: [{name: main, args: [--max-modle-len, "1"]}]}, labels: {"a b": x}}'),
    service('one', 'baseRefs: [{name: shared}]'),
    service(
      'two',
      'baseRefs: [{name: shared}]',
      'template: {containers: [{name: main, args: [], image: "own/vllm:1"}]}',
    ),
  ]);
  expect(findings.map(({ severity, path }) => `${severity} ${path}`)).toEqual([
    'error spec.template.containers[name=main].args[0]',
    'warning spec.template.containers[name=main].args[0]',
    'error spec.labels[a b]',
  ]);
  expect(findings[1]?.message).toMatch(
    /Did you mean --max-model-len\? The vLLM in own\/vllm:1 may know other flags\.$/,
  );
});

it('leaves out what is not certain of a config where its only service uses another image', async () => {
  const findings = await lint([
    config('shared', '{template: {containers: [{name: main, args: [--max-modle-len, "1"]}]}}'),
    service('one', 'baseRefs: [{name: shared}]', 'template: {containers: [{name: main, image: "own/vllm:1"}]}'),
  ]);
  expect(findings.map(({ severity, line }) => `${severity} ${line}`)).toEqual(['warning 4']);
});

it('knows that a config which sets it contradicts its own count', async () => {
  const findings = await lint([
    config(
      'shared',
      '{scaling: {minReplicas: 1, keda: {triggers: [{type: cpu, metadata: {value: "50"}}], idleReplicaCount: 1}}}',
    ),
  ]);
  expect(briefly(findings)).toEqual(['InvalidField spec.scaling.keda.idleReplicaCount']);
});

it('goes on after items of lists that have the wrong type or are null', async () => {
  const findings = await lint([
    config(
      'shared',
      '{template: {containers: [null, 5, {name: main, args: [[x], --dtype, {a: b}, --max-modle-len, "1"], env: [null], volumeMounts: [null]}]}}',
    ),
  ]);
  expect(findings.map(({ rule, path }) => `${rule} ${path}`)).toEqual([
    'Schema spec.template.containers[0]',
    'Schema spec.template.containers[1]',
    'Schema spec.template.containers[name=main].args[0]',
    'Schema spec.template.containers[name=main].args[2]',
    'VLLMFlag spec.template.containers[name=main].args[3]',
    'Schema spec.template.containers[name=main].env[0]',
    'Schema spec.template.containers[name=main].volumeMounts[0]',
  ]);
});
