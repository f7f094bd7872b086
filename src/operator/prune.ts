import { describe, type Gvk, type KubeObject, refKey, refOf } from '../api/object.ts';
import type { Outcome } from '../api/outcome.ts';
import type { Part, Problem } from '../api/problem.ts';
import type { Effective } from '../config/effective.ts';
import type { Plan } from '../render/plan.ts';
import type { ApplyContext } from './apply.ts';
import { isOurs } from '../apply/ownership.ts';
import { refusalOf } from '../apply/refusal.ts';

/**
 * Deletes what this service controls, of the kinds that it may have, and no longer wants. Parts that are held keep all
 * of theirs.
 *
 * @returns one outcome for each object that was deleted or could not be
 */
export async function prune(plan: Plan, effective: Effective, context: ApplyContext): Promise<readonly Outcome[]> {
  const wanted = new Set(plan.children.map(({ object }) => refKey(refOf(object))));
  const surplus = plan.prunable
    .filter(({ part }) => !plan.held.has(part))
    .flatMap(({ part, ...gvk }) => objectsOf(gvk, effective, context).map((object) => ({ object, part })))
    .filter(({ object }) => !wanted.has(refKey(refOf(object))));
  return Promise.all(surplus.map(({ object, part }) => remove(object, part, effective, context)));
}

function objectsOf(gvk: Gvk, { service }: Effective, { owned }: ApplyContext): readonly KubeObject[] {
  const { namespace, uid = '' } = service.metadata;
  return owned(gvk, namespace, uid).filter((object) => !object.metadata.deletionTimestamp && isOurs(object, service));
}

async function remove(
  object: KubeObject,
  part: Part,
  effective: Effective,
  { client, drift, log, signal }: ApplyContext,
): Promise<Outcome> {
  const ref = refOf(object);
  const { uid } = object.metadata;
  try {
    await client.remove(ref, { propagation: 'Background', signal, ...(uid ? { uid } : {}) });
    drift.forget(object);
    log.info({ child: describe(ref) }, 'A child that is no longer wanted was deleted.');
    return { ref, action: 'pruned' };
  } catch (error) {
    if (signal.aborted) throw error;
    const child = { object, part, order: 0, leftToOthers: [], origins: [] };
    const problem: Problem = refusalOf(error, child, effective, 'delete');
    log.warn({ child: describe(ref), error }, 'A child that is no longer wanted could not be deleted.');
    return { ref, action: 'failed', problem };
  }
}
