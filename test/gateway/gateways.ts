import { call, conditionOf, type TestStack } from '../support/stack.ts';
import { service } from './services.ts';

/** What services say when their Gateway comes, goes and is slow. */
export function gatewayTests(stack: () => TestStack): void {
  describe('Gateways', () => {
    it('names a Gateway that is missing, answers once it is made, and again after it was deleted and made anew', async () => {
      const { apply, kubectl, serviceUntil, readyUrl } = stack();
      const namesTheGateway = (name: string): Promise<unknown> =>
        serviceUntil(name, 'a Ready condition that names the missing Gateway', (found) => {
          const ready = conditionOf(found, 'Ready');
          return ready?.status !== 'True' && /own-gateway/.test(ready?.message ?? '');
        });
      await apply(service('wanders', { gateway: 'own-gateway' }));
      await namesTheGateway('wanders');
      await apply(ownGateway);
      expect((await call(`${await readyUrl('wanders')}/v1/models`)).status).toBe(200);

      await kubectl('delete', 'gateway', 'own-gateway');
      await namesTheGateway('wanders');
      await apply(ownGateway);
      expect((await call(`${await readyUrl('wanders')}/v1/models`)).status).toBe(200);
    }, 180_000);

    it('is not Ready on a route status of an older generation', async () => {
      const { apply, serviceUntil, readyUrl, stack: running } = stack();
      await apply(service('changes'));
      await readyUrl('changes');
      const { gateway } = running;
      if (gateway === undefined) throw new Error('the stack has no gateway');
      // Envoy Gateway stands still: what it said of the route is about the generation before.
      gateway.pause();
      try {
        await apply(withRouteTimeout('changes'));
        const waiting = await serviceUntil('changes', 'not Ready while the route is not looked at', (found) => {
          const current = found.status?.observedGeneration === found.metadata.generation;
          return current && conditionOf(found, 'Ready')?.status !== 'True';
        });
        expect(conditionOf(waiting, 'Ready')?.status).toBe('Unknown');
      } finally {
        gateway.resume();
      }
      expect((await call(`${await readyUrl('changes')}/v1/models`)).status).toBe(200);
    }, 120_000);
  });
}

const ownGateway = JSON.stringify({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'own-gateway', namespace: 'default' },
  spec: { gatewayClassName: 'llmisvc-envoy', listeners: [{ name: 'http', port: 10280, protocol: 'HTTP' }] },
});

/** The service with a route of its own, which differs from that of the preset in a deadline. */
function withRouteTimeout(name: string): string {
  const object = JSON.parse(service(name)) as { spec: { router: { route: object } } };
  object.spec.router.route = {
    http: {
      spec: {
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: `/default/${name}/v1` } }],
            filters: [
              { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v1' } } },
            ],
            timeouts: { request: '900s' },
            backendRefs: [{ kind: 'Service', name: `${name}-kserve-workload-svc`, port: 8000 }],
          },
        ],
      },
    },
  };
  return JSON.stringify(object);
}
