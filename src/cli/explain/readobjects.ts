import { DRY_RUN, isDryRun, type Verdict } from '../../api/dryrun.ts';
import { describe, type Query, type Ref, refKey } from '../../api/object.ts';
import type { Answer, Read } from '../../api/snapshot.ts';
import type { FilePosition } from './about.ts';

/** What one read of the operator came to. */
export interface ReadObject extends Partial<FilePosition> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  /** Absent for a list. */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly state: Answer<unknown>['state'];
  /** Nobody knows: files do not say what else there is, so this is what they are taken to mean. */
  readonly assumed?: true;
  /** It comes from this version of the operator, and not from the files. */
  readonly installed?: true;
  /** How many objects a list has. */
  readonly count?: number;
  /** What the API server thinks of the merged spec. */
  readonly verdict?: Verdict['outcome'];
}

export interface ReadOptions {
  /** Where an object stands in the files. */
  readonly placeOf: (ref: Ref) => FilePosition | undefined;
  /** Whether the object itself is known, rather than taken for something. */
  readonly isKnown: (ref: Ref) => Promise<boolean>;
  /** Whether the operator would make the object, so that it is taken for new. */
  readonly isChild: (ref: Ref) => boolean;
  /** Whether what nobody knows may exist. */
  readonly open: boolean;
}

/** The reads as data, each object once. */
export async function readObjects(reads: readonly Read[], options: ReadOptions): Promise<readonly ReadObject[]> {
  const objects = new Map<string, ReadObject>();
  for (const read of reads.filter(isTold)) {
    const key = 'ref' in read ? refKey(read.ref) : JSON.stringify(read.query);
    const now = 'ref' in read ? await objectOf(read.ref, read.answer, options) : listOf(read.query, read.answer);
    const isNew = 'ref' in read && options.isChild(read.ref);
    objects.set(key, oneOf(objects.get(key), now, isNew));
  }
  return [...objects.values()];
}

async function objectOf(
  { apiVersion, kind, namespace, name, ...rest }: Ref,
  { state, ...answer }: Answer<unknown>,
  { placeOf, isKnown, open }: ReadOptions,
): Promise<ReadObject> {
  const ref = { apiVersion, kind, ...(namespace ? { namespace } : {}), name };
  if (isDryRun({ ...ref, ...rest })) {
    return { ...ref, state, ...('value' in answer ? { verdict: (answer.value as Verdict).outcome } : {}) };
  }
  const place = placeOf(ref);
  if (!open || place || state === 'unknown') return { ...ref, state, ...place };
  return state === 'found' && (await isKnown(ref))
    ? { ...ref, state, installed: true }
    : { ...ref, state, assumed: true };
}

function listOf(query: Query, answer: Answer<readonly unknown[]>): ReadObject {
  const { state } = answer;
  return { ...query, state, ...(answer.state === 'found' ? { count: answer.value.length } : {}) };
}

/**
 * Two reads of one object as one. What was looked at for the children and for the status may differ where nobody knows:
 * an object that the operator would make is new, another one may exist.
 */
function oneOf(before: ReadObject | undefined, now: ReadObject, isNew: boolean): ReadObject {
  if (!before) return now;
  const [unknown, known] = before.state === 'unknown' ? [before, now] : [now, before];
  if (unknown.state !== 'unknown') return before;
  return known.assumed && !isNew ? unknown : known;
}

/** The same in words: `Gateway kserve/gateway: absent, assumed`. */
export function readText(read: ReadObject): string {
  const { kind, namespace, name, labels, state, assumed, installed, count, verdict, file, line } = read;
  if (kind === DRY_RUN.kind) return `dry run of the merged spec: ${verdict ?? state}`;
  if (name !== undefined) {
    const place = file === undefined ? '' : ` (${file}:${line})`;
    return `${describe({ ...read, name })}: ${state}${assumed ? ', assumed' : ''}${installed ? ' in this version' : ''}${place}`;
  }
  const selector = Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const where = `${namespace ? ` in ${namespace}` : ''}${selector ? ` with ${selector}` : ''}`;
  return `${kind} list${where}: ${count === undefined ? state : `${count} found`}`;
}

/** Where nobody was asked for a verdict, there is nothing to tell. */
function isTold(read: Read): boolean {
  return !('ref' in read && isDryRun(read.ref) && read.answer.state === 'absent');
}
