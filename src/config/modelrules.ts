import type { LLMInferenceService, LLMInferenceServiceSpec, LoRASpec } from '../api/llmisvc.ts';
import { ANNOTATION_MODEL_CRITICALITY } from '../api/conversion.ts';
import { uriFault } from './modeluri.ts';
import type { Invalid } from './validate.ts';

const RESOURCE_ID = /^kbs:\/\/\/[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/;
const CRITICALITIES = ['Critical', 'Standard', 'Sheddable'];
const ADAPTERS = 'spec.model.lora.adapters';

/** KServe's rules for LoRA adapters, criticality and confidential models. */
export function adapterProblems(service: LLMInferenceService, { model }: LLMInferenceServiceSpec): readonly Invalid[] {
  const base = model?.name ?? service.metadata.name;
  return [
    ...criticalityProblems(service),
    ...limitProblems(model?.lora ?? {}),
    ...nameProblems(model?.lora?.adapters ?? [], base),
    ...uriProblems(model?.lora?.adapters ?? []),
    ...confidentialProblems(model?.confidential),
  ];
}

function criticalityProblems({ metadata }: LLMInferenceService): readonly Invalid[] {
  const found = metadata.annotations?.[ANNOTATION_MODEL_CRITICALITY];
  if (!found || CRITICALITIES.includes(found)) return [];
  return [invalid('spec.model.criticality', JSON.stringify(found), CRITICALITIES.join(', '))];
}

function limitProblems({ maxRank, maxAdapters, maxCpuAdapters }: LoRASpec): readonly Invalid[] {
  return Object.entries({ maxRank, maxAdapters, maxCpuAdapters }).flatMap(([name, value]) =>
    value === undefined || value >= 1
      ? []
      : [invalid(`spec.model.lora.${name}`, String(value), 'an integer of at least 1')],
  );
}

function nameProblems(adapters: NonNullable<LoRASpec['adapters']>, base: string): readonly Invalid[] {
  return adapters.flatMap(({ name = '' }, index) => {
    const path = `${ADAPTERS}[${index}].name`;
    const found = JSON.stringify(name);
    if (name === '') return [invalid(path, 'not set', 'a name: requests choose the adapter by it')];
    if (name === '.' || name === '..') return [invalid(path, found, 'a name that can be a folder')];
    const first = adapters.findIndex((other) => other.name === name);
    return [
      ...(first < index ? [invalid(path, found, `a name of its own: ${ADAPTERS}[${first}] has it already`)] : []),
      ...(name === base ? [invalid(path, found, 'another name than that of the base model')] : []),
    ];
  });
}

/** Which schemes an adapter can have is judged where its folder is decided. */
function uriProblems(adapters: NonNullable<LoRASpec['adapters']>): readonly Invalid[] {
  return adapters.flatMap(({ uri = '' }, index) => {
    const fault = uri.includes('://') ? uriFault(uri) : undefined;
    return fault === undefined ? [] : [invalid(`${ADAPTERS}[${index}].uri`, JSON.stringify(uri), fault)];
  });
}

function confidentialProblems(
  confidential: { enabled?: boolean; resourceId?: string } | undefined,
): readonly Invalid[] {
  const { enabled, resourceId = '' } = confidential ?? {};
  if (!enabled || resourceId === '' || RESOURCE_ID.test(resourceId)) return [];
  const path = 'spec.model.confidential.resourceId';
  return [invalid(path, JSON.stringify(resourceId), 'kbs:///<repository>/<type>/<tag>')];
}

function invalid(path: string, found: string, allowed: string): Invalid {
  return { part: 'workload', path, found, allowed };
}
