import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject } from '../../src/api/object.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../src/kube/errors.ts';
import type { Client } from '../../src/kube/types.ts';
import { follow } from './follow.ts';
import type { Pod } from './types.ts';

interface Claim extends KubeObject {
  readonly spec: {
    readonly volumeName?: string;
    readonly storageClassName?: string;
    readonly accessModes?: readonly string[];
    readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
  };
  readonly status?: { readonly phase?: string };
}

const retryMs = 500;

/**
 * Binds each PersistentVolumeClaim to a volume of its own, because the scheduler places no pod before that and the
 * controllers for it do not run; lets a deleted claim go once no pod uses it. Ends when the signal is aborted.
 */
export async function bindClaims(client: Client, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  const working = new Map<string, Promise<void>>();
  const changed = (claim: Claim): void => {
    const { uid = '', deletionTimestamp, namespace, name } = claim.metadata;
    const wanted = deletionTimestamp ? 'release' : 'bind';
    if (wanted === 'bind' && claim.spec.volumeName && claim.status?.phase === 'Bound') return;
    const key = `${wanted} ${uid}`;
    if (working.has(key)) return;
    const work = untilDone(() => (deletionTimestamp ? release(client, claim, signal) : bind(client, claim, signal)));
    const told = work.catch((error: unknown) => say(`PersistentVolumeClaim ${namespace}/${name}: ${String(error)}`));
    working.set(
      key,
      told.finally(() => working.delete(key)),
    );
  };
  await follow<Claim>(client, claims, { changed, gone: () => undefined }, signal, say);
  await Promise.all(working.values());

  async function untilDone(attempt: () => Promise<boolean>): Promise<void> {
    while (!signal.aborted) {
      try {
        if (await attempt()) return;
      } catch (error) {
        if (signal.aborted || isNotFound(error)) return;
        if (!isConflict(error)) throw error;
      }
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

const claims = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
const volumes = { apiVersion: 'v1', kind: 'PersistentVolume' };

async function bind(client: Client, claim: Claim, signal: AbortSignal): Promise<boolean> {
  const { name, namespace = 'default', uid = '' } = claim.metadata;
  const { accessModes = ['ReadWriteOnce'], storageClassName, resources } = claim.spec;
  const capacity = { storage: resources?.requests?.['storage'] ?? '1Gi' };
  const volumeName = `pvc-${uid}`;
  const spec = {
    capacity,
    accessModes,
    ...(storageClassName ? { storageClassName } : {}),
    persistentVolumeReclaimPolicy: 'Retain',
    claimRef: { ...claims, name, namespace, uid },
    // Says where nothing is read from: the node has a folder of its own for each claim.
    hostPath: { path: `/claims/${namespace}/${name}` },
  };
  const volume = { ...volumes, metadata: { name: volumeName }, spec };
  try {
    await client.create(volume as KubeObject, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  const bound = { phase: 'Bound' };
  await client.patch({ ...volumes, name: volumeName }, { status: bound }, { subresource: 'status', signal });
  const ref = { ...claims, namespace, name };
  const annotations = { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' };
  await client.patch(ref, { metadata: { uid, annotations }, spec: { volumeName } }, { signal });
  await client.patch(ref, { status: { ...bound, capacity, accessModes } }, { subresource: 'status', signal });
  return true;
}

async function release(client: Client, claim: Claim, signal: AbortSignal): Promise<boolean> {
  const { name, namespace = 'default', uid = '' } = claim.metadata;
  const { items } = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace }, { signal });
  const uses = (pod: Pod): boolean =>
    pod.spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === name) ?? false;
  if (items.some(uses)) return false;
  const free = { metadata: { finalizers: null } };
  const volume = { ...volumes, name: claim.spec.volumeName ?? `pvc-${uid}` };
  if (await client.remove(volume, { signal })) {
    await client.patch(volume, free, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
  await client.patch({ ...claims, namespace, name }, { metadata: { uid, finalizers: null } }, { signal });
  return true;
}
