import type { KubeObject } from '../api/object.ts';
import type { Settings } from '../api/settings.ts';
import { readSettings, SETTINGS_CONFIG_MAP } from '../api/readsettings.ts';
import type { Log } from '../kube/log.ts';

/** The settings in force, and the ConfigMap that they are read from. */
export interface LiveSettings {
  current(): Settings;
  valid(): boolean;
  /** Takes the ConfigMap as it is now; undefined when there is none. A bad key keeps its last good value. */
  take(configMap: KubeObject | undefined): void;
}

/** Settings that follow the ConfigMap. `onChange` is called after values changed. */
export function createLiveSettings(base: Settings, log: Log, onChange: (settings: Settings) => void): LiveSettings {
  let settings = base;
  let valid = false;
  return {
    current: () => settings,
    valid: () => valid,
    take(configMap) {
      const before = settings;
      const reading = readSettings(configMap, base, before);
      settings = reading.settings;
      valid = reading.complaints.length === 0;
      const object = `ConfigMap ${base.systemNamespace}/${SETTINGS_CONFIG_MAP.name}`;
      for (const complaint of reading.complaints) log.warn({ object }, complaint);
      if (JSON.stringify(before) === JSON.stringify(settings)) return;
      log.info({ object, settings }, 'The settings changed.');
      onChange(settings);
    },
  };
}
