import type { LLMInferenceService } from '../api/llmisvc.ts';
import { isDryRun, isWithoutVerdict } from '../api/dryrun.ts';
import { type KubeObject, refKey, refOf } from '../api/object.ts';
import type { Outcome } from '../api/outcome.ts';
import type { Settings } from '../api/settings.ts';
import {
  type Read,
  type RecordingSnapshot,
  recordingSnapshot,
  type Snapshot,
  type View,
  view,
} from '../api/snapshot.ts';
import { KSERVE_SERVICE_FINALIZER } from '../api/wellknown.ts';
import { resolve } from '../config/resolve.ts';
import { render } from '../render/render.ts';
import { assess } from '../status/assess.ts';
import { type ApplyContext, applyPlan } from './apply.ts';
import { DRIFT_VIEW, trimmed } from './drift.ts';
import { recordEvents } from './events.ts';
import type { FetchedObjects } from './fetched.ts';
import { releaseFinalizer } from './finalizers.ts';
import { isUntouched, labelled } from './label.ts';
import type { Again } from './queue.ts';
import { writeStatus } from './status.ts';
import type { Verdicts } from './verdicts.ts';

export interface ReconcileContext extends ApplyContext {
  readonly fetched: FetchedObjects;
  readonly verdicts: Verdicts;
  readonly settings: Settings;
}

/** What a pass over a service came to. */
export interface Pass extends Again {
  /** The service as it is now; absent when it is gone. */
  readonly service?: LLMInferenceService;
  /** Everything that the pass looked at: a change of any of it is a reason for the next pass. */
  readonly reads: readonly Read[];
}

/** How often the core is run anew because it asked for objects that had to be fetched. */
const ROUNDS = 6;

/**
 * One pass over one service: what does it mean, what shall exist, make it so, say how it is. Nothing is written that is
 * as it shall be already.
 */
export async function reconcile(seen: LLMInferenceService, context: ReconcileContext): Promise<Pass> {
  if (seen.metadata.deletionTimestamp) {
    // The children go with their owner; whoever creates one now keeps a deletion in the foreground from ending.
    await releaseFinalizer(seen, KSERVE_SERVICE_FINALIZER, context);
    return { retry: 'none', reads: [selfRead(seen)] };
  }
  const { settings } = context;
  const service = await labelled(seen, context);
  if (service.metadata.deletionTimestamp) return reconcile(service, context);

  const planned = await settled(context, (snapshot) => {
    const effective = resolve(service, snapshot, settings);
    return { effective, plan: render(effective, snapshot, settings) };
  });
  const { effective, plan } = planned.result;
  const outcomes = await applyPlan(plan, effective, context, isUntouched(seen));
  const assessed = await settled(context, (snapshot) =>
    assess({ effective, plan, outcomes, snapshot, settings, now: context.now() }),
  );
  const { status, events, retry, requeueAfterSeconds } = assessed.result;

  const written = await writeStatus(service, status, context.client, context.signal);
  if (written && written !== service) context.observe(written);
  if (written) await recordEvents(written, events, context);
  const reads = [
    ...planned.reads.map((read) => afterWrite(withoutCandidate(read), outcomes)),
    ...assessed.reads,
    ...outcomes.flatMap(driftRead),
    selfRead(withStatusOf(service, written)),
  ];
  return {
    service: written ?? service,
    reads: distinct(reads),
    retry: planned.complete && assessed.complete && written ? retry : 'backoff',
    ...(requeueAfterSeconds === undefined ? {} : { after: requeueAfterSeconds * 1_000 }),
  };
}

interface Settled<T> {
  readonly result: T;
  readonly reads: readonly Read[];
  /** False when something that was asked for could not be fetched. */
  readonly complete: boolean;
}

/** Runs a part of the core until it has all that it asked for, fetching what no cache holds. */
async function settled<T>(context: ReconcileContext, core: (snapshot: Snapshot) => T): Promise<Settled<T>> {
  for (let round = 1; ; round += 1) {
    const snapshot: RecordingSnapshot = recordingSnapshot(context.source);
    const result = core(snapshot);
    const reads = snapshot.reads();
    const missing = reads.filter((read) => isMissing(read, round));
    if (missing.length === 0) return { result, reads, complete: true };
    const fetched = round < ROUNDS && (await fetchAll(missing, context));
    if (!fetched) return { result, reads, complete: false };
  }
}

/** What no cache holds; and where the API server gave no verdict the last time, each pass asks once more. */
function isMissing(read: Read, round: number): boolean {
  if (!('ref' in read)) return false;
  return read.answer.state === 'unknown' || (round === 1 && isWithoutVerdict(read.ref, read.answer));
}

async function fetchAll(reads: readonly Read[], context: ReconcileContext): Promise<boolean> {
  const { fetched, log, signal, verdicts } = context;
  const refs = new Map(reads.flatMap((read) => ('ref' in read ? [[refKey(read.ref), read.ref] as const] : [])));
  const work = [...refs.values()].map((ref) =>
    isDryRun(ref) ? verdicts.ask(ref, signal) : fetched.fetch(ref, signal),
  );
  const results = await Promise.allSettled(work);
  signal.throwIfAborted();
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) log.warn({ error: failed.reason as unknown }, 'An object that the service needs could not be read.');
  return !failed;
}

/** What of the service itself is a reason for a pass; its counters and the notes of other managers are not. */
const SELF_VIEW: View<KubeObject, unknown> = view('operator/self', (object) => {
  const { uid, generation, labels, annotations, finalizers, deletionTimestamp } = object.metadata;
  const { status } = object as LLMInferenceService;
  return [uid, generation, labels, annotations, finalizers, deletionTimestamp, status];
});

/**
 * What the pass was computed from, with the status that it wrote. What else the answer to the write brought, because
 * somebody changed the service meanwhile, is news for the next pass.
 */
function withStatusOf(service: LLMInferenceService, written: LLMInferenceService | undefined): LLMInferenceService {
  return written?.status ? { ...service, status: written.status } : service;
}

function selfRead(service: KubeObject): Read {
  return readOf(service, SELF_VIEW);
}

/** The child as our own write left it: what others do to it afterwards is a reason for the next pass. */
function driftRead({ object }: Outcome): readonly Read[] {
  return object ? [readOf(object, DRIFT_VIEW)] : [];
}

/** The name of a dry run stands for its content, which need not be remembered for every service. */
function withoutCandidate(read: Read): Read {
  if (!('ref' in read) || !isDryRun(read.ref)) return read;
  const { candidate: _candidate, ...ref } = read.ref;
  return { ...read, ref };
}

/** What rendering saw of a child, as it is after our own write: that we wrote it is no reason for another pass. */
function afterWrite(read: Read, outcomes: readonly Outcome[]): Read {
  if (!('ref' in read)) return read;
  const key = refKey(read.ref);
  const written = outcomes.find(({ ref, object }) => object !== undefined && refKey(ref) === key)?.object;
  return written ? readOf(written, read.view as View<KubeObject, unknown>) : read;
}

function readOf(object: KubeObject, through: View<KubeObject, unknown>): Read {
  const value = through.of(trimmed(object));
  return { ref: refOf(object), view: through as View<never, unknown>, answer: { state: 'found', value } };
}

/** The later of two reads of the same thing through the same view counts. */
function distinct(reads: readonly Read[]): readonly Read[] {
  const key = (read: Read): string =>
    `${'ref' in read ? refKey(read.ref) : JSON.stringify(read.query)}#${read.view.name}`;
  return [...new Map(reads.map((read) => [key(read), read])).values()];
}
