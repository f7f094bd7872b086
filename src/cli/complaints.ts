import { LLMISVC, LLMISVC_CONFIG } from '../api/llmisvc.ts';
import { describe, refKey, refOf } from '../api/object.ts';
import type { Problem, Source } from '../api/problem.ts';
import type { Settings } from '../api/settings.ts';
import { verdictOf } from '../status/problems.ts';
import type { Complaint } from './complaint.ts';
import type { Evaluated } from './world/evaluate.ts';
import type { Located } from './input/input.ts';
import { pathAsWritten, positionOf } from './input/place.ts';

/** A problem of the core as a complaint, and the problem itself for those who sort by it. */
export interface ProblemComplaint extends Complaint {
  readonly problem: Problem;
}

/**
 * The problems of a service with the sentences that its conditions would have, at the field in the file of the service or
 * of the config that has it. Warnings of the core are warnings here.
 *
 * @param located where objects stand, by `refKey`; objects of a cluster are not among them
 */
export function complaintsOf(
  { problems, service }: Pick<Evaluated, 'problems' | 'service'>,
  located: ReadonlyMap<string, Located>,
  settings: Settings,
): readonly ProblemComplaint[] {
  return problems.map((problem) => {
    const { condition, message } = verdictOf(problem, settings);
    const path = 'path' in problem ? problem.path : undefined;
    const ref =
      'source' in problem && problem.source ? refOfSource(problem.source) : { ...LLMISVC, ...nameOf(refOf(service)) };
    const place = located.get(refKey(ref))?.place;
    const written = place && path !== undefined ? pathAsWritten(place, path) : path;
    return {
      severity: condition === 'Warning' ? 'warning' : 'error',
      ...(place ? { file: place.file, ...positionOf(place, path ?? 'metadata.name') } : { object: describe(ref) }),
      ...(written === undefined ? {} : { path: written }),
      message: path === undefined || written === undefined ? message : message.replaceAll(path, written),
      problem,
    };
  });
}

/** Where the objects of the input stand, by `refKey`. */
export function byKey(objects: readonly Located[]): ReadonlyMap<string, Located> {
  return new Map(objects.map((located) => [refKey(refOf(located.object)), located]));
}

/** The service or config that wrote a value. */
export function refOfSource({ kind, namespace, name }: Source): Parameters<typeof refKey>[0] {
  return { ...(kind === LLMISVC.kind ? LLMISVC : LLMISVC_CONFIG), namespace, name };
}

function nameOf({ namespace, name }: { readonly namespace?: string; readonly name: string }): {
  readonly namespace?: string;
  readonly name: string;
} {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}
