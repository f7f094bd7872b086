import type { PartialPodSpec } from '../../api/children.ts';
import type { Problem } from '../../api/problem.ts';
import { inferencePoolName, ROUTING_SIDECAR, serviceAccountName } from '../../api/wellknown.ts';
import type { Effective } from '../../config/effective.ts';

const POOL = 'INFERENCE_POOL_NAME';

/** The ServiceAccount under which pods with the routing sidecar run. */
export interface SidecarAccount {
  readonly name: string;
  /** Whether the operator makes it; else it is the user's, and is only given the Role. */
  readonly managed: boolean;
}

/** The ServiceAccount for the routing sidecar; undefined where the pod template has no such init container. */
export function sidecarAccount({ service, spec }: Effective): SidecarAccount | undefined {
  if (!hasSidecar(spec.template)) return undefined;
  const managed = serviceAccountName(service.metadata.name);
  const own = spec.template?.serviceAccountName || managed;
  return { name: own, managed: own === managed };
}

/**
 * The pod spec with what its routing sidecar needs: the ServiceAccount that may read pods and pools, and, behind a router,
 * the name of the pool. A name that the user gave it is replaced, with a warning FieldOverridden.
 */
export function equipSidecar(
  podSpec: PartialPodSpec,
  effective: Effective,
): { readonly podSpec: PartialPodSpec; readonly problems: readonly Problem[] } {
  const account = sidecarAccount(effective);
  if (!account) return { podSpec, problems: [] };
  const equipped = { ...podSpec, serviceAccountName: account.name };
  const { router } = effective.spec;
  if (!router) return { podSpec: equipped, problems: [] };

  const value = router.scheduler?.pool?.ref?.name || inferencePoolName(effective.service.metadata.name);
  const others = podSpec.initContainers ?? [];
  const own = others.find(({ name }) => name === ROUTING_SIDECAR)?.env?.find(({ name }) => name === POOL);
  const initContainers = others.map((container) =>
    container.name === ROUTING_SIDECAR
      ? { ...container, env: [...(container.env ?? []).filter(({ name }) => name !== POOL), { name: POOL, value }] }
      : container,
  );
  const path = `spec.template.initContainers[name=${ROUTING_SIDECAR}].env[name=${POOL}]`;
  const problems: readonly Problem[] =
    own && own.value !== value ? [{ code: 'FieldOverridden', path, used: `"${value}"` }] : [];
  return { podSpec: { ...equipped, initContainers }, problems };
}

/** The pod spec without the name of a ServiceAccount that is made for it, and so may not exist yet. */
export function withoutManagedAccount(podSpec: PartialPodSpec, effective: Effective): PartialPodSpec {
  if (!sidecarAccount(effective)?.managed) return podSpec;
  const { serviceAccountName: _made, ...rest } = podSpec;
  return rest;
}

function hasSidecar(template: PartialPodSpec | undefined): boolean {
  return (template?.initContainers ?? []).some(({ name }) => name === ROUTING_SIDECAR);
}
