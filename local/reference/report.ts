import type { Judged, Rule } from './allowed.ts';
import { type CaseOutcome, isGood, type Outcome } from './outcome.ts';

const LONGEST_VALUE = 160;

/** The outcome for a person: what differs without a reason, what is refused and how, what is not built, the sums. */
export function report(outcome: Outcome): string {
  const { cases, unsettled, unused, program } = outcome;
  const built = cases.filter(({ notBuilt }) => notBuilt.length === 0);
  const equal = built.filter(({ differences }) => differences.every(({ rule }) => rule));
  return [
    ...unsettled,
    ...built.flatMap(unexplainedOf),
    ...cases.flatMap(refusedOf),
    ...notBuiltOf(cases),
    ...explainedOf(built),
    ...unusedOf(unused),
    ...program.map(({ view, text }) => `compare.mjs, ${view}: ${text.trim().split('\n').at(-1)}`),
    `${equal.length} of ${built.length} cases equal or explained, ${cases.length - built.length} not built yet: ` +
      (isGood(outcome) ? 'no unexplained difference.' : 'NOT EQUAL.'),
  ].join('\n');
}

function unexplainedOf({ name, differences, halfBuilt }: CaseOutcome): readonly string[] {
  const lines = differences
    .filter(({ rule }) => !rule)
    .map(({ object, path, kserve, ours }) => `  ${object} ${path}: ${short(kserve)} → ${short(ours)}`);
  return lines.length + halfBuilt.length === 0 ? [] : [`${name}: unexplained`, ...lines];
}

function refusedOf({ name, refused }: CaseOutcome): readonly string[] {
  return refused.map(
    ({ kind, name: object, here }) =>
      `${name}: ${kind}/${object}, refused by KServe's admission, is ${here === undefined ? 'NOT REFUSED here' : `refused by ${here}`}`,
  );
}

function notBuiltOf(cases: readonly CaseOutcome[]): readonly string[] {
  const waiting = cases.filter(({ notBuilt }) => notBuilt.length > 0);
  if (waiting.length === 0) return [];
  const byFeature = Map.groupBy(
    waiting.flatMap(({ name, notBuilt }) => notBuilt.map((feature) => ({ feature, name }))),
    ({ feature }) => feature,
  );
  return [
    `${waiting.length} not built yet:`,
    ...[...byFeature].sort().map(([feature, list]) => `  ${feature}: ${list.map(({ name }) => name).join(', ')}`),
    ...waiting
      .filter(({ halfBuilt }) => halfBuilt.length > 0)
      .map(({ name, halfBuilt }) => `  ${name} has children ALL THE SAME: ${halfBuilt.join(', ')}`),
  ];
}

function unusedOf(rules: readonly Rule[]): readonly string[] {
  if (rules.length === 0) return [];
  return [`${rules.length} rules that nothing here needs, about:`, ...countsOf(rules.map(({ section }) => section))];
}

function explainedOf(cases: readonly CaseOutcome[]): readonly string[] {
  const explained = cases.flatMap(({ differences }) => differences).filter(({ rule }) => rule);
  return [
    `${explained.length} explained differences:`,
    ...countsOf(explained.map(({ rule }: Judged) => rule?.section ?? '')),
  ];
}

function countsOf(sections: readonly string[]): readonly string[] {
  return [...Map.groupBy(sections, (section) => section)]
    .sort()
    .map(([section, list]) => `  ${list.length.toString().padStart(5)} docs/differences.md#${section}`);
}

function short(value: unknown): string {
  const text = value === undefined ? '(absent)' : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
}
