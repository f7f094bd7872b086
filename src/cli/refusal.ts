import { LLMISVC, LLMISVC_CONFIG, SERVING_GROUP } from '../api/llmisvc.ts';
import { type Gvk, groupOf, isPlainObject } from '../api/object.ts';

/** Why a value is no object that the API server would read, and where. */
export interface Refusal {
  readonly at: readonly (string | number)[];
  readonly path?: string;
  readonly message: string;
}

/** What is wrong with a value that shall be a Kubernetes object, as far as everything else relies on it. */
export function refusalOf(value: unknown): Refusal | undefined {
  if (!isPlainObject(value))
    return { at: [], message: 'This is no Kubernetes object: write apiVersion, kind and metadata.' };
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '') return missing('apiVersion');
  if (typeof kind !== 'string' || kind === '') return missing('kind');
  if (kind === 'Kustomization' || kind === 'Component') return { at: ['kind'], message: buildFirst(kind) };
  if (!isPlainObject(metadata) || !metadata['name']) return missing('metadata.name');
  const wrong = metadataRefusal(metadata);
  if (wrong) return wrong;
  if (isOurs({ apiVersion, kind }) && !VERSIONS.includes(apiVersion)) {
    const message = `Field apiVersion is ${JSON.stringify(apiVersion)}; allowed are ${VERSIONS.join(' and ')}.`;
    return { at: ['apiVersion'], path: 'apiVersion', message };
  }
  return undefined;
}

/** What to do with a file of kustomize. */
export function buildFirst(kind: string): string {
  return `This is a ${kind}: build it first, for example with "kubectl kustomize FOLDER | llmisvc render -f -".`;
}

/** Services and configs, in whichever version. */
export function isOurs({ apiVersion, kind }: Gvk): boolean {
  return groupOf(apiVersion) === SERVING_GROUP && (kind === LLMISVC.kind || kind === LLMISVC_CONFIG.kind);
}

const VERSIONS: readonly string[] = [LLMISVC.apiVersion, `${SERVING_GROUP}/v1alpha1`];

/** Metadata that the API server would not read, and on which everything else relies. */
function metadataRefusal(metadata: Record<string, unknown>): Refusal | undefined {
  for (const field of ['name', 'namespace', 'uid']) {
    if (metadata[field] !== undefined && typeof metadata[field] !== 'string') return noString([field], metadata[field]);
  }
  for (const field of ['labels', 'annotations']) {
    const map = metadata[field] ?? {};
    if (!isPlainObject(map)) {
      return { at: ['metadata', field], path: `metadata.${field}`, message: `Field metadata.${field} is no map.` };
    }
    const [entry] = Object.entries(map).filter(([, value]) => typeof value !== 'string');
    if (entry) return noString([field, entry[0]], entry[1]);
  }
  return undefined;
}

function noString([field = '', key]: readonly string[], value: unknown): Refusal {
  const path = key === undefined ? `metadata.${field}` : `metadata.${field}[${key}]`;
  const at = key === undefined ? ['metadata', field] : ['metadata', field, key];
  return { at, path, message: `Field ${path} is ${JSON.stringify(value)}; allowed is a string: write it in quotes.` };
}

function missing(path: string): Refusal {
  return { at: path.split('.'), path, message: `Field ${path} is not set; every Kubernetes object has it.` };
}
