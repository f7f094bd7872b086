import type { Container, PartialPodSpec } from '../api/children.ts';
import type { LLMInferenceService, LLMInferenceServiceSpec } from '../api/llmisvc.ts';
import { ANNOTATION_DRA, MANAGED_CLAIM, managedClaimTemplateName } from '../api/wellknown.ts';
import type { StepMark } from './provenance.ts';

export const STEP_DEVICE_CLAIM = 'device claim from the annotations of the service';

const TEMPLATES = ['template', 'worker'] as const;

/**
 * Adds the claim of managed dynamic resource allocation to the pod templates of the model server, when the annotations of
 * the service ask for it: to the pod, and to the container that they name, else to the first. Follows KServe. What the user
 * claims under the same name stays.
 */
export function withDeviceClaims(
  service: LLMInferenceService,
  spec: LLMInferenceServiceSpec,
): { readonly spec: LLMInferenceServiceSpec; readonly marks: readonly StepMark[] } {
  const annotations = service.metadata.annotations ?? {};
  if (annotations[ANNOTATION_DRA.deviceClass] === undefined) return { spec, marks: [] };
  const container = annotations[ANNOTATION_DRA.containerName]?.trim() || undefined;
  const claimTemplate = managedClaimTemplateName(service.metadata.name);
  const marks: StepMark[] = [];
  const claimed = <T extends { readonly template?: PartialPodSpec; readonly worker?: PartialPodSpec }>(
    workload: T,
    at: string,
  ): T => {
    const templates = TEMPLATES.flatMap((field) => {
      const pod = workload[field];
      if (!pod) return [];
      const added = withClaim(pod, container, claimTemplate);
      marks.push(...added.marks.map((path) => ({ path: `${at}${field}.${path}`, step: STEP_DEVICE_CLAIM })));
      return [[field, added.pod] as const];
    });
    return { ...workload, ...Object.fromEntries(templates) };
  };
  const { prefill } = spec;
  const changed = { ...claimed(spec, ''), ...(prefill && { prefill: claimed(prefill, 'prefill.') }) };
  return { spec: changed, marks };
}

function withClaim(
  pod: PartialPodSpec,
  named: string | undefined,
  resourceClaimTemplateName: string,
): { readonly pod: PartialPodSpec; readonly marks: readonly string[] } {
  const { resourceClaims = [], containers = [] } = pod;
  const marks: string[] = [];
  const known = resourceClaims.some(({ name }) => name === MANAGED_CLAIM);
  if (!known) marks.push(`resourceClaims[name=${MANAGED_CLAIM}]`);
  const target = containers.find(({ name }, index) => (named === undefined ? index === 0 : name === named));
  const changed = containers.map((container) => {
    if (container !== target || hasClaim(container)) return container;
    marks.push(`containers[name=${container.name}].resources.claims`);
    const claims = [...(container.resources?.claims ?? []), { name: MANAGED_CLAIM }];
    return { ...container, resources: { ...container.resources, claims } };
  });
  return {
    pod: {
      ...pod,
      ...(known ? {} : { resourceClaims: [...resourceClaims, { name: MANAGED_CLAIM, resourceClaimTemplateName }] }),
      ...(pod.containers && { containers: changed }),
    },
    marks,
  };
}

function hasClaim({ resources }: Container): boolean {
  return (resources?.claims ?? []).some(({ name }) => name === MANAGED_CLAIM);
}
