import { CONFIG_MAP } from '../../src/api/children.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { SETTINGS_CONFIG_MAP } from '../../src/api/readsettings.ts';
import type { Settings } from '../../src/api/settings.ts';

/** The ConfigMap that says these settings. Those that it cannot say come from flags and environment. */
export function settingsConfigMap(settings: Settings): KubeObject {
  const { ingressGateway, urlScheme, enableTLS, storageInitializer, systemNamespace } = settings;
  const ingress = {
    kserveIngressGateway: `${ingressGateway.namespace}/${ingressGateway.name}`,
    urlScheme,
    enableLLMInferenceServiceTLS: enableTLS,
    modelBasedRoutingHeaderName: settings.modelBasedRoutingHeaderName,
    modelBasedRoutingMode: settings.modelBasedRoutingMode,
  };
  const data = { ingress: JSON.stringify(ingress), storageInitializer: JSON.stringify(storageInitializer) };
  const metadata = { name: SETTINGS_CONFIG_MAP.name, namespace: systemNamespace };
  return { ...CONFIG_MAP, metadata, data } as KubeObject;
}
