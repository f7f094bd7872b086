import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject, Query } from '../../src/api/object.ts';
import type { Client } from '../../src/kube/types.ts';

const againAfterMs = 500;

export interface Followed<T> {
  /** An object as it is now: new, changed, or seen again after a new list. */
  changed(object: T): void;
  /** An object that is gone, as it was last seen. */
  gone(object: T): void;
}

/**
 * Lists a kind and watches it until the signal is aborted, and tells each change. A watch that breaks or expires is
 * followed by a new list, so that nothing is missed. Never rejects; trouble is told to `say`.
 */
export async function follow<T extends KubeObject>(
  client: Client,
  query: Query,
  { changed, gone }: Followed<T>,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const known = new Map<string, T>();
  while (!signal.aborted) {
    try {
      const { items, resourceVersion } = await client.list<T>(query, { signal });
      const listed = new Set(items.map(key));
      for (const [id, object] of known) if (!listed.has(id)) forget(id, object);
      for (const object of items) keep(object);
      await watch(resourceVersion);
    } catch (error) {
      if (signal.aborted) return;
      say(`${query.kind}: listed again after: ${error instanceof Error ? error.message : String(error)}`);
      await delay(againAfterMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async function watch(from: string): Promise<void> {
    let resourceVersion = from;
    while (!signal.aborted) {
      const options = { resourceVersion, timeoutSeconds: 600, signal };
      for await (const { type, object } of client.watch<T>(query, options)) {
        if (type === 'ERROR') return;
        resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
        if (type === 'DELETED') forget(key(object), object);
        else if (type !== 'BOOKMARK') keep(object);
      }
    }
  }

  function keep(object: T): void {
    known.set(key(object), object);
    changed(object);
  }

  function forget(id: string, object: T): void {
    known.delete(id);
    gone(object);
  }
}

function key(object: KubeObject): string {
  return object.metadata.uid ?? `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}
