import type { Condition } from '../../src/api/llmisvc.ts';
import { conditionsOf, type Findings, rollUp, sumUp, truncate } from '../../src/status/conditions.ts';
import { readyEvents } from '../../src/status/events.ts';
import { EARLIER, NOW } from './statusinput.ts';

const TRUE = { status: 'True' } as const;
const LOADING = { status: 'Unknown', reason: 'Progressing', message: 'Loading.' } as const;
const BROKEN = { status: 'False', reason: 'Broken', message: 'Broken.' } as const;

function find(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}

describe('roll-ups', () => {
  it.each([
    ['no parts', [], TRUE],
    ['all True', [TRUE, undefined, TRUE], TRUE],
    ['Unknown beats True', [TRUE, LOADING], LOADING],
    ['False beats an earlier Unknown', [LOADING, BROKEN], BROKEN],
    ['the first False', [BROKEN, { ...BROKEN, reason: 'Other' }], BROKEN],
    ['the first Unknown', [LOADING, { ...LOADING, reason: 'Other' }], LOADING],
  ] as const)('%s', (_name, parts, result) => {
    expect(rollUp(parts)).toEqual(result);
  });

  it.each<[string, Findings, string, string]>([
    ['a service without parts is ready', {}, 'Ready', 'True'],
    [
      'a loading model makes Ready Unknown',
      { MainWorkloadReady: [LOADING], HTTPRoutesReady: [TRUE] },
      'Ready',
      'Unknown Progressing',
    ],
    [
      'a failed route wins over a loading model',
      { MainWorkloadReady: [LOADING], HTTPRoutesReady: [BROKEN] },
      'Ready',
      'False Broken',
    ],
    [
      'the workload comes before the router',
      { MainWorkloadReady: [BROKEN], GatewaysReady: [{ ...BROKEN, reason: 'G' }] },
      'Ready',
      'False Broken',
    ],
    [
      'the configs come first',
      { PresetsCombined: [{ ...BROKEN, reason: 'P' }], MainWorkloadReady: [BROKEN] },
      'Ready',
      'False P',
    ],
    [
      'Gateways come before routes',
      { HTTPRoutesReady: [BROKEN], GatewaysReady: [{ ...BROKEN, reason: 'G' }] },
      'RouterReady',
      'False G',
    ],
    ['a warning does not count', { Warning: [{ status: 'True', reason: 'DuplicateListKey' }] }, 'Ready', 'True'],
  ])('%s', (_name, findings, type, expected) => {
    const found = find(conditionsOf(findings, [], NOW), type);
    expect([found?.status, found?.reason].filter(Boolean).join(' ')).toBe(expected);
  });
});

describe('conditions', () => {
  it('are sorted, and only dependents and Ready have no severity', () => {
    const conditions = conditionsOf({ MainWorkloadReady: [TRUE], HTTPRoutesReady: [TRUE] }, [], NOW);
    expect(conditions.map(({ type, severity }) => [type, severity])).toEqual([
      ['HTTPRoutesReady', 'Info'],
      ['MainWorkloadReady', 'Info'],
      ['PresetsCombined', undefined],
      ['Ready', undefined],
      ['RouterReady', undefined],
      ['WorkloadsReady', undefined],
    ]);
  });

  it('keep the transition time while nothing else differs', () => {
    const before = conditionsOf({ MainWorkloadReady: [LOADING] }, [], EARLIER);
    expect(conditionsOf({ MainWorkloadReady: [LOADING] }, before, NOW)).toEqual(before);
  });

  it.each([
    ['status', { ...LOADING, status: 'False' }],
    ['reason', { ...LOADING, reason: 'Other' }],
    ['message', { ...LOADING, message: 'Other.' }],
  ] as const)('get a new transition time when the %s differs', (_name, changed) => {
    const before = conditionsOf({ MainWorkloadReady: [LOADING] }, [], EARLIER);
    const after = conditionsOf({ MainWorkloadReady: [changed] }, before, NOW);
    expect(find(after, 'MainWorkloadReady')?.lastTransitionTime).toBe(NOW);
    expect(find(after, 'RouterReady')?.lastTransitionTime).toBe(EARLIER);
  });

  it('sum up several findings with the messages of the worst', () => {
    expect(sumUp([LOADING, BROKEN, { ...BROKEN, reason: 'Other', message: 'Too.' }, BROKEN])).toEqual({
      status: 'False',
      reason: 'Broken',
      message: 'Broken. Too.',
    });
  });

  it('keep percent signs as they are', () => {
    const message = 'At 50% of %s and %!d.';
    expect(find(conditionsOf({ MainWorkloadReady: [{ ...BROKEN, message }] }, [], NOW), 'Ready')?.message).toBe(
      message,
    );
  });
});

describe('long messages', () => {
  it('are cut between characters', () => {
    const cut = truncate('ä🙂'.repeat(10_000));
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(32_768);
    expect(Buffer.byteLength(cut)).toBeGreaterThan(32_760);
    expect(cut.endsWith('…')).toBe(true);
    expect(cut.isWellFormed()).toBe(true);
  });

  it('are left alone when they fit', () => {
    expect(truncate('x'.repeat(32_768))).toHaveLength(32_768);
  });

  it('do not make the condition change every time', () => {
    const long = { ...BROKEN, message: 'x'.repeat(40_000) };
    const before = conditionsOf({ MainWorkloadReady: [long] }, [], EARLIER);
    expect(conditionsOf({ MainWorkloadReady: [long] }, before, NOW)).toEqual(before);
  });
});

describe('events', () => {
  const ready = conditionsOf({ MainWorkloadReady: [TRUE] }, [], NOW);
  const loading = conditionsOf({ MainWorkloadReady: [LOADING] }, [], NOW);

  it('tell when the service becomes ready', () => {
    const event = {
      type: 'Normal',
      reason: 'LLMInferenceServiceReady',
      message: 'LLMInferenceService [qwen] is Ready',
    };
    expect(readyEvents('qwen', loading, ready)).toEqual([event]);
    expect(readyEvents('qwen', [], ready)).toEqual([event]);
  });

  it('tell which parts make it no longer ready', () => {
    expect(readyEvents('qwen', ready, loading)).toEqual([
      {
        type: 'Warning',
        reason: 'LLMInferenceServiceNotReady',
        message: 'LLMInferenceService [qwen] is no longer Ready because of: MainWorkloadReady, WorkloadsReady',
      },
    ]);
  });

  it('are silent otherwise', () => {
    expect(readyEvents('qwen', ready, ready)).toEqual([]);
    expect(readyEvents('qwen', loading, loading)).toEqual([]);
    expect(readyEvents('qwen', [], loading)).toEqual([]);
  });
});
