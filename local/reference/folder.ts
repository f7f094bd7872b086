import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../src/api/object.ts';
import { LLMISVC } from '../../src/api/llmisvc.ts';

/** The four files that are recorded of a case, each a list of objects; `…Ready`: after readiness was faked. */
export const RECORDS = ['children', 'children-ready', 'status', 'status-ready'] as const;
export type Record = (typeof RECORDS)[number];
export type Records = Readonly<globalThis.Record<Record, readonly KubeObject[]>>;

/** An object that KServe's admission refused. */
export interface Refused {
  readonly kind: string;
  readonly name: string;
  readonly message: string;
}

export interface ReferenceCase {
  readonly name: string;
  readonly namespace: string;
  /** In the order in which they are created: the services last. */
  readonly input: readonly KubeObject[];
  /** Whether it was recorded with the setting `enableLLMInferenceServiceTLS`. */
  readonly tls: boolean;
  readonly refused: readonly Refused[];
  readonly recorded: Records;
}

/** A folder of recordings. */
export interface Reference {
  readonly folder: string;
  readonly settings: KubeObject;
  readonly gateway: KubeObject;
  readonly cases: readonly ReferenceCase[];
}

const PARTS = ['cases', 'crds', 'presets', 'settings.yaml', 'gateway.yaml', 'compare.mjs'];

/**
 * Reads a folder of recordings.
 *
 * @param only names of cases; all when empty
 * @throws Error that says what a folder of recordings has and this one lacks, or which wanted case it does not have
 */
export function readReference(folder: string, only: readonly string[] = []): Reference {
  const missing = PARTS.filter((part) => !existsSync(join(folder, part)));
  if (missing.length > 0) throw new Error(`${folder} is no folder of recordings: it lacks ${missing.join(', ')}`);
  const names = readdirSync(join(folder, 'cases'))
    .filter((name) => existsSync(join(folder, 'cases', name, 'input.yaml')))
    .sort();
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`${folder} has no case ${unknown.join(', ')}; it has ${names.join(', ')}`);
  return {
    folder,
    settings: theObject(join(folder, 'settings.yaml')),
    gateway: theObject(join(folder, 'gateway.yaml')),
    cases: names
      .filter((name) => only.length === 0 || only.includes(name))
      .map((name) => readCase(join(folder, 'cases', name), name)),
  };
}

/** The objects of a YAML file; none when it does not exist. */
export function objectsOf(path: string): readonly KubeObject[] {
  if (!existsSync(path)) return [];
  const documents = parseAllDocuments(readFileSync(path, 'utf8'));
  return documents.map((document) => document.toJS() as KubeObject | null).filter((object) => object !== null);
}

function readCase(folder: string, name: string): ReferenceCase {
  const records = RECORDS.map((record) => [record, objectsOf(join(folder, `${record}.yaml`))] as const);
  const recorded = Object.fromEntries(records) as globalThis.Record<Record, readonly KubeObject[]>;
  return {
    name,
    namespace: `ref-${name}`,
    input: objectsOf(join(folder, 'input.yaml')).toSorted((a, b) => Number(isService(a)) - Number(isService(b))),
    tls: name.startsWith('tls-'),
    refused: refusedIn(join(folder, 'rejected.txt')),
    // What faked readiness left as it was is recorded once.
    recorded: existsSync(join(folder, 'children-ready.yaml'))
      ? recorded
      : { ...recorded, 'children-ready': recorded.children },
  };
}

function isService({ kind }: KubeObject): boolean {
  return kind === LLMISVC.kind;
}

function refusedIn(path: string): readonly Refused[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, kind, name, message] = /^(\w+)\/([^:]+): (.*)$/.exec(line) ?? [];
      return kind && name && message !== undefined ? [{ kind, name, message }] : [];
    });
}

function theObject(path: string): KubeObject {
  const [object, ...others] = objectsOf(path);
  if (!object || others.length > 0) throw new Error(`${path} has to hold exactly one object`);
  return object;
}
