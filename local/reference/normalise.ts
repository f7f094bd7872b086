import { createHash } from 'node:crypto';
import { isPlainObject, type KubeObject, type ObjectMeta } from '../../src/api/object.ts';
import { ANNOTATION_HASH } from '../../src/api/wellknown.ts';

/** What the API server or time alone decides, of the metadata of any object. */
const SERVER_METADATA = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'selfLink'];
/** Annotations whose values say nothing about the result. */
const REPLACED: Readonly<Record<string, string>> = {
  'certificates.kserve.io/expiration': '<time>',
  [ANNOTATION_HASH]: '<hash>',
};
const LONGEST_TEXT = 300;

/**
 * A child as recordings show it: the API server's defaults stay, what differs from run to run goes (uid, versions, times,
 * addresses, status), Secret values, the end of a certificate and our hash are replaced, and long texts are kept as their digest.
 */
export function recordedChild(object: KubeObject): KubeObject {
  const { status: _, ...rest } = object as KubeObject & { readonly status?: unknown };
  const child = { ...rest, metadata: metadataOf(object.metadata) };
  return digested(object.kind === 'Secret' ? withoutValues(child) : withoutAddresses(child)) as KubeObject;
}

/** A service or config as recordings show it: its metadata and its status without times. */
export function recordedStatus(object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata, status } = object as KubeObject & { readonly status?: object };
  return digested({ apiVersion, kind, metadata: metadataOf(metadata), ...(status ? { status: untimed(status) } : {}) });
}

function metadataOf(metadata: ObjectMeta): ObjectMeta {
  const kept = Object.entries(metadata).filter(([key]) => !SERVER_METADATA.includes(key));
  const { annotations, ownerReferences, ...rest } = Object.fromEntries(kept) as unknown as ObjectMeta;
  return {
    ...rest,
    ...(annotations ? { annotations: replaced(annotations) } : {}),
    ...(ownerReferences
      ? { ownerReferences: ownerReferences.map(({ uid: _, ...owner }) => owner as typeof owner & { uid: string }) }
      : {}),
  };
}

function replaced(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, REPLACED[key] ?? value]));
}

function withoutValues(secret: KubeObject): KubeObject {
  const { data } = secret as KubeObject & { readonly data?: object };
  const hidden = Buffer.from('<secret>').toString('base64');
  return { ...secret, ...(data ? { data: Object.fromEntries(Object.keys(data).map((key) => [key, hidden])) } : {}) };
}

function withoutAddresses(object: KubeObject): KubeObject {
  const { spec } = object as KubeObject & { readonly spec?: Readonly<Record<string, unknown>> };
  if (object.kind !== 'Service' || !spec) return object;
  const { clusterIP: _, clusterIPs: __, ...rest } = spec;
  return { ...object, spec: rest } as KubeObject;
}

function untimed(status: object): object {
  return mapped(status, (key, value) => (key === 'lastTransitionTime' ? undefined : value)) as object;
}

function digested<T extends KubeObject>(object: T): T {
  return mapped(object, (_key, value) => digestOf(value)) as T;
}

/** Long texts as `sha256:` and the first 16 digits; everything else as it is. */
export function digestOf(value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= LONGEST_TEXT) return value;
  return `sha256:${createHash('sha256').update(value).digest('hex').slice(0, 16)}`;
}

/** The value with each leaf and property replaced; properties that become undefined are left out. */
function mapped(value: unknown, replace: (key: string, value: unknown) => unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => mapped(item, replace));
  if (!isPlainObject(value)) return replace(key, value);
  const entries = Object.entries(value).map(([name, item]) => [name, mapped(item, replace, name)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}
