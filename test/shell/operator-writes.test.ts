import { DEPLOYMENT, SECRET } from '../../src/api/children.ts';
import { LLMISVC, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { Effective } from '../../src/config/effective.ts';
import { directConnection } from '../../src/kube/connection.ts';
import { silent } from '../../src/kube/log.ts';
import { restClient } from '../../src/kube/rest.ts';
import { transport } from '../../src/kube/transport.ts';
import type { Client } from '../../src/kube/types.ts';
import type { ApplyContext } from '../../src/operator/apply.ts';
import { createDrift } from '../../src/operator/drift.ts';
import { addFinalizer, releaseFinalizer } from '../../src/operator/finalizers.ts';
import { labelled } from '../../src/operator/label.ts';
import { prune } from '../../src/operator/prune.ts';
import { type FakeApi, fakeApi, PODS } from '../support/fakeapi.ts';

const FINALIZER = 'example.com/f';
const LABEL = 'serving.kserve.io/inferenceservice';
const signal = new AbortController().signal;

let api: FakeApi;
let client: Client;

beforeEach(async () => {
  api = await fakeApi([
    { ...PODS, ...LLMISVC, plural: 'llminferenceservices' },
    { ...PODS, ...DEPLOYMENT, plural: 'deployments' },
    { ...PODS, ...SECRET, plural: 'secrets' },
  ]);
  client = restClient(await transport(directConnection({ url: api.url })));
});

afterEach(async () => {
  await client.close();
  await api.close();
});

function service(resourceVersion: string, more: object = {}): LLMInferenceService {
  return { ...LLMISVC, metadata: { name: 'one', namespace: 'a', uid: 'u', resourceVersion, ...more } };
}

const sent = (method: string): readonly unknown[] =>
  api.requests
    .filter((request) => request.method === method)
    .map(({ body }) => (body === '' ? undefined : (JSON.parse(body) as unknown)));
const conflict = (x: { fail(code: number, reason: string): void }): void => x.fail(409, 'Conflict');

describe('a finalizer', () => {
  const context = (): { client: Client; log: typeof silent; signal: AbortSignal } => ({ client, log: silent, signal });

  it('is taken off beside one that came meanwhile', async () => {
    api.answer(
      conflict,
      (x) => x.json(service('2', { finalizers: [FINALIZER, 'other'] })),
      (x) => x.json({}),
    );
    await releaseFinalizer(service('1', { finalizers: [FINALIZER] }), FINALIZER, context());
    expect(sent('PATCH').at(-1)).toEqual({ metadata: { resourceVersion: '2', finalizers: ['other'] } });
  });

  it.each([
    ['taken off', releaseFinalizer, { finalizers: [FINALIZER] }],
    ['put on', addFinalizer, {}],
  ])('is not %s an object that took the name meanwhile', async (_what, change, metadata) => {
    api.answer(conflict, (x) => x.json(service('9', { uid: 'another', ...metadata })));
    await change(service('1', metadata), FINALIZER, context());
    expect(sent('PATCH')).toHaveLength(1);
  });
});

describe('the label of a service', () => {
  let observed: KubeObject[];
  const label = (given: LLMInferenceService): Promise<LLMInferenceService> =>
    labelled(given, { client, log: silent, signal, observe: (object) => observed.push(object) });

  beforeEach(() => {
    observed = [];
  });

  it('is put on a newer version when somebody wrote in between', async () => {
    const labels = { [LABEL]: 'one' };
    api.answer(
      conflict,
      (x) => x.json(service('2')),
      (x) => x.json(service('3', { labels })),
    );
    expect((await label(service('1'))).metadata.resourceVersion).toBe('3');
    expect(sent('PATCH')).toEqual(['1', '2'].map((resourceVersion) => ({ metadata: { resourceVersion, labels } })));
    expect(observed).toHaveLength(1);
  });

  it('is not put on a service that took the name meanwhile', async () => {
    api.answer(conflict, (x) => x.json(service('9', { uid: 'another' })));
    expect((await label(service('1'))).metadata.uid).toBe('u');
    expect(sent('PATCH')).toHaveLength(1);
  });

  it('is left off by a service that refuses every change', async () => {
    api.answer((x) => x.fail(422, 'Invalid'));
    expect((await label(service('1'))).metadata.resourceVersion).toBe('1');
    expect(sent('PATCH')).toHaveLength(1);
  });
});

describe('pruning', () => {
  const owner = (uid: string): object => ({ ...LLMISVC, name: 'one', uid, controller: true });
  const child = (resourceVersion: string, uid = 'u', own = 'd'): KubeObject =>
    ({
      ...DEPLOYMENT,
      metadata: { name: 'c', namespace: 'a', uid: own, resourceVersion, ownerReferences: [owner(uid)] },
    }) as KubeObject;
  const named = { ...SECRET, namespace: 'a', name: 's' };
  const cleared = new Map<string, ReadonlySet<string>>();
  beforeEach(() => cleared.clear());
  const pruned = async (byName = false, untouched = false): Promise<readonly string[]> => {
    const part = 'workload' as const;
    const plan = {
      children: [],
      held: new Set<never>(),
      prunable: byName ? [] : [{ ...DEPLOYMENT, part }],
      prunableByName: byName ? [{ ...named, part }] : [],
      problems: [],
    };
    const context = {
      client,
      log: silent,
      signal,
      drift: createDrift(),
      cleared,
      forget: () => undefined,
      owned: () => [child('1')],
    };
    const effective = { service: service('1') } as unknown as Effective;
    return (await prune(plan, effective, context as unknown as ApplyContext, untouched)).map(({ action }) => action);
  };
  const preconditions = (): readonly unknown[] =>
    sent('DELETE').map((body) => (body as { preconditions: unknown }).preconditions);

  it('deletes what was looked at, and looks again when it changed', async () => {
    api.answer(
      conflict,
      (x) => x.json(child('2')),
      (x) => x.json({}),
    );
    expect(await pruned()).toEqual(['pruned']);
    expect(preconditions()).toEqual(['1', '2'].map((resourceVersion) => ({ uid: 'd', resourceVersion })));
  });

  it('leaves what somebody else took over meanwhile', async () => {
    api.answer(conflict, (x) => x.json(child('2', 'another service')));
    expect(await pruned()).toEqual(['held']);
    expect(sent('DELETE')).toHaveLength(1);
  });

  it('looks for what no cache holds by name, once', async () => {
    const secret = { ...child('1'), ...SECRET, metadata: { ...child('1').metadata, name: 's' } };
    api.answer(
      (x) => x.json(secret),
      (x) => x.json({}),
    );
    expect(await pruned(true)).toEqual(['pruned']);
    expect(await pruned(true)).toEqual([]);
    expect(sent('GET')).toHaveLength(1);
  });

  it('looks for nothing by name of a service that nobody has worked on, nor afterwards', async () => {
    expect(await pruned(true, true)).toEqual([]);
    expect(await pruned(true)).toEqual([]);
    expect(sent('GET')).toEqual([]);
  });

  it('is done when the object made way for another one', async () => {
    api.answer(conflict, (x) => x.json(child('9', 'u', 'new')));
    expect(await pruned()).toEqual(['pruned']);
    expect(sent('DELETE')).toHaveLength(1);
  });
});
