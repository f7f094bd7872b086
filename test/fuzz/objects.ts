/** Services and configs as users might write them, right and wrong. */
import { type Arbitrary, array, constant, constantFrom, integer, oneof, record, sample, tuple } from 'fast-check';
import { LLMISVC, LLMISVC_CONFIG } from '../../src/api/llmisvc.ts';
import { isPlainObject, type KubeObject } from '../../src/api/object.ts';
import { type SpecKind, specSchema } from '../../src/api/schema/spec.ts';
import { anyJson, valueOf } from './schema.ts';

/** What stands in the place of a value that was right. */
const WRONG: Arbitrary<unknown> = oneof(
  anyJson,
  constantFrom<unknown>(
    '{{ .Spec.Model.Name }}',
    '{{ .Nothing }}',
    '{{ if }}',
    '{{ range .Labels }}x{{ end }}',
    '{{',
    '{{ ChildName .Name `-x` }}',
    '',
    '\u0000',
    '\ud800',
    '%s',
    '../..',
    -1,
    2 ** 31,
    2 ** 53,
    1e308,
    0.5,
    null,
    [],
    {},
    true,
    'x'.repeat(300),
  ),
);

/** A seed names one object for good. */
export function generated(kind: SpecKind, name: string, seed: number): KubeObject {
  const [spec] = sample(specs(kind), { seed, numRuns: 1 });
  const gvk = kind === 'service' ? LLMISVC : LLMISVC_CONFIG;
  return { ...gvk, metadata: { name, namespace: 'default' }, spec } as unknown as KubeObject;
}

const kinds = new Map<SpecKind, Arbitrary<unknown>>();

function specs(kind: SpecKind): Arbitrary<unknown> {
  const known = kinds.get(kind);
  if (known) return known;
  const made = tuple(
    plausible(kind),
    constantFrom(0, 0, 0, 1, 1, 3),
    array(damage, { minLength: 3, maxLength: 3 }),
  ).map(([spec, times, damages]) => damages.slice(0, times).reduce(damaged, spec));
  kinds.set(kind, made);
  return made;
}

/** As the schema says, and mostly with what a service cannot do without. */
function plausible(kind: SpecKind): Arbitrary<unknown> {
  const any = valueOf(specSchema(kind)) as Arbitrary<object>;
  const router = constantFrom({}, { router: { route: {} } }, { router: { route: {}, gateway: {} } });
  const model = constantFrom<object>(
    { model: { uri: 'hf://org/model', name: 'org/model' } },
    { model: { uri: 'pvc://claim' } },
  );
  const sound = tuple(valueOf(specSchema(kind)) as Arbitrary<object>, model, router).map(([spec, named, routed]) => {
    const { replicas, template, labels, annotations, baseRefs } = spec as Record<string, unknown>;
    const kept = { replicas, template, labels, annotations, ...(kind === 'service' ? { baseRefs } : {}) };
    return {
      ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)),
      ...named,
      ...routed,
    };
  });
  return oneof({ weight: 2, arbitrary: sound }, { weight: 1, arbitrary: any });
}

interface Damage {
  /** Which of the places, counted over all of them. */
  readonly place: number;
  readonly value: unknown;
  readonly how: 'replace' | 'add';
  readonly key: string;
}

const damage: Arbitrary<Damage> = record({
  place: integer({ min: 0, max: 10_000 }),
  value: WRONG,
  how: oneof(constant('replace' as const), constant('replace' as const), constant('add' as const)),
  key: constantFrom('resorces', 'x', '__proto__', 'constructor', 'replicas', 'template', 'name', '{{ .Name }}'),
});

function damaged(spec: unknown, { place, value, how, key }: Damage): unknown {
  const paths = placesOf(spec, []);
  const path = paths[place % paths.length] ?? [];
  return changed(spec, path, (old) => {
    if (how === 'replace' || typeof old !== 'object' || old === null) return value;
    return Array.isArray(old) ? [...old, value] : Object.fromEntries([...Object.entries(old), [key, value]]);
  });
}

type Path = readonly (string | number)[];

function placesOf(value: unknown, at: Path): readonly Path[] {
  const below = Array.isArray(value) ? [...value.entries()] : isPlainObject(value) ? Object.entries(value) : [];
  return [...(at.length > 0 ? [at] : []), ...below.flatMap(([key, item]) => placesOf(item, [...at, key]))];
}

function changed(value: unknown, [key, ...rest]: Path, change: (old: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? changed(item, rest, change) : item));
  return Object.fromEntries(
    Object.entries(value as object).map(([name, item]) => [name, name === key ? changed(item, rest, change) : item]),
  );
}
