import type { LLMInferenceService } from '../api/llmisvc.ts';
import { refKey } from '../api/object.ts';
import type { Problem } from '../api/problem.ts';
import type { Source } from '../api/snapshot.ts';
import type { Layer } from '../config/effective.ts';
import { keyed, pathText, steps, valueAt } from '../config/paths.ts';
import { type Evaluated, evaluate } from './evaluate.ts';
import { type Fault, mend, type Mended, unmended } from './mend.ts';
import { type Schemas, violations } from './schema.ts';
import type { World } from './world.ts';

/** All that is wrong with a service. */
export interface Judged {
  readonly service: LLMInferenceService;
  readonly problems: readonly Problem[];
  /** The service as it is, or, where its layers cannot be combined, without what is wrong with them. */
  readonly evaluated: Evaluated;
  /**
   * Whether something that is said of the mended service may be due to what was taken away from it.
   *
   * @param path what is spoken of
   * @param absent fields whose absence is spoken of
   */
  readonly follows: (path: string, absent?: readonly string[]) => boolean;
}

/** Each round finds at least one problem more; what so many do not find is found when these are corrected. */
const ROUNDS = 40;

/**
 * Evaluates a service, and evaluates it again without what is wrong with it, until nothing keeps the operator from looking
 * at the rest: one mistake does not hide the others. What only follows from what was taken away is left out.
 *
 * @throws as `evaluate`
 */
export async function judge(service: LLMInferenceService, world: World, shapes: Schemas): Promise<Judged> {
  const problems: Problem[] = [];
  let mended = unmended(service);
  let combined: Pick<Judged, 'evaluated' | 'follows'> | undefined;
  for (let round = 1; ; round += 1) {
    const evaluated = await evaluate(mended.service, mendedWorld(world, mended));
    const { effective, plan } = evaluated;
    const { layers } = effective;
    const faults = round === 1 ? faultsOf(service, layers, shapes) : [];
    const known = { ...mended, removed: [...mended.removed, ...faults.flatMap(pathsOf)] };
    const found = [...evaluated.problems, ...evaluated.missing];
    problems.push(...found.filter((problem) => !isConsequence(problem, known, layers, round === 1)));
    if (effective.combined) combined ??= { evaluated, follows: consequences(known) };
    const whole = effective.combined && plan.held.size === 0;
    const next = whole || round === ROUNDS ? undefined : mend(mended, layers, evaluated.problems, faults);
    if (!next) return { service, problems, ...(combined ?? { evaluated, follows: consequences(known) }) };
    mended = next;
  }
}

function faultsOf(
  { spec, metadata }: LLMInferenceService,
  layers: readonly Layer[],
  shapes: Schemas,
): readonly (Fault & { readonly spec: unknown })[] {
  return layers
    .filter(({ role }) => role !== 'Preset')
    .flatMap((layer) => {
      const schema = shapes[layer.source.kind];
      // What is no object at all says nothing in a layer.
      const written = layer.role === 'Service' && layer.source.name === metadata.name ? spec : layer.spec;
      if (!schema) return [];
      return violations(written, schema).map((violation) => ({ source: layer.source, violation, spec: written }));
    });
}

/** The paths that are spoken of: that of the fault, and that of the field which was meant. */
function pathsOf({ violation: { at, fault, field }, spec }: Fault & { readonly spec: unknown }): readonly string[] {
  if (fault === 'absent' || fault === 'value') return [];
  return [at, ...(field === undefined ? [] : [[...at.slice(0, -1), field]])].map((way) => pathText(keyed(way, spec)));
}

/** The world with the mended configs in their places. */
function mendedWorld(world: World, { configs }: Mended): World {
  if (configs.size === 0) return world;
  const over = (source: Source): Source => ({
    get(ref) {
      const value = configs.get(refKey(ref));
      return value ? { state: 'found', value } : source.get(ref);
    },
    list: (query) => source.list(query),
  });
  return { ...world, planning: over(world.planning), assessing: over(world.assessing) };
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

function isConsequence(problem: Problem, mended: Mended, layers: readonly Layer[], first: boolean): boolean {
  const follows = consequences(mended);
  const path = 'path' in problem ? problem.path : undefined;
  if (path === undefined) return !first && (problem.code === 'ConfigNotFound' || follows('', absenceBehind(problem)));
  const way = steps(path);
  const absent = !layers.some(({ spec }) => valueAt(spec, way) !== undefined);
  if (first) return problem.code === 'InvalidField' && absent && follows(path, [path]);
  return follows(path, [...(absent ? [path] : []), ...absenceBehind(problem)]);
}

function consequences({ removed, incomplete }: Mended): Judged['follows'] {
  return (path, absent = []) =>
    removed.some(
      (one) => isWithin(path, one) || absent.some((field) => isWithin(field, one) || isWithin(one, field)),
    ) ||
    (incomplete && absent.length > 0);
}

/** Whether a path leads to a place or into it. */
function isWithin(path: string, place: string): boolean {
  return path.startsWith(place) && /^([.[]|$)/.test(path.slice(place.length));
}
