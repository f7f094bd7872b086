import type { Problem, Source } from '../../api/problem.ts';
import type { Layer } from '../../config/effective.ts';
import { steps, valueAt } from '../../config/paths.ts';

/** A field that was taken away or changed, so that the rest could be looked at. */
export interface Taken {
  readonly path: string;
  /** The layer that has it; absent where it is not known. */
  readonly source?: Source;
  /** Whether the field was not there: another stands in its place. */
  readonly isAbsent?: true;
}

/** What was taken away. */
export interface Losses {
  readonly taken: readonly Taken[];
  /** Whether a config that does not exist was taken for one that says nothing. */
  readonly incomplete: boolean;
}

/** Something that is said about a spec. */
export interface Statement {
  readonly path?: string;
  /** The layer that wrote the value. */
  readonly source?: Source;
  /** Fields whose absence it is about. */
  readonly absent?: readonly string[];
}

/** Whether what is said may be due to what was taken away, and is no news. */
export function follows({ taken, incomplete }: Losses, { path, source, absent = [] }: Statement): boolean {
  if (incomplete && absent.length > 0) return true;
  return taken.some((one) => {
    if (absent.some((field) => isWithin(field, one.path) || isWithin(one.path, field))) return true;
    const elsewhere = source && one.source && !sameSource(source, one.source);
    return path !== undefined && !one.isAbsent && !elsewhere && isWithin(path, one.path);
  });
}

/**
 * Whether a problem only follows from what was taken away.
 *
 * @param written whether the layers are as they were written, so that every problem with a value is one of its own
 */
export function isConsequence(problem: Problem, losses: Losses, layers: readonly Layer[], written: boolean): boolean {
  const path = 'path' in problem ? problem.path : undefined;
  // Other presets are asked for than those of the service as it is written.
  if (path === undefined && problem.code === 'ConfigNotFound') return !written;
  const isAbsent = path !== undefined && !layers.some(({ spec }) => valueAt(spec, steps(path)) !== undefined);
  const absent = [...(isAbsent ? [path] : []), ...absenceBehind(problem)];
  if (written) return problem.code === 'InvalidField' && isAbsent && follows(losses, { absent });
  const source = 'source' in problem ? problem.source : undefined;
  return follows(losses, { absent, ...(path !== undefined && { path }), ...(source && { source }) });
}

export function sameSource(one: Source, other: Source): boolean {
  return one.kind === other.kind && one.namespace === other.namespace && one.name === other.name;
}

/** The fields whose absence a problem may be about, beside that at its path. */
function absenceBehind(problem: Problem): readonly string[] {
  switch (problem.code) {
    case 'TracingWithoutEndpoint':
      return ['spec.tracing'];
    case 'DeviceCountMismatch':
      return [problem.path.startsWith('spec.prefill.') ? 'spec.prefill.parallelism' : 'spec.parallelism'];
    case 'InvalidField':
      return problem.path.endsWith('.worker') ? [problem.path.replace(/worker$/, 'parallelism')] : [];
    default:
      return [];
  }
}

/** Whether a path leads to a place or into it. */
function isWithin(path: string, place: string): boolean {
  return path.startsWith(place) && /^([.[]|$)/.test(path.slice(place.length));
}
