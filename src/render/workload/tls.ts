import type { PartialPodSpec } from '../../api/children.ts';
import type { Settings } from '../../api/settings.ts';
import {
  CERTIFICATE_PATH,
  CERTIFICATE_VOLUME,
  certificateName,
  MAIN_CONTAINER,
  ROUTING_SIDECAR,
} from '../../api/wellknown.ts';

type Containers = PartialPodSpec['containers'];

const MOUNT = { name: CERTIFICATE_VOLUME, mountPath: CERTIFICATE_PATH, readOnly: true };

/**
 * With TLS, the pod spec with the service's certificate mounted in container `main` and in the routing sidecar, where
 * model servers of KServe expect it. A volume of that name, or something mounted at that path, stays what the spec says.
 */
export function attachCertificate(podSpec: PartialPodSpec, service: string, settings: Settings): PartialPodSpec {
  if (!settings.enableTLS) return podSpec;
  const containers = withMount(podSpec.containers, MAIN_CONTAINER);
  const initContainers = withMount(podSpec.initContainers, ROUTING_SIDECAR);
  if (containers === podSpec.containers && initContainers === podSpec.initContainers) return podSpec;
  const volumes = podSpec.volumes ?? [];
  const volume = { name: CERTIFICATE_VOLUME, secret: { secretName: certificateName(service) } };
  return {
    ...podSpec,
    ...(containers && { containers }),
    ...(initContainers && { initContainers }),
    volumes: volumes.some(({ name }) => name === CERTIFICATE_VOLUME) ? volumes : [...volumes, volume],
  };
}

/** The same list when it has no container of that name without a mount of its own. */
function withMount(containers: Containers, wanted: string): Containers {
  const bare = containers?.find(
    ({ name, volumeMounts = [] }) =>
      name === wanted &&
      !volumeMounts.some((mount) => mount.name === CERTIFICATE_VOLUME || mount.mountPath === CERTIFICATE_PATH),
  );
  if (!bare) return containers;
  const mounted = { ...bare, volumeMounts: [...(bare.volumeMounts ?? []), MOUNT] };
  return containers?.map((container) => (container === bare ? mounted : container));
}
