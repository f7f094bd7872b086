/** The two CustomResourceDefinitions, assembled: names, versions, printer columns and schemas. */
import { SERVING_GROUP } from '../llmisvc.ts';
import { type Rule, type Schema, object } from './builders.ts';
import { has } from './cel.ts';
import { specSchema } from './spec.ts';
import { configStatusSchema, serviceStatusSchema } from './status.ts';

interface Names {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

interface Column {
  readonly name: string;
  readonly type: 'string' | 'date' | 'integer';
  readonly jsonPath: string;
  readonly priority?: number;
}

interface Version {
  readonly name: string;
  readonly storage: boolean;
  readonly schema: Schema;
  readonly columns: readonly Column[];
}

/** Children are Services, whose names must be DNS-1035 labels, and label values, which end at 63 characters. */
const SERVICE_RULES: readonly Rule[] = [
  {
    rule: "self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    message:
      'the name must have at most 63 characters, start with a letter and consist of lower-case letters, digits and -: it becomes the name of a Service',
  },
  {
    rule: `!${has('self.spec.model.lora.adapters')} || self.spec.model.lora.adapters.all(a, !has(a.name) || a.name != (has(self.spec.model.name) ? self.spec.model.name : self.metadata.name))`,
    message: 'an adapter has the name of the base model: rename the adapter, or set another spec.model.name',
    fieldPath: '.spec.model.lora.adapters',
  },
];

const READY: readonly Column[] = [
  { name: 'Ready', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].status" },
  { name: 'Reason', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].reason" },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

const SERVICE_COLUMNS: readonly Column[] = [
  { name: 'URL', type: 'string', jsonPath: '.status.url' },
  ...READY,
  { name: 'Model', type: 'string', jsonPath: '.spec.model.uri', priority: 1 },
  {
    name: 'GPUs',
    type: 'string',
    jsonPath: '.status.annotations.llmisvc\\.serving\\.kserve\\.io/devices',
    priority: 1,
  },
  { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', priority: 1 },
];

/** The definitions, both versions of each, with places for external schemas still open; the generator fills them in and writes the files. */
export function customResourceDefinitions(): readonly unknown[] {
  return [
    definition(
      {
        kind: 'LLMInferenceService',
        plural: 'llminferenceservices',
        singular: 'llminferenceservice',
        shortNames: ['llmisvc', 'route'],
      },
      versions(SERVICE_COLUMNS, root(specSchema('service'), serviceStatusSchema(), SERVICE_RULES)),
    ),
    definition(
      {
        kind: 'LLMInferenceServiceConfig',
        plural: 'llminferenceserviceconfigs',
        singular: 'llminferenceserviceconfig',
      },
      versions(READY, root(specSchema('config'), configStatusSchema())),
    ),
  ];
}

/** Nothing is converted, so the schemas are equal: what one version did not have would be pruned. */
function versions(columns: readonly Column[], schema: Schema): readonly Version[] {
  return [
    { name: 'v1alpha1', storage: false, columns, schema },
    { name: 'v1alpha2', storage: true, columns, schema },
  ];
}

function root(spec: Schema, status: Schema, rules: readonly Rule[] = []): Schema {
  return object(
    { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' }, spec, status },
    rules.length > 0 ? { 'x-kubernetes-validations': rules } : {},
  );
}

function definition(names: Names, versions: readonly Version[]): unknown {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${SERVING_GROUP}` },
    spec: {
      group: SERVING_GROUP,
      names: { ...names, listKind: `${names.kind}List` },
      scope: 'Namespaced',
      conversion: { strategy: 'None' },
      versions: versions.map((version) => ({
        name: version.name,
        served: true,
        storage: version.storage,
        subresources: { status: {} },
        additionalPrinterColumns: version.columns,
        schema: { openAPIV3Schema: version.schema },
      })),
    },
  };
}
