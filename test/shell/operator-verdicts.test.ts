import { type DryRunRef, dryRunOf, type Verdict } from '../../src/api/dryrun.ts';
import { LLMISVC } from '../../src/api/llmisvc.ts';
import type { Ref } from '../../src/api/object.ts';
import { directConnection } from '../../src/kube/connection.ts';
import { silent } from '../../src/kube/log.ts';
import { restClient } from '../../src/kube/rest.ts';
import { transport } from '../../src/kube/transport.ts';
import type { Client } from '../../src/kube/types.ts';
import { createVerdicts, type Verdicts } from '../../src/operator/verdicts.ts';
import { type FakeApi, fakeApi, PODS } from '../support/fakeapi.ts';

const MINUTE = 60_000;
const signal = new AbortController().signal;
const question = (replicas = 1, name = 'qwen'): DryRunRef =>
  dryRunOf({ ...LLMISVC, metadata: { name, namespace: 'team' } }, { replicas });

let api: FakeApi;
let client: Client;
let verdicts: Verdicts;
let changes: Ref[];
let now: number;
let used: boolean;
let slept: number[];
let round: AbortController;

beforeEach(async () => {
  [changes, now, used, slept] = [[], 0, true, []];
  api = await fakeApi([{ ...PODS, ...LLMISVC, plural: 'llminferenceservices' }]);
  const timing = {
    now: () => now,
    random: () => 0,
    sleep: async (milliseconds: number) => void slept.push(milliseconds),
  };
  client = restClient(await transport(directConnection({ url: api.url }), { timing }));
  let turns = 0;
  verdicts = createVerdicts({
    client,
    log: silent,
    inUse: () => used,
    onChange: (ref) => changes.push(ref),
    // The first sleep passes at once; the second ends the round.
    timing: {
      ...timing,
      sleep: async () => {
        turns += 1;
        if (turns % 2 === 0) round.abort();
      },
    },
  });
});

afterEach(async () => {
  await client.close();
  await api.close();
});

const outcome = (of = question()): Verdict['outcome'] | undefined => {
  const answer = verdicts.get(of);
  return answer?.state === 'found' ? answer.value.outcome : undefined;
};
const message = (of = question()): string => {
  const answer = verdicts.get(of);
  return answer?.state === 'found' ? answer.value.message : '';
};

async function turn(milliseconds: number): Promise<void> {
  now += milliseconds;
  round = new AbortController();
  await verdicts.run(round.signal);
}

it('asks once for equal specs of a namespace, also at the same time, and stores nothing', async () => {
  api.answer((x) => x.json({}));
  await Promise.all([verdicts.ask(question(), signal), verdicts.ask(question(1, 'other'), signal)]);
  expect(outcome()).toBe('Accepted');
  expect(api.requests).toHaveLength(1);
  const [{ body, method, path, query } = { body: '', query: new URLSearchParams() }] = api.requests;
  expect(`${method} ${path}`).toBe('POST /apis/serving.kserve.io/v1alpha2/namespaces/team/llminferenceservices');
  expect(query.get('dryRun')).toBe('All');
  expect(JSON.parse(body)).toEqual({
    ...LLMISVC,
    metadata: { generateName: 'qwen-validation-', namespace: 'team' },
    spec: { replicas: 1 },
  });
});

const RIGHT = 'is forbidden: User "x" cannot create resource "llminferenceservices" in API group "serving.kserve.io"';
const QUOTA = 'is forbidden: exceeded quota: q, requested: count/llminferenceservices.serving.kserve.io=1';

it.each([
  ['422', 422, 'Invalid', 'is invalid', 'Invalid'],
  ['500', 500, 'InternalError', 'failed calling webhook', 'Failed'],
  ['403 of admission', 403, 'Forbidden', 'admission webhook denied the request', 'Failed'],
  ['400 of a webhook without dry run', 400, 'BadRequest', 'does not support dry run', 'Failed'],
  ['403 for want of the right', 403, 'Forbidden', RIGHT, 'NotAllowed'],
  ['403 in a namespace that goes away', 403, 'Forbidden', 'because it is being terminated', 'NamespaceTerminating'],
  // The service itself is counted already, and quotas are looked at last.
  ['403 of a quota', 403, 'Forbidden', QUOTA, 'Accepted'],
  ['403 of a quota not counted yet', 403, 'Forbidden', 'status unknown for quota: q', 'Accepted'],
])('takes %s for what it is', async (_what, code, reason, text, expected) => {
  api.answer((x) => x.fail(code, reason, text));
  await verdicts.ask(question(), signal);
  expect(outcome()).toBe(expected);
  expect(message()).toBe(expected === 'Accepted' ? '' : text);
});

describe('a rule that cannot be evaluated', () => {
  const rule = {
    field: 'spec.router.route.http.spec.parentRefs',
    message: 'Invalid value: "array": no such key: group evaluating rule: sectionName must be unique',
  };
  const remark = { field: '<nil>', message: 'Invalid value: null: some validation rules were not checked because …' };
  const fault = { field: 'spec.replicas', message: 'Invalid value: -1' };
  const judged = async (...causes: readonly object[]): Promise<Verdict | undefined> => {
    api.answer((x) => x.fail(422, 'Invalid', 'is invalid', {}, { causes }));
    await verdicts.ask(question(), signal);
    const answer = verdicts.get(question());
    return answer?.state === 'found' ? answer.value : undefined;
  };

  it('says nothing about the spec', async () => {
    expect(await judged(rule, remark)).toMatchObject({ outcome: 'Accepted', message: '' });
  });

  it('is left out beside a mistake', async () => {
    expect(await judged(rule, fault, remark)).toMatchObject({ outcome: 'Invalid', causes: [fault] });
  });

  it('counts when it is one of the cluster', async () => {
    const message =
      "ValidatingAdmissionPolicy 'p' with binding 'p' denied request: expression 'x' resulted in error: no such key: y";
    expect(await judged({ message })).toMatchObject({ outcome: 'Invalid', causes: [{ field: '', message }] });
  });
});

it('waits for as long as an API server under load asks for', async () => {
  api.answer(
    (x) => x.fail(429, 'TooManyRequests', 'later', { 'retry-after': '2' }),
    (x) => x.json({}),
  );
  await verdicts.ask(question(), signal);
  expect(outcome()).toBe('Accepted');
  expect(slept).toEqual([2_000]);
});

it('has no verdict when the connection breaks, and gets one with the next question', async () => {
  // A dry run may arrive twice, so the first break is mended at once.
  api.answer(
    (x) => x.cut(),
    (x) => x.cut(),
    (x) => x.json({}),
  );
  await verdicts.ask(question(), signal);
  expect(outcome()).toBe('Failed');
  expect(message()).not.toBe('');
  await verdicts.ask(question(), signal);
  expect(outcome()).toBe('Accepted');
  // Whoever waits for the same content hears of it.
  expect(changes.map(({ name }) => name)).toEqual([question().name]);
});

it('has no verdict when the answer takes too long', async () => {
  const text = 'create llminferenceservices: no complete answer within 30 seconds.';
  const slow = createVerdicts({
    client: { ...client, request: () => Promise.reject(new Error(text)) },
    log: silent,
    inUse: () => true,
    onChange: () => {},
  });
  await slow.ask(question(), signal);
  expect(slow.get(question())).toMatchObject({ value: { outcome: 'Failed', message: text } });
});

it('has no verdict where the kind is not served', async () => {
  api.serve([PODS]);
  await verdicts.ask(question(), signal);
  expect(outcome()).toBe('Failed');
  expect(api.requests).toEqual([]);
});

it('leaves out of its words what is different each time', async () => {
  let count = 0;
  api.answer((x) => {
    count += 1;
    const text = `"qwen-validation-x7k2${count}" is refused`;
    x.fail(422, 'Invalid', text, {}, { causes: [{ field: '', message: text }] });
  });
  await verdicts.ask(question(), signal);
  const first = verdicts.get(question());
  expect(first).toMatchObject({ value: { message: '"qwen-validation-…" is refused' } });
  await turn(11 * MINUTE);
  expect(api.requests).toHaveLength(2);
  expect(verdicts.get(question())).toEqual(first);
  expect(changes).toEqual([]);
});

it('asks again after ten minutes about what was refused, and never about what was accepted', async () => {
  api.answer(
    (x) => x.fail(422, 'Invalid', 'no'),
    (x) => x.json({}),
  );
  await verdicts.ask(question(1), signal);
  await verdicts.ask(question(2), signal);
  await turn(9 * MINUTE);
  expect(api.requests).toHaveLength(2);
  await turn(2 * MINUTE);
  expect(api.requests).toHaveLength(3);
  expect([outcome(question(1)), outcome(question(2))]).toEqual(['Accepted', 'Accepted']);
  expect(changes.map(({ name }) => name)).toEqual([question(1).name]);
  await turn(60 * MINUTE);
  expect(api.requests).toHaveLength(3);
});

it('keeps a refusal while the API server cannot be asked', async () => {
  api.answer(
    (x) => x.fail(422, 'Invalid', 'no'),
    (x) => x.fail(500, 'InternalError', 'down'),
    (x) => x.json({}),
  );
  await verdicts.ask(question(), signal);
  await turn(11 * MINUTE);
  expect([api.requests.length, outcome()]).toEqual([2, 'Invalid']);
  await turn(2 * MINUTE);
  expect([api.requests.length, outcome()]).toEqual([3, 'Accepted']);
});

it('forgets what nobody looks at, but not under the pass that asked', async () => {
  api.answer((x) => x.json({}));
  await verdicts.ask(question(), signal);
  used = false;
  await turn(MINUTE / 2);
  expect(outcome()).toBe('Accepted');
  await turn(MINUTE);
  expect(outcome()).toBeUndefined();
});

it('gives up when the operator ends', async () => {
  const stop = new AbortController();
  api.answer(() => stop.abort(new Error('the end')));
  await expect(verdicts.ask(question(), stop.signal)).rejects.toThrow('the end');
  expect(outcome()).toBeUndefined();
});
