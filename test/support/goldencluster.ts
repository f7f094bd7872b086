import { LLMISVC, type LLMInferenceService } from '../../src/api/llmisvc.ts';
import { gvkKey, isPlainObject, type KubeObject, refOf } from '../../src/api/object.ts';
import { ANNOTATION_HASH, ANNOTATION_VALIDATED } from '../../src/api/wellknown.ts';
import { missingFields, ownFields } from '../../src/apply/ownership.ts';
import { ApiError, isBadRequest, isInvalid } from '../../src/kube/errors.ts';
import type { Client } from '../../src/kube/types.ts';
import type { PlacedCase } from './goldenworld.ts';
import { readyStatus } from './observed.ts';
import type { Cluster } from './operator.ts';
import { foreignFields, spellingOf, unlike } from './subset.ts';

type HasStatus = KubeObject & { readonly status?: unknown };

/** A case whose objects exist in the cluster. */
export interface StandingCase {
  /** Admission's sentence, when it refused one of the objects: then nothing of the case exists. */
  readonly refusal?: string;
  /** Uids that the file gave to its services, and the ones that they have. */
  readonly uids: ReadonlyMap<string, string>;
}

/** Creates the objects of a case as others would, their statuses included. */
export async function stand({ client }: Cluster, placed: PlacedCase): Promise<StandingCase> {
  await prepare(client, placed);
  const uids = new Map<string, string>();
  const made: KubeObject[] = [];
  try {
    // Services last but for what belongs to them: their uids are known then.
    for (const object of placed.objects.toSorted((a, b) => rank(a) - rank(b))) {
      const created = await client.create(withUids(bare(object), uids));
      made.push(created);
      uids.set(object.metadata.uid ?? '', created.metadata.uid ?? '');
      const { status } = object as HasStatus;
      if (status !== undefined) await client.patch(refOf(created), { status }, { subresource: 'status' });
    }
    return { uids };
  } catch (error) {
    if (!(error instanceof ApiError) || !(isInvalid(error) || isBadRequest(error))) throw error;
    for (const object of made) await client.remove(refOf(object));
    return { refusal: error.message, uids };
  }
}

/** Writes on the children of a case what the file says that others observed. False when a child is not there yet. */
export async function observe({ client }: Cluster, placed: PlacedCase): Promise<boolean> {
  const { expected, objects, case: options } = placed;
  for (const child of expected.children.filter((object) => !isNotCreated(object, expected))) {
    const given = objects.find((object) => sameObject(object, child)) as HasStatus | undefined;
    const named = options.observe === 'ready' ? undefined : options.observe.find((o) => isNamed(child, o));
    const status = options.observe === 'ready' ? readyStatus(child) : (named?.status ?? given?.status);
    if (status === undefined) continue;
    const live = await client.read(refOf(child));
    if (!live) return false;
    const behind = (live.metadata.generation ?? 1) - (given?.metadata.generation ?? 1);
    await client.patch(refOf(child), { status: aged(status, behind) }, { subresource: 'status' });
  }
  return true;
}

/** How the cluster differs from the output file of a case, one line each; empty when it does not. */
export async function differences(
  { client }: Cluster,
  placed: PlacedCase,
  uids: StandingCase['uids'],
): Promise<string[]> {
  const { expected, objects } = placed;
  const found: string[] = [];
  for (const child of expected.children.map((object) => withUids(object, uids))) {
    const ref = refOf(child);
    const live = await client.read(ref);
    const isForeign = objects.some((object) => sameObject(object, child) && !object.metadata.ownerReferences?.length);
    if (isNotCreated(child, expected)) {
      if (live && (!isForeign || ownFields(live))) found.push(`${spellingOf(ref)} was applied`);
      continue;
    }
    if (!live) found.push(`${spellingOf(ref)} does not exist`);
    else found.push(...childDifferences(child, live).map((line) => `${spellingOf(ref)}: ${line}`));
  }
  for (const service of expected.services) {
    const live = await client.read<LLMInferenceService>({ ...LLMISVC, ...nameOf(service) });
    found.push(...unlike(timeless(service.status), timeless(live?.status ?? {}), 'status', 'exact'));
  }
  for (const gone of objects.filter((object) => expected.pruned.includes(spellingOf(refOf(object))))) {
    if (await client.read(refOf(gone))) found.push(`${spellingOf(refOf(gone))} was to be deleted`);
  }
  return found;
}

/** Fields of the file that the child lacks, and fields that we own in it without a word of them in the file. */
function childDifferences(child: KubeObject, live: KubeObject): readonly string[] {
  const own = ownFields(live);
  if (!own) return ['was never applied by the operator'];
  const desired = {
    ...child,
    metadata: { ...child.metadata, annotations: { ...child.metadata.annotations, [ANNOTATION_HASH]: '' } },
  };
  const surplus = foreignFields(desired, own).filter((path) => !isCertificate(child, path));
  return [
    ...unlike(withoutCertificate(child), live, '', 'subset'),
    ...missingFields(child, own).map((path) => `the operator does not own ${path}`),
    ...surplus.map((path) => `the operator owns ${path}, which the file does not have`),
  ];
}

/** No file can hold the certificate: the operator makes one. */
function withoutCertificate(child: KubeObject): KubeObject {
  if (child.kind !== 'Secret') return child;
  const { data: _data, ...rest } = child as KubeObject & { readonly data?: unknown };
  return rest;
}

function isCertificate({ kind }: KubeObject, path: string): boolean {
  return kind === 'Secret' && /^\/f:data|f:annotations/.test(path);
}

/** The namespace of a case, and what admission of pods wants to find in it. */
async function prepare(client: Client, { namespace, objects }: PlacedCase): Promise<void> {
  const place = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  if (!(await client.read(refOf(place)))) await client.create(place);
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } };
  const isGiven = objects.some((object) => sameObject(object, account));
  if (objects.some(({ kind }) => kind === 'Pod') && !isGiven) await client.create(account);
}

const RANKS = ['ServiceAccount', 'Secret', 'LLMInferenceServiceConfig', 'LLMInferenceService'];

function rank({ kind, metadata }: KubeObject): number {
  return RANKS.includes(kind) && !metadata.ownerReferences ? RANKS.indexOf(kind) : RANKS.length;
}

/** As a client sends it. */
function bare(object: KubeObject): KubeObject {
  const { uid: _uid, generation: _generation, creationTimestamp: _time, ...metadata } = object.metadata;
  const { status: _status, ...rest } = object as HasStatus;
  return { ...rest, metadata };
}

function withUids(object: KubeObject, uids: ReadonlyMap<string, string>): KubeObject {
  const { ownerReferences } = object.metadata;
  if (!ownerReferences) return object;
  const owners = ownerReferences.map((owner) => ({ ...owner, uid: uids.get(owner.uid) ?? owner.uid }));
  return { ...object, metadata: { ...object.metadata, ownerReferences: owners } };
}

/** The file counts generations from those it names; here an apply may have made another one. */
function aged(value: unknown, behind: number): unknown {
  if (Array.isArray(value)) return value.map((item) => aged(item, behind));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'observedGeneration' && typeof item === 'number' ? item + behind : aged(item, behind),
    ]),
  );
}

/** Without times, and without the mark of the API server's verdict, which nobody is asked for in the files. */
function timeless(status: unknown): unknown {
  if (!isPlainObject(status)) return status;
  const { observedGeneration: _generation, conditions, annotations, ...rest } = status;
  const { [ANNOTATION_VALIDATED]: _verdict, ...others } = (annotations ?? {}) as Readonly<Record<string, string>>;
  const plain = (conditions as readonly object[] | undefined)?.map((condition) => ({
    ...condition,
    lastTransitionTime: undefined,
  }));
  return { ...rest, annotations: others, conditions: plain };
}

function isNotCreated(child: KubeObject, { notCreated }: PlacedCase['expected']): boolean {
  return notCreated.includes(spellingOf(refOf(child)));
}

function sameObject(a: KubeObject, b: KubeObject): boolean {
  return gvkKey(a) === gvkKey(b) && spellingOf(refOf(a)) === spellingOf(refOf(b));
}

function isNamed(child: KubeObject, { kind, name }: { readonly kind: string; readonly name?: string }): boolean {
  return kind === child.kind && (name ?? child.metadata.name) === child.metadata.name;
}

function nameOf({ metadata: { name, namespace } }: KubeObject): { readonly name: string; readonly namespace: string } {
  return { name, namespace: namespace ?? '' };
}
