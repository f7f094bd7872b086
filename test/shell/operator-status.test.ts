import { LLMISVC, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import { directConnection } from '../../src/kube/connection.ts';
import { restClient } from '../../src/kube/rest.ts';
import { transport } from '../../src/kube/transport.ts';
import type { Client } from '../../src/kube/types.ts';
import { writeStatus } from '../../src/operator/status.ts';
import { type FakeApi, fakeApi, PODS } from '../support/fakeapi.ts';

const PIN = 'serving.kserve.io/config-llm-template';
const condition = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' } as const;

function service(resourceVersion: string, more: object = {}): LLMInferenceService {
  return {
    ...LLMISVC,
    metadata: { name: 'one', namespace: 'a', uid: 'u', generation: 1, resourceVersion },
    status: { annotations: { [PIN]: 'first' } },
    ...more,
  };
}

let api: FakeApi;
let client: Client;

beforeEach(async () => {
  api = await fakeApi([{ ...PODS, ...LLMISVC, plural: 'llminferenceservices' }]);
  client = restClient(await transport(directConnection({ url: api.url })));
});

afterEach(async () => {
  await client.close();
  await api.close();
});

const status = { annotations: { [PIN]: 'first' }, conditions: [condition] };
const write = (): Promise<LLMInferenceService | undefined> =>
  writeStatus(service('1'), status, client, new AbortController().signal);
const bodies = (): readonly unknown[] =>
  api.requests.filter(({ method }) => method === 'PATCH').map(({ body }) => JSON.parse(body));

it('is written once more over a newer version that decides nothing else', async () => {
  api.answer(
    (x) => x.fail(409, 'Conflict'),
    (x) => x.json(service('2')),
    (x) => x.json(service('3', { status })),
  );
  expect((await write())?.metadata.resourceVersion).toBe('3');
  expect(bodies()).toEqual(
    ['1', '2'].map((resourceVersion) => ({ metadata: { resourceVersion }, status: { conditions: [condition] } })),
  );
});

it.each([
  ['the pins', service('2', { status: { annotations: { [PIN]: 'second' } } })],
  ['the spec', { ...service('2'), metadata: { ...service('2').metadata, generation: 2 } }],
  ['the object', { ...service('2'), metadata: { ...service('2').metadata, uid: 'another' } }],
])('gives way when somebody changed %s meanwhile', async (_what, now) => {
  api.answer(
    (x) => x.fail(409, 'Conflict'),
    (x) => x.json(now),
    (x) => x.json(now),
  );
  expect(await write()).toBeUndefined();
  expect(bodies()).toHaveLength(1);
});

it('gives way when the object is gone meanwhile', async () => {
  api.answer((x) => x.fail(404, 'NotFound'));
  expect(await write()).toBeUndefined();
});

describe('which merged spec was accepted', () => {
  const VALIDATED = 'llmisvc.serving.kserve.io/validated';
  const having = (hash: string | undefined, more: object = {}): object => ({
    annotations: { [PIN]: 'first', ...(hash ? { [VALIDATED]: hash } : {}) },
    ...more,
  });
  const written = async (before: object, after: object): Promise<readonly unknown[]> => {
    api.answer((x) => x.json(service('2')));
    await writeStatus(service('1', { status: before }), after, client, new AbortController().signal);
    return bodies();
  };

  it('is written where nothing is known yet', async () => {
    expect(await written(having(undefined), having('a'))).toMatchObject([
      { status: { annotations: { [VALIDATED]: 'a' } } },
    ]);
  });

  it('is no reason to write afterwards', async () => {
    expect(await written(having('a'), having('b'))).toEqual([]);
  });

  it('goes with the next write', async () => {
    expect(await written(having('a'), having('b', { conditions: [condition] }))).toMatchObject([
      { status: { conditions: [condition], annotations: { [VALIDATED]: 'b' } } },
    ]);
  });
});
