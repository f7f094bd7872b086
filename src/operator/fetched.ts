import { isPlainObject, type KubeObject, type Ref, refKey } from '../api/object.ts';
import type { Answer } from '../api/snapshot.ts';
import { isForbidden, isUnserved } from '../kube/errors.ts';
import type { Client } from '../kube/types.ts';
import { trimmed } from './drift.ts';

/** Milliseconds for which an answer holds: an object that exists, and one that somebody is about to create. */
export const FOUND_FOR = 600_000;
export const ABSENT_FOR = 15_000;

/** Objects that no cache holds, read by name when the core asked for them and kept for a while. */
export interface FetchedObjects {
  /** What was read; undefined when it was not read lately. */
  get(ref: Ref): Answer<KubeObject> | undefined;
  /** Reads the object, once for all who ask at the same time. Rejects with the client's error; then nothing is kept. */
  fetch(ref: Ref, signal: AbortSignal): Promise<void>;
}

export interface FetchedOptions {
  readonly client: Pick<Client, 'read'>;
  /** An object was read that differs from what was known before. */
  readonly onChange: (before: KubeObject | undefined, after: KubeObject | undefined) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

interface Known {
  readonly answer: Answer<KubeObject>;
  readonly until: number;
}

/** An empty memory. Of Secrets only the names of their keys are kept, never a value. */
export function createFetched({ client, onChange, now = () => performance.now() }: FetchedOptions): FetchedObjects {
  const known = new Map<string, Known>();
  const pending = new Map<string, Promise<void>>();

  async function read(ref: Ref, signal: AbortSignal): Promise<void> {
    const key = refKey(ref);
    const before = known.get(key)?.answer;
    const answer = await answerOf(client, ref, signal);
    known.set(key, { answer, until: now() + (answer.state === 'found' ? FOUND_FOR : ABSENT_FOR) });
    sweep();
    if (before) onChange(objectOf(before), objectOf(answer));
  }

  /** An answer that nobody renewed is no longer of use; one just expired may still be compared with its successor. */
  function sweep(): void {
    for (const [key, { until }] of known) if (until + FOUND_FOR < now()) known.delete(key);
  }

  return {
    get(ref) {
      const entry = known.get(refKey(ref));
      return entry && entry.until > now() ? entry.answer : undefined;
    },
    fetch(ref, signal) {
      const key = refKey(ref);
      const running = pending.get(key);
      if (running) return running;
      const started = read(ref, signal).finally(() => pending.delete(key));
      pending.set(key, started);
      return started;
    },
  };
}

async function answerOf(client: Pick<Client, 'read'>, ref: Ref, signal: AbortSignal): Promise<Answer<KubeObject>> {
  try {
    const object = await client.read(ref, signal);
    return object ? { state: 'found', value: trimmed(withoutValues(object)) } : { state: 'absent' };
  } catch (error) {
    if (isUnserved(error)) return { state: 'unserved' };
    if (isForbidden(error)) return { state: 'forbidden' };
    throw error;
  }
}

function withoutValues(object: KubeObject): KubeObject {
  if (object.kind !== 'Secret') return object;
  const { data } = object as KubeObject & { readonly data?: unknown };
  const keys = isPlainObject(data) ? Object.keys(data) : [];
  const { apiVersion, kind, metadata } = object;
  return { apiVersion, kind, metadata, data: Object.fromEntries(keys.map((key) => [key, ''])) } as KubeObject;
}

function objectOf(answer: Answer<KubeObject>): KubeObject | undefined {
  return answer.state === 'found' ? answer.value : undefined;
}
