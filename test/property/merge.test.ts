import { type Arbitrary, array, constantFrom, integer, property, record, string, uniqueArray } from 'fast-check';
import { merge, type Spec, written } from '../../src/config/merge.ts';
import { holds } from '../support/runs.ts';

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
    holds(
      property(spec, (one) => {
        expect(merge(one, {})).toEqual(written(one));
        expect(merge({}, one)).toEqual(written(one));
      }),
    );
  });

  it('of a spec with itself is the spec', () => {
    holds(property(spec, (one) => expect(merge(one, one)).toEqual(written(one))));
  });

  it('twice is the same as once', () => {
    holds(
      property(spec, spec, (lower, higher) => {
        const once = merge(lower, higher);
        expect(sorted(merge(once, higher))).toEqual(sorted(once));
      }),
    );
  });

  it('keeps the order of the higher layer, and of what only the lower one has', () => {
    holds(
      property(env, env, (lower, higher) => {
        const names = envNames(merge(withEnv(lower), withEnv(higher)));
        const wanted = higher.map(({ name }) => name);
        const rest = lower.map(({ name }) => name).filter((name) => !wanted.includes(name));
        expect(names.filter((name) => wanted.includes(name as (typeof NAMES)[number]))).toEqual(wanted);
        expect(names.filter((name) => !wanted.includes(name as (typeof NAMES)[number]))).toEqual(rest);
      }),
    );
  });

  it('orders lists as the strategic merge of Kubernetes does', () => {
    holds(
      property(env, env, (lower, higher) => {
        const names = (list: typeof lower): readonly string[] => list.map(({ name }) => name);
        const expected = higher.length === 0 ? names(lower) : kubernetesOrder(names(lower), names(higher));
        expect(envNames(merge(withEnv(lower), withEnv(higher)))).toEqual(expected);
      }),
    );
  });

  it('loses no item of the lower layer, whose key may be there more than once', () => {
    const constraint = record({
      topologyKey: constantFrom('zone', 'host', 'rack'),
      maxSkew: integer({ min: 1, max: 9 }),
    });
    const constraints = array(constraint, { maxLength: 6 });
    const withConstraints = (topologySpreadConstraints: readonly unknown[]): unknown => ({
      template: { containers: [], topologySpreadConstraints },
    });
    holds(
      property(constraints, constraints, (lower, higher) => {
        const result =
          merge(withConstraints(lower) as Spec, withConstraints(higher) as Spec).template?.topologySpreadConstraints ??
          [];
        const count = (list: typeof lower, key: string): number => list.filter((one) => one.topologyKey === key).length;
        for (const key of ['zone', 'host', 'rack']) {
          const expected =
            lower.length === 0 ? count(higher, key) : Math.max(count(lower, key), Math.min(1, count(higher, key)));
          expect(count(result as typeof lower, key)).toBe(expected);
        }
      }),
    );
  });

  it('of three layers does not depend on which two come first, but for the order of lists', () => {
    holds(
      property(spec, spec, spec, (first, second, third) => {
        const left = merge(merge(first, second), third);
        const right = merge(first, merge(second, third));
        expect(sorted(left)).toEqual(sorted(right));
      }),
    );
  });

  it('changes neither input', () => {
    holds(
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

/**
 * Two queues, of what only the lower list has and of the higher list: the former's head goes first where the lower list
 * has both and has it first.
 */
function kubernetesOrder(lower: readonly string[], higher: readonly string[]): readonly string[] {
  const rest = lower.filter((name) => !higher.includes(name));
  const next = [...higher];
  const merged: string[] = [];
  for (let [mine, theirs] = [rest[0], next[0]]; mine !== undefined || theirs !== undefined; ) {
    const first =
      theirs === undefined ||
      (mine !== undefined && lower.includes(theirs) && lower.indexOf(mine) < lower.indexOf(theirs));
    merged.push((first ? rest : next).shift() as string);
    [mine, theirs] = [rest[0], next[0]];
  }
  return merged;
}

/** Without the order of containers and variables: a second merge may move what only the lower layer has. */
function sorted(of: Spec): unknown {
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
  const containers = of.template?.containers
    ?.map((container) => ({ ...container, env: container.env?.toSorted(byName) }))
    .toSorted(byName);
  return { ...of, template: of.template && { ...of.template, containers } };
}
