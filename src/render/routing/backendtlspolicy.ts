import { BACKEND_TLS_POLICY, type BackendTLSPolicy, SECRET, SERVICE } from '../../api/children.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Problem } from '../../api/problem.ts';
import type { Settings } from '../../api/settings.ts';
import { type Snapshot, view } from '../../api/snapshot.ts';
import { backendTLSPolicyName, certificateName, workloadServiceName } from '../../api/wellknown.ts';
import type { Effective } from '../../config/effective.ts';
import { routerLabels } from '../labels.ts';
import { ownerReference, type Rendered } from '../plan.ts';
import { usesCertificate } from '../workload/certificate.ts';
import { schemesOfPods } from '../workload/scheme.ts';

const ownerOf = view('render/backendtlspolicy-exists', (policy: KubeObject) => ({
  owner: policy.metadata.ownerReferences?.find((reference) => reference.controller)?.uid ?? '',
}));

/**
 * Tells the gateway to speak TLS to the model server, and by which certificate to know it: the name and scheme of a
 * Service's port say nothing to a gateway of the Gateway API. Envoy Gateway reads the CA from the Secret itself; gateways
 * that read ConfigMaps only refuse the reference in the policy's status.
 * There is none for a service with a certificate of the user's own: whom to trust is then his to say.
 *
 * A policy is for the whole Service, so while pods are replaced after a switch of the setting it suits some of them only.
 * It follows the majority of those that are ready, and changes when half of them have: a gateway that changed with the
 * setting would reach none before the first new model is loaded.
 *
 * Problems, both warnings: BackendTLSNotServed, where the Gateway API is older than the policy, and BackendTLSFollowsPods
 * while the gateway does not speak what the setting says.
 */
export function renderBackendTLSPolicy(effective: Effective, snapshot: Snapshot, settings: Settings): Rendered {
  const { service, spec } = effective;
  const nothing: Rendered = { problems: [], held: false };
  if (!spec.router?.route || (settings.enableTLS && !usesCertificate(effective, settings))) return nothing;
  const schemes = schemesOfPods(effective, snapshot, settings);
  if (!schemes) return { problems: [], held: true };
  const { ready } = schemes;
  if (!settings.enableTLS && ready.tls <= ready.plain) return nothing;

  const { name, namespace = '' } = service.metadata;
  const ref = { ...BACKEND_TLS_POLICY, namespace, name: backendTLSPolicyName(name) };
  const answer = snapshot.get(ref, ownerOf);
  const follows: Problem = { code: 'BackendTLSFollowsPods', wanted: settings.enableTLS, ...ready };
  if (settings.enableTLS) {
    if (answer.state === 'unserved') return { problems: [{ code: 'BackendTLSNotServed' }], held: false };
    if (ready.plain > ready.tls) return { problems: [follows], held: false };
  } else if (answer.state !== 'found' || answer.value.owner !== service.metadata.uid) return nothing;

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
  const problems = settings.enableTLS ? [] : [follows];
  return { child: { object, part: 'route', order: 25, leftToOthers: [], origins: [] }, problems, held: false };
}
