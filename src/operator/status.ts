import type { Condition } from '../api/llmisvc.ts';
import { isPlainObject, jsonEqual, type KubeObject, refOf } from '../api/object.ts';
import { ANNOTATION_VALIDATED } from '../api/wellknown.ts';
import { isConflict, isNotFound, isUnserved } from '../kube/errors.ts';
import type { Client } from '../kube/types.ts';

const ATTEMPTS = 3;

/** The status of a service or of a config. */
interface Status {
  readonly conditions?: readonly Condition[];
  readonly annotations?: Readonly<Record<string, string>>;
}

interface HasStatus extends KubeObject {
  readonly status?: Status;
}

/**
 * Writes the status of a service or config, when it tells something else than what is there.
 *
 * @returns the object as the API server answered; the given one when nothing was to be written; undefined when the
 *   object is gone or was changed in a way that makes the status outdated: the next pass decides anew
 * @throws ApiError
 */
export async function writeStatus<T extends HasStatus>(
  object: T,
  status: Status,
  client: Client,
  signal: AbortSignal,
): Promise<T | undefined> {
  let base: T = object;
  for (let attempt = 1; ; attempt += 1) {
    if (mergePatch(told(base.status ?? {}), told(status)) === undefined) return base;
    const { resourceVersion } = base.metadata;
    const body = { metadata: { resourceVersion }, status: mergePatch(base.status ?? {}, status) };
    try {
      return await client.patch<T>(refOf(base), body, { subresource: 'status', signal });
    } catch (error) {
      if (isNotFound(error) && !isUnserved(error)) return undefined;
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
    }
    const now = await client.read<T>(refOf(base), signal);
    if (!now || isOutdated(object, now)) return undefined;
    base = now;
  }
}

/** The annotations of the status pin configs, so somebody else's change of them decides as much as one of the spec. */
function isOutdated(seen: HasStatus, now: HasStatus): boolean {
  const { uid, generation } = seen.metadata;
  if (now.metadata.uid !== uid || now.metadata.generation !== generation) return true;
  return !jsonEqual(seen.status?.annotations ?? {}, now.status?.annotations ?? {});
}

/**
 * The JSON merge patch that turns one value into the other; undefined when they are equal. Lists are replaced as a
 * whole.
 */
export function mergePatch(from: unknown, to: unknown): unknown {
  if (jsonEqual(from, to)) return undefined;
  if (!isPlainObject(from) || !isPlainObject(to)) return to ?? null;
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const change = mergePatch(from[key], to[key]);
    if (change !== undefined) patch[key] = change;
  }
  return patch;
}

/**
 * What a status tells: neither times, nor which merged spec was accepted. That is for a later process, and goes with the
 * next write, so that a shared config that changes costs no write of its users' status.
 */
function told({ conditions, annotations = {}, ...status }: Status): unknown {
  const validated = annotations[ANNOTATION_VALIDATED] === undefined ? undefined : 'some';
  return {
    ...status,
    conditions: conditions?.map((condition) => ({ ...condition, lastTransitionTime: undefined })),
    annotations: { ...annotations, [ANNOTATION_VALIDATED]: validated },
  };
}
