import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { DEPLOYMENT, HTTP_ROUTE, SERVICE } from '../../src/api/children.ts';
import { LLMISVC } from '../../src/api/llmisvc.ts';
import { waitFor } from '../support/controlplane.ts';
import { type FaultyProxy, faultyProxy } from '../support/faultyproxy.ts';
import { type OperatorProcess, service, useCluster } from '../support/operator.ts';

const cluster = useCluster();
const namespace = 'default';
const CHILDREN = [DEPLOYMENT, SERVICE, HTTP_ROUTE];

describe('the operator under faults', () => {
  it('converges after being killed in the middle of applying, with nothing lost and nothing doubled', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `killed-${index}`);
    const first = await cluster().operator();
    await cluster().apply(...names.slice(0, 5).map((name) => service(name)));
    await Promise.all(names.slice(5).map((name) => cluster().apply(service(name))));
    await waitFor('some children', 20_000, async () => ((await owned(DEPLOYMENT, 'killed-')) > 5 ? true : undefined));
    first.kill('SIGKILL');
    await first.exited;
    expect(await owned(HTTP_ROUTE, 'killed-')).toBeLessThan(names.length);

    const second = await cluster().operator();
    for (const name of names) {
      await cluster().serviceUntil(name, 'a status', ({ status }) => status?.observedGeneration === 1);
    }
    for (const kind of CHILDREN) expect(await owned(kind, 'killed-')).toBe(names.length);
    await second.settled();
    await second.stop();
    await restartWritesNothing();
  }, 120_000);

  it('goes on when the API server is restarted under it', async () => {
    const operator = await cluster().operator();
    await cluster().controlPlane.restartApiServer({ kill: true });
    await cluster().apply(service('restarted'));
    await cluster().serviceUntil('restarted', 'a status', ({ status }) => status?.observedGeneration === 1);
    expect((await operator.probe('/healthz')).status).toBe(200);
    await operator.stop();
  }, 90_000);

  it('acts in one process of two, and in the other when the first ends', async () => {
    const [a, b] = await Promise.all([cluster().operator(), cluster().operator()]);
    await cluster().apply(service('led'));
    await cluster().serviceUntil('led', 'a status', ({ status }) => status?.observedGeneration === 1);
    const leading = await Promise.all([a, b].map((operator) => operator.metric('llmisvc_leader')));
    expect(leading.toSorted()).toEqual([0, 1]);
    const [leader, follower] = leading[0] === 1 ? [a, b] : [b, a];
    expect(await follower.writes()).toBe(0);

    const started = performance.now();
    expect(await leader.stop()).toMatchObject({ code: 0 });
    expect(performance.now() - started).toBeLessThan(5_000);
    await cluster().apply(service('led-on'));
    await cluster().serviceUntil('led-on', 'a status', ({ status }) => status?.observedGeneration === 1);
    await follower.stop();
  }, 90_000);

  it('ends with an error when somebody takes its Lease away', async () => {
    const operator = await cluster().operator();
    await waitFor('leadership', 10_000, async () =>
      (await operator.metric('llmisvc_leader')) === 1 ? true : undefined,
    );
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      namespace: 'kserve',
      name: 'llmisvc-controller',
    };
    await cluster().client.patch(lease, { spec: { holderIdentity: 'somebody-else' } });
    expect(await operator.exited).toMatchObject({ code: 1 });
    expect(operator.log().map(({ message }) => message)).toContain('The Lease is lost; this process ends.');
    await cluster().client.remove(lease);
  }, 60_000);

  it("does nothing while KServe's controller holds its Lease, says so, and acts when it is released", async () => {
    const name = 'llminferenceservice-kserve-controller-manager';
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'kserve' } };
    const ref = { ...lease, namespace: 'kserve', name };
    const now = (): string => new Date().toISOString().replace('Z', '000Z');
    const spec = { holderIdentity: 'kserve-pod', leaseDurationSeconds: 60, renewTime: now() };
    await cluster().client.create({ ...lease, spec });
    await cluster().apply(service('paused'));
    const operator = await cluster().operator({ wait: false });
    await waitFor('the message', 20_000, async () => {
      await cluster().client.patch(ref, { spec: { renewTime: now() } });
      return operator.log().some(says('holds its Lease')) || undefined;
    });
    expect(await operator.writes()).toBe(0);
    expect(await operator.metric('llmisvc_paused')).toBe(1);
    expect((await cluster().get({ ...LLMISVC, namespace, name: 'paused' })) as object).not.toHaveProperty('status');
    await cluster().client.patch(ref, { spec: { holderIdentity: '' } });
    await cluster().serviceUntil('paused', 'a status', ({ status }) => status?.observedGeneration === 1);
    await operator.stop();
    await cluster().client.remove(ref);
  }, 90_000);

  it('is alive but not ready while it cannot reach the API server, and ends when asked to', async () => {
    const { controlPlane, operator: start } = cluster();
    const proxy = await faultyProxy(controlPlane.kubeconfig, join(controlPlane.stateDir, 'nowhere.kubeconfig'));
    await proxy.close();
    const operator = await start({ kubeconfig: proxy.kubeconfig, wait: false });
    await waitFor('its probes', 15_000, async () =>
      operator.log().some(says('probes are served')) ? true : undefined,
    );
    expect((await operator.probe('/healthz')).status).toBe(200);
    const ready = await operator.probe('/readyz');
    expect(ready.status).toBe(503);
    expect(ready.text).toContain('LLMInferenceService.serving.kserve.io/v1alpha2');
    const started = performance.now();
    expect(await operator.stop()).toMatchObject({ code: 0 });
    expect(performance.now() - started).toBeLessThan(5_000);
  }, 60_000);

  describe('on a bad way to the API server', () => {
    let proxy: FaultyProxy;
    let operator: OperatorProcess;

    beforeAll(async () => {
      const { controlPlane } = cluster();
      proxy = await faultyProxy(controlPlane.kubeconfig, join(controlPlane.stateDir, 'proxy.kubeconfig'));
      operator = await cluster().operator({ kubeconfig: proxy.kubeconfig });
    }, 60_000);

    afterAll(async () => {
      await operator?.stop();
      await proxy?.close();
    }, 30_000);

    it('lists anew when the version of a watch has expired, and misses nothing', async () => {
      await cluster().apply(service('before-expiry'));
      await cluster().serviceUntil('before-expiry', 'a status', ({ status }) => status?.observedGeneration === 1);
      const expired = new Set<string>();
      proxy.fault = (request) => {
        const path = pathOf(request);
        if (!isWatch(request) || expired.has(path)) return undefined;
        expired.add(path);
        return { status: 200, body: `${JSON.stringify({ type: 'ERROR', object: GONE })}\n` };
      };
      const lists = (): number => proxy.seen.filter((line) => /llminferenceservices\?.*limit=500/.test(line)).length;
      const before = lists();
      proxy.cut();
      await cluster().client.remove({ ...LLMISVC, namespace, name: 'before-expiry' });
      await cluster().apply(service('after-expiry'));
      await cluster().serviceUntil('after-expiry', 'a status', ({ status }) => status?.observedGeneration === 1);
      await cluster().gone({ ...DEPLOYMENT, namespace, name: 'before-expiry-kserve' });
      expect(lists()).toBeGreaterThan(before);
      proxy.fault = undefined;
    }, 60_000);

    it('waits as long as the API server asks for, and then goes on', async () => {
      let refusedAt = 0;
      let acceptedAt = 0;
      proxy.fault = (request) => {
        if (request.method !== 'PATCH' || !pathOf(request).includes('/deployments/throttled-kserve')) return undefined;
        if (refusedAt > 0) {
          acceptedAt = performance.now();
          return undefined;
        }
        refusedAt = performance.now();
        return { status: 429, headers: { 'retry-after': '2' }, body: { kind: 'Status', message: 'too many requests' } };
      };
      await cluster().apply(service('throttled'));
      await cluster().serviceUntil('throttled', 'a status', ({ status }) => status?.observedGeneration === 1);
      expect(acceptedAt - refusedAt).toBeGreaterThanOrEqual(1_900);
      proxy.fault = undefined;
    }, 60_000);

    it('tries again what the API server failed at, and says what it failed at meanwhile', async () => {
      proxy.fault = (request) =>
        request.method === 'PATCH' && pathOf(request).includes('/services/failing-')
          ? { status: 500, body: { kind: 'Status', message: 'etcdserver: request timed out' } }
          : undefined;
      await cluster().apply(service('failing'));
      const text = 'etcdserver: request timed out';
      await cluster().serviceUntil('failing', 'the reason', ({ status }) =>
        JSON.stringify(status ?? {}).includes(text),
      );
      // Whoever sees the route may expect the Service behind it.
      expect(await cluster().client.read({ ...HTTP_ROUTE, namespace, name: 'failing-kserve-route' })).toBeUndefined();
      proxy.fault = undefined;
      await cluster().until('the route', { ...HTTP_ROUTE, namespace, name: 'failing-kserve-route' }, () => true);
      await cluster().serviceUntil('failing', 'recovery', ({ status }) => !JSON.stringify(status).includes(text));
    }, 60_000);
  });
});

const GONE = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410, message: 'too old' };

async function owned(kind: { readonly apiVersion: string; readonly kind: string }, prefix: string): Promise<number> {
  const { items } = await cluster().client.list({ ...kind, namespace });
  return items.filter(({ metadata }) => metadata.name.startsWith(prefix)).length;
}

async function restartWritesNothing(): Promise<void> {
  const operator = await cluster().operator();
  await operator.settled();
  expect(await operator.writes()).toBe(0);
  await operator.stop();
}

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?')[0] ?? '';
const isWatch = ({ url = '' }: IncomingMessage): boolean => url.includes('watch=true');
const says =
  (text: string) =>
  ({ message }: Readonly<Record<string, unknown>>): boolean =>
    String(message).includes(text);
