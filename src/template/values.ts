/**
 * Values as a template sees them: JSON together with the Go type that KServe's template data has. The type decides
 * truth (a pointer to 0 is true), the names of fields and the wording of errors.
 */

export interface GoStruct {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: Readonly<Record<string, GoField>>;
  /** How a value prints when its Go type has a `String` method. */
  readonly text?: (json: unknown) => string;
}

export interface GoField {
  readonly type: GoType;
  /** Reads the field from the JSON value of the struct. */
  readonly read: (json: unknown) => unknown;
}

export type GoType =
  | { readonly kind: 'string' | 'bool' | 'int' | 'float'; readonly name: string }
  | { readonly kind: 'pointer' | 'list' | 'map'; readonly of: GoType }
  | GoStruct
  /** A part of the API whose Go type is not described here: JSON names with a capital first letter. */
  | { readonly kind: 'open'; readonly name: string }
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
      return `[]${typeName(type.of)}`;
    case 'map':
      return `map[string]${typeName(type.of)}`;
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

/** The value behind pointers, and the type that values of open parts of the API show at run time. */
export function dereference(value: GoValue): GoValue {
  let current = value;
  while (current.type.kind === 'pointer' && !isNil(current)) current = { type: current.type.of, json: current.json };
  return current.type.kind === 'open' ? concrete(current) : current;
}

/** Whether `if` takes the branch: every pointer that is not nil and every struct is true, also one to 0, "" or false. */
export function isTrue(value: GoValue): boolean {
  const { type, json } = value.type.kind === 'open' ? concrete(value) : value;
  switch (type.kind) {
    case 'none':
      return false;
    case 'pointer':
      return json !== undefined && json !== null;
    case 'struct':
    case 'open':
      return true;
    case 'list':
      return Array.isArray(json) && json.length > 0;
    case 'map':
      return typeof json === 'object' && json !== null && Object.keys(json).length > 0;
    default:
      return Boolean(json);
  }
}

/** How an action prints a value: pointers are followed, a nil pointer is `<nil>`, a missing value `<no value>`. */
export function printed(value: GoValue): string {
  if (value.type.kind === 'none') return '<no value>';
  if (value.type.kind === 'pointer' && isNil(value)) return '<nil>';
  const { type, json } = dereference(value);
  switch (type.kind) {
    case 'string':
      return typeof json === 'string' ? json : '';
    case 'bool':
      return String(json === true);
    case 'int':
    case 'float':
      return typeof json === 'number' ? formatNumber(json) : '0';
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
      return `{${Object.values(type.fields)
        .map((field) => printed({ type: field.type, json: field.read(json) }))
        .join(' ')}}`;
    case 'open':
      return `{${sortedEntries(json)
        .map(([, item]) => printed({ type: { kind: 'open', name: type.name }, json: item }))
        .join(' ')}}`;
    default:
      return '<nil>';
  }
}

export function items(json: unknown): readonly unknown[] {
  return Array.isArray(json) ? json : [];
}

export function sortedEntries(json: unknown): readonly [string, unknown][] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
}

function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  // Go writes at least two digits of the exponent.
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

function concrete(value: GoValue): GoValue {
  const { json } = value;
  const name = value.type.kind === 'open' ? value.type.name : 'interface {}';
  if (json === undefined || json === null) return NONE;
  if (typeof json === 'string') return { type: STRING, json };
  if (typeof json === 'boolean') return { type: BOOL, json };
  if (typeof json === 'number') return { type: Number.isInteger(json) ? INT64 : FLOAT, json };
  if (Array.isArray(json)) return { type: { kind: 'list', of: { kind: 'open', name } }, json };
  return value;
}

/** The JSON name of a Go field: `HTTPGet` is `httpGet`, `UID` is `uid`, `HostIPC` is `hostIPC`. */
export function jsonName(field: string): string {
  return field.replace(/^(?:[A-Z]+(?![a-z])|[A-Z]+(?=[A-Z])|[A-Z])/, (head) => head.toLowerCase());
}
