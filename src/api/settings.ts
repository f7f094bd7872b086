/**
 * What the core needs to know of the installation. The shell reads it from flags, environment and the ConfigMap
 * `inferenceservice-config`, validates it and hands it in.
 */
export interface Settings {
  readonly systemNamespace: string;
  /** Prefix of the well-known configs, such as `llmisvc-` or KServe's `kserve-`. */
  readonly configPrefix: string;
  /** Whether the names of well-known configs are pinned in `status.annotations`. */
  readonly versionedConfigs: boolean;
  readonly ingressGateway: { readonly namespace: string; readonly name: string };
  readonly urlScheme: 'http' | 'https';
  readonly enableTLS: boolean;
  readonly modelBasedRoutingHeaderName: string;
  readonly modelBasedRoutingMode: 'enabled' | 'forced' | 'disabled';
  readonly storageInitializer: {
    readonly image: string;
    readonly cpuRequest: string;
    readonly cpuLimit: string;
    readonly memoryRequest: string;
    readonly memoryLimit: string;
  };
  readonly clusterDomain: string;
  /** Replaces the `*` of a wildcard listener host name in URLs. */
  readonly wildcardHostname: string;
  /** Why the settings of the cluster are not known; then nothing is changed for any service. One or more sentences. */
  readonly unusable?: string;
}

export const DEFAULT_SETTINGS: Settings = {
  systemNamespace: 'kserve',
  configPrefix: 'llmisvc-',
  versionedConfigs: true,
  ingressGateway: { namespace: 'kserve', name: 'kserve-ingress-gateway' },
  urlScheme: 'http',
  enableTLS: false,
  modelBasedRoutingHeaderName: 'X-Gateway-Model-Name',
  modelBasedRoutingMode: 'enabled',
  storageInitializer: {
    image: 'kserve/storage-initializer:latest',
    cpuRequest: '100m',
    cpuLimit: '1',
    memoryRequest: '100Mi',
    memoryLimit: '1Gi',
  },
  clusterDomain: 'cluster.local',
  wildcardHostname: 'inference',
};
