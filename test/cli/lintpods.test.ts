import { lint, service } from './linting.ts';

/** The findings about a service whose pods have the given template, YAML in one line. */
async function ofTemplate(template: string, ...fields: readonly string[]): Promise<readonly (readonly string[])[]> {
  const findings = await lint([service('one', `template: ${template}`, ...fields)]);
  return findings.map(({ severity, rule, path, message }) => [
    severity,
    rule,
    path.replace(/^spec\.template\./, ''),
    message,
  ]);
}

const ofMain = (resources: string, ...fields: readonly string[]): ReturnType<typeof ofTemplate> =>
  ofTemplate(`{containers: [{name: main, resources: ${resources}}]}`, ...fields);

describe('requests and limits', () => {
  const LIMIT = 'memory: 1Gi';

  it.each([
    [`{limits: {memory: 10 GB}}`, 'limits.memory', '(did you mean 10G?)'],
    [`{limits: {memory: 512mib}}`, 'limits.memory', '(did you mean 512Mi?)'],
    [`{limits: {${LIMIT}, cpu: 1 core}}`, 'limits.cpu', 'is "1 core"; allowed is a number with a unit at most'],
    [`{limits: {${LIMIT}}, requests: {memory: 2Gi}}`, 'requests.memory', 'allowed is at most the limit, 1Gi.'],
    [`{limits: {${LIMIT}, nvidia.com/gpu: -1}}`, 'limits[nvidia.com/gpu]', 'is -1; allowed is at least 0.'],
    [`{limits: {${LIMIT}, nvidia.com/gpu: 500m}}`, 'limits[nvidia.com/gpu]', 'allowed is a whole number'],
    [`{limits: {${LIMIT}}, requests: {rdma/hca: 1}}`, 'requests[rdma/hca]', 'the same in limits, where it is missing'],
    [`{limits: {${LIMIT}, rdma/hca: 2}, requests: {rdma/hca: 1}}`, 'requests[rdma/hca]', 'the same as in limits, 2'],
  ])('%s', async (resources, path, message) => {
    expect(await ofMain(resources)).toEqual([
      ['error', 'InvalidResources', `containers[name=main].resources.${path}`, expect.stringContaining(message)],
    ]);
  });

  it('that fit are not spoken of', async () => {
    expect(
      await ofMain(`{limits: {${LIMIT}, cpu: "1.5", rdma/hca: 1}, requests: {memory: 1e9, cpu: 500m, rdma/hca: "1"}}`),
    ).toEqual([]);
  });
});

describe('memory', () => {
  const main = 'containers[name=main].resources';

  it('is left to the preset where nobody writes resources', async () => {
    expect(await ofTemplate('{containers: [{name: main, args: [--enforce-eager]}]}')).toEqual([]);
  });

  it('is asked for by who writes resources, with a limit', async () => {
    expect(await ofMain('{limits: {nvidia.com/gpu: 1}}')).toEqual([
      ['advice', 'MemoryNotRequested', main, expect.stringContaining('asks for no memory')],
    ]);
    expect(await ofMain('{requests: {memory: 1Gi}}')).toEqual([
      ['advice', 'MemoryNotLimited', main, expect.stringContaining('has no limit of memory')],
    ]);
  });

  it('is asked for by containers that no preset has, init containers among them', async () => {
    const found = await ofTemplate(
      '{initContainers: [{name: prepare, image: x}], containers: [{name: side, image: x}]}',
    );
    expect(found.map(([, rule, path]) => `${rule} ${path}`)).toEqual([
      'MemoryNotRequested initContainers[name=prepare].resources',
      'MemoryNotRequested containers[name=side].resources',
    ]);
  });
});

describe('parts of a pod that are missing', () => {
  it('an image, most often for a misspelt name', async () => {
    const found = await ofTemplate('{containers: [{name: mian, args: [x]}, {name: logs, image: x}]}');
    expect(found.filter(([, rule]) => rule === 'ImageNotSet')).toEqual([
      ['error', 'ImageNotSet', 'containers[name=mian]', expect.stringContaining('Did you mean main?')],
    ]);
  });

  it('a volume that is mounted; those of presets and of the operator are there', async () => {
    const mounts = ['hoem', 'home', 'tls-certs', 'kserve-provision-location'].map(
      (name) => `{name: ${name}, mountPath: /${name}}`,
    );
    expect(await ofTemplate(`{containers: [{name: main, volumeMounts: [${mounts.join(', ')}]}]}`)).toEqual([
      [
        'error',
        'VolumeNotFound',
        'containers[name=main].volumeMounts[mountPath=/hoem]',
        'The pod has no volume hoem that could be mounted at /hoem. Did you mean home?',
      ],
    ]);
  });

  it('not, when a config that may bring them is missing', async () => {
    const found = await ofTemplate(
      '{containers: [{name: side, volumeMounts: [{name: v, mountPath: /v}]}]}',
      'baseRefs: [{name: nowhere}]',
    );
    expect(found.map(([, rule]) => rule)).toEqual(['ConfigNotFound']);
  });
});

describe('deprecated fields', () => {
  it('have successors', async () => {
    const found = await ofTemplate('{serviceAccount: default, volumes: [{name: v, gitRepo: {repository: x}}]}');
    expect(found).toEqual([
      ['advice', 'DeprecatedField', 'serviceAccount', expect.stringContaining('Write serviceAccountName.')],
      ['advice', 'DeprecatedField', 'volumes[name=v].gitRepo', expect.stringContaining('with an init container.')],
    ]);
  });
});

describe('devices', () => {
  const rules = async (limits: string, parallelism?: string, args = ''): Promise<readonly string[]> => {
    const found = await ofTemplate(
      `{containers: [{name: main, args: [${args}], resources: {limits: {memory: 1Gi, ${limits}}}}]}`,
      ...(parallelism === undefined ? [] : [`parallelism: ${parallelism}`]),
    );
    return found.map(([severity, rule, path]) => `${severity} ${rule} ${path?.replace(/^.*(limits|args)/, '$1')}`);
  };

  it.each([
    ['nvidia.com/gpu: 4', '{tensor: 8}', ['warning DeviceCountMismatch limits[nvidia.com/gpu]']],
    ['amd.com/gpu: 4', '{tensor: 8}', ['warning DeviceCountMismatch limits[amd.com/gpu]']],
    ['amd.com/gpu: 8', '{tensor: 8}', []],
    ['nvidia.com/gpu: 4', undefined, ['warning DevicesUnused limits[nvidia.com/gpu]']],
    ['amd.com/gpu: 2', '{expert: true}', ['warning DevicesUnused limits[amd.com/gpu]']],
    ['nvidia.com/gpu: 1, rdma/hca: 4', undefined, []],
    ['rdma/hca: 8', '{tensor: 2}', []],
  ])('%s with %s', async (limits, parallelism, expected) => {
    expect(await rules(limits, parallelism)).toEqual(expected);
  });

  it('that flags divide the model over are told of by the flag', async () => {
    expect(await rules('nvidia.com/gpu: 4', undefined, '--tensor-parallel-size=4')).toEqual([
      'warning ParallelismFlag args[0]',
    ]);
    expect(await rules('nvidia.com/gpu: 1', undefined, '-pp, "2", -dp=3')).toEqual([
      'warning ParallelismFlag args[0]',
      'warning ParallelismFlag args[2]',
    ]);
  });

  it('of a container that runs something else are its own business', async () => {
    const main =
      '{name: main, image: "sglang:1", command: [sglang], resources: {limits: {memory: 1Gi, nvidia.com/gpu: 4}}}';
    expect(await ofTemplate(`{containers: [${main}]}`)).toEqual([]);
  });

  it('in the variable for more arguments, too, and in prefill pods', async () => {
    const env = 'env: [{name: VLLM_ADDITIONAL_ARGS, value: "--data-parallel-size 2"}]';
    const found = await lint([
      service(
        'one',
        `template: {containers: [{name: main, ${env}}]}`,
        'prefill: {parallelism: {tensor: 2}, template: {containers: [{name: main, args: [-tp, "4", --dtpye, auto]}]}}',
      ),
    ]);
    expect(found.filter(({ rule }) => rule !== 'UnbuiltFeature').map(({ rule, path }) => `${rule} ${path}`)).toEqual([
      'ParallelismFlag spec.template.containers[name=main].env[name=VLLM_ADDITIONAL_ARGS].value',
      'ParallelismFlag spec.prefill.template.containers[name=main].args[0]',
      'VLLMFlag spec.prefill.template.containers[name=main].args[2]',
    ]);
  });
});
