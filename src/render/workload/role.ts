import { ROLE, type Role } from '../../api/children.ts';
import type { Settings } from '../../api/settings.ts';
import type { Snapshot } from '../../api/snapshot.ts';
import { roleName } from '../../api/wellknown.ts';
import type { Effective } from '../../config/effective.ts';
import { workloadLabels } from '../labels.ts';
import { ownerReference, type Rendered } from '../plan.ts';
import { sidecarAccount } from './sidecar.ts';

const READ = ['get', 'list', 'watch'];

/** What the routing sidecar may read: the pods that it forwards to, and the pool that lists them. The operator has all of it. */
const RULES: NonNullable<Role['rules']> = [
  { apiGroups: [''], resources: ['pods'], verbs: READ },
  {
    apiGroups: ['inference.networking.x-k8s.io', 'inference.networking.k8s.io'],
    resources: ['inferencepools'],
    verbs: READ,
  },
];

/** The Role of pods with the routing sidecar, and none without it. */
export function renderRole(effective: Effective, _snapshot: Snapshot, _settings: Settings): Rendered {
  const { service } = effective;
  if (!sidecarAccount(effective)) return { problems: [], held: false };
  const object = {
    ...ROLE,
    metadata: {
      name: roleName(service.metadata.name),
      namespace: service.metadata.namespace ?? '',
      labels: workloadLabels(service),
      ownerReferences: [ownerReference(service)],
    },
    rules: RULES,
  } satisfies Role;
  return { child: { object, part: 'workload', order: 6, leftToOthers: [], origins: [] }, problems: [], held: false };
}
