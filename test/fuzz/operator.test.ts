import { LLMISVC, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import { describe as nameOf, type KubeObject, refOf } from '../../src/api/object.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { type OperatorProcess, useCluster } from '../support/operator.ts';
import { generated } from './objects.ts';
import { again, RUNS, SEED } from '../support/runs.ts';
import { silences } from './sentences.ts';

// Without controllers nobody makes pods: whatever happens is between the operator and the API server.
const cluster = useCluster({ controllers: false });
/** So many services at a time; then they are deleted, and the next ones come. */
const BATCH = 100;
const MOST_PASSES = 30;
const MOST_WRITES = 20;
const MOST_BYTES = 400 * 2 ** 20;
const CONFIGS = ['base-0', 'base-1', 'base-2'];

let operator: OperatorProcess;
beforeAll(async () => {
  operator = await cluster().operator({ args: ['--leader-elect=false'] });
}, 60_000);

const batches = Array.from({ length: Math.ceil(RUNS / BATCH) }, (_, index) => SEED + index * BATCH);

it.each(batches)(
  'services from seed %d on are refused, ready, or say what is wrong',
  async (first) => {
    const seeds = Array.from({ length: Math.min(BATCH, SEED + RUNS - first) }, (_, index) => first + index);
    const before = { passes: await passes(), writes: await operator.writes() };
    const failures: string[] = [];
    for (const [index, name] of CONFIGS.entries())
      await tried(generated('config', name, first + index), first, failures);

    const accepted: KubeObject[] = [];
    for (const seed of seeds) {
      const service = generated('service', `fuzz-${seed}`, seed);
      if (await tried(service, seed, failures)) accepted.push(service);
    }
    await operator.settled();
    for (const object of accepted) {
      const seed = Number(object.metadata.name.slice('fuzz-'.length));
      const service = await cluster().get<LLMInferenceService>(refOf(object));
      for (const fault of silences(service)) failures.push(`${again(seed)}: ${fault}`);
    }
    expect(failures).toEqual([]);
    // Most of what is generated is to reach the operator, or nothing is tried.
    if (seeds.length >= BATCH) expect(accepted.length).toBeGreaterThan(seeds.length / 4);

    expect(operator.log().filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
    expect(((await passes()) - before.passes) / seeds.length).toBeLessThan(MOST_PASSES);
    expect(((await operator.writes()) - before.writes) / seeds.length).toBeLessThan(MOST_WRITES);
    expect(await operator.metric('process_resident_memory_bytes')).toBeLessThan(MOST_BYTES);

    for (const object of [...accepted, ...CONFIGS.map((name) => generated('config', name, 0))]) {
      await cluster().client.remove(refOf(object));
    }
    await operator.settled();
  },
  300_000,
);

it('the operator never ended', async () => {
  expect((await operator.probe('/healthz')).status).toBe(200);
  expect((await operator.probe('/readyz')).status).toBe(200);
});

/** Whether the API server takes the object; that it refuses is an answer, anything else a failure. */
async function tried(object: KubeObject, seed: number, failures: string[]): Promise<boolean> {
  try {
    await cluster().client.create(object);
    return true;
  } catch (error) {
    const refused = error instanceof ApiError && [400, 422].includes(error.code) && error.detail !== '';
    if (!refused)
      failures.push(`${again(seed)}: ${nameOf({ ...LLMISVC, name: object.metadata.name })}: ${String(error)}`);
    return false;
  }
}

function passes(): Promise<number> {
  return operator.metric('llmisvc_reconcile_seconds_count');
}
