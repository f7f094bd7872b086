import { readFileSync } from 'node:fs';
import { LLMISVC_CONFIG } from '../../src/api/llmisvc.ts';
import { canonicalJson, gvkKey, isPlainObject, type KubeObject } from '../../src/api/object.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/api/settings.ts';
import type { GoldenCase } from './golden.ts';
import { type Case, readInput } from './goldeninput.ts';
import { readDocuments } from './yaml.ts';

/** Golden cases that can stand side by side in one cluster: they agree on everything outside of their own namespace. */
export interface World {
  /** In words, for the names of tests. */
  readonly name: string;
  readonly settings: Settings;
  /** The objects of the system namespace and of the cluster. */
  readonly common: readonly KubeObject[];
  readonly cases: readonly PlacedCase[];
}

/** A case, moved into a namespace of its own. */
export interface PlacedCase {
  readonly name: string;
  readonly case: Case;
  readonly namespace: string;
  readonly objects: readonly KubeObject[];
  readonly expected: Expected;
}

/** What the output file says, moved likewise. */
export interface Expected {
  readonly children: readonly KubeObject[];
  readonly services: readonly (KubeObject & { readonly status: Readonly<Record<string, unknown>> })[];
  /** Of the children those, such as `Deployment team-a/qwen-kserve`, that are refused or wait for one that is. */
  readonly notCreated: readonly string[];
  readonly pruned: readonly string[];
}

/**
 * Why a case cannot be had from a real API server with the operator as administrator; undefined when it can. These are
 * answers that it gives to others, or only in passing.
 */
export function inexpressible({ unserved, forbidden, unknown, refusals, dryRun }: Case): string | undefined {
  if (unknown.length > 0) return 'not read yet: passes before anybody can look';
  if (unserved.length > 0) return 'not served: the other cases need the kind';
  const isForbidden = forbidden.length > 0 || refusals.some(({ answer }) => answer.code === FORBIDDEN);
  if (isForbidden) return 'refused to others';
  return typeof dryRun === 'object' ? 'refused by the definitions of others' : undefined;
}

const FORBIDDEN = 403;
/** A namespace of the files, and what another one in its place must be as long as: templates can count. */
interface Home {
  readonly prefix: string;
  /** Where it stands within a text. */
  readonly within: RegExp;
  /** Whether a text that is nothing but this word is the namespace. */
  readonly alone: (word: string, key: string | undefined) => boolean;
}

const TEAM: Home = { prefix: 'tm-', within: /\bteam-a\b/g, alone: () => false };
/** This word means other things as well. */
const DEFAULT: Home = {
  prefix: 'tmp-',
  within: /\bdefault(?=\/)|(?<=\.)default(?=\.svc)|(?<=namespace\.name=)default/g,
  alone: (word, key) => word === 'default' && (key === undefined || key === 'namespace'),
};

/**
 * The cases by world, in order of their names. The namespaces of two calls differ when `first` does, a number of three
 * digits.
 */
export function worldsOf(cases: readonly GoldenCase[], first = 100): readonly World[] {
  const worlds = new Map<string, World>();
  cases.forEach((golden, index) => {
    const input = readInput(golden.inputFile);
    const settings = { ...DEFAULT_SETTINGS, ...input.case.settings };
    const isCommon = ({ metadata: { namespace } }: KubeObject): boolean =>
      namespace === undefined || namespace === settings.systemNamespace;
    const common = input.objects.filter(isCommon).map(uncreated);
    const own = input.objects.filter((object) => !isCommon(object));
    const home = own.some((object) => object.metadata.namespace === 'team-a') ? TEAM : DEFAULT;
    const namespace = `${home.prefix}${index + first}`;
    const placed: PlacedCase = {
      name: golden.name,
      namespace,
      ...moved({ case: input.case, objects: own, expected: expectedOf(golden) }, home, namespace),
    };
    const key = canonicalJson([settings, common.map(canonicalJson).sort()]);
    const world = worlds.get(key) ?? { name: nameOf(common, input.case), settings, common, cases: [] };
    worlds.set(key, { ...world, cases: [...world.cases, placed] });
  });
  return [...worlds.values()];
}

function nameOf(common: readonly KubeObject[], { shared, settings }: Case): string {
  const configs = common.filter((object) => gvkKey(object) === gvkKey(LLMISVC_CONFIG)).length;
  return `${shared.join(' and ') || 'no shared objects'}, ${configs} of ${common.length} configs ${JSON.stringify(settings)}`;
}

function expectedOf(golden: GoldenCase): Expected {
  const documents = readDocuments(readFileSync(golden.outputFile, 'utf8'), golden.outputFile) as readonly KubeObject[];
  const result = documents.find(({ kind }) => kind === 'Result') as unknown as {
    readonly services: readonly { readonly pruned: readonly string[]; readonly notCreated?: readonly string[] }[];
  };
  const services = documents.filter(({ kind }) => kind === 'LLMInferenceService');
  return {
    children: documents.filter((document) => !services.includes(document) && document.kind !== 'Result'),
    services: services as unknown as Expected['services'],
    notCreated: result.services.flatMap(({ notCreated }) => notCreated ?? []),
    pruned: result.services.flatMap(({ pruned }) => pruned),
  };
}

/** The value with the namespace in every text replaced. */
function moved<T>(value: T, { within, alone }: Home, namespace: string): T {
  const text = (word: string, key?: string): string =>
    alone(word, key) ? namespace : word.replaceAll(within, namespace);
  const walk = (at: unknown, key?: string): unknown => {
    if (typeof at === 'string') return text(at, key);
    if (Array.isArray(at)) return at.map((item) => walk(item));
    if (!isPlainObject(at)) return at;
    return Object.fromEntries(Object.entries(at).map(([name, item]) => [text(name, name), walk(item, name)]));
  };
  return walk(value) as T;
}

/** Without what the API server gives, which differs from case to case. */
function uncreated(object: KubeObject): KubeObject {
  const { uid: _uid, creationTimestamp: _time, ...metadata } = object.metadata;
  return { ...object, metadata };
}
