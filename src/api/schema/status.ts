/** What the operator reports, field by field, after KServe's v1alpha2 API. */
import { integer, list, map, object, type Schema, string } from './builders.ts';

const reference = (extra: Record<string, Schema> = {}): Schema =>
  object(
    { group: string(), kind: string(), name: string(), namespace: string(), ...extra },
    { required: ['group', 'kind', 'name'] },
  );

const workload = (): Schema =>
  object(
    { apiGroup: string(), kind: string(), name: string(), readyReplicas: integer() },
    { required: ['kind', 'name'], 'x-kubernetes-map-type': 'atomic' },
  );

const conditions = (): Schema => ({
  ...list(
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
  ),
});

const observed = (): Record<string, Schema> => ({
  observedGeneration: { type: 'integer', format: 'int64' },
  conditions: conditions(),
  annotations: map(string()),
});

export function serviceStatusSchema(): Schema {
  return object({
    ...observed(),
    url: string({ description: 'The base URL: append /v1/chat/completions.' }),
    addresses: list(
      object({
        name: string(),
        url: string(),
        origin: reference(),
        models: list(object({ name: string() }, { required: ['name'] })),
      }),
    ),
    appliedConfigs: list(
      object(
        { name: string(), namespace: string(), source: string({ enum: ['Preset', 'UserRef'] }) },
        { required: ['name', 'namespace', 'source'] },
      ),
    ),
    router: object({ gateways: list(reference({ listeners: list(string()), httpRoutes: list(reference()) })) }),
    workloads: object({ primary: workload(), service: workload() }),
  });
}

export function configStatusSchema(): Schema {
  return object({
    ...observed(),
    referencedBy: list(object({ name: string(), namespace: string() }, { required: ['name', 'namespace'] }), {
      description: 'The services that use this config: the first 500 of them by namespace and name.',
    }),
  });
}
