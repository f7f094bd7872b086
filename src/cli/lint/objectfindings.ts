import { LLMISVC, LLMISVC_CONFIG, SERVING_GROUP } from '../../api/llmisvc.ts';
import { groupOf, type KubeObject } from '../../api/object.ts';
import { labelProblems } from '../../config/labels.ts';
import type { Finding } from './findings.ts';
import type { Located } from '../input/input.ts';
import { edits, nearest } from './nearest.ts';
import { positionOf } from '../input/place.ts';
import { isOurs } from './shapes.ts';

/** What the API server would say about the kind and the metadata of an object. */
export function objectFindings({ object, place }: Located): readonly Finding[] {
  const faults = isOurs(object) ? metadataFaults(object) : kindFaults(object);
  return faults.map(({ path, ...fault }) => ({
    severity: 'error',
    ...fault,
    file: place.file,
    ...positionOf(place, path),
    path,
  }));
}

interface Fault {
  readonly rule: string;
  readonly path: string;
  readonly message: string;
}

const OURS = [LLMISVC.kind, LLMISVC_CONFIG.kind] as const;
/** The other kinds of KServe in the same group, those of past versions included. */
const KSERVE_KINDS: readonly string[] = [
  'InferenceService',
  'InferenceGraph',
  'TrainedModel',
  'ServingRuntime',
  'ClusterServingRuntime',
  'ClusterStorageContainer',
  'LocalModelCache',
  'LocalModelNamespaceCache',
  'LocalModelNode',
  'LocalModelNodeGroup',
  'ClusterLocalModel',
  'Predictor',
];
/** So many slips of the finger turn one group into another. */
const NEAR = 2;

/** A kind or a group that is almost ours, and that no API server has: nobody would look at the object. */
function kindFaults({ apiVersion, kind }: KubeObject): readonly Fault[] {
  const group = groupOf(apiVersion);
  const kinds = [...OURS, ...KSERVE_KINDS];
  if (group !== SERVING_GROUP) {
    const ours = (OURS as readonly string[]).includes(kind);
    if (!ours && edits(group, SERVING_GROUP) > NEAR) return [];
    const message = ours
      ? `${kind} is a kind of ${LLMISVC.apiVersion}, not of ${apiVersion}. Write apiVersion: ${LLMISVC.apiVersion}.`
      : `There is no API group ${group}. Did you mean ${SERVING_GROUP}?`;
    return [{ rule: 'UnknownKind', path: 'apiVersion', message }];
  }
  if (kinds.includes(kind)) return [];
  const meant = nearest(kind, kinds);
  const hint = meant === undefined ? `It has ${OURS.join(' and ')}.` : `Did you mean ${meant}?`;
  return [{ rule: 'UnknownKind', path: 'kind', message: `${SERVING_GROUP} has no kind ${kind}. ${hint}` }];
}

/** Labels and annotations of the object itself; those of the spec are a matter of conditions. */
function metadataFaults({ metadata: { labels, annotations } }: KubeObject): readonly Fault[] {
  return labelProblems({ ...(labels && { labels }), ...(annotations && { annotations }) }).map((problem) => {
    const path = problem.path.replace(/^spec\./, 'metadata.');
    const message = `Field ${path} is ${problem.found}; allowed is ${problem.allowed}.`;
    return { rule: 'InvalidMetadata', path, message };
  });
}
