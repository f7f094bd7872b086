import { SERVICE_ACCOUNT, type ServiceAccount } from '../../api/children.ts';
import { compact, type KubeObject } from '../../api/object.ts';
import type { Settings } from '../../api/settings.ts';
import { type Snapshot, view } from '../../api/snapshot.ts';
import type { Effective } from '../../config/effective.ts';
import { workloadLabels } from '../labels.ts';
import { ownerReference, type Rendered } from '../plan.ts';
import { sidecarAccount } from './sidecar.ts';

const exists = view('render/serviceaccount-exists', (_serviceAccount: KubeObject) => true);
const copied = view('render/serviceaccount-copied', ({ secrets, imagePullSecrets }: ServiceAccount) => ({
  secrets: secrets ?? [],
  imagePullSecrets: imagePullSecrets ?? [],
}));

/**
 * The ServiceAccount of pods with the routing sidecar, unless the pod template names one. It lists the Secrets, those for
 * pulling images among them, that the namespace's `default` ServiceAccount lists, so that the pods lose nothing.
 */
export function renderServiceAccount(effective: Effective, snapshot: Snapshot, _settings: Settings): Rendered {
  const { service } = effective;
  const account = sidecarAccount(effective);
  if (!account?.managed) return { problems: [], held: false };
  const { namespace = '' } = service.metadata;
  const own = snapshot.get({ ...SERVICE_ACCOUNT, namespace, name: account.name }, exists);
  const answer = snapshot.get({ ...SERVICE_ACCOUNT, namespace, name: 'default' }, copied);
  if (own.state === 'unknown' || answer.state === 'unknown') return { problems: [], held: true };

  const { secrets, imagePullSecrets } = answer.state === 'found' ? answer.value : { secrets: [], imagePullSecrets: [] };
  const object = {
    ...SERVICE_ACCOUNT,
    metadata: {
      name: account.name,
      namespace,
      labels: workloadLabels(service),
      ownerReferences: [ownerReference(service)],
    },
    ...compact({
      secrets: secrets.length > 0 ? secrets : undefined,
      imagePullSecrets: imagePullSecrets.length > 0 ? imagePullSecrets : undefined,
    }),
  } satisfies ServiceAccount;
  return { child: { object, part: 'workload', order: 5, leftToOthers: [], origins: [] }, problems: [], held: false };
}
