import {
  assert,
  type Arbitrary,
  array,
  constantFrom,
  integer,
  property,
  record,
  string,
  uniqueArray,
} from 'fast-check';
import { merge, type Spec, written } from '../../src/config/merge.ts';

const NAMES = ['A', 'B', 'C', 'D', 'E', '__proto__', 'constructor'] as const;

const env = uniqueArray(record({ name: constantFrom(...NAMES), value: string({ minLength: 1 }) }), {
  selector: ({ name }) => name,
  maxLength: 5,
});

const spec: Arbitrary<Spec> = record(
  {
    replicas: integer({ min: 0, max: 9 }),
    labels: record({ a: string(), b: string() }, { requiredKeys: [] }),
    parallelism: record(
      { tensor: integer({ min: 1, max: 8 }), data: integer({ min: 1, max: 8 }) },
      { requiredKeys: [] },
    ),
    template: record({
      containers: uniqueArray(
        record(
          { name: constantFrom('main', 'side', 'proxy'), image: string({ minLength: 1 }), args: array(string()), env },
          { requiredKeys: ['name'] },
        ),
        { selector: ({ name }) => name },
      ),
    }),
  },
  { requiredKeys: [] },
) as Arbitrary<Spec>;

describe('merge', () => {
  it('an empty spec on either side changes nothing', () => {
    assert(
      property(spec, (one) => {
        expect(merge(one, {})).toEqual(written(one));
        expect(merge({}, one)).toEqual(written(one));
      }),
    );
  });

  it('of a spec with itself is the spec', () => {
    assert(property(spec, (one) => expect(merge(one, one)).toEqual(written(one))));
  });

  it('twice is the same as once', () => {
    assert(
      property(spec, spec, (lower, higher) => {
        const once = merge(lower, higher);
        expect(sorted(merge(once, higher))).toEqual(sorted(once));
      }),
    );
  });

  it('keeps the order of the higher layer, and of what only the lower one has', () => {
    assert(
      property(env, env, (lower, higher) => {
        const names = envNames(merge(withEnv(lower), withEnv(higher)));
        const wanted = higher.map(({ name }) => name);
        const rest = lower.map(({ name }) => name).filter((name) => !wanted.includes(name));
        expect(names.filter((name) => wanted.includes(name as (typeof NAMES)[number]))).toEqual(wanted);
        expect(names.filter((name) => !wanted.includes(name as (typeof NAMES)[number]))).toEqual(rest);
      }),
    );
  });

  it('changes neither input', () => {
    assert(
      property(spec, spec, (lower, higher) => {
        const before = JSON.stringify([lower, higher]);
        merge(lower, higher);
        expect(JSON.stringify([lower, higher])).toBe(before);
      }),
    );
  });
});

function withEnv(list: readonly unknown[]): Spec {
  return { template: { containers: [{ name: 'main', env: list }] } } as Spec;
}

function envNames(of: Spec): readonly string[] {
  return (of.template?.containers?.[0]?.env ?? []).map(({ name }) => name);
}

/** Without the order of containers and variables: a second merge may move what only the lower layer has. */
function sorted(of: Spec): unknown {
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
  const containers = of.template?.containers
    ?.map((container) => ({ ...container, env: container.env?.toSorted(byName) }))
    .toSorted(byName);
  return { ...of, template: of.template && { ...of.template, containers } };
}
