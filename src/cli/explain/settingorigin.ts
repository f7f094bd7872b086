import { CONFIG_MAP } from '../../api/children.ts';
import { isPlainObject } from '../../api/object.ts';
import type { Settings } from '../../api/settings.ts';
import type { About, Explained } from './about.ts';
import { SETTINGS_CONFIG_MAP } from '../input/settings.ts';

/** The settings that values come from, by their place in the ConfigMap: the key, and the field of the JSON in it. */
const SETTINGS: Readonly<Record<string, (settings: Settings) => unknown>> = {
  'ingress.kserveIngressGateway': ({ ingressGateway: { namespace, name } }) => `${namespace}/${name}`,
  'ingress.enableLLMInferenceServiceTLS': ({ enableTLS }) => enableTLS,
  'ingress.modelBasedRoutingHeaderName': ({ modelBasedRoutingHeaderName }) => modelBasedRoutingHeaderName,
  'storageInitializer.image': ({ storageInitializer }) => storageInitializer.image,
  'storageInitializer.cpuRequest': ({ storageInitializer }) => storageInitializer.cpuRequest,
  'storageInitializer.cpuLimit': ({ storageInitializer }) => storageInitializer.cpuLimit,
  'storageInitializer.memoryRequest': ({ storageInitializer }) => storageInitializer.memoryRequest,
  'storageInitializer.memoryLimit': ({ storageInitializer }) => storageInitializer.memoryLimit,
};

/** The option that names the system namespace; it stands in no ConfigMap. */
export const SYSTEM_NAMESPACE = '--system-namespace';

/** Where a setting comes from: the ConfigMap that says it, else a default. */
export function explainSetting(name: string, about: About): Explained {
  const { settings, configMap } = about;
  if (name === SYSTEM_NAMESPACE) {
    return { path: name, value: settings.systemNamespace, layers: [], rule: 'option of the command line' };
  }
  const value = SETTINGS[name]?.(settings);
  const source = { kind: CONFIG_MAP.kind, namespace: settings.systemNamespace, name: SETTINGS_CONFIG_MAP };
  const [key = '', field = ''] = name.split('.');
  const path = `${source.kind} ${source.namespace}/${source.name} data.${name}`;
  if (!configMap) return { path, value, layers: [], rule: 'built-in default: no ConfigMap of the settings is read' };
  const said = fieldOf(configMap, key, field);
  if (said === undefined) return { path, value, layers: [], rule: 'built-in default: the ConfigMap does not say it' };
  const place = about.placeOf(source, `data.${key}`);
  return { path, value, layers: [{ source, role: 'Settings', value: said, ...place }] };
}

function fieldOf(configMap: object, key: string, field: string): unknown {
  const { data } = configMap as { readonly data?: unknown };
  const text = isPlainObject(data) ? data[key] : undefined;
  if (typeof text !== 'string') return undefined;
  try {
    const section: unknown = JSON.parse(text);
    return isPlainObject(section) ? section[field] : undefined;
  } catch {
    // The settings have a complaint about it, and the default is in force.
    return undefined;
  }
}
