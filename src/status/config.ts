import type { LLMInferenceServiceConfig, LLMInferenceServiceConfigStatus, ServiceName } from '../api/llmisvc.ts';
import { compact } from '../api/object.ts';
import type { Problem } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import { conditionOf, type Finding, sumUp } from './conditions.ts';
import type { ReadyEvent } from './events.ts';
import { verdictOf } from './problems.ts';

/**
 * So many services are listed; the rest are counted in the condition. A list without end would make the object too large
 * to store, and every change of one service a write of all names.
 */
const LISTED = 500;

export interface ConfigInput {
  readonly config: LLMInferenceServiceConfig;
  /** All services that use the config, sorted by namespace and name. */
  readonly users: readonly ServiceName[];
  /** What is wrong with the config on its own. */
  readonly problems: readonly Problem[];
  readonly settings: Settings;
  /** RFC 3339. */
  readonly now: string;
}

/**
 * What the status of a config says: `Ready`, `ConfigInUse` and `referencedBy`, in KServe's types and reasons. `Ready` is
 * False where no service could use the config, which KServe does not look at. A config that is being deleted and still
 * used says `DeletionBlocked`, with an event when it begins to.
 */
export function assessConfig({ config, users, problems, settings, now }: ConfigInput): {
  readonly status: LLMInferenceServiceConfigStatus;
  readonly events: readonly ReadyEvent[];
} {
  const { status: before = {}, metadata } = config;
  const previous = before.conditions ?? [];
  const invalid = problems.filter(({ code }) => code === 'InvalidField').map((problem) => verdictOf(problem, settings));
  const ready = invalid.length === 0 ? ({ status: 'True' } as const) : { ...sumUp(invalid), reason: 'InvalidConfig' };
  const use = useOf(users, metadata.deletionTimestamp !== undefined);
  return {
    status: compact({
      ...before,
      observedGeneration: metadata.generation,
      conditions: [conditionOf('ConfigInUse', use, previous, now), conditionOf('Ready', ready, previous, now)],
      referencedBy: users.length > 0 ? users.slice(0, LISTED) : undefined,
    }),
    events:
      use.reason === BLOCKED && !previous.some(({ reason }) => reason === BLOCKED)
        ? [{ type: 'Warning', reason: BLOCKED, message: blockedMessage(config, users) }]
        : [],
  };
}

const BLOCKED = 'DeletionBlocked';

function useOf(users: readonly ServiceName[], deleting: boolean): Finding {
  if (users.length === 0) {
    return { status: 'False', reason: 'NotInUse', message: 'Not referenced by any LLMInferenceService.' };
  }
  const message = `Referenced by ${users.length} LLMInferenceService(s).`;
  return { status: 'True', reason: deleting ? BLOCKED : 'InUse', message };
}

/** KServe's words. */
function blockedMessage({ metadata }: LLMInferenceServiceConfig, users: readonly ServiceName[]): string {
  const name = `${metadata.namespace}/${metadata.name}`;
  return `Cannot delete LLMInferenceServiceConfig ${name}: referenced by ${users.length} LLMInferenceService(s)`;
}
