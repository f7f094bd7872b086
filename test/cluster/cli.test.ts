import { join } from 'node:path';
import { CONFIG_MAP, DEPLOYMENT, type Deployment, HTTP_ROUTE, SERVICE } from '../../src/api/children.ts';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { FIELD_MANAGER } from '../../src/api/wellknown.ts';
import { llmisvc, objectsOf, useFolder } from '../cli/cliprocess.ts';
import { type OperatorProcess, service, useCluster } from '../support/operator.ts';
import { writeDocuments } from '../support/yaml.ts';

const cluster = useCluster();
const folder = useFolder();
const namespace = 'default';
const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
let operator: OperatorProcess;

const main = (container: object): object => ({ template: { containers: [{ name: 'main', ...container }] } });
const deployment = (name: string) => ({ ...DEPLOYMENT, namespace, name: `${name}-kserve` });
const config = (name: string, spec: object): KubeObject =>
  ({ ...LLMISVC_CONFIG, metadata: { name, namespace }, spec }) as KubeObject;

/** Runs a command against the cluster, with these objects as its file. */
async function cli(command: readonly string[], ...objects: readonly object[]): ReturnType<typeof llmisvc> {
  const files = objects.length > 0 ? ['-f', folder.write('input.yaml', writeDocuments(objects))] : [];
  return llmisvc([...command, ...files, '--kubeconfig', cluster().controlPlane.kubeconfig]);
}

async function applied(object: KubeObject): Promise<void> {
  await cluster().apply(object);
  await cluster().until(
    'its HTTPRoute',
    { ...HTTP_ROUTE, namespace, name: `${object.metadata.name}-kserve-route` },
    () => true,
  );
  await operator.settled();
}

beforeAll(async () => {
  operator = await cluster().operator();
  await cluster().apply(config('team', main({ env: [{ name: 'A', value: '1' }] })));
  await applied(service('plain', { replicas: 2 }));
  await applied(service('teamed', { baseRefs: [{ name: 'team' }] }));
}, 90_000);

describe('render --from-cluster', () => {
  it('prints a service of the cluster as the operator applied it, and its status', async () => {
    const { code, stdout, stderr } = await cli(['render', 'plain', '--from-cluster']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('Gateway kserve/kserve-ingress-gateway'),
    });
    const objects = objectsOf<KubeObject & { spec: unknown }>(stdout);
    const live = await cluster().get<KubeObject & { spec: unknown }>({
      ...SERVICE,
      namespace,
      name: 'plain-kserve-workload-svc',
    });
    expect(objects[1]?.metadata.ownerReferences).toEqual(live.metadata.ownerReferences);
    expect(live.spec).toMatchObject(objects[1]?.spec as object);
    const status = (objects[3] as LLMInferenceService).status;
    const liveService = await cluster().get<LLMInferenceService>({ ...LLMISVC, namespace, name: 'plain' });
    expect(status).toEqual(liveService.status);
  });

  it('reads the configs that a file lacks', async () => {
    const { stdout } = await cli(
      ['render', '--from-cluster', '--no-status'],
      service('new', { baseRefs: [{ name: 'team' }] }),
    );
    const [rendered] = objectsOf<Deployment>(stdout);
    expect(rendered?.spec?.template.spec?.containers[0]?.env).toContainEqual({ name: 'A', value: '1' });
  });
});

describe('diff', () => {
  it('is empty and ends with 0 for what the operator has applied', async () => {
    const { code, stdout } = await cli(['diff', 'teamed', 'plain']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '2 services: nothing changes.\n' });
  });

  it('of a new service creates its children, and writes nothing', async () => {
    const { code, stdout } = await cli(['diff', '-o', 'json'], service('fresh'));
    const { services, summary } = JSON.parse(stdout) as {
      services: { changes: { action: string; pods: string }[] }[];
      summary: object;
    };
    expect(code).toBe(1);
    expect(services[0]?.changes.map(({ action, pods }) => [action, pods])).toEqual([
      ['create', 'start'],
      ['create', 'none'],
      ['create', 'none'],
    ]);
    expect(summary).toMatchObject({ services: 1, servicesWithPodsDisturbed: 0, create: 3 });
    expect(await cluster().client.read(deployment('fresh'))).toBeUndefined();
  });

  it('tells what restarts pods from what does not', async () => {
    const restarting = await cli(['diff'], service('plain', { replicas: 2, ...main({ args: ['--seed', '1'] }) }));
    expect(restarting.code).toBe(1);
    expect(restarting.stdout).toContain(
      '  ~ Deployment default/plain-kserve: changes and RESTARTS its 2 pods (spec.template.spec.containers[name=main].args)\n',
    );
    expect(restarting.stdout).toContain('+            - --seed\n');
    const scaling = await cli(['diff', '--no-patch'], service('plain', { replicas: 3 }));
    expect(scaling.stdout).toContain('changes and adds 1 to 2 pods (spec.replicas)');
    expect(scaling.stdout).toContain('; no pod restarts\n');
  });

  it('leaves replicas to those who scale', async () => {
    const { name } = deployment('teamed');
    await cluster().kubectl('scale', 'deployment', name, '--replicas=3');
    const { code } = await cli(['diff'], service('teamed', { baseRefs: [{ name: 'team' }] }));
    expect(code).toBe(0);
    const left = await cli(['diff', '--no-patch'], service('plain', {}));
    expect(left.stdout).toBe('1 service: nothing changes.\n');
  });

  it('shows what is deleted', async () => {
    const { code, stdout } = await cli(['diff', '--no-patch'], service('plain', { replicas: 2, router: undefined }));
    expect(code).toBe(1);
    expect(stdout).toContain('  - HTTPRoute default/plain-kserve-route: is deleted\n');
    const stopped = await cli(
      ['diff', '--no-patch'],
      service('plain', {}, { annotations: { 'serving.kserve.io/stop': 'true' } }),
    );
    expect(stopped.stdout).toContain('Deployment default/plain-kserve: is deleted and STOPS its 2 pods');
  });

  it('says with file and line what the API server would refuse, and ends with 2', async () => {
    const { code, stderr } = await cli(['diff'], service('typo', main({ imagePullPolice: 'Always' })));
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /input\.yaml:\d+:\d+: spec\.template\.containers\[name=main\]\.imagePullPolice: .*field not declared/,
    );
  });

  it('does not touch what belongs to others', async () => {
    const foreign = { ...DEPLOYMENT, metadata: { name: 'taken-kserve', namespace } };
    const pods = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    await cluster().apply({ ...foreign, spec: { selector: { matchLabels: { a: 'b' } }, template: pods } });
    const { code, stderr } = await cli(['diff'], service('taken'));
    expect(code).toBe(2);
    expect(stderr).toContain('Deployment default/taken-kserve exists and belongs to');
    const live = await cluster().get<KubeObject>(deployment('taken'));
    expect(live.metadata.managedFields?.some(({ manager }) => manager === FIELD_MANAGER)).toBe(false);
  });
});

describe('impact', () => {
  it('of a shared config: the services that use it, and whether their pods restart', async () => {
    const { code, stdout } = await cli(['impact'], config('team', main({ env: [{ name: 'A', value: '2' }] })));
    expect(code).toBe(1);
    expect(stdout).toBe(`LLMInferenceService default/teamed: 1 to change, 2 unchanged; pods restart or stop
  ~ Deployment default/teamed-kserve: changes and RESTARTS its pods (spec.template.spec.containers[name=main].env[name=A].value)
2 services: 1 changed (0 created, 1 changed, 0 deleted, 5 unchanged); pods restart or stop for 1.
`);
  });

  it('is none for a config as it is, and one that nobody uses', async () => {
    const same = config('team', main({ env: [{ name: 'A', value: '1' }] }));
    const { code, stdout } = await cli(['impact'], same, config('nobody', main({ image: 'other' })));
    expect({ code, stdout }).toEqual({ code: 0, stdout: '2 services: nothing changes.\n' });
  });

  it('of a preset that breaks a service', async () => {
    const preset = {
      ...config('llmisvc-config-llm-template', {}),
      metadata: { name: 'llmisvc-config-llm-template', namespace: 'kserve' },
    };
    const { code, stdout } = await cli(['impact', '-o', 'json'], preset);
    const { services } = JSON.parse(stdout) as { services: { problems: string[]; changes: unknown[] }[] };
    expect(code).toBe(1);
    expect(services[0]?.problems[0]).toContain('spec.template.containers');
    // What is not certain any more stays as it is.
    expect(services[0]?.changes).toEqual([]);
  });

  it('of the settings: the route changes, and the image of running initializers does not', async () => {
    const data = {
      ingress: JSON.stringify({ kserveIngressGateway: 'kserve/other' }),
      storageInitializer: JSON.stringify({ image: 'registry/initializer:2' }),
    };
    const settings = { ...CONFIG_MAP, metadata: { name: 'inferenceservice-config', namespace: 'kserve' }, data };
    const { code, stdout } = await cli(['impact', '--patch'], settings);
    expect(code).toBe(1);
    expect(stdout).toContain('~ HTTPRoute default/plain-kserve-route: changes (');
    expect(stdout).toContain('+      name: other\n');
    expect(stdout).toContain('(0 created, 2 changed, 0 deleted, 4 unchanged); pods restart for none.');
    const misplaced = await cli(['impact'], { ...settings, metadata: { name: 'inferenceservice-config' } });
    expect(misplaced).toMatchObject({ code: 2, stderr: expect.stringContaining('Set metadata.namespace to kserve') });
    // What is not understood would seem to change nothing.
    const broken = await cli(['impact'], { ...settings, data: { ingress: '{' } });
    expect(broken).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('data.ingress: ') });
  });

  it('needs a file', async () => {
    expect(await cli(['impact'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--filename') });
  });
});

it('what render prints of the examples is what the operator applies', async () => {
  await cluster().kubectl('apply', '-f', EXAMPLES);
  await operator.settled();
  const { code, stdout } = await llmisvc(['render', '-f', EXAMPLES, '--no-status', '-n', namespace]);
  expect(code).toBe(0);
  const rendered = objectsOf<KubeObject & { readonly spec: object }>(stdout);
  expect(rendered.length).toBeGreaterThan(12);
  for (const { metadata, spec, ...gvk } of rendered) {
    const what = `the ${gvk.kind} ${metadata.name}`;
    const live = await cluster().until<typeof gvk & KubeObject & { readonly spec: object }>(
      what,
      { ...gvk, namespace, name: metadata.name },
      () => true,
    );
    expect(live).toMatchObject({ metadata: { labels: metadata.labels }, spec });
  }
}, 60_000);
