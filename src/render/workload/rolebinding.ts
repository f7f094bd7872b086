import { ROLE, ROLE_BINDING, type RoleBinding, SERVICE_ACCOUNT } from '../../api/children.ts';
import { groupOf } from '../../api/object.ts';
import type { Settings } from '../../api/settings.ts';
import type { Snapshot } from '../../api/snapshot.ts';
import { roleBindingName, roleName } from '../../api/wellknown.ts';
import type { Effective } from '../../config/effective.ts';
import { workloadLabels } from '../labels.ts';
import { ownerReference, type Rendered } from '../plan.ts';
import { sidecarAccount } from './sidecar.ts';

/** Gives the Role of the routing sidecar to the ServiceAccount of its pods, be it the operator's or the user's. */
export function renderRoleBinding(effective: Effective, _snapshot: Snapshot, _settings: Settings): Rendered {
  const { service } = effective;
  const account = sidecarAccount(effective);
  if (!account) return { problems: [], held: false };
  const { name, namespace = '' } = service.metadata;
  const object = {
    ...ROLE_BINDING,
    metadata: {
      name: roleBindingName(name),
      namespace,
      labels: workloadLabels(service),
      ownerReferences: [ownerReference(service)],
    },
    roleRef: { apiGroup: groupOf(ROLE.apiVersion), kind: ROLE.kind, name: roleName(name) },
    subjects: [{ kind: SERVICE_ACCOUNT.kind, name: account.name, namespace }],
  } satisfies RoleBinding;
  // The API server lets only those bind a Role that exists and whose rights they have.
  return { child: { object, part: 'workload', order: 7, leftToOthers: [], origins: [] }, problems: [], held: false };
}
