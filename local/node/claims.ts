import type { KubeObject } from '../../src/api/object.ts';
import { isAlreadyExists } from '../../src/kube/errors.ts';
import type { Client } from '../../src/kube/types.ts';
import { follow } from './follow.ts';

interface Claim extends KubeObject {
  readonly spec: {
    readonly volumeName?: string;
    readonly selector?: object;
    readonly storageClassName?: string;
    readonly accessModes?: readonly string[];
    readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
  };
}

/**
 * Makes a volume for each PersistentVolumeClaim that names or selects none, as a provisioner would, and removes it after
 * the claim; the controller manager binds the two. Ends when the signal is aborted.
 */
export async function provisionClaims(client: Client, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  const working = new Map<string, Promise<void>>();
  const queue = (claim: Claim, work: () => Promise<unknown>): void => {
    const { uid = '', namespace, name } = claim.metadata;
    const next = (working.get(uid) ?? Promise.resolve()).then(work).then(
      () => undefined,
      (error: unknown) => {
        if (!signal.aborted) say(`PersistentVolumeClaim ${namespace}/${name}: ${String(error)}`);
      },
    );
    working.set(uid, next);
    void next.then(() => working.get(uid) === next && working.delete(uid));
  };
  const changed = (claim: Claim): void => {
    const { volumeName, selector } = claim.spec;
    if (!volumeName && !selector && !claim.metadata.deletionTimestamp)
      queue(claim, () => provision(client, claim, signal));
  };
  const gone = (claim: Claim): void => {
    queue(claim, () => client.remove({ ...volumes, name: nameOf(claim) }, { signal }));
  };
  await follow<Claim>(client, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' }, { changed, gone }, signal, say);
  await Promise.all(working.values());
}

const volumes = { apiVersion: 'v1', kind: 'PersistentVolume' };

async function provision(client: Client, claim: Claim, signal: AbortSignal): Promise<void> {
  const { name, namespace = 'default', uid } = claim.metadata;
  const { accessModes = ['ReadWriteOnce'], storageClassName, resources } = claim.spec;
  const spec = {
    capacity: { storage: resources?.requests?.['storage'] ?? '1Gi' },
    accessModes,
    ...(storageClassName ? { storageClassName } : {}),
    persistentVolumeReclaimPolicy: 'Retain',
    claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
    // Nothing is read from there: the node has a folder of its own for each claim.
    hostPath: { path: `/claims/${namespace}/${name}` },
  };
  try {
    await client.create({ ...volumes, metadata: { name: nameOf(claim) }, spec } as KubeObject, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

function nameOf(claim: Claim): string {
  return `pvc-${claim.metadata.uid}`;
}
