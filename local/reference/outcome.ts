import type { Judged, Rule } from './allowed.ts';
import type { RefusedHere } from './refused.ts';

/** What came of one case. */
export interface CaseOutcome {
  readonly name: string;
  /** What it asks for that is not built yet; such a case is not compared. */
  readonly notBuilt: readonly string[];
  /** Children that were written although the service is refused. */
  readonly halfBuilt: readonly string[];
  readonly differences: readonly Judged[];
  readonly refused: readonly RefusedHere[];
}

/** What came of all cases. */
export interface Outcome {
  readonly cases: readonly CaseOutcome[];
  /** What did not come to rest in time, one sentence each. */
  readonly unsettled: readonly string[];
  /** Rules that explain nothing here; recordings of other inputs may need them. */
  readonly unused: readonly Rule[];
  /** What the program of the recordings says: `created` before, `ready` after readiness was faked. */
  readonly program: readonly { readonly view: string; readonly code: number; readonly text: string }[];
}

/** Whether everything is equal or explained. */
export function isGood({ cases, unsettled, program }: Outcome): boolean {
  return (
    unsettled.length === 0 &&
    program.every(({ code }) => code === 0) &&
    cases.every(
      ({ differences, refused, halfBuilt }) =>
        halfBuilt.length === 0 &&
        differences.every(({ rule }) => rule !== undefined) &&
        refused.every(({ here }) => here !== undefined),
    )
  );
}
