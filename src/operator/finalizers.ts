import { describe, type KubeObject, refOf } from '../api/object.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import type { Log } from '../kube/log.ts';
import type { Client } from '../kube/types.ts';

const ATTEMPTS = 5;

interface Context {
  readonly client: Client;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Puts a finalizer on an object that is not being deleted. Those of others stay.
 *
 * @returns the object as the API server answered; undefined when it is gone
 * @throws ApiError other than that the object is gone
 */
export function addFinalizer<T extends KubeObject>(
  object: T,
  finalizer: string,
  context: Context,
): Promise<T | undefined> {
  return change(object, context, (finalizers) =>
    finalizers.includes(finalizer) ? undefined : [...finalizers, finalizer],
  );
}

/**
 * Takes a finalizer that KServe's controller, or this one in its place, put there off an object that is being deleted.
 * Others stay.
 *
 * @throws ApiError other than that the object is gone
 */
export async function releaseFinalizer(object: KubeObject, finalizer: string, context: Context): Promise<void> {
  const released = await change(object, context, (finalizers) =>
    finalizers.includes(finalizer) ? finalizers.filter((name) => name !== finalizer) : undefined,
  );
  if (released) context.log.info({ object: describe(refOf(object)), finalizer }, 'A finalizer of KServe was removed.');
}

/** Writes the finalizers that `wanted` makes of the present ones; undefined: nothing is to be written. */
async function change<T extends KubeObject>(
  object: T,
  { client, signal }: Context,
  wanted: (finalizers: readonly string[]) => readonly string[] | undefined,
): Promise<T | undefined> {
  let now: T | undefined = object;
  for (let attempt = 1; now; attempt += 1) {
    const finalizers = wanted(now.metadata.finalizers ?? []);
    if (!finalizers) return undefined;
    const { resourceVersion } = now.metadata;
    try {
      return await client.patch<T>(refOf(now), { metadata: { resourceVersion, finalizers } }, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
    }
    now = await client.read<T>(refOf(object), signal);
    // What took its name meanwhile is another object.
    if (now?.metadata.uid !== object.metadata.uid) return undefined;
  }
  return undefined;
}
