import type { Source } from '../api/problem.ts';
import type { Layer, Origin } from './effective.ts';
import { written } from './merge.ts';
import { keyed, type Step, steps, valueAt } from './paths.ts';

/** A value that a named step set after the merge, or that comes from another layer than the highest that names it. */
export type StepMark =
  | { readonly path: string; readonly step: string }
  | { readonly path: string; readonly layer: Source };

/**
 * Answers where the value at a path of the effective spec came from: the step that set it or a part around it, else the
 * highest layer that says something there. `spec` is the effective spec; it turns indexes into keys. Undefined when no
 * layer and no step mentions the path.
 */
export function provenance(
  layers: readonly Layer[],
  marks: readonly StepMark[],
  spec: unknown,
): (path: string) => Origin | undefined {
  return (path) => {
    const wanted = keyed(steps(path), spec);
    const mark = marks.findLast((candidate) => startsWith(wanted, steps(candidate.path)));
    if (mark) return 'step' in mark ? { step: mark.step } : { layer: mark.layer };
    const layer = layers.findLast((candidate) => valueAt(written(candidate.spec), wanted) !== undefined);
    return layer && { layer: layer.source };
  };
}

function startsWith(path: readonly Step[], head: readonly Step[]): boolean {
  return (
    head.length <= path.length && head.every((step, index) => JSON.stringify(step) === JSON.stringify(path[index]))
  );
}
