import { CONFIG_MAP } from '../../src/api/children.ts';
import type { LLMInferenceService } from '../../src/api/llmisvc.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { install, operatorKubeconfig } from '../support/installed.ts';
import { conditionOf, type OperatorProcess, service, useCluster } from '../support/operator.ts';

const cluster = useCluster();
const SERVICE = 'picky';
let operator: OperatorProcess;

beforeAll(async () => {
  await install(cluster(), 'base');
  operator = await cluster().operator({ kubeconfig: await operatorKubeconfig(cluster()) });
}, 60_000);

afterAll(async () => {
  await operator?.stop();
}, 30_000);

/** Each step within seconds: nobody waits for the next time that known objects are read again. */
describe('the config of a scheduler in a ConfigMap', () => {
  it('is missing, then there, then changed, then gone', async () => {
    const { apply, client } = cluster();
    const ref = { name: 'config-scheduler-tuned', key: 'epp' };
    await apply(service(SERVICE, { router: { scheduler: { config: { ref } } } }));
    await combined('False', 'ConfigMap "config-scheduler-tuned" not found in namespaces [default kserve]');

    await apply(configMap('kserve', { other: 'x' }));
    await combined('False', 'ConfigMap kserve/config-scheduler-tuned has no key "epp"; it has other.');

    await apply(configMap('kserve', { epp: 'plugins: []' }));
    await combined('True');
    expect(warning(await current())).toBeUndefined();

    await apply(configMap('kserve', { epp: 'plugins: [{type: predicted-latency-producer}]' }));
    await cluster().serviceUntil(SERVICE, 'the warning', (found) =>
      Boolean(warning(found)?.includes('ConfigMap kserve/config-scheduler-tuned')),
    );

    await apply(configMap('default', { epp: 'plugins: []' }));
    await cluster().serviceUntil(SERVICE, 'no warning', (found) => warning(found) === undefined);

    await client.remove({ ...CONFIG_MAP, namespace: 'default', name: 'config-scheduler-tuned' });
    await cluster().serviceUntil(SERVICE, 'the warning again', (found) => warning(found) !== undefined);
  }, 60_000);

  it('of which another key changes writes nothing', async () => {
    await operator.settled();
    const before = await operator.writes();
    const epp = 'plugins: [{type: predicted-latency-producer}]';
    await cluster().apply(configMap('kserve', { epp, note: 'changed' }));
    await operator.settled();
    expect(await operator.writes()).toBe(before);
  }, 40_000);
});

function configMap(namespace: string, data: Readonly<Record<string, string>>): KubeObject {
  return { ...CONFIG_MAP, metadata: { name: 'config-scheduler-tuned', namespace }, data } as KubeObject;
}

function combined(status: string, message = ''): Promise<unknown> {
  return cluster().serviceUntil(SERVICE, `PresetsCombined ${status}`, (found) => {
    const condition = conditionOf(found, 'PresetsCombined');
    return condition?.status === status && (condition.message ?? '').includes(message);
  });
}

function current(): Promise<LLMInferenceService> {
  return cluster().serviceUntil(SERVICE, 'anything', () => true) as Promise<LLMInferenceService>;
}

function warning(found: LLMInferenceService): string | undefined {
  return conditionOf(found, 'Warning')?.message;
}
