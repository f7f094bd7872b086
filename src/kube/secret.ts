import { isPlainObject, type KubeObject } from '../api/object.ts';

/** The object as it may be kept and looked at: of a Secret only its metadata and the names of its keys, never a value. */
export function withoutValues(object: KubeObject): KubeObject {
  if (object.kind !== 'Secret') return object;
  const { data } = object as KubeObject & { readonly data?: unknown };
  const keys = isPlainObject(data) ? Object.keys(data) : [];
  const { apiVersion, kind, metadata } = object;
  return { apiVersion, kind, metadata, data: Object.fromEntries(keys.map((key) => [key, ''])) } as KubeObject;
}
