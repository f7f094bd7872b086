/**
 * The fields of the API, with the JSON type that each must have. What else a layer says is refused, because leaving it out
 * would serve something else than what was asked for.
 */
import { isPlainObject, withoutNulls } from '../api/object.ts';
import type { Step } from './paths.ts';

/** What is wrong with one field of a layer. `allowed` is absent when the API has no such field. */
export interface Fault {
  readonly path: readonly Step[];
  readonly found: string;
  readonly allowed?: string;
}

type Shape =
  | 'string'
  | 'integer'
  | 'boolean'
  | 'integer or string'
  | 'quantity'
  | 'anything'
  | { readonly fields: Readonly<Record<string, Shape>>; readonly open?: true }
  | { readonly list: Shape }
  | { readonly map: Shape };

const object = (fields: Readonly<Record<string, Shape>>): Shape => ({ fields });
/** An object of which only the fields that we look into are described. */
const partly = (fields: Readonly<Record<string, Shape>>): Shape => ({ fields, open: true });
const STRINGS: Shape = { map: 'string' };
const NAMED: Shape = { list: partly({ name: 'string' }) };
const RESOURCES = partly({ requests: { map: 'quantity' }, limits: { map: 'quantity' }, claims: NAMED });

const CONTAINERS: Shape = {
  list: partly({
    name: 'string',
    image: 'string',
    command: { list: 'string' },
    args: { list: 'string' },
    env: { list: partly({ name: 'string', value: 'string' }) },
    ports: { list: partly({ containerPort: 'integer' }) },
    volumeMounts: { list: partly({ name: 'string', mountPath: 'string' }) },
    resources: RESOURCES,
  }),
};

const NAMED_VALUES: Shape = { list: partly({ type: 'string', name: 'string', value: 'string' }) };
const REFERENCE: Readonly<Record<string, Shape>> = {
  group: 'string',
  kind: 'string',
  namespace: 'string',
  name: 'string',
  port: 'integer',
};

const ROUTE: Shape = partly({
  parentRefs: { list: partly({ ...REFERENCE, sectionName: 'string' }) },
  hostnames: { list: 'string' },
  rules: {
    list: partly({
      matches: {
        list: partly({
          path: partly({ type: 'string', value: 'string' }),
          headers: NAMED_VALUES,
          queryParams: NAMED_VALUES,
          method: 'string',
        }),
      },
      filters: {
        list: partly({
          type: 'string',
          urlRewrite: partly({
            path: partly({ type: 'string', replacePrefixMatch: 'string', replaceFullPath: 'string' }),
          }),
        }),
      },
      backendRefs: { list: partly({ ...REFERENCE, weight: 'integer', filters: { list: partly({}) } }) },
    }),
  },
});

const POD: Shape = partly({
  containers: CONTAINERS,
  initContainers: CONTAINERS,
  volumes: NAMED,
  imagePullSecrets: NAMED,
  resourceClaims: NAMED,
  serviceAccountName: 'string',
  terminationGracePeriodSeconds: 'integer',
  resources: RESOURCES,
});

const KEDA: Readonly<Record<string, Shape>> = {
  pollingInterval: 'integer',
  cooldownPeriod: 'integer',
  initialCooldownPeriod: 'integer',
  idleReplicaCount: 'integer',
  fallback: object({ failureThreshold: 'integer', replicas: 'integer', behavior: 'string' }),
  advanced: object({
    horizontalPodAutoscalerConfig: object({ behavior: partly({}), name: 'string' }),
    restoreToOriginalReplicaCount: 'boolean',
    scalingModifiers: STRINGS,
  }),
};

const WORKLOAD: Readonly<Record<string, Shape>> = {
  replicas: 'integer',
  scaling: object({
    minReplicas: 'integer',
    maxReplicas: 'integer',
    wva: object({ variantCost: 'string', hpa: object({ behavior: partly({}) }), keda: object(KEDA) }),
    keda: object({ ...KEDA, triggers: { list: partly({ type: 'string', metadata: STRINGS }) } }),
  }),
  parallelism: object({
    tensor: 'integer',
    pipeline: 'integer',
    data: 'integer',
    dataLocal: 'integer',
    dataRPCPort: 'integer',
    expert: 'boolean',
  }),
  labels: STRINGS,
  annotations: STRINGS,
  template: POD,
  worker: POD,
  kvCacheOffloading: object({
    cpu: 'quantity',
    evictionPolicy: 'string',
    secondary: {
      list: object({
        fileSystem: object({
          emptyDir: object({ size: 'quantity' }),
          pvc: object({ spec: partly({}), ref: object({ name: 'string', path: 'string' }) }),
        }),
      }),
    },
  }),
  rolloutStrategy: object({ maxUnavailable: 'integer or string', maxSurge: 'integer or string' }),
};

const SCHEDULER: Shape = object({
  replicas: 'integer',
  labels: STRINGS,
  annotations: STRINGS,
  template: POD,
  pool: object({
    ref: object({ name: 'string' }),
    spec: object({
      selector: partly({ matchLabels: STRINGS }),
      targetPorts: { list: object({ number: 'integer' }) },
      // These two are left of v1alpha1's shape when the other one is there as well.
      targetPortNumber: 'integer',
      extensionRef: partly({}),
      appProtocol: 'string',
      endpointPickerRef: object({
        group: 'string',
        kind: 'string',
        name: 'string',
        port: object({ number: 'integer' }),
        failureMode: 'string',
      }),
    }),
  }),
  config: object({ inline: partly({}), ref: object({ name: 'string', key: 'string', optional: 'boolean' }) }),
  tokenizer: object({ template: POD }),
});

const SPEC: Shape = object({
  model: object({
    uri: 'string',
    name: 'string',
    // Without effect in KServe, too.
    criticality: 'string',
    lora: object({
      adapters: { list: partly({ name: 'string', uri: 'string' }) },
      maxRank: 'integer',
      maxAdapters: 'integer',
      maxCpuAdapters: 'integer',
    }),
    confidential: object({ enabled: 'boolean', resourceId: 'string' }),
  }),
  storageInitializer: object({ enabled: 'boolean' }),
  ...WORKLOAD,
  prefill: object(WORKLOAD),
  router: object({
    route: object({
      http: object({
        refs: { list: object({ name: 'string' }) },
        spec: ROUTE,
      }),
      group: 'string',
      weight: 'integer',
    }),
    gateway: object({ refs: { list: object({ name: 'string', namespace: 'string', sectionName: 'string' }) } }),
    ingress: object({ refs: { list: object({ name: 'string', namespace: 'string' }) } }),
    scheduler: SCHEDULER,
  }),
  tracing: object({ exporterEndpoint: 'string', exporter: 'string', sampler: 'string', samplerArg: 'string' }),
  baseRefs: { list: object({ name: 'string' }) },
});

const known = new WeakMap<object, readonly Fault[]>();

/** All fields of a layer's spec that the API does not have or that have the wrong type. Absent and empty values are fine. */
export function faults(spec: object): readonly Fault[] {
  let found = known.get(spec);
  if (!found) {
    found = check(spec, SPEC, []);
    known.set(spec, found);
  }
  return found;
}

/** The spec without what is wrong with it, and without null, for those who look at a spec that cannot be combined. */
export function sound<T extends object>(spec: T): T {
  return faults(spec).reduce<unknown>((left, { path }) => without(left, path), withoutNulls(spec)) as T;
}

/** Without the field at the path, or, where it leads to an item, without the list, whose other items keep their places. */
function without(from: unknown, [key, ...rest]: readonly Step[]): unknown {
  if (Array.isArray(from)) {
    const items: readonly unknown[] = from;
    return rest.length === 0 ? undefined : items.map((item, index) => (index === key ? without(item, rest) : item));
  }
  if (!isPlainObject(from) || typeof key !== 'string') return from;
  const { [key]: below, ...others } = from;
  const left = rest.length === 0 ? undefined : without(below, rest);
  return left === undefined ? others : { ...others, [key]: left };
}

function check(value: unknown, shape: Shape, path: readonly Step[]): readonly Fault[] {
  if (value === undefined || value === null || shape === 'anything') return [];
  if (typeof shape === 'string') return isOf(value, shape) ? [] : [wrongType(value, shape, path)];
  if ('list' in shape) {
    if (!Array.isArray(value)) return [wrongType(value, 'a list', path)];
    return value.flatMap((item, index) =>
      item === null
        ? [wrongType(item, 'an item that is not null', [...path, index])]
        : check(item, shape.list, [...path, index]),
    );
  }
  if (!isPlainObject(value)) return [wrongType(value, 'an object', path)];
  // As an API server gives them back, so that a file has the same said in the same order.
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  if ('map' in shape) return entries.flatMap(([key, item]) => check(item, shape.map, [...path, key]));
  return entries.flatMap(([key, item]) => {
    if (Object.hasOwn(shape.fields, key)) return check(item, shape.fields[key] as Shape, [...path, key]);
    return shape.open || isEmpty(item) ? [] : [{ path: [...path, key], found: shown(item) }];
  });
}

function isOf(value: unknown, shape: Extract<Shape, string>): boolean {
  switch (shape) {
    case 'string':
      return typeof value === 'string';
    case 'integer':
      return Number.isInteger(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer or string':
      return typeof value === 'string' || Number.isInteger(value);
    case 'quantity':
      return typeof value === 'string' || typeof value === 'number';
    case 'anything':
      return true;
  }
}

function wrongType(value: unknown, allowed: string, path: readonly Step[]): Fault {
  return {
    path,
    found: shown(value),
    allowed: /^an? /.test(allowed) ? allowed : /^[aeiou]/.test(allowed) ? `an ${allowed}` : `a ${allowed}`,
  };
}

const LONGEST_SHOWN = 60;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isPlainObject(value) && Object.values(value).every(isEmpty);
}
