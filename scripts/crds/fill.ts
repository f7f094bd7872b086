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
 * - full: every field. No defaults but those that list keys need, no required `containers`; in configs, nothing that a
 *   template such as `{{ .ObjectMeta.Name }}` would violate.
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
    const { required: _required, ...schema } = adapt(sources[source], templates) as Json;
    return { ...schema, ...own };
  };
  return walk(definition);
}

function adapt(value: unknown, templates: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => adapt(item, templates));
  if (typeof value !== 'object' || value === null) return value;
  const dropped = templates ? [...DROPPED, ...NOT_FOR_TEMPLATES] : DROPPED;
  const node: Json = {};
  for (const [key, item] of Object.entries(value as Json)) {
    if (key === 'properties') node[key] = properties(item as Json, templates);
    else if (key === 'default' || dropped.includes(key)) continue;
    else node[key] = adapt(item, templates);
  }
  return withListKeyDefaults(node, value as Json);
}

/** Here a key is a field name, so one that is called `description` or `pattern` stays. */
function properties(fields: Json, templates: boolean): Json {
  return Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name, adapt(schema, templates)]));
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
