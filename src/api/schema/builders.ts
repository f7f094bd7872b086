/**
 * Small builders for the structural schemas of a CustomResourceDefinition (apiextensions.k8s.io/v1 JSONSchemaProps).
 * `external` marks a place where a schema of Kubernetes or of the Gateway API belongs; the generator fills it in.
 */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean' | 'number';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly minProperties?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly 'x-kubernetes-validations'?: readonly Rule[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly [EXTERNAL]?: ExternalSchema;
}

/** A CEL rule with the sentence that a user reads when it fails. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
  readonly fieldPath?: string;
  readonly optionalOldSelf?: true;
}

export type ExternalSchema = 'PodSpec' | 'HTTPRouteSpec' | 'PersistentVolumeClaimSpec';
export const EXTERNAL: unique symbol = Symbol('external');

type Extras = Omit<Schema, 'type' | 'properties' | 'items'>;

export const object = (properties: Record<string, Schema>, extras: Extras = {}): Schema => ({
  type: 'object',
  ...extras,
  properties,
});
export const string = (extras: Extras = {}): Schema => ({ type: 'string', ...extras });
export const integer = (extras: Extras = {}): Schema => ({ type: 'integer', format: 'int32', ...extras });
export const boolean = (extras: Extras = {}): Schema => ({ type: 'boolean', ...extras });
export const list = (items: Schema, extras: Extras = {}): Schema => ({
  type: 'array',
  'x-kubernetes-list-type': 'atomic',
  ...extras,
  items,
});
export const map = (values: Schema, extras: Extras = {}): Schema => ({
  type: 'object',
  ...extras,
  additionalProperties: values,
});
export const intOrString = (extras: Extras = {}): Schema => ({ ...extras, 'x-kubernetes-int-or-string': true });
export const external = (name: ExternalSchema, extras: Extras = {}): Schema => ({
  type: 'object',
  ...extras,
  [EXTERNAL]: name,
});
/** An object whose content no schema describes. */
export const open = (extras: Extras = {}): Schema => ({
  type: 'object',
  ...extras,
  'x-kubernetes-preserve-unknown-fields': true,
});
