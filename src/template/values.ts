/**
 * Values as a template sees them: JSON together with the Go type that KServe's template data has. The type decides
 * truth (a pointer to 0 is true), the names of fields and the wording of errors.
 */

import { formatFloat } from './float.ts';

export interface GoStruct {
  readonly kind: 'struct';
  readonly name: string;
  /** In the order of the Go struct. */
  readonly fields: ReadonlyMap<string, GoField>;
  /** Methods without parameters. */
  readonly methods?: ReadonlyMap<string, GoField>;
  /** How a value prints when its Go type has a `String` method. */
  readonly text?: (json: unknown) => string;
  /** How a nil pointer to it prints, when that is not `<nil>`. */
  readonly nilText?: string;
}

export interface GoField {
  readonly type: GoType;
  /** Whether the fields of the field are fields of the struct as well. */
  readonly embedded?: boolean;
  /** Reads the field from the JSON value of the struct. */
  readonly read: (json: unknown) => unknown;
}

export type GoType =
  | { readonly kind: 'string' | 'bool' | 'int' | 'float'; readonly name: string }
  | { readonly kind: 'pointer'; readonly of: GoType }
  | { readonly kind: 'list'; readonly of: GoType; readonly name?: string }
  | { readonly kind: 'map'; readonly key: GoType; readonly of: GoType; readonly name?: string }
  | GoStruct
  /** No value at all: Go's invalid `reflect.Value`. */
  | { readonly kind: 'none' };

export interface GoValue {
  readonly type: GoType;
  readonly json: unknown;
}

export const STRING: GoType = { kind: 'string', name: 'string' };
export const BOOL: GoType = { kind: 'bool', name: 'bool' };
export const INT: GoType = { kind: 'int', name: 'int' };
export const INT32: GoType = { kind: 'int', name: 'int32' };
export const INT64: GoType = { kind: 'int', name: 'int64' };
export const UINT8: GoType = { kind: 'int', name: 'uint8' };
export const FLOAT: GoType = { kind: 'float', name: 'float64' };
export const NONE: GoValue = { type: { kind: 'none' }, json: undefined };

export const stringValue = (text: string): GoValue => ({ type: STRING, json: text });
export const boolValue = (value: boolean): GoValue => ({ type: BOOL, json: value });
export const intValue = (value: number): GoValue => ({ type: INT, json: value });

/** The own property of a JSON object; undefined for anything else. Prototypes are never looked at. */
export function ownProperty(json: unknown, key: string): unknown {
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, key)) return undefined;
  return (json as Record<string, unknown>)[key];
}

/** Go's name of a type, as error messages print it. */
export function typeName(type: GoType): string {
  switch (type.kind) {
    case 'pointer':
      return `*${typeName(type.of)}`;
    case 'list':
      return type.name ?? `[]${typeName(type.of)}`;
    case 'map':
      return type.name ?? `map[${typeName(type.key)}]${typeName(type.of)}`;
    case 'none':
      return '<nil>';
    default:
      return type.name;
  }
}

export function isNil(value: GoValue): boolean {
  return value.type.kind === 'none' || (canBeNil(value.type) && (value.json === undefined || value.json === null));
}

function canBeNil(type: GoType): boolean {
  return type.kind === 'pointer' || type.kind === 'list' || type.kind === 'map';
}

/** The value behind pointers; a nil pointer stays. */
export function dereference(value: GoValue): GoValue {
  let current = value;
  while (current.type.kind === 'pointer' && !isNil(current)) current = { type: current.type.of, json: current.json };
  return current;
}

/** Whether `if` takes the branch: every pointer that is not nil and every struct is true, also one to 0, "" or false. */
export function isTrue({ type, json }: GoValue): boolean {
  switch (type.kind) {
    case 'none':
      return false;
    case 'pointer':
      return json !== undefined && json !== null;
    case 'struct':
      return true;
    case 'list':
      return Array.isArray(json) && json.length > 0;
    case 'map':
      return sortedEntries(json).length > 0;
    default:
      return Boolean(json);
  }
}

/** How an action prints a value: pointers are followed, a nil pointer is `<nil>`, a missing value `<no value>`. */
export function printed(value: GoValue): string {
  if (value.type.kind === 'none') return '<no value>';
  if (value.type.kind === 'pointer' && isNil(value)) return nilText(value.type.of);
  const { type, json } = dereference(value);
  switch (type.kind) {
    case 'string':
      return typeof json === 'string' ? json : '';
    case 'bool':
      return String(json === true);
    case 'int':
      return typeof json === 'number' ? String(json) : '0';
    case 'float':
      return formatFloat(typeof json === 'number' ? json : 0, 'g');
    case 'list':
      return `[${items(json)
        .map((item) => printed({ type: type.of, json: item }))
        .join(' ')}]`;
    case 'map':
      return `map[${sortedEntries(json)
        .map(([key, item]) => `${key}:${printed({ type: type.of, json: item })}`)
        .join(' ')}]`;
    case 'struct':
      if (type.text) return type.text(json);
      return `{${[...type.fields.values()]
        .map((field) => printed({ type: field.type, json: field.read(json) }))
        .join(' ')}}`;
    default:
      return '<nil>';
  }
}

export function items(json: unknown): readonly unknown[] {
  return Array.isArray(json) ? json : [];
}

const entriesOf = new WeakMap<object, readonly (readonly [string, unknown])[]>();

/** The entries of a map in the order of their keys. They are remembered: a template may ask for them in a loop. */
export function sortedEntries(json: unknown): readonly (readonly [string, unknown])[] {
  if (typeof json !== 'object' || json === null) return [];
  const known = entriesOf.get(json);
  if (known) return known;
  const entries = Object.entries(json).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  entriesOf.set(json, entries);
  return entries;
}

export function nilText(type: GoType): string {
  return (type.kind === 'struct' ? type.nilText : undefined) ?? '<nil>';
}

/** The JSON name of a Go field: `HTTPGet` is `httpGet`, `UID` is `uid`, `HostIPC` is `hostIPC`. */
export function jsonName(field: string): string {
  return field.replace(/^(?:[A-Z]+(?![a-z])|[A-Z]+(?=[A-Z])|[A-Z])/, (head) => head.toLowerCase());
}
