import { describe, refOf } from '../../api/object.ts';
import type { Child } from '../../render/plan.ts';
import { Trouble } from '../complaint.ts';
import type { Evaluated } from '../world/evaluate.ts';

/** Short names of kubectl. */
const SHORT: Readonly<Record<string, string>> = { deploy: 'Deployment', svc: 'Service', sa: 'ServiceAccount' };

/**
 * The child that the first step of a path names by its kind, as kubectl takes it: `deployment`, `deployments`, `deploy`.
 * Undefined for a step that is no kind of a child.
 *
 * @throws Trouble that says why the service has no child of that kind, and which it has
 */
export function childAsked(word: string, evaluated: Evaluated): Child | undefined {
  const { plan, service } = evaluated;
  const kinds = [...plan.children.map(({ object }) => object), ...plan.prunable, ...plan.prunableByName];
  const kind = kinds.map((one) => one.kind).find((one) => wordsFor(one).includes(word.toLowerCase()));
  if (kind === undefined) return undefined;
  const child = plan.children.find(({ object }) => object.kind === kind);
  if (child) return child;
  throw new Trouble(`${describe(refOf(service))} has no ${kind}: ${whyNone(kind, evaluated)}`);
}

/** The kinds of the children that a service has, as a path begins with them. */
export function childKinds({ plan }: Evaluated): readonly string[] {
  return [...new Set(plan.children.map(({ object }) => object.kind.toLowerCase()))];
}

function wordsFor(kind: string): readonly string[] {
  const word = kind.toLowerCase();
  const plural = word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`;
  return [word, plural, ...Object.keys(SHORT).filter((short) => SHORT[short] === kind)];
}

function whyNone(kind: string, evaluated: Evaluated): string {
  const { effective, plan, problems } = evaluated;
  if (effective.stopped) return 'it is stopped, and a stopped service has no children. Its spec can be explained.';
  const part = [...plan.prunable, ...plan.prunableByName].find((one) => one.kind === kind)?.part;
  const kinds = childKinds(evaluated);
  const others = kinds.length > 0 ? ` It has: ${kinds.join(', ')}.` : '';
  if (part && plan.held.has(part)) {
    const codes = [...new Set(problems.map(({ code }) => code))].join(', ');
    return `a problem holds it back${codes === '' ? '' : ` (${codes})`}, so that what is there stays as it is.${others}`;
  }
  return `it needs none.${others}`;
}
