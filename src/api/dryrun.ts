import { createHash } from 'node:crypto';
import { LLMISVC, type LLMInferenceService, type LLMInferenceServiceSpec } from './llmisvc.ts';
import { childName } from './names.ts';
import { type Answer } from './snapshot.ts';
import { canonicalJson, type Gvk, gvkKey, type KubeObject, type Ref } from './object.ts';

/**
 * What the API server thinks of a merged spec is no object that it holds, but the core asks for it as for one: the
 * reference carries the question and is named after its content, so that equal questions are asked once; the verdict
 * is the object. A source that answers `absent` asks nobody.
 */
export const DRY_RUN = { apiVersion: 'serving.kserve.io/dry-run', kind: 'DryRun' } as const satisfies Gvk;

/** The object that is sent: a new service of the merged spec, which nobody stores. */
export interface Candidate extends Gvk {
  readonly metadata: { readonly generateName: string; readonly namespace: string };
  readonly spec: LLMInferenceServiceSpec;
}

/** The question whether the API server would take a merged spec. `name` is the hash of namespace and spec. */
export interface DryRunRef extends Ref {
  readonly namespace: string;
  readonly candidate: Candidate;
}

/**
 * - `Invalid`: the spec breaks a rule of the schema, its expressions or an admission policy.
 * - `NotAllowed`: who asks lacks the right to create services.
 * - `NamespaceTerminating`: nothing new can be created there.
 * - `Failed`: no verdict for any other reason.
 */
export interface Verdict extends KubeObject {
  readonly outcome: 'Accepted' | 'Invalid' | 'NotAllowed' | 'NamespaceTerminating' | 'Failed';
  /** The whole sentence of the API server, or of the transport. */
  readonly message: string;
  readonly causes: readonly { readonly field: string; readonly message: string }[];
}

const HASH_LENGTH = 32;

/** The question about the merged spec of a service. Neither labels nor annotations are sent, as with KServe. */
export function dryRunOf({ metadata }: LLMInferenceService, spec: LLMInferenceServiceSpec): DryRunRef {
  const { name, namespace = '' } = metadata;
  const hash = createHash('sha256').update(canonicalJson({ namespace, spec })).digest('hex').slice(0, HASH_LENGTH);
  const generateName = childName(name, '-validation-');
  return { ...DRY_RUN, namespace, name: hash, candidate: { ...LLMISVC, metadata: { generateName, namespace }, spec } };
}

/** Whether a reference is a question of `dryRunOf`. */
export function isDryRun(ref: Ref): ref is DryRunRef {
  return gvkKey(ref) === gvkKey(DRY_RUN) && 'candidate' in ref;
}

/** Whether an answer is a failure to get a verdict, which the next attempt may mend. */
export function isWithoutVerdict(ref: Ref, answer: Answer<unknown>): boolean {
  if (gvkKey(ref) !== gvkKey(DRY_RUN) || answer.state !== 'found') return false;
  const { outcome } = answer.value as Verdict;
  return outcome !== 'Accepted' && outcome !== 'Invalid';
}
