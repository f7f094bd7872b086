import { type DryRunRef, isWithoutVerdict, type Verdict } from '../api/dryrun.ts';
import { jsonEqual, type Ref, refKey } from '../api/object.ts';
import type { Answer } from '../api/snapshot.ts';
import { verdictOn } from '../apply/validation.ts';
import type { Log } from '../kube/log.ts';
import { realTiming, type Timing } from '../kube/timing.ts';
import type { Client } from '../kube/types.ts';

/** Milliseconds after which a refused spec is asked about again, because a rule may have changed. */
const REFUSED_FOR = 600_000;
/** Milliseconds that a verdict is kept even if nobody seems to look at it: the pass that asked has not ended. */
const KEPT_FOR = 60_000;
/** Milliseconds between looks for verdicts that are due. */
const ROUND = 5_000;

/** What the API server said about merged specs, asked once for each content. */
export interface Verdicts {
  /** The last verdict; undefined when nobody asked yet. */
  get(ref: Ref): Answer<Verdict> | undefined;
  /** Asks, once for all who do at the same time. Rejects only when the signal aborts. */
  ask(question: DryRunRef, signal: AbortSignal): Promise<void>;
  /** Asks again about what was refused, and forgets what nobody looks at, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface VerdictsOptions {
  readonly client: Pick<Client, 'request' | 'resource'>;
  readonly log: Log;
  /** Whether anybody still looks at the verdict; the others are forgotten. */
  readonly inUse: (ref: Ref) => boolean;
  /** Another verdict came than the one before. */
  readonly onChange: (ref: Ref) => void;
  readonly timing?: Timing;
}

interface Known {
  readonly ref: Ref;
  readonly verdict: Verdict;
  /** Of what was refused only: accepted specs are many and are not asked about again. */
  readonly question?: DryRunRef;
  readonly due: number;
}

/** An empty memory. */
export function createVerdicts(options: VerdictsOptions): Verdicts {
  const { client, inUse, log, onChange, timing = realTiming } = options;
  const known = new Map<string, Known>();
  const pending = new Map<string, Promise<void>>();

  async function judge(question: DryRunRef, signal: AbortSignal): Promise<void> {
    const { candidate, ...ref } = question;
    const key = refKey(ref);
    const verdict = await verdictOn(question, client, signal);
    const before = known.get(key);
    if (before?.verdict.outcome === 'Invalid' && isWithoutVerdict(ref, found(verdict))) {
      // What was refused stays refused until the API server says otherwise, not until it cannot be asked.
      known.set(key, { ...before, due: timing.now() + KEPT_FOR });
      return;
    }
    const refused = verdict.outcome === 'Invalid';
    const due = timing.now() + (refused ? REFUSED_FOR : KEPT_FOR);
    known.set(key, { ref, verdict, due, ...(refused ? { question } : {}) });
    if (verdict.outcome !== 'Accepted') {
      const about = { namespace: ref.namespace, generateName: candidate.metadata.generateName, hash: ref.name };
      log.warn({ ...about, outcome: verdict.outcome, answer: verdict.message }, 'A merged spec was not accepted.');
    }
    if (before && !jsonEqual(before.verdict, verdict)) onChange(ref);
  }

  function ask(question: DryRunRef, signal: AbortSignal): Promise<void> {
    const key = refKey(question);
    const running = pending.get(key);
    if (running) return running;
    const started = judge(question, signal).finally(() => pending.delete(key));
    pending.set(key, started);
    return started;
  }

  async function renew(signal: AbortSignal): Promise<void> {
    for (const [key, { ref, question, due }] of known) {
      if (due > timing.now() || signal.aborted) continue;
      if (!inUse(ref)) known.delete(key);
      else if (question) await ask(question, signal).catch(unlessAborted);
    }

    function unlessAborted(error: unknown): void {
      if (!signal.aborted) throw error;
    }
  }

  return {
    get(ref) {
      const entry = known.get(refKey(ref));
      return entry && found(entry.verdict);
    },
    ask,
    async run(signal) {
      while (!signal.aborted) {
        await timing.sleep(ROUND, signal);
        await renew(signal);
      }
    },
  };
}

function found(value: Verdict): Answer<Verdict> {
  return { state: 'found', value };
}
