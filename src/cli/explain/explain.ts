import { describe, isPlainObject, type Ref, refKey, refOf } from '../../api/object.ts';
import { CONFIG_MAP } from '../../api/children.ts';
import type { Problem } from '../../api/problem.ts';
import { LLMISVC, LLMISVC_CONFIG } from '../../api/llmisvc.ts';
import type { Step } from '../../config/paths.ts';
import { verdictOf } from '../../status/problems.ts';
import type { About, Explained, FilePosition, Speaker } from './about.ts';
import { childAsked, childKinds } from './childasked.ts';
import { Trouble } from '../complaint.ts';
import { type Evaluated, evaluate } from '../world/evaluate.ts';
import { type Explanation, printExplanation } from './explaintext.ts';
import { explainChild, explainSpec } from './explainvalue.ts';
import { parsePath } from './fieldpath.ts';
import type { Io } from '../io.ts';
import { layerSummaries } from './layersummary.ts';
import { indexed, type Leaf, named, stepsText, valueIn } from '../leaves.ts';
import { positionOf } from '../input/place.ts';
import { type ReadObject, readObjects } from './readobjects.ts';
import { applicable } from '../render.ts';
import { chosenServices, complaintsAbout, openSession, report, type Session, type SessionOptions } from '../session.ts';
import { SETTINGS_CONFIG_MAP } from '../input/settings.ts';

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
    const about = aboutOf(evaluated, session);
    const complaints = [...session.complaints, ...complaintsAbout(evaluated, session)];
    let found: Found | undefined;
    try {
      found = path === undefined ? undefined : lookUp(about, path);
    } catch (error) {
      // They may be why there is nothing to explain.
      report(complaints, [], io);
      throw error;
    }
    const reads = await readsOf(evaluated, session, options);
    printExplanation(explanationOf(about, found, reads), options.output, io);
    return report(complaints, session.world.notes(), io) ? 1 : 0;
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

function lookUp(about: About, path: string): Found {
  const { evaluated } = about;
  const { effective } = evaluated;
  const [first, ...rest] = parsePath(path);
  if (first === 'status') {
    const message = 'The status is no field that layers set: its conditions are printed by explain without a path.';
    throw new Trouble(message);
  }
  const child = childAsked(String(first), evaluated);
  if (child) {
    const { kind } = child.object;
    const at = wayOf(applicable(child.object), rest, path, kind.toLowerCase());
    return { path, values: explainChild(about, child, at), conditions: CONDITIONS_OF_KIND[kind] ?? [] };
  }
  if (!effective.combined && !effective.appliedConfigs) {
    throw new Trouble(`The effective spec of ${describe(refOf(evaluated.service))} is not known: ${why(evaluated)}`);
  }
  const below = first === 'spec' ? rest : [first ?? '', ...rest];
  if (first !== 'spec' && !indexed(effective.spec, below.slice(0, 1))) {
    const kinds = childKinds(evaluated).join(', ');
    throw new Trouble(`${path} is not set. A path begins with spec${kinds ? `, or with a child: ${kinds}` : ''}.`);
  }
  const at = wayOf(effective.spec, below, path, 'spec');
  return { path, values: explainSpec(about, at), conditions: CONDITIONS_OF_FIELD[String(at[0])] ?? WORKLOAD };
}

/** The way of a path; a path that leads nowhere is trouble, with what there is instead. */
function wayOf(value: unknown, path: readonly Step[], text: string, root: string): Leaf['at'] {
  const at = indexed(value, path);
  if (at) return at;
  const known = path.findIndex((_step, index) => !indexed(value, path.slice(0, index + 1)));
  const head = indexed(value, path.slice(0, known)) ?? [];
  const there = valueIn(value, head);
  const keys = Array.isArray(there)
    ? there.map((_item, index) => index)
    : isPlainObject(there)
      ? Object.keys(there)
      : [];
  const below = keys.map((key) => [...head, key]);
  const names = below.map((way) => [root, stepsText(named(value, way))].join('.').replaceAll('.[', '['));
  throw new Trouble(
    `${text} is not set. ${names.length > 0 ? `There is: ${names.join(', ')}.` : `Nothing is below ${[root, stepsText(named(value, head))].filter((part) => part !== '').join('.')}.`}`,
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

function aboutOf(evaluated: Evaluated, session: Session): About {
  const { configMap } = session;
  return {
    evaluated,
    settings: session.world.settings,
    ...(configMap ? { configMap } : {}),
    placeOf: (speaker, path) => placeOf({ ...GVKS[speaker.kind], ...speaker }, path, session),
  };
}

const GVKS: Readonly<Record<string, { readonly apiVersion: string }>> = {
  [LLMISVC.kind]: LLMISVC,
  [LLMISVC_CONFIG.kind]: LLMISVC_CONFIG,
  [CONFIG_MAP.kind]: CONFIG_MAP,
};

function placeOf(
  ref: Speaker & { readonly apiVersion?: string },
  path: string,
  { located }: Session,
): FilePosition | undefined {
  const place = located.get(refKey({ apiVersion: '', ...ref }))?.place;
  return place && { file: place.file, ...positionOf(place, path) };
}

/** What was read, the settings first. */
async function readsOf(
  evaluated: Evaluated,
  session: Session,
  { closed, fromCluster }: ExplainOptions,
): Promise<readonly ReadObject[]> {
  const { world, configMap } = session;
  const open = !closed && !fromCluster;
  const settings: Ref = { ...CONFIG_MAP, namespace: world.settings.systemNamespace, name: SETTINGS_CONFIG_MAP };
  const at = (ref: Ref): FilePosition | undefined => {
    const place = session.located.get(refKey(ref))?.place;
    return place && { file: place.file, ...positionOf(place, '') };
  };
  const first: ReadObject = configMap
    ? { ...settings, state: 'found', ...at(settings) }
    : { ...settings, state: 'absent', ...(open ? { assumed: true } : {}) };
  const children = new Set(evaluated.plan.children.map(({ object }) => refKey(refOf(object))));
  const isChild = (ref: Ref): boolean => children.has(refKey(ref));
  const isKnown = async (ref: Ref): Promise<boolean> => (await world.read(ref)) !== undefined;
  return [first, ...(await readObjects(evaluated.reads, { placeOf: at, isKnown, isChild, open }))];
}

function explanationOf(about: About, found: Found | undefined, reads: readonly ReadObject[]): Explanation {
  const { evaluated, settings } = about;
  const { service, plan, status } = evaluated;
  const conditions = (status.conditions ?? []).filter(
    ({ type }) => !found || found.conditions.includes(type) || type === 'Warning',
  );
  const related = found ? evaluated.problems.filter((problem) => touches(problem, found)) : evaluated.problems;
  return {
    service: refOf(service),
    ...(found ? { path: found.path, values: found.values } : {}),
    layers: found ? [] : layerSummaries(about),
    children: found ? [] : plan.children.map(({ object }) => refOf(object)),
    held: [...plan.held],
    reads,
    conditions,
    problems: related.map((problem) => verdictOf(problem, settings).message),
  };
}

function touches(problem: Problem, { values }: Found): boolean {
  if (!('path' in problem) || problem.path === undefined) return false;
  const path = problem.path.replace(/^(?!spec)/, 'spec.');
  return values.some(({ specPath = '' }) => specPath.startsWith(path) || path.startsWith(specPath || '-'));
}
