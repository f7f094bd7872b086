import { isPlainObject, jsonEqual, type KubeObject, type Ref, refKey, refOf } from '../../api/object.ts';
import { ANNOTATION_CERTIFICATE_EXPIRATION, ANNOTATION_HASH } from '../../api/wellknown.ts';
import { type Effect, effectOf } from './podeffect.ts';

/** One object that differs, and what that does to pods. */
export interface Change extends Effect {
  readonly ref: Ref;
  readonly action: 'create' | 'change' | 'delete';
  readonly before?: KubeObject;
  readonly after?: KubeObject;
  /** Paths that differ, for a change: `spec.template.spec.containers[name=main].image`. */
  readonly fields: readonly string[];
}

/** What is different about the children of one service. */
export interface ServiceChanges {
  readonly service: Ref;
  readonly changes: readonly Change[];
  /** Objects that are the same. */
  readonly unchanged: number;
  /** What is wrong now and was not before, one sentence each. */
  readonly problems?: readonly string[];
  /** A problem keeps part of it from being told; `changes` and `unchanged` are what is known. */
  readonly uncertain?: boolean;
}

/** The difference between two sets of children, by reference. What a server keeps for itself does not count. */
export function changesOf(service: Ref, before: readonly KubeObject[], after: readonly KubeObject[]): ServiceChanges {
  const old = new Map(before.map((object) => [refKey(refOf(object)), normalized(object)]));
  const fresh = new Map(after.map((object) => [refKey(refOf(object)), normalized(object)]));
  const changes = [...new Set([...fresh.keys(), ...old.keys()])].flatMap((key) => {
    const change = changeOf(old.get(key), fresh.get(key));
    return change ? [change] : [];
  });
  return { service, changes, unchanged: new Set([...old.keys(), ...fresh.keys()]).size - changes.length };
}

/** Whether pods that run are replaced or ended. */
export function disturbsPods({ changes }: ServiceChanges): boolean {
  return changes.some(({ pods }) => pods === 'restart' || pods === 'stop' || pods === 'scaleDown');
}

/** The object without what the API server, other controllers and our own bookkeeping write. */
function normalized(object: KubeObject): KubeObject {
  const {
    status: _status,
    certificate: _facts,
    ...rest
  } = object as KubeObject & {
    readonly status?: unknown;
    readonly certificate?: unknown;
  };
  const { name, namespace, labels, annotations, ownerReferences } = object.metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !BOOKKEEPING.includes(key));
  const owners = (ownerReferences ?? []).filter(({ uid }) => uid !== '');
  return {
    ...rest,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels && Object.keys(labels).length > 0 ? { labels } : {}),
      ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}),
      ...(owners.length > 0 ? { ownerReferences: owners } : {}),
    },
  };
}

const BOOKKEEPING: readonly string[] = [
  ANNOTATION_HASH,
  ANNOTATION_CERTIFICATE_EXPIRATION,
  'deployment.kubernetes.io/revision',
  'kubectl.kubernetes.io/last-applied-configuration',
];

function changeOf(before: KubeObject | undefined, after: KubeObject | undefined): Change | undefined {
  if (before && after) {
    const fields = differences(before, after, '');
    const effect = effectOf(before, after, fields);
    return fields.length > 0 ? { ref: refOf(after), action: 'change', before, after, ...effect, fields } : undefined;
  }
  if (after) return { ref: refOf(after), action: 'create', after, ...effectOf(undefined, after), fields: [] };
  if (before) return { ref: refOf(before), action: 'delete', before, ...effectOf(before, undefined), fields: [] };
  return undefined;
}

function differences(before: unknown, after: unknown, path: string): readonly string[] {
  if (jsonEqual(before, after)) return [];
  if (isPlainObject(before) && isPlainObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => differences(before[key], after[key], fieldPath(path, key)));
  }
  const names = Array.isArray(before) && Array.isArray(after) ? namesOf(before, after) : undefined;
  if (!names) return [path];
  const item = (list: unknown, name: string): unknown =>
    (list as { name?: unknown }[]).find((candidate) => candidate.name === name);
  const below = names.flatMap((name) => differences(item(before, name), item(after, name), `${path}[name=${name}]`));
  // Nothing but the order.
  return below.length > 0 ? below : [path];
}

function fieldPath(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** The names of the items of both lists, when all have one and no two are alike. */
function namesOf(before: readonly unknown[], after: readonly unknown[]): readonly string[] | undefined {
  const names = (list: readonly unknown[]): (string | undefined)[] =>
    list.map((item) => (isPlainObject(item) && typeof item['name'] === 'string' ? item['name'] : undefined));
  const [left, right] = [names(before), names(after)];
  const unique = (list: readonly unknown[]): boolean => new Set(list).size === list.length && !list.includes(undefined);
  return unique(left) && unique(right) ? ([...new Set([...left, ...right])] as string[]) : undefined;
}
