import { type Json, type KubeObject, refOf } from '../api/object.ts';
import { FIELD_MANAGER, HANDOVER_MANAGER, KSERVE_FIELD_MANAGERS } from '../api/wellknown.ts';
import { isConflict } from '../kube/errors.ts';
import type { Client } from '../kube/types.ts';
import type { Child } from '../render/plan.ts';
import { type FieldSet, holds, isOwnEntry, ownFields, union } from '../apply/ownership.ts';

const ATTEMPTS = 5;

/**
 * Prepares leaving fields out of an apply that so far only we own: the API server would reset them to their defaults.
 * A second manager takes each of them at its live value first.
 *
 * @param live the object as it was read, with our part of `managedFields`
 * @throws ApiError when the value changed under every attempt
 */
export async function handOver(child: Child, live: KubeObject, client: Client, signal: AbortSignal): Promise<void> {
  for (const path of child.leftToOthers) {
    if (valueAt(child.object, path) !== undefined || !holds(ownFields(live), path)) continue;
    await takeOver(live, path, client, signal);
  }
}

async function takeOver(live: KubeObject, path: readonly string[], client: Client, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const now = await client.read(refOf(live), signal);
    const value = now && now.metadata.uid === live.metadata.uid ? valueAt(now, path) : undefined;
    if (!now || value === undefined) return;
    const { name, namespace, uid } = now.metadata;
    const metadata = { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) };
    const part: KubeObject = { apiVersion: now.apiVersion, kind: now.kind, metadata, ...nested(path, value) };
    try {
      await client.apply(part, { manager: HANDOVER_MANAGER, signal });
      return;
    } catch (error) {
      // Unforced, so that somebody who scales at this moment wins.
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * Makes the fields that KServe's controller wrote ours, so that those no longer desired go with the next apply.
 * Changes nothing but `managedFields`.
 *
 * @param live the object as the API server has it, with all of `managedFields`
 * @returns the object with its new resource version; the same one when KServe's controller never wrote it
 * @throws ApiError, a conflict when the object changed meanwhile
 */
export async function takeFromKServe(live: KubeObject, client: Client, signal: AbortSignal): Promise<KubeObject> {
  const entries = live.metadata.managedFields ?? [];
  const managers: readonly string[] = KSERVE_FIELD_MANAGERS;
  const theirs = entries.filter(
    ({ manager, operation, subresource }) =>
      operation === 'Update' && !subresource && manager !== undefined && managers.includes(manager),
  );
  const [first] = theirs;
  if (!first) return live;
  const own = entries.find(isOwnEntry);
  const fields = [own, ...theirs].reduce<FieldSet>((sum, entry) => union(sum, entry?.fieldsV1 ?? {}), {});
  const { resourceVersion } = live.metadata;
  const managedFields = [
    ...entries.filter((entry) => entry !== own && !theirs.includes(entry)),
    { ...first, ...own, manager: FIELD_MANAGER, operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1: fields },
  ];
  return client.patch(refOf(live), { metadata: { resourceVersion, managedFields } }, { signal });
}

function valueAt(object: KubeObject, path: readonly string[]): Json | undefined {
  let at: Json | undefined = object as unknown as Json;
  for (const key of path) at = (at as { readonly [key: string]: Json } | undefined)?.[key];
  return at;
}

function nested(path: readonly string[], value: Json): Record<string, Json> {
  return path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value) as Record<string, Json>;
}
