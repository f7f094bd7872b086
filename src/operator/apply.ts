import type { LLMInferenceService } from '../api/llmisvc.ts';
import { describe, type Gvk, type KubeObject, type Ref, refOf } from '../api/object.ts';
import type { Outcome } from '../api/outcome.ts';
import type { Answer, Source } from '../api/snapshot.ts';
import { FIELD_MANAGER } from '../api/wellknown.ts';
import type { Effective } from '../config/effective.ts';
import type { Log } from '../kube/log.ts';
import { withoutValues } from '../kube/secret.ts';
import type { Client } from '../kube/types.ts';
import type { Child, Plan } from '../render/plan.ts';
import type { Drift } from './drift.ts';
import { handOver, takeFromKServe } from './handover.ts';
import { isOurs, ownerOf, ownFields } from '../apply/ownership.ts';
import { prune } from './prune.ts';
import { renewalReason, withCertificate } from './servicecertificate.ts';
import { refusalOf } from '../apply/refusal.ts';

export interface ApplyContext {
  readonly client: Client;
  /** What the caches know. */
  readonly source: Source;
  /** The cached objects of a kind that have an owner of this uid. */
  readonly owned: (gvk: Gvk, namespace: string | undefined, uid: string) => readonly KubeObject[];
  readonly drift: Drift;
  /** Whether the cache of a kind holds the objects of others too, so that what it lacks does not exist. */
  readonly holdsAll: (ref: Ref) => boolean;
  /** Takes the answer to a write into the caches. */
  readonly observe: (object: KubeObject) => void;
  /** What is known of an object is not so any more. */
  readonly forget: (ref: Ref) => void;
  /** By service, the objects of kinds that are not watched which this process looked for and found to be gone. */
  readonly cleared: Map<string, ReadonlySet<string>>;
  /** RFC 3339. */
  readonly now: () => string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Makes the children of a service be as planned: one server-side apply for each that is not, in the order of the plan,
 * then deletes what is ours and no longer wanted. A child whose predecessors failed is not created, because whoever
 * sees it may expect them to exist; one that exists is kept up to date.
 *
 * @param untouched nobody has worked on the service yet, so that nothing of it is left anywhere
 * @returns one outcome for each child and each deleted object; errors of the API server are problems in them
 */
export async function applyPlan(
  plan: Plan,
  effective: Effective,
  context: ApplyContext,
  untouched: boolean,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const group of byOrder(plan.children)) {
    const mayCreate = outcomes.every(({ problem }) => problem === undefined);
    outcomes.push(...(await Promise.all(group.map((child) => applyChild(child, effective, context, mayCreate)))));
  }
  return [...outcomes, ...(await prune(plan, effective, context, untouched))];
}

function byOrder(children: readonly Child[]): readonly (readonly Child[])[] {
  const groups = Map.groupBy(children, ({ order }) => order);
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

async function applyChild(
  child: Child,
  effective: Effective,
  context: ApplyContext,
  mayCreate: boolean,
): Promise<Outcome> {
  const ref = refOf(child.object);
  try {
    return await bring(child, effective.service, context, mayCreate);
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.log.warn({ child: describe(ref), error }, 'A child could not be applied.');
    return { ref, action: 'failed', problem: refusalOf(error, child, effective) };
  }
}

async function bring(
  child: Child,
  service: LLMInferenceService,
  context: ApplyContext,
  mayCreate: boolean,
): Promise<Outcome> {
  const { client, drift, log, now, observe, signal, source } = context;
  const { part } = child;
  const ref = refOf(child.object);
  const desired = drift.hashed(child.object);
  const cached = source.get(ref);
  if (cached.state === 'unserved') {
    const problem = { code: 'ApiNotServed', part, apiVersion: ref.apiVersion, kind: ref.kind } as const;
    return { ref, action: 'failed', problem };
  }
  const known = cached.state === 'found' && isOurs(cached.value, service) && ownFields(cached.value);
  const live = known ? cached.value : await lookedAt(ref, cached, context);
  if (!live && !mayCreate) return { ref, action: 'held' };
  if (live && !isOurs(live, service)) {
    const owner = ownerOf(live);
    return { ref, action: 'failed', problem: { code: 'NotOurs', part, ref, ...(owner ? { owner } : {}) } };
  }
  // What is going away is made again when it is gone: that it went is a change of what was seen here.
  if (live?.metadata.deletionTimestamp) return { ref, action: 'held', object: live };
  const reason = live ? (drift.reason(desired, live) ?? renewalReason(child, live, now())) : 'it does not exist';
  if (live && reason === undefined) return { ref, action: 'unchanged', object: live };

  const adopted = live && !known ? await takeFromKServe(live, client, signal) : live;
  if (adopted) await handOver(child, adopted, client, signal);
  const complete = await withCertificate(child, desired, live, context);
  const written = await client.apply(withUid(complete, adopted?.metadata.uid), {
    manager: FIELD_MANAGER,
    // What does not exist needs no force; a stranger who comes at this moment is then not seized.
    force: live !== undefined,
    signal,
  });
  const answer = withoutValues(written);
  drift.applied(desired, answer);
  observe(answer);
  const action = live ? 'configured' : 'created';
  log.info({ child: describe(ref), reason }, `A child was ${action}.`);
  return { ref, action, object: answer };
}

/** An object that is not known to be ours is looked at before the first write. */
async function lookedAt(
  ref: Ref,
  { state }: Answer<KubeObject>,
  { client, holdsAll, signal }: ApplyContext,
): Promise<KubeObject | undefined> {
  if (state === 'absent' && holdsAll(ref)) return undefined;
  const live = await client.read(ref, signal);
  return live && withoutValues(live);
}

/** With the uid of the object that was looked at, a stranger who took its place meanwhile is refused to us. */
function withUid(desired: KubeObject, uid: string | undefined): KubeObject {
  return uid ? { ...desired, metadata: { ...desired.metadata, uid } } : desired;
}
