import { describe, gvkKey, jsonEqual, type KubeObject, type Query, type Ref, refKey, refOf } from '../api/object.ts';
import type { Answer } from '../api/snapshot.ts';
import { answerTo } from '../kube/answers.ts';
import type { Log } from '../kube/log.ts';
import { withoutValues } from '../kube/secret.ts';
import { linked } from '../kube/signals.ts';
import { realTiming, type Timing } from '../kube/timing.ts';
import type { Client } from '../kube/types.ts';
import { trimmed } from './drift.ts';

/** Milliseconds after which an answer is asked for again: an object that exists, and one that may be about to. */
const FOUND_FOR = 600_000;
const ABSENT_FOR = 15_000;
/** Milliseconds between looks for answers that are due. */
const ROUND = 5_000;

/** Objects that no cache holds, read by name when the core asked for them, and again from time to time. */
export interface FetchedObjects {
  /** What was read last; undefined when nobody asked yet. */
  get(ref: Ref): Answer<KubeObject> | undefined;
  /** Reads the object, once for all who ask at the same time. Rejects with the client's error. */
  fetch(ref: Ref, signal: AbortSignal): Promise<void>;
  /** Takes the answer to an own write, where the object was asked for. */
  observe(object: KubeObject): void;
  /** The object was deleted, or may be another one: whoever asks next has it read. */
  forget(ref: Ref): void;
  /** The object has this version now; undefined: it is gone. It is read again if another version is remembered. */
  noticed(ref: Ref, version: string | undefined): void;
  /** The same for all objects that a query selects; `versions` by `refKey`. */
  noticedAll(query: Query, versions: ReadonlyMap<string, string>): void;
  /** Keeps the answers fresh until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface FetchedOptions {
  readonly client: Pick<Client, 'read'>;
  readonly log: Log;
  /** Whether anybody still looks at the object; the others are forgotten. */
  readonly inUse: (ref: Ref) => boolean;
  /** Another answer came than the one before. */
  readonly onChange: (ref: Ref) => void;
  readonly timing?: Timing;
}

interface Known {
  readonly ref: Ref;
  readonly answer: Answer<KubeObject>;
  readonly due: number;
}

/** An empty memory. Of Secrets only the names of their keys are kept, never a value. */
export function createFetched(options: FetchedOptions): FetchedObjects {
  const { client, inUse, log, onChange, timing = realTiming } = options;
  const known = new Map<string, Known>();
  const pending = new Map<string, Promise<void>>();
  /** What is to be read again, because it has this version by now. */
  const outdated = new Map<string, { readonly ref: Ref; readonly version: string | undefined }>();
  /** Something was noticed since the last look at what is outdated. */
  let awake = false;
  let nap: { abort(): void } | undefined;
  /** What an own write answered for while it was being read: the read may be older. */
  const overtaken = new Set<string>();

  async function read(ref: Ref, signal: AbortSignal): Promise<void> {
    overtaken.delete(refKey(ref));
    const answer = await answerTo(() => readable(client, ref, signal));
    if (!overtaken.delete(refKey(ref))) take(ref, answer);
  }

  function take(ref: Ref, answer: Answer<KubeObject>): void {
    const key = refKey(ref);
    const before = known.get(key)?.answer;
    known.set(key, { ref, answer, due: timing.now() + (answer.state === 'found' ? FOUND_FOR : ABSENT_FOR) });
    if (before && !jsonEqual(before, answer)) onChange(ref);
  }

  function fetch(ref: Ref, signal: AbortSignal): Promise<void> {
    const key = refKey(ref);
    const running = pending.get(key);
    if (running) return running;
    const started = read(ref, signal).finally(() => pending.delete(key));
    pending.set(key, started);
    return started;
  }

  async function renew(signal: AbortSignal): Promise<void> {
    for (const [key, { ref, due }] of known) {
      if (due > timing.now() || signal.aborted) continue;
      if (!inUse(ref)) known.delete(key);
      else await fetch(ref, signal).catch((error: unknown) => complain(ref, error, signal));
    }
  }

  /**
   * A read that began before the notice may have brought the state before it, so it is waited for, and judged. What
   * cannot be read stays outdated until the next round.
   */
  async function catchUp(signal: AbortSignal): Promise<void> {
    for (const [key, noticedThen] of [...outdated]) {
      const { ref, version } = noticedThen;
      try {
        await pending.get(key)?.catch(() => undefined);
        if (!signal.aborted && known.has(key) && versionOf(known.get(key)?.answer) !== version)
          await fetch(ref, signal);
        if (outdated.get(key) === noticedThen) outdated.delete(key);
      } catch (error) {
        complain(ref, error, signal);
      }
    }
  }

  function noticed(ref: Ref, version: string | undefined): void {
    const key = refKey(ref);
    if (!pending.has(key) && (!known.has(key) || versionOf(known.get(key)?.answer) === version)) return;
    outdated.set(key, { ref, version });
    awake = true;
    nap?.abort();
  }

  async function sleep(signal: AbortSignal): Promise<void> {
    if (!awake) {
      const sleeping = linked(signal);
      nap = sleeping;
      await timing.sleep(ROUND, sleeping.signal);
      nap = undefined;
      sleeping.unlink();
    }
    awake = false;
  }

  function complain(ref: Ref, error: unknown, signal: AbortSignal): void {
    if (!signal.aborted) log.warn({ object: describe(ref), error }, 'An object could not be read again.');
  }

  return {
    get: (ref) => known.get(refKey(ref))?.answer,
    fetch,
    observe(object) {
      const ref = refOf(object);
      const key = refKey(ref);
      if (!known.has(key)) return;
      if (pending.has(key)) overtaken.add(key);
      take(ref, { state: 'found', value: trimmed(withoutValues(object)) });
    },
    forget: (ref) => void known.delete(refKey(ref)),
    noticed,
    noticedAll(query, versions) {
      for (const [key, { ref }] of known) {
        const selected = gvkKey(ref) === gvkKey(query) && (query.namespace ?? ref.namespace) === ref.namespace;
        if (selected) noticed(ref, versions.get(key));
      }
    },
    async run(signal) {
      while (!signal.aborted) {
        await sleep(signal);
        await catchUp(signal);
        await renew(signal);
      }
    },
  };
}

function versionOf(answer: Answer<KubeObject> | undefined): string | undefined {
  return answer?.state === 'found' ? answer.value.metadata.resourceVersion : undefined;
}

async function readable(client: Pick<Client, 'read'>, ref: Ref, signal: AbortSignal): Promise<KubeObject | undefined> {
  const object = await client.read(ref, signal);
  return object && trimmed(withoutValues(object));
}
