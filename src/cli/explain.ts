import { isDryRun, type Verdict } from '../api/dryrun.ts';
import { describe, jsonEqual, refKey, refOf } from '../api/object.ts';
import type { Problem, Source } from '../api/problem.ts';
import type { Read } from '../api/snapshot.ts';
import { LLMISVC, LLMISVC_CONFIG } from '../api/llmisvc.ts';
import { steps } from '../config/paths.ts';
import { verdictOf } from '../status/problems.ts';
import { Trouble } from './complaint.ts';
import { type Evaluated, evaluate } from './evaluate.ts';
import { printExplanation, type Explanation, type LayerSummary } from './explaintext.ts';
import { allSteps, explainChild, type Explained, explainSpec } from './explainvalue.ts';
import type { Io } from './io.ts';
import { indexed, leavesOf, type Leaf, named, stepsText, valueIn } from './leaves.ts';
import { positionOf } from './place.ts';
import { chosenServices, complaintsAbout, openSession, report, type Session, type SessionOptions } from './session.ts';

export interface ExplainOptions extends SessionOptions {
  readonly output: 'text' | 'json' | 'yaml';
}

/**
 * `llmisvc explain`: the layers of a service, or why a field of its effective spec or of a child has its value.
 *
 * @param path `spec.template.containers[name=main].image`, or with the kind of a child: `deployment.spec.replicas`
 * @returns the exit code: 0, or 1 when the service has a problem
 * @throws Trouble when the path leads nowhere
 */
export async function explainCommand(
  name: string,
  path: string | undefined,
  options: ExplainOptions,
  io: Io,
): Promise<number> {
  const session = await openSession(options, io);
  try {
    const [service] = await chosenServices(session, [name], options, io);
    if (!service) throw new Trouble(`${LLMISVC.kind} ${name} is not in the input.`);
    const evaluated = await evaluate(service, session.world);
    const found = path === undefined ? undefined : lookUp(evaluated, path);
    printExplanation(explanationOf(evaluated, found, session), options.output, io);
    const complaints = complaintsAbout(evaluated, session);
    return report([...session.complaints, ...complaints], session.world.notes(), io) ? 1 : 0;
  } finally {
    await session.close();
  }
}

interface Found {
  readonly path: string;
  readonly values: readonly Explained[];
  /** Condition types that depend on it. */
  readonly conditions: readonly string[];
}

function lookUp(evaluated: Evaluated, path: string): Found {
  const { plan, effective } = evaluated;
  const [first, ...rest] = allSteps(path);
  const child = plan.children.find(({ object }) => object.kind.toLowerCase() === String(first).toLowerCase());
  if (child) {
    const at = wayOf(child.object, rest, path, String(first));
    return {
      path,
      values: explainChild(evaluated, child, at),
      conditions: CONDITIONS_OF_KIND[child.object.kind] ?? [],
    };
  }
  if (!effective.combined && !effective.appliedConfigs) {
    throw new Trouble(`The effective spec of ${describe(refOf(evaluated.service))} is not known: ${why(evaluated)}`);
  }
  const at = wayOf(effective.spec, steps(path), path, 'spec');
  return { path, values: explainSpec(evaluated, at), conditions: CONDITIONS_OF_FIELD[String(at[0])] ?? WORKLOAD };
}

/** The way of a path; a path that leads nowhere is trouble, with what there is instead. */
function wayOf(value: unknown, path: ReturnType<typeof steps>, text: string, root: string): Leaf['at'] {
  const at = indexed(value, path);
  if (at) return at;
  const known = path.findIndex((_step, index) => !indexed(value, path.slice(0, index + 1)));
  const head = indexed(value, path.slice(0, known)) ?? [];
  const there = valueIn(value, head);
  const below = Array.isArray(there)
    ? there.map((_item, index) => [...head, index])
    : Object.keys((there ?? {}) as object).map((key) => [...head, key]);
  const names = below.map((way) => [root, stepsText(named(value, way))].join('.').replaceAll('.[', '['));
  throw new Trouble(
    `${text} is not set. ${names.length > 0 ? `There is: ${names.join(', ')}.` : `${root} has nothing there.`}`,
  );
}

function why({ problems }: Evaluated): string {
  return problems.map((problem) => problem.code).join(', ') || 'a config has not been read';
}

const WORKLOAD = ['MainWorkloadReady', 'WorkloadsReady', 'Ready'];
const ROUTE = ['HTTPRoutesReady', 'RouterReady', 'Ready'];
const CONDITIONS_OF_KIND: Readonly<Record<string, readonly string[]>> = {
  Deployment: WORKLOAD,
  Service: WORKLOAD,
  HTTPRoute: ROUTE,
};
const CONDITIONS_OF_FIELD: Readonly<Record<string, readonly string[]>> = {
  router: ['GatewaysReady', 'InferencePoolReady', 'SchedulerWorkloadReady', 'TokenizerReady', ...ROUTE],
  worker: ['WorkerWorkloadReady', 'WorkloadsReady', 'Ready'],
  prefill: ['PrefillWorkloadReady', 'PrefillWorkerWorkloadReady', 'PrefillScalingReady', 'WorkloadsReady', 'Ready'],
  scaling: ['ScalingReady', ...WORKLOAD],
  baseRefs: ['PresetsCombined', 'Ready'],
};

function explanationOf(evaluated: Evaluated, found: Found | undefined, session: Session): Explanation {
  const { service, effective, plan, reads, status } = evaluated;
  const conditions = (status.conditions ?? []).filter(
    ({ type }) => !found || found.conditions.includes(type) || type === 'Warning',
  );
  const related = found ? evaluated.problems.filter((problem) => touches(problem, found)) : evaluated.problems;
  return {
    service: describe(refOf(service)),
    ...(found ? { path: found.path, values: found.values } : {}),
    layers: effective.layers.map((layer) => summaryOf(layer.source, layer.role, evaluated)),
    children: found ? [] : plan.children.map(({ object }) => describe(refOf(object))),
    held: [...plan.held],
    reads: [...new Set(reads.filter(isTold).map(readText))],
    conditions,
    problems: related.map((problem) => verdictOf(problem, session.world.settings).message),
    placeOf: (source, path) => placeOf(source, path, session),
  };
}

function touches(problem: Problem, { values }: Found): boolean {
  if (!('path' in problem) || problem.path === undefined) return false;
  const path = problem.path.replace(/^(?!spec)/, 'spec.');
  return values.some(({ specPath = '' }) => specPath.startsWith(path) || path.startsWith(specPath || '-'));
}

/** The fields that a layer decides, and those that a higher one overrides. */
function summaryOf(source: Source, role: LayerSummary['role'], evaluated: Evaluated): LayerSummary {
  const layer = evaluated.effective.layers.find((candidate) => candidate.source === source);
  const fields = leavesOf(layer?.spec).map(({ at, value }) => {
    const path = `spec.${stepsText(named(layer?.spec, at))}`;
    const origin = evaluated.effective.originOf(path);
    if (!origin || jsonEqual(valueIn(evaluated.effective.spec, wayTo(evaluated, path)), value)) return { path, value };
    if ('step' in origin) return { path, value, overriddenBy: origin.step };
    const same =
      origin.layer.name === source.name &&
      origin.layer.namespace === source.namespace &&
      origin.layer.kind === source.kind;
    return same ? { path, value } : { path, value, overriddenBy: describeSource(origin.layer) };
  });
  return { source, role, fields };
}

function wayTo({ effective }: Evaluated, path: string): Leaf['at'] {
  return indexed(effective.spec, steps(path)) ?? [];
}

function describeSource({ kind, namespace, name }: Source): string {
  return `${kind} ${namespace}/${name}`;
}

function placeOf(source: Source, path: string, { located }: Session): string | undefined {
  const gvk = source.kind === LLMISVC.kind ? LLMISVC : LLMISVC_CONFIG;
  const place = located.get(refKey({ ...gvk, namespace: source.namespace, name: source.name }))?.place;
  return place && `${place.file}:${positionOf(place, path).line}`;
}

/** Where nobody was asked for a verdict, there is nothing to tell. */
function isTold(read: Read): boolean {
  return !('ref' in read && isDryRun(read.ref) && read.answer.state === 'absent');
}

function readText(read: Read): string {
  if ('ref' in read && isDryRun(read.ref)) return `dry run of the merged spec: ${verdictText(read.answer)}`;
  if ('ref' in read) return `${describe(read.ref)}: ${read.answer.state}`;
  const { kind, namespace, labels } = read.query;
  const selector = Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const found = read.answer.state === 'found' ? `${read.answer.value.length} found` : read.answer.state;
  return `${kind} list${namespace ? ` in ${namespace}` : ''}${selector ? ` with ${selector}` : ''}: ${found}`;
}

function verdictText(answer: Read['answer']): string {
  return answer.state === 'found' ? (answer.value as Verdict).outcome : answer.state;
}
