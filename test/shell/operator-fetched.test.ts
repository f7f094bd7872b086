import { type KubeObject, type Ref, refKey } from '../../src/api/object.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { silent } from '../../src/kube/log.ts';
import type { Client } from '../../src/kube/types.ts';
import { createFetched, type FetchedObjects } from '../../src/operator/fetched.ts';

const SECRET: Ref = { apiVersion: 'v1', kind: 'Secret', namespace: 'a', name: 's' };
const versioned = (resourceVersion: string): KubeObject => ({
  ...secret({}),
  metadata: { name: 's', namespace: 'a', resourceVersion },
});
const secret = (data: Record<string, string>): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 's',
      namespace: 'a',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'value' },
    },
    data,
  }) as KubeObject;

/** Objects read by name from answers that the test gives, on a clock that the test leads. */
function fetching(answers: () => Promise<KubeObject | undefined>): {
  fetched: FetchedObjects;
  changes: Ref[];
  reads: () => number;
  turn(milliseconds: number, inUse?: boolean): Promise<void>;
} {
  const changes: Ref[] = [];
  let now = 0;
  let reads = 0;
  let used = true;
  const client = {
    read: () => {
      reads += 1;
      return answers();
    },
  } as unknown as Client;
  const stop = { current: new AbortController() };
  const timing = {
    now: () => now,
    random: () => 0,
    // The first sleep passes at once; the second ends the round.
    sleep: async () => {
      if (slept) stop.current.abort();
      slept = true;
    },
  };
  let slept = false;
  const fetched = createFetched({
    client,
    log: silent,
    inUse: () => used,
    onChange: (ref) => changes.push(ref),
    timing,
  });
  return {
    fetched,
    changes,
    reads: () => reads,
    async turn(milliseconds, inUse = true) {
      now += milliseconds;
      used = inUse;
      slept = false;
      stop.current = new AbortController();
      await fetched.run(stop.current.signal);
    },
  };
}

const signal = new AbortController().signal;

describe('objects read by name', () => {
  it('keep the names of the keys of a Secret, and no value', async () => {
    const { fetched } = fetching(async () => secret({ HF_TOKEN: 'dmFsdWU=' }));
    expect(fetched.get(SECRET)).toBeUndefined();
    await fetched.fetch(SECRET, signal);
    const answer = fetched.get(SECRET);
    expect(answer).toMatchObject({ state: 'found', value: { data: { HF_TOKEN: '' } } });
    expect(JSON.stringify(answer)).not.toMatch(/dmFsdWU=|last-applied/);
  });

  it('are read once for all who ask at the same time', async () => {
    const { fetched, reads } = fetching(async () => undefined);
    await Promise.all([fetched.fetch(SECRET, signal), fetched.fetch(SECRET, signal)]);
    expect(reads()).toBe(1);
    expect(fetched.get(SECRET)).toEqual({ state: 'absent' });
  });

  it('are looked for again after seconds when absent, and announced when they come', async () => {
    let object: KubeObject | undefined;
    const { fetched, changes, reads, turn } = fetching(async () => object);
    await fetched.fetch(SECRET, signal);
    await turn(5_000);
    expect(reads()).toBe(1);
    await turn(10_000);
    expect(reads()).toBe(2);
    expect(changes).toEqual([]);
    object = secret({});
    await turn(15_000);
    expect(changes).toEqual([SECRET]);
  });

  it('are read again after ten minutes, and announced only when keys changed', async () => {
    let object = secret({ a: 'MQ==' });
    const { fetched, changes, reads, turn } = fetching(async () => object);
    await fetched.fetch(SECRET, signal);
    await turn(599_000);
    expect(reads()).toBe(1);
    object = secret({ a: 'Mg==' });
    await turn(1_000);
    expect(reads()).toBe(2);
    expect(changes).toEqual([]);
    object = secret({ b: 'Mg==' });
    await turn(600_000);
    expect(changes).toEqual([SECRET]);
  });

  it('are forgotten when nobody looks at them any more', async () => {
    const { fetched, reads, turn } = fetching(async () => undefined);
    await fetched.fetch(SECRET, signal);
    await turn(15_000, false);
    expect(reads()).toBe(1);
    expect(fetched.get(SECRET)).toBeUndefined();
  });

  it('are known after an own write, without a value, and read anew after a deletion', async () => {
    const { fetched, changes, reads } = fetching(async () => undefined);
    fetched.observe(secret({ a: 'MQ==' }));
    expect(fetched.get(SECRET)).toBeUndefined();
    await fetched.fetch(SECRET, signal);
    fetched.observe(secret({ a: 'MQ==' }));
    expect(fetched.get(SECRET)).toMatchObject({ state: 'found', value: { data: { a: '' } } });
    expect(changes).toEqual([SECRET]);
    fetched.forget(SECRET);
    expect(fetched.get(SECRET)).toBeUndefined();
    expect(reads()).toBe(1);
  });

  it('are read again at once when another version is noticed, and only then', async () => {
    let object: KubeObject | undefined = versioned('1');
    const { fetched, changes, reads, turn } = fetching(async () => object);
    fetched.noticed(SECRET, '1');
    await turn(0);
    expect(reads()).toBe(0);
    await fetched.fetch(SECRET, signal);
    fetched.noticed(SECRET, '1');
    await turn(0);
    expect(reads()).toBe(1);
    object = versioned('2');
    fetched.noticed(SECRET, '2');
    await turn(0);
    expect(reads()).toBe(2);
    object = undefined;
    fetched.noticed(SECRET, undefined);
    await turn(0);
    expect(fetched.get(SECRET)).toEqual({ state: 'absent' });
    expect(changes).toEqual([SECRET, SECRET]);
  });

  it('are read once more when the notice came during a read', async () => {
    const answers = [versioned('1'), versioned('2')];
    const first = Promise.withResolvers<KubeObject | undefined>();
    const { fetched, reads, turn } = fetching(() => (reads() === 1 ? first.promise : Promise.resolve(answers[1])));
    const reading = fetched.fetch(SECRET, signal);
    fetched.noticed(SECRET, '2');
    const turning = turn(0);
    first.resolve(answers[0]);
    await Promise.all([reading, turning]);
    expect(reads()).toBe(2);
    expect(fetched.get(SECRET)).toMatchObject({ value: { metadata: { resourceVersion: '2' } } });
  });

  it('are read again in the next round when the read after a notice failed', async () => {
    let failures = 0;
    const { fetched, reads, turn } = fetching(async () => {
      if (failures-- > 0) throw new Error('socket hang up');
      return versioned(reads() === 1 ? '1' : '2');
    });
    await fetched.fetch(SECRET, signal);
    failures = 1;
    fetched.noticed(SECRET, '2');
    await turn(0);
    expect(reads()).toBe(3);
    expect(fetched.get(SECRET)).toMatchObject({ value: { metadata: { resourceVersion: '2' } } });
  });

  it('are as an own write left them, whatever a read says that began before it', async () => {
    const first = Promise.withResolvers<undefined>();
    const { fetched, reads } = fetching(() => (reads() === 1 ? Promise.resolve(undefined) : first.promise));
    await fetched.fetch(SECRET, signal);
    const reading = fetched.fetch(SECRET, signal);
    fetched.observe(versioned('1'));
    first.resolve(undefined);
    await reading;
    expect(fetched.get(SECRET)).toMatchObject({ state: 'found' });
  });

  it('are compared with a whole list, those that are not in it included', async () => {
    let object: KubeObject | undefined = versioned('1');
    const { fetched, reads, turn } = fetching(async () => object);
    await fetched.fetch(SECRET, signal);
    const { apiVersion, kind } = SECRET;
    fetched.noticedAll({ apiVersion, kind, namespace: 'other' }, new Map());
    fetched.noticedAll({ apiVersion, kind: 'ConfigMap' }, new Map());
    fetched.noticedAll({ apiVersion, kind }, new Map([[refKey(SECRET), '1']]));
    await turn(0);
    expect(reads()).toBe(1);
    object = undefined;
    fetched.noticedAll({ apiVersion, kind, namespace: 'a' }, new Map());
    await turn(0);
    expect(fetched.get(SECRET)).toEqual({ state: 'absent' });
  });

  it('say when they may not be read, and leave failures to whoever asks', async () => {
    const request = { verb: 'get', resource: 'secrets' };
    let failure: Error = new ApiError({ request, code: 403, reason: 'Forbidden', message: 'no' });
    const { fetched } = fetching(() => Promise.reject(failure));
    await fetched.fetch(SECRET, signal);
    expect(fetched.get(SECRET)).toEqual({ state: 'forbidden' });
    failure = new Error('socket hang up');
    await expect(fetched.fetch(SECRET, signal)).rejects.toThrow('socket hang up');
    expect(fetched.get(SECRET)).toEqual({ state: 'forbidden' });
  });
});
