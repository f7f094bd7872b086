import type { Deployment } from '../../api/children.ts';
import { compact } from '../../api/object.ts';
import { view } from '../../api/snapshot.ts';
import { MAIN_CONTAINER, STORAGE_INITIALIZER } from '../../api/wellknown.ts';

/**
 * What a live Deployment hands on to its next version: an immutable selector, what a change of would restart pods, and
 * whether some of its pods may speak another scheme than the others.
 */
export const LIVE_DEPLOYMENT = view('render/deployment', (deployment: Deployment) => {
  const podSpec = deployment.spec?.template.spec;
  const initializer = podSpec?.initContainers?.find((c) => c.name === STORAGE_INITIALIZER);
  const main = podSpec?.containers.find((c) => c.name === MAIN_CONTAINER);
  return compact({
    owner: deployment.metadata.ownerReferences?.find((reference) => reference.controller)?.uid ?? '',
    selector: deployment.spec?.selector ?? {},
    initializer: initializer
      ? compact({
          image: initializer.image,
          hfEnv: initializer.env?.some((entry) => entry.name.startsWith('HF_')) ?? false,
        })
      : undefined,
    secure: main?.readinessProbe?.httpGet?.scheme === 'HTTPS' ? true : undefined,
    rolling: isRolling(deployment) ? true : undefined,
  });
});

/** Pods of an older template are there, or a change of the template was not looked at yet. */
function isRolling({ metadata, status }: Deployment): boolean {
  if (status?.observedGeneration === undefined) return false;
  return (
    status.observedGeneration < (metadata.generation ?? 0) || (status.replicas ?? 0) > (status.updatedReplicas ?? 0)
  );
}
