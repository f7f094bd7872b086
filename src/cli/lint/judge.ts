import type { LLMInferenceService } from '../../api/llmisvc.ts';
import { refKey } from '../../api/object.ts';
import type { Problem } from '../../api/problem.ts';
import type { Source } from '../../api/snapshot.ts';
import type { Layer } from '../../config/effective.ts';
import { keyed, pathText } from '../../config/paths.ts';
import { follows, isConsequence, type Statement, type Taken } from './consequences.ts';
import { type Evaluated, evaluate } from '../world/evaluate.ts';
import { type Fault, mend, type Mended, unmended } from './mend.ts';
import { type Schemas, type Violation, violations } from './schema.ts';
import type { World } from '../world/world.ts';

/** All that is wrong with a service. */
export interface Judged {
  readonly service: LLMInferenceService;
  readonly problems: readonly Problem[];
  /** The service as it is, or, where its layers cannot be combined, without what is wrong with them. */
  readonly evaluated: Evaluated;
  /** Whether something that is said of it is due to what was taken away. */
  readonly isDue: (statement: Statement) => boolean;
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
  let combined: Omit<Judged, 'problems' | 'service'> | undefined;
  for (let round = 1; ; round += 1) {
    const evaluated = await evaluate(mended.service, mendedWorld(world, mended));
    const { effective, plan } = evaluated;
    const { layers } = effective;
    const faults = round === 1 ? faultsOf(service, layers, shapes) : [];
    const losses = { ...mended.losses, taken: [...mended.losses.taken, ...faults.flatMap(takenBy)] };
    const found = [...evaluated.problems, ...evaluated.missing];
    problems.push(...found.filter((problem) => !isConsequence(problem, losses, layers, round === 1)));
    const judged = { evaluated, isDue: (statement: Statement) => follows(losses, statement) };
    if (effective.combined) combined ??= judged;
    const whole = effective.combined && plan.held.size === 0;
    const next =
      whole || round === ROUNDS ? undefined : mend({ ...mended, losses }, layers, evaluated.problems, faults);
    if (!next) return { service, problems, ...(combined ?? judged) };
    mended = next;
  }
}

interface FaultIn extends Fault {
  /** The spec that it is in. */
  readonly spec: unknown;
}

function faultsOf(
  { spec, metadata }: LLMInferenceService,
  layers: readonly Layer[],
  shapes: Schemas,
): readonly FaultIn[] {
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

/** The place of the fault, and that of the field which was meant. */
function takenBy({ source, violation: { at, fault, field }, spec }: FaultIn): readonly Taken[] {
  if (fault === 'absent' || fault === 'value') return [];
  const text = (way: Violation['at']): string => pathText(keyed(way, spec));
  const meant = field === undefined ? [] : [{ path: text([...at.slice(0, -1), field]), isAbsent: true } as const];
  return [{ path: text(at), source }, ...meant];
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
