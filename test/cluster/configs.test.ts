import { DEPLOYMENT, NAMESPACE } from '../../src/api/children.ts';
import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceServiceConfig } from '../../src/api/llmisvc.ts';
import type { KubeObject, Ref } from '../../src/api/object.ts';
import { KSERVE_CONFIG_FINALIZER } from '../../src/api/wellknown.ts';
import { waitFor } from '../support/controlplane.ts';
import { install, operatorKubeconfig } from '../support/installed.ts';
import { type OperatorProcess, service, useCluster } from '../support/operator.ts';

const cluster = useCluster();
const PRESET = 'llmisvc-config-llm-template';
const configRef = (name: string, namespace = 'default'): Ref => ({ ...LLMISVC_CONFIG, namespace, name });
const serviceRef = (name: string, namespace = 'default'): Ref => ({ ...LLMISVC, namespace, name });
let operator: OperatorProcess;

beforeAll(async () => {
  await install(cluster(), 'base');
  operator = await cluster().operator({ kubeconfig: await operatorKubeconfig(cluster()) });
}, 60_000);

afterAll(async () => {
  await operator?.stop();
}, 30_000);

describe('the status of a config', () => {
  it('says that nobody uses it', async () => {
    await cluster().apply(config('idle'));
    const { status } = await configUntil('idle', ({ status }) => status?.conditions !== undefined);
    expect(status?.observedGeneration).toBe(1);
    expect(status?.referencedBy).toBeUndefined();
    expect(status?.conditions).toMatchObject([
      { type: 'ConfigInUse', status: 'False', severity: 'Info', reason: 'NotInUse' },
      { type: 'Ready', status: 'True' },
    ]);
    const [head = ''] = (await cluster().kubectl('get', 'llminferenceserviceconfig', 'idle')).split('\n');
    expect(head.split(/\s{2,}/).map((text) => text.trim())).toEqual(['NAME', 'READY', 'REASON', 'AGE']);
  }, 30_000);

  it('lists exactly the services that use it, in order, whichever namespace they are in', async () => {
    await cluster().apply({ ...NAMESPACE, metadata: { name: 'team-a' } });
    // The one beside the service hides the one of the system namespace.
    await cluster().apply(config('shared', 'kserve'), config('shared', 'team-a'));
    await cluster().apply(user('b'), user('a'), service('none'), user('own', 'team-a'));
    const system = await usersUntil('shared', 'kserve', ['default/a', 'default/b']);
    expect(condition(system, 'ConfigInUse')).toMatchObject({ status: 'True', severity: 'Info', reason: 'InUse' });
    expect(condition(system, 'ConfigInUse')?.message).toContain('2 LLMInferenceService(s)');
    await usersUntil('shared', 'team-a', ['team-a/own']);
    await usersUntil(PRESET, 'kserve', ['default/a', 'default/b', 'default/none', 'team-a/own']);
  }, 60_000);

  it('follows a service that uses it no longer, and one that is gone', async () => {
    await cluster().client.patch(serviceRef('b'), { spec: { baseRefs: null } });
    await usersUntil('shared', 'kserve', ['default/a']);
    await cluster().client.remove(serviceRef('none'));
    await usersUntil(PRESET, 'kserve', ['default/a', 'default/b', 'team-a/own']);
    // Without the config beside it the service takes that of the system namespace.
    await cluster().client.patch(configRef('shared', 'team-a'), { status: null }, { subresource: 'status' });
    await usersUntil('shared', 'team-a', ['team-a/own']);
  }, 60_000);

  it('names what no service could use', async () => {
    await cluster()
      .apply({ ...config('nested'), spec: { baseRefs: [{ name: 'shared' }] } })
      .catch(() => undefined);
    const untyped = { annotations: { a: 'b' }, template: { containers: [{ name: 'main', args: 'not-a-list' }] } };
    await cluster().apply({ ...config('untyped'), spec: untyped });
    const found = await configUntil('untyped', ({ status }) => status?.observedGeneration === 1);
    expect(condition(found, 'Ready')).toMatchObject({ status: 'False', reason: 'InvalidConfig' });
    expect(condition(found, 'Ready')?.message).toContain('spec.template.containers[name=main].args');
    await cluster().apply(config('untyped'));
    await configUntil('untyped', (now) => condition(now, 'Ready')?.status === 'True');
  }, 30_000);

  it('is written once: nothing at rest, nothing after a restart', async () => {
    await operator.settled();
    const before = await operator.writes();
    await cluster().apply(config('shared', 'kserve'), user('a'));
    await operator.settled();
    expect(await operator.writes()).toBe(before);
    await nothingFailed();
    await operator.stop();
    operator = await cluster().operator({ kubeconfig: await operatorKubeconfig(cluster()) });
    await operator.settled();
    expect(await operator.metric('llmisvc_reconcile_seconds_count')).toBeGreaterThanOrEqual(3);
    expect(await operator.writes()).toBe(0);
  }, 60_000);
});

describe('deleting a config', () => {
  it('is refused while it is used, with the names of the services', async () => {
    const refused = await waitFor('the policy to be in force', 20_000, () =>
      deleting('shared', 'kserve', '--dry-run=server').then(
        () => undefined,
        (error: unknown) => String(error),
      ),
    );
    expect(refused).toContain(
      'LLMInferenceServiceConfig kserve/shared is used by LLMInferenceService default/a. ' +
        'Delete these services first, or make them use another config.',
    );
    await expect(deleting('shared', 'kserve')).rejects.toThrow('default/a');
    await expect(deleting('--all', 'team-a')).rejects.toThrow('team-a/own');
    await expect(deleting(PRESET, 'kserve')).rejects.toThrow('default/a, default/b, team-a/own');
    expect((await cluster().get(configRef('shared', 'kserve'))).metadata.deletionTimestamp).toBeUndefined();
  }, 40_000);

  it('is allowed when nobody uses it, at once after its last user', async () => {
    await deleting('idle', 'default');
    await cluster().client.remove(serviceRef('a'));
    await usersUntil('shared', 'kserve', []);
    await deleting('shared', 'kserve');
    await cluster().gone(configRef('shared', 'kserve'));
  }, 30_000);

  it('never holds a namespace back', async () => {
    await usersUntil('shared', 'team-a', ['team-a/own']);
    await cluster().apply({ ...NAMESPACE, metadata: { name: 'team-b' } }, config('held', 'team-b'));
    await cluster().kubectl('delete', 'namespace', 'team-a', 'team-b', '--timeout=45s');
    await usersUntil(PRESET, 'kserve', ['default/b']);
  }, 60_000);

  it('names ten of many services', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `many-${String(index).padStart(2, '0')}`);
    await cluster().apply(config('busy'), ...names.map((name) => user(name, 'default', 'busy')));
    await usersUntil(
      'busy',
      'default',
      names.map((name) => `default/${name}`),
    );
    await expect(deleting('busy', 'default')).rejects.toThrow('default/many-09 and others, listed in its status');
  }, 60_000);
});

describe('with the setting for the finalizer', () => {
  beforeAll(async () => {
    await operator.stop();
    await cluster().kubectl('delete', 'validatingadmissionpolicybinding', 'llmisvc-config-in-use');
    await waitFor('the policy to be out of force', 20_000, () =>
      deleting('busy', 'default', '--dry-run=server').then(
        () => true,
        () => undefined,
      ),
    );
    const args = ['--config-finalizer'];
    operator = await cluster().operator({ kubeconfig: await operatorKubeconfig(cluster()), args });
  }, 60_000);

  it('keeps a config until its last user is gone, and says who blocks', async () => {
    await cluster().apply(config('kept'), user('keeper', 'default', 'kept'));
    await usersUntil('kept', 'default', ['default/keeper']);
    await configUntil('kept', ({ metadata }) => metadata.finalizers?.includes(KSERVE_CONFIG_FINALIZER) ?? false);
    await cluster().client.remove(configRef('kept'));
    const blocked = await configUntil('kept', (now) => condition(now, 'ConfigInUse')?.reason === 'DeletionBlocked');
    expect(blocked.status?.referencedBy).toEqual([{ name: 'keeper', namespace: 'default' }]);
    await cluster().get({ ...DEPLOYMENT, namespace: 'default', name: 'keeper-kserve' });
    await operator.settled();
    const { items } = await cluster().client.list<Event>({ apiVersion: 'v1', kind: 'Event', namespace: 'default' });
    expect(items.filter(({ involvedObject }) => involvedObject.name === 'kept')).toMatchObject([
      {
        type: 'Warning',
        reason: 'DeletionBlocked',
        message: 'Cannot delete LLMInferenceServiceConfig default/kept: referenced by 1 LLMInferenceService(s)',
      },
    ]);
    await cluster().client.remove(serviceRef('keeper'));
    await cluster().gone(configRef('kept'));
  }, 60_000);

  it('writes nothing at rest', async () => {
    await operator.settled();
    await nothingFailed();
    await operator.stop();
    operator = await cluster().operator({
      kubeconfig: await operatorKubeconfig(cluster()),
      args: ['--config-finalizer=true'],
    });
    await operator.settled();
    expect(await operator.writes()).toBe(0);
    const preset = await cluster().get(configRef(PRESET, 'kserve'));
    expect(preset.metadata.finalizers).toEqual([KSERVE_CONFIG_FINALIZER]);
  }, 60_000);

  it('holds nothing back any more when it is switched off', async () => {
    await operator.stop();
    await cluster().client.remove(configRef(PRESET, 'kserve'));
    operator = await cluster().operator({ kubeconfig: await operatorKubeconfig(cluster()) });
    await cluster().gone(configRef(PRESET, 'kserve'));
  }, 60_000);
});

async function nothingFailed(): Promise<void> {
  expect(operator.log().filter(({ level }) => level === 'error')).toEqual([]);
  expect(await operator.metric('llmisvc_api_requests_total', 'code="403"')).toBe(0);
}

interface Event extends KubeObject {
  readonly involvedObject: { readonly name: string };
}

function config(name: string, namespace = 'default'): KubeObject {
  return { ...LLMISVC_CONFIG, metadata: { name, namespace }, spec: { annotations: { team: name } } } as KubeObject;
}

function user(name: string, namespace = 'default', of = 'shared'): KubeObject {
  return service(name, { baseRefs: [{ name: of }] }, { namespace });
}

function condition({ status }: LLMInferenceServiceConfig, type: string) {
  return status?.conditions?.find((one) => one.type === type);
}

function configUntil(
  name: string,
  check: (config: LLMInferenceServiceConfig) => boolean,
  namespace = 'default',
): Promise<LLMInferenceServiceConfig> {
  return cluster().until<LLMInferenceServiceConfig>('the config', configRef(name, namespace), check);
}

/** Waits until a config lists exactly these services, as `<namespace>/<name>`. */
function usersUntil(name: string, namespace: string, users: readonly string[]): Promise<LLMInferenceServiceConfig> {
  const listed = ({ status }: LLMInferenceServiceConfig): string =>
    (status?.referencedBy ?? []).map((one) => `${one.namespace}/${one.name}`).join();
  return configUntil(name, (now) => now.status !== undefined && listed(now) === users.join(), namespace);
}

function deleting(name: string, namespace: string, ...args: readonly string[]): Promise<string> {
  return cluster().kubectl('delete', 'llminferenceserviceconfig', name, '-n', namespace, '--timeout=20s', ...args);
}
