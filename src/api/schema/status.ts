/** What the operator reports, field by field, after KServe's API, the same in both versions. */
import { boolean, integer, list, map, object, type Schema, string } from './builders.ts';
import { groupName, kindName, namespace, objectName, port, sectionName } from './scalars.ts';

const REFERENCE = ['group', 'kind', 'name'] as const;
const reference = (extra: Record<string, Schema> = {}): Schema =>
  object(
    { group: groupName(), kind: kindName(), name: objectName(), namespace: namespace(), ...extra },
    { required: REFERENCE },
  );

const workload = (): Schema =>
  object(
    { apiGroup: string(), kind: string(), name: string(), readyReplicas: integer() },
    { required: ['kind', 'name'], 'x-kubernetes-map-type': 'atomic' },
  );

const conditions = (): Schema =>
  list(
    object(
      {
        type: string(),
        status: string(),
        severity: string(),
        reason: string(),
        message: string(),
        lastTransitionTime: string(),
      },
      { required: ['type', 'status'] },
    ),
  );

const observed = (): Record<string, Schema> => ({
  observedGeneration: { type: 'integer', format: 'int64' },
  conditions: conditions(),
  annotations: map(string()),
});

const address = (): Record<string, Schema> => ({
  name: string(),
  url: string(),
  CACerts: string(),
  audience: string(),
});

const group = (): Schema =>
  object(
    {
      name: string(),
      members: {
        ...list(
          object(
            {
              name: string(),
              weight: integer(),
              stopped: boolean(),
              backendRef: object(
                { group: groupName(), kind: kindName(), name: objectName(), namespace: namespace(), port: port() },
                { required: ['name'] },
              ),
            },
            { required: ['name', 'weight'] },
          ),
          { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
        ),
      },
    },
    { required: ['name'] },
  );

/** The schema of `LLMInferenceServiceStatus`. */
export function serviceStatusSchema(): Schema {
  return object({
    ...observed(),
    url: string({ description: 'The base URL: append /v1/chat/completions.' }),
    address: object(address()),
    addresses: list(
      object({
        ...address(),
        origin: reference(),
        models: list(object({ name: string() }, { required: ['name'] })),
      }),
    ),
    appliedConfigs: list(
      object(
        { name: objectName(), namespace: namespace(), source: string({ enum: ['Preset', 'UserRef'] }) },
        { required: ['name', 'namespace', 'source'] },
      ),
    ),
    router: object({
      gateways: list(reference({ listeners: list(sectionName()), httpRoutes: list(reference()) })),
      scheduler: object({ inferencePool: reference(), service: reference() }),
      group: group(),
    }),
    workloads: object({ primary: workload(), prefill: workload(), scheduler: workload(), service: workload() }),
  });
}

/** The schema of `LLMInferenceServiceConfigStatus`. */
export function configStatusSchema(): Schema {
  return object({
    ...observed(),
    referencedBy: list(object({ name: string(), namespace: string() }, { required: ['name', 'namespace'] }), {
      description: 'The services that use this config: the first 500 of them by namespace and name.',
    }),
  });
}
