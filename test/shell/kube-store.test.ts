import type { KubeObject } from '../../src/api/object.ts';
import { type Change, store } from '../../src/kube/store.ts';

const GVK = { apiVersion: 'v1', kind: 'Pod' };

function pod(name: string, resourceVersion: string, more: Partial<KubeObject['metadata']> = {}): KubeObject {
  return { ...GVK, metadata: { name, namespace: 'a', uid: `uid-${name}`, resourceVersion, ...more } };
}

function recorded(options: Partial<Parameters<typeof store>[0]> = {}) {
  const kept = store({ gvk: GVK, ...options });
  const changes: string[] = [];
  kept.subscribe((change: Change<KubeObject>) => {
    const version = (object: KubeObject | undefined) => object?.metadata.resourceVersion ?? '-';
    changes.push(
      `${change.type} ${(change.new ?? change.old)?.metadata.name} ${version(change.old)}>${version(change.new)}`,
    );
  });
  return { kept, changes };
}

describe('what a watch reports', () => {
  it('is kept and told with the old and the new object', () => {
    const { kept, changes } = recorded();
    kept.put(pod('one', '1'));
    kept.put(pod('one', '2'));
    kept.put(pod('one', '2'));
    expect(kept.get('a', 'one')?.metadata.resourceVersion).toBe('2');
    kept.remove(pod('one', '3'));
    expect(kept.get('a', 'one')).toBeUndefined();
    expect(changes).toEqual(['added one ->1', 'updated one 1>2', 'deleted one 2>-']);
  });

  it('becomes equal to a list, deletions included, without telling what did not change', () => {
    const { kept, changes } = recorded();
    kept.put(pod('one', '1'));
    kept.put(pod('two', '1'));
    changes.length = 0;
    kept.replace([pod('two', '1'), pod('three', '4')]);
    expect(kept.size).toBe(2);
    expect(changes).toEqual(['deleted one 1>-', 'added three ->4']);
  });

  it('goes on when a handler throws', () => {
    const errors: unknown[] = [];
    const log = { debug() {}, info() {}, warn() {}, error: (fields: unknown) => errors.push(fields) };
    const kept = store({ gvk: GVK, log });
    kept.subscribe(() => {
      throw new Error('broken handler');
    });
    const told: string[] = [];
    kept.subscribe((change) => told.push(change.type));
    kept.put(pod('one', '1'));
    expect(told).toEqual(['added']);
    expect(errors).toMatchObject([{ object: 'Pod a/one', change: 'added' }]);
  });

  it('tells nobody who has unsubscribed', () => {
    const kept = store({ gvk: GVK });
    const told: string[] = [];
    const end = kept.subscribe((change) => told.push(change.type));
    end();
    kept.put(pod('one', '1'));
    expect(told).toEqual([]);
  });
});

describe('indexes', () => {
  const owner = (uid: string) => ({ ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid }] });

  it('finds by owner, and no longer by a former owner', () => {
    const { kept } = recorded();
    kept.put(pod('one', '1', owner('o1')));
    kept.put(pod('two', '1', owner('o2')));
    expect(kept.byOwner('o1').map((o) => o.metadata.name)).toEqual(['one']);
    kept.put(pod('one', '2', owner('o2')));
    expect(kept.byOwner('o1')).toEqual([]);
    expect(
      kept
        .byOwner('o2')
        .map((o) => o.metadata.name)
        .sort(),
    ).toEqual(['one', 'two']);
    kept.remove(pod('two', '3', owner('o2')));
    expect(kept.byOwner('o2').map((o) => o.metadata.name)).toEqual(['one']);
  });

  it.each([[['app']], [[]]])('finds by labels and namespace with the indexed labels %j', (labels: string[]) => {
    const { kept } = recorded({ labels });
    kept.put(pod('one', '1', { labels: { app: 'x', tier: 'web' } }));
    kept.put(pod('two', '1', { labels: { app: 'x' } }));
    kept.put(pod('three', '1', { labels: { app: 'x', tier: 'web' }, namespace: 'b' }));
    const names = (query: Parameters<typeof kept.list>[0]) =>
      kept
        .list(query)
        .map((o) => o.metadata.name)
        .sort();
    expect(names({ labels: { app: 'x' } })).toEqual(['one', 'three', 'two']);
    expect(names({ labels: { app: 'x', tier: 'web' } })).toEqual(['one', 'three']);
    expect(names({ namespace: 'a', labels: { app: 'x', tier: 'web' } })).toEqual(['one']);
    expect(names({ namespace: 'a' })).toEqual(['one', 'two']);
    expect(names({ labels: { app: 'y' } })).toEqual([]);
    expect(names(undefined)).toHaveLength(3);
  });

  it('keeps cluster-scoped objects', () => {
    const kept = store({ gvk: { apiVersion: 'v1', kind: 'Node' } });
    kept.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', resourceVersion: '1' } });
    expect(kept.get(undefined, 'n')).toBeDefined();
  });
});

describe('managedFields', () => {
  const managedFields = [
    { manager: 'llmisvc', operation: 'Apply' as const },
    { manager: 'kubectl', operation: 'Update' as const },
  ];

  it('are dropped', () => {
    const { kept } = recorded();
    kept.put(pod('one', '1', { managedFields }));
    expect(kept.get('a', 'one')?.metadata.managedFields).toBeUndefined();
    expect(kept.managedFields('a', 'one')).toEqual([]);
  });

  it('are remembered for the managers that are asked for', () => {
    const { kept } = recorded({ managers: ({ manager }) => manager === 'llmisvc' });
    kept.put(pod('one', '1', { managedFields }));
    expect(kept.get('a', 'one')?.metadata.managedFields).toBeUndefined();
    expect(kept.managedFields('a', 'one')).toEqual([managedFields[0]]);
  });

  it('leave room for a smaller form of the object', () => {
    const { kept } = recorded({ keep: ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }) });
    kept.put({ ...pod('one', '1'), spec: { big: true } } as KubeObject);
    expect(kept.get('a', 'one')).not.toHaveProperty('spec');
  });
});

describe('own writes', () => {
  const version = (kept: { get(ns: string, name: string): KubeObject | undefined }) =>
    kept.get('a', 'one')?.metadata.resourceVersion;

  it('are visible at once and told once', () => {
    const { kept, changes } = recorded();
    kept.put(pod('one', '5'));
    kept.observe(pod('one', '7'));
    expect(version(kept)).toBe('7');
    kept.put(pod('one', '7'));
    expect(changes).toEqual(['added one ->5', 'updated one 5>7']);
  });

  it('stand while the watch repeats what was before them', () => {
    const { kept } = recorded();
    kept.put(pod('one', '5'));
    kept.observe(pod('one', '7'));
    kept.observe(pod('one', '9'));
    kept.put(pod('one', '5'));
    expect(version(kept)).toBe('9');
    kept.put(pod('one', '7'));
    expect(version(kept)).toBe('9');
    kept.put(pod('one', '9'));
    kept.put(pod('one', '10'));
    expect(version(kept)).toBe('10');
  });

  it('give way to any other version, smaller numbers included', () => {
    const { kept } = recorded();
    kept.put(pod('one', '500'));
    kept.observe(pod('one', '700'));
    kept.put(pod('one', '3'));
    expect(version(kept)).toBe('3');
  });

  it('come too late when the watch was faster', () => {
    const { kept } = recorded();
    kept.put(pod('one', '5'));
    kept.put(pod('one', '7'));
    kept.put(pod('one', '8'));
    kept.observe(pod('one', '7'));
    expect(version(kept)).toBe('8');
  });

  it('do not bring a deleted object back', () => {
    const { kept } = recorded();
    kept.put(pod('one', '5'));
    kept.remove(pod('one', '8'));
    kept.observe(pod('one', '7'));
    expect(kept.get('a', 'one')).toBeUndefined();
  });

  it('do not bring back an object whose whole life the watch reported before the answer came', () => {
    const { kept } = recorded();
    kept.remove(pod('one', '8'));
    kept.observe(pod('one', '7'));
    expect(kept.get('a', 'one')).toBeUndefined();
  });

  it('survive the end of an older object of the same name', () => {
    const { kept, changes } = recorded();
    kept.put(pod('one', '5', { uid: 'u1' }));
    kept.observe(pod('one', '9', { uid: 'u2' }));
    kept.put(pod('one', '7', { uid: 'u1', deletionTimestamp: 'now' }));
    kept.remove(pod('one', '8', { uid: 'u1' }));
    expect(version(kept)).toBe('9');
    kept.put(pod('one', '9', { uid: 'u2' }));
    expect(changes).toEqual(['added one ->5', 'updated one 5>9']);
  });

  it('stand against a list that was read before them', () => {
    const { kept } = recorded();
    kept.put(pod('one', '5'));
    kept.observe(pod('one', '7'));
    kept.replace([pod('one', '5')]);
    expect(version(kept)).toBe('7');
    kept.replace([]);
    expect(kept.size).toBe(0);
  });
});
