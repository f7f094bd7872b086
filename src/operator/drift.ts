import { hash } from 'node:crypto';
import { canonicalJson, type KubeObject, refKey, refOf } from '../api/object.ts';
import { type View, view } from '../api/snapshot.ts';
import { ANNOTATION_HASH } from '../api/wellknown.ts';
import { type FieldSet, isOwnEntry, missingFields, ownFields } from '../apply/ownership.ts';

/** What an apply has to be repeated for when it changes: who owns the object, what was desired, what we still own. */
export const DRIFT_VIEW: View<KubeObject, unknown> = view('operator/drift', ({ metadata }) => [
  metadata.uid,
  metadata.deletionTimestamp,
  metadata.annotations?.[ANNOTATION_HASH],
  metadata.ownerReferences,
  ownFields({ apiVersion: '', kind: '', metadata }),
]);

/** Tells a child that is as it shall be from one that has to be applied. */
export interface Drift {
  /** The desired object with the hash of itself in an annotation. */
  hashed(desired: KubeObject): KubeObject;
  /** Why the live object, one of ours, needs an apply; undefined when it does not. */
  reason(hashed: KubeObject, live: KubeObject): string | undefined;
  /** Remembers what the API server made of an apply. */
  applied(hashed: KubeObject, answer: KubeObject): void;
  forget(object: KubeObject): void;
}

/**
 * Drift is seen from the hash of what was last desired and from the fields that the API server says we own. A field
 * that the server does not attribute to us, although it took our apply, is remembered and not asked for again.
 */
export function createDrift(): Drift {
  const accepted = new Map<string, { readonly uid: string | undefined; readonly missing: ReadonlySet<string> }>();

  return {
    hashed(desired) {
      const { metadata } = desired;
      const annotations = { ...metadata.annotations, [ANNOTATION_HASH]: hashOf(desired) };
      return { ...desired, metadata: { ...metadata, annotations } };
    },
    reason(hashed, live) {
      const wanted = hashed.metadata.annotations?.[ANNOTATION_HASH];
      if (live.metadata.annotations?.[ANNOTATION_HASH] !== wanted) return 'another state was desired before';
      const fields = ownFields(live);
      if (!fields) return 'it was never applied';
      const known = accepted.get(refKey(refOf(hashed)));
      const missing = missingFields(hashed, fields).filter(
        (path) => known?.uid !== live.metadata.uid || !known?.missing.has(path),
      );
      return missing.length > 0 ? `others changed ${missing.join(', ')}` : undefined;
    },
    applied(hashed, answer) {
      const missing = missingFields(hashed, ownFields(answer) ?? {});
      const key = refKey(refOf(hashed));
      if (missing.length > 0) accepted.set(key, { uid: answer.metadata.uid, missing: new Set(missing) });
      else accepted.delete(key);
    },
    forget: (object) => void accepted.delete(refKey(refOf(object))),
  };
}

const HASH_LENGTH = 16;

function hashOf(desired: KubeObject): string {
  return hash('sha256', canonicalJson(desired)).slice(0, HASH_LENGTH);
}

/** Sets of fields are alike for most objects of a kind: equal ones are kept once. */
const sets = new Map<string, FieldSet>();
const SETS = 2_000;

/**
 * The object as the caches keep it: of `managedFields` only what our own applies own, without the annotation in which
 * kubectl repeats the whole object.
 */
export function trimmed<T extends KubeObject>(object: T): T {
  const { managedFields, annotations, ...metadata } = object.metadata;
  const own = managedFields?.find(isOwnEntry);
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(annotations ? { annotations: withoutCopy(annotations) } : {}),
      ...(own?.fieldsV1 ? { managedFields: [{ ...own, time: '', fieldsV1: shared(own.fieldsV1) }] } : {}),
    },
  };
}

const COPY = 'kubectl.kubernetes.io/last-applied-configuration';

function withoutCopy(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (!(COPY in annotations)) return annotations;
  const { [COPY]: _copy, ...rest } = annotations;
  return rest;
}

/** Field sets name our owner reference by its uid, the one thing in which those of like objects differ. */
const OWNER_KEY = /"k:\{\\"uid\\":\\"[^"\\]*\\"\}"/g;
/** A key that every item of a list has. */
const ANY_KEY = '"k:{}"';

function shared(fields: FieldSet): FieldSet {
  const text = JSON.stringify(fields).replaceAll(OWNER_KEY, ANY_KEY);
  const known = sets.get(text);
  if (known) return known;
  if (sets.size >= SETS) sets.clear();
  const set = JSON.parse(text) as FieldSet;
  sets.set(text, set);
  return set;
}
