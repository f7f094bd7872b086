import { basename } from 'node:path';
import { GATEWAY_CLASS, NAMESPACE } from '../../api/children.ts';
import { toV1alpha2 } from '../../api/conversion.ts';
import { describe, isPlainObject, type KubeObject, refKey, refOf } from '../../api/object.ts';
import type { Complaint } from '../complaint.ts';
import { documentValue } from './document.ts';
import { type FileOptions, type FileText, readFiles } from './files.ts';
import type { Io } from '../io.ts';
import { type Place, positionAt } from './place.ts';
import { buildFirst, isOurs, refusalOf } from '../refusal.ts';
import { parseYaml } from './yaml.ts';

/** An object of the input, and where it stands. */
export interface Located {
  readonly object: KubeObject;
  readonly place: Place;
}

/** Everything that was read, in the order of reading, each object once. */
export interface Inputs {
  readonly objects: readonly Located[];
  readonly complaints: readonly Complaint[];
  /** What was passed over, one sentence each. */
  readonly notes: readonly string[];
  /** Whether there is a text that cannot be read, so that nobody knows which objects are in it. */
  readonly unread: boolean;
}

export interface InputOptions extends FileOptions {
  /** The namespace of objects that name none. */
  readonly namespace: string;
}

/** Kinds without a namespace: those that a service may read, and those that lie beside services in manifests. */
const CLUSTER_SCOPED: readonly string[] = [
  GATEWAY_CLASS.kind,
  NAMESPACE.kind,
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'PersistentVolume',
  'StorageClass',
  'PriorityClass',
  'RuntimeClass',
  'IngressClass',
  'DeviceClass',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
];

/**
 * Reads Kubernetes objects from YAML and JSON: lists are taken apart, objects without a namespace get the given one. What
 * cannot be read becomes a complaint with its position; a file of a folder that holds no Kubernetes object at all is
 * passed over with a note. Of an object that is given twice the last one counts, as for `kubectl apply`; that is a
 * complaint, too.
 *
 * @throws Trouble when a file or folder does not exist or holds nothing
 */
export async function readInputs(options: InputOptions, io: Io): Promise<Inputs> {
  const { texts, complaints } = await readFiles(options, io);
  const read = texts.map((text) => readText(text, options.namespace));
  const objects = read.flatMap((one) => one.objects);
  return {
    objects: [...new Map(objects.map((located) => [keyOf(located), located])).values()],
    complaints: [...complaints, ...read.flatMap((one) => one.complaints), ...duplicates(objects)],
    notes: read.flatMap((one) => one.notes),
    unread: complaints.length > 0 || read.some((one) => one.unread),
  };
}

function readText({ file, text, named }: FileText, namespace: string): Inputs {
  const items: { readonly item: unknown; readonly place: Place }[] = [];
  const complaints: Complaint[] = [];
  for (const yaml of parseYaml(text)) {
    const read = documentValue(yaml);
    if ('fault' in read) {
      complaints.push({ severity: 'error', file, ...read.fault });
    } else if (read.value !== null && read.value !== undefined) {
      items.push(...itemsOf(read.value).map(({ item, base }) => ({ item, place: { file, yaml, base } })));
    }
  }
  const foreign = complaints.length === 0 && items.length > 0 && items.every(({ item }) => !isKubernetes(item));
  if (foreign && KUSTOMIZATIONS.includes(basename(file))) {
    const message = buildFirst('Kustomization');
    return {
      objects: [],
      complaints: [{ severity: 'error', file, line: 1, column: 1, message }],
      notes: [],
      unread: true,
    };
  }
  if (foreign && !named) {
    const notes = [`${file} holds no Kubernetes object, so it is passed over.`];
    return { objects: [], complaints, notes, unread: false };
  }
  const objects: Located[] = [];
  for (const { item, place } of items) {
    const refusal = refusalOf(item);
    if (refusal) complaints.push({ severity: 'error', file, ...positionAt(place, refusal.at), ...refusal });
    else objects.push({ object: stored(settled(item as KubeObject, namespace)), place });
  }
  return { objects, complaints, notes: [], unread: complaints.length > 0 };
}

/** Such a file may do without apiVersion and kind. */
const KUSTOMIZATIONS: readonly string[] = ['kustomization.yaml', 'kustomization.yml'];

function isKubernetes(value: unknown): boolean {
  return isPlainObject(value) && (value['apiVersion'] !== undefined || value['kind'] !== undefined);
}

/** The objects of a document. Those of a list that says of which kind they are need not repeat it. */
function itemsOf(value: unknown): readonly { readonly item: unknown; readonly base: Place['base'] }[] {
  if (!isPlainObject(value)) return [{ item: value, base: [] }];
  const { apiVersion, kind, items } = value;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ item: value, base: [] }];
  const own = kind === 'List' ? {} : { apiVersion, kind: kind.replace(/List$/, '') };
  return items.map((item: unknown, index) => ({
    item: isPlainObject(item) && !isKubernetes(item) ? { ...own, ...item } : item,
    base: ['items', index],
  }));
}

/** Services and configs as the API server gives them to the operator, whichever version they are written in. */
function stored(object: KubeObject): KubeObject {
  return isOurs(object) ? toV1alpha2(object) : object;
}

function settled(object: KubeObject, namespace: string): KubeObject {
  const { status, ...rest } = object as KubeObject & { readonly status?: unknown };
  const kept = isStatus(status) ? object : rest;
  const { metadata } = object;
  if (metadata.namespace || CLUSTER_SCOPED.includes(object.kind)) return kept;
  return { ...kept, metadata: { namespace, ...metadata } };
}

/** A status that no API server wrote is left out: applying the file would not set it either. */
function isStatus(status: unknown): boolean {
  if (!isPlainObject(status)) return false;
  const { conditions = [], annotations = {} } = status;
  return Array.isArray(conditions) && conditions.every(isPlainObject) && isPlainObject(annotations);
}

function duplicates(objects: readonly Located[]): readonly Complaint[] {
  const first = new Map<string, Located>();
  return objects.flatMap((located) => {
    const key = keyOf(located);
    const before = first.get(key);
    if (!before) {
      first.set(key, located);
      return [];
    }
    const { file } = located.place;
    const other = `${before.place.file}:${positionAt(before.place, []).line}`;
    const message = `${describe(refOf(located.object))} is given twice, first in ${other}; the last one counts, as for kubectl apply. Leave one of them out.`;
    return [{ severity: 'error', file, ...positionAt(located.place, ['metadata', 'name']), message } as const];
  });
}

function keyOf({ object }: Located): string {
  return refKey(refOf(object));
}
