import { LLMISVC, LLMISVC_CONFIG, type LLMInferenceService } from '../../api/llmisvc.ts';
import { gvkKey, type KubeObject, type Ref, refKey, refOf } from '../../api/object.ts';
import type { Problem } from '../../api/problem.ts';
import { pathText, steps } from '../../config/paths.ts';
import { refOfSource } from '../complaints.ts';
import type { Finding } from './findings.ts';
import type { Located } from '../input/input.ts';
import { indexed, type Leaf, named } from '../leaves.ts';
import { positionAt } from '../input/place.ts';
import { type Schemas, type Violation, violations } from './schema.ts';

/** What a schema says. */
export interface Shaped {
  readonly finding: Finding;
  /** The field that it is about; equal exactly for equal fields of equal objects. */
  readonly spot: string;
  readonly fault: Violation['fault'];
}

/** Whether the object is a service or a config. */
export function isOurs(object: KubeObject): boolean {
  return [LLMISVC, LLMISVC_CONFIG].some((gvk) => gvkKey(gvk) === gvkKey(object));
}

/** What the API server would refuse for the schema, embedded pod templates and routes included. */
export function shapesOf({ object, place }: Located, schemas: Schemas): readonly Shaped[] {
  const schema = isOurs(object) ? schemas[object.kind] : undefined;
  const { spec } = object as LLMInferenceService;
  if (!schema) return [];
  return violations(spec, schema).map(({ at, message, fault, field }) => ({
    finding: {
      severity: 'error',
      rule: 'Schema',
      file: place.file,
      ...positionAt(place, ['spec', ...at]),
      path: pathText(named(spec, at)),
      message,
    },
    spot: spotKey(refOf(object), fault === 'absent' && field !== undefined ? [...at, field] : at),
    fault,
  }));
}

/**
 * The field that a problem is about, as `spot`.
 *
 * @param owner the object that it is in, unless the problem names another one
 */
export function spotOf(problem: Problem, owner: KubeObject, located: ReadonlyMap<string, Located>): string {
  const ref = 'source' in problem && problem.source ? refOfSource(problem.source) : refOf(owner);
  const spec = (located.get(refKey(ref))?.object as LLMInferenceService | undefined)?.spec;
  const way = steps('path' in problem ? (problem.path ?? '') : '');
  const at = way.flatMap((step, index) =>
    typeof step === 'object' ? (indexed(spec, way.slice(0, index + 1))?.at(-1) ?? []) : [step],
  );
  return spotKey(ref, at);
}

function spotKey(ref: Ref, at: Leaf['at']): string {
  return JSON.stringify([refKey(ref), ...at]);
}
