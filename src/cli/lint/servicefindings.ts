import type { LLMInferenceService } from '../../api/llmisvc.ts';
import { describe, refKey, refOf } from '../../api/object.ts';
import { adviceFor } from './advice/advice.ts';
import type { Advice } from './advice/pods.ts';
import { refOfSource } from '../complaints.ts';
import type { Finding } from './findings.ts';
import { judge, type Judged } from './judge.ts';
import { positionOf } from '../input/place.ts';
import type { Schemas } from './schema.ts';
import { complaintsAbout, type Session } from '../session.ts';
import { type Shaped, spotOf } from './shapes.ts';

/** What is said about the objects of the input by themselves. */
export interface Named {
  readonly schemas: Schemas;
  readonly shaped: readonly Shaped[];
  /** Items of lists that are written twice. */
  readonly doubled: readonly Finding[];
}

/**
 * What is to be said about a service with its configs. `spots` are the fields of which more is said than their schema does.
 *
 * @throws as `judge`
 */
export async function serviceFindings(
  service: LLMInferenceService,
  session: Session,
  { schemas, shaped, doubled }: Named,
): Promise<{ readonly findings: readonly Finding[]; readonly spots: readonly string[] }> {
  const { located, world } = session;
  const judged = await judge(service, world, schemas);
  const unknown = new Set(shaped.filter(({ fault }) => fault === 'unknown').map(({ spot }) => spot));
  const problems = judged.problems.filter((problem) => {
    // The schema knows which field was meant, and the list which of its items is the second.
    if (problem.code === 'UnsupportedField') return !unknown.has(spotOf(problem, service, located));
    return problem.code !== 'DuplicateListKey' || !doubled.some(({ path }) => path === withoutProtocol(problem.path));
  });
  const complaints = complaintsAbout({ service, problems }, session);
  return {
    findings: [
      ...complaints.map(({ problem, ...complaint }) => ({ ...complaint, rule: problem.code })),
      ...adviceOf(judged, located),
    ],
    spots: problems.filter(({ code }) => code === 'InvalidField').map((problem) => spotOf(problem, service, located)),
  };
}

function withoutProtocol(path: string): string {
  return path.replace(/,protocol=\w+\]$/, ']');
}

/** Advice at the place of the layer that wrote the value, else at the service. */
function adviceOf({ evaluated, service, isDue }: Judged, located: Session['located']): readonly Finding[] {
  return adviceFor(evaluated).flatMap((advice) => {
    const { path, absent = [] } = advice;
    const origin = evaluated.effective.originOf(path);
    const source = origin && 'layer' in origin ? origin.layer : undefined;
    if (isDue({ path, absent, ...(source && { source }) })) return [];
    return [placed(advice, [...(source ? [refOfSource(source)] : []), refOf(service)], located)];
  });
}

/** `refs` are the objects that it may stand in; the first that comes from a file counts. */
function placed(
  { path, rule, severity, message }: Advice,
  refs: readonly ReturnType<typeof refOf>[],
  located: Session['located'],
): Finding {
  const found = refs.map((ref) => located.get(refKey(ref))).find((one) => one !== undefined);
  const last = refs.at(-1) as ReturnType<typeof refOf>;
  const where = found ? { file: found.place.file, ...positionOf(found.place, path) } : { object: describe(last) };
  return { severity, rule, ...where, path, message };
}
