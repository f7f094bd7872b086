import type { Condition } from '../api/llmisvc.ts';

/** An event on the service. */
export interface ReadyEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** The event for a change of `Ready`, in KServe's words; none while it stays as it was. */
export function readyEvents(
  name: string,
  before: readonly Condition[],
  after: readonly Condition[],
): readonly ReadyEvent[] {
  const was = isReady(before);
  const is = isReady(after);
  if (was === is) return [];
  if (is) {
    return [{ type: 'Normal', reason: 'LLMInferenceServiceReady', message: `LLMInferenceService [${name}] is Ready` }];
  }
  const parts = after.filter(({ type, status }) => type !== 'Ready' && status !== 'True').map(({ type }) => type);
  return [
    {
      type: 'Warning',
      reason: 'LLMInferenceServiceNotReady',
      message: `LLMInferenceService [${name}] is no longer Ready because of: ${parts.join(', ')}`,
    },
  ];
}

function isReady(conditions: readonly Condition[]): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
