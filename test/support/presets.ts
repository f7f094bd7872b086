import { fileURLToPath } from 'node:url';
import type { LLMInferenceServiceConfig } from '../../src/api/llmisvc.ts';
import { readPresets } from '../../src/cli/world/installed.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The presets as `kubectl apply -k` installs them: in the system namespace, with the tags of their images. */
export function installedPresets(): readonly LLMInferenceServiceConfig[] {
  return readPresets(ROOT);
}
