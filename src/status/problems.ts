import type { Problem, ProblemCode } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import type { ConditionType, Finding } from './conditions.ts';
import { CLUSTER_PROBLEMS } from './problems/cluster.ts';
import { CONFIG_PROBLEMS } from './problems/config.ts';
import type { Retry, Row, Rows } from './problems/row.ts';
import { WARNINGS } from './problems/warning.ts';
import { ended } from './sentence.ts';

/** What a problem means to the user and to the queue. */
export interface Verdict extends Finding {
  readonly condition: ConditionType;
  readonly reason: string;
  readonly message: string;
  readonly retry: Retry;
}

/**
 * The condition, reason, status, sentence and retry of a problem. Reasons are KServe's where it has one for the case.
 * Problems of type `Warning` have the status True: the warning is there.
 */
export function verdictOf(problem: Problem, settings: Settings): Verdict {
  const row = TABLE[problem.code] as Row<Problem>;
  return {
    condition: row.condition(problem),
    status: row.status,
    reason: row.reason(problem),
    message: ended(row.sentence(problem, settings)),
    retry: row.retry,
  };
}

const TABLE: Rows<ProblemCode> = { ...CONFIG_PROBLEMS, ...CLUSTER_PROBLEMS, ...WARNINGS };
