import { EXTERNAL, type ExternalSchema } from '../../src/api/schema/builders.ts';
import type { Json } from './sources.ts';

type Flavour = 'small' | 'full';

/** What structural schemas of a CRD refuse, and what a description of a user's field does not need. */
const DROPPED = [
  'description',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-patch-strategy',
  'x-kubernetes-unions',
  'x-kubernetes-group-version-kind',
];
/** What templated values of a config would violate (KServe strips the same). */
const NOT_FOR_TEMPLATES = [
  'pattern',
  'x-kubernetes-validations',
  'minLength',
  'minItems',
  'minProperties',
  'enum',
  'maxLength',
];

/**
 * The definition with each external schema put in its place.
 * - small: pod templates and route specs stay open (`x-kubernetes-preserve-unknown-fields`);
 * - full: every field. No defaults but those that list keys need and those within the lists of a route, on which its own
 *   rules rely: a layer replaces such a list as a whole, so they override nothing. No required `containers`; in configs,
 *   nothing that a template such as `{{ .ObjectMeta.Name }}` would violate.
 */
export function fill(definition: unknown, sources: Record<ExternalSchema, Json>, flavour: Flavour): unknown {
  const templates =
    (definition as { spec: { names: { kind: string } } }).spec.names.kind === 'LLMInferenceServiceConfig';
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const source = (value as Record<symbol, unknown>)[EXTERNAL] as ExternalSchema | undefined;
    const own = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)]));
    if (source === undefined) return own;
    if (flavour === 'small') return { ...own, 'x-kubernetes-preserve-unknown-fields': true };
    const { required: _required, ...schema } = adapt(sources[source], {
      templates,
      defaults: !templates && source === 'HTTPRouteSpec' ? 'in lists' : 'none',
    }) as Json;
    return { ...schema, ...own };
  };
  return walk(definition);
}

interface Adapting {
  /** Whether values may be templates. */
  readonly templates: boolean;
  readonly defaults: 'none' | 'in lists' | 'all';
}

function adapt(value: unknown, options: Adapting): unknown {
  if (Array.isArray(value)) return value.map((item) => adapt(item, options));
  if (typeof value !== 'object' || value === null) return value;
  const dropped = [
    ...DROPPED,
    ...(options.templates ? NOT_FOR_TEMPLATES : []),
    ...(options.defaults === 'all' ? [] : ['default']),
  ];
  const node: Json = {};
  for (const [key, item] of Object.entries(value as Json)) {
    if (key === 'properties') node[key] = properties(item as Json, options);
    else if (dropped.includes(key)) continue;
    else if (key === 'items' && options.defaults === 'in lists')
      node[key] = adapt(item, { ...options, defaults: 'all' });
    else node[key] = key === 'default' ? item : adapt(item, options);
  }
  return withListKeyDefaults(node, value as Json);
}

/** Here a key is a field name, so one that is called `description` or `pattern` stays. */
function properties(fields: Json, options: Adapting): Json {
  return Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name, adapt(schema, options)]));
}

/** The API server demands a default for each list key that is not required, such as `protocol` of a port. */
function withListKeyDefaults(node: Json, original: Json): Json {
  const keys = node['x-kubernetes-list-map-keys'] as string[] | undefined;
  if (!keys) return node;
  const items = node['items'] as { properties: Record<string, Json>; required?: string[] };
  const before = (original['items'] as { properties: Record<string, Json>; required?: string[] }).properties;
  for (const key of keys) {
    const fallback = before[key]?.['default'];
    if (fallback !== undefined && fallback !== '' && items.properties[key]) items.properties[key]['default'] = fallback;
    else if (!items.required?.includes(key)) items.required = [...(items.required ?? []), key];
  }
  return node;
}
