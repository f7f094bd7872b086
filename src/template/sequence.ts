/** `index`, `slice` and `len` of Go's `text/template`. */
import type { Result } from './funcs.ts';
import { dereference, type GoValue, INT, isNil, items, ownProperty, sortedEntries, typeName, UINT8 } from './values.ts';

/** The element that the keys lead to, one after the other. */
export function index(value: GoValue, keys: readonly GoValue[]): Result {
  if (value.type.kind === 'none') return { error: 'index of untyped nil' };
  let current = value;
  for (const key of keys) {
    const result = element(current, key);
    if ('error' in result) return result;
    current = result.value;
  }
  return { value: current };
}

/** A part of a list or string, from the first index up to the second; the capacity of a list is its length. */
export function slice(value: GoValue, indexes: readonly GoValue[]): Result {
  if (value.type.kind === 'none') return { error: 'slice of untyped nil' };
  const inner = dereference(value);
  const { type, json } = inner;
  if (type.kind === 'pointer') return { error: 'slice of nil pointer' };
  if (indexes.length > 3) return { error: `too many slice indexes: ${indexes.length}` };
  if (type.kind === 'string' && indexes.length === 3) return { error: 'cannot 3-index slice a string' };
  if (type.kind !== 'string' && type.kind !== 'list') return { error: `can't slice item of type ${typeName(type)}` };
  const all = type.kind === 'string' ? bytes(json) : items(json);
  const positions = indexes.map((at) => position(at, all.length));
  const wrong = positions.find((at) => typeof at === 'string');
  if (typeof wrong === 'string') return { error: wrong };
  const [from = 0, to = all.length, most = to] = positions as readonly number[];
  if (from > to) return { error: `invalid slice index: ${from} > ${to}` };
  if (to > most) return { error: `invalid slice index: ${to} > ${most}` };
  return {
    value: {
      type,
      json: type.kind === 'string' ? bytes(json).toString('utf8', from, to) : items(json).slice(from, to),
    },
  };
}

/** The number of elements, or of bytes. */
export function length(value: GoValue): Result {
  if (value.type.kind === 'none') return { error: 'reflect: call of reflect.Value.Type on zero Value' };
  const { type, json } = dereference(value);
  const size = (json: number): Result => ({ value: { type: INT, json } });
  if (type.kind === 'pointer') return { error: 'len of nil pointer' };
  if (type.kind === 'string') return size(bytes(json).length);
  if (type.kind === 'list') return size(items(json).length);
  if (type.kind === 'map') return size(sortedEntries(json).length);
  return { error: `len of type ${typeName(type)}` };
}

function element(value: GoValue, key: GoValue): Result {
  const inner = dereference(value);
  const { type, json } = inner;
  if (type.kind === 'pointer' && isNil(inner)) return { error: 'index of nil pointer' };
  if (type.kind === 'list' || type.kind === 'string') {
    const all = type.kind === 'string' ? bytes(json) : items(json);
    const at = position(key, all.length);
    if (typeof at === 'string') return { error: at };
    if (at === all.length) {
      return { error: `reflect: ${type.kind === 'list' ? 'slice' : 'string'} index out of range` };
    }
    return { value: { type: type.kind === 'list' ? type.of : UINT8, json: all[at] } };
  }
  if (type.kind === 'map') {
    if (key.type.kind === 'none') return { error: `value is nil; should be of type ${typeName(type.key)}` };
    if (typeName(key.type) !== typeName(type.key)) {
      return { error: `value has type ${typeName(key.type)}; should be ${typeName(type.key)}` };
    }
    return { value: { type: type.of, json: ownProperty(json, String(key.json ?? '')) } };
  }
  return { error: `can't index item of type ${typeName(type)}` };
}

/** An index that may also stand behind the last element, or Go's message. */
function position(index: GoValue, size: number): number | string {
  if (index.type.kind === 'none') return 'cannot index slice/array with nil';
  if (index.type.kind !== 'int') return `cannot index slice/array with type ${typeName(index.type)}`;
  const at = Number(index.json ?? 0);
  return at < 0 || at > size ? `index out of range: ${at}` : at;
}

function bytes(json: unknown): Buffer {
  return Buffer.from(typeof json === 'string' ? json : '');
}
