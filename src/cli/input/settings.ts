import { CONFIG_MAP } from '../../api/children.ts';
import type { KubeObject } from '../../api/object.ts';
import type { SettingsReading } from '../../api/readsettings.ts';
import type { Settings } from '../../api/settings.ts';

/** The ConfigMap of the system namespace that holds the settings. */
export const SETTINGS_CONFIG_MAP = 'inferenceservice-config';

/** Whether the object is the ConfigMap of the settings. */
export function isSettings(object: KubeObject, systemNamespace: string): boolean {
  const { name, namespace } = object.metadata;
  return object.kind === CONFIG_MAP.kind && name === SETTINGS_CONFIG_MAP && namespace === systemNamespace;
}

/** The settings as the operator reads them from the ConfigMap. `base` holds where it says nothing. */
export async function settingsOf(configMap: KubeObject, base: Settings): Promise<SettingsReading> {
  // Loaded only when there is a ConfigMap to read: the checks take longer to load than a command takes.
  const { readSettings } = await import('../../api/readsettings.ts');
  return readSettings(configMap, base);
}
