import { randomBytes } from 'node:crypto';
import { describe, type KubeObject, refOf } from '../api/object.ts';
import type { Log } from '../kube/log.ts';
import type { Client } from '../kube/types.ts';
import type { ReadyEvent } from '../status/events.ts';

const COMPONENT = 'llmisvc-controller';
/** Longest message of an event that the API server takes. */
const LONGEST = 1_024;
/** Characters of the object's name in the name of an event, beside its random end. */
const NAME_HEAD = 200;

/**
 * Writes events on an object, as `kubectl describe` shows them. Events are notes: one that cannot be written is logged
 * and nothing else.
 */
export async function recordEvents(
  object: KubeObject,
  events: readonly ReadyEvent[],
  context: { readonly client: Client; readonly log: Log; readonly signal: AbortSignal; readonly now: () => string },
): Promise<void> {
  for (const event of events) {
    try {
      await context.client.create(eventOf(object, event, context.now()), { signal: context.signal });
    } catch (error) {
      context.log.warn({ error, object: describe(refOf(object)), event: event.reason }, 'An event was not written.');
    }
  }
}

function eventOf(object: KubeObject, { type, reason, message }: ReadyEvent, now: string): KubeObject {
  const { name, namespace = 'default', uid, resourceVersion } = object.metadata;
  const involvedObject = { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid, resourceVersion };
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, NAME_HEAD)}.${randomBytes(8).toString('hex')}`, namespace },
    involvedObject,
    type,
    reason,
    message: message.slice(0, LONGEST),
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  } as KubeObject;
}
