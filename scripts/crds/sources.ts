import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export type Json = Record<string, unknown>;

/** The schema of a type of core/v1 from Kubernetes' OpenAPI document, with all references resolved. */
export function coreType(kubernetes: string, type: 'PodSpec' | 'PersistentVolumeClaimSpec'): Json {
  const file = join(kubernetes, 'api/openapi-spec/v3/api__v1_openapi.json');
  const document = JSON.parse(readFileSync(file, 'utf8')) as { components: { schemas: Record<string, Json> } };
  return resolveReferences(
    { $ref: `#/components/schemas/io.k8s.api.core.v1.${type}` },
    document.components.schemas,
  ) as Json;
}

/** The schema of HTTPRouteSpec (v1) from the Gateway API's CRDs, which Envoy Gateway's chart carries. */
export function httpRouteSpec(envoyGateway: string): Json {
  const file = join(envoyGateway, 'charts/gateway-helm/charts/crds/crds/gatewayapi-crds.yaml');
  for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
    const crd = document.toJS() as {
      metadata?: { name?: string };
      spec: { versions: { name: string; schema: { openAPIV3Schema: { properties: { spec: Json } } } }[] };
    } | null;
    if (crd?.metadata?.name !== 'httproutes.gateway.networking.k8s.io') continue;
    const version = crd.spec.versions.find(({ name }) => name === 'v1');
    if (version) return version.schema.openAPIV3Schema.properties.spec;
  }
  throw new Error(`${file} has no HTTPRoute v1`);
}

const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/** OpenAPI v3 to a structural schema: references and their `allOf` wrappers inlined, Kubernetes' two special types named. */
function resolveReferences(value: unknown, schemas: Record<string, Json>): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, schemas));
  if (typeof value !== 'object' || value === null) return value;
  const node = value as Json;
  const reference = referenceOf(node);
  if (reference !== undefined) {
    const { allOf: _allOf, $ref: _ref, ...beside } = node;
    const name = reference.replace('#/components/schemas/', '');
    if (name === INT_OR_STRING || name === QUANTITY) return { ...beside, 'x-kubernetes-int-or-string': true };
    return { ...(resolveReferences(schemas[name], schemas) as Json), ...beside };
  }
  if (Array.isArray(node['oneOf']) && node['format'] === 'int-or-string') return { 'x-kubernetes-int-or-string': true };
  return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, resolveReferences(item, schemas)]));
}

function referenceOf(node: Json): string | undefined {
  if (typeof node['$ref'] === 'string') return node['$ref'];
  const only = Array.isArray(node['allOf']) && node['allOf'].length === 1 ? (node['allOf'][0] as Json) : undefined;
  return typeof only?.['$ref'] === 'string' ? only['$ref'] : undefined;
}
