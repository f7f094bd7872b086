import { DEPLOYMENT } from '../../src/api/children.ts';
import { LLMISVC_CONFIG, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import { refOf } from '../../src/api/object.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { conditionOf, type OperatorProcess, service, useCluster } from '../support/operator.ts';

const cluster = useCluster({ controllers: false });
const namespace = 'default';
let operator: OperatorProcess;

beforeAll(async () => {
  operator = await cluster().operator({ args: ['--leader-elect=false'] });
}, 60_000);

/** Whoever writes an object that nobody can work with must not keep others from working. */
async function othersWork(name: string): Promise<void> {
  await cluster().apply(service(name));
  await cluster().until('the Deployment', { ...DEPLOYMENT, namespace, name: `${name}-kserve` }, () => true);
}

function config(name: string, spec: object): object {
  return { ...LLMISVC_CONFIG, metadata: { name, namespace }, spec };
}

async function says(name: string, words: RegExp): Promise<void> {
  const has = (found: LLMInferenceService): boolean => words.test(conditionOf(found, 'Ready')?.message ?? '');
  await cluster().serviceUntil(name, `Ready to say ${words}`, has);
}

describe('values nested thousands of times', () => {
  // As text: the encoder of this language would not write it.
  const nested = (levels: number, object: object): string =>
    JSON.stringify(object).replace('"DEEP"', `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
  const create = async (text: string): Promise<void> => {
    const { code, stderr } = await cluster().controlPlane.kubectl(['create', '-f', '-'], { input: text });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  };
  const spec = { template: { containers: [], affinity: 'DEEP' } };
  const SAYS = /Field spec\.template of .* is "nested deeper than 200 levels"; allowed is an object/;

  it.each([300, 9_000])(
    'in a config (%d) are told to its users, and stop nobody else',
    async (levels) => {
      await create(nested(levels, config(`deep-${levels}`, spec)));
      await cluster().apply(service(`user-${levels}`, { baseRefs: [{ name: `deep-${levels}` }] }));
      await says(`user-${levels}`, SAYS);
      await othersWork(`beside-config-${levels}`);
    },
    60_000,
  );

  it.each([300, 9_000])(
    'in a service (%d) are told, and stop nobody else',
    async (levels) => {
      await create(nested(levels, service(`deep-${levels}`, spec)));
      await says(`deep-${levels}`, SAYS);
      await othersWork(`beside-service-${levels}`);
    },
    60_000,
  );
});

describe('objects of a megabyte', () => {
  it('are rendered, or refused by the API server in words', async () => {
    const env = Array.from({ length: 9_000 }, (_, index) => ({ name: `A${index}`, value: 'x'.repeat(80) }));
    const created = cluster().client.create(service('large', { template: { containers: [{ name: 'main', env }] } }));
    await created;
    const found = await cluster().serviceUntil('large', 'a status', ({ status }) => status?.observedGeneration === 1);
    const ref = { ...DEPLOYMENT, namespace, name: 'large-kserve' };
    if (!(await cluster().client.read(ref))) expect(conditionOf(found, 'MainWorkloadReady')?.status).toBe('False');
    await othersWork('beside-large');
    await cluster().client.remove(refOf(found));
  }, 60_000);
});

describe('text that no keyboard writes', () => {
  const texts = ['\u0000', '\ud800', '\u001b[31m', '\u202e', '\u{10ffff}', '%s%n', '\r\n'];

  it('goes through the API server and back', async () => {
    for (const [index, text] of texts.entries()) {
      const name = `text-${index}`;
      const spec = {
        model: { uri: 'hf://org/model', name: `a${text}b` },
        annotations: { a: text },
        template: { containers: [{ name: 'main', env: [{ name: 'A', value: text }] }] },
      };
      try {
        await cluster().client.create(service(name, spec));
      } catch (error) {
        // What etcd or the schema cannot hold is refused; that is an answer.
        expect(error).toBeInstanceOf(ApiError);
        continue;
      }
      const found = await cluster().serviceUntil(name, 'a status', ({ status }) => status?.observedGeneration === 1);
      expect(conditionOf(found, 'Ready')).toBeDefined();
    }
    await othersWork('beside-texts');
  }, 60_000);
});

describe('references in circles', () => {
  it('are refused, or said', async () => {
    const self = config('self', { baseRefs: [{ name: 'self' }] });
    await expect(cluster().client.create(self as never)).rejects.toThrow('a config cannot have baseRefs');
    await cluster().apply(service('own', { router: { route: { http: { refs: [{ name: 'own-kserve-route' }] } } } }));
    const found = await cluster().serviceUntil('own', 'a status', ({ status }) => status?.observedGeneration === 1);
    expect(conditionOf(found, 'Ready')?.message).toContain('own-kserve-route');
  }, 60_000);
});

it('no pass failed', async () => {
  await operator.settled();
  expect(operator.log().filter(({ level }) => level === 'error')).toEqual([]);
}, 60_000);

describe('ten thousand configs', () => {
  const COUNT = 10_000;
  const AT_ONCE = 40;

  it('do not keep a new operator from serving', async () => {
    await operator.stop();
    const { client } = cluster();
    const numbers = Array.from({ length: COUNT }, (_, index) => index).values();
    const worker = async (): Promise<void> => {
      for (const index of numbers)
        await client.create(config(`many-${index}`, { labels: { n: String(index) } }) as never);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const started = performance.now();
    operator = await cluster().operator({ args: ['--leader-elect=false'] });
    await cluster().apply(service('amongst', { baseRefs: [{ name: `many-${COUNT - 1}` }] }));
    const labels = (object: LLMInferenceService): boolean => object.status?.observedGeneration === 1;
    await cluster().serviceUntil('amongst', 'a status', labels);
    const deployment = await cluster().get<never>({ ...DEPLOYMENT, namespace, name: 'amongst-kserve' });
    expect(JSON.stringify(deployment)).toContain(`"n":"${COUNT - 1}"`);
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(operator.log().filter(({ level }) => level === 'error')).toEqual([]);
    expect(await operator.metric('process_resident_memory_bytes')).toBeLessThan(500 * 2 ** 20);
  }, 180_000);
});
