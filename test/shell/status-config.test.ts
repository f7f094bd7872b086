import { LLMISVC_CONFIG, type LLMInferenceServiceConfig, type ServiceName } from '../../src/api/llmisvc.ts';
import type { Problem } from '../../src/api/problem.ts';
import { DEFAULT_SETTINGS } from '../../src/api/settings.ts';
import { assessConfig } from '../../src/status/config.ts';
import { EARLIER, NOW } from './statusinput.ts';

const users = (count: number): readonly ServiceName[] =>
  Array.from({ length: count }, (_, index) => ({ namespace: 'team-a', name: `service-${1_000 + index}` }));

function assessed(
  changes: Partial<LLMInferenceServiceConfig['metadata']> = {},
  { by = 0, problems = [], status }: { by?: number; problems?: readonly Problem[]; status?: object } = {},
) {
  const metadata = { name: 'shared', namespace: 'kserve', generation: 3, ...changes };
  const config: LLMInferenceServiceConfig = { ...LLMISVC_CONFIG, metadata, ...(status ? { status } : {}) };
  return assessConfig({ config, users: users(by), problems, settings: DEFAULT_SETTINGS, now: NOW });
}

describe('the status of a config', () => {
  it('has no list when nobody uses it, and keeps what it does not know', () => {
    const status = { annotations: { theirs: 'yes' }, referencedBy: users(1), conditions: [] };
    expect(assessed({}, { status }).status).toEqual({
      annotations: { theirs: 'yes' },
      observedGeneration: 3,
      conditions: [
        {
          type: 'ConfigInUse',
          status: 'False',
          severity: 'Info',
          reason: 'NotInUse',
          message: 'Not referenced by any LLMInferenceService.',
          lastTransitionTime: NOW,
        },
        { type: 'Ready', status: 'True', lastTransitionTime: NOW },
      ],
    });
  });

  it('lists its users up to 500 and counts all of them', () => {
    const { status } = assessed({}, { by: 750 });
    expect(status.referencedBy).toEqual(users(500));
    expect(status.conditions?.[0]).toMatchObject({
      status: 'True',
      reason: 'InUse',
      message: 'Referenced by 750 LLMInferenceService(s).',
    });
  });

  it('keeps the times of conditions that stay as they were', () => {
    const before = assessed({}, { by: 1 }).status;
    const conditions = before.conditions?.map((condition) => ({ ...condition, lastTransitionTime: EARLIER }));
    const status = { ...before, conditions };
    expect(assessed({}, { by: 1, status }).status).toEqual(status);
    expect(assessed({}, { by: 2, status }).status.conditions?.[0]?.lastTransitionTime).toBe(NOW);
  });

  it('writes the event of a blocked deletion once', () => {
    const deleting = { deletionTimestamp: NOW };
    const first = assessed(deleting, { by: 2 });
    expect(first.status.conditions?.[0]).toMatchObject({ status: 'True', reason: 'DeletionBlocked' });
    expect(first.events).toEqual([
      {
        type: 'Warning',
        reason: 'DeletionBlocked',
        message: 'Cannot delete LLMInferenceServiceConfig kserve/shared: referenced by 2 LLMInferenceService(s)',
      },
    ]);
    expect(assessed(deleting, { by: 1, status: first.status }).events).toEqual([]);
    expect(assessed({}, { by: 2 }).events).toEqual([]);
  });

  it('is not ready when no service could use it, and ready when a field is only not supported', () => {
    const invalid: Problem = {
      code: 'InvalidField',
      part: 'config',
      path: 'spec.replicas',
      found: '"two"',
      allowed: 'an integer',
    };
    const unsupported: Problem = { code: 'UnsupportedField', path: 'spec.prefill' };
    expect(assessed({}, { problems: [unsupported, invalid] }).status.conditions?.[1]).toMatchObject({
      type: 'Ready',
      status: 'False',
      reason: 'InvalidConfig',
      message: 'Field spec.replicas is "two"; allowed is an integer.',
    });
    expect(assessed({}, { problems: [unsupported] }).status.conditions?.[1]?.status).toBe('True');
  });
});
