import type { KubeObject } from '../../src/api/object.ts';
import { directConnection } from '../../src/kube/connection.ts';
import { type Reflector, type ReflectorOptions, type ReflectorState, reflector } from '../../src/kube/reflector.ts';
import { restClient } from '../../src/kube/rest.ts';
import { store } from '../../src/kube/store.ts';
import { transport } from '../../src/kube/transport.ts';
import type { Client } from '../../src/kube/types.ts';
import {
  type Answer,
  type Exchange,
  type FakeApi,
  fakeApi,
  type LedTiming,
  ledTiming,
  PODS,
  until,
} from '../support/fakeapi.ts';

const POD = { apiVersion: 'v1', kind: 'Pod' };
const pod = (name: string, resourceVersion: string, more: object = {}) => ({
  ...POD,
  metadata: { name, namespace: 'a', uid: name, resourceVersion },
  ...more,
});

let api: FakeApi;
let client: Client;
let timing: LedTiming;
let stop: AbortController;
let running: Promise<void> | undefined;
let logged: string[];
let states: ReflectorState[];

const log = {
  debug() {},
  info: (_: unknown, message: string) => void logged.push(message),
  warn: (_: unknown, message: string) => void logged.push(message),
  error: (_: unknown, message: string) => void logged.push(message),
};

beforeEach(async () => {
  api = await fakeApi();
  timing = ledTiming();
  client = restClient(await transport(directConnection({ url: api.url }), { timing }));
  stop = new AbortController();
  logged = [];
  states = [];
});

afterEach(async () => {
  stop.abort();
  await running;
  running = undefined;
  await client.close();
  await api.close();
});

type Options = Partial<ReflectorOptions<KubeObject>>;

function start(options: Options = {}): { kept: ReturnType<typeof store>; reflected: Reflector } {
  const kept = store({ gvk: POD });
  const onState = (state: ReflectorState): void => void states.push(state);
  const reflected = reflector({ client, query: POD, sink: kept, log, timing, onState, ...options });
  running = reflected.run(stop.signal);
  return { kept, reflected };
}

const list =
  (resourceVersion: string, ...items: unknown[]): Answer =>
  (x) =>
    x.json({ metadata: { resourceVersion }, items });
const names = (kept: ReturnType<typeof store>): string =>
  kept
    .list()
    .map((o) => o.metadata.name)
    .sort()
    .join();
const watches = (): Exchange[] => api.requests.filter((x) => x.query.has('watch'));
const lists = (): Exchange[] => api.requests.filter((x) => !x.query.has('watch'));
/** The watch that is open now, the n-th one. */
async function opened(n: number): Promise<Exchange> {
  await until(
    () => watches().length >= n,
    `watch ${n} opened; so far: ${api.requests.map((x) => x.query.toString()).join(' | ')}`,
  );
  return watches()[n - 1] as Exchange;
}
/** The clock moves to the end of the wait between two attempts (which is shorter than any watch's patience). */
async function waited(): Promise<number> {
  const pauses = (): readonly number[] => timing.sleeping.filter((length) => length < 240_000);
  await until(() => pauses().length === 1, 'a wait before the next attempt');
  const [length = 0] = pauses();
  timing.advance(length);
  return length;
}

describe('list and watch', () => {
  it('lists, watches from there and follows the events', async () => {
    api.answer(list('10', pod('one', '9')), (x) => x.open());
    const { kept, reflected } = start();
    await reflected.settled;
    expect([names(kept), reflected.synced, reflected.state]).toEqual(['one', true, 'synced']);
    const watch = await opened(1);
    expect(watch.query.get('resourceVersion')).toBe('10');
    expect(watch.query.get('allowWatchBookmarks')).toBe('true');
    watch.event('ADDED', pod('two', '11'));
    watch.event('MODIFIED', pod('one', '12'));
    await until(() => kept.get('a', 'one')?.metadata.resourceVersion === '12', 'the change');
    watch.event('DELETED', pod('two', '13'));
    await until(() => names(kept) === 'one', 'the deletion');
  });

  it.each([
    [0, '300'],
    [0.999, '599'],
  ])('asks the server to end a watch within five to ten minutes (chance %d)', async (chance, seconds) => {
    timing.chance = chance;
    api.answer(list('10'), (x) => x.open());
    start();
    expect((await opened(1)).query.get('timeoutSeconds')).toBe(seconds);
  });

  it('resumes after an ended watch from the last version, bookmarks included, without a list', async () => {
    api.answer(list('10'), (x) => x.open());
    const { reflected } = start();
    const watch = await opened(1);
    watch.event('ADDED', pod('one', '11'));
    watch.event('BOOKMARK', { ...POD, metadata: { resourceVersion: '50' } });
    timing.advance(100_000);
    watch.end();
    expect((await opened(2)).query.get('resourceVersion')).toBe('50');
    expect([lists().length, reflected.restarts, reflected.relists]).toEqual([1, 1, 0]);
  });

  it('resumes after a broken socket', async () => {
    api.answer(list('10'), (x) => x.open());
    const { kept } = start();
    const watch = await opened(1);
    watch.event('ADDED', pod('one', '11'));
    await until(() => names(kept) === 'one', 'the first event');
    watch.cut();
    await waited();
    const next = await opened(2);
    expect(next.query.get('resourceVersion')).toBe('11');
    next.event('ADDED', pod('two', '12'));
    await until(() => names(kept) === 'one,two', 'an event of the second watch');
    expect(lists()).toHaveLength(1);
  });

  it('asks for metadata alone when that is all that is wanted', async () => {
    api.answer(list('10', { kind: 'PartialObjectMetadata', metadata: pod('one', '9').metadata }), (x) => x.open());
    const { kept } = start({ metadataOnly: true });
    const watch = await opened(1);
    expect(lists()[0]?.headers['accept']).toContain('as=PartialObjectMetadataList;');
    expect(watch.headers['accept']).toContain('as=PartialObjectMetadata;');
    watch.event('ADDED', { kind: 'PartialObjectMetadata', metadata: pod('two', '11').metadata });
    await until(() => names(kept) === 'one,two', 'the event');
    expect(kept.get('a', 'two')?.kind).toBe('Pod');
  });

  it('keeps to its namespace, labels and fields', async () => {
    api.answer(list('10'), (x) => x.open());
    start({ query: { ...POD, namespace: 'a', labels: { app: 'x' } }, fieldSelector: 'metadata.name=one' });
    await opened(1);
    for (const request of api.requests) {
      expect(request.path).toBe('/api/v1/namespaces/a/pods');
      expect(request.query.get('labelSelector')).toBe('app=x');
      expect(request.query.get('fieldSelector')).toBe('metadata.name=one');
    }
  });
});

describe('the stream', () => {
  it('survives lines and characters that are cut anywhere', async () => {
    api.answer(list('10'), (x) => x.open());
    const { kept } = start();
    const watch = await opened(1);
    const line = JSON.stringify({ type: 'ADDED', object: pod('one', '11', { spec: { text: 'größe 漢字 🚀' } }) });
    const bytes = Buffer.from(`${line}\n\n${line.replaceAll('one', 'two')}\n`);
    for (const byte of bytes) {
      watch.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => names(kept) === 'one,two', 'both objects');
    expect(kept.get('a', 'two')).toMatchObject({ spec: { text: 'größe 漢字 🚀' } });
  });

  it('takes several events from one piece', async () => {
    api.answer(list('10'), (x) => x.open());
    const { kept } = start();
    const watch = await opened(1);
    const line = (name: string, version: string) => JSON.stringify({ type: 'ADDED', object: pod(name, version) });
    watch.write(`${line('one', '11')}\n${line('two', '12')}\n{"type":"ADD`);
    await until(() => names(kept) === 'one,two', 'two objects');
  });

  it('drops half a line when the socket breaks in it, and gets the event again', async () => {
    api.answer(list('10'), (x) => x.open());
    const { kept } = start();
    const watch = await opened(1);
    const line = JSON.stringify({ type: 'ADDED', object: pod('one', '11') });
    watch.write(line.slice(0, 40));
    watch.cut();
    await waited();
    const next = await opened(2);
    expect(next.query.get('resourceVersion')).toBe('10');
    next.write(`${line}\n`);
    await until(() => names(kept) === 'one', 'the object');
  });

  it('opens a new connection when a line is no event', async () => {
    api.answer(list('10'), (x) => x.open());
    const { kept } = start();
    (await opened(1)).write('{"kind":"nonsense"}\n');
    await waited();
    (await opened(2)).event('ADDED', pod('one', '11'));
    await until(() => names(kept) === 'one', 'the object');
  });

  it('takes a silent connection for dead after four minutes, and resumes', async () => {
    api.answer(list('10'), (x) => x.open());
    start();
    const watch = await opened(1);
    await until(() => timing.sleeping.includes(240_000), 'the patience');
    timing.advance(239_999);
    watch.event('BOOKMARK', { metadata: { resourceVersion: '20' } });
    await until(() => states.includes('synced') && watches().length === 1, 'the bookmark');
    await new Promise((resolve) => setImmediate(resolve));
    timing.advance(1);
    await until(() => timing.sleeping.includes(239_999), 'the rest of the patience');
    expect(watches()).toHaveLength(1);
    timing.advance(240_000);
    expect((await opened(2)).query.get('resourceVersion')).toBe('20');
    await until(() => watch.gone, 'the end of the silent connection');
    expect(lists()).toHaveLength(1);
  });
});

describe('a version that is gone', () => {
  const relisted: Answer = list('90', pod('two', '80'));

  it('in an ERROR event leads to a list with the deletions', async () => {
    api.answer(
      list('10', pod('one', '9'), pod('two', '9')),
      (x) => x.open(),
      relisted,
      (x) => x.open(),
    );
    const { kept, reflected } = start();
    const watch = await opened(1);
    const deleted: string[] = [];
    kept.subscribe((change) => change.type === 'deleted' && deleted.push(change.old.metadata.name));
    timing.advance(10_000);
    watch.event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' });
    expect((await opened(2)).query.get('resourceVersion')).toBe('90');
    expect([names(kept), deleted, reflected.relists]).toEqual(['two', ['one'], 1]);
    expect(states).toEqual(['synced']);
  });

  it('as an HTTP status leads to a list as well', async () => {
    api.answer(
      list('10', pod('one', '9')),
      (x) => x.fail(410, 'Expired'),
      relisted,
      (x) => x.open(),
    );
    const { kept } = start();
    await waited();
    expect((await opened(2)).query.get('resourceVersion')).toBe('90');
    expect(names(kept)).toBe('two');
  });

  it('again and again does not lead to a hot loop', async () => {
    const gone: Answer = (x) => x.fail(410, 'Expired');
    api.answer(...Array.from({ length: 10 }, () => [list('10'), gone]).flat());
    start();
    const lengths: number[] = [];
    for (let round = 0; round < 7; round++) lengths.push(await waited());
    expect(lengths).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  });
});

describe('trouble', () => {
  it('is waited after with full jitter, and forgotten after a watch that stood', async () => {
    api.answer((x) => x.cut());
    const { reflected } = start();
    timing.chance = 0.25;
    expect(await waited()).toBe(250);
    timing.chance = 0.75;
    expect(await waited()).toBe(1_500);
    timing.chance = 0.5;
    await until(() => timing.sleeping.length === 1, 'the third wait');
    api.answer(list('10'), (x) => x.open());
    expect(await waited()).toBe(2_000);
    const watch = await opened(1);
    expect(reflected.state).toBe('synced');
    timing.advance(10_000);
    watch.cut();
    expect(await waited()).toBe(500);
    await opened(2);
  });

  it('does not hot-loop when watches end at once', async () => {
    api.answer(list('10'), (x) => {
      x.open();
      x.end();
    });
    start();
    expect([await waited(), await waited(), await waited()]).toEqual([500, 1_000, 2_000]);
  });

  it('does not hot-loop when each watch brings an event and ends', async () => {
    let version = 10;
    api.answer(list('10'), (x) => {
      x.event('MODIFIED', pod('one', String(++version)));
      x.end();
    });
    const { kept } = start();
    expect([await waited(), await waited(), await waited()]).toEqual([500, 500, 500]);
    expect(names(kept)).toBe('one');
  });

  it('waits at least as long as Retry-After of 429 says', async () => {
    api.answer(list('10'), (x) => x.fail(429, 'TooManyRequests', '', { 'retry-after': '20' }));
    start();
    expect(await waited()).toBe(20_000);
  });

  it('lists anew after three refusals of the same version', async () => {
    const refuse: Answer = (x) => x.fail(504, 'Timeout', 'Too large resource version');
    api.answer(list('9999'), refuse, refuse, refuse, list('3', pod('one', '2')), (x) => x.open());
    const { kept } = start();
    for (let round = 0; round < 3; round++) await waited();
    expect((await opened(4)).query.get('resourceVersion')).toBe('3');
    expect(names(kept)).toBe('one');
  });

  it('says that it fails, and that it is back', async () => {
    api.answer(
      list('10'),
      (x) => x.fail(500, 'InternalError'),
      (x) => x.open(),
    );
    const { reflected } = start();
    await waited();
    const watch = await opened(2);
    expect([reflected.state, reflected.synced]).toEqual(['failing', true]);
    watch.event('BOOKMARK', { metadata: { resourceVersion: '11' } });
    await until(() => reflected.state === 'synced', 'synced again');
    expect(states).toEqual(['synced', 'failing', 'synced']);
  });

  it('goes on when the sink or the state handler throws', async () => {
    api.answer(list('10'), (x) => x.open());
    const taken: string[] = [];
    const sink = {
      replace() {
        throw new Error('sink');
      },
      put(object: KubeObject) {
        taken.push(object.metadata.name);
        throw new Error('sink');
      },
      remove() {},
    };
    start({
      sink,
      onState: () => {
        throw new Error('state');
      },
    });
    const watch = await opened(1);
    watch.event('ADDED', pod('one', '11'));
    watch.event('ADDED', pod('two', '12'));
    await until(() => taken.join() === 'one,two', 'both objects');
    expect(watches()).toHaveLength(1);
    expect(logged.filter((message) => message.startsWith('A handler'))).toHaveLength(4);
  });
});

describe('kinds that are not there or not allowed', () => {
  it('waits for a kind that is not served until it is told to look', async () => {
    api.serve([]);
    const { kept, reflected } = start();
    await reflected.settled;
    expect([reflected.state, reflected.synced, api.requests.length, timing.sleeping.length]).toEqual([
      'unserved',
      false,
      0,
      0,
    ]);
    api.serve([PODS]);
    api.answer(list('10', pod('one', '9')), (x) => x.open());
    reflected.wake();
    await until(() => names(kept) === 'one', 'the list');
    expect(states).toEqual(['unserved', 'synced']);
  });

  it('keeps looking for a while after it was told, because a new CRD is served a little later', async () => {
    api.serve([]);
    const { kept, reflected } = start();
    await reflected.settled;
    reflected.wake();
    expect(await waited()).toBe(3_000);
    await until(() => timing.sleeping.length === 1, 'the second look');
    api.serve([PODS]);
    api.answer(list('10', pod('one', '9')), (x) => x.open());
    await waited();
    await until(() => names(kept) === 'one', 'the list');
  });

  it('stops looking in the end', async () => {
    api.serve([]);
    const { reflected } = start();
    await reflected.settled;
    reflected.wake();
    for (let look = 0; look < 10; look++) await waited();
    await until(() => api.discoveries.length === 24, 'the last of twelve looks');
    // The same answer that the reflector waits for; it has gone on when we do.
    await client.resource(POD);
    await new Promise((resolve) => setImmediate(resolve));
    expect(timing.sleeping).toEqual([]);
  });

  it('empties the sink when the kind goes away', async () => {
    api.answer(
      list('10', pod('one', '9')),
      (x) => x.open(),
      (x) => x.text('404 page not found', 404),
    );
    const { kept, reflected } = start();
    const watch = await opened(1);
    timing.advance(10_000);
    api.serve([]);
    watch.end();
    await until(() => reflected.state === 'unserved', 'unserved');
    expect([names(kept), reflected.synced]).toEqual(['', false]);
  });

  it('reports a missing right, tries again slowly, and at once when told', async () => {
    api.answer((x) => x.fail(403, 'Forbidden'));
    const { kept, reflected } = start();
    await reflected.settled;
    expect(reflected.state).toBe('forbidden');
    expect(await waited()).toBe(45_000);
    await until(() => api.requests.length === 2 && timing.sleeping.length === 1, 'the second refusal');
    api.answer(list('10', pod('one', '9')), (x) => x.open());
    reflected.wake();
    await until(() => names(kept) === 'one', 'the list');
    expect(logged.filter((message) => message.includes('may not be watched'))).toHaveLength(1);
  });
});

describe('stopping', () => {
  it('ends an open watch', async () => {
    api.answer(list('10'), (x) => x.open());
    start();
    const watch = await opened(1);
    stop.abort();
    await running;
    await until(() => watch.gone, 'the end of the connection');
    expect(api.requests).toHaveLength(2);
  });

  it('during a backoff sends nothing more', async () => {
    api.answer((x) => x.fail(500, 'InternalError'));
    start();
    await until(() => timing.sleeping.length === 1, 'the backoff');
    const before = api.requests.length;
    stop.abort();
    await running;
    expect(timing.sleeping).toEqual([]);
    expect(api.requests).toHaveLength(before);
  });

  it('while a kind is not served ends too', async () => {
    api.serve([]);
    const { reflected } = start();
    await reflected.settled;
    stop.abort();
    await running;
    expect(api.requests).toHaveLength(0);
  });

  it('while a list is under way takes nothing from it', async () => {
    const held: Exchange[] = [];
    api.answer((x) => void held.push(x));
    const { kept } = start();
    await until(() => held.length === 1, 'the list');
    stop.abort();
    await running;
    expect([names(kept), states]).toEqual(['', []]);
  });
});
