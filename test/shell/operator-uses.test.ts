import { LLMISVC, LLMISVC_CONFIG } from '../../src/api/llmisvc.ts';
import { type KubeObject, refKey } from '../../src/api/object.ts';
import { fixedSource, recordingSnapshot } from '../../src/api/snapshot.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { resolve } from '../../src/config/resolve.ts';
import { configsApplied, configsRead, createUses } from '../../src/operator/uses.ts';

const key = (name: string, namespace = 'kserve'): string => refKey({ ...LLMISVC_CONFIG, namespace, name });
const config = (name: string, namespace: string): KubeObject =>
  ({ ...LLMISVC_CONFIG, metadata: { name, namespace }, spec: {} }) as KubeObject;

describe('who uses which config', () => {
  it('tells which configs have other users, and how many they had', () => {
    const uses = createUses();
    const a = { namespace: 'x', name: 'a' };
    expect(uses.set('a', a, ['one', 'two', 'one'])).toEqual([
      { config: 'one', before: 0, after: 1 },
      { config: 'two', before: 0, after: 1 },
    ]);
    expect(uses.set('a', a, ['two', 'one'])).toEqual([]);
    expect(uses.set('b', { namespace: 'x', name: 'b' }, ['two'])).toEqual([{ config: 'two', before: 1, after: 2 }]);
    expect(uses.set('a', a, ['one'])).toEqual([{ config: 'two', before: 2, after: 1 }]);
    expect(uses.forget('a')).toEqual([{ config: 'one', before: 1, after: 0 }]);
    expect(uses.of('one')).toEqual([]);
    expect(uses.knows('a')).toBe(false);
    expect(uses.forget('never seen')).toEqual([]);
  });

  it('lists the users by namespace, then by name', () => {
    const uses = createUses();
    for (const [namespace, name] of [
      ['b', 'a'],
      ['a-b', 'x'],
      ['a', 'z'],
      ['a', 'y'],
    ] as const) {
      uses.set(`${namespace}/${name}`, { namespace, name }, ['one']);
    }
    expect(uses.of('one').map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(['a/y', 'a/z', 'a-b/x', 'b/a']);
  });

  it('counts what a pass found, not what it looked for', () => {
    const service = {
      ...LLMISVC,
      metadata: { name: 'qwen', namespace: 'team-a' },
      spec: { baseRefs: [{ name: 'shared' }, { name: 'missing' }] },
    };
    const presets = ['llmisvc-config-llm-template'].map((name) => config(name, 'kserve'));
    const objects = [...presets, config('shared', 'kserve'), config('missing', 'team-b')];
    const snapshot = recordingSnapshot(fixedSource(objects));
    resolve(service, snapshot, DEFAULT_SETTINGS);
    expect(configsRead(snapshot.reads())?.toSorted()).toEqual([key('llmisvc-config-llm-template'), key('shared')]);
  });

  it('says nothing while a config is not known yet', () => {
    const snapshot = recordingSnapshot({ ...fixedSource([]), get: () => ({ state: 'unknown' }) });
    resolve({ ...LLMISVC, metadata: { name: 'qwen', namespace: 'team-a' }, spec: {} }, snapshot, DEFAULT_SETTINGS);
    expect(configsRead(snapshot.reads())).toBeUndefined();
  });

  it('knows from the status what an earlier process found', () => {
    const appliedConfigs = [{ name: 'shared', namespace: 'team-a', source: 'UserRef' as const }];
    expect(configsApplied({ ...LLMISVC, metadata: { name: 'qwen' }, status: { appliedConfigs } })).toEqual([
      key('shared', 'team-a'),
    ]);
  });
});
