import { describe, type Gvk, type KubeObject, type Ref, refKey, refOf } from '../api/object.ts';
import type { Outcome } from '../api/outcome.ts';
import type { Part, Problem } from '../api/problem.ts';
import type { Effective } from '../config/effective.ts';
import type { Plan } from '../render/plan.ts';
import type { ApplyContext } from './apply.ts';
import { isOurs } from '../apply/ownership.ts';
import { refusalOf } from '../apply/refusal.ts';
import { isConflict } from '../kube/errors.ts';
import type { Client } from '../kube/types.ts';

/** A workload whose status is being written changes several times a second. */
const ATTEMPTS = 5;

/**
 * Deletes what this service controls, of the kinds that it may have, and no longer wants. Parts that are held keep all
 * of theirs. What no cache holds is looked for by name, once in the life of this process: nobody else makes it.
 *
 * @param untouched nobody has worked on the service yet: nothing is looked for by name
 * @returns one outcome for each object that was deleted or could not be
 */
export async function prune(
  plan: Plan,
  effective: Effective,
  context: ApplyContext,
  untouched: boolean,
): Promise<readonly Outcome[]> {
  const wanted = new Set(plan.children.map(({ object }) => refKey(refOf(object))));
  const named = await removeByName(plan, wanted, effective, context, untouched);
  const surplus = plan.prunable
    .filter(({ part }) => !plan.held.has(part))
    .flatMap(({ part, ...gvk }) => objectsOf(gvk, effective, context).map((object) => ({ object, part })))
    .filter(({ object }) => !wanted.has(refKey(refOf(object))));
  const removed = await Promise.all(surplus.map(({ object, part }) => remove(object, part, effective, context)));
  return [...named, ...removed];
}

async function removeByName(
  plan: Plan,
  wanted: ReadonlySet<string>,
  effective: Effective,
  context: ApplyContext,
  untouched: boolean,
): Promise<readonly Outcome[]> {
  const service = refKey(refOf(effective.service));
  const known = context.cleared.get(service) ?? new Set();
  // With the uid, because a service that was deleted and created again has children of its own.
  const keyOf = (ref: Ref): string => `${effective.service.metadata.uid} ${refKey(ref)}`;
  const surplus = plan.prunableByName.filter((ref) => !plan.held.has(ref.part) && !wanted.has(refKey(ref)));
  const asked = surplus.filter((ref) => !untouched && !known.has(keyOf(ref)));
  const outcomes = (
    await Promise.all(asked.map(({ part, ...ref }) => removeNamed(ref, part, effective, context)))
  ).flat();
  const failed = outcomes.flatMap(({ ref, problem }) => (problem ? [keyOf(ref)] : []));
  context.cleared.set(service, new Set(surplus.map(keyOf).filter((key) => !failed.includes(key))));
  return outcomes;
}

async function removeNamed(
  ref: Ref,
  part: Part,
  effective: Effective,
  context: ApplyContext,
): Promise<readonly Outcome[]> {
  const { client, forget, signal } = context;
  const object: KubeObject = { apiVersion: ref.apiVersion, kind: ref.kind, metadata: { ...ref } };
  try {
    const live = await client.read(ref, signal);
    if (!live || live.metadata.deletionTimestamp || !isOurs(live, effective.service)) return [];
    const outcome = await remove(live, part, effective, context);
    forget(ref);
    return [outcome];
  } catch (error) {
    return [refused(error, object, part, effective, context, 'get')];
  }
}

function objectsOf(gvk: Gvk, { service }: Effective, { owned }: ApplyContext): readonly KubeObject[] {
  const { namespace, uid = '' } = service.metadata;
  return owned(gvk, namespace, uid).filter((object) => !object.metadata.deletionTimestamp && isOurs(object, service));
}

async function remove(object: KubeObject, part: Part, effective: Effective, context: ApplyContext): Promise<Outcome> {
  const { client, drift, log, signal } = context;
  const ref = refOf(object);
  try {
    const mine = await removed(object, effective, client, signal);
    drift.forget(object);
    if (!mine) return { ref, action: 'held' };
    log.info({ child: describe(ref) }, 'A child that is no longer wanted was deleted.');
    return { ref, action: 'pruned' };
  } catch (error) {
    return refused(error, object, part, effective, context, 'delete');
  }
}

function refused(
  error: unknown,
  object: KubeObject,
  part: Part,
  effective: Effective,
  { log, signal }: ApplyContext,
  verb: string,
): Outcome {
  if (signal.aborted) throw error;
  const ref = refOf(object);
  const child = { object, part, order: 0, leftToOthers: [], origins: [] };
  const problem: Problem = refusalOf(error, child, effective, verb);
  log.warn({ child: describe(ref), error }, 'A child that is no longer wanted could not be deleted.');
  return { ref, action: 'failed', problem };
}

/**
 * Deletes exactly what was looked at: whoever took the object over since must not lose it.
 *
 * @returns false when somebody did, so that it is left as it is
 */
async function removed(
  object: KubeObject,
  { service }: Effective,
  client: Client,
  signal: AbortSignal,
): Promise<boolean> {
  let now = object;
  for (let attempt = 1; ; attempt += 1) {
    const { uid, resourceVersion } = now.metadata;
    try {
      await client.remove(refOf(now), {
        propagation: 'Background',
        signal,
        ...(uid ? { uid } : {}),
        ...(resourceVersion ? { resourceVersion } : {}),
      });
      return true;
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
    }
    const found = await client.read(refOf(object), signal);
    if (!found || found.metadata.uid !== uid) return true;
    if (!isOurs(found, service)) return false;
    now = found;
  }
}
