import {
  LLMISVC,
  LLMISVC_CONFIG,
  type LLMInferenceService,
  type LLMInferenceServiceConfig,
  type LLMInferenceServiceSpec,
} from '../../api/llmisvc.ts';
import { gvkKey, isPlainObject, refOf } from '../../api/object.ts';
import type { Problem, Source } from '../../api/problem.ts';
import type { Settings } from '../../api/settings.ts';
import { layerProblems } from '../../config/layers.ts';
import { steps, valueAt } from '../../config/paths.ts';
import { validate } from '../../config/validate.ts';
import { layerAdvice } from './advice/advice.ts';
import { byKey, complaintsOf } from '../complaints.ts';
import type { Finding } from './findings.ts';
import type { Located } from '../input/input.ts';
import { mend, unmended } from './mend.ts';
import { positionOf } from '../input/place.ts';
import { type Schemas, violations } from './schema.ts';
import { spotOf } from './shapes.ts';

interface ConfigFindings {
  readonly findings: readonly Finding[];
  /** The fields of which more is said than their schema does. */
  readonly spots: readonly string[];
}

/**
 * What is to be said about a config alone, whatever service it becomes a part of: its values, as far as they are there and
 * are not the results of templates, and its pods. A service adds what is missing, so nothing is said about that.
 */
export function configFindings(located: Located, settings: Settings, schemas: Schemas): ConfigFindings {
  const { object, place } = located;
  const schema = schemas[LLMISVC_CONFIG.kind];
  const { spec } = object as LLMInferenceServiceConfig;
  if (gvkKey(object) !== gvkKey(LLMISVC_CONFIG) || !schema || !isPlainObject(spec)) return { findings: [], spots: [] };
  const { name, namespace = '' } = refOf(object);
  const source = { kind: LLMISVC_CONFIG.kind, namespace, name };
  const faults = violations(spec, schema).map((violation) => ({ source, violation }));
  const service: LLMInferenceService = { ...LLMISVC, metadata: { name: STAND_IN, namespace }, spec };
  const layer = { source, role: 'Service', spec } as const;
  const mended = mend(unmended(service), [layer], [], faults)?.service.spec ?? spec;
  const problems = [
    ...layerProblems({ ...layer, role: 'UserRef', spec: mended }),
    ...invalidFields(service, mended, source),
  ];
  const places = byKey([located]);
  const complaints = complaintsOf({ problems, service }, places, settings);
  const findings = [
    ...complaints.map(({ problem, ...complaint }) => ({ ...complaint, rule: problem.code })),
    ...layerAdvice(mended).map(({ path, rule, severity, message }) => ({
      severity,
      rule,
      file: place.file,
      ...positionOf(place, path),
      path,
      message,
    })),
  ];
  return { findings, spots: problems.map((problem) => spotOf(problem, object, places)) };
}

function invalidFields(
  service: LLMInferenceService,
  spec: LLMInferenceServiceSpec,
  source: Source,
): readonly Problem[] {
  return validate({ ...service, spec: {} }, spec)
    .filter(({ path }) => isCertain(path, spec))
    .map((fault) => ({ code: 'InvalidField', ...fault, source }));
}

/** The name of a service that no model or adapter has. */
const STAND_IN = 'any-service-that-uses-the-config';

/** Objects of which a service cannot take back a part. */
const WHOLE = /(\.parallelism|\.route\.http)$/;

/** Whether the value is there, is its own result, and stays wrong with everything that a service can add. */
function isCertain(path: string, spec: object): boolean {
  const value = valueAt(spec, steps(path));
  if (value === undefined || value === null) return false;
  if (typeof value === 'object') return WHOLE.test(path);
  if (path.endsWith('.idleReplicaCount')) {
    const scaling = path.replace(/\.(wva\.)?keda\.idleReplicaCount$/, '');
    return valueAt(spec, steps(`${scaling}.minReplicas`)) !== undefined;
  }
  return typeof value !== 'string' || !value.includes('{{');
}
