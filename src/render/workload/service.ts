import { SERVICE, type Service } from '../../api/children.ts';
import { compact } from '../../api/object.ts';
import type { Settings } from '../../api/settings.ts';
import type { Snapshot } from '../../api/snapshot.ts';
import { WORKLOAD_PORT, workloadServiceName } from '../../api/wellknown.ts';
import type { Effective } from '../../config/effective.ts';
import { podSelector, specAnnotations, workloadLabels } from '../labels.ts';
import { ownerReference, type Rendered } from '../plan.ts';

/** The Service in front of the pods of all roles: the target of the HTTPRoute where there is no scheduler. */
export function renderService(effective: Effective, _snapshot: Snapshot, settings: Settings): Rendered {
  const { service, spec } = effective;
  const annotations = specAnnotations(spec.annotations);
  const scheme = settings.enableTLS ? 'https' : 'http';
  const object = {
    ...SERVICE,
    metadata: compact({
      name: workloadServiceName(service.metadata.name),
      namespace: service.metadata.namespace,
      labels: { ...workloadLabels(service), ...spec.labels },
      annotations: Object.keys(annotations).length > 0 ? annotations : undefined,
      ownerReferences: [ownerReference(service)],
    }),
    spec: {
      type: 'ClusterIP',
      selector: podSelector(service),
      ports: [{ name: scheme, appProtocol: scheme, protocol: 'TCP', port: WORKLOAD_PORT, targetPort: WORKLOAD_PORT }],
    },
  } satisfies Service;
  const origins = [
    { child: 'metadata.labels', spec: 'spec.labels' },
    { child: 'metadata.annotations', spec: 'spec.annotations' },
  ];
  return { child: { object, part: 'workload', order: 20, leftToOthers: [], origins }, problems: [], held: false };
}
