/** Values that a structural schema describes, for fast-check. */
import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  dictionary,
  integer,
  letrec,
  oneof,
  record,
  string,
  stringMatching,
} from 'fast-check';
import { EXTERNAL, type ExternalSchema, type Schema } from '../../src/api/schema/builders.ts';

const MOST_ITEMS = 3;
/** Of the optional fields of an object one in so many is set: more, and nothing would be free of contradictions. */
const RARELY = 4;

/** Fields whose values schemas do not tell: by name, wherever they stand. */
const TELLING: Readonly<Record<string, Arbitrary<unknown>>> = {
  uri: constantFrom(
    'hf://org/model',
    'hf://Qwen/Qwen2.5-7B-Instruct',
    'pvc://claim/path',
    'pvc://claim',
    's3://b/k',
    'oci://r/i:1',
    'model',
    '',
  ),
  group: constantFrom('', 'gateway.networking.k8s.io', 'chat'),
  name: constantFrom('main', 'base-0', 'base-1', 'base-2', 'kserve-ingress-gateway', 'x', 'org/model'),
  namespace: constantFrom('default', 'kserve', 'nowhere'),
};

/** Values that the schema allows; rules across fields are not asked, so that admission has something to do. */
export function valueOf(schema: Schema, field = ''): Arbitrary<unknown> {
  if (schema[EXTERNAL]) return EXTERNALS[schema[EXTERNAL]];
  if (schema.enum) return constantFrom(...schema.enum);
  if (schema['x-kubernetes-int-or-string'])
    return oneof(integer({ min: 0, max: 9 }), constantFrom('25%', '100%', '1Gi', '0'));
  switch (schema.type) {
    case 'boolean':
      return boolean();
    case 'integer':
    case 'number':
      return integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 16, 70_000) });
    case 'array':
      return array(valueOf(schema.items ?? {}, field), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? MOST_ITEMS, MOST_ITEMS),
      });
    case 'object':
      return objectOf(schema);
    default:
      return textOf(schema, field);
  }
}

function objectOf(schema: Schema): Arbitrary<unknown> {
  if (schema.additionalProperties) {
    return dictionary(constantFrom('a', 'example.com/b', 'constructor', 'c-d'), valueOf(schema.additionalProperties), {
      maxKeys: MOST_ITEMS,
    });
  }
  const { properties } = schema;
  if (!properties) return schema['x-kubernetes-preserve-unknown-fields'] ? anyJson : constant({});
  const fields = Object.entries(properties).map(([name, below]) => {
    const value = valueOf(below, name);
    return [name, schema.required?.includes(name) ? value : seldom(value)];
  });
  return record(Object.fromEntries(fields) as Record<string, Arbitrary<unknown>>).map(withoutUndefined);
}

function seldom(value: Arbitrary<unknown>): Arbitrary<unknown> {
  return oneof({ weight: RARELY - 1, arbitrary: constant(undefined) }, { weight: 1, arbitrary: value });
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}

function textOf({ pattern, minLength = 0, maxLength = 20 }: Schema, field: string): Arbitrary<unknown> {
  if (pattern) return stringMatching(new RegExp(pattern), { size: 'small' });
  const free = string({ minLength, maxLength: Math.min(maxLength, Math.max(minLength, 20)) });
  const telling = Object.hasOwn(TELLING, field) ? TELLING[field] : undefined;
  return telling
    ? oneof({ weight: 9, arbitrary: telling }, { weight: 1, arbitrary: free })
    : oneof(constantFrom('a', 'x1', 'default'), free);
}

/** Small JSON of any shape. */
export const anyJson: Arbitrary<unknown> = letrec((tie) => ({
  value: oneof(
    { depthSize: 'small', withCrossShrink: true },
    constant(null),
    boolean(),
    integer(),
    string(),
    tie('list'),
    tie('map'),
  ),
  list: array(tie('value'), { maxLength: MOST_ITEMS }),
  map: dictionary(constantFrom('a', 'name', 'kind', 'plugins', '__proto__', 'toString'), tie('value'), {
    maxKeys: MOST_ITEMS,
  }),
})).value;

const env = array(record({ name: constantFrom('A', 'B', 'HF_TOKEN'), value: constantFrom('', '1', '{{ .Name }}') }), {
  maxLength: MOST_ITEMS,
});
const quantities = dictionary(
  constantFrom('cpu', 'memory', 'nvidia.com/gpu'),
  constantFrom('1', '500m', '1Gi', '0', 2),
  { maxKeys: 2 },
);
const container = record(
  {
    name: constantFrom('main', 'side', 'storage-initializer'),
    image: constantFrom('vllm/vllm-openai:v0.32.0', 'busybox'),
    args: array(constantFrom('--enable-lora', '--port', '{{ .Spec.Model.Name }}'), { maxLength: MOST_ITEMS }),
    env,
    resources: record({ limits: quantities, requests: quantities }, { requiredKeys: [] }),
    ports: array(record({ containerPort: integer({ min: 1, max: 65_535 }) }), { maxLength: 2 }),
    volumeMounts: array(record({ name: constantFrom('v', 'w'), mountPath: constantFrom('/v', '/mnt/models') }), {
      maxLength: 2,
    }),
  },
  { requiredKeys: ['name'] },
);

const EXTERNALS: Readonly<Record<ExternalSchema, Arbitrary<unknown>>> = {
  PodSpec: record(
    {
      containers: array(container, { maxLength: 2 }),
      initContainers: array(container, { maxLength: 1 }),
      volumes: array(record({ name: constantFrom('v', 'w'), emptyDir: constant({}) }), { maxLength: 2 }),
      nodeSelector: dictionary(constantFrom('a', 'b'), constantFrom('1', '')),
      terminationGracePeriodSeconds: integer({ min: 0, max: 600 }),
      serviceAccountName: constantFrom('default', 'nobody'),
    },
    { requiredKeys: [] },
  ),
  HTTPRouteSpec: record(
    {
      parentRefs: array(
        record({ name: constantFrom('kserve-ingress-gateway', 'x'), namespace: constantFrom('kserve', 'default') }),
        { maxLength: 2 },
      ),
      hostnames: array(constantFrom('example.com', '*.example.com'), { maxLength: 2 }),
      rules: array(
        record(
          {
            matches: constant([{ path: { type: 'PathPrefix', value: '/a' } }]),
            backendRefs: constant([{ name: 'a', port: 80 }]),
          },
          { requiredKeys: [] },
        ),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: [] },
  ),
  PersistentVolumeClaimSpec: record(
    { accessModes: constant(['ReadWriteMany']), resources: constant({ requests: { storage: '1Gi' } }) },
    { requiredKeys: [] },
  ),
};
