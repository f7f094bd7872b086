import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OUR_CRDS, untilEstablished } from '../../local/crds.ts';
import { DEPLOYMENT } from '../../src/api/children.ts';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceServiceConfig } from '../../src/api/llmisvc.ts';
import { service } from '../shell/configinput.ts';
import { resolvedWithPresets } from '../shell/presetinput.ts';
import { useControlPlane, waitFor } from '../support/controlplane.ts';
import { kubectlOf, manifest } from '../support/installed.ts';
import { installedPresets } from '../support/presets.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, 'manifests/base/presets');
const CONFIGS = 'llminferenceserviceconfigs.serving.kserve.io';
const presets = installedPresets();
const controlPlane = useControlPlane({ controllers: false, scheduler: false });
const kubectl = kubectlOf(controlPlane);

async function stored(): Promise<readonly LLMInferenceServiceConfig[]> {
  const answer = await kubectl(['get', CONFIGS, '-n', 'kserve', '-o', 'json']);
  return (JSON.parse(answer) as { readonly items: readonly LLMInferenceServiceConfig[] }).items;
}

beforeAll(async () => {
  await kubectl(['create', 'namespace', 'kserve']);
}, 30_000);

describe.each([
  ['crds', '-k'],
  ['crds/full', '-f'],
])('the presets under %s', (flavour, how) => {
  beforeAll(async () => {
    await kubectl(['apply', '--server-side', '--force-conflicts', how, join(ROOT, flavour)]);
    await untilEstablished(controlPlane(), OUR_CRDS);
    // Only the full flavour knows the fields of a container.
    const template = { containers: [{ name: 'main', imagePullPolice: 'Always' }] };
    const typo = manifest({ ...LLMISVC_CONFIG, metadata: { name: 'typo', namespace: 'kserve' }, spec: { template } });
    await waitFor(`${flavour} to be served`, 30_000, async () => {
      const tried = ['create', '--dry-run=server', '--validate=strict', '-f', '-'];
      const { stderr, code } = await controlPlane().kubectl(tried, { input: typo });
      return flavour === 'crds' ? code === 0 || undefined : stderr.includes('imagePullPolice') || undefined;
    });
  }, 60_000);

  it('are admitted, all of them', async () => {
    const lines = await kubectl(['apply', '--server-side', '--validate=strict', '-k', FOLDER]);
    expect(lines.match(/serverside-applied$/gm)).toHaveLength(presets.length);
  }, 30_000);

  it('are stored as they are carried by the command line', async () => {
    const byName = new Map((await stored()).map((config) => [config.metadata.name, config]));
    for (const { metadata, spec } of presets) expect(byName.get(metadata.name)).toMatchObject({ metadata, spec });
  }, 30_000);

  it('do not change when they are applied again', async () => {
    const before = (await stored()).map(({ metadata }) => metadata.resourceVersion);
    await kubectl(['apply', '--server-side', '-k', FOLDER]);
    expect((await stored()).map(({ metadata }) => metadata.resourceVersion)).toEqual(before);
  }, 30_000);
});

describe('the pods and the merged specs of the presets', () => {
  const plugins = [{ type: 'predicted-latency-producer' }];
  const scheduler = { config: { inline: { kind: 'EndpointPickerConfig', plugins } }, tokenizer: {} };
  const group = { worker: {}, parallelism: { data: 16, dataLocal: 8 } };
  const SERVICES = {
    'one node': {},
    'one node each for prefill and decode': { prefill: {}, router: { scheduler } },
    'several nodes': { ...group, router: { scheduler: {} } },
    'several nodes each for prefill and decode': { ...group, prefill: group },
  };

  it.each(
    Object.entries(SERVICES).flatMap(([name, spec]) =>
      [false, true].map((enableTLS) => [name, enableTLS, spec] as const),
    ),
  )('of %s (TLS: %j) are what the API server takes', async (_name, enableTLS, spec) => {
    const own = service({ model: { uri: 'hf://org/m', name: 'm' }, ...spec });
    const merged = resolvedWithPresets(own, [], { enableTLS }).spec;
    const { template, worker, prefill, router } = merged;
    const pods = [template, worker, prefill?.template, prefill?.worker];
    const all = [...pods, router?.scheduler?.template, router?.scheduler?.tokenizer?.template];
    const deployments = all
      .filter((pod) => pod !== undefined)
      .map((pod, index) => ({
        ...DEPLOYMENT,
        metadata: { name: `pod-${index}`, namespace: 'default' },
        spec: {
          selector: { matchLabels: { app: 'tried' } },
          template: { metadata: { labels: { app: 'tried' } }, spec: { ...pod, serviceAccountName: undefined } },
        },
      }));
    // The merged spec is judged by the definitions, too, before anything is written.
    const whole = { ...LLMISVC, metadata: { name: 'tried', namespace: 'default' }, spec: merged };
    const created = ['create', '--dry-run=server', '--validate=strict', '-f', '-'];
    const lines = await kubectl(created, { input: manifest(whole, ...deployments) });
    expect(lines.match(/created \(server dry run\)$/gm)).toHaveLength(deployments.length + 1);
  });
});
