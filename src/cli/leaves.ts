import { isPlainObject } from '../api/object.ts';
import type { Step } from '../config/paths.ts';

/** A value that holds no others, and the way to it; empty objects and lists count as such. */
export interface Leaf {
  /** Keys of objects and indexes of lists. */
  readonly at: readonly (string | number)[];
  readonly value: unknown;
}

/** All leaves of a value in the order of writing. `undefined` has none. */
export function leavesOf(value: unknown, at: Leaf['at'] = []): readonly Leaf[] {
  if (value === undefined) return [];
  const children: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item: unknown, index) => [index, item] as const)
    : isPlainObject(value)
      ? Object.entries(value)
      : [];
  return children.length === 0 ? [{ at, value }] : children.flatMap(([key, item]) => leavesOf(item, [...at, key]));
}

/** The value at keys and indexes; undefined where there is none. */
export function valueIn(value: unknown, at: Leaf['at']): unknown {
  return at.reduce<unknown>((from, key) => {
    if (typeof key === 'number') return Array.isArray(from) ? (from[key] as unknown) : undefined;
    return isPlainObject(from) && Object.hasOwn(from, key) ? from[key] : undefined;
  }, value);
}

/** The way with `[name=main]` turned into the index of that item; undefined where a step leads nowhere. */
export function indexed(value: unknown, path: readonly Step[]): Leaf['at'] | undefined {
  return waysTo(value, path)[0];
}

/** The same for a list that has several such items: each of those that have the rest of the path, the last one first. */
export function waysTo(value: unknown, path: readonly Step[]): readonly Leaf['at'][] {
  const [step, ...rest] = path;
  if (step === undefined) return [[]];
  const keys = typeof step === 'object' ? indexesOf(value, step) : [step];
  return keys.flatMap((key) => {
    const found = valueIn(value, [key]);
    return found === undefined ? [] : waysTo(found, rest).map((at) => [key, ...at]);
  });
}

/** The way with the index of an item that has a unique name turned into `[name=…]`. */
export function named(value: unknown, at: Leaf['at']): readonly Step[] {
  return at.map((key, depth) => {
    if (typeof key === 'string') return key;
    const list = valueIn(value, at.slice(0, depth));
    const names = Array.isArray(list)
      ? list.map((item: unknown) => (isPlainObject(item) ? item['name'] : undefined))
      : [];
    const name = names[key];
    const unique = typeof name === 'string' && names.filter((other) => other === name).length === 1;
    return unique ? { key: 'name', value: name } : key;
  });
}

/** Steps as text, from the first key on. */
export function stepsText(path: readonly Step[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (typeof step === 'object') return `${text}[${step.key}=${step.value}]`;
    if (!/^[\w-]+$/.test(step)) return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

export function startsWith(at: Leaf['at'], head: Leaf['at']): boolean {
  return head.length <= at.length && head.every((key, index) => key === at[index]);
}

function indexesOf(list: unknown, step: Exclude<Step, string | number>): readonly number[] {
  if (!Array.isArray(list)) return [];
  const fits = (item: unknown): boolean => isPlainObject(item) && String(item[step.key]) === step.value;
  return list.flatMap((item, index) => (fits(item) ? [index] : [])).toReversed();
}
