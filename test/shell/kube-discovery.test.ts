import { discovery, type Get } from '../../src/kube/discovery.ts';
import { ApiError } from '../../src/kube/errors.ts';

const fail = (code: number): never => {
  throw new ApiError({ request: { verb: 'list', resource: '/apis' }, code, reason: '', message: '' });
};

/** A server whose documents are a table; a number is the code of an error. */
function server(documents: Record<string, unknown>): { get: Get; asked: string[]; documents: Record<string, unknown> } {
  const asked: string[] = [];
  const get: Get = async (path) => {
    asked.push(path);
    const found = documents[path] ?? 404;
    return typeof found === 'number' ? fail(found) : found;
  };
  return { get, asked, documents };
}

const verbs = ['get', 'list', 'watch'];
const resource = (name: string, kind: string, scope = 'Namespaced') => ({
  resource: name,
  responseKind: { kind },
  scope,
  verbs,
});
const group = (name: string, version: string, resources: unknown[], freshness = 'Current') => ({
  metadata: { name },
  versions: [{ version, freshness, resources }],
});
const aggregated = (...items: unknown[]) => ({ kind: 'APIGroupDiscoveryList', items });

describe('aggregated discovery', () => {
  it('knows plural, scope and verbs after two requests, however often it is asked', async () => {
    const { get, asked } = server({
      '/api': aggregated(group('', 'v1', [resource('pods', 'Pod'), resource('nodes', 'Node', 'Cluster')])),
      '/apis': aggregated(group('apps', 'v1', [resource('deployments', 'Deployment')])),
    });
    const found = discovery(get);
    const answers = await Promise.all([
      found.find({ apiVersion: 'v1', kind: 'Node' }),
      found.find({ apiVersion: 'apps/v1', kind: 'Deployment' }),
      found.find({ apiVersion: 'apps/v2', kind: 'Deployment' }),
    ]);
    expect(answers).toEqual([
      { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false, verbs },
      { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true, verbs },
      undefined,
    ]);
    expect((await found.kinds()).map(({ kind }) => kind).sort()).toEqual(['Deployment', 'Node', 'Pod']);
    expect(asked.sort()).toEqual(['/api', '/apis']);
  });

  it('sees a new kind after it was told to forget', async () => {
    const { get, documents } = server({ '/api': aggregated(), '/apis': aggregated() });
    const found = discovery(get);
    const kind = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' };
    expect(await found.find(kind)).toBeUndefined();
    documents['/apis'] = aggregated(group('keda.sh', 'v1alpha1', [resource('scaledobjects', 'ScaledObject')]));
    expect(await found.find(kind)).toBeUndefined();
    found.invalidate();
    expect(await found.find(kind)).toMatchObject({ plural: 'scaledobjects' });
  });

  it('does not remember a failure', async () => {
    const { get, documents } = server({ '/api': 503, '/apis': aggregated() });
    const found = discovery(get);
    await expect(found.find({ apiVersion: 'v1', kind: 'Pod' })).rejects.toThrow('503');
    documents['/api'] = aggregated(group('', 'v1', [resource('pods', 'Pod')]));
    expect(await found.find({ apiVersion: 'v1', kind: 'Pod' })).toMatchObject({ plural: 'pods' });
  });

  it('asks a stale API itself, and only for its own kinds', async () => {
    const { get, asked, documents } = server({
      '/api': aggregated(group('', 'v1', [resource('pods', 'Pod')])),
      '/apis': aggregated(group('metrics.k8s.io', 'v1beta1', [], 'Stale')),
      '/apis/metrics.k8s.io/v1beta1': 503,
    });
    const found = discovery(get);
    const metrics = { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics' };
    expect(await found.find({ apiVersion: 'v1', kind: 'Pod' })).toBeDefined();
    expect(asked).not.toContain('/apis/metrics.k8s.io/v1beta1');
    await expect(found.find(metrics)).rejects.toThrow('503');
    documents['/apis/metrics.k8s.io/v1beta1'] = {
      resources: [{ name: 'pods', kind: 'PodMetrics', namespaced: true, verbs }],
    };
    expect(await found.find(metrics)).toMatchObject({ plural: 'pods', namespaced: true });
  });
});

describe('discovery group by group', () => {
  const documents = () => ({
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/apis': {
      kind: 'APIGroupList',
      groups: [{ versions: [{ groupVersion: 'apps/v1' }] }, { versions: [{ groupVersion: 'metrics.k8s.io/v1beta1' }] }],
    },
    '/api/v1': {
      resources: [
        { name: 'pods/status', kind: 'Pod', namespaced: true, verbs: ['get'] },
        { name: 'pods', kind: 'Pod', namespaced: true, verbs },
      ],
    },
    '/apis/apps/v1': { resources: [{ name: 'deployments', kind: 'Deployment', namespaced: true, verbs }] },
    '/apis/metrics.k8s.io/v1beta1': 503,
  });

  it('leaves out an API that is down', async () => {
    const found = discovery(server(documents()).get);
    expect(await found.find({ apiVersion: 'v1', kind: 'Pod' })).toMatchObject({ plural: 'pods' });
    expect(await found.find({ apiVersion: 'apps/v1', kind: 'Deployment' })).toMatchObject({ plural: 'deployments' });
    expect((await found.kinds()).length).toBe(2);
  });

  it('fails when it may not look at all', async () => {
    const found = discovery(server({ ...documents(), '/apis/apps/v1': 403 }).get);
    await expect(found.kinds()).rejects.toThrow('403');
  });
});
