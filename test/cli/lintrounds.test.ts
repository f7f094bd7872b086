import { assert, asyncProperty, subarray } from 'fast-check';
import { violations } from '../../src/cli/lint/schema.ts';
import { SEED } from '../support/runs.ts';
import { edits, nearest } from '../../src/cli/lint/nearest.ts';
import { SERVICE } from './cliprocess.ts';
import { briefly, config, lint as lintAll } from './linting.ts';

const lint = (...objects: readonly string[]): ReturnType<typeof lintAll> => lintAll(objects);

describe('one run finds everything', () => {
  const FLAG = '{containers: [{name: main, args: [--max-modle-len, "1"]}]}';

  it('beside an unknown field, a wrong type and a config that is missing', async () => {
    const findings = await lint(
      `${SERVICE}  replcas: 2
  baseRefs: [{name: nowhere}]
  parallelism: {tensor: two, pipeline: 0}
  labels: {"bad key": x}
  storageInitializer: {enabled: "yes"}
  template: ${FLAG.replace('main, ', 'main, image: 5, ')}
`,
    );
    expect(briefly(findings)).toEqual([
      'ConfigNotFound spec.baseRefs[0].name',
      'InvalidField spec.labels[bad key]',
      'InvalidField spec.parallelism.pipeline',
      'InvalidField spec.parallelism.tensor',
      'InvalidField spec.storageInitializer.enabled',
      'InvalidField spec.template.containers[name=main].image',
      'Schema spec.replcas',
      'VLLMFlag spec.template.containers[name=main].args[0]',
    ]);
  });

  it('beside problems in configs, at their places', async () => {
    const findings = await lint(
      config(
        'one',
        '{replcas: 2, template: {containers: [{name: main, env: [{name: A, value: "{{ .Spec.Nope }}"}]}]}}',
      ),
      config('two', `{parallelism: {tensor: x}, template: ${FLAG}}`),
      `${SERVICE}  baseRefs: [{name: one}, {name: two}]\n`,
    );
    expect(findings.map(({ line, rule, path }) => `${line} ${rule} ${path}`)).toEqual([
      '4 Schema spec.replcas',
      '4 TemplateFailed spec.template.containers[name=main].env[name=A].value',
      '9 InvalidField spec.parallelism.tensor',
      '9 VLLMFlag spec.template.containers[name=main].args[0]',
    ]);
  });

  it('about one field in several layers', async () => {
    const findings = await lint(
      config('base', '{replicas: many, modle: {}}'),
      `${SERVICE.replace('hf:', 'ftp:')}  baseRefs: [{name: base}]\n  replicas: -1\n`,
    );
    expect(findings.map(({ line, rule, path }) => `${line} ${rule} ${path}`)).toEqual([
      '4 InvalidField spec.replicas',
      '4 Schema spec.modle',
      '12 InvalidField spec.model.uri',
      '18 InvalidField spec.replicas',
    ]);
  });

  it('of templates, each with its own failure', async () => {
    const text = '"{{ .Spec.Foo }}"';
    const findings = await lint(
      `${SERVICE}  template: {containers: [{name: main, image: ${text}, args: [--dtype, ${text}, --dtyp, x], env: [{name: A, value: ${text}}]}]}\n`,
    );
    expect(briefly(findings)).toEqual([
      'TemplateFailed spec.template.containers[name=main].args[1]',
      'TemplateFailed spec.template.containers[name=main].env[name=A].value',
      'TemplateFailed spec.template.containers[name=main].image',
      'VLLMFlag spec.template.containers[name=main].args[2]',
    ]);
  });

  it('without what only follows from another problem', async () => {
    const findings = await lint(
      SERVICE.replace('uri: hf://org/model', 'urii: hf://org/model'),
      `${SERVICE.replace('name: qwen', 'name: other')}  worker: {containers: []}\n  parallelism: {pipeline: two}\n`,
      SERVICE.replace('name: qwen', 'name: third').replace(/uri: .*/, 'uri: [a]'),
      SERVICE.replace('name: qwen', 'name: fourth').replace(/ {2}model:\n.*\n.*\n/, '  baseRefs: [{name: nowhere}]\n'),
    );
    expect(briefly(findings.filter(({ rule }) => rule !== 'UnbuiltFeature'))).toEqual([
      'ConfigNotFound spec.baseRefs[0].name',
      'InvalidField spec.model.uri',
      'InvalidField spec.parallelism.pipeline',
      'Schema spec.model.urii',
    ]);
  });

  it('of what is looked at last, where the workload is held back', async () => {
    const findings = await lint(
      `${SERVICE.replace('hf:', 'ftp:')}  template: {initContainers: [{name: storage-initializer, args: [x]}]}\n`,
    );
    expect(briefly(findings)).toEqual([
      'FieldOverridden spec.template.initContainers[name=storage-initializer].args',
      'InvalidField spec.model.uri',
    ]);
  });
});

/** Mistakes that do not depend on each other: what each adds to a spec or its container, and the finding about it. */
const MISTAKES: readonly { readonly spec?: object; readonly main?: object; readonly finding: string }[] = [
  { spec: { replcas: 2 }, finding: 'Schema spec.replcas' },
  { spec: { storageInitializer: { enabled: 'yes' } }, finding: 'InvalidField spec.storageInitializer.enabled' },
  { spec: { baseRefs: [{ name: 'base' }, { name: 'nowhere' }] }, finding: 'ConfigNotFound spec.baseRefs[1].name' },
  { spec: { model: { uri: 'ftp://a/b', name: 'b' } }, finding: 'InvalidField spec.model.uri' },
  { spec: { labels: { 'bad key': 'x' } }, finding: 'InvalidField spec.labels[bad key]' },
  { spec: { parallelism: { tensor: 'x' } }, finding: 'InvalidField spec.parallelism.tensor' },
  { spec: { router: { route: {}, gatway: {} } }, finding: 'Schema spec.router.gatway' },
  { main: { image: '{{ .Spec.Foo }}' }, finding: 'TemplateFailed image' },
  { main: { env: [{ name: 'A', value: '{{ .Nope }}' }] }, finding: 'TemplateFailed env[name=A].value' },
  { main: { args: ['--max-modle-len', '1'] }, finding: 'VLLMFlag args[0]' },
  { main: { resources: { limits: { memory: '10 GB' } } }, finding: 'InvalidResources resources.limits.memory' },
  { main: { imagePullPolicy: 5 }, finding: 'Schema imagePullPolicy' },
  { main: { volumeMounts: [{ name: 'hoem', mountPath: '/x' }] }, finding: 'VolumeNotFound volumeMounts[mountPath=/x]' },
];

it('finds every mistake whatever others there are', async () => {
  const base = { model: { uri: 'hf://a/b', name: 'b' }, router: { route: {} }, baseRefs: [{ name: 'base' }] };
  await assert(
    asyncProperty(subarray([...MISTAKES]), async (mistakes) => {
      const main = Object.assign({ name: 'main' }, ...mistakes.map((mistake) => mistake.main ?? {})) as object;
      const spec = Object.assign({}, base, ...mistakes.map((mistake) => mistake.spec ?? {})) as typeof base;
      const object = { apiVersion: 'serving.kserve.io/v1alpha2', kind: 'LLMInferenceService', metadata: { name: 'x' } };
      const input = JSON.stringify({ ...object, spec: { ...spec, template: { containers: [main] } } });
      const findings = await lint(`${input}\n`, config('base', '{modle: {}}'));
      const missing = spec.baseRefs.length > 1;
      // A mount may be that of a volume which the missing config has.
      const expected = mistakes.filter(({ finding }) => !missing || !finding.startsWith('VolumeNotFound'));
      const found = briefly(findings).map((text) => text.replace('spec.template.containers[name=main].', ''));
      expect(found.toSorted()).toEqual([...expected.map(({ finding }) => finding), 'Schema spec.modle'].toSorted());
    }),
    { numRuns: 40, seed: SEED },
  );
});

describe('the schema has the better words', () => {
  it('for a field that does not exist, in a service as in a config', async () => {
    const findings = await lint(
      `${SERVICE}  replcas: 2\n  baseRefs: [{name: base}]\n`,
      config('base', '{modle: {}, replcas: 1}'),
    );
    expect(findings.map(({ rule, message }) => [rule, message])).toEqual([
      ['Schema', 'There is no field replcas here. Did you mean replicas?'],
      ['Schema', 'There is no field modle here. Did you mean model?'],
      ['Schema', 'There is no field replcas here. Did you mean replicas?'],
    ]);
  });

  it.each(['foo', '[]'])('for a spec that is %s', async (spec) => {
    const user = SERVICE.replace('name: qwen', 'name: user');
    const findings = await lint(
      SERVICE.replace(/spec:[^]*/, `spec: ${spec}\n`),
      config('base', spec),
      `${user}  baseRefs: [{name: base}]\n`,
    );
    expect(briefly(findings)).toEqual(['Schema spec', 'Schema spec']);
  });

  it('and leaves required fields out where a misspelt one was meant', async () => {
    const findings = await lint(`${SERVICE}  template: {containers: [{nmae: main}]}\n`);
    expect(findings.map(({ message }) => message)).toEqual(['There is no field nmae here. Did you mean name?']);
  });
});

describe('the nearest name', () => {
  it('counts neighbours in the wrong order as one edit', () => {
    expect(edits('nmae', 'name')).toBe(1);
    expect(edits('ab', 'ba')).toBe(1);
    expect(edits('kitten', 'sitting')).toBe(3);
    expect(nearest('nmae', ['image', 'name'])).toBe('name');
  });

  it('of a field is rather one that is required, and least one that is there', () => {
    const schema = { type: 'object', properties: { port: {}, part: {}, post: {} } };
    const meant = (value: object, required: readonly string[]): unknown =>
      violations(value, { ...schema, required }).find(({ fault }) => fault === 'unknown')?.field;
    expect(meant({ pot: 1 }, [])).toBe('port');
    expect(meant({ pot: 1 }, ['post'])).toBe('post');
    expect(meant({ pot: 1, port: 1 }, [])).toBe('post');
    expect(meant({ pot: 1, port: 1, post: 1 }, [])).toBe('port');
  });

  it('is the first of those that are equally near, and none where nothing is left of the word', () => {
    expect(nearest('nome', ['name', 'home'])).toBe('name');
    expect(nearest('xy', ['ip', 'q'])).toBeUndefined();
  });
});
