import type { KubeObject, Query } from '../api/object.ts';
import { backoff } from './backoff.ts';
import { ApiError, isForbidden, isGone, isUnserved } from './errors.ts';
import type { Log } from './log.ts';
import { linked } from './signals.ts';
import { realTiming, type Timing } from './timing.ts';
import type { Client, WatchEvent } from './types.ts';
import { watchError } from './watch.ts';
import { watchdog } from './watchdog.ts';

/** Where a reflector stands. `failing`: it had synced and cannot reach the server, or never synced. */
export type ReflectorState = 'starting' | 'synced' | 'failing' | 'unserved' | 'forbidden';

/** Who takes the objects; a store does. */
export interface Sink<T> {
  replace(objects: readonly T[]): void;
  put(object: T): void;
  remove(object: T): void;
}

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: Pick<Client, 'list' | 'watch' | 'discovery'>;
  readonly query: Query;
  readonly sink: Sink<T>;
  readonly log: Log;
  readonly fieldSelector?: string;
  /** Objects come with their metadata alone. */
  readonly metadataOnly?: boolean;
  readonly onState?: (state: ReflectorState) => void;
  /** Milliseconds without an event, bookmarks included, after which a connection is taken for dead. Default 4 min. */
  readonly idle?: number;
  readonly timing?: Timing;
}

export interface Reflector {
  readonly state: ReflectorState;
  /** The sink has had the whole list once. Stays true while a broken watch is resumed. */
  readonly synced: boolean;
  /** Resolves when the first list arrived, or the server said that there is none to have (unserved, forbidden). */
  readonly settled: Promise<void>;
  /** Watches opened after the first one. */
  readonly restarts: number;
  /** Lists after the first one. */
  readonly relists: number;
  /** Looks again at once: the kind may be served now, or the right may have been given. */
  wake(): void;
  /** Works until the signal aborts. Never rejects. Call once. */
  run(signal: AbortSignal): Promise<void>;
}

const IDLE = 240_000;
/** A watch that ends sooner says that something is wrong. */
const SHORT = 5_000;
const FORBIDDEN = 60_000;
/** A new CRD is served a little after it says so: how often and how far apart `wake` looks. */
const LOOKS = 10;
const LOOKS_APART = 3_000;
/** So many refusals in a row of one version, and the version itself is suspected. */
const SUSPECT = 3;

/**
 * Keeps a sink equal to what the server holds of one kind: a list, then watches that resume where the last one ended.
 * A version that the server no longer has leads to a new list, which tells the sink about deletions as well. A kind
 * that is not served empties the sink and waits for `wake`. Every way round the loop that was not a success waits.
 */
export function reflector<T extends KubeObject>(options: ReflectorOptions<T>): Reflector {
  const { client, query, sink, log } = options;
  const timing = options.timing ?? realTiming;
  const selection = {
    ...(options.metadataOnly ? { metadataOnly: true } : {}),
    ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
  };
  const kind = `${query.kind}.${query.apiVersion}`;
  const settled = Promise.withResolvers<void>();
  let state: ReflectorState = 'starting';
  let synced = false;
  let lists = 0;
  let watches = 0;
  let version: string | undefined;
  let failures = 0;
  let refusals = 0;
  let looks = 0;
  let nap: { abort(): void } | undefined;

  function enter(next: ReflectorState): void {
    if (next !== 'failing') settled.resolve();
    if (state === next) return;
    state = next;
    guarded('state', () => options.onState?.(next));
  }

  function guarded(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      log.error({ error, kind, what }, 'A handler of watched objects failed; the watch goes on.');
    }
  }

  async function list(signal: AbortSignal): Promise<void> {
    lists += 1;
    const found = await client.list<T>(query, { ...selection, signal });
    signal.throwIfAborted();
    guarded('list', () => sink.replace(found.items));
    version = found.resourceVersion;
    synced = true;
    looks = 0;
    enter('synced');
  }

  /** One connection. Returns when the server ended it or it was silent for too long. */
  async function watch(signal: AbortSignal): Promise<void> {
    watches += 1;
    const timeoutSeconds = Math.floor(300 + timing.random() * 300);
    const started = timing.now();
    const before = version;
    const connection = linked(signal);
    const patience = watchdog(timing, options.idle ?? IDLE, connection.abort);
    try {
      const resume = version === undefined ? {} : { resourceVersion: version };
      const watching = { ...selection, ...resume, timeoutSeconds, signal: connection.signal };
      for await (const event of client.watch<T>(query, watching)) {
        if (signal.aborted) return;
        patience.reset();
        take(event);
      }
    } catch (error) {
      if (!signal.aborted && !patience.expired()) throw error;
      if (patience.expired()) log.debug({ kind }, 'The watch was silent for too long and is opened again.');
    } finally {
      await patience.stop();
      connection.unlink();
      // A connection that ends at once is waited after, even if it brought something; one that stood is a success.
      if (version !== before) refusals = 0;
      if (timing.now() - started >= SHORT) failures = 0;
      else failures = version !== before ? 1 : failures + 1;
    }
  }

  function take(event: WatchEvent<T>): void {
    if (event.type === 'ERROR') throw watchError(event.object, query);
    const found = event.object.metadata?.resourceVersion;
    if (event.type === 'DELETED') guarded('deleted', () => sink.remove(event.object));
    else if (event.type !== 'BOOKMARK') guarded('changed', () => sink.put(event.object));
    if (found) version = found;
    enter('synced');
  }

  /** What follows from an error: the state, and the milliseconds to wait; undefined to wait for `wake`. */
  function after(error: unknown, inList: boolean): number | undefined {
    if (isUnserved(error)) {
      version = undefined;
      guarded('unserved', () => sink.replace([]));
      synced = false;
      failures = 0;
      if (state !== 'unserved')
        log.info({ kind }, 'The API server does not serve this kind; it is looked for when CRDs change.');
      enter('unserved');
      if (looks === 0) return undefined;
      looks -= 1;
      client.discovery.invalidate();
      return LOOKS_APART;
    }
    if (inList) failures += 1;
    if (isForbidden(error)) {
      if (state !== 'forbidden') log.warn({ kind, error }, 'This kind may not be watched; grant list and watch on it.');
      version = undefined;
      enter('forbidden');
      return FORBIDDEN * (0.5 + timing.random() / 2);
    }
    if (isGone(error)) {
      log.info({ kind }, 'The version to resume from is gone; listing again.');
      version = undefined;
      return backoff(failures, timing.random());
    }
    if (error instanceof ApiError && ++refusals >= SUSPECT) {
      version = undefined;
      refusals = 0;
    }
    log.warn({ kind, error, failures }, 'A watch broke and is resumed.');
    enter('failing');
    return backoff(Math.max(1, failures), timing.random(), error instanceof ApiError ? error.retryAfter : undefined);
  }

  async function pause(milliseconds: number | undefined, signal: AbortSignal): Promise<void> {
    const sleep = linked(signal);
    nap = sleep;
    if (milliseconds !== undefined) await timing.sleep(milliseconds, sleep.signal);
    else await aborted(sleep.signal);
    nap = undefined;
    sleep.unlink();
  }

  return {
    get state() {
      return state;
    },
    get synced() {
      return synced;
    },
    settled: settled.promise,
    get restarts() {
      return Math.max(0, watches - 1);
    },
    get relists() {
      return Math.max(0, lists - 1);
    },
    wake() {
      if (synced) return;
      looks = LOOKS;
      client.discovery.invalidate();
      if (state === 'unserved' || state === 'forbidden') nap?.abort();
    },
    async run(signal) {
      while (!signal.aborted) {
        let wait: number | undefined = 0;
        let listing = false;
        try {
          listing = version === undefined;
          if (listing) await list(signal);
          listing = false;
          await watch(signal);
          wait = backoff(failures, timing.random());
        } catch (error) {
          if (signal.aborted) return;
          wait = after(error, listing);
        }
        if (wait !== 0 && !signal.aborted) await pause(wait, signal);
      }
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
