import { setImmediate as nextTurn } from 'node:timers/promises';

/** `spec`: a person changed something; `change`: something in the cluster moved; `resync`: nothing is known to have. */
export type Priority = 'spec' | 'change' | 'resync';

/** What the handler wants to happen with its key next. */
export interface Again {
  /** `backoff`: again after an exponentially growing delay; `none`: forget earlier failures. */
  readonly retry: 'none' | 'backoff';
  /** Milliseconds until the next run without any other cause. With `backoff` the smaller delay counts. */
  readonly after?: number;
}

export interface QueueOptions {
  readonly workers: number;
  readonly handle: (key: string, signal: AbortSignal) => Promise<Again>;
  /** A handler threw. The key is tried again with backoff. */
  readonly failed: (key: string, error: unknown) => void;
  /** Milliseconds that a key waited before a worker took it. */
  readonly waited?: (milliseconds: number) => void;
  /** At least 0, less than 1. */
  readonly random?: () => number;
  /** Milliseconds of the first backoff and of the longest. Default: 500 and 300,000. */
  readonly backoff?: { readonly first: number; readonly longest: number };
}

export interface Queue {
  /** Runs the key as soon as a worker is free; a key that runs now runs once more afterwards. */
  add(key: string, priority: Priority): void;
  /** Runs the key after so many milliseconds, unless it runs before. */
  addAfter(key: string, milliseconds: number): void;
  /** Drops the key with its delays and its failures. */
  forget(key: string): void;
  /** While paused no key is started; what runs is finished. */
  pause(paused: boolean): void;
  /** Keys that wait for a worker. */
  depth(): number;
  /** Whether nothing waits and nothing runs; delayed keys do not count. */
  idle(): boolean;
  /** Works until the signal aborts, then waits for the handlers that still run. */
  run(signal: AbortSignal): Promise<void>;
}

const LANES: readonly Priority[] = ['spec', 'change', 'resync'];
/** Every so many starts the lanes are looked through in reverse, so that none starves. */
const FAIRNESS = 8;

/** A queue of keys: each at most once, never two runs of one key at a time, delayed after failures. */
export function createQueue(options: QueueOptions): Queue {
  const random = options.random ?? Math.random;
  const { first, longest } = options.backoff ?? { first: 500, longest: 300_000 };
  const lanes: Record<Priority, Map<string, number>> = { spec: new Map(), change: new Map(), resync: new Map() };
  const running = new Map<string, Promise<void>>();
  const dirty = new Map<string, Priority>();
  const delayed = new Map<string, { readonly timer: NodeJS.Timeout; readonly due: number }>();
  const failures = new Map<string, number>();
  let signal: AbortSignal | undefined;
  let paused = false;
  let starts = 0;

  function add(key: string, priority: Priority): void {
    if (running.has(key)) {
      dirty.set(key, moreUrgent(dirty.get(key), priority));
      return;
    }
    const current = LANES.find((lane) => lanes[lane].has(key));
    if (current && LANES.indexOf(current) <= LANES.indexOf(priority)) return;
    const since = current ? (lanes[current].get(key) ?? performance.now()) : performance.now();
    if (current) lanes[current].delete(key);
    lanes[priority].set(key, since);
    pump();
  }

  function addAfter(key: string, milliseconds: number): void {
    const due = performance.now() + milliseconds;
    const waiting = delayed.get(key);
    if (waiting && waiting.due <= due) return;
    clearTimeout(waiting?.timer);
    if (signal?.aborted) return;
    const timer = setTimeout(() => {
      delayed.delete(key);
      add(key, 'resync');
    }, milliseconds);
    delayed.set(key, { timer, due });
  }

  function undelay(key: string): void {
    clearTimeout(delayed.get(key)?.timer);
    delayed.delete(key);
  }

  function pump(): void {
    while (signal && !signal.aborted && !paused && running.size < options.workers) {
      starts += 1;
      const order = starts % FAIRNESS === 0 ? LANES.toReversed() : LANES;
      const lane = order.find((name) => lanes[name].size > 0);
      if (!lane) return;
      const [key, since] = lanes[lane].entries().next().value as [string, number];
      lanes[lane].delete(key);
      undelay(key);
      options.waited?.(performance.now() - since);
      running.set(key, work(key, signal));
    }
  }

  async function work(key: string, stop: AbortSignal): Promise<void> {
    // A pass may compute for milliseconds before it first waits: watches and probes get their turn in between.
    await nextTurn();
    let again: Again;
    try {
      again = await options.handle(key, stop);
    } catch (error) {
      // Whoever is asked to end breaks off; that is no failure.
      if (!stop.aborted) options.failed(key, error);
      again = { retry: 'backoff' };
    }
    running.delete(key);
    const urgency = dirty.get(key);
    dirty.delete(key);
    settle(key, again);
    if (urgency) add(key, urgency);
    pump();
  }

  function settle(key: string, { retry, after }: Again): void {
    if (retry === 'none') {
      failures.delete(key);
      if (after !== undefined) addAfter(key, after);
      return;
    }
    const count = failures.get(key) ?? 0;
    failures.set(key, count + 1);
    const delay = Math.min(longest, first * 2 ** Math.min(count, 30)) * (0.5 + random() / 2);
    addAfter(key, after === undefined ? delay : Math.min(after, delay));
  }

  return {
    add,
    addAfter,
    forget(key) {
      undelay(key);
      failures.delete(key);
      dirty.delete(key);
      for (const lane of LANES) lanes[lane].delete(key);
    },
    pause(value) {
      paused = value;
      pump();
    },
    depth: () => LANES.reduce((sum, lane) => sum + lanes[lane].size, 0),
    idle: () => running.size === 0 && LANES.every((lane) => lanes[lane].size === 0),
    async run(stop) {
      signal = stop;
      pump();
      await new Promise<void>((resolve) => {
        if (stop.aborted) resolve();
        stop.addEventListener('abort', () => resolve(), { once: true });
      });
      for (const key of [...delayed.keys()]) undelay(key);
      await Promise.all(running.values());
      for (const key of [...delayed.keys()]) undelay(key);
    },
  };
}

function moreUrgent(a: Priority | undefined, b: Priority): Priority {
  return a && LANES.indexOf(a) < LANES.indexOf(b) ? a : b;
}
