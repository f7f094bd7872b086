import { isForbidden } from './errors.ts';
import { LEASE, note, observation } from './lease.ts';
import type { Lease } from './leaserecord.ts';
import type { Log } from './log.ts';
import { realTiming, type Timing } from './timing.ts';
import type { Client } from './types.ts';

/**
 * What is known of the holder of somebody else's Lease.
 * - `unknown`: not seen long enough to tell a live holder from a dead one. Treat it as alive.
 * - `alive`: seen to be renewed within its duration.
 * - `expired`: held, but not renewed for its duration.
 * - `free`: nobody holds it, or it does not exist.
 * - `forbidden`: it may not be read.
 */
export type HolderState = 'unknown' | 'alive' | 'expired' | 'free' | 'forbidden';

export interface LeaseObserverOptions {
  readonly client: Pick<Client, 'read'>;
  readonly namespace: string;
  readonly name: string;
  readonly log: Log;
  readonly onState?: (state: HolderState, holder: string) => void;
  /** Milliseconds between looks. Default 5,000. */
  readonly period?: number;
  readonly timing?: Timing;
}

export interface LeaseObserver {
  readonly state: HolderState;
  /** The identity in the Lease, empty where there is none. */
  readonly holder: string;
  /** Resolves when the state is no longer `unknown`. */
  readonly known: Promise<void>;
  /** Looks once. Rejects with what reading rejects with, but for a right that is missing. */
  look(signal?: AbortSignal): Promise<HolderState>;
  /** Looks again and again until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Watches whether the holder of a Lease is at work, by the changes that we see on our own clock: the times within the
 * Lease are another machine's and are not read. The state stays as it is while the API server does not answer.
 */
export function observeLease(options: LeaseObserverOptions): LeaseObserver {
  const { client, namespace, name, log, period = 5_000 } = options;
  const timing = options.timing ?? realTiming;
  const ref = { ...LEASE, namespace, name };
  const known = Promise.withResolvers<void>();
  const seen = observation();
  let state: HolderState = 'unknown';

  function enter(next: HolderState): HolderState {
    if (next !== 'unknown') known.resolve();
    if (next === state) return state;
    state = next;
    try {
      options.onState?.(next, seen.holder);
    } catch (error) {
      log.error({ error, lease: name }, 'A handler of the state of a Lease failed.');
    }
    return state;
  }

  function judge(lease: Lease | undefined): HolderState {
    if (!lease?.spec?.holderIdentity) {
      // Whoever takes it next was seen to do so.
      Object.assign(seen, observation(), { signature: '' });
      return 'free';
    }
    note(seen, lease, timing.now());
    const duration = (lease.spec.leaseDurationSeconds ?? 15) * 1_000;
    if (timing.now() >= seen.at + duration) return 'expired';
    return seen.moved ? 'alive' : 'unknown';
  }

  async function look(signal?: AbortSignal): Promise<HolderState> {
    try {
      return enter(judge(await client.read<Lease>(ref, signal)));
    } catch (error) {
      if (!isForbidden(error)) throw error;
      return enter('forbidden');
    }
  }

  return {
    get state() {
      return state;
    },
    get holder() {
      return seen.holder;
    },
    known: known.promise,
    look,
    async run(signal) {
      while (!signal.aborted) {
        try {
          await look(signal);
        } catch (error) {
          if (!signal.aborted) log.warn({ error, lease: name }, 'A Lease could not be read; trying again.');
        }
        await timing.sleep(period, signal);
      }
    },
  };
}
