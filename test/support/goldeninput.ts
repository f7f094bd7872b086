import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LLMISVC, type LLMInferenceService, type LLMInferenceServiceStatus } from '../../src/api/llmisvc.ts';
import { gvkKey, type KubeObject } from '../../src/api/object.ts';
import type { Settings } from '../../src/api/settings.ts';
import { installedPresets } from './presets.ts';
import { readDocuments } from './yaml.ts';

const SHARED = join(import.meta.dirname, '..', 'golden', 'shared');
const CLUSTER_SCOPED = ['GatewayClass', 'Namespace'];
const NOW = '2026-01-01T00:00:00Z';

/** The optional first document of an input file. */
export interface Case {
  readonly kind: 'Case';
  readonly note: string;
  readonly now: string;
  readonly settings: Partial<Settings>;
  /** Whether a third file, `<case>.spec.yaml`, holds the effective specs. */
  readonly spec: boolean;
  /** `presets` for the ones that are installed, else the names of files in `test/golden/shared`. */
  readonly shared: readonly string[];
  /** Kinds by answer of the API server, such as `gateway.networking.k8s.io/v1/HTTPRoute`. */
  readonly unserved: readonly string[];
  readonly forbidden: readonly string[];
  readonly unknown: readonly string[];
  /** What the API server says to the merged spec; by default nobody asks it. */
  readonly dryRun: 'accepted' | RefusedAnswer | undefined;
  /** Children that the API server refuses, with its answer. */
  readonly refusals: readonly { readonly kind: string; readonly name?: string; readonly answer: RefusedAnswer }[];
  /** Statuses that others have written on children by the time the operator looks; `ready`: all is well. */
  readonly observe: 'ready' | readonly { readonly kind: string; readonly name?: string; readonly status: unknown }[];
}

/** A `Status` object, as the API server sends it. */
export interface RefusedAnswer {
  readonly kind: 'Status';
  readonly code: number;
  readonly reason?: string;
  readonly message: string;
  readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message?: string }[] };
}

export interface GoldenInput {
  readonly case: Case;
  readonly services: readonly LLMInferenceService[];
  /** Everything that exists, services and shared documents included. */
  readonly objects: readonly KubeObject[];
}

/**
 * Reads an input file. Objects get what an API server gives them: namespace, uid, generation and time of creation. They
 * are frozen.
 */
export function readInput(file: string): GoldenInput {
  const documents = readDocuments(readFileSync(file, 'utf8'), file) as readonly (KubeObject | Case)[];
  const [first] = documents;
  const written = first && isCase(first) ? first : undefined;
  const options: Case = {
    kind: 'Case',
    note: '',
    now: NOW,
    settings: {},
    spec: false,
    shared: [],
    unserved: [],
    forbidden: [],
    unknown: [],
    dryRun: undefined,
    refusals: [],
    observe: [],
    ...written,
  };
  const unknownKey = Object.keys(options).find((key) => !KEYS.includes(key));
  if (unknownKey) throw new Error(`${file}: Case has no field ${unknownKey}; allowed are ${KEYS.join(', ')}`);
  const own = (written ? documents.slice(1) : documents) as readonly KubeObject[];
  const objects = [...own, ...options.shared.flatMap(sharedObjects)].map(created).map(frozen);
  const services = objects.filter((object) => gvkKey(object) === gvkKey(LLMISVC)) as readonly (KubeObject & {
    status?: LLMInferenceServiceStatus;
  })[];
  return { case: options, services: services as readonly LLMInferenceService[], objects };
}

const KEYS: readonly string[] = [
  ...[
    'kind',
    'note',
    'now',
    'settings',
    'spec',
    'shared',
    'unserved',
    'forbidden',
    'unknown',
    'dryRun',
    'refusals',
    'observe',
  ],
];

function isCase(document: KubeObject | Case): document is Case {
  return document.kind === 'Case';
}

function sharedObjects(name: string): readonly KubeObject[] {
  if (name === 'presets') return installedPresets();
  const file = join(SHARED, `${name}.yaml`);
  return readDocuments(readFileSync(file, 'utf8'), file) as readonly KubeObject[];
}

/** The core must not change its input: writing to a frozen object throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}

function created(object: KubeObject, index: number): KubeObject {
  return {
    ...object,
    metadata: {
      ...(!CLUSTER_SCOPED.includes(object.kind) && { namespace: 'default' }),
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      generation: 1,
      creationTimestamp: NOW,
      ...object.metadata,
    },
  };
}
