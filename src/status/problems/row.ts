import type { ConditionStatus } from '../../api/llmisvc.ts';
import type { Part, Problem, ProblemCode, Source } from '../../api/problem.ts';
import type { Settings } from '../../api/settings.ts';
import type { ConditionType } from '../conditions.ts';

/**
 * When a service with the problem is looked at again although nothing that is watched has changed: `backoff` soon and
 * then ever later, `later` after minutes, because others have to act first.
 */
export type Retry = 'none' | 'backoff' | 'later';

/** What one code of a problem means. */
export interface Row<P> {
  readonly condition: (problem: P) => ConditionType;
  readonly reason: (problem: P) => string;
  readonly status: ConditionStatus;
  readonly retry: Retry;
  readonly sentence: (problem: P, settings: Settings) => string;
}

/** The rows of some codes. */
export type Rows<C extends ProblemCode> = { readonly [K in C]: Row<Extract<Problem, { code: K }>> };

const CONDITION_OF_PART: Readonly<Record<Part, ConditionType>> = {
  config: 'PresetsCombined',
  workload: 'MainWorkloadReady',
  route: 'HTTPRoutesReady',
  gateway: 'GatewaysReady',
};

const REASON_OF_PART: Readonly<Record<Part, string>> = {
  config: 'InvalidRenderedConfig',
  workload: 'ReconcileSingleNodeWorkloadError',
  route: 'HTTPRouteReconcileError',
  gateway: 'RefsInvalid',
};

/** The condition of the part that a problem belongs to. */
export const ofPart = (problem: { readonly part: Part }): ConditionType => CONDITION_OF_PART[problem.part];
/** KServe's reason for a mistake in that part. */
export const partReason = (problem: { readonly part: Part }): string => REASON_OF_PART[problem.part];
/** The code is the reason. */
export const own = (problem: { readonly code: string }): string => problem.code;
export const always =
  <T extends string>(value: T) =>
  (): T =>
    value;

/** The field, and who wrote it. */
export function fieldOf(where: { readonly path?: string; readonly source?: Source }): string {
  const { path = 'a field', source } = where;
  return source ? `${path} of ${source.kind} ${source.namespace}/${source.name}` : path;
}
