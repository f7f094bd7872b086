import type { LLMInferenceService } from '../api/llmisvc.ts';
import {
  ANNOTATION_DEVICE,
  ANNOTATION_MODEL_BASED_ROUTING,
  COMPONENT_ROUTER,
  COMPONENT_WORKLOAD,
  LABEL_COMPONENT,
  LABEL_INFERENCE_SERVICE,
  LABEL_KSERVE_COMPONENT,
  LABEL_NAME,
  LABEL_PART_OF,
  LABEL_ROLE,
  PART_OF,
} from '../api/wellknown.ts';

type Labels = Readonly<Record<string, string>>;

const PROPAGATED_LABELS = ['kueue.x-k8s.io', 'internal.serving.kserve.io/localmodel'];
const PROPAGATED_ANNOTATIONS = [
  'k8s.v1.cni.cncf.io',
  'kueue.x-k8s.io',
  'prometheus.io',
  'internal.serving.kserve.io/localmodel',
];

/** Labels of the workload Service, and the part of the pods' labels that does not depend on their role. */
export function workloadLabels(service: LLMInferenceService): Labels {
  return labelsOf(service, COMPONENT_WORKLOAD);
}

/** Labels of the pods of a single-node workload without prefill, before propagation. */
export function podLabels(service: LLMInferenceService): Labels {
  return { ...workloadLabels(service), [LABEL_KSERVE_COMPONENT]: 'workload', [LABEL_ROLE]: 'both' };
}

/** What the workload Service selects: the pods of every role. */
export function podSelector(service: LLMInferenceService): Labels {
  return {
    [LABEL_PART_OF]: PART_OF,
    [LABEL_NAME]: service.metadata.name,
    [LABEL_KSERVE_COMPONENT]: 'workload',
  };
}

/** Labels of what publishes the service. */
export function routerLabels(service: LLMInferenceService): Labels {
  return labelsOf(service, COMPONENT_ROUTER);
}

/** Labels of the HTTPRoute; the one that names the service is ours, for `kubectl get route -l`. */
export function routeLabels(service: LLMInferenceService): Labels {
  return { ...routerLabels(service), [LABEL_INFERENCE_SERVICE]: service.metadata.name };
}

/** The labels of the service's own metadata that its Deployment and pods take over. */
export function propagatedLabels(service: LLMInferenceService): Labels {
  return withPrefixes(service.metadata.labels, PROPAGATED_LABELS);
}

/** The annotations of the service's own metadata that its Deployment and pods take over. */
export function propagatedAnnotations(service: LLMInferenceService): Labels {
  return withPrefixes(service.metadata.annotations, PROPAGATED_ANNOTATIONS);
}

/** `spec.annotations` for pods and the workload Service: without the word of a preset to the operator. */
export function specAnnotations(annotations: Labels | undefined): Labels {
  return Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !INSTRUCTIONS.includes(key)));
}

const INSTRUCTIONS: readonly string[] = [ANNOTATION_MODEL_BASED_ROUTING, ANNOTATION_DEVICE];

function labelsOf(service: LLMInferenceService, component: string): Labels {
  return { [LABEL_COMPONENT]: component, [LABEL_NAME]: service.metadata.name, [LABEL_PART_OF]: PART_OF };
}

function withPrefixes(entries: Labels | undefined, prefixes: readonly string[]): Labels {
  return Object.fromEntries(
    Object.entries(entries ?? {}).filter(([key]) => prefixes.some((prefix) => key.startsWith(prefix))),
  );
}
