import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compact, isPlainObject } from '../../api/object.ts';
import { nearest } from './nearest.ts';
import { parseYaml } from '../input/yaml.ts';

/** The part of a structural schema that is checked here. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** A value that its schema does not allow. */
export interface Violation {
  /** Of an absent field: the object that should have it. */
  readonly at: readonly (string | number)[];
  readonly message: string;
  readonly fault: 'type' | 'value' | 'unknown' | 'absent';
  /** The field that is absent, or the one that was probably meant by an unknown one. */
  readonly field?: string;
  /** A value of the right type that says the same. */
  readonly instead?: unknown;
  /** The right type, where there is one alone. */
  readonly type?: string;
}

/** By kind, the schema of `spec` with all embedded objects. */
export type Schemas = Readonly<Record<string, Schema>>;

/** Put in by the build; absent when the program runs from its sources. */
declare const SCHEMAS: Schemas | undefined;

/** The schemas of this version: those of the build, or of the folder `crds/full` beside the sources. */
export function schemas(): Schemas {
  return typeof SCHEMAS === 'undefined'
    ? (fromFiles ??= readSchemas(join(import.meta.dirname, '..', '..', '..')))
    : SCHEMAS;
}

let fromFiles: Schemas | undefined;

interface Definition {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** Reads the schemas of `spec` from the CustomResourceDefinitions. `root` is the folder of the project. */
export function readSchemas(root: string): Schemas {
  const files = ['llminferenceservices', 'llminferenceserviceconfigs'];
  const entries = files.map((plural) => {
    const text = readFileSync(join(root, 'crds', 'full', `serving.kserve.io_${plural}.yaml`), 'utf8');
    const [yaml] = parseYaml(text);
    if (!yaml) throw new Error(`crds/full: the file of ${plural} is empty`);
    const { spec } = yaml.document.toJS() as Definition;
    return [spec.names.kind, spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'] ?? {}] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * Everything in a value that the API server would refuse for its schema, unknown fields included. Null counts as absent,
 * except in a list.
 */
export function violations(value: unknown, schema: Schema, at: Violation['at'] = []): readonly Violation[] {
  if (value === undefined || (value === null && typeof at.at(-1) !== 'number')) return [];
  const wrong = typeFault(value, schema);
  if (wrong !== undefined)
    return [{ at, message: wrong, fault: 'type', ...compact({ instead: ofType(value, schema), type: schema.type }) }];
  const own = valueFaults(value, schema).map((message) => ({ at, message, fault: 'value' }) as const);
  if (Array.isArray(value)) {
    const { items } = schema;
    return [...own, ...(items ? value.flatMap((item, index) => violations(item, items, [...at, index])) : [])];
  }
  return isPlainObject(value) ? [...own, ...fieldViolations(value, schema, at)] : own;
}

function fieldViolations(value: Record<string, unknown>, schema: Schema, at: Violation['at']): readonly Violation[] {
  const { properties = {}, additionalProperties, required = [] } = schema;
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.properties === undefined;
  // What is required was meant rather, and what is there already less likely.
  const rank = (name: string): number => (Object.hasOwn(value, name) ? 2 : required.includes(name) ? 0 : 1);
  const below = Object.entries(value).flatMap(([field, item]): readonly Violation[] => {
    const known = Object.hasOwn(properties, field) ? properties[field] : additionalProperties;
    if (known) return violations(item, known, [...at, field]);
    if (open || item === null || item === undefined) return [];
    const names = Object.keys(properties).sort((a, b) => rank(a) - rank(b));
    return [unknownField([...at, field], field, names)];
  });
  const meant = new Set(
    below.map(({ fault, field, at: { length } }) =>
      fault === 'unknown' && length === at.length + 1 ? field : undefined,
    ),
  );
  const missing = required
    .filter((field) => (value[field] === undefined || value[field] === null) && !meant.has(field))
    .map((field) => {
      const message = `Field ${field} is not set; it is required here.`;
      return { at, message, fault: 'absent', field } as const;
    });
  return [...missing, ...below];
}

/** Of `names` that are equally near the first is meant. */
function unknownField(at: Violation['at'], field: string, names: readonly string[]): Violation {
  const meant = nearest(field, names);
  const hint = meant === undefined ? 'Remove it.' : `Did you mean ${meant}?`;
  return {
    at,
    message: `There is no field ${field} here. ${hint}`,
    fault: 'unknown',
    ...(meant !== undefined && { field: meant }),
  };
}

/** What the value says in the type of the schema: `"2"` is 2 and 5 is `"5"`. */
function ofType(value: unknown, { type }: Schema): unknown {
  if (type === 'string') return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
  if (typeof value !== 'string') return undefined;
  if (type === 'integer' && /^-?\d{1,9}$/.test(value)) return Number(value);
  return type === 'boolean' && /^(true|false)$/.test(value) ? value === 'true' : undefined;
}

function typeFault(value: unknown, schema: Schema): string | undefined {
  if (schema['x-kubernetes-int-or-string']) {
    return typeof value === 'string' || Number.isInteger(value) ? undefined : refusal(value, 'an integer or a string');
  }
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' ? undefined : refusal(value, 'a string; write it in quotes');
    case 'integer':
      return Number.isInteger(value) ? undefined : refusal(value, 'an integer');
    case 'number':
      return typeof value === 'number' ? undefined : refusal(value, 'a number');
    case 'boolean':
      return typeof value === 'boolean' ? undefined : refusal(value, 'true or false');
    case 'array':
      return Array.isArray(value) ? undefined : refusal(value, 'a list');
    case 'object':
      return isPlainObject(value) ? undefined : refusal(value, 'an object');
    default:
      return undefined;
  }
}

function valueFaults(value: unknown, schema: Schema): readonly string[] {
  const { minimum, maximum, minLength, maxLength, maxItems, pattern } = schema;
  const faults: string[] = [];
  if (schema.enum && !schema.enum.includes(value)) faults.push(refusal(value, `one of ${schema.enum.join(', ')}`));
  if (typeof value === 'number') {
    if (minimum !== undefined && value < minimum) faults.push(refusal(value, `at least ${minimum}`));
    if (maximum !== undefined && value > maximum) faults.push(refusal(value, `at most ${maximum}`));
  }
  if (typeof value === 'string') {
    // Lengths are counted as the API server does, and a template is not its own result.
    const { length } = [...value];
    const template = value.includes('{{');
    if (minLength !== undefined && length < minLength) faults.push(refusal(value, `at least ${minLength} characters`));
    if (!template && maxLength !== undefined && length > maxLength) {
      faults.push(refusal(value, `at most ${maxLength} characters`));
    }
    if (!template && pattern !== undefined && !new RegExp(pattern, 'u').test(value)) {
      faults.push(refusal(value, `text that matches ${pattern}`));
    }
  }
  if (Array.isArray(value) && maxItems !== undefined && value.length > maxItems) {
    faults.push(`The list has ${value.length} items; at most ${maxItems} are allowed.`);
  }
  return faults;
}

const LONGEST = 60;

function refusal(value: unknown, allowed: string): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return `The value is ${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}; allowed is ${allowed}.`;
}
