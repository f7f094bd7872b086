import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../api/llmisvc.ts';
import { describe, gvkKey, refKey, refOf } from '../api/object.ts';
import type { Problem } from '../api/problem.ts';
import { steps } from '../config/paths.ts';
import { adviceFor, type Advice } from './advice.ts';
import { type Complaint, sortedComplaints } from './complaint.ts';
import { complaintsOf, refOfSource } from './complaints.ts';
import type { Located } from './input.ts';
import { judge, type Judged } from './judge.ts';
import { indexed, type Leaf, named, stepsText } from './leaves.ts';
import { positionAt, positionOf } from './place.ts';
import { type Schemas, schemas, violations } from './schema.ts';
import type { Session } from './session.ts';

/** A complaint with the name of the rule that it breaks. */
export interface Finding extends Complaint {
  readonly rule: string;
}

/** Everything that is to be said about the input, in the order of files and positions, each once. */
export async function findingsOf(session: Session): Promise<readonly Finding[]> {
  const { complaints, inputs, services, world, located } = session;
  const shapes = schemas();
  const shaped = inputs.objects.flatMap((object) => shapesOf(object, shapes));
  const unknown = new Set(shaped.filter(({ isUnknown }) => isUnknown).map(({ spot }) => spot));
  const found: Finding[] = complaints.map((complaint) => ({ ...complaint, rule: 'Input' }));
  const said = new Set<string>();
  for (const service of services) {
    const judged = await judge(service, world, shapes);
    // The schema knows which field was meant.
    const isBetter = (problem: Problem): boolean =>
      problem.code !== 'UnsupportedField' || !unknown.has(spotOf(problem, service, located));
    const problems = judged.problems.filter(isBetter);
    for (const { problem, ...complaint } of complaintsOf({ service, problems }, located, world.settings)) {
      found.push({ ...complaint, rule: problem.code });
      if (problem.code === 'InvalidField') said.add(spotOf(problem, service, located));
    }
    found.push(...adviceOf(judged, session));
  }
  const rest = shaped.filter(({ spot }) => !said.has(spot)).map(({ finding }) => finding);
  return sortedComplaints([...found, ...rest]) as readonly Finding[];
}

/** What a schema says, and about which field of which object. */
interface Shaped {
  readonly finding: Finding;
  readonly spot: string;
  readonly isUnknown: boolean;
}

/** What the API server would refuse for the schema, embedded pod templates and routes included. */
function shapesOf({ object, place }: Located, shapes: Schemas): readonly Shaped[] {
  const ours = [LLMISVC, LLMISVC_CONFIG].some((gvk) => gvkKey(gvk) === gvkKey(object));
  const schema = ours ? shapes[object.kind] : undefined;
  const { spec } = object as LLMInferenceService;
  if (!schema) return [];
  return violations(spec, schema).map(({ at, message, fault, field }) => ({
    finding: {
      severity: 'error',
      rule: 'Schema',
      file: place.file,
      ...positionAt(place, ['spec', ...at]),
      path: `spec.${stepsText(named(spec, at))}`.replace('.[', '[').replace(/\.$/, ''),
      message,
    },
    spot: spotKey(refKey(refOf(object)), fault === 'absent' && field !== undefined ? [...at, field] : at),
    isUnknown: fault === 'unknown',
  }));
}

/** The field that a problem is about. */
function spotOf(problem: Problem, service: LLMInferenceService, located: Session['located']): string {
  const ref = 'source' in problem && problem.source ? refOfSource(problem.source) : refOf(service);
  const spec = (located.get(refKey(ref))?.object as LLMInferenceService | undefined)?.spec;
  const way = steps('path' in problem ? (problem.path ?? '') : '');
  const at = way.flatMap((step, index) =>
    typeof step === 'object' ? (indexed(spec, way.slice(0, index + 1))?.at(-1) ?? []) : [step],
  );
  return spotKey(refKey(ref), at);
}

function spotKey(object: string, at: Leaf['at']): string {
  return JSON.stringify([object, ...at]);
}

/** Advice at the place of the layer that wrote the value, else at the service. */
function adviceOf({ evaluated, service, follows }: Judged, session: Session): readonly Finding[] {
  return adviceFor(evaluated)
    .filter(({ path, absent }) => !follows(path, absent))
    .map((advice) => placed(advice, evaluated.effective.originOf(advice.path), service, session));
}

function placed(
  { path, rule, severity, message }: Advice,
  origin: ReturnType<Judged['evaluated']['effective']['originOf']>,
  service: LLMInferenceService,
  { located }: Session,
): Finding {
  const ref = origin && 'layer' in origin ? refOfSource(origin.layer) : undefined;
  const found = (ref ? located.get(refKey(ref)) : undefined) ?? located.get(refKey(refOf(service)));
  const where = found
    ? { file: found.place.file, ...positionOf(found.place, path) }
    : { object: describe(refOf(service)) };
  return { severity, rule, ...where, path, message };
}
