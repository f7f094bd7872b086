import type { KubeObject } from '../../src/api/object.ts';
import { type Answer, recordingSnapshot, type Source, view } from '../../src/api/snapshot.ts';
import { fixedSource } from '../../src/api/snapshot.ts';
import { createTriggers, type Triggers } from '../../src/operator/triggers.ts';

const POD = { apiVersion: 'v1', kind: 'Pod' };
const labelsOf = view('test/labels', (object: KubeObject) => object.metadata.labels ?? {});
const versionOf = view('test/version', (object: KubeObject) => object.metadata.resourceVersion);

const pod = (name: string, version: string, labels: Record<string, string> = {}, namespace = 'a'): KubeObject => ({
  ...POD,
  metadata: { name, namespace, resourceVersion: version, labels },
});

/** A cluster that can be changed, with triggers over it. */
function world(...objects: KubeObject[]): {
  triggers: Triggers;
  source: Source;
  set(...next: KubeObject[]): void;
  serve(is: boolean): void;
} {
  let now = fixedSource(objects);
  let isServed = true;
  const unserved: Answer<never> = { state: 'unserved' };
  const source: Source = {
    get: (ref) => (isServed ? now.get(ref) : unserved),
    list: (query) => (isServed ? now.list(query) : unserved),
  };
  return {
    source,
    triggers: createTriggers(source),
    set: (...next) => {
      now = fixedSource(next);
    },
    serve: (is) => {
      isServed = is;
    },
  };
}

describe('triggers', () => {
  it('wake a reader when what it saw of an object changes, and not for the rest of it', () => {
    const { triggers, source, set } = world(pod('p', '1', { x: '1' }));
    const snapshot = recordingSnapshot(source);
    snapshot.get({ ...POD, namespace: 'a', name: 'p' }, labelsOf);
    expect(triggers.record('reader', snapshot.reads())).toBe(true);
    set(pod('p', '2', { x: '1' }));
    expect(triggers.changed(pod('p', '1', { x: '1' }), pod('p', '2', { x: '1' }))).toEqual([]);
    set(pod('p', '3', { x: '2' }));
    expect(triggers.changed(pod('p', '2', { x: '1' }), pod('p', '3', { x: '2' }))).toEqual(['reader']);
  });

  it('wake a reader when an object comes that it missed, and when one goes', () => {
    const { triggers, source, set } = world();
    const snapshot = recordingSnapshot(source);
    snapshot.get({ ...POD, namespace: 'a', name: 'p' }, labelsOf);
    triggers.record('reader', snapshot.reads());
    set(pod('p', '1'));
    expect(triggers.changed(undefined, pod('p', '1'))).toEqual(['reader']);
    const again = recordingSnapshot(source);
    again.get({ ...POD, namespace: 'a', name: 'p' }, labelsOf);
    triggers.record('reader', again.reads());
    set();
    expect(triggers.changed(pod('p', '1'), undefined)).toEqual(['reader']);
  });

  it('wake the readers of a list when something in it changes, comes into it or leaves it', () => {
    const mine = { app: 'mine' };
    const { triggers, source, set } = world(pod('p', '1', mine), pod('q', '1'));
    const record = (): void => {
      const snapshot = recordingSnapshot(source);
      snapshot.list({ ...POD, namespace: 'a', labels: mine }, versionOf);
      triggers.record('reader', snapshot.reads());
    };
    record();
    set(pod('p', '1', mine), pod('q', '2'));
    expect(triggers.changed(pod('q', '1'), pod('q', '2'))).toEqual([]);
    set(pod('p', '2', mine), pod('q', '2'));
    expect(triggers.changed(pod('p', '1', mine), pod('p', '2', mine))).toEqual(['reader']);
    record();
    set(pod('p', '2', mine), pod('q', '3', mine));
    expect(triggers.changed(pod('q', '2'), pod('q', '3', mine))).toEqual(['reader']);
    record();
    set(pod('p', '2', mine), pod('q', '4'));
    expect(triggers.changed(pod('q', '3', mine), pod('q', '4'))).toEqual(['reader']);
    record();
    expect(triggers.changed(undefined, pod('p', '9', mine, 'elsewhere'))).toEqual([]);
  });

  it('tell when something changed between the read and the record', () => {
    const { triggers, source, set } = world(pod('p', '1', { x: '1' }));
    const snapshot = recordingSnapshot(source);
    snapshot.get({ ...POD, namespace: 'a', name: 'p' }, labelsOf);
    set(pod('p', '2', { x: '2' }));
    expect(triggers.record('reader', snapshot.reads())).toBe(false);
  });

  it('wake the readers of a kind that comes or goes', () => {
    const { triggers, source, serve } = world(pod('p', '1'));
    serve(false);
    const snapshot = recordingSnapshot(source);
    snapshot.get({ ...POD, namespace: 'a', name: 'p' }, labelsOf);
    triggers.record('one', snapshot.reads());
    const other = recordingSnapshot(source);
    other.list({ ...POD }, versionOf);
    triggers.record('two', other.reads());
    expect(triggers.recheck(POD)).toEqual([]);
    serve(true);
    expect([...triggers.recheck(POD)].sort()).toEqual(['one', 'two']);
  });

  it('wake nobody for what was forgotten or replaced', () => {
    const { triggers, source, set } = world(pod('p', '1', { x: '1' }));
    const snapshot = recordingSnapshot(source);
    snapshot.get({ ...POD, namespace: 'a', name: 'p' }, labelsOf);
    triggers.record('forgotten', snapshot.reads());
    triggers.record('replaced', snapshot.reads());
    triggers.forget('forgotten');
    triggers.record('replaced', []);
    set(pod('p', '2', { x: '2' }));
    expect(triggers.changed(pod('p', '1', { x: '1' }), pod('p', '2', { x: '2' }))).toEqual([]);
    expect(triggers.knows('replaced')).toBe(true);
    expect(triggers.knows('forgotten')).toBe(false);
    expect(triggers.isRead({ ...POD, namespace: 'a', name: 'p' })).toBe(false);
  });
});
