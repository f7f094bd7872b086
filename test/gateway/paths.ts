import { administrationPaths, runtimeLoraPaths } from '../../local/modelserver/administration.ts';
import { call, type TestStack } from '../support/stack.ts';
import { service } from './services.ts';

/** Which paths arrive at the model server, and as what. */
export function pathTests(stack: () => TestStack): void {
  describe('paths', () => {
    beforeAll(async () => {
      await stack().apply(service('alpha'));
      await stack().apply(service('alpha2'));
      await Promise.all(['alpha', 'alpha2'].map((name) => stack().readyUrl(name)));
    }, 120_000);

    it('takes namespace and name off the path and leaves the query as it is', async () => {
      const url = await stack().readyUrl('alpha');
      expect(url).toMatch(/\/default\/alpha$/);
      const answer = await call(`${url}/v1/models?x=1&y=a%20b&z=%2F`);
      expect(answer.status).toBe(200);
      expect(answer.headers['x-received-path']).toBe('/v1/models?x=1&y=a%20b&z=%2F');
    });

    it('answers a completion through the URL of the status', async () => {
      const url = await stack().readyUrl('alpha');
      const body = { model: 'model-of-alpha', prompt: 'Kubernetes is', max_tokens: 3 };
      const answer = await call(`${url}/v1/completions`, { method: 'POST', body });
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.text)).toMatchObject({
        choices: [{ finish_reason: 'length' }],
        usage: { completion_tokens: 3 },
      });
    });

    it('reaches each service under its own name, also where one name begins with the other', async () => {
      for (const name of ['alpha', 'alpha2']) {
        const { text } = await call(`${await stack().readyUrl(name)}/v1/models`);
        const served = (JSON.parse(text) as { data: { id: string }[] }).data.map(({ id }) => id);
        expect(served).toContain(`model-of-${name}`);
      }
    });

    it('does not take a longer name for the service', async () => {
      const url = await stack().readyUrl('alpha');
      for (const other of ['alpha3', 'alph', 'alpha-2']) {
        const { status } = await call(`${url.replace(/alpha$/, other)}/v1/models`);
        expect([other, status]).toEqual([other, 404]);
      }
    });

    it('answers on the HTTP and on the HTTPS listener', async () => {
      const service = await stack().serviceUntil('alpha', 'Ready', (found) => found.status?.url !== undefined);
      expect(service.status?.url).toMatch(/^https:/);
      const gateway = await stack().kubectl(
        ...['get', 'gateway', '-n', 'kserve', 'kserve-ingress-gateway', '-o', 'jsonpath={.status.addresses[0].value}'],
      );
      for (const origin of [`http://${gateway}:10080`, `https://${gateway}:10443`]) {
        const { status } = await call(`${origin}/default/alpha/v1/models`);
        expect([origin, status]).toEqual([origin, 200]);
      }
    });

    it('shows neither metrics, health nor administration of the engine to the outside', async () => {
      const url = await stack().readyUrl('alpha');
      await expectNotReached(url, ['/metrics', '/health', '/ping', '/version', ...administrationPaths]);
      for (const path of runtimeLoraPaths) {
        expect([path, (await call(`${url}${path}`, { method: 'POST' })).status]).toEqual([path, 404]);
      }
      await expectNotReached(url, ['/v1/../metrics', '/v1/%2e%2e/metrics', '//metrics']);
    });

    it('keeps run-time LoRA administration inside where the engine has it below /v1', async () => {
      await stack().apply(service('lora', { env: { VLLM_ALLOW_RUNTIME_LORA_UPDATING: 'True' } }));
      const url = await stack().readyUrl('lora');
      expect((await call(`${url}/v1/models`)).status).toBe(200);
      await expectNotReached(url, runtimeLoraPaths);
    }, 60_000);
  });
}

/** The gateway answers 404 by itself: an answer of the model server would say at which path it was reached. */
async function expectNotReached(url: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    for (const method of ['GET', 'POST'] as const) {
      const { status, headers } = await call(`${url}${path}`, { method });
      expect([method, path, status, headers['x-received-path']]).toEqual([method, path, 404, undefined]);
    }
  }
}
