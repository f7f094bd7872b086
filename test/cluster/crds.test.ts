import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OUR_CRDS, untilEstablished } from '../../local/crds.ts';
import { parse } from 'yaml';
import { LLMISVC, LLMISVC_CONFIG } from '../../src/api/llmisvc.ts';
import { envoyGatewayModuleDir } from '../../local/programs/gomodule.ts';
import { useControlPlane, waitFor } from '../support/controlplane.ts';
import { kubectlOf, manifest } from '../support/installed.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SMALL_LIMIT = 140 * 1024;
const controlPlane = useControlPlane({ controllers: false, scheduler: false });
const kubectl = kubectlOf(controlPlane);

const FLAVOURS = ['crds', 'crds/full'] as const;
const filesOf = (flavour: string): readonly string[] =>
  readdirSync(join(ROOT, flavour))
    .filter((file) => file.startsWith('serving.kserve.io_'))
    .map((file) => join(ROOT, flavour, file));
const examples = readdirSync(join(ROOT, 'examples')).map((file) => join(ROOT, 'examples', file));

type Spec = Readonly<Record<string, unknown>>;
const VALID: Spec = { model: { uri: 'hf://org/model' } };

function object(kind: { readonly apiVersion: string; readonly kind: string }, name: string, spec: Spec): object {
  return { ...kind, metadata: { name, namespace: 'default' }, spec };
}
const service = (spec: Spec, name = 'tried'): object => object(LLMISVC, name, spec);
const config = (spec: Spec): object => object(LLMISVC_CONFIG, 'tried', spec);

/** The API server's answer to creating the object; nothing is stored. */
async function tried(candidate: object): Promise<string> {
  const result = await controlPlane().kubectl(['create', '--dry-run=server', '-f', '-'], {
    input: manifest(candidate),
  });
  return result.code === 0 ? 'accepted' : result.stderr;
}

async function established(): Promise<void> {
  await untilEstablished(controlPlane(), OUR_CRDS);
  await waitFor('the kinds to be served', 30_000, async () => {
    const result = await controlPlane().kubectl(['get', 'llmisvc,llminferenceserviceconfigs', '-A']);
    return result.code === 0 || undefined;
  });
}

beforeAll(async () => {
  const gatewayApi = join(await envoyGatewayModuleDir(), 'charts/gateway-helm/charts/crds/crds/gatewayapi-crds.yaml');
  await kubectl(['apply', '--server-side', '-f', gatewayApi]);
  // Plain, client-side apply: it writes all of the object into an annotation, which may have 256 KiB.
  await kubectl(['apply', '-k', join(ROOT, 'crds')]);
  await established();
  await kubectl(['create', 'namespace', 'kserve']);
}, 60_000);

describe('the generated CRDs', () => {
  it('are what the generator writes', () => {
    const check = (): unknown => execFileSync(process.execPath, [join(ROOT, 'scripts/crds.ts'), '--check'], PIPED);
    expect(check).not.toThrow();
  }, 30_000);

  it('stay below 140 KiB in the small flavour', () => {
    const sizes = filesOf('crds').map((file) => statSync(file).size);
    expect(sizes).toHaveLength(2);
    for (const size of sizes) expect(size).toBeLessThan(SMALL_LIMIT);
  });

  it('have no defaults outside of the embedded schemas of Kubernetes and the Gateway API', () => {
    for (const file of filesOf('crds'))
      expect(JSON.stringify(parse(readFileSync(file, 'utf8')))).not.toContain('"default":');
  });
});

describe('the component without the short name of the routes', () => {
  it('leaves it out, and nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'llmisvc-crds-'));
    try {
      const from = (part: string): string => relative(realpathSync(folder), join(ROOT, part));
      const kustomization = { resources: [from('crds')], components: [from('crds/without-route')] };
      writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
      const [plain, without] = await Promise.all(
        [join(ROOT, 'crds'), folder].map(async (path) => kubectl(['kustomize', path])),
      );
      expect(plain).toContain('- route\n');
      expect(without).toBe(plain?.replace(/ *- route\n/, ''));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('what kubectl shows of a service', () => {
  beforeAll(async () => {
    const spec = { ...VALID, replicas: 2, router: { route: {}, gateway: {} } };
    await kubectl(['apply', '-f', '-'], { input: manifest(labelled(service(spec, 'shown'))) });
    await kubectl(['apply', '-f', '-'], { input: manifest(labelled(service(VALID, 'other'), 'other')) });
    const status = {
      url: 'https://127.0.0.1/default/shown',
      annotations: { 'llmisvc.serving.kserve.io/devices': '1 nvidia.com/gpu' },
      conditions: [{ type: 'Ready', status: 'Unknown', reason: 'Progressing', message: 'Loading.' }],
    };
    const patch = JSON.stringify({ status });
    await kubectl(['patch', 'llmisvc', 'shown', '--subresource=status', '--type=merge', '-p', patch]);
  }, 30_000);

  it('is found by label and short name, with its URL', async () => {
    const selection = ['-l', 'serving.kserve.io/inferenceservice=shown'];
    const url = await kubectl(['get', 'route', ...selection, '-o', 'jsonpath={.items[0].status.url}']);
    expect(url).toBe('https://127.0.0.1/default/shown');
  });

  it('has the columns of the documentation', async () => {
    const [head = '', row = ''] = (await kubectl(['get', 'llmisvc', 'shown'])).split('\n');
    expect(head.split(/\s{2,}/).map((text) => text.trim())).toEqual(['NAME', 'URL', 'READY', 'REASON', 'AGE']);
    expect(row).toMatch(/^shown\s+https:\/\/127\.0\.0\.1\/default\/shown\s+Unknown\s+Progressing\s+\d+s\s*$/);
  });

  it('has model, GPUs and replicas when it is shown wide', async () => {
    const [head = '', row = ''] = (await kubectl(['get', 'llmisvc', 'shown', '-o', 'wide'])).split('\n');
    expect(
      head
        .trim()
        .split(/\s{2,}/)
        .slice(-3),
    ).toEqual(['MODEL', 'GPUS', 'REPLICAS']);
    expect(row).toMatch(/\s+hf:\/\/org\/model\s+1 nvidia\.com\/gpu\s+2\s*$/);
  });

  it('has no field in its spec that the user did not write', async () => {
    const stored = JSON.parse(await kubectl(['get', 'llmisvc', 'shown', '-o', 'json'])) as { spec: Spec };
    expect(stored.spec).toEqual({ ...VALID, replicas: 2, router: { route: {}, gateway: {} } });
  });
});

describe('the rules of admission', () => {
  // Each row: what is refused, the sentence that says what to write instead, and a near-by spec that is accepted.
  const RULES: readonly (readonly [what: string, bad: Spec, sentence: string, good: Spec])[] = [
    [
      'a model URI without scheme',
      { model: { uri: 'Qwen/Qwen2.5-7B-Instruct' } },
      'spec.model.uri: Invalid value: "Qwen/Qwen2.5-7B-Instruct": write the URI with its scheme, such as hf://Qwen/Qwen2.5-7B-Instruct or pvc://claim/path',
      { model: { uri: 'hf://Qwen/Qwen2.5-7B-Instruct' } },
    ],
    [
      'pipeline beside data parallelism',
      { ...VALID, parallelism: { pipeline: 2, data: 2, dataLocal: 1 } },
      'set either pipeline or data and dataLocal: pipeline and data parallelism cannot be combined',
      { ...VALID, parallelism: { pipeline: 2 } },
    ],
    [
      'data without dataLocal',
      { ...VALID, parallelism: { data: 2 } },
      'data and dataLocal must be set together',
      { ...VALID, parallelism: { data: 2, dataLocal: 1 } },
    ],
    [
      'dataLocal without data',
      { ...VALID, parallelism: { dataLocal: 2 } },
      'data and dataLocal must be set together',
      { ...VALID, parallelism: { data: 2, dataLocal: 2 } },
    ],
    [
      'a tensor parallelism of 0',
      { ...VALID, parallelism: { tensor: 0 } },
      'spec.parallelism.tensor in body should be greater than or equal to 1',
      { ...VALID, parallelism: { tensor: 1 } },
    ],
    [
      'negative replicas',
      { ...VALID, replicas: -1 },
      'spec.replicas in body should be greater than or equal to 0',
      { ...VALID, replicas: 0 },
    ],
    [
      'a rollout that can never proceed',
      { ...VALID, rolloutStrategy: { maxUnavailable: 0, maxSurge: '0%' } },
      'maxUnavailable and maxSurge cannot both be 0: no update could make progress (a maxUnavailable below 100% counts as 0)',
      { ...VALID, rolloutStrategy: { maxUnavailable: 0, maxSurge: '25%' } },
    ],
    [
      'HTTPRoutes of your own beside a managed one',
      { ...VALID, router: { route: { http: { refs: [{ name: 'mine' }], spec: { hostnames: ['a.example'] } } } } },
      'refs (your own HTTPRoutes) and spec (a managed HTTPRoute) exclude each other: remove one',
      { ...VALID, router: { route: { http: { refs: [], spec: { hostnames: ['a.example'] } } } } },
    ],
    [
      'HTTPRoutes of your own at the default Gateway',
      { ...VALID, router: { gateway: {}, route: { http: { refs: [{ name: 'mine' }] } } } },
      'route.http.refs cannot be used with the default Gateway: name it in gateway.refs or remove gateway',
      { ...VALID, router: { gateway: { refs: [{ name: 'own' }] }, route: { http: { refs: [{ name: 'mine' }] } } } },
    ],
    [
      'a Gateway in a namespace that cannot exist',
      { ...VALID, router: { route: {}, gateway: { refs: [{ name: 'g', namespace: 'Team_A' }] } } },
      'spec.router.gateway.refs[0].namespace in body should match',
      { ...VALID, router: { route: {}, gateway: { refs: [{ name: 'g', namespace: 'team-a' }] } } },
    ],
    [
      'a base ref without name',
      { ...VALID, baseRefs: [{}] },
      'spec.baseRefs[0].name: Required value',
      { ...VALID, baseRefs: [{ name: 'base' }] },
    ],
  ];

  it.each(RULES)('refuse %s and say what to write', async (_what, bad, sentence, good) => {
    expect(await tried(service(bad))).toContain(sentence);
    expect(await tried(service(good))).toBe('accepted');
  });

  it('refuse base refs in a config', async () => {
    const sentence = 'a config cannot have baseRefs: list them in the service';
    expect(await tried(config({ baseRefs: [{ name: 'base' }] }))).toContain(sentence);
    expect(await tried(config({ baseRefs: [], model: { uri: 'hf://a/b' } }))).toBe('accepted');
  });

  it.each([
    ['a'.repeat(64), 'of 64 characters'],
    ['7b-instruct', 'that starts with a digit'],
    ['qwen2.5', 'with a dot'],
  ])('refuse the name %s, %s', async (name) => {
    const sentence =
      'the name must have at most 63 characters, start with a letter and consist of lower-case letters, digits and -: it becomes the name of a Service';
    expect(await tried(service(VALID, name))).toContain(sentence);
  });

  it('accept a name of 63 characters', async () => {
    expect(await tried(service(VALID, 'a'.repeat(63)))).toBe('accepted');
  });

  it('refuse a field that the API does not have, by name', async () => {
    expect(await tried(service({ ...VALID, replica: 1 }))).toContain('unknown field "spec.replica"');
  });

  it('ask nothing of a service whose values come from its configs', async () => {
    expect(await tried(service({ baseRefs: [{ name: 'base' }] }))).toBe('accepted');
    expect(await tried(service({}))).toBe('accepted');
  });
});

describe('the total parallelism of a stored service', () => {
  const sentence =
    'the total parallelism (pipeline, or data divided by dataLocal) of a service cannot change: create a new service instead';

  // Each row: what is stored, and changes with what comes of them.
  const CHANGES: readonly (readonly [what: string, from: object | null, to: object | null, accepted: boolean])[] = [
    ['another pipeline', { pipeline: 2 }, { pipeline: 4 }, false],
    ['no parallelism any more', { pipeline: 2 }, null, false],
    ['a pipeline where there was none', null, { pipeline: 2 }, false],
    ['a pipeline of 1 where there was none', null, { pipeline: 1 }, true],
    ['another number of nodes', { data: 8, dataLocal: 4 }, { data: 8, dataLocal: 2 }, false],
    ['the same number of nodes', { data: 8, dataLocal: 4 }, { data: 4, dataLocal: 2 }, true],
    ['another tensor parallelism', { pipeline: 2, tensor: 1 }, { pipeline: 2, tensor: 8 }, true],
  ];

  it.each(CHANGES)('with %s', async (_what, from, to, accepted) => {
    const name = 'sized';
    await kubectl(['delete', 'llmisvc', name, '--ignore-not-found']);
    await kubectl(['create', '-f', '-'], {
      input: manifest(service({ ...VALID, ...(from && { parallelism: from }) }, name)),
    });
    const input = manifest(service({ ...VALID, ...(to && { parallelism: to }) }, name));
    const result = await controlPlane().kubectl(['replace', '-f', '-'], { input });
    if (accepted) expect(result).toMatchObject({ code: 0 });
    else expect(result.stderr).toContain(sentence);
  });
});

describe.each(FLAVOURS)('presets and examples under %s', (flavour) => {
  beforeAll(async () => {
    for (const file of filesOf(flavour)) await kubectl(['apply', '--server-side', '--force-conflicts', '-f', file]);
    await established();
  }, 30_000);

  it('pass strict validation', async () => {
    const strict = ['apply', '--server-side', '--validate=strict', '--dry-run=server'];
    expect(await kubectl([...strict, '-k', join(ROOT, 'manifests/base/presets')])).toMatch(
      /llmisvc-config-llm-router-route serverside-applied[^]*llmisvc-config-llm-template serverside-applied/,
    );
    expect(examples.length).toBeGreaterThan(3);
    for (const file of examples) expect(await kubectl([...strict, '-f', file])).toContain('serverside-applied');
  }, 30_000);

  it("take a route that leaves the Gateway API's defaults to it", async () => {
    const spec = { parentRefs: [{ name: 'gateway' }], rules: [{ backendRefs: [{ name: 'own', port: 80 }] }] };
    expect(await tried(service({ ...VALID, router: { route: { http: { spec } } } }))).toBe('accepted');
  }, 30_000);

  it('leave a pod template to the full flavour only', async () => {
    const typo = { ...VALID, template: { containers: [{ name: 'main', resorces: { limits: { cpu: '1' } } }] } };
    const answer = await until(
      flavour === 'crds' ? 'accepted' : 'unknown field "spec.template.containers[0].resorces"',
      () => tried(service(typo)),
    );
    expect(answer).not.toBe('');
  }, 30_000);
});

/** The API server takes a moment to judge by a new schema. */
async function until(text: string, ask: () => Promise<string>): Promise<string> {
  let last = '';
  return waitFor(`the answer "${text}"`, 15_000, async () => {
    last = await ask();
    return last.includes(text) ? last : undefined;
  }).catch((cause: unknown) => {
    throw new Error(`the last answer is: ${last}`, { cause });
  });
}

function labelled(candidate: object, name = 'shown'): object {
  const { metadata, ...rest } = candidate as { metadata: object };
  return { ...rest, metadata: { ...metadata, labels: { 'serving.kserve.io/inferenceservice': name } } };
}

const PIPED = { stdio: 'pipe' } as const;
