import type { LLMInferenceServiceSpec } from '../../src/api/llmisvc.ts';
import { adaptersOf } from '../../src/config/adapters.ts';

const named = (...names: readonly string[]): LLMInferenceServiceSpec => ({
  model: { lora: { adapters: names.map((name) => ({ name, uri: 'hf://a/b' })) } },
});

describe('the folder of an adapter', () => {
  it.each([
    ['sql-2.1_b', '/mnt/lora/sql-2.1_b'],
    ['team/sql é', '/mnt/lora/team-sql--'],
    ['..', '/mnt/lora/adapter'],
    ['.', '/mnt/lora/adapter'],
    ['', '/mnt/lora/adapter'],
  ])('of %j is %s', (name, path) => {
    expect(adaptersOf(named(name)).adapters.map((adapter) => adapter.path)).toEqual([path]);
  });

  it('does not change the order, which is that of the bytes of the names', () => {
    expect(adaptersOf(named('é', 'b', 'B')).adapters.map(({ name }) => name)).toEqual(['B', 'b', 'é']);
  });
});
