import { BACKEND_TLS_POLICY, type BackendTLSPolicy, SECRET, SERVICE } from '../../api/children.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Settings } from '../../api/settings.ts';
import { type Snapshot, view } from '../../api/snapshot.ts';
import { backendTLSPolicyName, certificateName, workloadServiceName } from '../../api/wellknown.ts';
import type { Effective } from '../../config/effective.ts';
import { routerLabels } from '../labels.ts';
import { ownerReference, type Rendered } from '../plan.ts';
import { usesCertificate } from '../workload/certificate.ts';

const exists = view('render/backendtlspolicy-exists', (_policy: KubeObject) => true);

/**
 * Tells the gateway to speak TLS to the model server, and by which certificate to know it: the name and scheme of a
 * Service's port say nothing to a gateway of the Gateway API. Envoy Gateway reads the CA from the Secret itself; gateways
 * that read ConfigMaps only refuse the reference in the policy's status.
 * There is none for a service with a certificate of the user's own: whom to trust is then his to say.
 *
 * Problem: BackendTLSNotServed, a warning, where the Gateway API is older than the policy.
 */
export function renderBackendTLSPolicy(effective: Effective, snapshot: Snapshot, settings: Settings): Rendered {
  const { service, spec } = effective;
  if (!settings.enableTLS || !spec.router?.route || !usesCertificate(effective, settings))
    return { problems: [], held: false };
  const { name, namespace = '' } = service.metadata;
  const ref = { ...BACKEND_TLS_POLICY, namespace, name: backendTLSPolicyName(name) };
  const { state } = snapshot.get(ref, exists);
  if (state === 'unserved') return { problems: [{ code: 'BackendTLSNotServed' }], held: false };

  const workload = workloadServiceName(name);
  const object = {
    ...BACKEND_TLS_POLICY,
    metadata: {
      name: ref.name,
      namespace,
      labels: routerLabels(service),
      ownerReferences: [ownerReference(service)],
    },
    spec: {
      targetRefs: [{ group: '', kind: SERVICE.kind, name: workload }],
      validation: {
        caCertificateRefs: [{ group: '', kind: SECRET.kind, name: certificateName(name) }],
        hostname: `${workload}.${namespace}.svc`,
      },
    },
  } satisfies BackendTLSPolicy;
  return { child: { object, part: 'route', order: 25, leftToOthers: [], origins: [] }, problems: [], held: false };
}
