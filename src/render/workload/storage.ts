import type { Container, PartialPodSpec, Volume } from '../../api/children.ts';
import type { Problem } from '../../api/problem.ts';
import type { Settings } from '../../api/settings.ts';
import type { Snapshot } from '../../api/snapshot.ts';
import { ANNOTATIONS_STORAGE_SECRET, MAIN_CONTAINER, MODEL_PATH, STORAGE_INITIALIZER } from '../../api/wellknown.ts';
import type { Effective } from '../../config/effective.ts';
import { readCredentials } from './serviceaccount.ts';
import { type LiveInitializer, PROVISION_VOLUME, storageInitializer } from './storageinitializer.ts';

const PVC_VOLUME = 'kserve-pvc-source';

/** The fields of a pod spec that are made from the model's URI. */
export const MODEL_FIELDS: readonly string[] = [
  `initContainers[name=${STORAGE_INITIALIZER}].args[0]`,
  `volumes[name=${PVC_VOLUME}].persistentVolumeClaim.claimName`,
  `containers[name=${MAIN_CONTAINER}].volumeMounts[name=${PVC_VOLUME}].subPath`,
];

/** A pod spec with its model attached. */
export interface WithModel {
  readonly podSpec: PartialPodSpec;
  readonly problems: readonly Problem[];
  readonly held: boolean;
}

/**
 * Brings the model of `spec.model.uri` to `/mnt/models` of container `main`: for `hf://` by an init container that
 * downloads it, for `pvc://` by mounting the claim read-only. With `storageInitializer.enabled: false` the pod spec stays
 * as it is, a user's own init container of that name included. Warning: StorageSecretNotUsed.
 */
export function attachModel(
  podSpec: PartialPodSpec,
  live: LiveInitializer | undefined,
  effective: Effective,
  snapshot: Snapshot,
  settings: Settings,
): WithModel {
  const { spec, service } = effective;
  const attached = spec.storageInitializer?.enabled !== false;
  const location = attached ? locate(spec.model?.uri) : undefined;
  const credentials = readCredentials(
    service.metadata.namespace ?? '',
    podSpec.serviceAccountName || undefined,
    location?.scheme === 'hf',
    snapshot,
  );
  if (!attached) return { podSpec, problems: credentials.problems, held: credentials.held };

  // Other schemes never get here: validation of the merged spec holds the workload back.
  if (!location) return { podSpec, problems: credentials.problems, held: true };
  if (location.scheme === 'pvc') {
    return {
      podSpec: mountClaim(withoutInitializer(podSpec), location.rest),
      problems: credentials.problems,
      held: credentials.held,
    };
  }
  const own = podSpec.initContainers?.find((container) => container.name === STORAGE_INITIALIZER);
  const initializer = storageInitializer(
    `hf://${location.rest}`,
    own,
    live,
    credentials.tokenSecret,
    settings.storageInitializer,
  );
  return {
    podSpec: download(withoutInitializer(podSpec), initializer.container),
    problems: [...credentials.problems, ...initializer.problems, ...storageSecrets(effective, podSpec)],
    held: credentials.held,
  };
}

/** Annotations by which KServe would take the credentials from a Secret of that name. */
function storageSecrets({ service }: Effective, { serviceAccountName }: PartialPodSpec): readonly Problem[] {
  const { annotations = {} } = service.metadata;
  return ANNOTATIONS_STORAGE_SECRET.flatMap((key) => {
    const secret = annotations[key];
    if (!secret) return [];
    const path = `metadata.annotations[${key}]`;
    return [{ code: 'StorageSecretNotUsed', path, secret, serviceAccount: serviceAccountName || 'default' }];
  });
}

function locate(uri: string | undefined): { readonly scheme: 'hf' | 'pvc'; readonly rest: string } | undefined {
  const separator = uri?.indexOf('://') ?? -1;
  if (uri === undefined || separator < 0) return undefined;
  const scheme = uri.slice(0, separator).toLowerCase();
  const rest = uri.slice(separator + 3);
  // Without a name behind the scheme there is nothing to download or to mount.
  return (scheme === 'hf' || scheme === 'pvc') && /^[^/]/.test(rest) ? { scheme, rest } : undefined;
}

function withoutInitializer(podSpec: PartialPodSpec): PartialPodSpec {
  const { initContainers, ...rest } = podSpec;
  const remaining = initContainers?.filter((container) => container.name !== STORAGE_INITIALIZER) ?? [];
  return remaining.length > 0 ? { ...rest, initContainers: remaining } : rest;
}

function download(podSpec: PartialPodSpec, initializer: Container): PartialPodSpec {
  const mounted = mountInMain(podSpec, { name: PROVISION_VOLUME, mountPath: MODEL_PATH, readOnly: true });
  return {
    ...withVolume(mounted, { name: PROVISION_VOLUME, emptyDir: {} }),
    initContainers: [...(podSpec.initContainers ?? []), initializer],
  };
}

function mountClaim(podSpec: PartialPodSpec, rest: string): PartialPodSpec {
  const [claimName = '', ...path] = rest.split('/');
  const subPath = path.join('/');
  const mount = { name: PVC_VOLUME, mountPath: MODEL_PATH, readOnly: true, ...(subPath && { subPath }) };
  return withVolume(mountInMain(podSpec, mount), { name: PVC_VOLUME, persistentVolumeClaim: { claimName } });
}

type VolumeMount = NonNullable<Container['volumeMounts']>[number];

function mountInMain(podSpec: PartialPodSpec, mount: VolumeMount): PartialPodSpec {
  const containers = (podSpec.containers ?? []).map((container) => {
    const mounts = container.volumeMounts ?? [];
    if (container.name !== MAIN_CONTAINER || mounts.some((existing) => existing.name === mount.name)) return container;
    return { ...container, volumeMounts: [...mounts, mount] };
  });
  return { ...podSpec, containers };
}

function withVolume(podSpec: PartialPodSpec, volume: Volume): PartialPodSpec {
  const volumes = podSpec.volumes ?? [];
  if (volumes.some((existing) => existing.name === volume.name)) return podSpec;
  return { ...podSpec, volumes: [...volumes, volume] };
}
