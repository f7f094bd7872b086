import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LLMInferenceServiceConfig } from '../../api/llmisvc.ts';
import type { KubeObject } from '../../api/object.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../api/settings.ts';
import { SETTINGS_CONFIG_MAP, settingsOf } from '../input/settings.ts';
import { parseYaml } from '../input/yaml.ts';

/** What the manifests of this version install, besides the operator itself. */
export interface Installed {
  readonly presets: readonly KubeObject[];
  readonly settings: Settings;
}

/** Put in by the build; absent when the program runs from its sources. */
declare const INSTALLED: Installed | undefined;

/** The presets and settings of this version: those of the build, or of the folder `manifests` beside the sources. */
export async function installed(): Promise<Installed> {
  return typeof INSTALLED === 'undefined' ? readInstalled(join(import.meta.dirname, '..', '..', '..')) : INSTALLED;
}

interface Kustomization {
  readonly namespace: string;
  readonly resources: readonly string[];
  readonly images?: readonly { readonly name: string; readonly newTag: string }[];
}

/**
 * Presets and settings as `kubectl apply -k` installs them: in the system namespace, with the tags of their images.
 *
 * @param root the folder of the project
 */
export async function readInstalled(root: string): Promise<Installed> {
  const configMaps = kustomized(join(root, 'manifests', 'base', 'settings'));
  const configMap = configMaps.find(({ metadata }) => metadata.name === SETTINGS_CONFIG_MAP);
  if (!configMap) throw new Error(`manifests/base/settings has no ConfigMap ${SETTINGS_CONFIG_MAP}`);
  const { settings, complaints } = await settingsOf(configMap, DEFAULT_SETTINGS);
  if (complaints.length > 0) throw new Error(`manifests/base/settings: ${complaints.join(' ')}`);
  return { presets: readPresets(root), settings };
}

/**
 * The presets as `kubectl apply -k` installs them.
 *
 * @param root the folder of the project
 */
export function readPresets(root: string): readonly LLMInferenceServiceConfig[] {
  return kustomized(join(root, 'manifests', 'base', 'presets')) as readonly LLMInferenceServiceConfig[];
}

function kustomized(folder: string): readonly KubeObject[] {
  const [kustomization] = documentsOf(join(folder, 'kustomization.yaml')) as readonly Kustomization[];
  if (!kustomization) throw new Error(`${folder}/kustomization.yaml is empty`);
  const { namespace, resources, images = [] } = kustomization;
  const tags = new Map(images.map(({ name, newTag }) => [name, newTag]));
  return resources
    .flatMap((file) => documentsOf(join(folder, file)) as readonly KubeObject[])
    .map((object) => tagged({ ...object, metadata: { ...object.metadata, namespace } }, tags));
}

function documentsOf(file: string): readonly unknown[] {
  return parseYaml(readFileSync(file, 'utf8')).map(({ document }) => document.toJS() as unknown);
}

/** The object with the new tag at every `image` that names one of the images. */
function tagged<T>(value: T, tags: ReadonlyMap<string, string>): T {
  if (Array.isArray(value)) return value.map((item: unknown) => tagged(item, tags)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]: [string, unknown]) => {
    const tag = key === 'image' ? tags.get(String(item)) : undefined;
    return [key, tag === undefined ? tagged(item, tags) : `${String(item)}:${tag}`];
  });
  return Object.fromEntries(entries) as T;
}
