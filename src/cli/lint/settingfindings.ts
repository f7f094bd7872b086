import { CONFIG_MAP } from '../../api/children.ts';
import { isPlainObject, type KubeObject } from '../../api/object.ts';
import type { Settings } from '../../api/settings.ts';
import type { Finding } from './findings.ts';
import type { Located } from '../input/input.ts';
import { nearest } from './nearest.ts';
import { positionAt } from '../input/place.ts';
import { SETTINGS_CONFIG_MAP } from '../input/settings.ts';

/**
 * What nobody will read of the ConfigMap with the settings: the whole of it in another namespace, and keys that are almost
 * those which the operator reads. Keys of KServe's controller that are not are its own business.
 */
export function settingFindings({ object, place }: Located, { systemNamespace }: Settings): readonly Finding[] {
  if (object.kind !== CONFIG_MAP.kind || object.metadata.name !== SETTINGS_CONFIG_MAP) return [];
  const { data } = object as KubeObject & { readonly data?: unknown };
  const common = { severity: 'warning', file: place.file } as const;
  const { namespace } = object.metadata;
  // One that names no namespace gets it from elsewhere, such as a kustomization.
  const written = place.yaml.document.getIn([...place.base, 'metadata', 'namespace']) !== undefined;
  const elsewhere: Finding = {
    ...common,
    rule: 'SettingsNotRead',
    ...positionAt(place, ['metadata', 'namespace']),
    path: 'metadata.namespace',
    message: `The operator reads its settings in namespace ${systemNamespace}, and not in ${namespace}. Correct the namespace, or say with --system-namespace where the operator runs.`,
  };
  const unread = isPlainObject(data) ? misspelt(data, Object.keys(SECTIONS), TOP) : [];
  const below = Object.entries(SECTIONS).flatMap(([section, known]) =>
    misspelt(parsed(isPlainObject(data) ? data[section] : undefined), known, KSERVE[section] ?? []).map((fault) => ({
      ...fault,
      section,
    })),
  );
  return [
    ...(written && namespace !== systemNamespace ? [elsewhere] : []),
    ...[...unread.map((fault) => ({ ...fault, section: undefined })), ...below].map(({ key, meant, section }) => ({
      ...common,
      rule: 'UnknownSetting',
      ...positionAt(place, ['data', section ?? key]),
      path: ['data', section, key].filter((part) => part !== undefined).join('.'),
      message: `Nobody reads the setting ${key}. Did you mean ${meant}?`,
    })),
  ];
}

/** The keys that the operator reads, by section. */
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  ingress: [
    'enableGatewayApi',
    'kserveIngressGateway',
    'urlScheme',
    'enableLLMInferenceServiceTLS',
    'modelBasedRoutingHeaderName',
    'modelBasedRoutingMode',
  ],
  storageInitializer: ['image', 'cpuRequest', 'cpuLimit', 'memoryRequest', 'memoryLimit'],
};
/** Keys of KServe that could be taken for one of them. */
const KSERVE: Readonly<Record<string, readonly string[]>> = {
  ingress: [
    'ingressGateway',
    'ingressService',
    'ingressDomain',
    'ingressClassName',
    'additionalIngressDomains',
    'localGateway',
    'localGatewayService',
    'knativeLocalGatewayService',
    'domainTemplate',
    'pathTemplate',
    'disableIngressCreation',
    'disableIstioVirtualHost',
  ],
  storageInitializer: [
    'cpuModelcar',
    'memoryModelcar',
    'uidModelcar',
    'enableModelcar',
    'enableDirectPvcVolumeMount',
    'caBundleConfigMapName',
    'caBundleVolumeMountPath',
  ],
};
const TOP = ['inferenceService', 'localModel', 'storageSpec'];

function misspelt(
  values: unknown,
  known: readonly string[],
  others: readonly string[],
): readonly { readonly key: string; readonly meant: string }[] {
  const keys = isPlainObject(values) ? Object.keys(values) : [];
  return keys.flatMap((key) => {
    if (known.includes(key) || others.includes(key)) return [];
    const meant = nearest(key, [...known, ...others]);
    return meant !== undefined && known.includes(meant) && !keys.includes(meant) ? [{ key, meant }] : [];
  });
}

/** What is no JSON is said where the settings are read. */
function parsed(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
