import type { LLMInferenceService } from '../api/llmisvc.ts';
import { type KubeObject, refOf } from '../api/object.ts';
import { LABEL_INFERENCE_SERVICE } from '../api/wellknown.ts';
import { isConflict, isForbidden, isInvalid } from '../kube/errors.ts';
import type { Log } from '../kube/log.ts';
import type { Client } from '../kube/types.ts';

/** Longest label value. */
const LABEL_LIMIT = 63;
const ATTEMPTS = 3;

interface Context {
  readonly client: Client;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Takes the answer to a write into the caches. */
  readonly observe: (object: KubeObject) => void;
}

/**
 * Puts the label on the service itself by which `kubectl get route -l …` finds it. A merge patch, not an apply, which
 * would bring a deleted service back.
 *
 * @returns the service as the API server has it now; the given one when the label is there, cannot be put on, or the
 *   service is gone
 * @throws ApiError
 */
export async function labelled(given: LLMInferenceService, context: Context): Promise<LLMInferenceService> {
  const { client, log, observe, signal } = context;
  let service = given;
  for (let attempt = 1; !hasLabel(service); attempt += 1) {
    const { name, resourceVersion } = service.metadata;
    const body = { metadata: { resourceVersion, labels: { [LABEL_INFERENCE_SERVICE]: name } } };
    try {
      service = await client.patch<LLMInferenceService>(refOf(service), body, { signal });
      observe(service);
      return service;
    } catch (error) {
      // A service that was stored before a rule existed may refuse every change of itself, but not of its status.
      if (!isConflict(error) && !isInvalid(error) && !isForbidden(error)) throw error;
      log.warn({ error }, 'The label for look-ups could not be put on the service.');
      if (!isConflict(error) || attempt === ATTEMPTS) return service;
    }
    const now = await client.read<LLMInferenceService>(refOf(given), signal);
    if (now?.metadata.uid !== given.metadata.uid || !now) return service;
    service = now;
  }
  return service;
}

/** Whether nobody has worked on the service yet: the label comes before its first child, the status after its last. */
export function isUntouched(service: LLMInferenceService): boolean {
  return service.status?.observedGeneration === undefined && !hasLabel(service);
}

function hasLabel({ metadata }: LLMInferenceService): boolean {
  const { labels, name } = metadata;
  return labels?.[LABEL_INFERENCE_SERVICE] === name || name.length > LABEL_LIMIT;
}
