import { LLMISVC_CONFIG, type LLMInferenceService } from '../../api/llmisvc.ts';
import { isPlainObject, type KubeObject, refKey } from '../../api/object.ts';
import type { Problem, Source } from '../../api/problem.ts';
import type { Layer } from '../../config/effective.ts';
import { keyed, pathText, type Step, steps } from '../../config/paths.ts';
import { type Losses, sameSource, type Taken } from './consequences.ts';
import { indexed, type Leaf, valueIn } from '../leaves.ts';
import type { Violation } from './schema.ts';

/** A service, and configs that take the place of those of the world, without what was found to be wrong with them. */
export interface Mended {
  readonly service: LLMInferenceService;
  /** By `refKey`. */
  readonly configs: ReadonlyMap<string, KubeObject>;
  readonly losses: Losses;
}

/** A violation in the spec of a layer. */
export interface Fault {
  readonly source: Source;
  readonly violation: Violation;
}

/** Text that no rule can judge: it reads like a variable. */
const UNKNOWN_TEXT = '$UNKNOWN';
/** By type, a value that says nothing. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  string: UNKNOWN_TEXT,
  integer: 0,
  number: 0,
  boolean: false,
  array: [],
  object: {},
};
/** For fields without which other things are not looked at. */
const STAND_INS: Readonly<Record<string, string>> = { 'spec.model.uri': 'hf://organization/model' };

/** The service as it was written. */
export function unmended(service: LLMInferenceService): Mended {
  return { service, configs: new Map(), losses: { taken: [], incomplete: false } };
}

/**
 * The same without what the problems and faults are about: a field is taken out of the layer that has it, the text of a
 * template that fails becomes other text, a missing config one that says nothing. Items of lists stay in their places, so
 * that paths keep their meaning. Undefined when there is nothing that can be mended.
 *
 * @param layers those that the problems were found in
 */
export function mend(
  before: Mended,
  layers: readonly Layer[],
  problems: readonly Problem[],
  faults: readonly Fault[],
): Mended | undefined {
  const wanted = [...faults.flatMap(editOfFault), ...problems.flatMap((problem) => editsOfProblem(problem, layers))];
  const missing = problems.flatMap((problem) => (problem.code === 'ConfigNotFound' ? [emptyConfig(problem)] : []));
  const taken: Taken[] = problems.flatMap((problem) =>
    'path' in problem && problem.path
      ? [{ path: problem.path, ...('source' in problem && problem.source && { source: problem.source }) }]
      : [],
  );
  let edited = layers;
  for (const edit of wanted) {
    const layer = edited.find(({ source }) => sameSource(source, edit.source));
    if (!layer || (valueIn(layer.spec, edit.at) === undefined && edit.value === undefined)) continue;
    const spec = changedAt(layer.spec, edit.at, edit.value) as Layer['spec'];
    taken.push({ path: pathText(keyed(edit.at, layer.spec)), source: layer.source });
    edited = edited.map((other) => (other === layer ? { ...layer, spec } : other));
  }
  const metadata = withoutAnnotations(before.service, problems);
  if (edited === layers && missing.length === 0 && metadata === before.service.metadata) return undefined;
  const configs = edited.flatMap((layer, index) =>
    layer.role === 'Service' || layer === layers[index] ? [] : [configOf(layer.source, layer.spec)],
  );
  const all = [...missing, ...configs].map((config) => [refKey({ ...config, ...config.metadata }), config] as const);
  return {
    service: { ...before.service, metadata, spec: edited.at(-1)?.spec ?? {} },
    configs: new Map([...before.configs, ...all]),
    losses: {
      taken: [...before.losses.taken, ...taken],
      incomplete: before.losses.incomplete || missing.length > 0,
    },
  };
}

/** A change of one layer; without a value the field is taken out. */
interface Edit {
  readonly source: Source;
  readonly at: Leaf['at'];
  readonly value?: unknown;
}

/** A value out of its range keeps nobody from looking at the rest. */
function editOfFault({ source, violation: { at, fault, instead, type } }: Fault): readonly Edit[] {
  if ((fault !== 'type' && fault !== 'unknown') || at.length === 0) return [];
  // An item of a list cannot be left out.
  const value = instead ?? (typeof at.at(-1) === 'number' ? SAMPLES[type ?? ''] : undefined);
  return [{ source, at, value }];
}

function editsOfProblem(problem: Problem, layers: readonly Layer[]): readonly Edit[] {
  switch (problem.code) {
    case 'TemplateFailed':
      return problem.path === undefined ? [] : editsAt(problem.path, problem.source, layers, UNKNOWN_TEXT);
    case 'ValidationRejected':
      return problem.fields.flatMap(({ path, sources = [] }) =>
        path === undefined ? [] : sources.flatMap((source) => editsAt(path, source, layers)),
      );
    case 'InvalidField':
    case 'InvalidAdapter':
    case 'UnsupportedField':
    case 'UnbuiltFeature':
    case 'ConfigMapNotFound':
    case 'ConfigMapKeyNotFound':
      return editsAt(problem.path, problem.source, layers, STAND_INS[problem.path]);
    default:
      return [];
  }
}

/** Where nobody wrote the field, what is around it counts, in every layer that is not a preset. */
function editsAt(path: string, source: Source | undefined, layers: readonly Layer[], value?: string): readonly Edit[] {
  if (path.startsWith('metadata.')) return [];
  const way = steps(path);
  const own = layers.at(-1);
  if (value !== undefined && STAND_INS[path] === value) {
    return own ? [{ source: own.source, at: way.filter((step) => typeof step !== 'object'), value }] : [];
  }
  return layers
    .filter((layer) => (source ? sameSource(layer.source, source) : layer.role !== 'Preset'))
    .flatMap((layer) => {
      const at = existing(layer.spec, way);
      if (at.length === 0) return [];
      return [{ source: layer.source, at, value: at.length === way.length ? value : undefined }];
    });
}

/** The longest beginning of the way that leads to something. */
function existing(spec: unknown, way: readonly Step[]): Leaf['at'] {
  for (let length = way.length; length > 0; length -= 1) {
    const at = indexed(spec, way.slice(0, length));
    if (at) return at;
  }
  return [];
}

/**
 * The value with another one at keys and indexes. A field goes with `undefined`; an item of a list, which must not move the
 * others, becomes an object where it was none, and text where it was one.
 */
function changedAt(from: unknown, [key, ...rest]: Leaf['at'], value: unknown): unknown {
  if (key === undefined) return value;
  if (typeof key === 'number') {
    if (!Array.isArray(from)) return from;
    return from.map((item: unknown, index) => {
      if (index !== key) return item;
      return changedAt(item, rest, value) ?? (isPlainObject(item) ? UNKNOWN_TEXT : {});
    });
  }
  const { [key]: old, ...others } = isPlainObject(from) ? from : {};
  const next = changedAt(old, rest, value);
  return next === undefined ? others : { ...others, [key]: next };
}

function withoutAnnotations(
  { metadata }: LLMInferenceService,
  problems: readonly Problem[],
): LLMInferenceService['metadata'] {
  const wrong = problems.flatMap((problem) =>
    'path' in problem && problem.path?.startsWith('metadata.annotations[') ? [problem.path] : [],
  );
  const kept = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => !wrong.includes(`metadata.annotations[${key}]`),
  );
  if (kept.length === Object.keys(metadata.annotations ?? {}).length) return metadata;
  return { ...metadata, annotations: Object.fromEntries(kept) };
}

function emptyConfig({ namespaces, name }: Extract<Problem, { code: 'ConfigNotFound' }>): KubeObject {
  return configOf({ kind: LLMISVC_CONFIG.kind, namespace: namespaces[0] ?? '', name }, {});
}

function configOf({ namespace, name }: Source, spec: Layer['spec']): KubeObject {
  const config = { ...LLMISVC_CONFIG, metadata: { namespace, name }, spec };
  return config;
}
