import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GATEWAY_CLASS, NAMESPACE } from '../api/children.ts';
import { toV1alpha2 } from '../api/conversion.ts';
import { LLMISVC, LLMISVC_CONFIG, SERVING_GROUP } from '../api/llmisvc.ts';
import {
  DEEPEST,
  describe,
  type Gvk,
  groupOf,
  isPlainObject,
  type KubeObject,
  refKey,
  refOf,
  tooDeep,
} from '../api/object.ts';
import { type Complaint, Trouble } from './complaint.ts';
import type { Io } from './io.ts';
import { type Place, positionAt } from './place.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

/** An object of the input, and where it stands. */
export interface Located {
  readonly object: KubeObject;
  readonly place: Place;
}

/** Everything that was read, in the order of reading. */
export interface Inputs {
  readonly objects: readonly Located[];
  readonly complaints: readonly Complaint[];
}

export interface InputOptions {
  /** Files, folders, and `-` for standard input. */
  readonly filename: readonly string[];
  /** Also the folders in folders. */
  readonly recursive: boolean;
  /** The namespace of objects that name none. */
  readonly namespace: string;
}

const EXTENSIONS = /\.(ya?ml|json)$/;
/** Kinds without a namespace that a service may read. */
const CLUSTER_SCOPED: readonly string[] = [GATEWAY_CLASS.kind, NAMESPACE.kind];

/**
 * Reads Kubernetes objects from YAML and JSON: `List` objects are taken apart, objects without a namespace get the given
 * one. What cannot be read becomes a complaint with its position.
 *
 * @throws Trouble when a file or folder does not exist or holds nothing
 */
export async function readInputs(options: InputOptions, io: Io): Promise<Inputs> {
  const objects: Located[] = [];
  const complaints: Complaint[] = [];
  for (const { file, text } of await textsOf(options, io)) {
    for (const yaml of parseYaml(text)) {
      const read = readDocument(yaml, file, options.namespace);
      objects.push(...read.objects);
      complaints.push(...read.complaints);
    }
  }
  return { objects, complaints: [...complaints, ...duplicates(objects)] };
}

async function textsOf({ filename, recursive }: InputOptions, io: Io): Promise<{ file: string; text: string }[]> {
  const texts: { file: string; text: string }[] = [];
  for (const name of filename) {
    if (name === '-') texts.push({ file: '<stdin>', text: await io.stdin() });
    else texts.push(...filesOf(name, recursive).map((file) => ({ file, text: readFileSync(file, 'utf8') })));
  }
  return texts;
}

function filesOf(name: string, recursive: boolean): readonly string[] {
  const stat = statSync(name, { throwIfNoEntry: false });
  if (!stat) throw new Trouble(`${name} does not exist. Name a file, a folder, or - for standard input.`);
  if (!stat.isDirectory()) return [name];
  const found = folder(name, recursive);
  const below = recursive ? '' : ' (folders in it are read with --recursive)';
  if (found.length === 0) throw new Trouble(`${name} holds no file ending in .yaml, .yml or .json${below}.`);
  return found;
}

function folder(name: string, recursive: boolean): readonly string[] {
  return readdirSync(name, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(name, entry.name);
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return recursive ? folder(path, recursive) : [];
      return EXTENSIONS.test(entry.name) ? [path] : [];
    });
}

function readDocument(yaml: YamlDocument, file: string, namespace: string): Inputs {
  const { document, lines } = yaml;
  const [error] = document.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    return {
      objects: [],
      complaints: [{ severity: 'error', file, line, column: col, message: inWords(error.message) }],
    };
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (cause) {
    // Aliases that lead nowhere, or that multiply beyond measure.
    const message = inWords(cause instanceof Error ? cause.message : String(cause));
    return {
      objects: [],
      complaints: [{ severity: 'error', file, ...positionAt({ file, yaml, base: [] }, []), message }],
    };
  }
  if (value === null || value === undefined) return { objects: [], complaints: [] };
  if (tooDeep(value)) {
    const at = positionAt({ file, yaml, base: [] }, []);
    return { objects: [], complaints: [{ severity: 'error', file, ...at, message: NESTED }] };
  }
  const items = isPlainObject(value) && isList(value) ? (value['items'] as unknown[]) : undefined;
  const places = items
    ? items.map((item, index) => ({ item, place: { file, yaml, base: ['items', index] } }))
    : [{ item: value, place: { file, yaml, base: [] } }];
  const objects: Located[] = [];
  const complaints: Complaint[] = [];
  for (const { item, place } of places) {
    const refusal = refusalOf(item);
    if (refusal) complaints.push({ severity: 'error', file, ...positionAt(place, refusal.at), ...refusal });
    else objects.push({ object: stored(settled(item as KubeObject, namespace)), place });
  }
  return { objects, complaints };
}

const NESTED = `This is nested deeper than ${DEEPEST} levels, or contains itself through an alias; no Kubernetes object is.`;

/** The parser runs out of stack before anybody can look. */
function inWords(message: string): string {
  return message.includes('call stack') ? NESTED : message;
}

const VERSIONS: readonly string[] = [LLMISVC.apiVersion, `${SERVING_GROUP}/v1alpha1`];

function isOurs({ apiVersion, kind }: Gvk): boolean {
  return groupOf(apiVersion) === SERVING_GROUP && (kind === LLMISVC.kind || kind === LLMISVC_CONFIG.kind);
}

/** Services and configs as the API server gives them to the operator, whichever version they are written in. */
function stored(object: KubeObject): KubeObject {
  return isOurs(object) ? toV1alpha2(object) : object;
}

function isList(value: Record<string, unknown>): boolean {
  return typeof value['kind'] === 'string' && value['kind'].endsWith('List') && Array.isArray(value['items']);
}

interface Refusal {
  readonly at: readonly (string | number)[];
  readonly path?: string;
  readonly message: string;
}

function refusalOf(value: unknown): Refusal | undefined {
  if (!isPlainObject(value))
    return { at: [], message: 'This is no Kubernetes object: write apiVersion, kind and metadata.' };
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '') return missing('apiVersion');
  if (typeof kind !== 'string' || kind === '') return missing('kind');
  if (kind === 'Kustomization' || kind === 'Component') {
    const message = `This is a ${kind}: build it first, for example with "kubectl kustomize FOLDER | llmisvc render -f -".`;
    return { at: ['kind'], message };
  }
  if (!isPlainObject(metadata) || !metadata['name']) return missing('metadata.name');
  const wrong = metadataRefusal(metadata);
  if (wrong) return wrong;
  if (isOurs({ apiVersion, kind }) && !VERSIONS.includes(apiVersion)) {
    const message = `Field apiVersion is ${JSON.stringify(apiVersion)}; allowed are ${VERSIONS.join(' and ')}.`;
    return { at: ['apiVersion'], path: 'apiVersion', message };
  }
  return undefined;
}

/** Metadata that the API server would not read, and on which everything else relies. */
function metadataRefusal(metadata: Record<string, unknown>): Refusal | undefined {
  for (const field of ['name', 'namespace', 'uid']) {
    if (metadata[field] !== undefined && typeof metadata[field] !== 'string') return noString([field], metadata[field]);
  }
  for (const field of ['labels', 'annotations']) {
    const map = metadata[field] ?? {};
    if (!isPlainObject(map)) {
      return { at: ['metadata', field], path: `metadata.${field}`, message: `Field metadata.${field} is no map.` };
    }
    const [entry] = Object.entries(map).filter(([, value]) => typeof value !== 'string');
    if (entry) return noString([field, entry[0]], entry[1]);
  }
  return undefined;
}

function noString([field = '', key]: readonly string[], value: unknown): Refusal {
  const path = key === undefined ? `metadata.${field}` : `metadata.${field}[${key}]`;
  const at = key === undefined ? ['metadata', field] : ['metadata', field, key];
  return { at, path, message: `Field ${path} is ${JSON.stringify(value)}; allowed is a string: write it in quotes.` };
}

function missing(path: string): Refusal {
  return { at: path.split('.'), path, message: `Field ${path} is not set; every Kubernetes object has it.` };
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
    const key = refKey(refOf(located.object));
    const before = first.get(key);
    if (!before) {
      first.set(key, located);
      return [];
    }
    const { file } = located.place;
    const other = `${before.place.file}:${positionAt(before.place, []).line}`;
    const message = `${describe(refOf(located.object))} is given twice, first in ${other}. Leave one of them out.`;
    return [{ severity: 'error', file, ...positionAt(located.place, ['metadata', 'name']), message } as const];
  });
}
