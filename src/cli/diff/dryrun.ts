import type { Secret } from '../../api/children.ts';
import { describe, type Json, type KubeObject, refKey, refOf } from '../../api/object.ts';
import type { Problem } from '../../api/problem.ts';
import { FIELD_MANAGER, KSERVE_FIELD_MANAGERS, LABEL_PART_OF, PART_OF } from '../../api/wellknown.ts';
import { isNotFound, isUnserved } from '../../kube/errors.ts';
import { withoutValues } from '../../kube/secret.ts';
import type { Client } from '../../kube/types.ts';
import { isOurs } from '../../apply/ownership.ts';
import { refusalOf } from '../../apply/refusal.ts';
import type { Child } from '../../render/plan.ts';
import type { Complaint } from '../complaint.ts';
import type { Evaluated } from '../world/evaluate.ts';
import { applicable } from '../render.ts';

/** The children in the cluster, and as the API server would have them after the operator's next pass. */
export interface DryRun {
  readonly before: readonly KubeObject[];
  readonly after: readonly KubeObject[];
  readonly problems: readonly Problem[];
  readonly notes: readonly Complaint[];
}

/**
 * Asks the API server what an apply of each child would come to, without writing. Parts that are held stay as they are;
 * what is no longer wanted is missing in `after`.
 *
 * @throws the transport's error when the API server does not answer
 */
export async function dryRun(evaluated: Evaluated, client: Client, signal: AbortSignal): Promise<DryRun> {
  const before: KubeObject[] = [];
  const after: KubeObject[] = [];
  const problems: Problem[] = [];
  const notes: Complaint[] = [];
  const foreign = new Set(
    evaluated.problems.flatMap((problem) => (problem.code === 'NotOurs' ? [refKey(problem.ref)] : [])),
  );
  for (const child of evaluated.plan.children) {
    // It is left as it is, which a problem says already.
    if (foreign.has(refKey(refOf(child.object)))) continue;
    const tried = await tryChild(child, evaluated, client, signal);
    if (tried.live) before.push(tried.live);
    if ('problem' in tried) {
      problems.push(tried.problem);
      if (tried.live) after.push(tried.live);
    } else {
      after.push(tried.result);
    }
    if (tried.live && isKServes(tried.live)) {
      const message =
        'KServe’s controller still owns fields of it, and those that only it set go with the first apply.';
      notes.push({ severity: 'warning', object: describe(refOf(tried.live)), message });
    }
  }
  before.push(...(await surplus(evaluated, client, signal)));
  return { before, after, problems, notes };
}

type Tried = { readonly live?: KubeObject } & ({ readonly result: KubeObject } | { readonly problem: Problem });

async function tryChild(child: Child, { effective }: Evaluated, client: Client, signal: AbortSignal): Promise<Tried> {
  let live: KubeObject | undefined;
  const object = applicable(child.object);
  try {
    const whole = await client.read(refOf(object), signal);
    live = whole && withoutValues(whole);
    const body = whole ? withFieldsOfOthers(withDataOf(object, child, whole), child, whole) : object;
    const result = await client.apply(body, { manager: FIELD_MANAGER, force: true, dryRun: true, signal });
    return { ...(live ? { live } : {}), result: withoutValues(result) };
  } catch (error) {
    if (signal.aborted) throw error;
    // The namespace is not there yet, so the API server cannot say more.
    if (!live && isNotFound(error) && !isUnserved(error)) return { result: object };
    return { ...(live ? { live } : {}), problem: refusalOf(error, child, effective) };
  }
}

/** Key and certificate are the operator's to make: what the Secret holds now counts as what it shall hold. */
function withDataOf(object: KubeObject, { certificateFor }: Child, live: KubeObject): KubeObject {
  if (!certificateFor) return object;
  const { data } = live as Secret;
  return { ...object, data: { ...(object as Secret).data, ...data } } as KubeObject;
}

/** The operator hands such fields over before it leaves them out, so they keep their value. */
function withFieldsOfOthers(object: KubeObject, { leftToOthers }: Child, live: KubeObject): KubeObject {
  return leftToOthers.reduce((body, path) => {
    const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], live);
    return value === undefined ? body : (withValue(body, path, value as Json) as KubeObject);
  }, object);
}

function withValue(target: unknown, [key, ...rest]: readonly string[], value: Json): unknown {
  if (key === undefined) return target ?? value;
  const fields = (target ?? {}) as Record<string, unknown>;
  return { ...fields, [key]: withValue(fields[key], rest, value) };
}

/** What the operator would delete. */
async function surplus(
  { plan, service }: Evaluated,
  client: Client,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const wanted = new Set(plan.children.map(({ object }) => refKey(refOf(object))));
  const { namespace, uid } = service.metadata;
  if (uid === undefined || namespace === undefined) return [];
  const found: KubeObject[] = [];
  for (const { part, apiVersion, kind } of plan.prunable) {
    if (plan.held.has(part) || !(await client.resource({ apiVersion, kind }))) continue;
    const query = { apiVersion, kind, namespace, labels: { [LABEL_PART_OF]: PART_OF } };
    const { items } = await client.list(query, { signal });
    found.push(...items.filter((object) => isOurs(object, service) && !wanted.has(refKey(refOf(object)))));
  }
  for (const { part, ...ref } of plan.prunableByName) {
    if (plan.held.has(part) || wanted.has(refKey(ref))) continue;
    const live = await client.read(ref, signal);
    if (live && isOurs(live, service)) found.push(withoutValues(live));
  }
  return found;
}

function isKServes({ metadata }: KubeObject): boolean {
  const managers: readonly string[] = KSERVE_FIELD_MANAGERS;
  return (metadata.managedFields ?? []).some(
    ({ manager = '', operation, subresource }) => operation === 'Update' && !subresource && managers.includes(manager),
  );
}
