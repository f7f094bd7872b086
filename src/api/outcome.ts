import type { KubeObject, Ref } from './object.ts';
import type { Problem } from './problem.ts';

/** What the apply step did with one child or one surplus object. */
export interface Outcome {
  readonly ref: Ref;
  /** `held`: an earlier problem left the object as it is. */
  readonly action: 'created' | 'configured' | 'unchanged' | 'pruned' | 'held' | 'failed';
  /** The object as the API server has it now; absent after pruning and failures. */
  readonly object?: KubeObject;
  readonly problem?: Problem;
}
