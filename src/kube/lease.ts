import type { KubeObject, Ref } from '../api/object.ts';
import { isConflict, isAlreadyExists } from './errors.ts';
import { acquired, type Lease, released, renewed, signatureOf } from './leaserecord.ts';
import type { Log } from './log.ts';
import { linked } from './signals.ts';
import { realTiming, type Timing } from './timing.ts';
import type { Client } from './types.ts';

export interface ElectionOptions {
  readonly client: Pick<Client, 'read' | 'create' | 'patch'>;
  readonly namespace: string;
  readonly name: string;
  /** Who we are; no other process may have it, an earlier one of ours included. */
  readonly identity: string;
  readonly log: Log;
  /** Milliseconds. Defaults: 15,000, 10,000 and 2,000. */
  readonly leaseDuration?: number;
  readonly renewDeadline?: number;
  readonly retryPeriod?: number;
  readonly timing?: Timing;
  /** Milliseconds since 1970, for the times written into the Lease; nothing is decided by it. */
  readonly wallClock?: () => number;
}

export interface Leadership {
  /** Resolves with the reason when the Lease is lost. The process must then stop acting at once and exit. */
  readonly lost: Promise<string>;
  /** Stops renewing and gives the Lease away, so that the next one need not wait. Never rejects. */
  release(): Promise<void>;
}

/**
 * Waits until the Lease is ours and then keeps it, by the rules of client-go's leader election: a holder counts as
 * alive while its Lease is seen to change, measured on our own monotonic clock, whatever times it writes.
 *
 * @param signal ends the waiting; afterwards `release` ends the leadership
 * @throws Error for durations that cannot work; the signal's reason when it aborts
 */
export async function campaign(options: ElectionOptions, signal: AbortSignal): Promise<Leadership> {
  const election = checked(options);
  const { timing, log, retryPeriod } = election;
  const seen = observation();
  let told: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    try {
      const started = timing.now();
      const lease = await within(election, election.renewDeadline, signal, (s) => attempt(election, seen, s));
      if (lease) {
        log.info({ lease: election.name, identity: election.identity }, 'This process is the leader.');
        return keep(election, lease, started);
      }
      if (seen.holder !== told)
        log.info({ lease: election.name, holder: seen.holder }, 'Another process leads; waiting.');
      told = seen.holder;
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ error, lease: election.name }, 'The Lease could not be read or written; trying again.');
    }
    await timing.sleep(retryPeriod * (1 + timing.random() * 0.2), signal);
  }
}

type Election = Required<ElectionOptions> & { readonly ref: Ref };

function checked(options: ElectionOptions): Election {
  const { leaseDuration = 15_000, renewDeadline = 10_000, retryPeriod = 2_000 } = options;
  const { timing = realTiming, wallClock = Date.now } = options;
  if (renewDeadline >= leaseDuration) {
    throw new Error(`renewDeadline (${renewDeadline} ms) must be less than leaseDuration (${leaseDuration} ms).`);
  }
  if (retryPeriod * 1.2 >= renewDeadline) {
    throw new Error(
      `retryPeriod (${retryPeriod} ms, with jitter) must be less than renewDeadline (${renewDeadline} ms).`,
    );
  }
  if (options.identity === '') throw new Error('identity must not be empty: an empty holder means a free Lease.');
  const ref = { ...LEASE, namespace: options.namespace, name: options.name };
  return { ...options, leaseDuration, renewDeadline, retryPeriod, timing, wallClock, ref };
}

export const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;

/** When a Lease was last seen to change, on our own clock. */
export interface Observation {
  holder: string;
  signature: string | undefined;
  /** Milliseconds of the monotonic clock. */
  at: number;
  /** It changed while we looked: the holder is at work. */
  moved: boolean;
}

export function observation(): Observation {
  return { holder: '', signature: undefined, at: Number.NEGATIVE_INFINITY, moved: false };
}

/** Notes what was read; the time counts only when something changed. */
export function note(seen: Observation, lease: Lease, now: number): void {
  const signature = signatureOf(lease);
  if (signature === seen.signature) return;
  seen.moved = seen.signature !== undefined;
  seen.holder = lease.spec?.holderIdentity ?? '';
  seen.signature = signature;
  seen.at = now;
}

/** One try to get the Lease; undefined while somebody else has it. */
async function attempt(election: Election, seen: Observation, signal: AbortSignal): Promise<Lease | undefined> {
  const { client, ref, timing, wallClock, leaseDuration, identity } = election;
  const lease = await client.read<Lease>(ref, signal);
  const mine = { identity, leaseDuration, now: wallClock() };
  try {
    if (!lease) {
      const metadata = { name: election.name, namespace: election.namespace };
      return await client.create<Lease>({ ...LEASE, metadata, spec: acquired(undefined, mine) }, { signal });
    }
    note(seen, lease, timing.now());
    const duration = (lease.spec?.leaseDurationSeconds ?? leaseDuration / 1000) * 1000;
    const held = seen.holder !== '' && seen.holder !== identity && timing.now() < seen.at + duration;
    if (held) return undefined;
    return await write(election, lease, acquired(lease, mine), signal);
  } catch (error) {
    if (isConflict(error) || isAlreadyExists(error)) return undefined;
    throw error;
  }
}

function write(election: Election, lease: Lease, spec: unknown, signal: AbortSignal): Promise<Lease> {
  const { resourceVersion } = lease.metadata;
  return election.client.patch<Lease & KubeObject>(election.ref, { metadata: { resourceVersion }, spec }, { signal });
}

function keep(election: Election, first: Lease, since: number): Leadership {
  const { timing, log, retryPeriod, renewDeadline, identity } = election;
  const lost = Promise.withResolvers<string>();
  const end = new AbortController();
  let lease = first;
  let valid = since;

  /** True when renewed. Throws when somebody else has the Lease. */
  async function renew(signal: AbortSignal): Promise<void> {
    try {
      lease = await write(election, lease, renewed(election.wallClock()), signal);
    } catch (error) {
      if (!isConflict(error)) throw error;
      const found = await election.client.read<Lease>(election.ref, signal);
      const holder = found?.spec?.holderIdentity ?? '';
      if (!found || holder !== identity) throw new LeaseTaken(found ? `held by ${holder || 'nobody'}` : 'deleted');
      lease = await write(election, found, renewed(election.wallClock()), signal);
    }
  }

  async function renewing(): Promise<string | undefined> {
    while (!end.signal.aborted) {
      await timing.sleep(Math.min(retryPeriod * (1 + timing.random() * 0.2), left()), end.signal);
      if (end.signal.aborted) return undefined;
      const started = timing.now();
      if (left() <= 0) return `not renewed for ${renewDeadline / 1000} seconds`;
      try {
        await within(election, left(), end.signal, renew);
        valid = started;
      } catch (error) {
        if (end.signal.aborted) return undefined;
        if (error instanceof LeaseTaken) return error.message;
        log.warn({ error, lease: election.name }, 'The Lease could not be renewed; trying again.');
      }
    }
    return undefined;
  }

  const left = (): number => valid + renewDeadline - timing.now();
  const loop = renewing().then((reason) => {
    if (reason === undefined) return;
    end.abort();
    lost.resolve(`Lease ${election.namespace}/${election.name}: ${reason}`);
  });

  return {
    lost: lost.promise,
    async release() {
      const held = !end.signal.aborted;
      end.abort();
      await loop;
      if (!held) return;
      try {
        const stop = new AbortController().signal;
        await within(election, 2_000, stop, (s) => write(election, lease, released(election.wallClock()), s));
      } catch (error) {
        log.warn(
          { error, lease: election.name },
          'The Lease could not be released; the next leader waits for its end.',
        );
      }
    },
  };
}

class LeaseTaken extends Error {}

/** Runs the work with a signal that aborts after so many milliseconds of the election's clock. */
async function within<T>(
  { timing }: Election,
  milliseconds: number,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = linked(parent);
  const done = linked(undefined);
  const guard = timing.sleep(milliseconds, done.signal).then(() => {
    if (!done.signal.aborted) limit.abort(new DOMException(`No answer within ${milliseconds} ms.`, 'TimeoutError'));
  });
  try {
    return await work(limit.signal);
  } finally {
    done.abort();
    limit.unlink();
    await guard;
  }
}
