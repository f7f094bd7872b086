import type { Readable } from 'node:stream';
import type { Gvk, KubeObject, Query } from '../api/object.ts';
import { ApiError } from './errors.ts';
import type { WatchEvent } from './types.ts';

/**
 * The events of a watch, read from its body: one JSON document a line, whose lines and characters may be cut anywhere.
 * Objects carry the kind that was asked for. A last line without its end is dropped: the connection broke within it.
 *
 * @throws what the connection failed with; Error for a line that is not an event
 */
export async function* watchEvents<T extends KubeObject>(
  body: Readable,
  { apiVersion, kind }: Gvk,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const decoder = new TextDecoder();
  const pending: string[] = [];
  try {
    for await (const chunk of body) {
      const lines = decoder.decode(chunk as Uint8Array, { stream: true }).split('\n');
      // Joined once for each line rather than for each chunk: an object may arrive in hundreds of chunks.
      for (const [index, part] of lines.entries()) {
        pending.push(part);
        if (index === lines.length - 1) break;
        const line = pending.splice(0).join('').trim();
        if (line === '') continue;
        signal.throwIfAborted();
        const event = parseEvent<T>(line);
        yield event.type === 'ERROR' ? event : { type: event.type, object: { ...event.object, apiVersion, kind } };
      }
    }
  } finally {
    body.destroy();
  }
}

function parseEvent<T>(line: string): WatchEvent<T> {
  const event = JSON.parse(line) as Partial<WatchEvent<T>>;
  if (event.type === undefined || event.object === undefined) throw new Error('watch: a line holds no event');
  return event as WatchEvent<T>;
}

/** The error that an ERROR event stands for; an expired version has code 410 in whichever form it came. */
export function watchError(object: unknown, query: Query): ApiError {
  const status = (object ?? {}) as {
    code?: number;
    reason?: string;
    message?: string;
    details?: { retryAfterSeconds?: number };
  };
  const { code = 500, reason = '', message = '', details } = status;
  const expired = reason === 'Expired' || reason === 'Gone';
  const request = { verb: 'watch', resource: query.kind, ...(query.namespace ? { namespace: query.namespace } : {}) };
  const retryAfter = details?.retryAfterSeconds;
  return new ApiError({
    request,
    code: expired ? 410 : code,
    reason,
    message,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}
