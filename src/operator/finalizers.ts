import { describe, type KubeObject, refOf } from '../api/object.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import type { Log } from '../kube/log.ts';
import type { Client } from '../kube/types.ts';

const ATTEMPTS = 5;

/**
 * Takes a finalizer that KServe's controller left behind off an object that is being deleted. Others stay.
 *
 * @throws ApiError other than that the object is gone
 */
export async function releaseFinalizer(
  object: KubeObject,
  finalizer: string,
  { client, log, signal }: { readonly client: Client; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  let now: KubeObject | undefined = object;
  for (let attempt = 1; now?.metadata.finalizers?.includes(finalizer); attempt += 1) {
    const { resourceVersion } = now.metadata;
    const finalizers = now.metadata.finalizers.filter((name) => name !== finalizer);
    try {
      await client.patch(refOf(now), { metadata: { resourceVersion, finalizers } }, { signal });
      log.info({ object: describe(refOf(now)), finalizer }, 'A finalizer of KServe was removed.');
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
    }
    now = await client.read(refOf(object), signal);
    if (now?.metadata.uid !== object.metadata.uid) return;
  }
}
