/**
 * Paths into a spec as people read them: `template.containers[name=main].env[name=A].value`, `labels[example.com/team]`,
 * `router.route.http.spec.rules[0]`. A leading `spec.` may be there.
 */
import { isPlainObject } from '../api/object.ts';
import { type MergeRules, ruleOf, SPEC_RULES } from './mergerules.ts';

/** A step of a path: the key of an object, the index of a list item, or the item of a list with a key. */
export type Step = string | number | { readonly key: string; readonly value: string };

/** The steps of a path. Text that is no path gives steps that lead nowhere. */
export function steps(path: string): readonly Step[] {
  const found = path.match(/\[[^\]]*\]|[^.[\]]+/g) ?? [];
  const all = found.map((piece) => (piece.startsWith('[') ? bracket(piece.slice(1, -1)) : piece));
  return all[0] === 'spec' ? all.slice(1) : all;
}

/** The steps with `[0]` of a list that is merged by key written as `[name=main]`: other layers have other indexes. */
export function keyed(path: readonly Step[], spec: unknown): readonly Step[] {
  let value = spec;
  let rules: MergeRules | undefined = SPEC_RULES;
  let key: string | undefined;
  return path.map((step) => {
    value = child(value, step);
    if (typeof step === 'string') {
      const rule = ruleOf(rules, step);
      rules = rule?.fields;
      key = rule?.key;
      return step;
    }
    const id = typeof step === 'number' && key !== undefined ? idOf(value, key) : undefined;
    return id === undefined ? step : { key: key as string, value: id };
  });
}

/** The path as text, from `spec` on. */
export function pathText(path: readonly Step[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (typeof step === 'object') return `${text}[${step.key}=${step.value}]`;
    return /^[\w-]+$/.test(step) ? `${text}.${step}` : `${text}[${step}]`;
  }, 'spec');
}

/** The value at a path, or undefined. Of several items with one key the last counts that has the rest of the path. */
export function valueAt(spec: unknown, path: readonly Step[]): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return spec;
  if (typeof step !== 'object') return valueAt(child(spec, step), rest);
  const items: readonly unknown[] = Array.isArray(spec)
    ? spec.filter((item) => idOf(item, step.key) === step.value)
    : [];
  for (const item of items.toReversed()) {
    const value = valueAt(item, rest);
    if (value !== undefined) return value;
  }
  return undefined;
}

function child(value: unknown, step: Step): unknown {
  if (typeof step === 'number') return Array.isArray(value) ? value[step] : undefined;
  if (typeof step === 'string') return isPlainObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  if (!Array.isArray(value)) return undefined;
  return value.findLast((item) => idOf(item, step.key) === step.value);
}

/** What an item of a list is known by; what is neither text nor number, a mistake of the user, names nothing. */
function idOf(item: unknown, key: string): string | undefined {
  const id = isPlainObject(item) && Object.hasOwn(item, key) ? item[key] : undefined;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

function bracket(text: string): Step {
  if (/^\d+$/.test(text)) return Number(text);
  const equals = text.indexOf('=');
  return equals < 0 ? text : { key: text.slice(0, equals), value: text.slice(equals + 1) };
}
