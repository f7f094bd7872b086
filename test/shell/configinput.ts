import type { LLMInferenceService, LLMInferenceServiceConfig, LLMInferenceServiceSpec } from '../../src/api/llmisvc.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { PRESET } from '../../src/api/wellknown.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/api/settings.ts';
import { fixedSource, type RecordingSnapshot, recordingSnapshot } from '../../src/api/snapshot.ts';
import type { Effective } from '../../src/config/effective.ts';
import { resolve } from '../../src/config/resolve.ts';

export const DEVICE = 'llmisvc.serving.kserve.io/device-resource';

export function service(spec: unknown, metadata: Partial<KubeObject['metadata']> = {}): LLMInferenceService {
  return {
    apiVersion: 'serving.kserve.io/v1alpha2',
    kind: 'LLMInferenceService',
    metadata: { name: 'qwen', namespace: 'team', ...metadata },
    spec: spec as LLMInferenceServiceSpec,
  };
}

export function config(name: string, spec: unknown, namespace = 'kserve'): LLMInferenceServiceConfig {
  return {
    apiVersion: 'serving.kserve.io/v1alpha2',
    kind: 'LLMInferenceServiceConfig',
    metadata: { name, namespace },
    spec: spec as LLMInferenceServiceSpec,
  };
}

/** The presets, small enough to be read in a test; those that no test looks into are empty. */
export const PRESETS: readonly LLMInferenceServiceConfig[] = [
  ...Object.values(PRESET)
    .filter((name) => name !== PRESET.template && name !== PRESET.route)
    .map((name) => config(`llmisvc-${name}`, {})),
  config('llmisvc-config-llm-template', {
    annotations: { [DEVICE]: 'nvidia.com/gpu' },
    template: {
      containers: [{ name: 'main', image: 'vllm', args: ['--served-model-name', '{{ .Spec.Model.Name }}'] }],
    },
  }),
  config('llmisvc-config-llm-router-route', {
    router: {
      route: {
        http: {
          spec: {
            parentRefs: [
              {
                name: '{{ .GlobalConfig.IngressGatewayName }}',
                namespace: '{{ .GlobalConfig.IngressGatewayNamespace }}',
              },
            ],
            rules: [
              {
                matches: [
                  { path: { type: 'PathPrefix', value: '/{{ .ObjectMeta.Namespace }}/{{ .ObjectMeta.Name }}/v1' } },
                ],
                backendRefs: [
                  {
                    group: 'inference.networking.k8s.io',
                    kind: 'InferencePool',
                    name: '{{ ChildName .Name `-inference-pool` }}',
                    port: 8000,
                    weight: 1,
                  },
                ],
              },
            ],
          },
        },
      },
    },
  }),
];

export const MODEL = { uri: 'hf://Qwen/Qwen2.5-7B-Instruct', name: 'Qwen/Qwen2.5-7B-Instruct' };

export function snapshotOf(objects: readonly KubeObject[]): RecordingSnapshot {
  return recordingSnapshot(fixedSource(objects));
}

/** What a service means beside the presets and the given configs. */
export function resolved(
  of: LLMInferenceService,
  configs: readonly LLMInferenceServiceConfig[] = [],
  settings: Partial<Settings> = {},
): Effective {
  return resolve(of, snapshotOf([...PRESETS, ...configs]), { ...DEFAULT_SETTINGS, ...settings });
}
