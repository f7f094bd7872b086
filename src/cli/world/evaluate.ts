import type { LLMInferenceService, LLMInferenceServiceStatus } from '../../api/llmisvc.ts';
import { describe, type KubeObject, refOf } from '../../api/object.ts';
import type { Outcome } from '../../api/outcome.ts';
import type { Problem } from '../../api/problem.ts';
import { type Read, recordingSnapshot, type Snapshot, type Source, type View } from '../../api/snapshot.ts';
import type { Effective } from '../../config/effective.ts';
import { resolve } from '../../config/resolve.ts';
import { isOurs, ownerOf } from '../../apply/ownership.ts';
import type { Child, Plan } from '../../render/plan.ts';
import { render } from '../../render/render.ts';
import { assess } from '../../status/assess.ts';
import { assessRouting } from '../../status/routing.ts';
import { Trouble } from '../complaint.ts';
import type { World } from './world.ts';

/** All that the core says about one service. */
export interface Evaluated {
  readonly service: LLMInferenceService;
  readonly effective: Effective;
  readonly plan: Plan;
  /** As after the first pass of the operator. Conditions that it would newly write carry no time. */
  readonly status: LLMInferenceServiceStatus;
  /** Of the effective spec and the children. */
  readonly problems: readonly Problem[];
  /** Of what the service needs in the cluster, such as its Gateway. */
  readonly missing: readonly Problem[];
  readonly reads: readonly Read[];
}

/** How often the core is run anew because it asked for objects that had to be fetched. */
const ROUNDS = 6;
/** Stands for the time of a condition that nobody has written yet. */
const NEW = '0001-01-01T00:00:00Z';

/**
 * Runs the core over one service as the operator does, up to the first write.
 *
 * @throws ApiError or the transport's error when a cluster that is to be read does not answer
 */
export async function evaluate(given: LLMInferenceService, world: World): Promise<Evaluated> {
  const { settings } = world;
  const service = await world.identified(given);
  const planned = await planOf(service, world);
  const { effective, plan } = planned.result;
  const live = await liveChildren(plan, world);
  const outcomes = plan.children.map((child, index) => outcomeOf(child, live[index], service, world));
  const assessed = await settled(world, world.assessing, (snapshot) => ({
    assessment: assess({ effective, plan, outcomes, snapshot, settings, now: NEW }),
    problems: effective.stopped ? [] : assessRouting({ effective, plan, outcomes, snapshot, settings }).problems,
  }));
  const { assessment, problems } = assessed.result;
  return {
    service,
    effective,
    plan,
    status: withoutNewTimes(assessment.status),
    problems: [
      ...effective.problems,
      ...plan.problems,
      ...outcomes.flatMap(({ problem }) => (problem ? [problem] : [])),
    ],
    missing: problems,
    reads: [...planned.reads, ...assessed.reads],
  };
}

/**
 * The effective spec and the children of a service, with what was read for them.
 *
 * @throws as `evaluate`
 */
export function planOf(
  service: LLMInferenceService,
  world: World,
): Promise<Settled<{ readonly effective: Effective; readonly plan: Plan }>> {
  const { settings } = world;
  return settled(world, world.planning, (snapshot) => {
    const effective = resolve(service, snapshot, settings);
    return { effective, plan: render(effective, snapshot, settings) };
  });
}

interface Settled<T> {
  readonly result: T;
  readonly reads: readonly Read[];
}

/** Runs a part of the core until it has all that it asked for, or no more can be had. */
async function settled<T>(world: World, source: Source, core: (snapshot: Snapshot) => T): Promise<Settled<T>> {
  for (let round = 1; ; round += 1) {
    const snapshot = recordingSnapshot(source);
    const result = core(naming(snapshot));
    const reads = snapshot.reads();
    const unknown = reads.filter(({ answer }) => answer.state === 'unknown');
    if (unknown.length === 0 || round === ROUNDS || !(await world.fetch(unknown))) return { result, reads };
  }
}

/** The snapshot, which names an object of the input that no API server would have taken. */
function naming(snapshot: Snapshot): Snapshot {
  const guarded = <O extends KubeObject, T>(view: View<O, T>): View<O, T> => ({
    name: view.name,
    of(object) {
      try {
        return view.of(object);
      } catch (cause) {
        const what = describe(refOf(object));
        throw new Trouble(
          `${what} lacks fields that the API server asks for, or has some of a wrong type. Correct it.`,
          {
            cause,
          },
        );
      }
    },
  });
  return {
    get: (ref, view) => snapshot.get(ref, guarded(view)),
    list: (query, view) => snapshot.list(query, guarded(view)),
  };
}

async function liveChildren(plan: Plan, world: World): Promise<readonly (KubeObject | undefined)[]> {
  const ask = (): readonly (KubeObject | 'unknown' | undefined)[] =>
    plan.children.map(({ object }) => {
      const answer = world.planning.get(refOf(object));
      return answer.state === 'found' ? answer.value : answer.state === 'unknown' ? 'unknown' : undefined;
    });
  const { result } = await settled(world, world.planning, (snapshot) => {
    for (const { object } of plan.children) snapshot.get(refOf(object), { name: 'cli/child', of: () => true });
    return ask();
  });
  return result.map((object) => (object === 'unknown' ? undefined : object));
}

/** The child as the API server would hold it after an apply. */
function outcomeOf(child: Child, live: KubeObject | undefined, service: LLMInferenceService, world: World): Outcome {
  const ref = refOf(child.object);
  if (live && !mayBeOurs(live, service, world)) {
    const owner = ownerOf(live);
    const { part } = child;
    return { ref, action: 'failed', problem: { code: 'NotOurs', part, ref, ...(owner ? { owner } : {}) } };
  }
  const { uid } = service.metadata;
  const metadata = { uid: `${ref.name}-uid`, generation: 1, ...live?.metadata, ...child.object.metadata };
  const object = { ...live, ...child.object, metadata } as KubeObject;
  return { ref, action: live && uid ? 'configured' : 'created', object };
}

/** In files an object may lack what the API server would have written: whose it is. */
function mayBeOurs(live: KubeObject, service: LLMInferenceService, { cluster }: World): boolean {
  const told = service.metadata.uid !== undefined && live.metadata.ownerReferences !== undefined;
  return !(cluster || told) || isOurs(live, service);
}

function withoutNewTimes(status: LLMInferenceServiceStatus): LLMInferenceServiceStatus {
  const conditions = status.conditions?.map(({ lastTransitionTime, ...condition }) =>
    lastTransitionTime === NEW ? condition : { ...condition, lastTransitionTime },
  );
  return { ...status, ...(conditions ? { conditions } : {}) } as LLMInferenceServiceStatus;
}
