/** The comparisons of Go's `text/template`. */
import { type GoType, type GoValue, isNil, printed, typeName } from './values.ts';

/** Whether two values are equal, or Go's message why they cannot be compared. */
export function equalValues(a: GoValue, b: GoValue): boolean | string {
  const left = basic(a);
  const right = basic(b);
  if (left !== right) {
    return a.type.kind === 'none' || b.type.kind === 'none' ? false : incompatible(a, b);
  }
  if (left !== undefined) return plainValue(a) === plainValue(b);
  if (a.type.kind !== b.type.kind && a.type.kind !== 'none' && b.type.kind !== 'none') {
    const types = `${printed(a)}: ${typeName(a.type)}, ${typeName(b.type)}: ${printed(b)}`;
    return `non-comparable types ${types}`;
  }
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b);
  if (!isComparable(b.type)) return `non-comparable type ${printed(b)}: ${typeName(b.type)}`;
  return typeName(a.type) === typeName(b.type) && same(a.type, a.json, b.json);
}

/** Negative, zero or positive as the first value is less than, equal to or greater than the second, or Go's message. */
export function compareValues(a: GoValue, b: GoValue): number | string {
  const left = basic(a);
  const right = basic(b);
  if (left === undefined || right === undefined) return 'invalid type for comparison';
  if (left !== right) return incompatible(a, b);
  if (left === 'bool') return 'invalid type for comparison';
  const first = plainValue(a);
  const second = plainValue(b);
  if (typeof first === 'string') return Buffer.compare(Buffer.from(first), Buffer.from(String(second)));
  return Number(first) - Number(second);
}

function incompatible(a: GoValue, b: GoValue): string {
  return `incompatible types for comparison: ${typeName(a.type)} and ${typeName(b.type)}`;
}

function basic({ type: { kind } }: GoValue): string | undefined {
  return kind === 'string' || kind === 'bool' || kind === 'int' || kind === 'float' ? kind : undefined;
}

function plainValue({ type, json }: GoValue): unknown {
  return json ?? (type.kind === 'string' ? '' : type.kind === 'bool' ? false : 0);
}

function isComparable(type: GoType): boolean {
  if (type.kind === 'list' || type.kind === 'map') return false;
  return type.kind !== 'struct' || [...type.fields.values()].every((field) => isComparable(field.type));
}

/** Pointers are equal when they lead to the same part of the data; Go knows them by their address. */
function same(type: GoType, a: unknown, b: unknown): boolean {
  if (type.kind === 'pointer') return (a ?? undefined) === (b ?? undefined);
  if (type.kind !== 'struct') return plainValue({ type, json: a }) === plainValue({ type, json: b });
  if (type.text) return type.text(a) === type.text(b);
  return [...type.fields.values()].every((field) => same(field.type, field.read(a), field.read(b)));
}
