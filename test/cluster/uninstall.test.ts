import { fileURLToPath } from 'node:url';
import { OUR_CRDS, untilEstablished } from '../../local/crds.ts';
import { DEPLOYMENT, HTTP_ROUTE, NAMESPACE, POD, SERVICE } from '../../src/api/children.ts';
import { LLMISVC_CONFIG, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import { waitFor } from '../support/controlplane.ts';
import { install, operatorKubeconfig } from '../support/installed.ts';
import { type OperatorProcess, service, useCluster } from '../support/operator.ts';

const cluster = useCluster();
const namespace = 'default';
const BASE = fileURLToPath(new URL('../../manifests/base', import.meta.url));
const CRDS = fileURLToPath(new URL('../../crds', import.meta.url));
const FINALIZERS = { finalizers: ['serving.kserve.io/llmisvc-finalizer'] };
const CHILDREN = [DEPLOYMENT, SERVICE, HTTP_ROUTE, POD];
/** The garbage collector learns of a new kind within half a minute. */
const COLLECTED = 60_000;
let operator: OperatorProcess;

describe('deleting the installation', () => {
  beforeAll(installed, 60_000);

  it('lets a namespace go with the services in it, whatever KServe left on them, and leaves the others', async () => {
    await cluster().apply({ ...NAMESPACE, metadata: { name: 'team-a' } });
    await cluster().apply(service('stays'), service('plain', {}, { namespace: 'team-a' }));
    await cluster().apply(service('finalized', {}, { namespace: 'team-a', ...FINALIZERS }));
    for (const [name, where] of [
      ['stays', namespace],
      ['plain', 'team-a'],
      ['finalized', 'team-a'],
    ] as const) {
      await answered(name, where);
    }
    const { uid } = (await cluster().get({ ...DEPLOYMENT, namespace, name: 'stays-kserve' })).metadata;
    await cluster().kubectl('delete', 'namespace', 'team-a', '--timeout=45s');
    expect((await cluster().get({ ...DEPLOYMENT, namespace, name: 'stays-kserve' })).metadata.uid).toBe(uid);
    await operator.settled();
    expect(operator.log().filter(({ level }) => level === 'error')).toEqual([]);
  }, 90_000);

  it('lets services go while it runs, and their children with them', async () => {
    await cluster().apply(service('one'), service('two', {}, FINALIZERS));
    for (const name of ['one', 'two']) await answered(name);
    await cluster().kubectl('delete', 'llmisvc', '--all', '-n', namespace, '--timeout=30s');
    await childless();
  }, 90_000);

  it('lets services go when the operator went first', async () => {
    await cluster().apply(service('orphan'));
    await answered('orphan');
    await ends();
    for (const folder of ['rbac/cluster', 'rbac/system']) {
      await cluster().kubectl('delete', '-k', `${BASE}/${folder}`, '--timeout=30s');
    }
    await cluster().kubectl(
      'delete',
      'deployment,serviceaccount',
      'llmisvc-controller',
      '-n',
      'kserve',
      '--timeout=30s',
    );
    await cluster().kubectl('delete', 'llmisvc', 'orphan', '-n', namespace, '--timeout=30s');
    await childless();
  }, 120_000);

  it('lets its own namespace go first, and the services afterwards', async () => {
    await installed();
    await cluster().apply(service('left'));
    await answered('left');
    await cluster().kubectl('delete', 'namespace', 'kserve', '--timeout=45s');
    await cluster().kubectl('delete', 'llmisvc', 'left', '-n', namespace, '--timeout=30s');
    await ends();
    await childless();
  }, 120_000);

  it('lets everything go at once, while it runs and a config is in use', async () => {
    await installed();
    const config = { ...LLMISVC_CONFIG, namespace, name: 'shared' };
    await cluster().apply({ ...LLMISVC_CONFIG, metadata: { name: config.name, namespace }, spec: {} });
    await cluster().apply(service('last', { baseRefs: [{ name: config.name }] }));
    await answered('last');
    await waitFor('the protection of the config', 20_000, () =>
      cluster()
        .kubectl('delete', 'llminferenceserviceconfig', config.name, '--dry-run=server')
        .then(
          () => undefined,
          (error: unknown) => String(error).includes('default/last'),
        ),
    );
    await cluster().kubectl('delete', '-k', BASE, '--ignore-not-found', '--timeout=60s');
    await ends();
    await childless();
    expect(await leftovers()).toEqual([]);
  }, 150_000);

  it('lets its CRDs go first, with services that KServe held', async () => {
    await installed();
    await cluster().apply(service('held', {}, FINALIZERS));
    await answered('held');
    await cluster().kubectl('delete', '-k', CRDS, '--timeout=45s');
    await cluster().kubectl('delete', '-k', BASE, '--ignore-not-found', '--timeout=45s');
    await ends();
    await childless();
    expect(await leftovers()).toEqual([]);
  }, 150_000);
});

/** Everything of `manifests/base`, and the operator with its own ServiceAccount. */
async function installed(): Promise<void> {
  await cluster().kubectl('apply', '--server-side', '-k', CRDS);
  await untilEstablished(cluster().controlPlane, OUR_CRDS);
  await waitFor('the installation to be taken', 30_000, () =>
    install(cluster(), 'base').then(
      () => true,
      (error: unknown) => (String(error).includes('no matches for kind') ? undefined : Promise.reject(error)),
    ),
  );
  cluster().client.discovery.invalidate();
  operator = await cluster().operator({ kubeconfig: await operatorKubeconfig(cluster()) });
}

/** The process goes when it is asked to, whatever it was deprived of; it must not be left to SIGKILL. */
async function ends(): Promise<void> {
  const { signal } = await operator.stop();
  expect(signal).toBeNull();
}

async function answered(name: string, inNamespace = namespace): Promise<void> {
  const seen = (s: LLMInferenceService): boolean => s.status?.observedGeneration === 1;
  await cluster().serviceUntil(name, 'a status', seen, inNamespace);
  const deployment = { ...DEPLOYMENT, namespace: inNamespace, name: `${name}-kserve` };
  await cluster().until('the Deployment', deployment, () => true);
}

/** Waits until no child of any service is left. */
async function childless(): Promise<void> {
  const labels = { 'app.kubernetes.io/part-of': 'llminferenceservice' };
  let left: readonly string[] = [];
  await waitFor('the children to be collected', COLLECTED, async () => {
    const lists = await Promise.all(CHILDREN.map((kind) => cluster().client.list({ ...kind, labels })));
    left = lists.flatMap(({ items }) =>
      items.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`),
    );
    return left.length === 0 || undefined;
  }).catch((cause: unknown) => {
    throw new Error(`left are ${left.join(', ')}`, { cause });
  });
}

/** What of the installation is still there. */
async function leftovers(): Promise<readonly string[]> {
  const kinds =
    'customresourcedefinitions,clusterroles,clusterrolebindings,namespaces,' +
    'validatingadmissionpolicies,validatingadmissionpolicybindings';
  const names = (await cluster().kubectl('get', kinds, '-o', 'name')).trim().split('\n');
  return names.filter((name) => /llmisvc|llminference|\/kserve$/.test(name));
}
