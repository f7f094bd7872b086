import { describe, type KubeObject } from '../api/object.ts';
import { readSettings, SETTINGS_CONFIG_MAP } from '../api/readsettings.ts';
import type { Settings } from '../api/settings.ts';
import type { Log } from '../kube/log.ts';

/** The settings in force, and the ConfigMap that they are read from. */
export interface LiveSettings {
  /** Marked `unusable` until the ConfigMap has been understood once. */
  current(): Settings;
  /** Whether the ConfigMap exists and all of it can be used. */
  valid(): boolean;
  /** Takes the ConfigMap as it is now; undefined when there is none. A bad key keeps its last good value. */
  take(configMap: KubeObject | undefined): void;
}

/** Settings that follow the ConfigMap. `onChange` is called after values changed. */
export function createLiveSettings(base: Settings, log: Log, onChange: (settings: Settings) => void): LiveSettings {
  const object = describe({ ...SETTINGS_CONFIG_MAP, namespace: base.systemNamespace });
  const without = (why: readonly string[]): Settings => ({ ...base, unusable: `${object}: ${why.join(' ')}` });
  let settings = without(["It could not be read. Give the operator's ServiceAccount the right to list and watch it."]);
  let good: Settings | undefined;
  let valid = false;
  return {
    current: () => settings,
    valid: () => valid,
    take(configMap) {
      const before = settings;
      const reading = readSettings(configMap, base, good);
      if (reading.usable) good = reading.settings;
      settings = good ?? without(reading.complaints);
      valid = reading.complaints.length === 0;
      for (const sentence of [...reading.complaints, ...reading.remarks]) log.warn({ object }, sentence);
      if (JSON.stringify(before) === JSON.stringify(settings)) return;
      log.info({ object, settings }, 'The settings changed.');
      onChange(settings);
    },
  };
}
