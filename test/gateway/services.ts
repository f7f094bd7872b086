export interface ServiceParts {
  /** Environment of container main. */
  readonly env?: Readonly<Record<string, string>>;
  /** Name of a Gateway in the service's namespace, instead of the default one. */
  readonly gateway?: string;
  readonly replicas?: number;
}

/** A service of the namespace `default` that serves `model-of-<name>`, as YAML (JSON is YAML). */
export function service(name: string, { env = {}, gateway, replicas = 1 }: ServiceParts = {}): string {
  const variables = Object.entries(env).map(([key, value]) => ({ name: key, value }));
  return JSON.stringify({
    apiVersion: 'serving.kserve.io/v1alpha2',
    kind: 'LLMInferenceService',
    metadata: { name, namespace: 'default' },
    spec: {
      model: { uri: 'hf://org/model', name: `model-of-${name}` },
      replicas,
      ...(variables.length > 0 && { template: { containers: [{ name: 'main', env: variables }] } }),
      router: { route: {}, gateway: gateway === undefined ? {} : { refs: [{ name: gateway }] } },
    },
  });
}
