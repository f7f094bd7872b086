import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LLMInferenceServiceConfig } from '../../src/api/llmisvc.ts';
import { readDocuments } from './yaml.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'manifests', 'base', 'presets');

interface Kustomization {
  readonly namespace: string;
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string; readonly newTag: string }[];
}

/** The presets as `kubectl apply -k` installs them: in the system namespace, with the tags of their images. */
export function installedPresets(): readonly LLMInferenceServiceConfig[] {
  const [kustomization] = read('kustomization.yaml') as readonly Kustomization[];
  if (!kustomization) throw new Error(`${FOLDER}/kustomization.yaml is empty`);
  return kustomization.resources
    .flatMap((file) => read(file) as readonly LLMInferenceServiceConfig[])
    .map((preset) => withImages({ ...preset, metadata: { ...preset.metadata, namespace: kustomization.namespace } }));

  function withImages(preset: LLMInferenceServiceConfig): LLMInferenceServiceConfig {
    const { template } = preset.spec ?? {};
    if (!template?.containers) return preset;
    const containers = template.containers.map((container) => {
      const tag = kustomization?.images.find((image) => image.name === container.image)?.newTag;
      return tag ? { ...container, image: `${container.image}:${tag}` } : container;
    });
    return { ...preset, spec: { ...preset.spec, template: { ...template, containers } } };
  }
}

function read(file: string): readonly unknown[] {
  return readDocuments(readFileSync(join(FOLDER, file), 'utf8'), file);
}
