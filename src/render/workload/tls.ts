import type { PartialPodSpec } from '../../api/children.ts';
import type { Settings } from '../../api/settings.ts';
import { CERTIFICATE_PATH, CERTIFICATE_VOLUME, certificateName, MAIN_CONTAINER } from '../../api/wellknown.ts';

/**
 * With TLS, the pod spec with the service's certificate mounted in container `main`, where model servers of KServe expect
 * it. A volume of that name, or something mounted at that path, stays what the spec says.
 */
export function attachCertificate(podSpec: PartialPodSpec, service: string, settings: Settings): PartialPodSpec {
  if (!settings.enableTLS) return podSpec;
  const containers = podSpec.containers ?? [];
  const main = containers.find(({ name }) => name === MAIN_CONTAINER);
  const mounts = main?.volumeMounts ?? [];
  if (!main || mounts.some(({ name, mountPath }) => name === CERTIFICATE_VOLUME || mountPath === CERTIFICATE_PATH)) {
    return podSpec;
  }
  const volumes = podSpec.volumes ?? [];
  const volume = { name: CERTIFICATE_VOLUME, secret: { secretName: certificateName(service) } };
  const mount = { name: CERTIFICATE_VOLUME, mountPath: CERTIFICATE_PATH, readOnly: true };
  return {
    ...podSpec,
    containers: containers.map((container) =>
      container === main ? { ...main, volumeMounts: [...mounts, mount] } : container,
    ),
    volumes: volumes.some(({ name }) => name === CERTIFICATE_VOLUME) ? volumes : [...volumes, volume],
  };
}
