import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directConnection } from '../../src/kube/connection.ts';
import * as errors from '../../src/kube/errors.ts';
import { requestInfo } from '../../src/kube/paths.ts';
import { restClient } from '../../src/kube/rest.ts';
import { type ResponseInfo, type TransportOptions, transport } from '../../src/kube/transport.ts';
import type { Client } from '../../src/kube/types.ts';
import { type Exchange, type FakeApi, fakeApi, ledTiming, PODS, until } from '../support/fakeapi.ts';

const SECRETS = { ...PODS, kind: 'Secret', plural: 'secrets' };
const DEPLOYMENTS = { ...PODS, apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments' };
const NODES = { ...PODS, kind: 'Node', plural: 'nodes', namespaced: false };
const POD = { apiVersion: 'v1', kind: 'Pod' };
const pod = (name: string, more: object = {}) => ({ ...POD, metadata: { name, namespace: 'a', ...more } });

let api: FakeApi;
let client: Client;
const timing = ledTiming();
const seen: ResponseInfo[] = [];
const folder = mkdtempSync(join(tmpdir(), 'kube-'));
let files = 0;
afterAll(() => rmSync(folder, { recursive: true }));

async function connect(options: TransportOptions = {}, server: object = {}): Promise<Client> {
  const connection = directConnection({ url: api.url, token: 's3cr3t-token', ...server });
  return restClient(await transport(connection, { timing, onResponse: (info) => seen.push(info), ...options }));
}

beforeEach(async () => {
  api = await fakeApi([PODS, SECRETS, DEPLOYMENTS, NODES]);
  client = await connect();
  seen.length = 0;
});

afterEach(async () => {
  await client.close();
  await api.close();
});

const failure = async (work: Promise<unknown>): Promise<errors.ApiError> => {
  const error = await work.then(
    () => new Error('did not fail'),
    (reason: unknown) => reason,
  );
  return error as errors.ApiError;
};

describe('paths and bodies', () => {
  it('reads an object, and answers undefined for one that is not there', async () => {
    api.answer(
      (x) => x.json(pod('one')),
      (x) => x.fail(404, 'NotFound', 'pods "two" not found'),
    );
    expect(await client.read({ ...POD, namespace: 'a', name: 'one' })).toEqual(pod('one'));
    expect(await client.read({ ...POD, namespace: 'a', name: 'two' })).toBeUndefined();
    expect(api.requests[0]?.path).toBe('/api/v1/namespaces/a/pods/one');
    expect(api.requests[0]?.headers['authorization']).toBe('Bearer s3cr3t-token');
  });

  it('keeps every field of an object that it sends and gets', async () => {
    const strange = { ...pod('one'), spec: { notAField: { deep: [1, 'x', null] } } };
    api.answer((x) => x.json(JSON.parse(x.body)));
    expect(await client.apply(strange, { manager: 'llmisvc' })).toEqual(strange);
  });

  it('applies with strict validation, and with force only when asked', async () => {
    api.answer((x) => x.json(pod('one')));
    await client.apply(pod('one'), { manager: 'llmisvc' });
    await client.apply(pod('one'), { manager: 'llmisvc', force: true, dryRun: true });
    const [plain, forced] = api.requests;
    expect(plain?.method).toBe('PATCH');
    expect(plain?.headers['content-type']).toBe('application/apply-patch+yaml');
    expect(Object.fromEntries(plain?.query ?? [])).toEqual({ fieldManager: 'llmisvc', fieldValidation: 'Strict' });
    expect(forced?.query.get('force')).toBe('true');
    expect(forced?.query.get('dryRun')).toBe('All');
  });

  it('patches a subresource with a merge patch', async () => {
    api.answer((x) => x.json(pod('one')));
    await client.patch({ ...POD, namespace: 'a', name: 'one' }, { status: {} }, { subresource: 'status' });
    expect(api.requests[0]?.path).toBe('/api/v1/namespaces/a/pods/one/status');
    expect(api.requests[0]?.headers['content-type']).toBe('application/merge-patch+json');
  });

  it('deletes with preconditions, and says false when there was nothing', async () => {
    api.answer(
      (x) => x.json({ kind: 'Status' }),
      (x) => x.fail(404, 'NotFound'),
    );
    const ref = { ...POD, namespace: 'a', name: 'one' };
    expect(await client.remove(ref, { uid: 'u1', propagation: 'Background', gracePeriodSeconds: 0 })).toBe(true);
    expect(await client.remove(ref)).toBe(false);
    expect(JSON.parse(api.requests[0]?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'u1' },
      propagationPolicy: 'Background',
      gracePeriodSeconds: 0,
    });
  });

  it('names the object whose namespace is missing, and sends nothing', async () => {
    const error = await failure(client.read({ ...POD, name: 'one' }));
    expect(error.message).toBe('Pod one: metadata.namespace is missing; pods live in a namespace.');
    expect(api.requests).toHaveLength(0);
  });

  it('leaves the namespace out of the path of a cluster-scoped kind', async () => {
    api.answer((x) => x.json({}));
    await client.read({ apiVersion: 'v1', kind: 'Node', namespace: 'a', name: 'n' });
    expect(api.requests[0]?.path).toBe('/api/v1/nodes/n');
  });
});

describe('lists', () => {
  it('reads page by page and gives every item its kind', async () => {
    api.answer(
      (x) => x.json({ metadata: { resourceVersion: '7', continue: 'tok' }, items: [{ metadata: { name: 'one' } }] }),
      (x) => x.json({ metadata: { resourceVersion: '7' }, items: [{ metadata: { name: 'two' } }] }),
    );
    const found = await client.list({ ...POD, labels: { app: 'x' } });
    expect(found.items.map((item) => [item.kind, item.apiVersion, item.metadata.name])).toEqual([
      ['Pod', 'v1', 'one'],
      ['Pod', 'v1', 'two'],
    ]);
    expect(found.resourceVersion).toBe('7');
    expect(api.requests[0]?.query.get('limit')).toBe('500');
    expect(api.requests[0]?.query.get('labelSelector')).toBe('app=x');
    expect(api.requests[1]?.query.get('continue')).toBe('tok');
  });

  it('starts again in one piece when a page expired', async () => {
    api.answer(
      (x) => x.json({ metadata: { continue: 'tok' }, items: [{ metadata: { name: 'old' } }] }),
      (x) => x.fail(410, 'Expired'),
      (x) => x.json({ metadata: { resourceVersion: '9' }, items: [{ metadata: { name: 'one' } }] }),
    );
    const found = await client.list(POD);
    expect(found.items.map((item) => item.metadata.name)).toEqual(['one']);
    expect(api.requests[2]?.query.has('limit')).toBe(false);
  });

  it('asks for metadata alone', async () => {
    api.answer((x) => x.json({ items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'one' } }] }));
    const found = await client.list(POD, { metadataOnly: true });
    expect(api.requests[0]?.headers['accept']).toContain('as=PartialObjectMetadataList');
    expect(found.items[0]?.kind).toBe('Pod');
  });
});

describe('errors', () => {
  it('carries code, reason, message, causes and what was asked', async () => {
    const causes = [{ field: 'spec.containers', message: 'Required value', reason: 'FieldValueRequired' }];
    api.answer((x) => x.fail(422, 'Invalid', 'Pod "one" is invalid', {}, { causes }));
    const error = await failure(client.create(pod('one')));
    expect(errors.isInvalid(error)).toBe(true);
    expect(error.causes).toEqual([{ field: 'spec.containers', message: 'Required value' }]);
    expect(error.message).toBe('create pods a: 422 Invalid: Pod "one" is invalid');
    expect(error.detail).toBe('Pod "one" is invalid');
  });

  it.each([
    [403, 'Forbidden', errors.isForbidden],
    [409, 'Conflict', errors.isConflict],
    [409, 'AlreadyExists', errors.isAlreadyExists],
    [410, 'Gone', errors.isGone],
    [429, 'TooManyRequests', errors.isTooManyRequests],
    [400, 'BadRequest', errors.isBadRequest],
    [401, 'Unauthorized', errors.isUnauthorized],
  ])('recognises %d %s', async (code, reason, is) => {
    api.answer((x) => x.fail(code, reason));
    expect(is(await failure(client.create(pod('one'))))).toBe(true);
  });

  it('tells a name that is taken from a version that moved', async () => {
    api.answer((x) => x.fail(409, 'AlreadyExists'));
    expect(errors.isConflict(await failure(client.create(pod('one'))))).toBe(false);
  });

  it('recognises a terminating namespace and a quota', async () => {
    api.answer(
      (x) => x.fail(403, 'Forbidden', 'unable to create new content in namespace a because it is being terminated'),
      (x) => x.fail(403, 'Forbidden', 'pods "one" is forbidden: exceeded quota: gpus, requested: …'),
    );
    expect(errors.isNamespaceTerminating(await failure(client.create(pod('one'))))).toBe(true);
    expect(errors.isQuotaExceeded(await failure(client.create(pod('one'))))).toBe(true);
  });

  it('finds the path in a refused apply', async () => {
    const text =
      'failed to create typed patch object (a/one; apps/v1, Kind=Deployment): ' +
      '.spec.template.spec.containers[name="ma: in"].resorces: field not declared in schema';
    api.answer((x) => x.fail(500, '', text));
    const error = await failure(client.apply(pod('one'), { manager: 'llmisvc' }));
    expect(errors.isTypedPatchError(error)).toMatchObject({
      field: '.spec.template.spec.containers[name="ma: in"].resorces',
      message: 'field not declared in schema',
    });
    expect(api.requests).toHaveLength(1);
  });

  it('finds all paths when several fields are refused', () => {
    const message =
      'failed to create typed patch object (a/one; apps/v1, Kind=Deployment): errors:\n' +
      '  .spec.foo: field not declared in schema\n  .spec.replicas: expected numeric (int or float), got string\n';
    const error = new errors.ApiError({
      request: { verb: 'apply', resource: 'deployments' },
      code: 500,
      reason: '',
      message,
    });
    expect(errors.isTypedPatchError(error)?.causes).toEqual([
      { field: '.spec.foo', message: 'field not declared in schema' },
      { field: '.spec.replicas', message: 'expected numeric (int or float), got string' },
    ]);
    expect(errors.isTypedPatchError(new Error('failed to create typed patch object (x): y'))).toBeUndefined();
  });

  it('never repeats the token, nor the values of a Secret', async () => {
    api.answer(
      (x) => x.text('proxy says: bad header Bearer s3cr3t-token', 502),
      (x) =>
        x.fail(
          422,
          'Invalid',
          'data[key]: Invalid value: "hunter2"',
          {},
          {
            causes: [{ field: 'data[key]', message: 'Invalid value: "hunter2"', reason: 'FieldValueInvalid' }],
          },
        ),
    );
    const proxy = await failure(client.create(pod('one')));
    expect(proxy.message).toContain('bad header');
    expect(proxy.message).not.toContain('s3cr3t-token');
    const secret = await failure(
      client.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'a' } }),
    );
    expect(JSON.stringify([secret.message, secret.detail, secret.causes])).not.toContain('hunter2');
    expect(secret.causes).toEqual([{ field: 'data[key]', message: 'FieldValueInvalid' }]);
  });

  it('tells a kind that is not served from an object that is not there', async () => {
    const error = await failure(
      client.read({ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', namespace: 'a', name: 'x' }),
    );
    expect(errors.isUnserved(error)).toBe(true);
    expect(error.message).toContain('does not serve kind ScaledObject of keda.sh/v1alpha1');
  });

  it('asks discovery again after the path of a known kind went away', async () => {
    api.answer((x) => x.text('404 page not found', 404));
    const error = await failure(client.read({ ...POD, namespace: 'a', name: 'one' }));
    expect(errors.isUnserved(error)).toBe(true);
    api.serve([]);
    expect(await client.resource(POD)).toBeUndefined();
  });
});

describe('trying again', () => {
  it.each([429, 503])('waits as long as %d with Retry-After says', async (code) => {
    api.answer(
      (x) => x.fail(code, 'Busy', '', { 'retry-after': '3' }),
      (x) => x.json(pod('one')),
    );
    const answer = client.create(pod('one'));
    await until(() => timing.sleeping.length === 1, 'the wait before the second try');
    expect(timing.sleeping[0]).toBeGreaterThanOrEqual(3_000);
    expect(timing.sleeping[0]).toBeLessThan(3_251);
    expect(api.requests).toHaveLength(1);
    timing.advance(3_250);
    expect(await answer).toEqual(pod('one'));
  });

  it('gives up after five more tries', async () => {
    api.answer((x) => x.fail(429, 'TooManyRequests', '', { 'retry-after': '1' }));
    const answer = failure(client.create(pod('one')));
    for (let tries = 1; tries <= 5; tries++) {
      await until(() => timing.sleeping.length === 1 && api.requests.length === tries, `the wait after try ${tries}`);
      timing.advance(1_250);
    }
    const error = await answer;
    expect([error.code, error.retryAfter, api.requests.length]).toEqual([429, 1, 6]);
  });

  it('hands on an answer that asks for too long a wait, or for none', async () => {
    api.answer(
      (x) => x.fail(503, 'Busy', '', { 'retry-after': '3600' }),
      (x) => x.fail(503, 'Busy'),
    );
    expect((await failure(client.create(pod('one')))).retryAfter).toBe(3600);
    expect((await failure(client.create(pod('one')))).retryAfter).toBeUndefined();
    expect(api.requests).toHaveLength(2);
  });

  it('stops waiting when the caller gives up', async () => {
    api.answer((x) => x.fail(429, 'TooManyRequests', '', { 'retry-after': '9' }));
    const stop = new AbortController();
    const answer = failure(client.create(pod('one'), { signal: stop.signal }));
    await until(() => timing.sleeping.length === 1, 'the wait');
    stop.abort();
    expect((await answer).name).toBe('AbortError');
    expect(api.requests).toHaveLength(1);
  });

  it('repeats a read or an apply once after a broken socket', async () => {
    api.answer(
      (x) => x.cut(),
      (x) => x.json(pod('one')),
    );
    expect(await client.read({ ...POD, namespace: 'a', name: 'one' })).toEqual(pod('one'));
    api.answer(
      (x) => {
        x.write('{"apiVersion":');
        x.cut();
      },
      (x) => x.json(pod('one')),
    );
    expect(await client.apply(pod('one'), { manager: 'llmisvc' })).toEqual(pod('one'));
    api.answer((x) => x.cut());
    await expect(client.read({ ...POD, namespace: 'a', name: 'one' })).rejects.toThrow();
    expect(api.requests).toHaveLength(6);
  });

  it('does not repeat a create or a patch after a broken socket', async () => {
    api.answer((x) => x.cut());
    await expect(client.create(pod('one'))).rejects.toThrow();
    await expect(client.patch({ ...POD, namespace: 'a', name: 'one' }, {})).rejects.toThrow();
    expect(api.requests).toHaveLength(2);
  });

  it('ends a request that takes too long, and does not repeat it', async () => {
    api.answer((x) => x.write('{'));
    const error = await failure(client.request('GET', '/api/v1/pods', { timeout: 50 }));
    expect([error.name, error.message]).toEqual(['TimeoutError', 'list pods: no complete answer within 0.05 seconds.']);
    expect(api.requests).toHaveLength(1);
  });

  it('reads the token file again after 401, once', async () => {
    const file = join(folder, `token-${files++}`);
    writeFileSync(file, 'old\n');
    const other = await connect({}, { token: undefined, tokenFile: file });
    const answer = (x: Exchange): void =>
      x.headers['authorization'] === 'Bearer new' ? x.json(pod('one')) : x.fail(401, 'Unauthorized');
    api.answer(answer);
    try {
      expect((await failure(other.create(pod('one')))).code).toBe(401);
      expect(api.requests).toHaveLength(1);
      writeFileSync(file, 'new\n');
      expect(await other.create(pod('one'))).toEqual(pod('one'));
      expect(api.requests.map((x) => x.headers['authorization'])).toEqual(['Bearer old', 'Bearer old', 'Bearer new']);
    } finally {
      await other.close();
    }
  });
});

it('opens a watch again with renewed credentials after 401', async () => {
  const file = join(folder, `token-${files++}`);
  writeFileSync(file, 'old');
  const other = await connect({}, { token: undefined, tokenFile: file });
  api.answer((x) => {
    if (x.headers['authorization'] !== 'Bearer new') return x.fail(401, 'Unauthorized');
    x.event('ADDED', pod('one'));
    x.end();
  });
  try {
    await other.resource(POD);
    writeFileSync(file, 'new');
    const names: string[] = [];
    const { signal } = new AbortController();
    for await (const event of other.watch(POD, { signal })) names.push(event.object.metadata.name);
    expect(names).toEqual(['one']);
    expect(seen.at(-1)).toMatchObject({ verb: 'watch', resource: 'pods', code: 200 });
  } finally {
    await other.close();
  }
});

describe('request info', () => {
  it.each([
    ['GET', '/api/v1/namespaces/a', 'get namespaces - a'],
    ['PUT', '/api/v1/namespaces/a/finalize', 'update namespaces/finalize - a'],
    ['GET', '/apis/apps/v1/namespaces/a/deployments?limit=5', 'list deployments a -'],
    ['GET', '/apis/apps/v1/deployments?watch=true', 'watch deployments - -'],
    ['PATCH', '/api/v1/namespaces/a/pods/one/status', 'patch pods/status a one'],
    ['POST', '/api/v1/namespaces/a/pods?dryRun=All', 'dry-run pods a -'],
    ['GET', '/apis', 'list /apis - -'],
  ])('of %s %s is %s', (method, path, text) => {
    const { verb, resource, namespace = '-', name = '-' } = requestInfo(method, path);
    expect([verb, resource, namespace, name].join(' ')).toBe(text);
  });
});

describe('connections and metrics', () => {
  it('keeps requests within the limit while watches are open', async () => {
    const small = await connect({ connections: 1 });
    const stop = new AbortController();
    api.answer((x) => (x.query.has('watch') ? x.open() : x.json(pod('one'))));
    const watching = Promise.all(
      [1, 2, 3].map(async () => {
        for await (const event of small.watch(POD, { signal: stop.signal }))
          throw new Error(`unexpected ${event.type}`);
      }),
    ).catch((error: unknown) => error);
    try {
      await until(() => api.requests.length === 3, 'three open watches');
      expect(await small.read({ ...POD, namespace: 'a', name: 'one' })).toEqual(pod('one'));
    } finally {
      stop.abort();
      await watching;
      await small.close();
    }
  });

  it('reports verb, resource and code of every answer, 0 for none', async () => {
    api.answer(
      (x) => x.json(pod('one')),
      (x) => x.fail(409, 'Conflict'),
      (x) => x.cut(),
    );
    await client.apply(pod('one'), { manager: 'llmisvc' });
    seen.splice(0, 2);
    await failure(client.patch({ ...POD, namespace: 'a', name: 'one' }, {}, { subresource: 'status' }));
    await failure(client.create(pod('one')));
    expect(seen.map(({ verb, resource, code }) => [verb, resource, code])).toEqual([
      ['apply', 'pods', 200],
      ['patch', 'pods/status', 409],
      ['create', 'pods', 0],
    ]);
  });
});
