import { compareQuantities, parseQuantity } from '../../src/api/quantity.ts';
import { isPlainObject, type Json } from '../../src/api/object.ts';
import type { FieldSet } from '../../src/apply/ownership.ts';

/**
 * Where the second value differs from the first. `subset`: it may have more fields, write quantities another way, and
 * lack what is empty or zero, as an API server does; `exact`: it may not.
 */
export function unlike(expected: unknown, found: unknown, path: string, how: 'subset' | 'exact'): readonly string[] {
  if (how === 'subset' && found === undefined && isZero(expected)) return [];
  if (Array.isArray(expected) && Array.isArray(found) && expected.length === found.length) {
    return expected.flatMap((item, index) => unlike(item, (found as unknown[])[index], `${path}[${index}]`, how));
  }
  if (isPlainObject(expected) && isPlainObject(found)) {
    const keys = how === 'exact' ? new Set([...Object.keys(expected), ...Object.keys(found)]) : Object.keys(expected);
    return [...keys].flatMap((key) => unlike(expected[key], found[key], path === '' ? key : `${path}.${key}`, how));
  }
  if (expected === found || (how === 'subset' && isSameQuantity(expected, found))) return [];
  return [`${path} is ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`];
}

/** The fields of a set of managed fields that an object does not have. */
export function foreignFields(object: object, fields: FieldSet): readonly string[] {
  return walk(object, fields, '');
}

function walk(value: unknown, fields: FieldSet, path: string): readonly string[] {
  return Object.entries(fields).flatMap(([key, below]) => {
    if (key === '.') return [];
    const at = `${path}/${key}`;
    const found = itemAt(value, key);
    return found === undefined ? [at] : walk(found, (below ?? {}) as FieldSet, at);
  });
}

function itemAt(value: unknown, key: string): unknown {
  const text = key.slice(2);
  if (key.startsWith('f:')) return isPlainObject(value) ? value[text] : undefined;
  if (!Array.isArray(value)) return undefined;
  const wanted = JSON.parse(text) as Json;
  if (key.startsWith('v:')) return value.includes(wanted) ? wanted : undefined;
  // Keys that the item leaves to their defaults, such as the protocol of a port, match any value.
  return value.find((item) =>
    Object.entries(wanted as Record<string, Json>).every(
      ([k, v]) => isPlainObject(item) && (item[k] === undefined || item[k] === v),
    ),
  ) as unknown;
}

/** `Deployment team-a/qwen-kserve` */
export { describe as spellingOf } from '../../src/api/object.ts';

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isPlainObject(value)) return Object.values(value).every(isZero);
  return value === '' || value === 0 || value === false || value === undefined;
}

function isSameQuantity(a: unknown, b: unknown): boolean {
  const [one, two] = [parseQuantity(a), parseQuantity(b)];
  return one !== undefined && two !== undefined && compareQuantities(one, two) === 0;
}
