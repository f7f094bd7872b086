import { isPlainObject, type KubeObject, refOf } from '../api/object.ts';
import type { Problem, Source } from '../api/problem.ts';
import type { Effective } from '../config/effective.ts';
import {
  ApiError,
  isBadRequest,
  isForbidden,
  isInvalid,
  isNamespaceTerminating,
  isQuotaExceeded,
  isTypedPatchError,
  isUnserved,
} from '../kube/errors.ts';
import type { Child } from '../render/plan.ts';

/**
 * What an error of the API server about a child means for the user. A refused field is mapped back to where the user
 * wrote it.
 */
export function refusalOf(error: unknown, child: Child, effective: Effective, verb = 'patch'): Problem {
  const ref = refOf(child.object);
  const { part } = child;
  const message = error instanceof ApiError ? error.detail || error.message : String(error);
  if (isUnserved(error)) return { code: 'ApiNotServed', part, apiVersion: ref.apiVersion, kind: ref.kind };
  if (isNamespaceTerminating(error)) return { code: 'NamespaceTerminating', part, namespace: ref.namespace ?? '' };
  if (isQuotaExceeded(error)) return { code: 'QuotaExceeded', part, ref, message };
  if (isForbidden(error) && LACKS_RIGHT.test(message)) return { code: 'Forbidden', part, ref, verb, message };
  const field = refusedField(error);
  if (field) return { code: 'ChildRejected', part, ref, ...field, ...placeOf(field, child, effective) };
  return { code: 'ApiServerError', part, ref, message };
}

/** RBAC says it so; other 403 come from admission and are about the object. */
export const LACKS_RIGHT = /cannot \w+ resource/;

function refusedField(error: unknown): { readonly message: string; readonly childPath?: string } | undefined {
  const typed = isTypedPatchError(error);
  if (typed) return { message: typed.message, ...(typed.field ? { childPath: plainPath(typed.field) } : {}) };
  if (!isInvalid(error) && !isBadRequest(error) && !isForbidden(error)) return undefined;
  const [cause] = error.causes;
  if (!cause?.field) return { message: error.detail };
  return { message: cause.message, childPath: plainPath(cause.field) };
}

/** `.spec.containers[name="main"].image` as `spec.containers[name=main].image`. */
function plainPath(field: string): string {
  return field.replace(/^\./, '').replaceAll('"', '');
}

function placeOf(
  { childPath, message }: { readonly childPath?: string; readonly message: string },
  child: Child,
  effective: Effective,
): { readonly childPath?: string; readonly path?: string; readonly source?: Source } {
  if (childPath === undefined) return {};
  const named = withItemNames(childPath, child.object, refusedValue(message));
  const origin = child.origins
    .filter((candidate) => isBelow(named, candidate.child))
    .toSorted((a, b) => b.child.length - a.child.length)[0];
  if (!origin) return { childPath: named };
  const path = origin.spec + named.slice(origin.child.length);
  const source = sourceOf(path, effective);
  return { childPath: named, path, ...(source ? { source } : {}) };
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`);
}

/** The text that the API server says is invalid. */
function refusedValue(message: string): string | undefined {
  const [, quoted] = /^Invalid value: ("(?:[^"\\\n]|\\["\\])*")/.exec(message) ?? [];
  return quoted === undefined ? undefined : (JSON.parse(quoted) as string);
}

/**
 * `containers[0].image` as `containers[name=main].image`, where the items have names. Some paths of the API server lack
 * the index, as in `volumeMounts.subPath`: then the item is the only one that has the refused value.
 */
function withItemNames(path: string, object: KubeObject, refused: string | undefined): string {
  let at: unknown = object;
  return segments(path)
    .map((segment) => {
      const list = at;
      const key = /^\.(.*)$/.exec(segment)?.[1];
      if (Array.isArray(list) && key !== undefined && refused !== undefined) {
        const having = list.filter((item: unknown) => isPlainObject(item) && item[key] === refused);
        at = refused;
        return having.length === 1 ? itemText(having[0], list.indexOf(having[0])) + segment : segment;
      }
      const index = /^\[(\d+)\]$/.exec(segment);
      if (index && Array.isArray(list)) {
        at = list[Number(index[1])];
        return itemText(at, Number(index[1]));
      }
      const name = /^\[name=(.*)\]$/.exec(segment);
      if (name && Array.isArray(list))
        at = list.find((item: unknown) => isPlainObject(item) && item['name'] === name[1]);
      else at = isPlainObject(list) ? list[segment.replace(/^\./, '')] : undefined;
      return segment;
    })
    .join('');
}

function itemText(item: unknown, index: number): string {
  const name = isPlainObject(item) ? item['name'] : undefined;
  return typeof name === 'string' ? `[name=${name}]` : `[${index}]`;
}

function segments(path: string): readonly string[] {
  return path.match(/\[[^\]]*\]|(?:^|\.)[^.[\]]+/g) ?? [];
}

/** The config or service that has the value, or the nearest value around it. Paths of the effective spec begin below `spec`. */
function sourceOf(path: string, effective: Effective): Source | undefined {
  const parts = segments(path.replace(/^spec\./, ''));
  for (let length = parts.length; length > 0; length -= 1) {
    const origin = effective.originOf(parts.slice(0, length).join(''));
    if (origin) return 'layer' in origin ? origin.layer : undefined;
  }
  return undefined;
}
