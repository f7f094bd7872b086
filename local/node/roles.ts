import type { Container, Pod } from './types.ts';

/**
 * What a container is to this node.
 * - `process`: its command runs here.
 * - `operator`: the operator's bundle runs here.
 * - `envoy`: the caller runs it.
 * - `storage`: a download of a model, stood in by an empty folder or the local model.
 * - `reported`: nothing runs; it is only said to run, or to have completed.
 */
export type Role = 'process' | 'operator' | 'envoy' | 'storage' | 'reported';

/** The role of a container by its name, and for the operator by its image. */
export function roleOf({ name, image = '' }: Container): Role {
  if (/(^|\/)llmisvc([:@-]|$)/.test(image)) return 'operator';
  if (name === 'main') return 'process';
  if (name === 'envoy') return 'envoy';
  return name === 'storage-initializer' ? 'storage' : 'reported';
}

/** Whether the pod runs to an end: nothing of it that is only reported may then run for ever. */
export function isJob(pod: Pod): boolean {
  return pod.metadata.ownerReferences?.some(({ kind }) => kind === 'Job') ?? false;
}
