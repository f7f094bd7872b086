import { setTimeout as delay } from 'node:timers/promises';
import type { Counters, Operator } from './operator.ts';

/** Milliseconds between two looks at the operator's counters: the error of every time that is measured so. */
const LOOK = 250;
/** Milliseconds without any movement after which the operator is taken to be done. */
const CALM = 2_000;
const LONGEST = 240_000;

const WRITES = ['apply', 'patch', 'create', 'update', 'delete'];

/** What the counters of the operator did while it was followed. */
export interface Followed {
  /** Milliseconds on the clock of `performance.now()` at which the awaited applies were answered; undefined if none were awaited. */
  readonly appliedAt: number | undefined;
  /** The last movement of any counter. */
  readonly calmAt: number;
  /** Requests since `before`, by `<verb> <resource>`, without lists and watches. */
  readonly requests: Readonly<Record<string, number>>;
  readonly passes: number;
}

export interface Awaited {
  readonly before?: Counters;
  /** So many applies in all. */
  readonly applies?: number;
  /** So many passes over services. */
  readonly passes?: number;
}

/**
 * Looks at the counters until what is awaited has come, nothing waits and nothing has moved for two seconds. Rejects
 * after four minutes, with what was missing.
 */
export async function follow(operator: Operator, awaited: Awaited, signal: AbortSignal): Promise<Followed> {
  const { before, applies = 0, passes = 0 } = awaited;
  const start = performance.now();
  let text = '';
  let calmAt = start;
  let appliedAt: number | undefined;
  for (;;) {
    const counters = await operator.counters();
    const now = performance.now();
    const requests = sinceThen(counters, before);
    const done = { applies: sumOf(requests, ['apply']), passes: counters.passes - (before?.passes ?? 0) };
    if (applies > 0 && done.applies >= applies) appliedAt ??= now;
    const snapshot = JSON.stringify([requests, done.passes, counters.queued]);
    if (snapshot !== text) calmAt = now;
    text = snapshot;
    const complete = done.applies >= applies && done.passes >= passes && counters.queued === 0;
    if (complete && now - calmAt >= CALM) return { appliedAt, calmAt, requests, passes: done.passes };
    if (now - start > LONGEST) {
      const found = `${done.applies} of ${applies} applies, ${done.passes} of ${passes} passes, ${counters.queued} queued`;
      throw new Error(`the operator did not come to rest within ${LONGEST / 1_000} s: ${found}`);
    }
    await delay(LOOK, undefined, { signal });
  }
}

/** Requests since then that change something. */
export function writesOf(requests: Readonly<Record<string, number>>): number {
  return sumOf(requests, WRITES);
}

/** The difference of two counters by `<verb> <resource>`. Failed requests count as well. */
export function sinceThen(now: Counters, before: Counters | undefined): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const [key, count] of now.requests) {
    const [verb = '', resource = ''] = key.split(' ');
    const difference = count - (before?.requests.get(key) ?? 0);
    if (difference === 0 || verb === 'list' || verb === 'watch') continue;
    sums[`${verb} ${resource}`] = (sums[`${verb} ${resource}`] ?? 0) + difference;
  }
  return sums;
}

function sumOf(requests: Readonly<Record<string, number>>, verbs: readonly string[]): number {
  return Object.entries(requests)
    .filter(([key]) => verbs.includes(key.slice(0, key.indexOf(' '))))
    .reduce((sum, [, count]) => sum + count, 0);
}
